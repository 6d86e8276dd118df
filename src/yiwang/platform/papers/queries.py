"""What others read of kept papers."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.db.models import CharField, Count, Q, QuerySet, Value
from django.utils.translation import gettext as _

from yiwang.kernel import clock, paging
from yiwang.kernel.paging import Page
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Party
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.papers import models, rules
from yiwang.platform.papers.models import Paper, PaperUse, Scan
from yiwang.platform.papers.types import (
    KeptFile,
    PageView,
    PaperState,
    PaperView,
    ScanState,
    ScanView,
    Use,
)

PAGE = 20
KEPT = timedelta(days=730)
"""How long a paper is trusted after it was compared with the original, or handed in with an application."""


def scans(by: Actor, after: str = "", before: str = "") -> Page[Any]:
    """Return the scans that the actor may see, a page of them, latest first; three queries. Raises BadCursor."""
    rows = Scan.objects.visible_to(by)
    found = paging.page(rows, ("-began_at", "-id"), PAGE, after=after, before=before)
    ids = [row.pk for row in found.items]
    loose = _counted(models.Page.objects.filter(scan__in=ids, paper=None, fault=""))
    unchecked = _counted(Paper.objects.filter(scan__in=ids, state=PaperState.SCANNED.value))
    shown: list[Any] = [_scan(row, loose.get(row.pk, 0), unchecked.get(row.pk, 0)) for row in found.items]
    return Page(shown, found.next, found.previous)


def _counted(rows: Any) -> dict[uuid.UUID, int]:
    return dict(rows.order_by().values_list("scan").annotate(Count("pk")))


def get_scan(pk: uuid.UUID, by: Actor) -> ScanView:
    """Return a scan that the actor may see."""
    return _scan(_row(pk, by))


def names() -> dict[str, str]:
    """Return the catalogue's names of papers, by identity."""
    return {identity: paper.name for identity, paper in catalog.paper_names().items()}


def loose_pages(pk: uuid.UUID, by: Actor) -> list[PageView]:
    """Return the pages of a scan that are in no paper yet, in order, with what their text proposes."""
    known = names()
    return [
        PageView(row.number, row.begins, abs(row.angle), row.fault, row.unread, rules.propose(row.text, known))
        for row in _row(pk, by).pages.filter(paper=None).order_by("number")
    ]


def find_page(pk: uuid.UUID, number: int, by: Actor) -> str:
    """Return the digest of a page's picture (JPEG). Raises NotFound, also for what its owner took back."""
    pages = _row(pk, by).pages.exclude(paper__state=PaperState.WITHDRAWN.value).exclude(digest="")
    digest: str | None = pages.filter(number=number).values_list("digest", flat=True).first()
    if digest is None:
        raise NotFound(_("没有这一页。"))
    return digest


def papers_of(pk: uuid.UUID, by: Actor) -> list[PaperView]:
    """Return the papers of a scan that the actor may see, in the order of their pages."""
    rows = Paper.objects.visible_to(by).filter(scan=pk).order_by("named_at", "id")
    return [_paper(row) for row in rows]


def papers_before(scan: ScanView, by: Actor, size: int = 20) -> list[PaperView]:
    """Return what is kept for the same owner from other scans that the actor may see, latest first."""
    rows = Paper.objects.visible_to(by).filter(
        party_kind=scan.owner.kind.value,
        party_id=scan.owner.id,
        state__in=[PaperState.SCANNED.value, PaperState.CHECKED.value],
    )
    return [_paper(row) for row in rows.exclude(scan=scan.id).order_by("-named_at", "-id")[:size]]


def get_paper(pk: uuid.UUID, by: Actor) -> PaperView:
    """Return a paper that the actor may see."""
    row = Paper.objects.visible_to(by).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这份材料。"))
    return _paper(row)


def mine(by: Actor, after: str = "", before: str = "") -> Page[Any]:
    """Return the papers kept for whom the actor acts, a page of them, latest first. Raises BadCursor."""
    rows = Paper.objects.visible_to(by)
    found = paging.page(rows, ("-named_at", "-id"), PAGE, after=after, before=before)
    shown: list[Any] = [_paper(row) for row in found.items]
    return Page(shown, found.next, found.previous)


def uses(pk: uuid.UUID, size: int = 50) -> list[Use]:
    """Return into which applications a paper went, latest first."""
    rows = PaperUse.objects.filter(paper=pk).order_by("-at")[:size]
    return [Use(row.at, row.title, row.application_id) for row in rows]


def kept(party: Party, identities: Collection[str]) -> QuerySet[Any, Any]:
    """Return, of each of these names, the latest checked paper of a party that still counts: name, id, an empty text, and when it
    was compared with the original. A query that is not carried out yet, so that papers from elsewhere can be asked for with it.
    """
    rows = Paper.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=clock.today()),
        party_kind=party.kind.value,
        party_id=party.id,
        identity__in=identities,
        state=PaperState.CHECKED.value,
        checked_at__gte=clock.now() - KEPT,
    ).order_by("identity", "-checked_at")
    return rows.distinct("identity").values_list("identity", "id", Value("", CharField()), "checked_at")


def files_of(papers: Iterable[uuid.UUID]) -> list[KeptFile]:
    """Return the files of papers, for the application that they go into."""
    rows = Paper.objects.filter(pk__in=list(papers)).order_by("id")
    return [KeptFile(row.id, row.identity, row.name, row.digest, row.size, len(row.pages)) for row in rows]


def _row(pk: uuid.UUID, by: Actor) -> Scan:
    row: Scan | None = Scan.objects.visible_to(by).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这次扫描。"))
    return row


def _scan(row: Scan, loose: int = 0, unchecked: int = 0) -> ScanView:
    return ScanView(
        row.id, row.principal, row.party_name, row.agency_name, row.by, row.began_at, ScanState(row.state), row.total,
        row.done, loose, unchecked,
    )  # fmt: skip


def _paper(row: Paper) -> PaperView:
    return PaperView(
        id=row.id,
        scan=row.scan_id,
        owner=row.principal,
        owner_name=row.party_name,
        identity=row.identity,
        name=row.name,
        number=row.number,
        valid_until=row.valid_until,
        state=PaperState(row.state),
        pages=tuple(row.pages),
        digest=row.digest,
        named_at=row.named_at,
        named_by=row.named_by,
        checked_at=row.checked_at,
        checked_by=row.checked_by,
        reason=row.reason,
    )
