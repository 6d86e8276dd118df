"""Means checks: one family by the act, with a store of 20,000 people; and 100,000 families against twelve datasets at once."""

from __future__ import annotations

import csv
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import connection

from bench import means_floor
from bench.measure import QUICK, ROOT, Report, in_turns, milliseconds, percentile, say, times
from yiwang.kernel import clock
from yiwang.kernel.packs import Pack
from yiwang.kernel.sealed import blind_index, key_ring
from yiwang.kernel.types import Actor, ActorKind, Reach, Role, RoleGrant
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import purposes
from yiwang.platform.sharing import queries as sharing
from yiwang.platform.sharing.indexes import SUBJECT, own_index, values_index
from yiwang.platform.sharing.means import acts, queries, running
from yiwang.platform.sharing.means.types import Consent, ConsentWay, Member, Scheme
from yiwang.platform.sharing.models import Dataset, Grant, Record
from yiwang.platform.sharing.purposes import Purpose
from yiwang.platform.sharing.types import Consumer, DatasetDefinition

AT = date(2026, 11, 1)
FAMILIES = 5000 if QUICK else 100_000
PEOPLE = 20_000 if QUICK else 375_000
"""As many people as have so many households in the register."""
STORE = 6000 if QUICK else 20_000
TIMES = times(500)
ITEM = "330711002000"
COLUMNS = "dataset_id, subject_index, own, digest, values, at, valid_from"
ROWS = (
    'SELECT dataset_id, subject_index, "values", at FROM sharing_record'
    " WHERE subject_index = ANY(%s) AND dataset_id = ANY(%s) AND valid_to IS NULL"
)


def run(report: Report) -> None:
    """Measure."""
    pack = Pack(ROOT / "packs" / "wenzhou")
    scheme = next(one for one in pack.rows("comparisons/low_income.yaml", Scheme))
    definitions = {one.code: one for one in pack.rows("datasets/*.yaml", DatasetDefinition)}
    folder = Path(tempfile.mkdtemp(prefix="yiwang-bench-"))
    try:
        one_family(report, synth(folder / "store", STORE), scheme)
        many_families(report, synth(folder / "bulk", PEOPLE), scheme, definitions)
    finally:
        shutil.rmtree(folder)


def synth(out: Path, people: int) -> Path:
    """Make an invented city."""
    say(f"yiwang synth --people {people} …")
    command = [sys.executable, "-m", "yiwang.config.command", "synth", "--people", str(people), "--out", str(out)]
    subprocess.run([*command, "--jobs", "2"], check=True, stdout=subprocess.DEVNULL)
    return out


# --- One family ---


def one_family(report: Report, folder: Path, scheme: Scheme) -> None:
    """Compare families one after another by the act, in turn with plain SQL for the same rows."""
    say("loading the store …")
    count = load(folder, scheme)
    families = list(households(_csv(folder, "households")))[: TIMES + 50]
    purposes.provide(partial(purpose, {str(identity(numbers)): numbers for numbers in families}))
    Grant.objects.update(per_minute=1_000_000)
    by = reviewer()
    keys = [blind_index(number, SUBJECT) for numbers in families for number in numbers]
    say(f"{count} records, {len(families)} families, {len(keys)} members")
    ids = list(Dataset.objects.filter(code__in=[want.dataset for want in scheme.wants]).values_list("id", flat=True))

    def act(numbers: tuple[str, ...]) -> None:
        consent = Consent(way=ConsentWay.SIGNED, on=clock.today())
        grown = [Member(number=number, consent=consent) for number in numbers]
        acts.compare(identity(numbers), scheme.code, tuple(grown), by=by, key=uuid.uuid4().hex)

    def floor(numbers: tuple[str, ...]) -> None:
        with connection.cursor() as sql:
            sql.execute(ROWS, [[blind_index(number, SUBJECT) for number in numbers], ids])
            sql.fetchall()

    for numbers in families[:50]:
        act(numbers)
        floor(numbers)
    took: dict[str, list[float]] = {"act": [], "floor": []}
    for place, numbers in enumerate(families[50:]):
        cache.clear()
        for name, work in (("act", act), ("floor", floor)) if place % 2 else (("floor", floor), ("act", act)):
            took[name].append(milliseconds(partial(work, numbers)))
    report.figure("one_family_p95", percentile(took["act"], 95), "ms", at_most=1000)
    report.figure("one_family_p50", percentile(took["act"], 50), "ms")
    report.figure("one_family_floor_p95", percentile(took["floor"], 95), "ms")
    report.details |= {
        "records": count,
        "families_alone": len(families) - 50,
        "members_mean": round(statistics.mean(len(numbers) for numbers in families), 2),
        "p99_ms": round(percentile(took["act"], 99), 2),
        "found": _found(by, families[-1]),
    }


def _found(by: Actor, numbers: tuple[str, ...]) -> dict[str, Any]:
    """Return what the last report says, to see that there was something to compare."""
    (line,) = queries.of_case(identity(numbers), by)
    view, _later = queries.get_comparison(line.id, by)
    lines = {line.fact: line.found for line in view.report.lines}
    return {
        "verdict": view.verdict,
        "lacking": view.lacking,
        "income": lines["income"],
        "registered": lines["registered"],
    }


def load(folder: Path, scheme: Scheme) -> int:
    """Put the city's records into the store by COPY, the last of each subject and key: as intake would leave them."""
    ring, place = key_ring(), Record._meta.get_field("values")
    count = 0
    for code, definition in sharing.definitions(want.dataset for want in scheme.wants).items():
        pk = Dataset.objects.get(code=code).pk
        rows: dict[tuple[str, bytes], tuple[Any, ...]] = {}
        for line in _csv(folder, code):
            subject, at = line.pop("subject"), datetime.fromisoformat(line.pop("at"))
            values = {name: value for name, value in line.items() if value != ""}
            own = own_index(definition.key, values)
            sealed = ring.seal(place.to_bytes(values), place.place)  # type: ignore[union-attr]
            rows[subject, own] = (pk, blind_index(subject, SUBJECT), own, values_index(values), sealed, at, at)
        Record.objects.filter(dataset_id=pk).delete()
        with connection.cursor() as sql, sql.copy(f"COPY sharing_record ({COLUMNS}) FROM STDIN") as copy:
            for row in rows.values():
                copy.write_row(row)
        count += len(rows)
    with connection.cursor() as sql:
        sql.execute("VACUUM ANALYZE sharing_record")
    return count


def _csv(folder: Path, code: str) -> Iterator[dict[str, str]]:
    with (folder / f"{code}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def households(register: Iterable[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield households whose grown members are compared, the head first; minors would need a guardian's consent."""
    found: dict[str, list[str]] = {}
    for line in register:
        if line["subject"] == line["member_number"] and not line.get("moved_out_on"):
            found.setdefault(line["household_number"], []).append(line["subject"])
    for numbers in found.values():
        grown = tuple(number for number in numbers if int(number[6:10]) < AT.year - 18)
        if len(grown) > 1:
            yield grown


def identity(numbers: tuple[str, ...]) -> uuid.UUID:
    """Return the identity of a family's made-up case."""
    return uuid.uuid5(uuid.NAMESPACE_OID, numbers[0])


def purpose(families: dict[str, tuple[str, ...]], ref: str) -> Purpose | None:
    """Find a made-up case: finding a real one is no part of what is measured."""
    numbers = families.get(ref)
    if numbers is None:
        return None
    agency = directory.get_agency("330302-civil_affairs")
    return Purpose(
        case_id=uuid.UUID(ref),
        number=f"B{ref[:8]}",
        title="低收入家庭认定",
        consumer=Consumer(agency.function, agency.region, ITEM),
        agency_name=agency.short_name,
        application_id=uuid.UUID(ref),
        party=uuid.UUID(ref),
        named=frozenset(numbers),
        own=lambda: numbers,  # how everybody agreed is no part of what is measured
        reach=Reach(agency.path, agency.region, agency.level, ITEM),
        declared={
            "family_members": len(numbers),
            "family_income": "1500",
            "family_vehicles": 0,
            "family_homes": 1,
            "check_consent": True,
        },
    )


def reviewer() -> Actor:
    """Return an officer who reviews such cases."""
    path = directory.get_agency("330302-civil_affairs").path
    grants = (RoleGrant(Role.REVIEWER, path),)
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label="B-1", grants=grants, agency=path)


# --- Very many families ---


def many_families(report: Report, folder: Path, scheme: Scheme, definitions: dict[str, DatasetDefinition]) -> None:
    """Compare a hundred thousand families from CSV files, in turn with SQL by hand over the same files."""
    kept: dict[str, Any] = {}

    def ours() -> float:
        began = time.perf_counter()
        with running.engine("duckdb") as backend:
            tables = running.from_csv(backend, folder, scheme, definitions)
            register = tables.datasets[running.HOUSEHOLDS]
            heads = register.filter(
                (register["relation"] == "户主")
                & (register["subject"] == register["member_number"])
                & register["moved_out_on"].isnull()
            )
            heads = heads.select("subject").distinct().order_by("subject").limit(FAMILIES)
            found = running.expression(scheme, tables, AT, applicants=heads)
            kept["ours"] = found.select(*running.result_columns(scheme), *means_floor.SAME).to_pyarrow()
        return time.perf_counter() - began

    def floor() -> float:
        began = time.perf_counter()
        kept["floor"] = means_floor.run(folder, FAMILIES)
        return time.perf_counter() - began

    took = in_turns({"ours": ours, "floor": floor}, 2 if QUICK else 5)
    same = means_floor.compare(kept["ours"], kept["floor"])
    report.figure("bulk_families", kept["ours"].num_rows, "", at_least=FAMILIES)
    report.figure("bulk", statistics.median(took["ours"]), "s", at_most=60)
    report.figure("bulk_floor", statistics.median(took["floor"]), "s")
    report.details |= {
        "bulk_rounds_s": {name: [round(one, 2) for one in found] for name, found in took.items()},
        "bulk_rows": sum(_lines(folder / f"{want.dataset}.csv") for want in scheme.wants),
        "bulk_datasets": len(scheme.wants),
        "bulk_same_as_floor": same,
        "bulk_serious": sum(1 for one in kept["ours"].column("serious").to_pylist() if one),
    }


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(partial(file.read, 1 << 20), b"")) - 1
