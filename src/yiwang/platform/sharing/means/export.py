"""The store's records as pseudonymous Parquet files, for comparing in bulk.

A subject is the hexadecimal of its blind index, and so is every citizen number in a column; only the columns that a scheme
wants come along. Sealed values are opened in worker processes, part by part. The folder is for this run alone: mode 0700.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django
from django.db import connection

from yiwang.kernel.fields import FieldKind
from yiwang.kernel.sealed import blind_index, key_ring
from yiwang.platform.sharing import indexes, queries
from yiwang.platform.sharing.means.bulk import MISSING, BulkMissing
from yiwang.platform.sharing.means.types import Scheme
from yiwang.platform.sharing.models import Dataset, Record
from yiwang.platform.sharing.types import DatasetDefinition

PART = 50_000
"""Records of one file."""
_STARTS = """
    SELECT id FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM sharing_record
        WHERE dataset_id = %s AND valid_to IS NULL
    ) numbered WHERE (place - 1) %% %s = 0 ORDER BY id
"""
_ROWS = """
    SELECT subject_index, "values", at FROM sharing_record
    WHERE dataset_id = %s AND valid_to IS NULL AND id >= %s AND (%s::bigint IS NULL OR id < %s) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a dataset: from one record to before another, into one file."""

    dataset: str
    id: str
    kinds: tuple[tuple[str, FieldKind], ...]
    first: int
    until: int | None
    file: str


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that nobody else may look into, and delete it afterwards whatever happened."""
    made = Path(tempfile.mkdtemp(prefix="yiwang-means-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def wanted(scheme: Scheme) -> dict[str, tuple[str, ...]]:
    """Return the columns of every dataset that comparing in bulk needs."""
    columns = {want.dataset: want.fields for want in scheme.wants}
    declared = tuple(one.column for one in scheme.declared if one.column)
    return columns | ({scheme.declared_in: declared} if scheme.declared_in else {})


def export(scheme: Scheme, out: Path, *, jobs: int = 1) -> dict[str, int]:
    """Write a folder of Parquet files for every dataset of a scheme; returns how many records each has."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise BulkMissing(MISSING) from None
    out.mkdir(parents=True, exist_ok=True)
    out.chmod(0o700)
    columns = wanted(scheme)
    definitions = queries.definitions(columns)
    parts = [part for code, names in columns.items() for part in _parts(out, definitions[code], names)]
    if jobs > 1:
        with workers(jobs) as pool:
            counts = list(pool.map(write, parts))
    else:
        counts = [write(part) for part in parts]
    found = dict.fromkeys(columns, 0)
    for part, count in zip(parts, counts, strict=True):
        found[part.dataset] += count
    return found


def workers(jobs: int) -> ProcessPoolExecutor:
    """Return processes that open records.

    Django's own function begins them: one of this module would need the models before Django is set up.
    """
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=django.setup)


def _parts(out: Path, definition: DatasetDefinition, names: Sequence[str]) -> list[Part]:
    kinds = {item.name: item.kind for item in definition.items}
    row = Dataset.objects.get(code=definition.code)
    with connection.cursor() as sql:
        sql.execute(_STARTS, [row.pk, PART])
        starts = [start for (start,) in sql.fetchall()] or [0]
    (out / definition.code).mkdir(mode=0o700)
    return [
        Part(
            definition.code,
            str(row.pk),
            tuple((name, kinds[name]) for name in names),
            start,
            starts[place + 1] if place + 1 < len(starts) else None,
            str(out / definition.code / f"{place:04d}.parquet"),
        )
        for place, start in enumerate(starts)
    ]


def write(part: Part) -> int:
    """Open the records of one part and write them; returns how many."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    ring, place = key_ring(), Record._meta.get_field("values")
    columns: dict[str, list[Any]] = {name: [] for name in ("subject", "at", *(name for name, _kind in part.kinds))}
    with connection.cursor() as sql:
        sql.execute(_ROWS, [part.id, part.first, part.until, part.until])
        for subject, sealed, at in sql:
            values = place.from_bytes(ring.open(bytes(sealed), place.place))  # type: ignore[union-attr]
            columns["subject"].append(bytes(subject).hex())
            columns["at"].append(at)
            for name, kind in part.kinds:
                columns[name].append(plain(values.get(name), kind))
    types = {"subject": pa.string(), "at": pa.timestamp("us", tz="UTC")}
    kinds = {
        FieldKind.INTEGER: pa.int64(),
        FieldKind.MONEY: pa.decimal128(18, 2),
        FieldKind.DECIMAL: pa.decimal128(18, 4),
        FieldKind.DATE: pa.date32(),
        FieldKind.BOOLEAN: pa.bool_(),
    }
    types |= {name: kinds.get(kind, pa.string()) for name, kind in part.kinds}
    table = pa.table({name: pa.array(given, types[name]) for name, given in columns.items()})
    old = os.umask(0o077)
    try:
        pq.write_table(table, part.file)
    finally:
        os.umask(old)
    return len(columns["subject"])


def plain(value: Any, kind: FieldKind) -> Any:
    """Return a value as its column holds it; what cannot be read is left out."""
    if value in (None, ""):
        return None
    try:
        if kind is FieldKind.CITIZEN_ID:
            return blind_index(str(value), indexes.SUBJECT).hex()
        if kind is FieldKind.INTEGER:
            return int(value)
        if kind in (FieldKind.MONEY, FieldKind.DECIMAL):
            return Decimal(str(value)).quantize(Decimal("0.01" if kind is FieldKind.MONEY else "0.0001"))
        if kind is FieldKind.DATE:
            return date.fromisoformat(str(value))
    except (ValueError, InvalidOperation):
        return None
    return value in (True, "true") if kind is FieldKind.BOOLEAN else str(value)
