"""Whoever owns papers can see that an official looked at them (个人信息保护法 arts. 44, 45)."""

from __future__ import annotations

import uuid

from django.core.cache import cache
from django.utils.translation import gettext as _

from yiwang.kernel.acts import record_read
from yiwang.kernel.types import Actor, Party

ONCE = 600
"""Seconds in which looking at the many pictures of one scan counts as one look."""


def note_read(by: Actor, owner: Party, scan: uuid.UUID, paper: uuid.UUID | None = None, name: str = "") -> None:
    """Note, for their owner, that a clerk looked at the pages of a scan, or at one paper of it."""
    if cache.add(f"papers:read:{by.id}:{paper or scan}", 1, ONCE):
        purpose = _("数据服务窗口核对材料：%(name)s") % {"name": name} if name else _("数据服务窗口整理扫描件")
        detail = {"scan": str(scan)} | ({"paper": str(paper)} if paper else {})
        record_read(by, name="papers.read", person=owner.id, purpose=purpose, detail=detail)
