"""Error pages in plain words: what happened, that nothing is lost, what to do now.

They are rendered without the doors' context, hence without the database: they must work when the rest does
not.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from yiwang.kernel import limits
from yiwang.kernel.problems import Problem

from . import context, site

AWAY = 5
"""Seconds after which it is worth asking again when the database was away."""


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """Words of one error page."""

    title: str
    text: str
    todo: tuple[str, ...] = ()


def words(status: int) -> ErrorWords:
    """Return the words for a status: 400, 403, 404, 413, 429, 500 or 503; those of 500 for any other."""
    if status == 400:
        return ErrorWords(
            _("这个请求我们看不懂"),
            _("网址或提交的内容不完整，没有办成，也没有改动您的任何数据。"),
            (_("请回到上一页，再试一次。"),),
        )
    if status == 403:
        return ErrorWords(
            _("您不能看这一页"),
            _("这一页属于别人，或者需要别的权限。"),
            (_("用对的账号登录后再来。"), _("替别人办事，请先换到那个主体。")),
        )
    if status == 404:
        return ErrorWords(
            _("没有这一页"),
            _("网址可能写错了，或者这一页已经搬走。"),
            (_("核对网址。"), _("回首页搜索，或按部门找。")),
        )
    if status == 413:
        return ErrorWords(
            _("文件太大，没有收到"),
            _("一次提交的内容超过了上限。您之前存的都还在。"),
            (_("把照片压缩一下，或分几次上传。"), _("也可以到窗口扫描。")),
        )
    if status == 429:
        return ErrorWords(
            _("操作太快了"),
            _("为了保护系统，请过一会儿再试。已经提交的不受影响。"),
            (_("等一分钟，再刷新这一页。"),),
        )
    if status == 503:
        return ErrorWords(
            _("系统正在维护"),
            _("我们正在维护，很快恢复。已经提交的不受影响，时限照常。"),
            (_("过几分钟再来。"),),
        )
    return ErrorWords(
        _("系统出了问题"),
        _("这是我们的问题，不是您的。已经存好的内容都还在，我们已收到报告。"),
        (_("过几分钟再试一次。"),),
    )


def render(request: HttpRequest, status: int, *, reference: str = "", retry_after: int = 0) -> HttpResponse:
    """Render an error page. ``reference`` is the request's id for the hotline; ``retry_after`` in seconds."""
    return _page(request, words(status), status, reference=reference, retry_after=retry_after)


def render_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Render a refused act in its own words; its field errors become the list."""
    general = words(problem.status)
    todo = tuple(str(error.message) for error in problem.errors)
    if problem.status < 500 and problem.status not in {403, 404, 429}:
        todo = todo or (_("回到上一页看看最新情况。"),)
    wait = problem.more.get("retry_after", 0)
    told = ErrorWords(
        str(problem.title), str(problem.detail) or general.text, todo or (general.todo if wait <= limits.SHORT else ())
    )
    return _page(request, told, problem.status, retry_after=wait)


def _page(
    request: HttpRequest, told: ErrorWords, status: int, *, reference: str = "", retry_after: int = 0
) -> HttpResponse:
    reference = reference or getattr(request, "request_id", "")
    values = {**context.page(request, site.remembered()), "error": told, "reference": reference, "request": request}
    response = HttpResponse(render_to_string("ui/error.html", values), status=status)
    response.headers["Cache-Control"] = "no-store"
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer ``handler400``; a body above the limit is 413."""
    too_big = isinstance(exception, RequestDataTooBig | TooManyFilesSent)
    return render(request, 413 if too_big else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer ``handler403``."""
    return render(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer ``handler404``."""
    return render(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer ``handler500``; while the database is away, 503 and when to come again."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return render(request, 503, retry_after=AWAY)
    return render(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or old (``CSRF_FAILURE_VIEW``)."""
    return render(request, 403)
