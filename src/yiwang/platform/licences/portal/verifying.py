"""Verification for everybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.kernel.limits import client_address, count
from yiwang.platform.licences import checking, labels
from yiwang.platform.licences.portal.parts import crumbs
from yiwang.platform.licences.types import Verification
from yiwang.ui.entry import public
from yiwang.ui.frame import Link

CHECKS_A_MINUTE = 30
FILES_A_MINUTE = 10
LARGEST_FILE = 10 * 1024 * 1024
"""In bytes."""


def _limited(request: HttpRequest, what: str, limit: int) -> None:
    count(f"verify:{what}:{client_address(request)}", limit, 60)


def _asked(
    request: HttpRequest, *, error: str = "", field: str = "", typed: dict[str, str] | None = None
) -> HttpResponse:
    context = {
        "section": "query",
        "crumbs": crumbs(Link(_("证照核验"), "")),
        "error": error,
        "wrong": field,
        "page_errors": bool(error),
        "typed": typed or {},
    }
    return _told(render(request, "licences/verify.html", context, status=422 if error else 200))


def _verdict(request: HttpRequest, found: Verification, *, file: bool = False) -> HttpResponse:
    context = {
        "section": "query",
        "crumbs": crumbs(Link(_("证照核验"), reverse("licences:verify")), Link(_("核验结果"), "")),
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
