"""What holds around every operation: media types in and out, and a line in the log where an agency reads a person."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.openapi.schema import BODY_CONTENT_TYPES
from ninja.operation import Operation

from yiwang.doors.openapi import answers
from yiwang.kernel.acts import record_read
from yiwang.kernel.api import Needs, actor_of
from yiwang.kernel.problems import Problem
from yiwang.kernel.types import Actor, PartyKind

JSON = "application/json"
READS_OF_PERSONS = "applications:read"
Run = Callable[..., HttpResponse]


def around(run: Run) -> Run:
    """Wrap an operation: refuse media types that it cannot read or give, log what an agency's client read."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    takes, gives, reads = consumed(operation), produced(operation), reads_of_persons(operation)

    @functools.wraps(run)
    def inner(request: HttpRequest, **values: Any) -> HttpResponse:
        refused = _refused(request, takes, gives)
        if refused is not None:
            return answers.problem(request, refused)
        response = run(request, **values)
        if reads and response.status_code < 400:
            _log_read(actor_of(request), f"openapi.{operation.operation_id}")
        return response

    return inner


def consumed(operation: Operation) -> str:
    """Return the media type of the body that an operation reads, or nothing."""
    sources = {model.__ninja_param_source__ for model in operation.models}  # type: ignore[attr-defined]
    return next((media for source, media in reversed(BODY_CONTENT_TYPES.items()) if source in sources), "")


def produced(operation: Operation) -> str:
    """Return the media type of what an operation answers with, or nothing where it only says that it was done."""
    described = (operation.openapi_extra or {}).get("responses", {}).get(200, {})
    if described:
        return str(next(iter(described["content"])))
    return JSON if any(model is not None for model in operation.response_models.values()) else ""


def _refused(request: HttpRequest, takes: str, gives: str) -> Problem | None:
    if takes and request.content_type != takes:
        return answers.WrongMedia(_("请求的内容要是 %(media)s，见 Content-Type。") % {"media": takes}, accepts=takes)
    if gives and not request.accepts(gives):
        return answers.NotAcceptable(_("这个地址只能给出 %(media)s，见 Accept。") % {"media": gives}, offers=gives)
    return None


def _log_read(by: Actor, name: str) -> None:
    """Note that an agency's system read a person's data, for that person to see (个人信息保护法 arts. 44, 45)."""
    if by.agency and by.principal is not None and by.principal.kind is PartyKind.PERSON:
        record_read(by, name=name, person=by.principal.id, purpose=by.purpose)


def reads_of_persons(operation: Operation) -> bool:
    """Tell whether an operation gives data of the principal."""
    scopes = {auth.scope for auth in operation.auth_callbacks if isinstance(auth, Needs)}
    return READS_OF_PERSONS in scopes or operation.operation_id == "resolve_life_event"
