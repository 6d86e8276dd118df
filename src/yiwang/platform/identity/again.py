"""What was sent when a session had just ended, or with a page that had grown old: kept, and offered once more.

After half an hour without a sign of life a session ends. What is posted then is kept, sealed, in the new session that
leads through signing in, and is offered again to the same account only: somebody else at the same screen never sees it.
Nothing is sent by itself; a person presses the button.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from yiwang.kernel import clock
from yiwang.kernel.sealed import SealBroken, key_ring
from yiwang.ui import uploads

KEY = "again"
LONGEST = 200_000
"""Most bytes that are kept of one form."""
SECONDS = 3600
_CONTEXT = "identity.again"
_LEFT_OUT = {"csrfmiddlewaretoken"}
_NO = "_forget"


def end_session(request: HttpRequest, acting: Any) -> None:
    """End an idle session; what was posted and for whom it acted are kept for the same account."""
    account = str(request.user.pk)
    kept: dict[str, Any] = {"who": account, "acting": acting, "at": clock.now().timestamp()}
    if request.method == "POST" and not request.headers.get("HX-Request"):
        kept |= {"path": request.path, "fields": fields_of(request)}
    logout(request)
    sealed = key_ring().seal(json.dumps(kept).encode(), _CONTEXT)
    if len(sealed) <= LONGEST:
        request.session[KEY] = base64.b64encode(sealed).decode()


def fields_of(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what was posted; files are stored, and stand for themselves by a signed mark (``uploads.received``)."""
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name not in _LEFT_OUT]
    for name, files in request.FILES.lists():
        for file in files:
            try:
                taken = uploads.accept(file)
            except uploads.Refused:
                continue
            fields.append((f"{uploads.KEPT}{name}", uploads.mark(taken)))
    return fields


def resume(request: HttpRequest, account: uuid.UUID) -> list[str] | None:
    """After signing in: forget what another account left; return for whom this one acted."""
    kept = _read(request)
    if kept is None:
        return None
    if kept["who"] != str(account) or clock.now().timestamp() - kept["at"] > SECONDS:
        request.session.pop(KEY, None)
        return None
    if "path" not in kept:
        request.session.pop(KEY, None)
    acting: list[str] | None = kept["acting"]
    return acting


def offer(request: HttpRequest) -> HttpResponse | None:
    """Answer with what was kept if the person came back to its page; nothing if there is none."""
    kept = _read(request)
    if kept is None or kept.get("path") != request.path or kept["who"] != str(request.user.pk):
        return None
    if request.method == "POST" or _NO in request.GET:
        request.session.pop(KEY, None)
        return redirect(request.path) if _NO in request.GET else None
    return page(request, kept["fields"], forget=f"{request.path}?{_NO}=1")


def page(request: HttpRequest, fields: Sequence[Sequence[str]], *, forget: str, status: int = 200) -> HttpResponse:
    """Show what will be sent again, for the person to press the button."""
    context = {
        "fields": fields,
        "forget": forget,
        "files": sum(1 for name, _v in fields if name.startswith(uploads.KEPT)),
    }
    response = render(request, "identity/again.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def stale_page(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token grew old (``CSRF_FAILURE_VIEW``): somebody signed in anew in another tab.

    Only what this site's own page sent, as the browser says, is offered again; anything else is refused.
    """
    from yiwang.ui import errors

    own = request.headers.get("Origin", "") == f"{request.scheme}://{request.get_host()}"
    if not own or not request.user.is_authenticated:
        return errors.csrf_failure(request, reason)
    return page(request, fields_of(request), forget=request.path, status=403)


def _read(request: HttpRequest) -> dict[str, Any] | None:
    token = request.session.get(KEY)
    if not token:
        return None
    try:
        return dict(json.loads(key_ring().open(base64.b64decode(token), _CONTEXT)))
    except (SealBroken, ValueError):
        request.session.pop(KEY, None)
        return None
