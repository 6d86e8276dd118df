"""Everything that goes wrong, answered as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.errors import HttpError, ValidationError

from yiwang.kernel.problems import Invalid, NotFound, Problem, TooMany
from yiwang.kernel.types import FieldError

MEDIA_TYPE = "application/problem+json"


class Unreadable(Problem):
    """The request cannot be read at all."""

    code = "unreadable"


class WrongMethod(Problem):
    """There is such an address, but not for this method."""

    status = 405
    code = "method-not-allowed"


class TooLarge(Problem):
    """The body is above the limit."""

    status = 413
    code = "too-large"


class NotAcceptable(Problem):
    """The answer comes in no media type that the caller accepts."""

    status = 406
    code = "not-acceptable"


class WrongMedia(Problem):
    """The body is of a media type that the address does not read."""

    status = 415
    code = "unsupported-media-type"


class Broken(Problem):
    """Our fault. Says nothing of what happened; the log does, under the request's id."""

    status = 500
    code = "server-error"


def problem(request: HttpRequest, found: Problem) -> HttpResponse:
    """Answer with a problem."""
    body = found.as_dict(request.path) | {"request_id": str(getattr(request, "request_id", ""))}
    # A text may hold what no UTF-8 can (half a surrogate pair in a JSON string that came in).
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    response = HttpResponse(content, status=found.status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if found.status == 401:
        error = ', error="invalid_token"' if found.code == "token-invalid" else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="yiwang"{error}'
    elif found.code == "scope-needed":
        scope = found.more["scope"]
        response.headers["WWW-Authenticate"] = f'Bearer realm="yiwang", error="insufficient_scope", scope="{scope}"'
    if isinstance(found, TooMany):
        response.headers["Retry-After"] = str(found.more.get("retry_after", 60))
    return response


def of_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer for parameters or a body that do not fit the schema."""
    errors = tuple(FieldError(_where(one["loc"]), _words(one)) for one in error.errors)
    return problem(request, Invalid(_("有 %(count)d 处不符合接口约定。") % {"count": len(errors)}, errors=errors))


def of_status(request: HttpRequest, status: int) -> HttpResponse:
    """Answer for a status that some other part of the machine gave."""
    if status == 404:
        return problem(request, NotFound(_("没有这个地址。")))
    if status == 405:
        return problem(request, WrongMethod(_("这个地址不支持这种方法，见 Allow。")))
    if status == 413:
        return problem(request, TooLarge(_("一次提交的内容超过了上限。")))
    if status == 429:
        return problem(request, TooMany(_("操作太频繁，请过一会儿再试。")))
    if status >= 500:
        return problem(request, Broken(_("系统出了问题，已记录。请带上 request_id 联系我们。")))
    return problem(request, Unreadable(_("这个请求读不懂。")))


def of_http(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer for ninja's own refusals, such as a body that is no JSON."""
    return of_status(request, error.status_code)


def _where(loc: Any) -> str:
    # ninja: (source, parameter, path within it …); a body's parameter is no name that the caller knows.
    source, *path = [str(part) for part in loc]
    return ".".join(path[1:] if source == "body" and len(path) > 1 else path) or source


def _words(error: dict[str, Any]) -> str:
    if error["type"] == "missing":
        return _("缺少这一项。")
    return _("格式不对：%(reason)s") % {"reason": error["msg"]}
