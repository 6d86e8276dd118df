"""Items out as the same CSV that comes in."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import IO

from yiwang.platform.catalog.imports import columns, derived
from yiwang.platform.catalog.imports.derived import Surroundings
from yiwang.platform.catalog.imports.reading import neutral
from yiwang.platform.catalog.types import Draft
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import RegionLevel

HEADER = (
    "task_code",
    *columns.BODY_COLUMNS,
    *(column.name for column in columns.COLUMNS if column.name != "task_code"),
    *columns.DERIVED,
)


def csv_lines(items: Iterable[Draft], around: Surroundings | None = None) -> Iterator[str]:
    """Yield the file line by line, beginning with the mark by which spreadsheets know UTF-8."""
    around = around or Surroundings()
    line = _Line()
    writer = csv.DictWriter(line, HEADER, lineterminator="\r\n")
    writer.writeheader()
    yield "\ufeff" + line.text
    for draft in items:
        cells = columns.write_row(draft.document) | derived.written(draft.document, draft.standing, around)
        writer.writerow({column: neutral(text) for column, text in cells.items()})
        yield line.text


class _Line:
    """Takes the last line that was written."""

    text = ""

    def write(self, text: str) -> int:
        """Keep it."""
        self.text = text
        return len(text)


def write_csv(file: IO[str], items: Iterable[Draft], around: Surroundings | None = None) -> int:
    """Write items and return how many. The file should be opened with ``encoding="utf-8", newline=""``."""
    count = -1
    for line in csv_lines(items, around):
        file.write(line)
        count += 1
    return count


def surroundings() -> Surroundings:
    """Read what the derived columns tell of the directory: every centre, every town and village."""
    regions = {
        region.code: region.name
        for level in (RegionLevel.TOWN, RegionLevel.VILLAGE)
        for region in directory.regions_at(level)
    }
    return Surroundings({centre.code: centre for centre in directory.centres()}, regions)
