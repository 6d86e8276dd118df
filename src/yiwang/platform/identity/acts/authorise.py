"""At a counter: somebody shows on paper that they may act for another person or for an organisation."""

from __future__ import annotations

import uuid
from datetime import date

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act, current
from yiwang.kernel.codes import CodeError, parse_citizen_id, parse_uscc
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Actor, AssuranceLevel, FieldError, Key, Party, PartyKind
from yiwang.platform.identity import queries, rules
from yiwang.platform.identity.acts.delegations import GRANTED
from yiwang.platform.identity.acts.organisations import kind_of
from yiwang.platform.identity.models import Delegation, Organisation, Person
from yiwang.platform.identity.permissions import CanRegisterPeople
from yiwang.platform.identity.secret import Secret

HEAD, AGENT = "legal_representative", "delegation"
"""What the papers show: that one is the legal representative, or that one was entrusted (授权委托书)."""


@act("identity.authorise_at_counter", permission=CanRegisterPeople)
def authorise_at_counter(
    person: uuid.UUID,
    kind: str,
    number: Secret,
    *,
    basis: str,
    last_day: date | None = None,
    name: str = "",
    papers: list[str],
    seen: bool,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Record that the person who stands here may act for a party, as the original papers show. Returns the party's id.

    ``number`` is the party's social credit code, or a person's citizen id; an organisation that is not known yet is
    entered under ``name``, as its licence has it. A legal representative may act without end, anybody else to
    ``last_day``, which the authorisation names; the party sees it among its delegations and may take it back. Raises
    ``Invalid``.
    """
    errors = [] if seen else [FieldError("seen", _("请先核对原件。"))]
    if not papers:
        errors.append(FieldError("papers", _("请扫描上传授权委托书；单位的还要营业执照。")))
    if basis not in (HEAD, AGENT) or (basis == HEAD and kind != PartyKind.ORGANISATION):
        errors.append(FieldError("basis", _("个人只能凭授权委托书代办。")))
    if basis == AGENT:
        latest = rules.delegation_latest(clock.today())
        if last_day is None or not clock.today() <= last_day <= latest:
            words = {"day": latest.isoformat()}
            errors.append(FieldError("last_day", _("照委托书写截止日期，最早今天，最晚 %(day)s。") % words))
    party: Party | None = None
    try:
        party = _person(number, person) if kind == PartyKind.PERSON else _organisation(number, name)
    except Invalid as problem:
        errors.extend(problem.errors)
    if errors:
        raise Invalid(_("请核对代办的凭据。"), errors=tuple(errors))
    party = party or _enter(number, name)
    if basis == HEAD:
        _is_head(party, person)
    else:
        assert last_day is not None
        _entrust(party, person, last_day, papers)
    record = current()
    record.subject_kind, record.subject_id, record.person_id = f"identity.{party.kind}", str(party.id), party.id
    record.purpose = _("窗口核对代办凭据")
    record.detail.update(person=str(person), basis=basis, papers=papers)
    return party.id


def _person(number: Secret, agent: uuid.UUID) -> Party:
    try:
        parsed = parse_citizen_id(number.reveal())
    except CodeError as error:
        raise _wrong("number", str(error)) from None
    found = queries.find_person(parsed.value)
    if found is None:
        raise _wrong("number", _("系统里还没有这个人。请先登记，或者请本人在网上委托。"))
    if found.id == agent:
        raise _wrong("number", _("这是来人自己的号码。"))
    return found.party


def _organisation(number: Secret, name: str) -> Party | None:
    """Return the organisation, or nothing where it has to be entered first."""
    try:
        parsed = parse_uscc(number.reveal())
    except CodeError as error:
        raise _wrong("number", str(error)) from None
    row = Organisation.objects.filter(uscc=parsed.value).first()
    if row is None and not name.strip():
        raise _wrong("name", _("系统里还没有这个单位，请照营业执照写名称。"))
    if row is not None and not row.active:
        raise _wrong("number", _("这个单位已经注销。"))
    return Party(PartyKind.ORGANISATION, row.id) if row else None


def _enter(number: Secret, name: str) -> Party:
    parsed = parse_uscc(number.reveal())
    row = Organisation.objects.create(
        uscc=parsed.value,
        name=name.strip(),
        kind=kind_of(parsed.value),
        region=parsed.region,
        checked_level=AssuranceLevel.L3,
    )
    return Party(PartyKind.ORGANISATION, row.id)


def _is_head(party: Party, person: uuid.UUID) -> None:
    row = Organisation.objects.select_for_update().get(pk=party.id)
    if row.legal_representative_id not in (None, person):
        raise Invalid(
            _("请核对代办的凭据。"),
            errors=(
                FieldError("basis", _("登记的法定代表人是别人。刚变更的，请先办变更登记，或者凭授权委托书代办。")),
            ),
        )
    row.legal_representative = Person.objects.get(pk=person)
    row.save(update_fields=["legal_representative"])


def _entrust(party: Party, person: uuid.UUID, last_day: date, papers: list[str]) -> None:
    given = {f"grantor_{party.kind}_id": party.id}
    row = Delegation.objects.create(
        delegate_id=person,
        **given,
        created_at=clock.now(),
        expires_at=clock.end_of(last_day),
        recorded_by=current().by.label,
        papers=papers,
    )
    current().emit(GRANTED, row, delegate=str(person), items=[])


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, message),))
