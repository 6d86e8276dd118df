"""Verification for everybody, and the holder's wallet, at the portal."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel.limits import client_address, count
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Actor
from yiwang.platform.licences import acts, checking, labels, making, queries
from yiwang.platform.licences.types import LicenceStatus, Verification
from yiwang.ui import store
from yiwang.ui.entry import public, signed_in
from yiwang.ui.frame import Link

app_name = "licences"

CHECKS_A_MINUTE = 30
FILES_A_MINUTE = 10
TERMS = (7, 30, 90)
"""Days for which a copy may be used, to choose from."""
LARGEST_FILE = 10 * 1024 * 1024
OFD = "application/ofd"


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _crumbs(*more: Link) -> tuple[Link, ...]:
    return (Link(_("首页"), "/"), *more)


def _limited(request: HttpRequest, what: str, limit: int) -> None:
    count(f"verify:{what}:{client_address(request)}", limit, 60)


def _asked(
    request: HttpRequest, *, error: str = "", field: str = "", typed: dict[str, str] | None = None
) -> HttpResponse:
    context = {
        "section": "query",
        "crumbs": _crumbs(Link(_("证照核验"), "")),
        "error": error,
        "wrong": field,
        "page_errors": bool(error),
        "typed": typed or {},
    }
    return _told(render(request, "licences/verify.html", context, status=422 if error else 200))


def _verdict(request: HttpRequest, found: Verification, *, file: bool = False) -> HttpResponse:
    context = {
        "section": "query",
        "crumbs": _crumbs(Link(_("证照核验"), reverse("licences:verify")), Link(_("核验结果"), "")),
        "found": found,
        "licence": found.licence,
        "words": labels.verdict_words(found, file=file),
        "checks": [labels.check_words(line, file=file) for line in found.checks],
        "file": file,
        "typed": {},
    }
    return _told(render(request, "licences/verdict.html", context))


def _told(response: HttpResponse) -> HttpResponse:
    """An answer holds for the moment: nobody keeps it, nobody indexes it."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@public
def verify(request: HttpRequest) -> HttpResponse:
    """Ask what to verify; answer for an identifier with its number, or for the code under the QR code."""
    if request.method != "POST":
        return _asked(request)
    _limited(request, "code", CHECKS_A_MINUTE)
    typed = {name: request.POST.get(name, "").strip()[:200] for name in ("code", "identifier", "number")}
    if typed["code"]:
        return _verdict(request, checking.by_code(typed["code"].rstrip("/").rpartition("/")[2]))
    if typed["identifier"] and typed["number"]:
        return _verdict(request, checking.by_numbers(typed["identifier"], typed["number"]))
    if typed["identifier"]:
        return _asked(request, error=_("请再填证照编号，两个号都对上才给结果"), field="number", typed=typed)
    if typed["number"]:
        return _asked(request, error=_("请再填电子证照标识，两个号都对上才给结果"), field="identifier", typed=typed)
    return _asked(request, error=_("请填核验码，或者填标识和编号"), field="code", typed=typed)


@public
def check(request: HttpRequest, code: str) -> HttpResponse:
    """Answer for the address in a QR code."""
    _limited(request, "code", CHECKS_A_MINUTE)
    return _verdict(request, checking.by_code(code))


@public
def verify_file(request: HttpRequest) -> HttpResponse:
    """Answer for a file. It is read in memory and not kept."""
    if request.method != "POST":
        return redirect("licences:verify")
    _limited(request, "file", FILES_A_MINUTE)
    file = request.FILES.get("file")
    if file is None or not file.size:
        return _asked(request, error=_("请先选一个 PDF 或 OFD 文件"), field="file")
    if file.size > LARGEST_FILE:
        return _asked(request, error=_("文件超过 10 MB，电子证照没有这么大，请核对"), field="file")
    return _verdict(request, checking.of_file(file.read()), file=True)


@signed_in()
def wallet(request: HttpRequest) -> HttpResponse:
    """Show the licences of the principal: those in force first."""
    licences = queries.wallet(_actor(request))
    in_force = {LicenceStatus.VALID, LicenceStatus.HELD}
    context = {
        "section": "my",
        "crumbs": _crumbs(Link(_("我的"), reverse("services:my")), Link(_("我的证照"), "")),
        "current": [labels.card(one) for one in licences if one.status in in_force],
        "past": [labels.card(one) for one in licences if one.status not in in_force],
    }
    return render(request, "licences/wallet.html", context)


@signed_in()
def licence(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one licence: what it says, its file, its QR code, its versions, who used it, the copies made of it."""
    return _shown(request, pk)


def _shown(request: HttpRequest, pk: uuid.UUID, problem: Invalid | None = None) -> HttpResponse:
    by = _actor(request)
    found = queries.get_licence(pk, by)
    context: dict[str, Any] = {
        "section": "my",
        "crumbs": _crumbs(
            Link(_("我的"), reverse("services:my")),
            Link(_("我的证照"), reverse("licences:wallet")),
            Link(found.name, ""),
        ),
        "card": labels.card(found),
        "licence": found,
        "trust": labels.TRUST[found.trust],
        "fields": queries.shown(found),
        "versions": queries.versions(pk, by),
        "uses": [labels.use_words(use) for use in queries.uses(pk, by)],
        "copies": queries.copies(pk, by),
        "check_url": making.check_url(found.check_code),
        "terms": TERMS,
        "typed": {name: request.POST.get(name, "") for name in ("cause", "days")},
        "errors": {error.field: error.message for error in problem.errors} if problem else {},
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/licence.html", context, status=422 if problem else 200)


@signed_in()
def copy(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Make an annotated copy of a licence, for one purpose and a term."""
    if request.method != "POST":
        return redirect("licences:licence", pk)
    days = request.POST.get("days", "")
    try:
        acts.copy(
            pk,
            request.POST.get("cause", ""),
            int(days) if days.isdecimal() and len(days) < 5 else 0,
            by=_actor(request),
            key=request.POST.get("key", ""),
        )
    except Invalid as problem:
        return _shown(request, pk, problem)
    return redirect(f"{reverse('licences:licence', args=[pk])}#copies")


@signed_in()
def copy_file(request: HttpRequest, pk: uuid.UUID, copy: uuid.UUID) -> HttpResponseBase:
    """Give the file of an annotated copy to whoever may see the licence: PDF, or OFD if ``?format=ofd`` asks for it."""
    found = queries.get_copy(pk, copy, _actor(request))
    name = f"{_('加注副本')} {found.cause}"
    if request.GET.get("format") == "ofd" and found.ofd_digest:
        return store.download(found.ofd_digest, name=f"{name}.ofd", media_type=OFD)
    return store.download(found.digest, name=f"{name}.pdf", media_type="application/pdf")


@signed_in()
def file(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Give the signed file, PDF or (``?format=ofd``) OFD, to whoever may see the licence; it is made now if the worker
    has not come to it yet.
    """
    found = queries.get_licence(pk, _actor(request))
    if request.GET.get("format") == "ofd":
        return store.download(acts.ofd_of(found), name=f"{found.name} {found.number}.ofd", media_type=OFD)
    digest = acts.document_of(found)
    return store.download(digest, name=f"{found.name} {found.number}.pdf", media_type="application/pdf")


urlpatterns = [
    path("verify/", verify, name="verify"),
    path("verify/file", verify_file, name="verify_file"),
    path("verify/<str:code>", check, name="check"),
    path("my/licences/", wallet, name="wallet"),
    path("my/licences/<uuid:pk>/", licence, name="licence"),
    path("my/licences/<uuid:pk>/file", file, name="file"),
    path("my/licences/<uuid:pk>/copies/", copy, name="copy"),
    path("my/licences/<uuid:pk>/copies/<uuid:copy>", copy_file, name="copy_file"),
]
