"""Everything that changes kept papers.

A scan is taken apart by the worker, a page a turn, with no transaction open while a page is drawn and read: it takes a scan by a
lease (a column), and writes the page with how far it is in one transaction in which that is still so. After a crash the lease
runs out and the next turn begins with the page that is missing: nothing is lost, nothing is there twice.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from PIL import Image

from yiwang.kernel import clock
from yiwang.kernel.acts import act, act_on, current, event, system_record
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.types import Actor, Denial, FieldError, Key, Party, PartyKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.papers import pdf, queries, rules, straightening
from yiwang.platform.papers.models import Page, Paper, PaperUse, Scan
from yiwang.platform.papers.permissions import CanKeepPapers, CanTakeBack
from yiwang.platform.papers.ports import Picture, ocr
from yiwang.platform.papers.types import PaperState, ScanState, Turn
from yiwang.ui import store, uploads

log = logging.getLogger(__name__)
SCANNED = event("papers.scanned", "A window scanned papers of somebody: they are being taken apart.")
CHECKED = event("papers.checked", "A kept paper was compared with the original: it may be used in applications now.")
TAKEN_BACK = event("papers.taken_back", "Somebody took a kept paper back: it is used in no further application.")

MOST_PAGES = pdf.MOST_PAGES
"""Pages of one scan."""
LEASE = timedelta(minutes=2)
LOOSE = timedelta(days=30)
"""How long pages wait to be put into a paper, also again after a paper of theirs was refused."""
_BOUND = b"""#set document(date: none)
#set page(width: 210mm, height: auto, margin: 0pt)
#for name in sys.inputs.pages.split(",") { page(image(name, width: 100%)) }
"""


def pages_of(file: uploads.Upload) -> int:
    """Return how many pages a file that was taken in has. Raises ``uploads.Refused`` for a PDF that cannot be taken apart."""
    if file.is_image:
        return 1
    words = {"name": file.name, "limit": MOST_PAGES}
    try:
        with store.open_file(file.digest) as content:
            pages = pdf.count(content)
    except pdf.Unreadable:
        raise uploads.Refused("broken", _("“%(name)s”打不开，请重新导出 PDF 再传") % words) from None
    if not pages:
        raise uploads.Refused("broken", _("“%(name)s”里没有一页，请重新导出 PDF 再传") % words)
    if pages > MOST_PAGES:
        raise uploads.Refused("pages", _("“%(name)s”超过 %(limit)s 页，请分成几次扫描") % words)
    return pages


@act("papers.scan", permission=CanKeepPapers)
def scan(kind: str, party: uuid.UUID, files: list[dict[str, Any]], *, by: Actor, key: Key) -> uuid.UUID:
    """Take papers in for a person or a firm. Returns the scan's id.

    ``files`` have digest, media_type and pages (``pages_of``), in order. Raises Invalid for none, or too many pages.
    """
    owner, agency = Party(PartyKind(kind), party), directory.agency_of(by)
    if agency is None:
        raise NotAllowed(_("您的账号没有所属部门，不能扫描。"))
    total = sum(file["pages"] for file in files)
    if not 0 < total <= MOST_PAGES:
        message = (
            _("请选要扫描的文件。") if not files else _("一次最多 %(limit)s 页，请分成几次。") % {"limit": MOST_PAGES}
        )
        raise Invalid(message, errors=(FieldError("files", message),))
    row = Scan(
        party_kind=owner.kind.value,
        party_id=owner.id,
        party_name=identity.party_name(owner),
        agency_path=agency.path,
        agency_name=agency.name,
        region=agency.region,
        files=[{name: file[name] for name in ("digest", "media_type", "pages")} for file in files],
        by=by.label,
        began_at=clock.now(),
        total=total,
    )
    record = current()
    record.insert([row])
    record.about(row)
    record.emit(SCANNED, row, pages=total)
    return row.id


# --- taking it apart ---


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A page as it will be kept; ``fault`` where it could not be drawn."""

    source: str = ""
    digest: str = ""
    angle: float = 0
    text: str = ""
    unread: bool = False
    fault: str = ""


def work_on() -> int:
    """Draw, straighten and read the next page of the scan that has waited longest; returns how many it did."""
    found = _leased()
    if found is None:
        return 0
    pk, number, files = found
    drawn = _drawn(files, number)
    with transaction.atomic(), system_record("papers.take_apart") as record:
        row = Scan.objects.select_for_update().get(pk=pk)
        if row.done != number - 1:  # somebody else was quicker, after our lease had ended
            return 1
        record.detail |= {"scan": str(pk), "page": number}
        _write(row, number, drawn)
    return 1


def _leased() -> tuple[uuid.UUID, int, list[dict[str, Any]]] | None:
    now = clock.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    with transaction.atomic():
        waiting = Scan.objects.filter(free, state=ScanState.RUNNING.value).order_by("began_at")
        row = waiting.select_for_update(skip_locked=True).first()
        if row is None:
            return None
        Scan.objects.filter(pk=row.pk).update(leased_until=now + LEASE)
        return row.pk, row.done + 1, row.files


def _write(row: Scan, number: int, drawn: _Drawn) -> None:
    firsts = {1}
    for file in row.files:
        firsts.add(max(firsts) + file["pages"])
    begins = number in firsts or bool(rules.propose(drawn.text, queries.names()).identity)
    Page.objects.create(
        scan=row,
        number=number,
        source=drawn.source,
        digest=drawn.digest,
        angle=drawn.angle,
        text=drawn.text,
        unread=drawn.unread,
        fault=drawn.fault,
        begins=begins,
    )
    row.done, row.leased_until = number, None
    if row.done >= row.total:
        row.state, row.ended_at = ScanState.DONE.value, clock.now()
    row.save(update_fields=["done", "leased_until", "state", "ended_at"])


def _drawn(files: list[dict[str, Any]], number: int) -> _Drawn:
    """Return a page of the files as it will be kept. What cannot be drawn is told, and the others go on; a store that is away is
    no fault of the page: it is tried again.
    """
    broken = _Drawn(fault=_("这一页打不开，请重新扫描这一页。"))
    for file in files:
        if number <= file["pages"]:
            break
        number -= file["pages"]
    try:
        with store.open_file(file["digest"]) as stored:
            content = stored.read()
    except store.NoSuchFile:
        return broken
    try:
        layer = ""
        if file["media_type"] == "application/pdf":
            content, layer = pdf.page(BytesIO(content), number)
        with Image.open(BytesIO(content), formats=["JPEG", "PNG"]) as image:
            whole = straightening.upright(image)
        straight, angle = straightening.turned(whole, 0)
        source, shown = straightening.jpeg(whole), straightening.jpeg(straight)
    except Exception:  # a foreign file may break anything in whoever opens it
        log.warning("papers.page_broken", extra={"page": number}, exc_info=True)
        return broken
    try:
        text, unread = ocr.selected().read(Picture(shown.getvalue(), layer)), False
    except Exception as error:  # whatever a reader does, the window goes on
        log.warning("papers.unread", extra={"error": type(error).__name__})
        text, unread = "", True
    return _Drawn(store.save(source), store.save(shown), angle, text.replace("\0", ""), unread)


# --- putting papers together ---


def _apart(row: Scan) -> Denial | None:
    if row.state != ScanState.DONE:
        return Denial("running", _("还在处理，请等所有页出来。"))
    return None


@act_on("papers.divide", Scan.objects.lock, permission=CanKeepPapers, ready=_apart)
def divide(row: Scan, begins: list[int], *, by: Actor, key: Key) -> None:
    """Say on which of the loose pages a paper begins."""
    loose = row.pages.filter(paper=None)
    loose.update(begins=False)
    loose.filter(number__in=begins).update(begins=True)


@act_on("papers.turn", Scan.objects.lock, permission=CanKeepPapers, ready=_apart)
def turn(row: Scan, number: int, way: str, *, by: Actor, key: Key) -> None:
    """Turn a loose page by a quarter, or leave it as it was scanned; drawn anew from what was scanned."""
    page = row.pages.filter(number=number, paper=None, fault="").first()
    if page is None:
        raise NotFound(_("没有这一页，或者它已经归在一份材料里。"))
    chosen = Turn(way)
    page.turned = (page.turned + {Turn.LEFT: 90, Turn.RIGHT: 270, Turn.RAW: 0}[chosen]) % 360
    page.straight = chosen is not Turn.RAW
    with store.open_file(page.source) as content, Image.open(content, formats=["JPEG"]) as image:
        image.load()
        done, page.angle = straightening.turned(image, page.turned // 90, straight=page.straight)
    page.digest = store.save(straightening.jpeg(done))
    page.save(update_fields=["turned", "straight", "angle", "digest"])
    current().detail |= {"page": number, "way": chosen.value}


@act_on("papers.put_together", Scan.objects.lock, permission=CanKeepPapers, ready=_apart)
def put_together(
    row: Scan,
    pages: list[int],
    identity: str,
    *,
    number: str = "",
    valid_until: date | None = None,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Put loose pages that lie together into one paper with a name of the catalogue. Returns its id.

    It is only scanned (trust C) until somebody compares it with the original. Raises Invalid with what is wrong.
    """
    known = catalog.paper_names().get(identity)
    found = list(row.pages.select_for_update().filter(number__in=pages, paper=None, fault="").order_by("number"))
    errors = []
    if known is None:
        errors.append(FieldError("name", _("请从目录里选一个材料名称。")))
    if not pages or [one.number for one in found] != list(range(min(pages), min(pages) + len(pages))):
        errors.append(FieldError("pages", _("这些页不连着、打不开，或者已经归在别的材料里。")))
    if len(number) > 80:
        errors.append(FieldError("number", _("编号最多 80 个字。")))
    if valid_until is not None and valid_until < clock.today():
        errors.append(FieldError("until", _("已经过期了，不能存。")))
    if errors or known is None:
        raise Invalid(_("这份材料还不能存。"), errors=tuple(errors))
    digest, size = _bound([one.digest for one in found])
    paper = Paper(
        party_kind=row.party_kind,
        party_id=row.party_id,
        party_name=row.party_name,
        agency_path=row.agency_path,
        region=row.region,
        scan=row,
        identity=identity,
        name=known.name,
        number=number,
        valid_until=valid_until,
        pages=[one.number for one in found],
        digest=digest,
        size=size,
        named_at=clock.now(),
        named_by=by.label,
    )
    paper.save(force_insert=True)
    row.pages.filter(pk__in=[one.pk for one in found]).update(paper=paper)
    current().detail |= {"paper": str(paper.id), "material": identity}
    return paper.id


def _bound(digests: Sequence[str]) -> tuple[str, int]:
    """Bind pages into one PDF, as they are: no picture is packed anew. Returns its digest and size in bytes."""
    import typst

    with TemporaryDirectory(prefix="yiwang-paper-") as name:
        folder = Path(name)
        for at, digest in enumerate(digests):
            with store.open_file(digest) as page:
                (folder / f"{at}.jpg").write_bytes(page.read())
        (folder / "bound.typ").write_bytes(_BOUND)
        made = typst.compile(
            str(folder / "bound.typ"),
            root=name,
            format="pdf",
            sys_inputs={"pages": ",".join(f"{at}.jpg" for at in range(len(digests)))},
            ignore_system_fonts=True,
        )
    return store.save(BytesIO(made)), len(made)


# --- comparing with the original ---


def _only_scanned(paper: Paper) -> Denial | None:
    if paper.state != PaperState.SCANNED:
        return Denial("not-waiting", _("这份材料不用再和原件核对。"))
    return None


def _kept(paper: Paper) -> Denial | None:
    if paper.state not in (PaperState.SCANNED, PaperState.CHECKED):
        return Denial("over", _("这份材料已经退回或者收回了。"))
    return None


@act_on("papers.check", Paper.objects.lock, permission=CanKeepPapers, ready=_only_scanned, announces=CHECKED)
def check(paper: Paper, *, by: Actor, key: Key) -> None:
    """Note that a clerk compared a paper with the original (C becomes B, 国办函〔2016〕108号): it may be used from now on."""
    paper.state, paper.checked_at, paper.checked_by = PaperState.CHECKED.value, clock.now(), by.label
    current().update(paper, "state", "checked_at", "checked_by")


@act_on("papers.refuse", Paper.objects.lock, permission=CanKeepPapers, ready=_kept)
def refuse(paper: Paper, reason: str, *, by: Actor, key: Key) -> None:
    """Say that a paper is not right, also after it was checked: it is used no more, its pages may be put together anew."""
    reason = reason.strip()
    if not 0 < len(reason) <= 200:
        message = _("请写哪里不对，最多 200 个字。")
        raise Invalid(message, errors=(FieldError("reason", message),))
    paper.state, paper.reason, paper.ended_at = PaperState.REFUSED.value, reason, clock.now()
    paper.own_pages.update(paper=None)
    current().update(paper, "state", "reason", "ended_at")


@act_on("papers.take_back", Paper.objects.lock, permission=CanTakeBack, ready=_kept, announces=TAKEN_BACK)
def take_back(paper: Paper, *, by: Actor, key: Key) -> None:
    """Take one's paper back (个人信息保护法 art. 15): no application uses it from now on, and no window opens it.

    Applications that it went into keep what was handed in with them.
    """
    paper.state, paper.ended_at = PaperState.WITHDRAWN.value, clock.now()
    current().update(paper, "state", "ended_at")


def record_uses(papers: Iterable[uuid.UUID], *, title: str, application_id: uuid.UUID) -> None:
    """Write, inside another act, into which application these papers went: their owner can read it."""
    now, by = clock.now(), current().by.label or _("系统")
    current().insert(
        PaperUse(paper_id=pk, at=now, title=title[:200], application_id=application_id, user_label=by[:160])
        for pk in papers
    )


def forget() -> int:
    """Let go what has been of no use for ``LOOSE``: pages in no paper, and the pictures of papers that were refused or taken
    back (个人信息保护法 art. 47). What was handed in with them stays with the application. Returns how many pages.
    """
    before = clock.now() - LOOSE
    with system_record("papers.forget") as record:
        loose = Q(paper=None, scan__ended_at__lt=before) & ~Q(scan__papers__ended_at__gte=before)
        gone, _each = Page.objects.filter(loose | Q(paper__ended_at__lt=before)).delete()
        ended = Paper.objects.filter(ended_at__lt=before).exclude(digest="").update(digest="")
        record.detail |= {"pages": gone, "papers": ended}
    return gone
