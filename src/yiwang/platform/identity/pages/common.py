"""What the pages of identity share."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from yiwang.kernel.fields import FieldKind, FieldSpec
from yiwang.kernel.types import Actor, AssuranceLevel

LEVELS = {
    AssuranceLevel.NONE: _("未认证"),
    AssuranceLevel.L1: _("初级（手机号和密码）"),
    AssuranceLevel.L2: _("中级（实名核验）"),
    AssuranceLevel.L3: _("高级（人脸、通行密钥或窗口核验）"),
}


def next_url(request: HttpRequest, default: str) -> str:
    """Return where the person wants to go on, if it is an address of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return default


def actor(request: HttpRequest) -> Actor:
    """Return the request's actor."""
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


def key(request: HttpRequest) -> str:
    """Return the form's idempotency key, or a new one."""
    posted = request.POST.get("key", "")
    return posted if 0 < len(posted) <= 64 else uuid.uuid4().hex


def text(name: str, label: Any, **more: Any) -> FieldSpec:
    """Return a field of plain text."""
    return FieldSpec(name, str(label), more.pop("kind", FieldKind.TEXT), **more)
