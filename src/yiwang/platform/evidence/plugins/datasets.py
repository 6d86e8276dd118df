"""The shared store: what agencies' datasets say."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from yiwang.platform.evidence.sources import Answers, Known, Source, Subject, sources
from yiwang.platform.sharing import queries as sharing


@sources.register("datasets")
class DatasetSource(Source):
    """Paths: ``dataset.field``; ``dataset`` alone asks whether there is a record."""

    label = _("公共数据平台")

    def answer(self, subject: Subject, paths: Iterable[str]) -> Answers:
        """One query: the datasets, each with the records of the subject in it."""
        wanted = list(paths)
        found = sharing.ask(subject.numbers, (path.partition(".")[0] for path in wanted))
        answers = Answers()
        for path in wanted:
            code, _dot, name = path.partition(".")
            said = found.get(code)
            if said is None:
                continue
            if not said.available:
                answers.down[path] = said.source_name
            elif said.values is not None:
                value = said.values.get(name) if name else True
                if value not in (None, ""):
                    answers.known[path] = Known(value, said.source_name, said.at, said.basis, f"dataset:{code}")
        return answers
