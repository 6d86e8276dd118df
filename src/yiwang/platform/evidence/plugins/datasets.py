"""The built-in source of shared data: the pack's datasets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import FilteredRelation, Q
from django.utils.translation import gettext_lazy as _

from yiwang.kernel.sealed import blind_index
from yiwang.platform.evidence.models import Dataset
from yiwang.platform.evidence.sources import Answers, Known, Source, Subject, sources


@sources.register("datasets")
class DatasetSource(Source):
    """Paths: ``dataset.field``; ``dataset`` alone asks whether there is a record."""

    label = _("公共数据平台")

    def answer(self, subject: Subject, paths: Iterable[str]) -> Answers:
        """One query: the datasets, each with the subject's records in it."""
        wanted = list(paths)
        keys = [blind_index(number, "subject") for number in subject.numbers]
        rows = (
            Dataset.objects.filter(code__in={path.partition(".")[0] for path in wanted})
            .annotate(own=FilteredRelation("records", condition=Q(records__subject_index__in=keys)))
            .values_list(
                "code", "agency_name", "name", "basis", "available", "own__subject_index", "own__values", "own__at"
            )
        )
        datasets: dict[str, _Holder] = {}
        for code, agency, name, basis, available, index, values, at in rows:
            rank = keys.index(bytes(index)) if index is not None else len(keys)
            if code not in datasets or rank < datasets[code].rank:
                datasets[code] = _Holder(f"{agency} · {name}", basis, available, rank, values, at)
        answers = Answers()
        for path in wanted:
            code, _dot, field = path.partition(".")
            dataset = datasets.get(code)
            if dataset is None:
                continue
            if not dataset.available:
                answers.down[path] = dataset.name
            elif dataset.values is not None:
                value = dataset.values.get(field) if field else True
                if value not in (None, ""):
                    answers.known[path] = Known(value, dataset.name, dataset.at, dataset.basis, f"dataset:{code}")
        return answers


@dataclass(frozen=True, slots=True)
class _Holder:
    """A dataset with the record that stands nearest to the subject; ``values`` is None where there is none."""

    name: str
    basis: str
    available: bool
    rank: int
    values: Mapping[str, Any] | None
    at: datetime | None
