"""Tables of items at the editors' desk."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Task, TaskState

from yiwang.platform.editing.drafts import Draft
from yiwang.platform.editing.kinds import kinds


class ItemDraft(Draft):
    """An implementation as editors work on it."""

    ROW: ClassVar[str] = "implementation"

    implementation = models.OneToOneField("catalog.Implementation", models.PROTECT, related_name="editing")

    class Meta:
        verbose_name = _("事项")
        verbose_name_plural = _("事项")


class ElementDraft(Draft):
    """A data element as stewards work on it."""

    ROW: ClassVar[str] = "element"

    element = models.OneToOneField("catalog.DataElementRow", models.PROTECT, related_name="editing")

    class Meta:
        verbose_name = _("数据元")
        verbose_name_plural = _("数据元")


class PublisherReview(Task):  # type: ignore[misc]
    """Review by anybody who may publish the thing: agree and publish, or send back with a reason."""

    def user_can_access_editor(self, obj: Draft, user: AbstractBaseUser) -> bool:
        """Publishers may open what they review."""
        return _reviews(obj, user)

    def locked_for_user(self, obj: Draft, user: AbstractBaseUser) -> bool:
        """While it is in review only the reviewer changes it."""
        return not _reviews(obj, user)

    def get_actions(self, obj: Draft, user: AbstractBaseUser) -> list[tuple[str, Any, bool]]:
        """Say what the reviewer may do; ``True`` asks for a comment."""
        if not _reviews(obj, user):
            return []
        found = [("reject", _("退回修改"), True)]
        if not obj.own:  # four eyes: not one's own
            found.append(("approve", _("同意"), False))
        return found

    def get_task_states_user_can_moderate(self, user: AbstractBaseUser, **kwargs: Any) -> Any:
        """Return what waits for this reviewer: drafts of the kinds that they publish."""
        own = [model.split(".") for model, _kind in kinds() if user.has_perm(_publishing(model))]  # type: ignore[attr-defined]
        return TaskState.objects.filter(
            status=TaskState.STATUS_IN_PROGRESS,
            task=self.task_ptr,
            workflow_state__base_content_type__in=[ContentType.objects.get_by_natural_key(*one) for one in own],
        )

    @classmethod
    def get_description(cls) -> Any:
        """Say what the task is, in Wagtail's settings."""
        return _("由发布员审核后发布")


def _reviews(draft: Draft, user: AbstractBaseUser) -> bool:
    return bool(user.has_perm(_publishing(draft._meta.label_lower)))  # type: ignore[attr-defined]


def _publishing(model: str) -> str:
    app, _dot, name = model.partition(".")
    return f"{app}.publish_{name}"
