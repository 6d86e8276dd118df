"""What can go wrong, told so that the person can mend it: one family of exceptions for pages and RFC 9457 for the API."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yiwang.kernel.types import FieldError

Text = str | Promise


class Problem(Exception):
    """A refusal with a stable ``code``, an HTTP ``status``, a title and a sentence for the person.

    Pages show ``detail`` (beside the fields in ``errors``), the API renders ``as_dict`` as ``application/problem+json``.
    """

    status = 400
    code = "problem"
    title: Text = _("请求有误")

    def __init__(self, detail: Text = "", *, code: str = "", errors: tuple[FieldError, ...] = (), **more: Any) -> None:
        super().__init__(str(detail) or self.__class__.__name__)
        self.detail = detail
        self.code = code or self.code
        self.errors = errors
        self.more = more

    def as_dict(self, instance: str = "") -> dict[str, Any]:
        """Return the members of an RFC 9457 problem."""
        body: dict[str, Any] = {
            "type": f"urn:yiwang:problem:{self.code}",
            "title": str(self.title),
            "status": self.status,
            "detail": str(self.detail),
        }
        if instance:
            body["instance"] = instance
        if self.errors:
            body["errors"] = [{"field": error.field, "message": error.message} for error in self.errors]
        return body | self.more


class NotFound(Problem):
    """There is no such thing, or the actor may not know of it: both look the same from outside."""

    status = 404
    code = "not-found"
    title = _("没有找到")


class NotAllowed(Problem):
    """The actor is known but may not do this."""

    status = 403
    code = "not-allowed"
    title = _("没有权限")


class NeedsSignIn(NotAllowed):
    """Nobody is signed in, or not surely enough: ``level`` says what is needed."""

    status = 401
    code = "sign-in-needed"
    title = _("请先登录")


class NotNow(Problem):
    """The act is allowed, but not in the present state."""

    status = 409
    code = "not-now"
    title = _("现在不能这样办")


class Stale(NotNow):
    """Somebody changed the thing since the actor read it (optimistic locking)."""

    code = "stale"
    title = _("内容已被更新")


class Invalid(Problem):
    """The input is wrong; ``errors`` says where and how to mend it."""

    status = 422
    code = "invalid"
    title = _("填写有误")


class KeyReused(Problem):
    """An idempotency key came back with other content."""

    status = 422
    code = "idempotency-key-reused"
    title = _("重复的提交标识")


class TooMany(Problem):
    """A rate limit was passed."""

    status = 429
    code = "too-many-requests"
    title = _("操作太频繁")


class Unavailable(Problem):
    """Something outside does not answer; nothing was lost and it may be tried again."""

    status = 503
    code = "unavailable"
    title = _("暂时无法办理")
