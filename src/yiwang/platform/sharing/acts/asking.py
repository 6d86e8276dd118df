"""What an agency's call got no answer to, because the provider was down, is asked again: as comparisons are (``again``)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.utils.translation import gettext as _
from pydantic_core import to_jsonable_python

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import Permission, act_on, current
from yiwang.kernel.problems import NotFound, TooMany
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import SYSTEM, Actor, Key
from yiwang.platform.sharing import again, live, purposes, queries
from yiwang.platform.sharing.acts import checking
from yiwang.platform.sharing.acts.checking import AGAIN, FORGET
from yiwang.platform.sharing.answering import answered
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Check, Dataset, Reask
from yiwang.platform.sharing.purposes import Purpose
from yiwang.platform.sharing.queries import Each
from yiwang.platform.sharing.types import LaterAnswer, Said, Want

OnlySystem = Permission(name="system", kinds=frozenset())


def _lock(pk: uuid.UUID, by: Actor) -> Reask:
    row: Reask | None = Reask.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这次核验。"))
    return row


@dataclass(frozen=True, slots=True)
class _Left:
    """What is still asked of whom: each check with its number and what it wants."""

    checks: tuple[tuple[Check, str, Want], ...]

    @property
    def numbers(self) -> list[str]:
        return list(dict.fromkeys(number for _check, number, _want in self.checks))

    @property
    def wants(self) -> list[Want]:
        return list(dict.fromkeys(want for _check, _number, want in self.checks))


def _left(row: Reask, purpose: Purpose) -> _Left:
    """Return what may still be asked: about whom the application names still, of what is published still."""
    checks = list(Check.objects.filter(pk__in=row.left).order_by("id"))
    numbers = {blind_index(number, SUBJECT): number for number in purpose.numbers}
    codes = {check.dataset for check in checks}
    known = set(Dataset.objects.filter(code__in=codes, current__isnull=False).values_list("code", flat=True))
    return _Left(
        tuple(
            (check, numbers[bytes(check.subject_index)], _want(check))
            for check in checks
            if bytes(check.subject_index) in numbers and check.dataset in known
        )
    )


def _want(check: Check) -> Want:
    first = check.fields[0]
    if first.startswith("?"):
        return Want(dataset=check.dataset, answer=first[1:])
    return Want(dataset=check.dataset, fields=tuple(check.fields) if first else ())


@contextmanager
def _ask_ahead(pk: uuid.UUID, *, by: Actor) -> Iterator[None]:
    row = Reask.objects.filter(pk=pk).first()
    purpose = purposes.find(str(row.case_id)) if row else None
    with live.once():
        if row and purpose and (left := _left(row, purpose)).checks:
            _ask(purpose, left, count=False)
        yield


def _ask(purpose: Purpose, left: _Left, *, count: bool) -> Each | None:
    """Return what is said now; nothing, where a grant's rate is used up."""
    ready = checking.count_uses if count else checking.look_at_uses
    try:
        return checking.answers_for(purpose, left.numbers, left.wants, lambda known: ready(known, left.wants))
    except TooMany:
        return None


@act_on("sharing.check_again", _lock, permission=OnlySystem, ahead=_ask_ahead)
def check_again(row: Reask, *, by: Actor, key: Key) -> int:
    """Ask again what was degraded in a call; returns how much still is. What is answered is a check of its own, written down
    as any other; the agency reads it by the first one's identity. It ends with the case.
    """
    purpose = purposes.find(str(row.case_id))
    left = _left(row, purpose) if purpose else _Left(())
    down: list[uuid.UUID] = []
    if purpose and left.checks:
        found = _ask(purpose, left, count=True)
        down = _take(row, purpose, left, found) if found else [check.pk for check, _number, _want in left.checks]
    row.left, row.attempt = down, row.attempt + 1
    row.again_at = again.next_at(clock.now(), row.attempt) if down else None
    if row.again_at:
        timers.set_timer(AGAIN, row.pk, row.again_at)
    current().update(row, "left", "attempt", "again_at", "answers")
    current().detail |= {"attempt": row.attempt, "left": len(down)}
    return len(down)


def _take(row: Reask, purpose: Purpose, left: _Left, found: Each) -> list[uuid.UUID]:
    """Write down what was answered; returns the checks that are degraded still."""
    said_of = dict(zip(left.numbers, found, strict=True))
    down: list[uuid.UUID] = []
    came: list[tuple[Check, checking.Given]] = []
    for check, number, want in left.checks:
        answer = said_of[number][want.dataset]
        said, values = answered(want, queries.definition_of(answer), answer, clock.today())
        if said is Said.DEGRADED:
            down.append(check.pk)
        else:
            came.append((check, checking.Given(0, number, want, said, values, answer, check.pk)))
    checks = checking.note_checks(
        [checking.use_of(purpose, given) for _check, given in came],
        purpose=left.checks[0][0].purpose,
        application=purpose.application_id,
        cases={purpose.consumer.item: purpose.case_id},
        party=purpose.party,
    )
    for pk, (check, given) in zip(checks, came, strict=True):
        later = LaterAnswer(
            check=pk, said=given.said, values=given.values, source=given.answer.source_name, at=given.answer.at
        )
        row.answers[str(check.pk)] = to_jsonable_python(later)
    current().detail["later"] = {str(check.pk): str(pk) for pk, (check, _given) in zip(checks, came, strict=True)}
    return down


@act_on("sharing.forget_answers", _lock, permission=OnlySystem)
def forget_answers(row: Reask, *, by: Actor, key: Key) -> None:
    """Delete what a call was answered later: the agency had time to read it. The checks stay."""
    row.delete()


@timers.timer(AGAIN)
def ring_again(subject: uuid.UUID, key: str) -> None:
    """Ring when it is time to ask once more: as a job, since nobody is waited for inside a transaction."""
    from yiwang.platform.sharing import tasks

    tasks.check_again.defer(reask=str(subject), key=key)


@timers.timer(FORGET)
def ring_forget(subject: uuid.UUID, key: str) -> None:
    """Ring when later answers were kept for long enough."""
    forget_answers(subject, by=SYSTEM, key=key)
