"""Four eyes: what is published was written by one person and agreed to by another."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel.problems import NotAllowed
from yiwang.kernel.types import Actor


def by_another(row: Any, by: Actor) -> None:
    """Check that the draft of a row (its ``drafted_by``) was written by somebody else than ``by``. Raises ``NotAllowed``."""
    if row.drafted_by is not None and row.drafted_by == by.id:
        raise NotAllowed(_("这一稿是您自己写的，要由另一位发布员审核发布。"), code="own-draft")
