"""Firms online: the legal representative registers them (L2), their electronic business licence lifts them (L3)."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import limits
from yiwang.kernel.acts import act, act_on, current
from yiwang.kernel.codes import CodeError, parse_uscc
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.types import Actor, AssuranceLevel, FieldError, Key, PartyKind
from yiwang.platform.identity.acts.accounts import KNOWN
from yiwang.platform.identity.models import Organisation, Person
from yiwang.platform.identity.permissions import CanProveMore
from yiwang.platform.identity.ports import OrganisationClaim, authorities
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.types import OrganisationKind

_KINDS = {
    "91": OrganisationKind.ENTERPRISE,
    "92": OrganisationKind.SOLE_TRADER,
    "93": OrganisationKind.COOPERATIVE,
    "12": OrganisationKind.INSTITUTION,
    "11": OrganisationKind.ADMINISTRATION,
    "51": OrganisationKind.SOCIAL_ORGANISATION,
    "52": OrganisationKind.SOCIAL_ORGANISATION,
    "53": OrganisationKind.SOCIAL_ORGANISATION,
}


def kind_of(uscc: str) -> OrganisationKind:
    """Return what sort of organisation a social credit code belongs to, by its first two characters."""
    return _KINDS.get(uscc[:2], OrganisationKind.OTHER)


@act("identity.register_organisation", permission=CanProveMore)
def register_organisation(uscc: str, name: str, *, by: Actor, key: Key) -> uuid.UUID:
    """Register an organisation whose legal representative the actor is, checked by the authority: L2. Returns it.

    Raises Invalid with one sentence for everything that does not agree, TooMany and Unavailable.
    """
    limits.count(f"organisation:{by.id}", 10, 86_400)
    person = Person.objects.filter(pk=by.id).first()
    if person is None or not person.number:
        raise NotAllowed(_("请先完成本人的实名认证。"))
    try:
        parsed = parse_uscc(uscc)
    except CodeError as error:
        raise Invalid(_("请核对统一社会信用代码。"), errors=(FieldError("uscc", str(error)),)) from None
    claim = OrganisationClaim(parsed.value, name, person.name, person.number)
    if not authorities.selected().confirms_organisation(claim):
        raise Invalid(_("没有核验通过：代码、名称和法定代表人要与登记机关的一致。刚变更的，请过一个工作日再试。"))
    row, made = Organisation.objects.get_or_create(
        uscc=parsed.value,
        defaults={
            "name": name,
            "kind": kind_of(parsed.value),
            "region": parsed.region,
            "checked_level": AssuranceLevel.L2,
        },
    )
    row.name, row.legal_representative = name, person
    row.save(update_fields=["name", "legal_representative"])
    current().about(row)
    current().person_id = row.id
    current().detail["new"] = made
    current().emit(KNOWN, row, kind=PartyKind.ORGANISATION.value)
    return row.id


def _mine(pk: uuid.UUID, by: Actor) -> Organisation:
    row = Organisation.objects.select_for_update().filter(pk=pk, legal_representative_id=by.id, active=True).first()
    if row is None:
        raise NotFound(_("没有找到这个单位。"))
    return row


@act_on("identity.raise_organisation", _mine, permission=CanProveMore)
def raise_organisation(row: Organisation, token: Secret, *, by: Actor, key: Key) -> None:
    """Lift an organisation to L3 by its electronic business licence. Raises Invalid and Unavailable."""
    if not authorities.selected().confirms_electronic_licence(row.uscc, token.reveal()):
        raise Invalid(_("没有读到这个单位的电子营业执照，请重新出示。"))
    row.checked_level = int(AssuranceLevel.L3)
    row.save(update_fields=["checked_level"])
