"""What each invented agency has: one SQLite file an agency, made from the invented city (``synth``) and the pack's records."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from yiwang.config import synth
from yiwang.config.state import digest
from yiwang.config.synth import output, plan
from yiwang.config.synth.views import VIEWS
from yiwang.config.synth.world import make
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.types import DatasetDefinition

MADE = "made.json"
"""What the stores in a folder were made from; written last, so that a folder without it is none."""
_TABLES = """
CREATE TABLE record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, dataset TEXT NOT NULL, subject TEXT NOT NULL, own TEXT NOT NULL, at TEXT NOT NULL,
    "values" TEXT NOT NULL, bad INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0, UNIQUE (dataset, subject, own)
);
CREATE INDEX record_in_order ON record (dataset, seq);
CREATE TABLE handed (dataset TEXT PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE behaviour (one INTEGER PRIMARY KEY CHECK (one = 1), said TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the city is (without people: nobody but the pack's own), and how many rows in ten thousand are bad."""

    people: int = 2000
    firms: int = 300
    seed: int = 7
    at: date = date(2026, 11, 1)
    bad: int = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an agency's store, in the order in which it came to be what it is."""

    seq: int
    subject: str
    own: str
    at: str
    values: dict[str, Any]
    gone: bool


def size_of(folder: Path) -> Size | None:
    """Return how large the city is whose stores are in a folder; nothing if there are none."""
    note = folder / MADE
    if not note.exists():
        return None
    size = json.loads(note.read_text())["from"]["size"]
    return Size(**size | {"at": date.fromisoformat(size["at"])})


def prepare(root: Path, folder: Path, size: Size) -> dict[str, list[str]]:
    """Make the stores of all agencies that provide a dataset, unless they are there as they would be made; return their
    datasets, also those of which the invented city knows nothing.

    Raises ``PackError``, ``plan.TooMany``.
    """
    city = plan.read_city(root)
    wanted = {
        "size": asdict(size) | {"at": size.at.isoformat()},
        "made_of": digest([root, Path(synth.__file__).parent, Path(__file__)]),
    }
    note = folder / MADE
    if note.exists() and (found := json.loads(note.read_text()))["from"] == wanted:
        return dict(found["datasets"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    whole = plan.make_plan(city, size.people, size.firms, size.seed, size.at) if size.people else None
    agencies: dict[str, list[str]] = {}
    stores: dict[str, sqlite3.Connection] = {}
    chance = random.Random(f"bad:{size.seed}")  # noqa: S311 - a choice that can be made again, not a secret
    for one in city.datasets.values():
        agencies.setdefault(one.agency, []).append(one.code)
    for agency in agencies:
        stores[agency] = _opened(folder / f"{agency}.sqlite")
        stores[agency].executescript(f"PRAGMA synchronous = OFF;{_TABLES}")
    for code in [code for codes in agencies.values() for code in codes]:
        definition = city.datasets[code]
        _put(stores[definition.agency], definition, city.records.get(code, ()), chance, 0)
    for neighbourhood in (make(whole, chunk.index) for chunk in whole.chunks) if whole else ():
        for code in [code for codes in agencies.values() for code in codes if code in VIEWS]:
            definition = city.datasets[code]
            _put(stores[definition.agency], definition, output.rows(neighbourhood, definition), chance, size.bad)
    for store in stores.values():
        store.commit()
        store.close()
    note.write_text(json.dumps({"from": wanted, "datasets": agencies}, ensure_ascii=False))
    return agencies


def _put(
    store: sqlite3.Connection,
    definition: DatasetDefinition,
    rows: Iterable[Any],
    chance: random.Random,
    bad: int,
) -> None:
    made = []
    for number, row in enumerate(rows):
        values = {
            name: value for name, value in row.items() if name not in ("subject", "at") and value not in (None, "")
        }
        subject, at = str(row["subject"]), str(row.get("at") or datetime.now(UTC).isoformat())
        own = json.dumps([values.get(name) for name in definition.key], ensure_ascii=False, default=str)
        made.append((definition.code, subject, own, at, json.dumps(values, ensure_ascii=False, default=str), 0))
        if chance.randrange(10_000) < bad:
            wrong = _spoilt(definition, values, chance)
            text = json.dumps(wrong, ensure_ascii=False, default=str)
            made.append((definition.code, subject, f"bad {number} {own}", at, text, 1))
    store.executemany(
        'INSERT OR IGNORE INTO record (dataset, subject, own, at, "values", bad) VALUES (?, ?, ?, ?, ?, ?)', made
    )


def _spoilt(definition: DatasetDefinition, values: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return values as somebody typed them who was tired: something missing, or something that is no date or number."""
    required = [item.name for item in definition.items if item.required]
    exact = [
        item.name
        for item in definition.items
        if item.kind in (FieldKind.DATE, FieldKind.DECIMAL, FieldKind.INTEGER, FieldKind.MONEY, FieldKind.BOOLEAN)
    ]
    if exact and (not required or chance.random() < 0.5):
        return {**values, chance.choice(exact): "不详"}
    return {name: value for name, value in values.items() if name != (required or list(values))[0]}


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=10, check_same_thread=False)


class Store:
    """One agency's store, as its system uses it. Every use opens the file: a fork or a kill leaves nothing open."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def since(self, dataset: str, seq: int, limit: int) -> list[Row]:
        """Return what came to be as it is after ``seq``."""
        where = "dataset = ? AND seq > ? ORDER BY seq LIMIT ?"
        return self._rows(where, (dataset, seq, limit))

    def about(self, dataset: str, numbers: Sequence[str]) -> list[Row]:
        """Return what is known of these numbers, without what is bad: an officer would see that."""
        marks = ", ".join("?" * len(numbers))
        return self._rows(f"dataset = ? AND subject IN ({marks}) AND NOT bad AND NOT gone", (dataset, *numbers))

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return for each dataset how many good rows there are, and how many bad ones."""
        with closing(_opened(self.path)) as store:
            rows = store.execute("SELECT dataset, sum(NOT bad), sum(bad) FROM record WHERE NOT gone GROUP BY dataset")
            return {dataset: (good, bad) for dataset, good, bad in rows}

    def good(self, dataset: str) -> Iterator[Row]:
        """Yield all good rows of a dataset."""
        yield from self._rows("dataset = ? AND NOT bad AND NOT gone ORDER BY seq", (dataset,))

    def change(self, dataset: str, subject: str, own: str, values: dict[str, Any] | None, at: datetime) -> None:
        """Write a row anew, or (no values) take it away: it comes last in the order of changes."""
        with closing(_opened(self.path)) as store, store:
            old = store.execute(
                'SELECT "values" FROM record WHERE dataset = ? AND subject = ? AND own = ?', (dataset, subject, own)
            ).fetchone()
            text = json.dumps(values, ensure_ascii=False) if values is not None else (old[0] if old else "{}")
            store.execute(
                'INSERT OR REPLACE INTO record (dataset, subject, own, at, "values", bad, gone) VALUES (?, ?, ?, ?, ?, 0, ?)',
                (dataset, subject, own, at.isoformat(), text, values is None),
            )

    def handed_over(self) -> dict[str, int]:
        """Return up to which row each dataset was brought or sent, of those that somebody asked for."""
        with closing(_opened(self.path)) as store:
            return dict(store.execute("SELECT dataset, seq FROM handed"))

    def hand_over(self, dataset: str, seq: int) -> None:
        """Note that all rows up to this one were brought or sent."""
        with closing(_opened(self.path)) as store, store:
            store.execute("INSERT OR REPLACE INTO handed VALUES (?, ?)", (dataset, seq))

    def behaviour(self) -> dict[str, Any]:
        """Return how the system was told to behave."""
        with closing(_opened(self.path)) as store:
            row = store.execute("SELECT said FROM behaviour").fetchone()
            return dict(json.loads(row[0])) if row else {}

    def behave(self, said: dict[str, Any]) -> None:
        """Keep how the system is to behave."""
        with closing(_opened(self.path)) as store, store:
            store.execute("INSERT OR REPLACE INTO behaviour VALUES (1, ?)", (json.dumps(said),))

    def _rows(self, where: str, given: tuple[Any, ...]) -> list[Row]:
        with closing(_opened(self.path)) as store:
            rows = store.execute(f'SELECT seq, subject, own, at, "values", gone FROM record WHERE {where}', given)  # noqa: S608
            return [
                Row(seq, subject, own, at, json.loads(values), bool(gone))
                for seq, subject, own, at, values, gone in rows
            ]


def fails(behaviour: Mapping[str, Any], dataset: str) -> bool:
    """Tell whether a system was told to fail, for a dataset or for all."""
    only = behaviour.get("datasets", ())
    return bool(behaviour.get("outage")) and (not only or dataset in only)


def not_after_now(at: str) -> str:
    """Return when a row was so; the invented city lives on a fixed day, which may not have come yet."""
    return min(datetime.fromisoformat(at), datetime.now(UTC)).isoformat()


def as_row(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    """Return a row as the platform is told of it: every column, also an empty one, so that nothing looks as if it were gone."""
    gone = {"deleted": True} if row.gone else {}
    return {"subject": row.subject, "at": not_after_now(row.at), **dict.fromkeys(columns), **row.values, **gone}
