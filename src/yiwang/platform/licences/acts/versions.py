"""Issue, renewal and change: each makes a version. Only acts call this; other rooms call it inside theirs."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock, serials, timers
from yiwang.kernel.acts import current, event
from yiwang.kernel.codes import build_licence_id
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import Invalid, NotFound, NotNow
from yiwang.kernel.rows import Batch
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import FieldError, Party
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.licences import rules, tasks
from yiwang.platform.licences.holding import index_of, joint_in
from yiwang.platform.licences.models import Card, Licence, LicenceUse
from yiwang.platform.licences.queries import changed_by, fields_of, following, licence_type, status_of
from yiwang.platform.licences.types import Joint, LicenceStatus, LicenceTypeSpec, Operation, TrustLevel

ISSUED = event("licence.issued", "A licence was issued.")
RENEWED = event("licence.renewed", "A licence was renewed: a new version, the previous one has expired.")
CHANGED = event("licence.changed", "A licence was changed: a new version, the previous one has expired.")

EXPIRY = "licences.expiry"
"""The timer that rings when a licence's last day is over."""
REMINDER = "licences.reminder"
"""The timer that rings when its holders are to be reminded of that."""
SEALED = frozenset({TrustLevel.A, TrustLevel.B})
"""What the issuer's seal may stand on: not on a scan that nobody compared with the paper."""
MORNING = timedelta(hours=9)
"""When people are told, after midnight."""


def issue_inside(
    *,
    type_code: str,
    holder: Party | None,
    holder_name: str,
    issuer: AgencyView,
    values: dict[str, Any],
    case_id: uuid.UUID | None = None,
    number: str = "",
    issued_on: date | None = None,
    valid_to: date | None = None,
    trust: TrustLevel = TrustLevel.A,
    associated: str = "",
    replaces: str = "",
    joint: Sequence[Joint] = (),
    holder_number: str = "",
    scan: str = "",
    photo: str = "",
    batch: uuid.UUID | None = None,
) -> uuid.UUID:
    """Issue a licence inside another act (a decision, a pack). Returns its id; PDF and signature follow as
    a job.

    ``values`` are data elements (by the type's ``element``) or the type's own field names. Without ``valid_to`` the term is
    the type's; the year 9999 is 长期. ``associated`` is the identifier of the licence elsewhere that this one goes on from
    (转入), ``replaces`` that of one here whose place it takes (换发). ``joint`` hold it together with the holder; without
    any, those whom ``values`` name as the type says. By ``holder_number`` who is not known yet finds it later, ``scan`` is
    the digest of the paper's scan (存量证照数字化), ``photo`` that of the holder's photograph, ``batch`` the import.
    """
    spec = licence_type(type_code)
    today = issued_on or clock.today()
    others = joint or joint_in(spec, values)
    series = f"licence:{spec.type_code}:{issuer.uscc}"
    numbers = () if number else (_series(spec, issuer, today),)
    allotted = serials.allot_many([series, *numbers])
    serial = f"{today:%Y%m%d}{allotted[series][0]:09d}"
    row = Licence(
        type_id=type_code,
        identifier=str(build_licence_id(spec.type_code, issuer.uscc, serial)),
        serial=serial,
        number=number or _number(spec, issuer, today, allotted[numbers[0]][0]),
        holder_kind=holder.kind.value if holder else spec.holder.value,
        holder_id=holder.id if holder else None,
        holder_name=holder_name,
        **_joint(spec, others),
        issuer_code=issuer.uscc,
        issuer_name=issuer.name,
        issuer_path=issuer.path,
        region=issuer.region,
        issued_on=today,
        valid_from=today,
        valid_to=rules.term_end(valid_to, rules.last_day(today, spec.validity_months)),
        trust=trust.value,
        fields=fields_of(spec, values),
        holder_index=None if holder or not holder_number else index_of(spec.holder, holder_number),
        holder_number=None if holder else holder_number or None,
        scan=scan,
        photo=photo,
        batch_id=batch,
        case_id=case_id,
        associated=associated or replaces,
    )
    _enter(row, Operation.TRANSFER_IN if associated else Operation.ISSUE)
    current().emit(ISSUED, row, type=type_code, case=str(case_id or ""))
    return row.id


_JOINT = ("joint", "joint_names", "joint_numbers", "joint_index")


def _joint(spec: LicenceTypeSpec, others: Sequence[Joint]) -> dict[str, Any]:
    """Return what a row says of those who hold it together with its holder."""
    values: tuple[list[Any], ...] = (
        [one.party.id for one in others if one.party],
        [one.name for one in others],
        [one.number for one in others],
        [index_of(spec.holder, one.number) for one in others if one.number and not one.party],
    )
    return dict(zip(_JOINT, values, strict=True))


def renew_inside(
    licence: uuid.UUID,
    *,
    values: dict[str, Any] | None = None,
    valid_to: date | None = None,
    photo: str = "",
    case_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Renew a licence (延续) inside another act: a new version with a new term from today. Returns the new
    id.

    Raises NotNow unless it is valid.
    """
    return next_version(
        locked(licence), Operation.RENEW, values=values or {}, valid_to=valid_to, photo=photo, case_id=case_id
    )


def change_inside(
    licence: uuid.UUID,
    *,
    values: dict[str, Any],
    holder_name: str = "",
    photo: str = "",
    case_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Change what a licence says (变更) inside another act, as its type says: a new version, same term. Returns the new id.

    Raises NotNow unless it is valid.
    """
    old = locked(licence)
    values, holder_name = changed_by(licence_type(old.type_id), old, values, holder_name)
    return next_version(old, Operation.CHANGE, values=values, holder_name=holder_name, photo=photo, case_id=case_id)


_BY_IDENTIFIER = Compiled(
    lambda: Licence.objects.filter(identifier__any=Slot("identifiers")).values_list("pk"),
)


def record_uses(
    identifiers: Iterable[str],
    *,
    purpose: str,
    case_id: uuid.UUID | None = None,
    application_id: uuid.UUID | None = None,
) -> None:
    """Write into the use log, inside another act, who used these licences and for what: their holders can read it.

    One query, however many there are, and none for none; identifiers that are not known here are passed over.
    """
    wanted = sorted(set(identifiers))
    found = _BY_IDENTIFIER(identifiers=wanted) if wanted else ()
    current().insert(
        LicenceUse(
            licence_id=pk,
            at=clock.now(),
            purpose=purpose[:200],
            user_label=current().by.label or _("系统"),
            case_id=case_id,
            application_id=application_id,
        )
        for (pk,) in found
    )


def next_version(
    old: Licence,
    operation: Operation,
    *,
    values: dict[str, Any],
    holder_name: str = "",
    joint: Sequence[Joint] | None = None,
    valid_to: date | None = None,
    photo: str = "",
    case_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """End a (locked) version and begin the next one, linked to it; ``joint`` and ``photo`` are as before if none is given.
    Raises NotNow.
    """
    if rules.after(operation, status_of(old)) is None:
        raise NotNow(_("这份证照现在不是有效状态，不能延续或变更。"))
    spec = licence_type(old.type_id)
    renewed = operation is Operation.RENEW
    row = Licence(
        **following(spec, old, operation, values, holder_name=holder_name, valid_to=valid_to),
        type_id=old.type_id,
        serial=old.serial,
        previous=old,
        number=old.number,
        holder_kind=old.holder_kind,
        holder_id=old.holder_id,
        **({name: getattr(old, name) for name in _JOINT} if joint is None else _joint(spec, joint)),
        issuer_code=old.issuer_code,
        issuer_name=old.issuer_name,
        issuer_path=old.issuer_path,
        region=old.region,
        trust=old.trust,
        holder_index=old.holder_index,
        holder_number=old.holder_number,
        scan=old.scan,
        photo=photo or old.photo,
        batch_id=old.batch_id,
        case_id=case_id,
        renewal_applied_on=None if renewed else old.renewal_applied_on,
    )
    end(old, LicenceStatus.EXPIRED, operation)
    _enter(row, operation)
    current().emit(RENEWED if renewed else CHANGED, row, previous=str(old.id), case=str(case_id or ""))
    return row.id


def end(row: Licence, status: LicenceStatus, operation: Operation, reason: str = "") -> None:
    """Give a (locked) licence its new status and write the operation into its log."""
    row.status, row.status_reason, row.changed_at = status.value, reason, clock.now()
    row.save(update_fields=["status", "status_reason", "changed_at"])
    if status not in {LicenceStatus.VALID, LicenceStatus.HELD, LicenceStatus.OTHER}:
        timers.cancel_timer(EXPIRY, row.id)
        timers.cancel_timer(REMINDER, row.id)
    log(row, operation)


def log(row: Licence, operation: Operation) -> None:
    """Write an operation into the licence's log."""
    use = LicenceUse(
        licence=row,
        at=clock.now(),
        purpose=operation.value,
        user_label=current().by.label or _("系统"),
        case_id=row.case_id,
        operation=operation.value,
    )
    current().insert([use])


def locked(licence: uuid.UUID) -> Licence:
    """Return a licence, locked, for an act that has checked on its own object who may."""
    row = Licence.objects.select_for_update(of=("self",)).filter(pk=licence).first()
    if row is None:
        raise NotFound(_("没有找到这份证照。"))
    return row


def _enter(row: Licence, operation: Operation) -> None:
    """Store a new version: with its address for verifiers, its timer, its log, and the job that makes the
    document.
    """
    row.id = uuid7()
    row.check_code = secrets.token_urlsafe(15)
    row.changed_at = clock.now()
    batch = Batch()  # and not with the act's record: what follows may read it
    batch.insert([row])
    batch.send()
    spec = licence_type(row.type_id)
    if spec.card_field and row.fields.get(spec.card_field):
        _enter_card(row, str(row.fields[spec.card_field]))
    if row.valid_to:
        timers.set_timer(EXPIRY, row.id, clock.end_of(row.valid_to))
        remind_on = rules.remind_on(row.valid_to, spec.remind_days, clock.today())
        if remind_on is not None:
            timers.set_timer(REMINDER, row.id, clock.end_of(remind_on - timedelta(days=1)) + MORNING)
    log(row, operation)
    if row.trust in SEALED:
        current().later(tasks.make_document, licence=str(row.id))


def _enter_card(row: Licence, number: str) -> None:
    """Let a card be found by its number; one that is somebody else's and good is not taken over. Raises Invalid."""
    index = blind_index(number, "card")
    known = Card.objects.select_for_update(of=("self",)).select_related("licence").filter(number_index=index).first()
    if known is None:
        Card.objects.create(number_index=index, licence=row)
        return
    if _held_by_others(known.licence, row) and status_of(known.licence) is LicenceStatus.VALID:
        message = _("这个卡号已经是别人的有效卡，请核对。")
        raise Invalid(message, errors=(FieldError(licence_type(row.type_id).card_field, message),))
    known.licence = row
    known.save(update_fields=["licence"])


def _held_by_others(one: Licence, other: Licence) -> bool:
    """Tell whether two licences have not the same holder, known here or known by the blind index of their number."""
    mine, theirs = ((row.holder_id, bytes(row.holder_index or b"")) for row in (one, other))
    return mine != theirs


def _series(spec: LicenceTypeSpec, issuer: AgencyView, day: date) -> str:
    """Return the series of the 证照编号 of the type at this issuer."""
    scope = f"licence-number:{spec.code}:{issuer.uscc}"
    return f"{scope}:{day.year}" if "{year" in spec.number_format else scope


_BY_NUMBER = Compiled(
    lambda: Licence.objects.filter(type=Slot("type"), issuer_code=Slot("issuer"), number=Slot("number")).values_list(
        "pk"
    )[:1]
)


def _number(spec: LicenceTypeSpec, issuer: AgencyView, day: date, serial: int) -> str:
    """Make the 证照编号 of a serial, or of a later one: numbers that were brought in from elsewhere are passed over."""
    while True:
        number = spec.number_format.format(year=day.year, region=issuer.region[:6], serial=serial)
        if not _BY_NUMBER(type=spec.code, issuer=issuer.uscc, number=number):
            return number
        serial = serials.allot(_series(spec, issuer, day))
