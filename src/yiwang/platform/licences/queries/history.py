"""Imports of digitised licences: how far they are, what is to be mended."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from yiwang.kernel import paging
from yiwang.kernel.paging import Page
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.licences.archive import Archive
from yiwang.platform.licences.models import Batch, Licence, RowFault
from yiwang.platform.licences.queries.held import view
from yiwang.platform.licences.types import (
    BatchFault,
    BatchState,
    BatchView,
    LicenceStatus,
    LicenceTypeSpec,
    LicenceView,
    TrustLevel,
)
from yiwang.ui import store

PAGE = 20
SHOWN_FAULTS = 50


def columns_of(spec: LicenceTypeSpec) -> dict[str, bool]:
    """Return the columns of the table for a type, and whether it must have each."""
    about = {"证照编号": True, "持证主体": True, "证件号码": True, "发证日期": True, "有效期至": False, "扫描件": True}
    return about | {"共同持证人": False} | {field.label: False for field in spec.fields if field.label not in about}


def template_of(spec: LicenceTypeSpec) -> str:
    """Return an empty table for a type, as spreadsheets open it (UTF-8 with its mark)."""
    text = io.StringIO()
    csv.writer(text).writerow(columns_of(spec))
    return f"\ufeff{text.getvalue()}"


def batches(by: Actor, after: str = "", before: str = "") -> Page[BatchView]:
    """Return the imports that the actor may see, a page of them, latest first. Raises BadCursor."""
    rows = Batch.objects.visible_to(by).select_related("type")
    found = paging.page(rows, ("-began_at", "-id"), PAGE, after=after, before=before)
    return Page([_view(row) for row in found.items], found.next, found.previous)  # type: ignore[type-var]


def unchecked_licences(
    by: Actor,
    *,
    words: str = "",
    type_code: str = "",
    agency: str = "",
    batch: uuid.UUID | None = None,
    after: str = "",
    before: str = "",
) -> Page[LicenceView]:
    """Return the licences that wait to be compared with the original, a page of them, the first that came in first.

    ``words`` are a whole number or how the holder's name begins, ``agency`` is a path. Raises BadCursor.
    """
    rows = Licence.objects.visible_to(by).filter(trust=TrustLevel.C.value, status=LicenceStatus.VALID.value)
    if words:
        rows = rows.filter(Q(number=words) | Q(holder_name__startswith=words))
    if type_code:
        rows = rows.filter(type_id=type_code)
    if agency:
        rows = rows.filter(issuer_path=agency)
    if batch:
        rows = rows.filter(batch_id=batch)
    found = paging.page(rows.select_related("type"), ("id",), PAGE, after=after, before=before)
    return Page([view(row) for row in found.items], found.next, found.previous)  # type: ignore[type-var]


def comparable_batches(by: Actor) -> list[BatchView]:
    """Return the latest imports whose licences the actor may compare with the originals."""
    rows = Batch.objects.comparable_by(by).filter(entered__gt=0).select_related("type").order_by("-began_at", "-id")
    return [_view(row) for row in rows[:PAGE]]


def get_batch(pk: uuid.UUID, by: Actor) -> BatchView:
    """Return one import that the actor may see, with what is to be mended, the most frequent first."""
    row = _row(pk, by)
    reasons = RowFault.objects.filter(batch=row).values_list("column", "reason").annotate(rows=Count("id"))
    told = tuple((f"{column}：{reason}", rows) for column, reason, rows in reasons.order_by("-rows", "column")[:20])
    return _view(row, told)


def faults(pk: uuid.UUID, by: Actor) -> list[BatchFault]:
    """Return the first rows that were not taken."""
    rows = RowFault.objects.filter(batch=_row(pk, by)).order_by("line")[:SHOWN_FAULTS]
    return [BatchFault(one.line, one.column, one.reason) for one in rows]


def report(pk: uuid.UUID, by: Actor) -> Iterator[str]:
    """Return the lines of a table of the rows that were not taken, to mend and send again: the same columns, and why.

    Raises NotFound where the archive is gone, as nothing in it was wrong.
    """
    row = _row(pk, by)
    if not store.exists(row.archive):
        raise NotFound(_("没有要改的行。"))
    return _report(row)


def _report(row: Batch) -> Iterator[str]:
    wrong = {one.line: one for one in RowFault.objects.filter(batch=row)}
    line = io.StringIO()
    writer = csv.writer(line)
    with store.open_file(row.archive) as file:
        archive = Archive(file)
        columns = archive.columns()
        writer.writerow([*columns, _("原因")])
        yield "\ufeff"
        for number, cells in archive.rows():
            if number in wrong:
                fault = wrong[number]
                writer.writerow([*(_plain(cells.get(name, "")) for name in columns), f"{fault.column}：{fault.reason}"])
            yield line.getvalue()
            line.seek(0)
            line.truncate()
        yield line.getvalue()


def _plain(cell: str) -> str:
    """A cell that a spreadsheet would carry out stays text (CWE-1236)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell


def _row(pk: uuid.UUID, by: Actor) -> Batch:
    row: Batch | None = Batch.objects.visible_to(by).select_related("type").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这一批。"))
    return row


def _view(row: Batch, reasons: tuple[tuple[str, int], ...] = ()) -> BatchView:
    return BatchView(
        id=row.id,
        type_slug=row.type_id,
        type_name=row.type.name,
        agency_name=row.agency_name,
        by=row.by,
        state=BatchState(row.state),
        began_at=row.began_at,
        ended_at=row.ended_at,
        total=row.total,
        done=row.done,
        entered=row.entered,
        refused=row.refused,
        error=row.error,
        reasons=reasons,
    )
