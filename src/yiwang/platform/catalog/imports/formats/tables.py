"""CSV and XLSX with the field names of the national exchange schema (see ``columns``)."""

from __future__ import annotations

import contextlib
import csv
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.platform.catalog.imports import columns, derived
from yiwang.platform.catalog.imports.codecs import CellError
from yiwang.platform.catalog.imports.formats import (
    MAX_ROWS,
    Body,
    FileRefused,
    ImportFormat,
    Refused,
    Row,
    Tables,
    registry,
)
from yiwang.platform.catalog.imports.reading import MAX_LINE, encoding_of, is_formula, lines, plain, records_in

MAX_COLUMNS = 300
MAX_UNPACKED = 200 * 1_048_576
MAX_RATIO = 200
MAX_PARTS = 500


@registry.register("csv")
class Csv(ImportFormat):
    """Comma-separated values: a row an item, children as JSON in their columns."""

    label = gettext_lazy("CSV 表格")
    suffixes = (".csv",)

    def count(self, path: Path) -> int:
        """Count the records."""
        return max(records_in(path) - 1, 0)

    def rows(self, path: Path, tables: Tables) -> Iterator[Row | Refused]:
        """Read record by record; a record over the limit is refused, the next one is read."""
        header: list[str] | None = None
        for record in records(path, encoding_of(path)):
            if header is None:
                if isinstance(record, Refused):
                    raise FileRefused(record.reason, record.message, record.number)
                header = _header(record[1])
            elif isinstance(record, Refused):
                yield record
            elif any(record[1]):
                number, cells = record
                if len(cells) > len(header):
                    yield Refused(number, "", "columns", _("这一行的列比表头多，可能少了引号。"))
                else:
                    yield _row(number, dict(zip(header, cells, strict=False)))
        if header is None:
            raise FileRefused("empty", _("文件是空的。"))


def records(path: Path, encoding: str) -> Iterator[tuple[int, list[str]] | Refused]:
    """Put lines together until quotation marks are paired; what does not end within the limit is passed over."""
    kept: list[str] = []
    first = size = quotes = 0
    too_long = False
    for line in lines(path, encoding):
        first = first or line.number
        quotes += line.quotes
        size += len(line.text) + 1 if line.text is not None else MAX_LINE + 1
        if size > MAX_LINE:
            too_long = True
            kept.clear()
        elif line.text is not None:
            kept.append(line.text)
        if quotes % 2:
            continue
        if too_long:
            yield Refused(first, "", "line.long", _("这一行超过 1 MB，没有读入。"))
        else:
            yield _record(first, "\n".join(kept).removesuffix("\r"))
        kept.clear()
        first = size = quotes = 0
        too_long = False
    if first:
        yield Refused(first, "", "quotes", _("引号没有配对，从这一行到文件末尾没有读入。"))


def _record(number: int, text: str) -> tuple[int, list[str]] | Refused:
    try:
        return number, next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        return Refused(number, "", "csv", _("这一行不是 CSV：%(reason)s") % {"reason": error})


def _header(names: Iterable[str]) -> list[str]:
    header = [name.strip().lower() for name in names]
    missing = columns.REQUIRED - set(header)
    if missing:
        raise FileRefused("columns", _("缺少列：%(names)s。") % {"names": "、".join(sorted(missing))}, 1)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise FileRefused("columns", _("列重复：%(names)s。") % {"names": "、".join(twice)}, 1)
    return header


def _row(number: int, raw: Mapping[str, str]) -> Row | Refused:
    """Read the cells of a row."""
    code = raw.get("task_handle_item") or raw.get("task_code") or ""
    notes = [
        ("formula", _("“%(column)s”以 = + - @ 开头，按文字读入。") % {"column": name})
        for name, text in raw.items()
        if is_formula(text)
    ]
    cells = {name: plain(text.strip()) for name, text in raw.items()}
    try:
        document = columns.read_row(cells)
        notes += derived.fill(document, cells)
    except CellError as error:
        return Refused(number, code, "cell", str(error))
    body = Body(cells["dept_code"], cells["dept_name"])
    return Row(
        number,
        code,
        document,
        body,
        bool(document.get("sample_only")),
        notes,
        guid=cells.get("row_guid", ""),
        in_force=cells.get("task_state", "") not in ("2", "3"),
    )


@registry.register("xlsx")
class Xlsx(ImportFormat):
    """A workbook: the first sheet has an item a row, sheets named by_law, materials, fees and faq their children."""

    label = gettext_lazy("Excel 工作簿")
    suffixes = (".xlsx",)

    def count(self, path: Path) -> int:
        """Return the rows of the longest sheet: their tags are counted, nothing is built of them."""
        _no_bomb(path)
        with zipfile.ZipFile(path) as archive:
            sheets = [
                name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")
            ]
            return max((_tags(archive, name) - 1 for name in sheets), default=0)

    def rows(self, path: Path, tables: Tables) -> Iterator[Row | Refused]:
        """Read row by row, after a look at what the file would unpack to."""
        with opened(path) as book:
            children = {name: _children(book[name]) for name in columns.CHILDREN if name in book.sheetnames[1:]}
            sheet = sheet_rows(book.worksheets[0])
            header = _header(next(sheet, (1, []))[1])
            for number, cells in sheet:
                if not any(cells):
                    continue
                raw = dict(zip(header, cells, strict=False))
                row = _row(number, raw)
                if isinstance(row, Row):
                    row = _with_children(row, children)
                yield row


def _tags(archive: zipfile.ZipFile, name: str) -> int:
    count, end = 0, b""
    with archive.open(name) as file:
        while chunk := file.read(1 << 20):
            count += (end + chunk).count(b"<row ")
            end = chunk[-4:]
    return count


@contextlib.contextmanager
def opened(path: Path, *, computed: bool = False) -> Iterator[Any]:
    """Open a workbook that is none of the bad sort; formulas are text, or what they last came to. Raises FileRefused."""
    from openpyxl import load_workbook

    _no_bomb(path)
    with path.open("rb") as file:
        try:
            book = load_workbook(file, read_only=True, data_only=computed, keep_links=False)
        except Exception as error:
            raise FileRefused("xlsx", _("打不开这个工作簿：%(reason)s") % {"reason": error}) from None
        try:
            if not book.worksheets:
                raise FileRefused("empty", _("工作簿里没有工作表。"))
            yield book
        finally:
            book.close()


def _no_bomb(path: Path) -> None:
    """Refuse an archive that unpacks to far more than a workbook does, before anything of it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise FileRefused("xlsx", _("打不开这个工作簿：%(reason)s") % {"reason": error}) from None
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise FileRefused("bomb", _("工作簿解压后太大，没有读入。"))
    if any(part.file_size > MAX_RATIO * max(part.compress_size, 1_024) for part in parts):
        raise FileRefused("bomb", _("工作簿的压缩比不正常，没有读入。"))


def sheet_rows(
    sheet: Any, most: int = MAX_ROWS, text: Callable[[Any], str] | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a sheet as ``text`` writes them, with their numbers. Raises FileRefused after ``most``."""
    written, width = text or cell_text, 0
    for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), 1):
        if number > most:
            raise FileRefused("rows", _("工作表超过 %(count)d 行，请分成几个文件。") % {"count": most}, number)
        end = len(row)
        while end > width and row[end - 1] is None:  # rows are filled up to the most columns there may be
            end -= 1
        width = width or end  # of the header: the rows below are as wide
        yield number, [written(value) for value in row[:end]]


def cell_text(value: Any) -> str:
    """Return what stands in a cell as text: days without their time, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


Children = dict[str, list[dict[str, str]]]
"""Rows of a sheet of children, as cells, by the item's code."""


def _children(sheet: Any) -> Children:
    found: Children = {}
    rows = sheet_rows(sheet)
    header = [name.strip().lower() for name in next(rows, (1, []))[1]]
    if "task_code" not in header:
        raise FileRefused(
            "columns",
            _("工作表“%(sheet)s”缺少列：%(names)s。") % {"sheet": sheet.title, "names": "task_code"},
            1,
        )
    for number, texts in rows:
        cells = {name: plain(text) for name, text in zip(header, texts, strict=False)} | {_LINE: str(number)}
        code = cells.get("task_handle_item") or cells.get("task_code") or ""
        if code:
            found.setdefault(code, []).append(cells)
    return found


_LINE = "\0line"


def _with_children(row: Row, sheets: Mapping[str, Children]) -> Row | Refused:
    for name, by_code in sheets.items():
        cells = by_code.get(row.code, [])
        try:
            made = columns.read_children(columns.CHILDREN[name], cells)
        except CellError as error:
            return Refused(row.number, row.code, "cell", f"{name} {_lines(cells)}: {error}")
        if made:
            row.document[columns.CHILD_PATHS[name]] = made
    return row


def _lines(cells: list[dict[str, str]]) -> str:
    """Say on which lines of the sheet an item's children stand."""
    return f"{cells[0][_LINE]}–{cells[-1][_LINE]}" if len(cells) > 1 else cells[0][_LINE]
