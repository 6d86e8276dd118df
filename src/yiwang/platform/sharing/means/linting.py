"""Whether a scheme can be carried out: every dataset, column, name and expression in it is there and can be read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yiwang.kernel import expressions
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.means.reading import Unreadable, read, read_cell
from yiwang.platform.sharing.means.rules import COUNTS, PEOPLE, rule_table
from yiwang.platform.sharing.means.types import FactRule, Scheme, Take
from yiwang.platform.sharing.types import DatasetDefinition

SUBJECT = "subject"
_MONTHS = frozenset({FieldKind.DATE, FieldKind.TEXT})
_SUMMED = frozenset({FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY})


def lint(scheme: Scheme, datasets: Mapping[str, DatasetDefinition], items: frozenset[str]) -> list[str]:
    """Return everything that is wrong; ``items`` are the city's basic codes."""
    found = [f"items: there is no {code}" for code in scheme.items if code not in items]
    found += _wants(scheme, datasets)
    found += _facts(scheme, datasets)
    facts = {PEOPLE, *(rule.code for rule in scheme.facts)}
    pairs = {one.fact for one in scheme.declared}
    found += [f"declared: there is no fact {code}" for code in sorted(pairs - facts)]
    declared = {f"{word}.{code}" for code in pairs for word in ("declared", "over", "under")}
    for rule in scheme.rules:
        found += _row(f"rules.{rule.code}", rule.when, facts | declared)
    for row in scheme.decision:
        found += _row("decision", row.when, facts | declared | set(COUNTS))
    if not scheme.decision:
        found.append("decision: there is no row")
    return found


def _wants(scheme: Scheme, datasets: Mapping[str, DatasetDefinition]) -> Iterator[str]:
    for want in scheme.wants:
        definition = datasets.get(want.dataset)
        if definition is None:
            yield f"wants: there is no dataset {want.dataset}"
            continue
        kinds = {item.name: item.kind for item in definition.items}
        for name in want.fields:
            if name not in kinds:
                yield f"wants.{want.dataset}: there is no column {name}"
        if want.months and (want.by not in want.fields or kinds.get(want.by) not in _MONTHS):
            yield f"wants.{want.dataset}: by has to be a column that holds days or months"


def _facts(scheme: Scheme, datasets: Mapping[str, DatasetDefinition]) -> Iterator[str]:
    wants = {want.dataset: want for want in scheme.wants}
    codes = {PEOPLE, *(rule.code for rule in scheme.facts)}
    if len(codes) <= len(scheme.facts):
        yield "facts: a code stands twice"
    for rule in scheme.facts:
        where = f"facts.{rule.code}"
        if bool(rule.dataset) == bool(rule.expression):
            yield f"{where}: it is either taken of a dataset or worked out"
        elif rule.expression:
            yield from _expression(where, rule.expression, codes)
        elif rule.dataset not in wants:
            yield f"{where}: {rule.dataset} is not among the wants"
        else:
            yield from _taken(rule, where, set(wants[rule.dataset].fields), datasets.get(rule.dataset))
    try:
        expressions.check_acyclic({rule.code: rule.expression for rule in scheme.facts if rule.expression})
    except expressions.ExpressionError as error:
        yield f"facts: {error}"


def _taken(rule: FactRule, where: str, fields: set[str], definition: DatasetDefinition | None) -> Iterator[str]:
    bare = rule.take in (Take.COUNT, Take.EXISTS)
    if bare == bool(rule.column):
        yield f"{where}: {rule.take} takes {'no' if bare else 'a'} column"
    elif rule.column and rule.column not in fields:
        yield f"{where}: {rule.column} is not asked for"
    kinds = {item.name: item.kind for item in definition.items} if definition else {}
    if rule.take is Take.SUM and kinds.get(rule.column, FieldKind.MONEY) not in _SUMMED:
        yield f"{where}: {rule.column} holds no numbers"
    if rule.where:
        yield from _expression(where, rule.where, fields | {SUBJECT})


def _expression(where: str, source: str, names: set[str]) -> Iterator[str]:
    try:
        expressions.compile(source)
        unknown = read(source).names() - names
    except (expressions.ExpressionError, Unreadable) as error:
        yield f"{where}: {error}"
    else:
        if unknown:
            yield f"{where}: there is no {', '.join(sorted(unknown))}"


def _row(where: str, when: Mapping[str, str], names: set[str]) -> Iterator[str]:
    try:
        expressions.compile_table(rule_table(when))
        unknown = frozenset().union(*(read_cell(subject, cell).names() for subject, cell in when.items())) - names
    except (expressions.ExpressionError, Unreadable) as error:
        yield f"{where}: {error}"
    else:
        if unknown:
            yield f"{where}: there is no {', '.join(sorted(unknown))}"
