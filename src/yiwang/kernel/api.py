"""What the rooms' ``http.py`` share: scopes, the write's key, texts that the database can hold, entity tags.

A room's ``http.py`` is a ``ninja.Router`` with no rules: it reads the request, calls an act or a query, gives
the answer. Who calls (``request.actor``) was settled by the door before.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Header, Schema
from ninja.security.base import AuthBase
from pydantic import StringConstraints

from yiwang.kernel.problems import NeedsSignIn, NotAllowed
from yiwang.kernel.types import Actor, ActorKind

SCOPES: dict[str, str] = {
    "items:read": "读事项、办事指南、一件事和工作日历",
    "applications:read": "读所代表的申请人的申请、办件和证照",
    "applications:write": "替所代表的申请人填写、上传、提交和补正",
    "licences:verify": "核验电子证照",
    "licences:look": "扫持证人出示的码，经其同意后看证照、留副本",
    "licences:write": "替签发部门签发、变更、暂扣、发还和吊销本部门的证照",
    "data:read": "读数据目录",
    "data:check": "为正在办的件核验申请里写明的人和单位",
    "data:write": "替提供数据的部门送数据",
    "data:publish": "替提供数据的部门发布事件",
    "ratings:write": "替所代表的申请人评价服务",
}
"""What a token may be good for: name and meaning."""

IdempotencyKey = Annotated[
    str,
    Header(
        ...,
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9._:\-]{8,120}$",
        description="每次写入自己取一个（如 UUID）。网络中断后用同一个重发，不会办两次。",
    ),
]
"""The write's key, handed to the act: the same key with the same content answers as it did first."""

Text = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]
"""A short text without NUL, which PostgreSQL does not hold."""


class FieldErrorOut(Schema):
    """One thing wrong with one field."""

    field: str
    message: str


class ProblemOut(Schema):
    """What went wrong (RFC 9457). ``code`` is the last part of ``type``; further members depend on it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    request_id: str = ""
    errors: list[FieldErrorOut] = []


class Needs(AuthBase):
    """Let in the clients whose token carries a scope. Raises ``NeedsSignIn`` or ``NotAllowed``."""

    openapi_type = "oauth2"

    def __init__(self, scope: str) -> None:
        if scope not in SCOPES:
            raise LookupError(f"scope {scope!r} is not in the catalogue")
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> Actor:
        """Return the actor."""
        actor = actor_of(request)
        if actor.kind is not ActorKind.CLIENT:
            raise NeedsSignIn(_("请带上访问令牌（Authorization: Bearer …）。"), code="token-needed")
        if self.scope not in actor.scopes:
            raise NotAllowed(
                _("令牌没有这项权限：%(scope)s。") % {"scope": self.scope},
                code="scope-needed",
                scope=self.scope,
            )
        return actor


def actor_of(request: HttpRequest) -> Actor:
    """Return who calls."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def unchanged(request: HttpRequest, response: Any, tag: str, *, forever: bool = False) -> bool:
    """Put the entity tag on the answer; tell whether the caller has this content already (then answer 304).

    ``forever``: it never changes under this address.
    """
    quoted = f'"{tag}"'
    response.headers["ETag"] = quoted
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable" if forever else "private, no-cache"
    given = {one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")}
    return quoted in given or "*" in given
