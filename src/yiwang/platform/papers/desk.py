"""The data service window (数据服务窗口): scan for somebody, look how far it is, name papers, compare them with the originals."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from yiwang.kernel.codes import CodeError, clean, parse_citizen_id, parse_uscc
from yiwang.kernel.limits import count
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid, NotFound, NotNow
from yiwang.kernel.types import Actor, Party, Role
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.counter import find_for_counter
from yiwang.platform.identity.types import DocumentType
from yiwang.platform.papers import acts, labels, queries, rules, straightening
from yiwang.platform.papers.reading import note_read
from yiwang.platform.papers.types import PageView, PaperState, PaperView, ScanState, ScanView
from yiwang.ui import store, uploads
from yiwang.ui.entry import staff

app_name = "papers_desk"
FIRM = "uscc"
DOCUMENTS = {
    DocumentType.CITIZEN_ID.value: later("居民身份证"),
    FIRM: later("营业执照等（统一社会信用代码）"),
    DocumentType.PASSPORT.value: later("护照"),
    DocumentType.HK_MACAU_PERMIT.value: later("港澳居民来往内地通行证"),
    DocumentType.TAIWAN_PERMIT.value: later("台湾居民来往大陆通行证"),
    DocumentType.FOREIGN_RESIDENCE.value: later("外国人永久居留身份证"),
}
SCANS_AN_HOUR = 60
"""How many times one clerk may scan in an hour."""


def _who(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


# --- scanning ---


class _Nobody(ValueError):
    """The number is nobody's whom the platform knows."""


@dataclass
class _Sent:
    """What a clerk sent to be scanned: whose it is, the files that were taken, and what is wrong."""

    document: str = DocumentType.CITIZEN_ID.value
    number: str = ""
    owner: Party | None = None
    files: list[tuple[uploads.Upload, int]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


@staff(Role.INTAKE)
def listed(request: HttpRequest) -> HttpResponse:
    """List what was scanned here; scan for somebody."""
    if request.method != "POST":
        return _listed(request, _Sent())
    by = _who(request)
    count(f"papers:scan:{by.id}", SCANS_AN_HOUR, 3600)
    sent = _sent(request, by)
    if not sent.errors and sent.owner:
        files = [{"digest": file.digest, "media_type": file.media_type, "pages": pages} for file, pages in sent.files]
        try:
            made = acts.scan(sent.owner.kind.value, sent.owner.id, files, by=by, key=request.POST.get("key", ""))
            return redirect("papers_desk:scan", made)
        except Invalid as problem:
            sent.errors |= {error.field: str(error.message) for error in problem.errors}
    return _listed(request, sent)


def _sent(request: HttpRequest, by: Actor) -> _Sent:
    sent = _Sent(request.POST.get("document", ""), request.POST.get("number", "").strip())
    if sent.document not in DOCUMENTS:
        sent.document = DocumentType.CITIZEN_ID.value
    taken, refused = uploads.received(request, "files")
    for file in taken:
        try:
            sent.files.append((file, acts.pages_of(file)))
        except uploads.Refused as problem:
            refused.append(problem.message)
    if refused:
        sent.errors["files"] = _("；").join(refused)
    elif not sent.files:
        sent.errors["files"] = _("请选要扫描的文件。")
    try:
        # Whoever is served stands there: nobody else's papers come in between.
        sent.owner = by.principal or _owner(sent, by)
    except (CodeError, _Nobody) as problem:
        sent.errors = {"number": str(problem)} | sent.errors
    return sent


def _owner(sent: _Sent, by: Actor) -> Party:
    """Return whose papers they are; looking a person up is noted for them. Raises CodeError and _Nobody."""
    if not sent.number:
        raise _Nobody(_("请输入证件号码。"))
    if sent.document == FIRM:
        firm = identity.find_organisation(str(parse_uscc(clean(sent.number)).value))
        if firm is None:
            raise _Nobody(_("系统里还没有这个单位，请核对代码。"))
        return firm.party
    document, number = DocumentType(sent.document), sent.number
    if document is DocumentType.CITIZEN_ID:
        number = parse_citizen_id(clean(number)).value
    person = find_for_counter(document, number, _("数据服务窗口扫描材料"), by=by)
    if person is None:
        raise _Nobody(_("系统里还没有这个人。请核对号码，或者先到“接待”当面登记。"))
    return person.party


def _listed(request: HttpRequest, sent: _Sent) -> HttpResponse:
    try:
        page = queries.scans(_who(request), request.GET.get("after", ""), request.GET.get("before", ""))
    except BadCursor:
        return redirect("papers_desk:listed")
    context = {
        "section": "papers",
        "sent": sent,
        "kept": [(uploads.mark(file), file, pages) for file, pages in sent.files],
        "documents": DOCUMENTS,
        "served": _who(request).principal is not None,
        "errors": sent.errors,
        "page_errors": bool(sent.errors),
        "rows": [(one, *labels.scan(one)) for one in page.items],
        "previous": f"?before={page.previous}" if page.previous else "",
        "next": f"?after={page.next}" if page.next else "",
        "most": acts.MOST_PAGES,
        "key": uuid.uuid4().hex,
    }
    return render(request, "papers/desk_scans.html", context, status=422 if sent.errors else 200)


# --- a scan ---


@dataclass(frozen=True, slots=True)
class _Group:
    """Pages that lie together, with what was typed for them, or else what their text proposes."""

    first: int
    pages: list[PageView]
    name: str
    number: str
    until: str
    proposed: bool
    errors: dict[str, str]


@staff(Role.INTAKE)
def scan(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the pages of a scan; divide them into papers, turn them, name the papers."""
    by = _who(request)
    found = queries.get_scan(pk, by)
    errors: dict[str, str] = {}
    if request.method == "POST" and found.state is ScanState.DONE:
        try:
            if not _changed(request, found, by) and not (errors := _named(request, found, by)):
                return redirect("papers_desk:scan", pk)
        except (NotNow, NotFound) as problem:
            errors = {"": str(problem.detail)}
    else:
        note_read(request, found.owner, pk)
    return _scan(request, found, errors)


def _together(pages: list[PageView]) -> list[list[int]]:
    return rules.groups([one.number for one in pages if not one.fault], {one.number for one in pages if one.begins})


def _changed(request: HttpRequest, found: ScanView, by: Actor) -> bool:
    """Divide the pages as they are ticked now, and turn the one that is asked for; tell whether anything changed."""
    key, step = request.POST.get("key", ""), request.POST.get("_step", "")
    ticked = {int(one) for one in request.POST.getlist("begins") if one.isdecimal() and len(one) < 6}
    changed = ticked != {group[0] for group in _together(queries.loose_pages(found.id, by))}
    if changed:
        acts.divide(found.id, sorted(ticked), by=by, key=f"{key}:divide")
    what, _colon, rest = step.partition(":")
    number, _colon, way = rest.partition(":")
    if what == "turn" and number.isdecimal() and len(number) < 6 and way in {"left", "right", "raw"}:
        acts.turn(found.id, int(number), way, by=by, key=f"{key}:{step}")
    return changed or bool(step)


def _named(request: HttpRequest, found: ScanView, by: Actor) -> dict[str, str]:
    """Keep every group of pages that was given a name as a paper; return what is wrong, by field."""
    errors: dict[str, str] = {}
    identities = {name: one for one, name in _choices().items()}
    kept = 0
    for group in _together(queries.loose_pages(found.id, by)):
        first = group[0]
        name, number, until = (request.POST.get(f"{one}-{first}", "").strip() for one in ("name", "number", "until"))
        if not name:
            if number or until:
                errors[f"name-{first}"] = _("请写材料名称。")
            continue
        try:
            day = date.fromisoformat(until) if until else None
        except ValueError:
            errors[f"until-{first}"] = _("日期读不懂，请写成 2030-05-11 的样子。")
            continue
        try:
            identity_ = identities.get(name, "")
            acts.put_together(
                found.id,
                group,
                identity_,
                number=number,
                valid_until=day,
                by=by,
                key=f"{request.POST.get('key', '')}:{first}",
            )
            kept += 1
        except Invalid as problem:
            errors |= {f"{error.field}-{first}": str(error.message) for error in problem.errors}
    if not errors and not kept:
        errors[""] = _("请至少给一份写上材料名称。")
    return errors


def _choices() -> dict[str, str]:
    """Return what a clerk chooses from, by identity: names that two papers share tell which is meant."""
    names = queries.names()
    said = list(names.values())
    return {one: name if said.count(name) == 1 else f"{name}（{one}）" for one, name in names.items()}


def _scan(request: HttpRequest, found: ScanView, errors: dict[str, str]) -> HttpResponse:
    by = _who(request)
    pages = queries.loose_pages(found.id, by)
    choices = _choices() if pages else {}
    by_number = {one.number: one for one in pages}
    groups = [
        _group(request, [by_number[number] for number in numbers], choices, errors) for numbers in _together(pages)
    ]
    state, tone = labels.scan(found)
    context = {
        "section": "papers",
        "scan": found,
        "running": found.state is ScanState.RUNNING,
        "state": state if found.state is ScanState.RUNNING else "",
        "tone": tone,
        "groups": groups if found.state is ScanState.DONE else [],
        "broken": [one for one in pages if one.fault],
        "unread": any(one.unread for one in pages),
        "papers": [labels.paper(one) for one in queries.papers_of(found.id, by)],
        "before": [labels.paper(one) for one in queries.papers_before(found, by)],
        "names": choices.values(),
        "errors": errors,
        "page_errors": bool(errors),
        "summary": {(f"p-{name}" if name else "p-all"): message for name, message in errors.items()},
        "key": uuid.uuid4().hex,
    }
    return render(request, "papers/desk_scan.html", context, status=422 if errors else 200)


def _group(request: HttpRequest, pages: list[PageView], choices: dict[str, str], errors: dict[str, str]) -> _Group:
    first, proposal = pages[0].number, pages[0].proposal
    proposed = {
        "name": choices.get(proposal.identity, ""),
        "number": proposal.number if proposal.identity else "",
        "until": proposal.valid_until.isoformat() if proposal.identity and proposal.valid_until else "",
    }
    typed = {name: request.POST.get(f"{name}-{first}") for name in proposed}
    shown = {name: proposed[name] if said is None else said for name, said in typed.items()}
    return _Group(
        first,
        pages,
        **shown,
        proposed=shown == proposed and bool(proposal.identity),
        errors={name: errors[f"{name}-{first}"] for name in (*proposed, "pages") if f"{name}-{first}" in errors},
    )


@staff(Role.INTAKE)
def state(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Tell the page that waits whether there is something new to see."""
    still = str(queries.get_scan(pk, _who(request)).done) == request.GET.get("done")
    return HttpResponse(status=204, headers={} if still else {"HX-Refresh": "true"})


@staff(Role.INTAKE)
def page(request: HttpRequest, pk: uuid.UUID, number: int) -> HttpResponseBase:
    """Show a page, or its small picture; looking is noted for its owner, once for the whole scan."""
    by = _who(request)
    digest = queries.find_page(pk, number, by)
    note_read(request, queries.get_scan(pk, by).owner, pk)
    whole = store.download(digest, name=f"{number}.jpg", media_type="image/jpeg", inline=True)
    if "small" not in request.GET:
        return whole
    small = straightening.small(b"".join(whole))  # type: ignore[arg-type]
    headers = {name: value for name, value in whole.headers.items() if name.lower() != "content-length"}
    return HttpResponse(small, headers=headers)


# --- a paper ---


@staff(Role.INTAKE)
def paper(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a paper beside which the original is held; note that they agree, or what is wrong."""
    by = _who(request)
    found = queries.get_paper(pk, by)
    if request.method != "POST":
        note_read(request, found.owner, found.scan, pk, found.name)
        return _paper(request, found)
    key = request.POST.get("key", "")
    try:
        if request.POST.get("do") == "refuse":
            acts.refuse(pk, request.POST.get("reason", ""), by=by, key=key)
        else:
            acts.check(pk, by=by, key=key)
    except Invalid as problem:
        return _paper(request, found, {error.field: str(error.message) for error in problem.errors})
    except NotNow as problem:
        return _paper(request, queries.get_paper(pk, by), {"": str(problem.detail)})
    return redirect("papers_desk:scan", found.scan)


def _paper(request: HttpRequest, found: PaperView, errors: dict[str, str] | None = None) -> HttpResponse:
    context = {
        "section": "papers",
        "paper": found,
        "state": labels.PAPER[found.state],
        "tone": labels.PAPER_TONE.get(found.state, ""),
        "waiting": found.state is PaperState.SCANNED,
        "refusable": found.state in (PaperState.SCANNED, PaperState.CHECKED),
        "errors": errors or {},
        "page_errors": bool(errors),
        "reason": request.POST.get("reason", ""),
        "key": uuid.uuid4().hex,
    }
    return render(request, "papers/desk_paper.html", context, status=422 if errors else 200)


urlpatterns = [
    path("papers/", listed, name="listed"),
    path("papers/scans/<uuid:pk>/", scan, name="scan"),
    path("papers/scans/<uuid:pk>/state/", state, name="state"),
    path("papers/scans/<uuid:pk>/pages/<int:number>", page, name="page"),
    path("papers/<uuid:pk>/", paper, name="paper"),
]
