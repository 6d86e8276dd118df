"""Data elements that are there become their own first edition; editions never change; drafts go through the review."""

from django.db import migrations
from django.utils import timezone

from yiwang.kernel.digest import sha256_of
from yiwang.kernel.ids import uuid7

FORWARD = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON catalog_dataelementedition"
    " FOR EACH ROW EXECUTE FUNCTION kernel_append_only();"
    "CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON catalog_dataelementedition"
    " FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();"
)
BACKWARD = (
    "DROP TRIGGER append_only ON catalog_dataelementedition;"
    "DROP TRIGGER append_only_truncate ON catalog_dataelementedition;"
)


def forward(apps, schema_editor):
    """Make a draft and an edition of each element, and give drafts the review that items have."""
    Row, Edition = apps.get_model("catalog", "DataElementRow"), apps.get_model("catalog", "DataElementEdition")
    Draft = apps.get_model("catalog", "ElementDraft")
    now = timezone.now()
    for row in Row.objects.all().iterator(chunk_size=500):
        row.draft, row.draft_digest = row.document, sha256_of(row.document)
        row.save(update_fields=["draft", "draft_digest"])
        Draft.objects.create(element=row, title=row.document["label"], live=True)
        Edition.objects.create(
            id=uuid7(), element=row, number=1, digest=row.draft_digest, content=row.document, published_at=now
        )
    types = apps.get_model("contenttypes", "ContentType").objects
    draft_type, _made = types.get_or_create(app_label="catalog", model="elementdraft")
    workflow = apps.get_model("wagtailcore", "Workflow").objects.get(name="审核后发布")
    apps.get_model("wagtailcore", "WorkflowContentType").objects.create(workflow=workflow, content_type=draft_type)


def backward(apps, schema_editor):
    """Take drafts, editions and the review away again."""
    apps.get_model("wagtailcore", "WorkflowContentType").objects.filter(
        content_type__app_label="catalog", content_type__model="elementdraft"
    ).delete()
    apps.get_model("catalog", "ElementDraft").objects.all().delete()
    apps.get_model("catalog", "DataElementEdition").objects.all().delete()


class Migration(migrations.Migration):
    """Data, then triggers."""

    dependencies = [("catalog", "0010_elements_drafted"), ("kernel", "0002_append_only")]
    operations = [migrations.RunPython(forward, backward), migrations.RunSQL(FORWARD, BACKWARD)]
