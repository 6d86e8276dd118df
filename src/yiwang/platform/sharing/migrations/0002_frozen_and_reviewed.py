"""Editions never change: triggers refuse UPDATE, DELETE and TRUNCATE. Drafts go through the publishers' review."""

from django.db import migrations

FORWARD = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON sharing_datasetedition"
    " FOR EACH ROW EXECUTE FUNCTION kernel_append_only();"
    "CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON sharing_datasetedition"
    " FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();"
)
BACKWARD = (
    "DROP TRIGGER append_only ON sharing_datasetedition; DROP TRIGGER append_only_truncate ON sharing_datasetedition;"
)


def forward(apps, schema_editor):
    """Datasets take the review that items go through."""
    types = apps.get_model("contenttypes", "ContentType").objects
    draft_type, _made = types.get_or_create(app_label="sharing", model="datasetdraft")
    workflow = apps.get_model("wagtailcore", "Workflow").objects.get(name="审核后发布")
    apps.get_model("wagtailcore", "WorkflowContentType").objects.create(workflow=workflow, content_type=draft_type)


def backward(apps, schema_editor):
    """Take the review away again."""
    apps.get_model("wagtailcore", "WorkflowContentType").objects.filter(
        content_type__app_label="sharing", content_type__model="datasetdraft"
    ).delete()


class Migration(migrations.Migration):
    """Freeze in the database itself."""

    dependencies = [
        ("sharing", "0001_initial"),
        ("catalog", "0006_item_review"),
        ("kernel", "0002_append_only"),
        ("wagtailcore", "0098_apitoken"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD), migrations.RunPython(forward, backward)]
