"""Objections (异议): the subject says that data are wrong, or asks why they were looked at; the agency answers in time.

个人信息保护法 arts. 45, 46 and 50: whoever it is about may have data corrected and be told why; the provider has
to check doubtful data (政务数据共享条例). The limit is the city's (table ``sharing_limits``); silence is seen by the data office.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from yiwang.kernel import clock, holidays, timers
from yiwang.kernel.acts import Permission, act, act_on, current, event
from yiwang.kernel.calendar import Unit
from yiwang.kernel.codes import clean
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, AssuranceLevel, Denial, FieldError, Key
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity import trail
from yiwang.platform.sharing import queries
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.platform.sharing.models import Check, Dataset, Objection
from yiwang.platform.sharing.queries.objected import AGENCY
from yiwang.platform.sharing.types import ObjectionKind, ObjectionState, Ward

RAISED = event("sharing.objection_raised", "Somebody objects to data about them, or asks why they were looked at.")
ANSWERED = event("sharing.objection_answered", "An objection was answered.")
NOT_COME = event("sharing.correction_not_come", "Corrected data did not come in by the day that was promised.")
LATE = "sharing.objection_late"
AWAITED = "sharing.awaited_correction"
LIMIT = "objection"
"""Entry of the table ``sharing_limits``, in working days."""
LONGEST = 1000
ANSWERS = {
    ObjectionKind.DATA: (ObjectionState.CORRECTED, ObjectionState.CONFIRMED),
    ObjectionKind.ACCESS: (ObjectionState.ANSWERED,),
}
"""How each kind may end."""

CanObject = Permission(name="object", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L2)
CanDoubt = Permission(name="doubt data", kinds=frozenset({ActorKind.CLIENT}), scope="data:check", provider=True)
CanAnswer = Permission(name="answer objections", kinds=frozenset({ActorKind.STAFF}), roles=STEWARDS)
OnlySystem = Permission(name="system", kinds=frozenset())


def _lock(pk: uuid.UUID, by: Actor) -> Objection:
    rows = Objection.objects.visible_to(by).select_related("agency", "dataset").select_for_update(of=("self",))
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份异议。"))
    return row


def _still_open(row: Objection) -> Denial | None:
    return None if row.state == ObjectionState.OPEN else Denial("answered", _("这份异议已经答复了。"))


def check_oneself(by: Actor) -> None:
    """Check that whoever acts is the party or stands for it: an agent was not sent for this. Raises ``NotAllowed``."""
    if by.id is None or by.principal is None or not identity.may_represent(by.id, by.principal):
        raise NotAllowed(_("只有本人，或者单位的法定代表人，可以提异议。"), code="not-represented")


@act("sharing.object_to_data", permission=CanObject)
def object_to_data(dataset: str, text: str, *, child: uuid.UUID | None = None, by: Actor, key: Key) -> uuid.UUID:
    """Say that what a dataset says of one's principal is wrong, or of the ``child`` whose guardian one is.

    Raises ``Invalid`` without words, ``NotAllowed`` for an agent (it is not what they were sent for), ``NotFound``.
    """
    rows = Dataset.objects.visible_to(by).select_related("agency")
    row = rows.filter(code=dataset, current__isnull=False).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return _raise(ObjectionKind.DATA, row.agency, text, by, dataset=row, ward=_ward(child, by))


@act("sharing.object_to_check", permission=CanObject)
def object_to_check(check: uuid.UUID, text: str, *, child: uuid.UUID | None = None, by: Actor, key: Key) -> uuid.UUID:
    """Ask the agency that looked why it did. Only about what was looked at of one's principal, or of the ``child`` whose
    guardian one is. Raises ``NotFound``.
    """
    assert by.principal is not None
    ward = _ward(child, by)
    whose = (queries.party_of(ward), (ward.number,)) if ward else (by.principal, identity.numbers_of(by.principal))
    row = Check.objects.get(pk=queries.check_of(check, *whose).id)
    (agency,) = directory.agencies_by_path([row.consumer_path]) or (None,)
    if agency is None:
        raise NotFound(_("没有这次核验。"))
    return _raise(ObjectionKind.ACCESS, agency, text, by, check=check, ward=ward)


@act("sharing.object_as_agency", permission=CanDoubt)
def object_as_agency(check: uuid.UUID, subject: str, text: str, *, by: Actor, key: Key) -> uuid.UUID:
    """Doubt what a check answered that one's own agency made: the provider has to look into it, as into a person's objection.

    ``subject`` is the number that was asked about. Raises ``Invalid`` without words, ``NotFound`` for another agency's
    check or another number, ``NotNow`` while the same doubt waits for an answer.
    """
    row = Check.objects.filter(pk=check, consumer_path__startswith=by.agency).first() if by.agency else None
    number = clean(subject)
    (agency,) = (row and directory.agencies_by_path([row.consumer_path])) or (None,)
    dataset = row and Dataset.objects.select_related("agency").filter(code=row.dataset, current__isnull=False).first()
    if row is None or agency is None or dataset is None or bytes(row.subject_index) != blind_index(number, SUBJECT):
        raise NotFound(_("没有这次核验。"))
    current().about(dataset)
    current().case_id, current().application_id = row.case_id, row.application_id
    return _put(
        Objection(
            kind=ObjectionKind.DATA.value,
            party_kind=AGENCY,
            party_id=agency.id,
            dataset=dataset,
            check_id=check,
            subject=number,
            agency=dataset.agency,
            asker_id=agency.id,
        ),
        text,
    )


@act("sharing.object_to_read", permission=CanObject)
def object_to_read(seq: int, text: str, *, child: uuid.UUID | None = None, by: Actor, key: Key) -> uuid.UUID:
    """Ask the agency whose officer or system opened one's principal's file, or that of the ``child`` whose guardian one is,
    why they did. Raises ``NotFound``, also for readings that were no agency's.
    """
    assert by.principal is not None
    ward = _ward(child, by)
    party = queries.party_of(ward) if ward else by.principal
    read = trail.read_of(party, seq) if party else None
    (agency,) = (read and read.agency_path and directory.agencies_by_path([read.agency_path])) or (None,)
    if agency is None:
        raise NotFound(_("没有这次查阅。"))
    return _raise(ObjectionKind.ACCESS, agency, text, by, read=seq, ward=ward)


def _ward(child: uuid.UUID | None, by: Actor) -> Ward | None:
    """Return the child for whom one acts. Raises ``NotFound`` for one whose guardian one is not, or no longer."""
    return queries.get_ward(str(child), by) if child else None


def _raise(
    kind: ObjectionKind,
    agency: object,
    text: str,
    by: Actor,
    *,
    dataset: Dataset | None = None,
    check: uuid.UUID | None = None,
    read: int | None = None,
    ward: Ward | None = None,
) -> uuid.UUID:
    assert by.principal is not None
    check_oneself(by)
    row = Objection(
        kind=kind.value,
        party_kind=by.principal.kind.value,
        party_id=by.principal.id,
        dataset=dataset,
        check_id=check,
        read_seq=read,
        ward_id=ward.id if ward else None,
        agency_id=agency.id,  # type: ignore[attr-defined]
    )
    return _put(row, text)


def _put(row: Objection, text: str) -> uuid.UUID:
    """Write an objection down and set its clock."""
    if not 0 < len(text.strip()) <= LONGEST:
        told = _("请写哪里不对，最多 %(most)d 个字。") % {"most": LONGEST}
        raise Invalid(told, errors=(FieldError("text", told),))
    days = int(catalog.code_table("sharing_limits").get(LIMIT, "15"))
    row.text, row.raised_at = text.strip(), clock.now()
    row.due_on = holidays.for_region("", provisional=True).due(clock.today(), days, Unit.WORKDAY)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise NotNow(_("这一次您已经问过了，正在等答复。"), code="asked-already") from None
    timers.set_timer(LATE, row.pk, clock.end_of(row.due_on) + timedelta(seconds=1))
    current().emit(RAISED, row, kind=row.kind)
    return row.pk


@act_on("sharing.answer_objection", _lock, permission=CanAnswer, ready=_still_open, announces=ANSWERED)
def answer(
    row: Objection, result: ObjectionState, text: str, awaits: date | None = None, *, by: Actor, key: Key
) -> None:
    """Answer: data were corrected (in the agency's own system, from where they come anew) or are right; or why one looked.

    Corrected data are there, as a record that was changed since, or ``awaits`` says by when they come in.
    """
    if result not in ANSWERS[ObjectionKind(row.kind)]:
        raise Invalid(_("请选一种答复。"), errors=(FieldError("result", _("请选一种答复。")),))
    if not 0 < len(text.strip()) <= LONGEST:
        told = _("请写答复，最多 %(most)d 个字。") % {"most": LONGEST}
        raise Invalid(told, errors=(FieldError("text", told),))
    if result is ObjectionState.CORRECTED:
        changed = queries.changed_since(row)
        if changed is None and (awaits is None or awaits < clock.today()):
            told = _("改过的数据还没有进库：请写最晚哪天进库。")
            raise Invalid(told, errors=(FieldError("awaits", told),))
        row.changed_record, row.awaits = changed, None if changed else awaits
        current().detail |= {"record": changed, "awaits": str(row.awaits or "")}
    row.state, row.answer = result.value, text.strip()
    row.answered_at, row.answered_by = clock.now(), by.label
    row.save()
    timers.cancel_timer(LATE, row.pk)
    if row.awaits:
        timers.set_timer(AWAITED, row.pk, clock.end_of(row.awaits) + timedelta(seconds=1))


@act_on("sharing.note_late_objection", _lock, permission=OnlySystem, ready=_still_open)
def note_late(row: Objection, *, by: Actor, key: Key) -> None:
    """Mark an objection that was not answered in time: the data office sees it first."""
    row.late = True
    row.save(update_fields=["late"])


@timers.timer(LATE)
def ring_late(subject: uuid.UUID, key: str) -> None:
    """Ring when the time for an answer is over."""
    note_late(subject, by=SYSTEM, key=key)


def _awaited(row: Objection) -> Denial | None:
    if row.awaits and row.changed_record is None:
        return None
    return Denial("came", _("改过的数据已经进库了。"))


@act_on("sharing.look_for_correction", _lock, permission=OnlySystem, ready=_awaited)
def look_for_correction(row: Objection, *, by: Actor, key: Key) -> None:
    """Look, when the promised day is over and every day from then on, whether corrected data came in. Where they did not,
    the provider's stewards, the data office and whoever raised it are told, once. What is asked at its source never comes in.
    """
    if row.dataset and queries.are_asked_at_source([row.dataset.code]):
        return
    row.changed_record = queries.changed_since(row)
    if row.changed_record is None:
        timers.set_timer(AWAITED, row.pk, clock.end_of(clock.today()) + timedelta(seconds=1))
        if not row.not_come:
            current().emit(NOT_COME, row)
    row.not_come = row.changed_record is None
    row.save(update_fields=["changed_record", "not_come"])


@timers.timer(AWAITED)
def ring_awaited(subject: uuid.UUID, key: str) -> None:
    """Ring when the day by which corrected data were to come in is over."""
    look_for_correction(subject, by=SYSTEM, key=key)
