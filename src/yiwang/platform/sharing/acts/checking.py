"""Checks are written down where they are made: inside the act that uses the answer, or by the act that only asks."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock, limits
from yiwang.kernel.acts import Permission, act_on, current
from yiwang.kernel.codes import clean
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key
from yiwang.platform.sharing import purposes, queries
from yiwang.platform.sharing.answering import answered, columns
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Check
from yiwang.platform.sharing.purposes import Purpose
from yiwang.platform.sharing.types import Answer, Checked, Outcome, Said, Use, Want


def note_checks(
    uses: Iterable[Use],
    *,
    purpose: str,
    application: uuid.UUID | None = None,
    cases: Mapping[str, uuid.UUID] | None = None,
    party: uuid.UUID | None = None,
) -> list[uuid.UUID]:
    """Write checks with the record of the act that runs: no statement of their own. Returns their identities.

    ``cases`` by item; ``party`` is whose matter it is: they see the checks beside whoever the number is of.
    """
    now, who = clock.now(), current().by
    rows = [
        Check(
            id=uuid7(),
            at=now,
            dataset=use.dataset,
            dataset_name=use.dataset_name,
            provider=use.provider,
            consumer=use.consumer,
            consumer_path=use.consumer_path,
            actor=who.label or _("系统"),
            actor_kind=who.kind.value,
            actor_id=who.id,
            purpose=purpose[:400],
            item=use.item,
            application_id=application,
            case_id=(cases or {}).get(use.item),
            subject_index=blind_index(use.number, SUBJECT),
            party_id=party,
            fields=list(use.fields),
            outcome=use.outcome.value,
            source_at=use.source_at,
            result=blind_index(use.result, "values") if use.result else b"",
            grant_id=use.grant,
            replaced=list(use.replaced),
        )
        for use in uses
    ]
    current().insert(rows)
    return [row.id for row in rows]


MOST_SUBJECTS = 100
"""Most subjects of one call."""
MOST_WANTS = 20
_OUTCOMES = {Said.REFUSED: Outcome.REFUSED, Said.DEGRADED: Outcome.DOWN}

CanCheck = Permission(name="check data", kinds=frozenset({ActorKind.CLIENT}), scope="data:check", provider=True)


def _matter(ref: str, by: Actor) -> Purpose:
    found = purposes.find(str(ref))
    if found is None or not (by.agency and found.reach.agency.startswith(by.agency)):
        raise NotFound(_("没有这个正在办的件，或者不是您的部门办的。"))
    purposes.must_cover(by, found)
    return found


@act_on("sharing.check", _matter, permission=CanCheck)
def check(
    purpose: Purpose, item: str, subjects: tuple[str, ...], wants: tuple[Want, ...], *, by: Actor, key: Key
) -> tuple[Checked, ...]:
    """Ask about people and organisations that a running case names, for that case and its item.

    Every answer is written down in the same transaction, refused ones too; its subject sees it. The answers come in the
    order of the subjects, for each in the order of the wants. Raises ``Invalid`` for another item than the case's, for too
    many subjects and unknown datasets, ``NotAllowed`` for somebody whom the application does not name, ``TooMany`` beyond
    a grant's rate.
    """
    _check_asked(purpose, item, subjects, wants)
    numbers = [clean(number) for number in subjects]
    if not purpose.covers(numbers):
        raise NotAllowed(_("申请里没有提到这个人或单位，不能查。"), code="not-in-case")
    wanted: dict[str, dict[str, Sequence[Any]]] = {}
    for want in wants:
        for name in columns(want):
            wanted.setdefault(want.dataset, {})[name] = [purpose.consumer]
    given: list[_Given] = []
    for place, number in enumerate(numbers):
        try:
            found = queries.ask([number], wanted, strict=True)
        except queries.UnknownDatasets as unknown:
            told = _("没有这个数据集：%s。") % "、".join(unknown.codes)
            raise Invalid(told, errors=(FieldError("wants", told),)) from None
        for want in wants:
            answer = found[want.dataset]
            said, values = answered(want, queries.definition_of(answer), answer)
            given.append(_Given(place, number, want, said, values, answer))
    uses = [_use(purpose, one) for one in given]
    _count(uses, given)
    checks = note_checks(
        uses,
        purpose=_("办理“%(name)s”：%(why)s") % {"name": purpose.title, "why": by.purpose},
        application=purpose.application_id,
        cases={purpose.consumer.item: purpose.case_id},
        party=purpose.party,
    )
    digest = sha256_of([str(one) for one in checks])
    current().detail |= {"case": str(purpose.case_id), "checks": digest, "count": len(checks)}
    return tuple(
        Checked(
            check=pk,
            subject=one.subject,
            dataset=one.want.dataset,
            said=one.said,
            values=one.values,
            source=one.answer.source_name,
            at=one.answer.at,
        )
        for pk, one in zip(checks, given, strict=True)
    )


def _check_asked(purpose: Purpose, item: str, subjects: tuple[str, ...], wants: tuple[Want, ...]) -> None:
    wrong = []
    if item != purpose.consumer.item:
        wrong.append(FieldError("item", _("这个件办的不是这个事项。")))
    if not 0 < len(subjects) <= MOST_SUBJECTS:
        wrong.append(FieldError("subjects", _("一次查 1 到 %(most)d 个主体。") % {"most": MOST_SUBJECTS}))
    if not 0 < len(wants) <= MOST_WANTS:
        wrong.append(FieldError("wants", _("一次查 1 到 %(most)d 个数据集。") % {"most": MOST_WANTS}))
    if wrong:
        raise Invalid(wrong[0].message, errors=tuple(wrong))


@dataclass(frozen=True, slots=True)
class _Given:
    """One answer, before it is written down."""

    subject: int
    number: str
    want: Want
    said: Said
    values: dict[str, Any]
    answer: Answer


def _use(purpose: Purpose, given: _Given) -> Use:
    want, answer = given.want, given.answer
    grants = [answer.fields[column] for column in columns(want) if column in answer.fields]
    return Use(
        dataset=want.dataset,
        dataset_name=queries.definition_of(answer).name,
        provider=answer.agency,
        consumer=purpose.agency_name,
        consumer_path=purpose.reach.agency,
        item=purpose.consumer.item,
        fields=columns(want),
        number=given.number,
        source_at=answer.at,
        grant=grants[0] if grants else None,
        outcome=_OUTCOMES.get(given.said) or (Outcome.NONE if answer.values is None else Outcome.FOUND),
        result=sha256_of([given.said.value, given.values]),
    )


def _count(uses: Sequence[Use], given: Sequence[_Given]) -> None:
    """Count the checks against the rate of each grant. Raises ``TooMany``."""
    rates = {pk: rate for one in given for pk, rate in one.answer.rates.items()}
    for use in uses:
        if use.grant is not None:
            limits.count(f"grant:{use.grant}", rates[use.grant], 60)
