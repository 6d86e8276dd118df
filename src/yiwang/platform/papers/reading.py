"""Whoever owns papers can see that an official looked at them (个人信息保护法 arts. 44, 45)."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import record_read
from yiwang.kernel.types import Party

ONCE = 600
"""Seconds in which looking at the many pictures of one scan counts as one look."""
_SEEN = "papers_seen"
"""In the session, which all processes share: what the clerk looked at, and when."""


def note_read(
    request: HttpRequest, owner: Party, scan: uuid.UUID, paper: uuid.UUID | None = None, name: str = ""
) -> None:
    """Note, for their owner, that a clerk looked at the pages of a scan, or at one paper of it."""
    now = clock.now().timestamp()
    seen = {one: at for one, at in request.session.get(_SEEN, {}).items() if 0 <= now - at < ONCE}
    if str(paper or scan) in seen:
        return
    request.session[_SEEN] = seen | {str(scan): now} | ({str(paper): now} if paper else {})
    purpose = _("数据服务窗口核对材料：%(name)s") % {"name": name} if name else _("数据服务窗口整理扫描件")
    detail = {"scan": str(scan)} | ({"paper": str(paper)} if paper else {})
    record_read(request.actor, name="papers.read", person=owner.id, purpose=purpose, detail=detail)  # type: ignore[attr-defined]
