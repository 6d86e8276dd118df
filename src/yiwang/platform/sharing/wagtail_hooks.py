"""What Wagtail finds by this name: datasets at the editors' desk."""

from __future__ import annotations

from yiwang.platform.editing.views import register
from yiwang.platform.sharing.editing.kind import DATASETS
from yiwang.platform.sharing.editing.models import DatasetDraft

register(DatasetDraft, DATASETS)
