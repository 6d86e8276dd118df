"""Evidence's part of a pack: the datasets of the built-in source."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.packs import Pack
from yiwang.kernel.sealed import blind_index
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.models import Dataset, DatasetRecord
from yiwang.platform.evidence.types import DatasetSpec


def load(pack: Pack) -> None:
    """Load datasets with their records; a dataset's records are replaced as a whole."""
    for spec in pack.rows("datasets/*.yaml", DatasetSpec):
        agency = directory.find_agency(spec.agency)
        if agency is None:
            pack.fault(pack.root / "datasets", 1, f"{spec.code}: there is no agency {spec.agency}")
            continue
        dataset, _made = Dataset.objects.update_or_create(
            code=spec.code,
            defaults={
                "name": spec.name,
                "agency_name": agency.short_name or agency.name,
                "subject": spec.subject.value,
                "fields": [{"name": field.name, "label": field.label} for field in spec.fields],
                "basis": spec.basis,
                "available": spec.available,
            },
        )
        dataset.records.all().delete()
        DatasetRecord.objects.bulk_create([_record(dataset, dict(record)) for record in spec.records], batch_size=1000)
    pack.stop_if_faulty()


def _record(dataset: Dataset, record: dict[str, Any]) -> DatasetRecord:
    at = record.pop("at", None)
    subject = record.pop("subject")
    return DatasetRecord(
        dataset=dataset,
        subject_index=blind_index(str(subject), "subject"),
        values=record,
        at=datetime.fromisoformat(str(at)) if at else clock.now(),
    )
