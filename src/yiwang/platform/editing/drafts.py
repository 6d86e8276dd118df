"""What a thing is to its editors: Wagtail's revisions and review hang on a row beside the thing's own.

What is written goes through acts; the row only remembers which document editors see when nobody has an open draft.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from wagtail.models import DraftStateMixin, LockableMixin, Revision, RevisionMixin, WorkflowMixin

from yiwang.platform.editing.access import acting
from yiwang.platform.editing.kinds import kind_of


class Draft(WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, models.Model):  # type: ignore[misc]
    """A thing as editors work on it. ``document`` is empty while the thing's own draft is newest.

    A room's model names in ``ROW`` its one-to-one field to the thing's row, which has ``draft``, ``draft_digest``,
    ``drafted_by``, ``state`` and ``changed_at``.
    """

    ROW: ClassVar[str] = "row"

    title = models.CharField(_("名称"), max_length=1000)
    document = models.JSONField(null=True)
    _revisions = GenericRelation("wagtailcore.Revision", related_query_name="%(app_label)s_%(class)s")
    workflow_states = GenericRelation(
        "wagtailcore.WorkflowState",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="%(app_label)s_%(class)s",
        for_concrete_model=False,
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def thing(self) -> Any:
        """The row of what is edited."""
        return getattr(self, self.ROW)

    @property
    def own(self) -> bool:
        """Whether whoever is at the desk wrote the draft as it is: somebody else has to publish it."""
        return bool(self.thing.drafted_by == acting().id)

    @property
    def revisions(self) -> Any:
        """The drafts that were saved, for Wagtail."""
        return self._revisions

    @property
    def content(self) -> dict[str, Any]:
        """The document that editors see."""
        document: dict[str, Any] = self.document or self.thing.draft
        return document

    def publish(self, revision: Revision, user: AbstractBaseUser | None = None, **options: Any) -> Any:
        """Publish a revision: the edition by the room's act, the mark on the revision by Wagtail, both or neither."""
        kind = kind_of(self)
        definition = kind.definition.validate_python(revision.as_object().content)
        with transaction.atomic():
            kind.publish(definition, str(revision.pk), by=acting(), key=f"revision-{revision.pk}-{revision.created_at}")
            return super().publish(revision, user=user, **options)

    def unpublish(self, **options: Any) -> Any:
        """Withdraw it by the room's act; Wagtail marks the row."""
        with transaction.atomic():
            kind_of(self).withdraw(
                self.thing.pk, str(_("编辑部撤下")), by=acting(), key=f"unpublish-{self.live_revision_id}"
            )
            return super().unpublish(**options)
