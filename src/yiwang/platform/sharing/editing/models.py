"""Tables of datasets at the editors' desk."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from yiwang.platform.editing.drafts import Draft


class DatasetDraft(Draft):
    """A dataset as stewards work on it."""

    ROW: ClassVar[str] = "dataset"

    dataset = models.OneToOneField("sharing.Dataset", models.PROTECT, related_name="editing")

    class Meta:
        verbose_name = _("数据集")
        verbose_name_plural = _("数据集")
