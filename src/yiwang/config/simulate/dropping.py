"""Files that an agency brings: what changes once a quarter or a year is put as CSV or XLSX where the platform looks.

Each file holds what changed since the one before, in its name the place of its last row, so that one that is put down twice
(its system was killed in between) is the same file. Offices write their files differently, and so do these.
"""

from __future__ import annotations

import csv
import io
import json
import os
import threading
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from yiwang.config.simulate.stores import Row, Store, fails, not_after_now
from yiwang.platform.sharing.types import DatasetDefinition, UpdateCycle

_SELDOM = {UpdateCycle.QUARTERLY, UpdateCycle.YEARLY}
_KINDS = ("utf-8-sig", "gb18030", "xlsx")
_PAUSE = 1.0


def is_dropped(definition: DatasetDefinition) -> bool:
    """Tell whether an agency brings a dataset as files."""
    return definition.cycle in _SELDOM


class Dropper:
    """One agency's files: nothing of a dataset is put down before somebody asked for it (``ask``)."""

    def __init__(self, store: Store, folder: Path, columns: Mapping[str, Sequence[str]]) -> None:
        """``folder`` is the agency's; ``columns`` are those of each dataset that it brings as files."""
        self.store = store
        self.folder = folder
        self.columns = columns
        self._lock = threading.Lock()
        self._spoilt: set[str] = set()

    def ask(self, dataset: str) -> bool:
        """Put down all there is of a dataset (if nothing, a file with no more than its columns), and from now on what changes;
        tell whether it is one that comes as files.
        """
        if dataset not in self.columns:
            return False
        with self._lock:
            self.store.hand_over(dataset, 0)
            if not self.store.since(dataset, 0, 1):
                self._put(dataset, f"{0:09d}", self._written(dataset, ()))
        self.drop()
        return True

    def drop_for_ever(self) -> None:
        """Look for changes every second."""
        while True:
            time.sleep(_PAUSE)
            with suppress(OSError):  # the folder is away: it may come back
                self.drop()

    def drop(self) -> None:
        """Put down what changed, as far as the system's behaviour lets it."""
        with self._lock:
            behaviour = self.store.behaviour()
            outage = behaviour.get("outage", "")
            for dataset, handed in self.store.handed_over().items():
                if dataset not in self.columns:
                    continue
                if not fails(behaviour, dataset):
                    self._spoilt.discard(dataset)
                    if rows := self.store.since(dataset, handed, 1_000_000):
                        self._put(dataset, f"{rows[-1].seq:09d}", self._written(dataset, rows))
                        self.store.hand_over(dataset, rows[-1].seq)
                elif outage in ("garbage", "cut") and dataset not in self._spoilt:
                    self._spoilt.add(dataset)
                    self._put(dataset, f"{time.time_ns()}", ("xlsx", b"PK\x03\x04 Fatal error"))

    def _put(self, dataset: str, name: str, written: tuple[str, bytes]) -> None:
        """Put a file down whole: what is still being written has another name."""
        suffix, content = written
        folder = self.folder / dataset
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        draft = folder / f"{name}.part"
        draft.write_bytes(content)
        os.replace(draft, folder / f"{name}.{suffix}")

    def _written(self, dataset: str, rows: Iterable[Row]) -> tuple[str, bytes]:
        names = ["subject", "at", *self.columns[dataset], "deleted"]
        lines = [names, *([_cell(one) for one in _line(row, names)] for row in rows)]
        kind = _KINDS[zlib.crc32(dataset.encode()) % len(_KINDS)]
        if kind == "xlsx":
            book = Workbook(write_only=True)
            sheet = book.create_sheet()
            for line in lines:
                sheet.append(line)
            file = io.BytesIO()
            book.save(file)
            return "xlsx", file.getvalue()
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        return "csv", text.getvalue().encode(kind)


def _line(row: Row, names: Sequence[str]) -> list[Any]:
    said = {**row.values, "subject": row.subject, "at": not_after_now(row.at), "deleted": row.gone}
    return [said.get(name) for name in names]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)
