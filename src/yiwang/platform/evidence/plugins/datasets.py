"""The shared store: what agencies' datasets say."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from yiwang.kernel import clock
from yiwang.platform.evidence.sources import Answers, Known, Paths, Source, Subject, sources
from yiwang.platform.sharing import queries as sharing
from yiwang.platform.sharing.answering import answered
from yiwang.platform.sharing.types import Answer, Consumer, Said, Want


@sources.register("datasets")
class DatasetSource(Source):
    """Paths: ``dataset.field``, or ``dataset.?rule`` for a yes-or-no answer in place of the record. That there is a record
    is no answer: a register of convictions has one of everybody.
    """

    label = _("公共数据平台")

    def answer(self, subject: Subject, paths: Paths) -> Answers:
        """One query, one for the rates of the grants, and one for each definition the first time; what is asked at its
        source (``sharing.live``) takes one more, and the calls. Beyond a rate a dataset is down.
        """
        wanted: dict[str, dict[str, Sequence[Consumer]]] = {}
        for path, consumers in paths.items():
            code, _dot, name = path.partition(".")
            if name:
                wanted.setdefault(code, {})[name] = consumers
        found = sharing.ask(subject.numbers, wanted, counted=True)
        answers = Answers()
        for path in paths:
            code, _dot, name = path.partition(".")
            said = found.get(code)
            if said is None or name not in said.fields:
                continue
            if not said.available:
                answers.down[path] = said.source_name
            elif name.startswith("?"):
                _judge(answers, path, said, subject)
            elif said.values is not None and (value := said.values.get(name)) not in (None, ""):
                answers.known[path] = _known(value, path, said, subject)
        return answers


def _judge(answers: Answers, path: str, said: Answer, subject: Subject) -> None:
    """Put a yes with what is known; a no, and what cannot be said, with what is not, with what was asked."""
    code = path.partition("?")[2]
    definition = sharing.definition_of(said)
    rule = next((one for one in definition.answers if one.code == code), None)
    if rule is None:
        return
    word, _values = answered(Want(dataset=said.dataset, answer=code), definition, said, clock.today())
    if word is Said.YES:
        answers.known[path] = _known(True, path, said, subject)
    else:
        english = (get_language() or "").startswith("en")
        asked = (rule.label_en if english else "") or rule.label
        value = False if word is Said.NO else None
        answers.absent[path] = _known(value, path, said, subject, asked)


def _known(value: object, path: str, said: Answer, subject: Subject, asked: str = "") -> Known:
    return Known(
        value,
        said.source_name,
        said.at,
        said.basis,
        f"dataset:{said.dataset}",
        said.number or subject.numbers[0],
        said.fields[path.partition(".")[2]],
        asked,
    )
