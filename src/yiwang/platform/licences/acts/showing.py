"""Showing a licence (出示): offered by a one-time code or granted, asked for a purpose, agreed to for a time, taken back."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from yiwang.kernel import clock, limits
from yiwang.kernel.acts import Permission, act, act_on, current, event
from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow
from yiwang.kernel.reach import HANDLING
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Denial, FieldError, Key, Party
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences import models, rules
from yiwang.platform.licences.acts.copies import in_force, made
from yiwang.platform.licences.acts.versions import locked
from yiwang.platform.licences.models import Licence, LicenceUse, Showing
from yiwang.platform.licences.queries import code_of, held_rows, state_of, status_of
from yiwang.platform.licences.types import Consent, LicenceStatus, ShowingState, Way

ASKED = event("licence.asked", "An agency asks to see what somebody holds, for a purpose.")
AGREED = event("licence.agreed", "A holder agreed that an agency sees what they hold, for a purpose and a time.")
REFUSED = event("licence.refused", "A holder did not agree that an agency sees what they hold.")
TAKEN_BACK = event("licence.taken_back", "A holder took back that an agency may see what they hold.")

SHOW = Permission(name="licences.show", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L3)
"""Showing a licence is a declaration of will: it needs the level of a signature (STANDARDS 11.5)."""
TAKE_BACK = Permission(name="licences.take_back", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L1)
LOOK = Permission(
    name="licences.look",
    kinds=frozenset({ActorKind.STAFF, ActorKind.CLIENT}),
    roles=HANDLING,
    scope=models.LOOK,
    provider=True,
)
TRIES_A_MINUTE = 10
"""Codes that one member of staff may try: of a million million, and each good for a minute."""
ANSWER_WITHIN = timedelta(minutes=30)
"""How long somebody who was asked may take."""
LONGEST = 365
"""Most days for which it may be agreed."""
MOST_PURPOSE = 60


@act_on("licences.offer", Licence.objects.lock, permission=SHOW, ready=in_force)
def offer(licence: Licence, *, by: Actor, key: Key) -> uuid.UUID:
    """Offer to show a licence: a one-time code, good for a minute. Returns the showing's id."""
    _may_sign(by)
    assert by.principal is not None
    row = begin(Way.CODE, by.principal, licence)
    _give_code(row)
    row.save(force_insert=True)
    return row.id


def begin(way: Way, holder: Party, licence: Licence | None) -> Showing:
    """Make a showing, not stored yet."""
    now = clock.now()
    return Showing(
        id=uuid7(),
        way=way.value,
        state=ShowingState.OFFERED.value,
        holder_kind=holder.kind.value,
        holder_id=holder.id,
        holder_name=identity.party_name(holder),
        licence=licence,
        made_at=now,
    )


def _may_sign(by: Actor) -> None:
    if not by.may_sign:
        raise Invalid(_("给您的委托不包括替委托人签字确认，这一步请委托人本人来。"))


def _give_code(row: Showing) -> None:
    row.code_index = blind_index(code_of(row), "showing")
    row.code_until = clock.now() + rules.CODE_LIFE


def _still_offered(showing: Showing) -> Denial | None:
    if showing.state != ShowingState.OFFERED or showing.step >= rules.MOST_STEPS:
        return Denial("not-offered", _("这个码已经用过或者换了太多次，请重新出示。"))
    return None


@act_on("licences.renew_code", Showing.objects.lock, permission=SHOW, ready=_still_offered)
def renew_code(showing: Showing, *, by: Actor, key: Key) -> int:
    """Give a showing that nobody took up a new code, good for another minute; the one before is worth nothing any more.
    Returns how often that was done.
    """
    showing.step += 1
    _give_code(showing)
    showing.save(update_fields=["step", "code_index", "code_until"])
    return showing.step


@act("licences.take_up", permission=LOOK)
def take_up(code: Secret, purpose: str, *, by: Actor, key: Key) -> uuid.UUID:
    """Take up the code that somebody shows, and say what for: from now on it waits for the holder. Returns the showing's id.

    A code is taken up once. Raises Invalid for one that is not known, was used or is over (which of these is not told), or
    without a purpose; TooMany from the eleventh try in a minute on.
    """
    limits.count(f"showing:{by.id}", TRIES_A_MINUTE, 60)
    purpose = purpose_of(purpose)
    agency = agency_of(by)
    digits = rules.code_from(code.reveal())
    row = (
        Showing.objects.select_for_update()
        .filter(code_index=blind_index(digits, "showing"), state=ShowingState.OFFERED, code_until__gt=clock.now())
        .first()
        if digits
        else None
    )
    if row is None:
        message = _("这个码不对、已经用过，或者过了一分钟。请让对方出示新的码。")
        raise Invalid(message, errors=(FieldError("code", message),))
    row.code_index = None
    ask(row, agency, purpose, by)
    row.save()
    current().emit(ASKED, row)
    return row.id


def ask(row: Showing, agency: AgencyView, purpose: str, by: Actor) -> None:
    """Note who asks, for what; the holder has half an hour to answer."""
    row.state, row.purpose = ShowingState.ASKED.value, purpose
    row.agency_path, row.agency_name, row.region = agency.path, agency.name, agency.region
    row.asked_by, row.asked_at = by.label, clock.now()
    row.until = clock.now() + ANSWER_WITHIN
    current().about(row)
    current().purpose = purpose


def purpose_of(text: str) -> str:
    """Return a purpose as it is kept. Raises Invalid without one, or for one that is too long."""
    text = text.strip()
    message = "" if 0 < len(text) <= MOST_PURPOSE else _("请写明用来办什么，不超过 60 个字。")
    if message:
        raise Invalid(message, errors=(FieldError("purpose", message),))
    return text


def agency_of(by: Actor) -> AgencyView:
    """Return for which agency the actor asks. Raises NotAllowed for who handles no matters of one."""
    found = directory.agency_of(by)
    if found is None or (by.kind is ActorKind.STAFF and not by.has_role(HANDLING, directory.reach_of(found))):
        raise NotAllowed(_("请以办件部门工作人员的身份查看。"))
    return found


def asked(showing: Showing) -> Denial | None:
    """Say why nobody waits for the holder's answer now."""
    if state_of(showing) is not ShowingState.ASKED:
        return Denial("not-asked", _("对方没有在等您答复，或者已经过了时间。"))
    return None


@act_on("licences.agree", Showing.objects.lock, permission=SHOW, ready=asked, announces=AGREED)
def agree(showing: Showing, days: int, *, by: Actor, key: Key) -> datetime:
    """Agree that who asked sees it: until the end of today for 0 ``days``, else so many days on. Returns when that ends.

    Raises Invalid for more than a year.
    """
    _may_sign(by)
    return agreed_inside(showing, days, Consent.DEVICE)


def agreed_inside(showing: Showing, days: int, consent: Consent) -> datetime:
    """Note the agreement and write it into the use log of every licence that is shown."""
    if not 0 <= days <= LONGEST:
        message = _("期限在今天到 %(most)d 天之内。") % {"most": LONGEST}
        raise Invalid(message, errors=(FieldError("days", message),))
    showing.state, showing.consent = ShowingState.AGREED.value, consent.value
    showing.until = clock.end_of(clock.today() + timedelta(days=days))
    showing.save(update_fields=["state", "consent", "until"])
    _log(showing, _("出示：%(purpose)s") % {"purpose": showing.purpose})
    return showing.until


def _log(showing: Showing, purpose: str) -> None:
    who = f"{showing.agency_name} {showing.asked_by}".strip()
    current().insert(
        LicenceUse(
            licence_id=row.pk, at=clock.now(), purpose=purpose[:200], user_label=who[:160], showing_id=showing.pk
        )
        for row in held_rows(showing)
    )


@act_on("licences.decline", Showing.objects.lock, permission=TAKE_BACK, ready=asked, announces=REFUSED)
def decline(showing: Showing, *, by: Actor, key: Key) -> None:
    """Do not agree."""
    showing.state = ShowingState.REFUSED.value
    showing.save(update_fields=["state"])


def _runs(showing: Showing) -> Denial | None:
    if state_of(showing) not in {ShowingState.OFFERED, ShowingState.ASKED, ShowingState.AGREED}:
        return Denial("not-running", _("这次出示已经结束了。"))
    return None


@act_on("licences.take_back", Showing.objects.lock, permission=TAKE_BACK, ready=_runs, announces=TAKEN_BACK)
def take_back(showing: Showing, *, by: Actor, key: Key) -> None:
    """Take it back: from this moment on nobody sees anything by it, nor gets the copies that were taken."""
    was_agreed = showing.state == ShowingState.AGREED
    showing.state, showing.code_index = ShowingState.REVOKED.value, None
    showing.save(update_fields=["state", "code_index"])
    if was_agreed:
        _log(showing, _("收回出示：%(purpose)s") % {"purpose": showing.purpose})


@act_on("licences.grant", Licence.objects.lock, permission=SHOW, ready=in_force)
def grant(licence: Licence, agency: str, purpose: str, last_day: date, *, by: Actor, key: Key) -> uuid.UUID:
    """Let an agency (by code) see a licence for a purpose until a day, without a code. Returns the showing's id.

    Raises Invalid for an agency that is not here, without a purpose, for a day gone by or more than a year away.
    """
    _may_sign(by)
    assert by.principal is not None
    errors = []
    found = directory.find_agency(agency)
    if found is None:
        errors.append(FieldError("agency", _("没有这个部门。")))
    if not 0 < len(purpose.strip()) <= MOST_PURPOSE:
        errors.append(FieldError("purpose", _("请写明用来办什么，不超过 60 个字。")))
    days = (last_day - clock.today()).days
    if not 0 <= days <= LONGEST:
        errors.append(FieldError("last_day", _("最后一天在今天到 %(most)d 天之内。") % {"most": LONGEST}))
    if errors:
        raise Invalid(errors[0].message, errors=tuple(errors))
    assert found is not None
    row = begin(Way.GRANT, by.principal, licence)
    row.agency_path, row.agency_name, row.region = found.path, found.name, found.region
    row.purpose, row.asked_at = purpose.strip(), row.made_at
    row.save(force_insert=True)
    current().emit(AGREED, row)
    agreed_inside(row, days, Consent.DEVICE)
    return row.id


def _shown(showing: Showing) -> Denial | None:
    if state_of(showing) is not ShowingState.AGREED:
        return Denial("not-agreed", _("持证人没有同意，或者已经到期、收回。"))
    return None


@act_on("licences.take_copy", Showing.objects.lock, permission=LOOK, ready=_shown)
def take_copy(showing: Showing, licence: uuid.UUID, *, by: Actor, key: Key) -> uuid.UUID:
    """Take a copy of a licence that is shown, with its purpose and term across it (加注件). Returns its id.

    Raises NotFound for a licence that is not shown, NotNow for one that is not in force.
    """
    row = next((one for one in held_rows(showing) if one.pk == licence), None)
    if row is None:
        raise NotFound(_("没有找到这份证照。"))
    if status_of(row) is not LicenceStatus.VALID:
        raise NotNow(_("这份证照现在不是有效状态，不能做副本。"))
    assert showing.until is not None
    last_day = clock.legal_date(showing.until - timedelta(seconds=1))
    current().purpose = showing.purpose
    return made(locked(row.pk), showing.purpose, last_day, showing=showing).id
