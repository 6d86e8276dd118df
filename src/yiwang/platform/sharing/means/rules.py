"""What a scheme says of one family: facts, contradictions, the preliminary decision. Pure; ZEN works out every expression.

What could not be had stays unknown: a fact made of a dataset that did not answer has no value, a contradiction over it is
"not looked at", and a decision that would need it is left to a reviewer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from yiwang.kernel import expressions
from yiwang.kernel.calendar import add_months
from yiwang.kernel.codes import CodeError, age_on, parse_citizen_id
from yiwang.kernel.expressions import Table, compile_table
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.means.types import (
    Assessment,
    ConsentWay,
    Declaring,
    FactRule,
    Family,
    Found,
    Member,
    Preliminary,
    Row,
    Scheme,
    SchemeWant,
    Take,
    Value,
    Weight,
    Whose,
)

ADULT = 18
MOST_MEMBERS = 20
"""Years from which somebody agrees for themselves (民法典第十七条)."""
CENT = Decimal("0.01")
_TINY = Decimal("0.0001")
"""Of a cent: what arithmetic with binary fractions may lose."""
PEOPLE = "people"
"""The fact that is always there: how many members were named."""
COUNTS = ("serious", "doubts", "lacking")
"""What only the decision table reads."""


def window(want: SchemeWant, today: date) -> tuple[str, str]:
    """Return the first month that counts and the first that counts no more (``YYYY-MM``); empty: all count."""
    if not want.months:
        return "", ""
    return add_months(today, -want.months).isoformat()[:7], today.isoformat()[:7]


def in_window(row: Row, want: SchemeWant, today: date) -> bool:
    """Tell whether a row is of the months that count."""
    first, after = window(want, today)
    month = str(row.values.get(want.by) or "")[:7]
    return not first or first <= month < after


def assess(scheme: Scheme, family: Family, today: date) -> Assessment:
    """Work out everything that the scheme says of a family."""
    facts = facts_of(scheme, family, today)
    each = [_own(scheme, number, family, today) for number in family.members]
    names = facts | _compared(scheme.declared, facts, family.declared)
    found: list[Found] = []
    unseen: list[tuple[str, tuple[str, ...]]] = []
    for place, table in enumerate(_tables(scheme)):
        rule = scheme.rules[place]
        decisions = [table.decide(one) for one in ([names | own for own in each] if rule.each else [names])]
        who = tuple(number for number, one in enumerate(decisions) if one.rules)
        if who:
            read = tuple(sorted(table.names))
            found.append(Found(rule, who if rule.each else (), read))
        elif missing := frozenset().union(*(one.outcome.missing for one in decisions)):
            unseen.append((rule.code, tuple(sorted(missing))))
    lacking = sum(want.dataset not in family.rows for want in scheme.wants)
    counts = {
        "serious": sum(one.rule.level is Weight.SERIOUS for one in found),
        "doubts": sum(one.rule.level is Weight.DOUBT for one in found),
        "lacking": lacking,
    }
    decided = compile_table(decision_table(scheme)).decide(names | counts)
    row = decided.rules[0] if decided.rules else None
    verdict = Preliminary.LOOK if row is None else scheme.decision[row].verdict
    return Assessment(facts, tuple(found), tuple(unseen), verdict, row, tuple(sorted(decided.outcome.missing)))


def facts_of(scheme: Scheme, family: Family, today: date, *, each: bool = False) -> dict[str, Value]:
    """Return every fact by its code; ``each``: only those that are worked out for every member."""
    wants = {want.dataset: want for want in scheme.wants}
    found: dict[str, Value] = {PEOPLE: len(family.members)}
    rules = {rule.code: rule for rule in scheme.facts if rule.each or not each}
    for rule in rules.values():
        if rule.dataset:
            found[rule.code] = _finish(rule, _taken(rule, wants[rule.dataset], family, today))
    for code in expressions.check_acyclic({rule.code: rule.expression for rule in rules.values() if rule.expression}):
        found[code] = _finish(rules[code], expressions.evaluate(rules[code].expression, found).value)
    return found


def rows_of(rule: FactRule, want: SchemeWant, family: Family, today: date) -> Iterator[tuple[int, Row]]:
    """Yield the rows that a fact is made of, each with the place of the member whose it is."""
    of = family.rows.get(rule.dataset, {})
    members = family.members[:1] if rule.whose is Whose.APPLICANT else family.members
    for place, number in enumerate(members):
        for row in of.get(number, ()):
            if in_window(row, want, today) and _counts(rule.where, row, number):
                yield place, row


def _counts(where: str, row: Row, number: str) -> bool:
    return not where or expressions.evaluate(where, {**row.values, "subject": number}).value is True


def _taken(rule: FactRule, want: SchemeWant, family: Family, today: date) -> Value:
    if rule.dataset not in family.rows:
        return None
    rows = [row for _place, row in rows_of(rule, want, family, today)]
    made: Value
    if rule.take is Take.COUNT:
        return len(rows)
    if rule.take is Take.EXISTS:
        return bool(rows)
    given = [(row.at, row.values[rule.column]) for row in rows if row.values.get(rule.column) is not None]
    values: list[Any] = [value for _at, value in given]
    if rule.take is Take.SUM:
        made = sum(values)
        return made
    if rule.take is Take.DISTINCT:
        return len(set(values))
    if not values:
        return None
    made = max(given)[1] if rule.take is Take.LATEST else max(values) if rule.take is Take.MAX else min(values)
    return made


def _finish(rule: FactRule, value: Any) -> Value:
    """Cut money to whole cents: what a third of a hundred yuan is must not hang on how a machine divides."""
    if rule.kind is not FieldKind.MONEY or value is None:
        return value  # type: ignore[no-any-return]
    return (Decimal(value) / CENT + _TINY).to_integral_value(ROUND_FLOOR) * CENT


def _compared(
    pairs: Sequence[Declaring], facts: Mapping[str, Value], declared: Mapping[str, Value]
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for one in pairs:
        said, fact = declared.get(one.fact), facts.get(one.fact)
        found[f"declared.{one.fact}"] = said
        over, under = differences(fact, said, one.tolerance)
        found[f"over.{one.fact}"], found[f"under.{one.fact}"] = over, under
    return found


def differences(fact: Value, said: Value, tolerance: Decimal) -> tuple[bool | None, bool | None]:
    """Tell whether more, and whether less, was found than declared; unknown where either is, or is no number."""
    if not isinstance(fact, int | Decimal) or not isinstance(said, int | Decimal):
        return None, None
    return fact > said + tolerance, fact < said - tolerance


# --- The tables, as ZEN takes them ---


def rule_table(when: Mapping[str, str]) -> dict[str, Any]:
    """Return one row as a decision table of its own: a row that cannot be looked at must not hide the others."""
    inputs = [{"id": f"i{place}", "field": subject} for place, subject in enumerate(when)]
    row = {f"i{place}": cell for place, cell in enumerate(when.values())}
    return {
        "hitPolicy": "first",
        "inputs": inputs,
        "outputs": [{"id": "o", "field": "hit"}],
        "rules": [row | {"o": "true"}],
    }


def decision_table(scheme: Scheme) -> dict[str, Any]:
    """Return the scheme's decision table in the JSON Decision Model."""
    subjects = list(dict.fromkeys(subject for row in scheme.decision for subject in row.when))
    ids = {subject: f"i{place}" for place, subject in enumerate(subjects)}
    return {
        "hitPolicy": "first",
        "inputs": [{"id": ids[subject], "field": subject} for subject in subjects],
        "outputs": [{"id": "o", "field": "verdict"}],
        "rules": [
            {ids[subject]: cell for subject, cell in row.when.items()} | {"o": f"'{row.verdict.value}'"}
            for row in scheme.decision
        ],
    }


def _tables(scheme: Scheme) -> list[Table]:
    return [compile_table(rule_table(rule.when)) for rule in scheme.rules]


def _own(scheme: Scheme, number: str, family: Family, today: date) -> dict[str, Value]:
    """Return the facts about one member alone; none where no rule asks for them."""
    if not any(rule.each for rule in scheme.rules):
        return {}
    found = facts_of(scheme, Family((number,), family.rows), today, each=True)
    del found[PEOPLE]
    return found


# --- Consents ---


def age(number: str, today: date) -> int | None:
    """Return how old somebody is by their citizen number; nothing for another number."""
    try:
        born = parse_citizen_id(number, today=today).born_on
    except CodeError:
        return None
    return age_on(born, today)


def consent_faults(
    members: Sequence[Member],
    *,
    applicant: Collection[str],
    agreed: bool,
    papers: Collection[str],
    online: Collection[str],
    today: date,
) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with whose consent, by place: ``future``, ``other`` (only the applicant agrees in the application),
    ``unsaid`` (the application does not say so), ``online`` (did not agree on their own page), ``paper`` (there is no such
    scan), ``minor`` (agrees by a guardian only), ``grown`` (agrees in person only) or ``guardian`` (is no grown member who
    agreed).

    ``applicant`` are the applicant's own numbers, ``agreed`` tells whether the application says that they agree, ``papers``
    are the digests of scans that are kept, ``online`` the numbers of who agreed on their own page.
    """
    grown = {one.number for one in members if (age(one.number, today) or 0) >= ADULT}
    for place, member in enumerate(members):
        consent, years = member.consent, age(member.number, today)
        if consent.on > today:
            yield place, "future"
        if consent.way is ConsentWay.SIGNED and member.number not in applicant:
            yield place, "other"
        elif consent.way is ConsentWay.SIGNED and not agreed:
            yield place, "unsaid"
        if consent.way is ConsentWay.ONLINE and member.number not in online:
            yield place, "online"
        if consent.way is ConsentWay.PAPER and consent.digest not in papers:
            yield place, "paper"
        if years is not None and years < ADULT:
            if consent.way is not ConsentWay.GUARDIAN:
                yield place, "minor"
            elif consent.by not in grown:
                yield place, "guardian"
        elif consent.way is ConsentWay.GUARDIAN:
            yield place, "grown"
