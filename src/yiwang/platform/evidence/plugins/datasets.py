"""The built-in source of shared data: the pack's datasets."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from yiwang.kernel.sealed import blind_index
from yiwang.platform.evidence.models import Dataset, DatasetRecord
from yiwang.platform.evidence.sources import Answers, Known, Source, Subject, sources


@sources.register("datasets")
class DatasetSource(Source):
    """Paths: ``dataset.field``; ``dataset`` alone asks whether there is a record."""

    label = _("公共数据平台")

    def answer(self, subject: Subject, paths: Iterable[str]) -> Answers:
        """Two queries: the datasets, and every record of the subject in them."""
        wanted = list(paths)
        datasets = {
            row.code: row for row in Dataset.objects.filter(code__in={path.partition(".")[0] for path in wanted})
        }
        keys = [blind_index(number, "subject") for number in subject.numbers]
        up = [code for code, row in datasets.items() if row.available]
        found = {}
        for record in DatasetRecord.objects.filter(subject_index__in=keys, dataset_id__in=up):
            rank = keys.index(bytes(record.subject_index))
            if record.dataset_id not in found or rank < found[record.dataset_id][0]:
                found[record.dataset_id] = (rank, record)
        answers = Answers()
        for path in wanted:
            code, _dot, name = path.partition(".")
            dataset = datasets.get(code)
            if dataset is None:
                continue
            if not dataset.available:
                answers.down[path] = f"{dataset.agency_name} · {dataset.name}"
            elif code in found:
                record = found[code][1]
                value = record.values.get(name) if name else True
                if value not in (None, ""):
                    answers.known[path] = Known(
                        value, f"{dataset.agency_name} · {dataset.name}", record.at, dataset.basis, f"dataset:{code}"
                    )
        return answers
