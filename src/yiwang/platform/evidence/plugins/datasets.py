"""The built-in source of shared data: the pack's datasets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import FilteredRelation, Q
from django.utils.translation import gettext_lazy as _

from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.sealed import blind_index
from yiwang.platform.evidence.models import Dataset
from yiwang.platform.evidence.sources import Answers, Known, Source, Subject, sources

_RECORDS = Compiled(
    lambda: (
        Dataset.objects.filter(code__any=Slot("codes"))
        .annotate(record=FilteredRelation("records", condition=Q(records__subject_index__any=Slot("keys"))))
        .values_list(
            "code",
            "record__subject_index",
            "agency_name",
            "name",
            "basis",
            "available",
            "record__values",
            "record__at",
        )
    )
)


@sources.register("datasets")
class DatasetSource(Source):
    """Paths: ``dataset.field``; ``dataset`` alone asks whether there is a record."""

    label = _("公共数据平台")

    def answer(self, subject: Subject, paths: Iterable[str]) -> Answers:
        """One query: the datasets, each with the records of the subject in it."""
        wanted = list(paths)
        keys = [blind_index(number, "subject") for number in subject.numbers]
        datasets: dict[str, _Found] = {}
        codes = sorted({path.partition(".")[0] for path in wanted})
        for code, index, *row in _RECORDS(codes=codes, keys=keys):
            rank = keys.index(bytes(index)) if index is not None else len(keys)
            found = _Found(rank, *row)
            datasets[code] = min(datasets.get(code, found), found, key=lambda one: one.rank)
        answers = Answers()
        for path in wanted:
            code, _dot, name = path.partition(".")
            dataset = datasets.get(code)
            if dataset is None:
                continue
            source = f"{dataset.agency_name} · {dataset.name}"
            if not dataset.available:
                answers.down[path] = source
            elif dataset.values is not None:
                value = dataset.values.get(name) if name else True
                if value not in (None, ""):
                    answers.known[path] = Known(value, source, dataset.at, dataset.basis, f"dataset:{code}")
        return answers


class _Found(NamedTuple):
    """A dataset with a record of the subject; of several numbers the first counts (``rank``)."""

    rank: int
    agency_name: str
    name: str
    basis: str
    available: bool
    values: dict[str, Any] | None
    at: datetime | None
