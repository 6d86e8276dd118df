"""Checks are written down where they are made: inside the act that uses the answer, or by the act that only asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock, limits, timers
from yiwang.kernel.acts import Permission, act_on, current
from yiwang.kernel.codes import clean
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key
from yiwang.platform.sharing import again, live, purposes, queries, sealing
from yiwang.platform.sharing.answering import answered, columns
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Check, Reask
from yiwang.platform.sharing.purposes import Purpose
from yiwang.platform.sharing.queries import Each
from yiwang.platform.sharing.types import Answer, Checked, Outcome, Said, Use, Want


def note_checks(
    uses: Iterable[Use],
    *,
    purpose: str,
    application: uuid.UUID | None = None,
    cases: Mapping[str, uuid.UUID] | None = None,
    party: uuid.UUID | None = None,
    batch: uuid.UUID | None = None,
) -> list[uuid.UUID]:
    """Write checks with the record of the act that runs, which holds their digest: no statement of their own. Returns their
    identities.

    ``cases`` by item; ``party`` is whose matter it is: they see the checks beside whoever the number is of.
    ``batch`` names them together.
    """
    now, who, batch = clock.now(), current().by, batch or uuid7()
    rows = [
        Check(
            batch=batch,
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
            actor_roles=_roles(who, use.consumer_path),
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
            earlier=use.earlier,
        )
        for use in uses
    ]
    if rows:
        current().insert(rows)
        current().detail.setdefault(sealing.NOTED, []).append(sealing.noted(batch, rows))
    return [row.id for row in rows]


def _roles(who: Actor, agency: str) -> str:
    """Return the roles in which an officer may act for an agency."""
    return ",".join(sorted({grant.role.value for grant in who.grants if agency.startswith(grant.agency)}))


MOST_SUBJECTS = 100
"""Most subjects of one call."""
MOST_WANTS = 20
AGAIN = "sharing.check_again"
FORGET = "sharing.forget_answers"
KEPT = timedelta(days=30)
"""How long the answers that came later are kept for the agency to read."""
_OUTCOMES = {Said.REFUSED: Outcome.REFUSED, Said.DEGRADED: Outcome.DOWN}

CanCheck = Permission(name="check data", kinds=frozenset({ActorKind.CLIENT}), scope="data:check", provider=True)


def _matter(ref: str, by: Actor) -> Purpose:
    found = purposes.find(str(ref))
    if found is None or not (by.agency and found.reach.agency.startswith(by.agency)):
        raise NotFound(_("没有这个正在办的件，或者不是您的部门办的。"))
    purposes.must_cover(by, found)
    return found


@contextmanager
def _ask_ahead(ref: str, item: str, subjects: tuple[str, ...], wants: tuple[Want, ...], *, by: Actor) -> Iterator[None]:
    """Ask agencies' systems before the act's transaction, where any has to be asked."""
    if not queries.are_asked_at_source(want.dataset for want in wants):
        yield
        return
    purpose = _matter(ref, by)
    CanCheck.check(by, purpose)
    numbers = _asked(purpose, item, subjects, wants)

    with live.once():
        answers_for(purpose, numbers, wants, lambda known: look_at_uses(known, wants))
        yield


@act_on("sharing.check", _matter, permission=CanCheck, ahead=_ask_ahead)
def check(
    purpose: Purpose, item: str, subjects: tuple[str, ...], wants: tuple[Want, ...], *, by: Actor, key: Key
) -> tuple[Checked, ...]:
    """Ask about people and organisations that a running case names, for that case and its item.

    Every answer is written down in the same transaction, refused ones too; its subject sees it. What is degraded is asked
    again later (``asking``). The answers come in the
    order of the subjects, for each in the order of the wants. Raises ``Invalid`` for another item than the case's, for too
    many subjects and unknown datasets, ``NotAllowed`` for somebody whom the application does not name, ``TooMany`` beyond
    a grant's rate.
    """
    numbers = _asked(purpose, item, subjects, wants)
    found = answers_for(purpose, numbers, wants, lambda known: count_uses(known, wants))
    given = []
    for place, number in enumerate(numbers):
        for want in wants:
            answer = found[place][want.dataset]
            said, values = answered(want, queries.definition_of(answer), answer, clock.today())
            given.append(Given(place, number, want, said, values, answer))
    uses = [use_of(purpose, one) for one in given]
    batch = uuid7()
    checks = note_checks(
        uses,
        purpose=_("办理“%(name)s”：%(why)s") % {"name": purpose.title, "why": by.purpose},
        application=purpose.application_id,
        cases={purpose.consumer.item: purpose.case_id},
        party=purpose.party,
        batch=batch,
    )
    current().detail |= {"case": str(purpose.case_id), "count": len(checks)}
    down = [pk for pk, one in zip(checks, given, strict=True) if one.said is Said.DEGRADED]
    if down:
        _ask_later(purpose, batch, down)
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


def _asked(purpose: Purpose, item: str, subjects: tuple[str, ...], wants: tuple[Want, ...]) -> list[str]:
    """Return the numbers of whom is asked about, if that may be asked."""
    wrong = []
    if item != purpose.consumer.item:
        wrong.append(FieldError("item", _("这个件办的不是这个事项。")))
    if not 0 < len(subjects) <= MOST_SUBJECTS:
        wrong.append(FieldError("subjects", _("一次查 1 到 %(most)d 个主体。") % {"most": MOST_SUBJECTS}))
    if not 0 < len(wants) <= MOST_WANTS:
        wrong.append(FieldError("wants", _("一次查 1 到 %(most)d 个数据集。") % {"most": MOST_WANTS}))
    if wrong:
        raise Invalid(wrong[0].message, errors=tuple(wrong))
    numbers = [clean(number) for number in subjects]
    if not purpose.covers(numbers):
        raise NotAllowed(_("申请里没有提到这个人或单位，不能查。"), code="not-in-case")
    return numbers


def answers_for(purpose: Purpose, numbers: Sequence[str], wants: Sequence[Want], ready: Callable[[Each], None]) -> Each:
    """Return what datasets say of each number (``queries.ask_each``). Raises ``Invalid`` for unknown ones."""
    wanted: dict[str, dict[str, Sequence[Any]]] = {}
    for want in wants:
        for name in columns(want):
            wanted.setdefault(want.dataset, {})[name] = [purpose.consumer]
    try:
        return queries.ask_each(numbers, wanted, ready=ready)
    except queries.UnknownDatasets as unknown:
        told = _("没有这个数据集：%s。") % "、".join(unknown.codes)
        raise Invalid(told, errors=(FieldError("wants", told),)) from None


def _ask_later(purpose: Purpose, batch: uuid.UUID, down: list[uuid.UUID]) -> None:
    now = clock.now()
    row = Reask(id=batch, case_id=purpose.case_id, left=down, again_at=again.next_at(now, 1))
    current().insert([row])
    if row.again_at:
        timers.set_timer(AGAIN, row.pk, row.again_at)
    timers.set_timer(FORGET, row.pk, now + KEPT)


@dataclass(frozen=True, slots=True)
class Given:
    """One answer, before it is written down."""

    subject: int
    number: str
    want: Want
    said: Said
    values: dict[str, Any]
    answer: Answer
    earlier: uuid.UUID | None = None
    """The check that was degraded, where it was asked again."""


def use_of(purpose: Purpose, given: Given) -> Use:
    """Return what is written down of an answer."""
    want, answer = given.want, given.answer
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
        grant=_grant(want, answer),
        outcome=_OUTCOMES.get(given.said) or (Outcome.NONE if answer.values is None else Outcome.FOUND),
        result=sha256_of([given.said.value, given.values]),
        earlier=given.earlier,
    )


def _grant(want: Want, answer: Answer) -> uuid.UUID | None:
    """Return the grant by which something is asked: that of the first column that may be read."""
    return next((answer.fields[column] for column in columns(want) if column in answer.fields), None)


def _times(known: Each, wants: Sequence[Want]) -> dict[uuid.UUID, tuple[int, int]]:
    """Return by grant how often it is used, and how often it may be in a minute."""
    found: dict[uuid.UUID, tuple[int, int]] = {}
    for answers in known:
        for want in wants:
            answer = answers[want.dataset]
            if (grant := _grant(want, answer)) is not None:
                found[grant] = (found.get(grant, (0, 0))[0] + 1, answer.rates[grant])
    return found


def look_at_uses(known: Each, wants: Sequence[Want]) -> None:
    """Raise ``TooMany`` where so many checks would be beyond the rate of a grant; count nothing."""
    for pk, (times, rate) in _times(known, wants).items():
        limits.look(f"grant:{pk}", rate, 60, times)


def count_uses(known: Each, wants: Sequence[Want]) -> None:
    """Count the checks against the rate of each grant. Raises ``TooMany``."""
    for pk, (times, rate) in _times(known, wants).items():
        limits.count(f"grant:{pk}", rate, 60, times)
