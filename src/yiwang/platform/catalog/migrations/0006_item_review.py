"""Editors' drafts for the items that are there, and the review that a draft goes through before it is published."""

from django.db import migrations


def forward(apps, schema_editor):
    """Make a draft for each implementation and one workflow of one task."""
    Implementation, ItemDraft = apps.get_model("catalog", "Implementation"), apps.get_model("catalog", "ItemDraft")
    rows = Implementation.objects.select_related("item")
    ItemDraft.objects.bulk_create(
        [
            ItemDraft(implementation=row, title=row.item.name, live=row.current_id is not None)
            for row in rows.iterator(chunk_size=1000)
        ],
        batch_size=1000,
    )
    types = apps.get_model("contenttypes", "ContentType").objects
    task_type, _made = types.get_or_create(app_label="catalog", model="publisherreview")
    draft_type, _made = types.get_or_create(app_label="catalog", model="itemdraft")
    task = apps.get_model("catalog", "PublisherReview").objects.create(
        name="发布员审核", content_type=task_type, active=True
    )
    workflow = apps.get_model("wagtailcore", "Workflow").objects.create(name="审核后发布", active=True)
    apps.get_model("wagtailcore", "WorkflowTask").objects.create(
        workflow=workflow, task_id=task.task_ptr_id, sort_order=0
    )
    apps.get_model("wagtailcore", "WorkflowContentType").objects.create(
        workflow=workflow, content_type=draft_type
    )


def backward(apps, schema_editor):
    """Take the workflow away again."""
    apps.get_model("wagtailcore", "Workflow").objects.filter(name="审核后发布").delete()
    apps.get_model("catalog", "PublisherReview").objects.all().delete()
    apps.get_model("catalog", "ItemDraft").objects.all().delete()


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("catalog", "0005_item_drafts"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [migrations.RunPython(forward, backward)]
