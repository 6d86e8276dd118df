"""Items out as the same CSV that comes in."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from typing import IO, Any

from yiwang.platform.catalog.imports import columns
from yiwang.platform.catalog.imports.reading import neutral

HEADER = (
    "task_code",
    *columns.BODY_COLUMNS,
    *(column.name for column in columns.COLUMNS if column.name != "task_code"),
    "is_fee",
    "transact_addr",
    "transact_time",
)


def write_csv(file: IO[str], items: Iterable[tuple[Mapping[str, Any], str, str]]) -> int:
    """Write items (document, name and USCC of the body) and return how many.

    The file should be opened with ``encoding="utf-8-sig", newline=""``, which spreadsheets read rightly.
    """
    writer = csv.DictWriter(file, HEADER, lineterminator="\r\n")
    writer.writeheader()
    count = 0
    for document, name, uscc in items:
        cells = columns.write_row(document) | {"dept_name": name, "dept_code": uscc}
        writer.writerow({column: neutral(text) for column, text in cells.items()})
        count += 1
    return count
