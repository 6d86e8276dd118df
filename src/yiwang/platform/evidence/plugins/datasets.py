"""The shared store: what agencies' datasets say."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from yiwang.platform.evidence.sources import Answers, Known, Paths, Source, Subject, sources
from yiwang.platform.sharing import queries as sharing
from yiwang.platform.sharing.types import Consumer


@sources.register("datasets")
class DatasetSource(Source):
    """Paths: ``dataset.field``; ``dataset`` alone asks whether there is a record."""

    label = _("公共数据平台")

    def answer(self, subject: Subject, paths: Paths) -> Answers:
        """One query; what is asked at its source (``sharing.live``) takes one more, and the calls."""
        wanted: dict[str, dict[str, Sequence[Consumer]]] = {}
        for path, consumers in paths.items():
            code, _dot, name = path.partition(".")
            wanted.setdefault(code, {})[name] = consumers
        found = sharing.ask(subject.numbers, wanted)
        answers = Answers()
        for path in paths:
            code, _dot, name = path.partition(".")
            said = found.get(code)
            if said is None or name not in said.fields:
                continue
            if not said.available:
                answers.down[path] = said.source_name
            elif said.values is None:
                if not name:
                    number, grant = subject.numbers[0], said.fields[name]
                    answers.absent[path] = Known(False, said.source_name, number=number, grant=grant)
            else:
                value = said.values.get(name) if name else True
                if value not in (None, ""):
                    answers.known[path] = Known(
                        value, said.source_name, said.at, said.basis, f"dataset:{code}", said.number, said.fields[name]
                    )
        return answers
