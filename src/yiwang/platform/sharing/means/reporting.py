"""From answers to the report that a reviewer reads. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from yiwang.kernel.expressions import dependencies
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.means.rules import differences, rows_of
from yiwang.platform.sharing.means.types import (
    Assessment,
    Contradiction,
    Evidence,
    Family,
    Found,
    Line,
    Member,
    Reply,
    Report,
    Scheme,
    SchemeView,
    Source,
    Unseen,
    Value,
    Weight,
)
from yiwang.platform.sharing.types import Outcome

_WORST = (Outcome.REFUSED, Outcome.DOWN, Outcome.FOUND, Outcome.NONE)
_WEIGHT = {level: place for place, level in enumerate(Weight)}
LOST = frozenset({Outcome.REFUSED, Outcome.DOWN})
"""What cannot be compared."""


def family_of(members: Sequence[Member], replies: Sequence[Reply], declared: Mapping[str, Value]) -> Family:
    """Put together what can be compared: a dataset counts only where it answered about every member."""
    numbers = tuple(member.number for member in members)
    lost = {reply.dataset for reply in replies if reply.outcome in LOST}
    rows: dict[str, dict[str, tuple[object, ...]]] = {}
    for reply in replies:
        if reply.dataset not in lost:
            rows.setdefault(reply.dataset, {})[reply.number] = reply.rows
    return Family(numbers, rows, declared)  # type: ignore[arg-type]


def write(
    edition: SchemeView,
    members: Sequence[Member],
    replies: Sequence[Reply],
    checks: Sequence[uuid.UUID],
    family: Family,
    *,
    said: Assessment,
    at: datetime,
    today: date,
    asked_by: str,
    attempt: int,
) -> Report:
    """Write the report; ``checks`` are the answers' identities in the order of ``replies``."""
    scheme = edition.scheme
    by_answer = {(reply.dataset, reply.number): check for reply, check in zip(replies, checks, strict=True)}
    row = scheme.decision[said.decided_by] if said.decided_by is not None else None
    names = {rule.code: rule for rule in scheme.rules}
    return Report(
        scheme=scheme.code,
        name=scheme.name,
        name_en=scheme.name_en,
        number=edition.number,
        scheme_digest=edition.digest,
        at=at,
        asked_by=asked_by,
        members=tuple(members),
        sources=tuple(_source(want.dataset, replies, by_answer) for want in scheme.wants),
        lines=tuple(_lines(scheme, said.facts, family.declared)),
        contradictions=tuple(
            sorted(
                (_contradiction(scheme, one, family, by_answer, today) for one in said.found),
                key=lambda one: _WEIGHT[one.level],
            )
        ),
        not_looked_at=tuple(
            Unseen(code=code, name=names[code].name, name_en=names[code].name_en) for code, _missing in said.open_rules
        ),
        verdict=said.verdict,
        reason=row.reason if row else "",
        reason_en=row.reason_en if row else "",
        attempt=attempt,
    )


def _source(dataset: str, replies: Sequence[Reply], checks: Mapping[tuple[str, str], uuid.UUID]) -> Source:
    of = [reply for reply in replies if reply.dataset == dataset]
    return Source(
        dataset=dataset,
        name=of[0].name or dataset,
        agency=of[0].agency,
        outcome=min((reply.outcome for reply in of), key=_WORST.index),
        at=max((reply.at for reply in of if reply.at), default=None),
        records=sum(len(reply.rows) for reply in of),
        checks=tuple(checks[(reply.dataset, reply.number)] for reply in of),
    )


def _lines(scheme: Scheme, facts: Mapping[str, Value], declared: Mapping[str, Value]) -> list[Line]:
    pairs = {one.fact: one for one in scheme.declared}
    found = []
    for rule in scheme.facts:
        pair = pairs.get(rule.code)
        if not rule.shown and pair is None:
            continue
        fact, said = facts.get(rule.code), declared.get(rule.code)
        over, under = differences(fact, said, pair.tolerance) if pair else (None, None)
        found.append(
            Line(
                fact=rule.code,
                label=rule.label,
                label_en=rule.label_en,
                kind=rule.kind,
                unit=rule.unit,
                unit_en=rule.unit_en,
                found=_text(fact, rule.kind),
                declared=_text(said, pair.kind) if pair else None,
                compared=pair is not None and said is not None,
                differs=None if over is None or under is None else over or under,
            )
        )
    return found


def _text(value: Value, kind: FieldKind) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind is FieldKind.MONEY:
        return f"{value:.2f}"
    return f"{Decimal(value).normalize():f}"


def _contradiction(
    scheme: Scheme, found: Found, family: Family, checks: Mapping[tuple[str, str], uuid.UUID], today: date
) -> Contradiction:
    rule = found.rule
    return Contradiction(
        code=rule.code,
        level=rule.level,
        name=rule.name,
        name_en=rule.name_en,
        why=rule.why,
        why_en=rule.why_en,
        basis=rule.basis.words,
        members=found.members,
        evidence=tuple(_evidence(scheme, found, family, checks, today)),
    )


def _evidence(
    scheme: Scheme, found: Found, family: Family, checks: Mapping[tuple[str, str], uuid.UUID], today: date
) -> list[Evidence]:
    """Return the records that the facts of a contradiction are made of, each dataset and member once, the newest."""
    wants = {want.dataset: want for want in scheme.wants}
    rules = {rule.code: rule for rule in scheme.facts}
    newest: dict[tuple[str, int], datetime] = {}
    for code in _made_of(scheme, found.facts):
        rule = rules[code]
        for place, row in rows_of(rule, wants[rule.dataset], family, today):
            if not found.members or place in found.members:
                key = (rule.dataset, place)
                newest[key] = max(row.at, newest.get(key, row.at))
    return [
        Evidence(dataset=dataset, member=place, at=at, check=checks[(dataset, family.members[place])])
        for (dataset, place), at in newest.items()
    ]


def _made_of(scheme: Scheme, names: Sequence[str]) -> list[str]:
    """Return the facts taken of datasets that these names come down to."""
    rules = {rule.code: rule for rule in scheme.facts}
    waiting = [name.rpartition(".")[2] for name in names]
    found: dict[str, None] = {}
    seen: set[str] = set()
    while waiting:
        code = waiting.pop()
        rule = rules.get(code)
        if rule is None or code in seen:
            continue
        seen.add(code)
        if rule.dataset:
            found[code] = None
        else:
            waiting += dependencies(rule.expression)
    return list(found)
