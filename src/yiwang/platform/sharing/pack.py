"""Sharing's part of a pack: datasets, published as they stand, and what the demo's agencies have in them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.packs import Pack
from yiwang.kernel.problems import Invalid
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import queries
from yiwang.platform.sharing.acts import publish_draft, write_draft, write_grant
from yiwang.platform.sharing.models import Dataset, Feed, Record
from yiwang.platform.sharing.types import DatasetDefinition, GrantRequest, RecordSpec


def load(pack: Pack, *, by: Actor) -> None:
    """Load and publish the datasets; unchanged ones keep their edition. Then their records, replaced as a whole."""
    written: list[tuple[Path, Dataset]] = []
    for path in pack.files("datasets/*.yaml"):
        for definition in pack.listed(path, DatasetDefinition):
            try:
                written.append((path, write_draft(definition, f"pack:{pack.name}", by=by)))
            except Invalid as problem:
                _tell(pack, path, definition.code, problem)
    pack.stop_if_faulty()
    context = queries.lint_context()
    for path, row in written:
        try:
            publish_draft(row, "", by=by, context=context)
        except Invalid as problem:
            _tell(pack, path, row.code, problem)
    pack.stop_if_faulty()
    rows = {row.code: row for _path, row in written}
    for spec in pack.rows("records/*.yaml", RecordSpec):
        row = rows.get(spec.dataset)
        if row is None:
            pack.fault(pack.root / "records", 1, f"there is no dataset {spec.dataset}")
            continue
        Dataset.objects.filter(pk=row.pk).update(available=spec.available)
        row.records.all().delete()
        # What a feed had brought is gone with the rest: it is read again from the beginning.
        Feed.objects.filter(dataset=row).update(token=None, claim=None, run=None, next_at=clock.now())
        Record.objects.bulk_create([_record(row, dict(record)) for record in spec.records], batch_size=1000)
    pack.stop_if_faulty()
    _grants(pack, rows, by)


def _grants(pack: Pack, rows: dict[str, Dataset], by: Actor) -> None:
    """Load the grants that are in force from the first day: ``agency`` is the city's body, its colleagues come with it."""
    for asked in pack.rows("grants.yaml", GrantRequest):
        agency = directory.find_agency(asked.agency)
        row = rows.get(asked.dataset)
        if agency is None or row is None:
            pack.fault(pack.root / "grants.yaml", 1, f"there is no {asked.agency if agency is None else asked.dataset}")
            continue
        unknown = set(asked.fields) - {item["name"] for item in row.draft["items"]}
        if unknown:
            pack.fault(pack.root / "grants.yaml", 1, f"{asked.dataset} has no {', '.join(sorted(unknown))}")
            continue
        write_grant(asked, row, agency, by)
    pack.stop_if_faulty()


def _tell(pack: Pack, path: Path, code: str, problem: Invalid) -> None:
    for error in problem.errors:
        pack.fault(path, 1, f"{code}: {error.field}: {error.message}")


def _record(row: Dataset, record: dict[str, Any]) -> Record:
    given = record.pop("at", None)
    at = datetime.fromisoformat(str(given)) if given else clock.now()
    subject = str(record.pop("subject"))
    return Record(
        dataset=row,
        subject_index=blind_index(subject, queries.SUBJECT),
        own=queries.own_index(row.draft["key"], record),
        digest=queries.values_index(record),
        values=record,
        at=at,
        valid_from=at,
    )
