"""Tables of the editors' desk: Wagtail's revisions and review hang on a row beside the implementation.

What is written goes through acts; the row only remembers which document editors see when nobody has an open draft.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    Revision,
    RevisionMixin,
    Task,
    TaskState,
    WorkflowMixin,
)

from yiwang.platform.catalog.editing.access import acting


class ItemDraft(WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, models.Model):  # type: ignore[misc]
    """An implementation as editors work on it. ``document`` is empty while the implementation's own draft is newest."""

    implementation = models.OneToOneField("catalog.Implementation", models.PROTECT, related_name="editing")
    title = models.CharField(_("事项"), max_length=1000)
    document = models.JSONField(null=True)
    _revisions = GenericRelation("wagtailcore.Revision", related_query_name="item_draft")
    workflow_states = GenericRelation(
        "wagtailcore.WorkflowState",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="item_draft",
        for_concrete_model=False,
    )

    class Meta:
        verbose_name = _("事项")
        verbose_name_plural = _("事项")

    def __str__(self) -> str:
        return self.title

    @property
    def revisions(self) -> Any:
        """The drafts that were saved, for Wagtail."""
        return self._revisions

    @property
    def content(self) -> dict[str, Any]:
        """The document that editors see."""
        document: dict[str, Any] = self.document or self.implementation.draft
        return document

    def publish(self, revision: Revision, user: AbstractBaseUser | None = None, **options: Any) -> Any:
        """Publish a revision: the edition by our act, the mark on the revision by Wagtail, both or neither."""
        from yiwang.platform.catalog import acts, documents

        definition = documents.DEFINITION.validate_python(revision.as_object().content)
        with transaction.atomic():
            acts.publish_definition(
                definition, str(revision.pk), by=acting(), key=f"revision-{revision.pk}-{revision.created_at}"
            )
            return super().publish(revision, user=user, **options)

    def unpublish(self, **options: Any) -> Any:
        """Suspend the item by our act; Wagtail marks the row."""
        from yiwang.platform.catalog import acts

        with transaction.atomic():
            acts.suspend(
                self.implementation_id, str(_("编辑部撤下")), by=acting(), key=f"unpublish-{self.live_revision_id}"
            )
            return super().unpublish(**options)


class PublisherReview(Task):  # type: ignore[misc]
    """Review by anybody who may publish the item: agree and publish, or send back with a reason."""

    def user_can_access_editor(self, obj: ItemDraft, user: AbstractBaseUser) -> bool:
        """Publishers may open what they review."""
        return self._reviews(user)

    def locked_for_user(self, obj: ItemDraft, user: AbstractBaseUser) -> bool:
        """While it is in review only the reviewer changes it."""
        return not self._reviews(user)

    def get_actions(self, obj: ItemDraft, user: AbstractBaseUser) -> list[tuple[str, Any, bool]]:
        """Say what the reviewer may do; ``True`` asks for a comment."""
        if not self._reviews(user):
            return []
        found = [("reject", _("退回修改"), True)]
        if obj.implementation.drafted_by != acting().id:  # four eyes: not one's own
            found.append(("approve", _("同意"), False))
        return found

    def get_task_states_user_can_moderate(self, user: AbstractBaseUser, **kwargs: Any) -> Any:
        """Return what waits for this reviewer."""
        if not self._reviews(user):
            return TaskState.objects.none()
        return TaskState.objects.filter(status=TaskState.STATUS_IN_PROGRESS, task=self.task_ptr)

    @classmethod
    def get_description(cls) -> Any:
        """Say what the task is, in Wagtail's settings."""
        return _("由发布员审核后发布")

    @staticmethod
    def _reviews(user: AbstractBaseUser) -> bool:
        return bool(user.has_perm("catalog.publish_itemdraft"))  # type: ignore[attr-defined]
