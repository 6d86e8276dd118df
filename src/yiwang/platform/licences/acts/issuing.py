"""Issue, change and transfer in by an agency itself, for its own types; what comes of cases is issued inside their acts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act, act_on
from yiwang.kernel.codes import CodeError, parse_licence_id
from yiwang.kernel.problems import Invalid, NotAllowed
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key, PartyKind, Role
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences.acts.operate import OPERATE, may
from yiwang.platform.licences.acts.versions import issue_inside, next_version
from yiwang.platform.licences.holding import by_number
from yiwang.platform.licences.models import Licence
from yiwang.platform.licences.queries import fields_of, licence_type
from yiwang.platform.licences.types import Joint, Operation


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is to hold a licence: name, and citizen id or social credit code."""

    name: str
    number: Secret


def issuer_of(by: Actor, type_code: str, roles: frozenset[Role] = OPERATE.roles) -> AgencyView:
    """Return the actor's agency as issuer of a type. Raises NotAllowed where it issues no licences of this type, or the
    actor has none of these roles there.
    """
    issuer = directory.agency_of(by)
    if issuer is None or issuer.function not in licence_type(type_code).issued_by:
        raise NotAllowed(_("这种证照不由您的部门签发。"), code="not-own-type")
    if by.kind is ActorKind.STAFF and not by.has_role(roles, directory.reach_of(issuer)):
        raise NotAllowed(_("您的岗位不能替这个部门签发证照。"))
    return issuer


def _holder(kind: PartyKind, given: Holder, field: str = "holder") -> Joint:
    """Return who is to hold it, known here or not. Raises Invalid for a wrong number or a missing or another name."""
    name, errors = given.name.strip(), []
    try:
        number, party, known = by_number(kind, given.number.reveal())
    except CodeError as error:
        number, party, known = "", None, ""
        errors.append(FieldError(f"{field}_number", str(error)))
    if not name:
        errors.append(FieldError(f"{field}_name", _("请填写持证主体的名称。")))
    elif known and known != name:
        errors.append(FieldError(f"{field}_name", _("名称和号码对不上，请核对。")))
    if errors:
        raise Invalid(errors[0].message, errors=tuple(errors))
    return Joint(name, party, number)


@act("licences.issue", permission=OPERATE)
def issue(
    type_code: str,
    holder: Holder,
    values: dict[str, Any],
    *,
    joint: Sequence[Holder] = (),
    number: str = "",
    valid_to: date | None = None,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Issue a licence of one of the agency's own types (新发) without a case here. Returns its id.

    ``values`` are the type's own field names. Raises NotAllowed for a type that is not the agency's, Invalid for a wrong
    holder, a term that is over, a number that was given already, or without any of what the licence says.
    """
    return _issue(type_code, holder, values, joint=joint, number=number, valid_to=valid_to, by=by)


def _issue(
    type_code: str,
    holder: Holder,
    values: dict[str, Any],
    *,
    joint: Sequence[Holder],
    number: str,
    valid_to: date | None,
    associated: str = "",
    by: Actor,
) -> uuid.UUID:
    issuer, spec = issuer_of(by, type_code), licence_type(type_code)
    first = _holder(spec.holder, holder)
    others = [_holder(spec.holder, one, "joint") for one in joint]
    said = fields_of(spec, values)
    if not said:
        message = _("证照上总要写点什么，请至少填一项内容。")
        raise Invalid(message, errors=(FieldError(spec.fields[0].name, message),))
    if valid_to is not None and valid_to < clock.today():
        message = _("有效期已经过了，请核对。")
        raise Invalid(message, errors=(FieldError("valid_to", message),))
    if number and Licence.objects.filter(type_id=type_code, issuer_code=issuer.uscc, number=number).exists():
        message = _("这个编号已经发过一张证照。")
        raise Invalid(message, errors=(FieldError("number", message),))
    return issue_inside(
        type_code=type_code,
        holder=first.party,
        holder_name=first.name,
        holder_number=first.number,
        issuer=issuer,
        values=said,
        number=number,
        valid_to=valid_to,
        joint=others,
        associated=associated,
    )


@act("licences.transfer_in", permission=OPERATE)
def transfer_in(
    type_code: str,
    holder: Holder,
    values: dict[str, Any],
    associated: str,
    *,
    joint: Sequence[Holder] = (),
    number: str = "",
    valid_to: date | None = None,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Take over a licence from another place (转入): one of our own that names the one before. Returns its id.

    Raises Invalid unless ``associated`` is a licence identifier with the right check character (GB/T 36904), and what
    ``issue`` does.
    """
    try:
        parse_licence_id(associated)
    except CodeError as error:
        raise Invalid(str(error), errors=(FieldError("associated", str(error)),)) from None
    return _issue(
        type_code, holder, values, joint=joint, number=number, valid_to=valid_to, associated=associated, by=by
    )


@act_on("licences.change", Licence.objects.lock, permission=OPERATE, ready=may(Operation.CHANGE))
def change(
    licence: Licence,
    *,
    values: dict[str, Any],
    holder_name: str = "",
    joint: Sequence[Holder] | None = None,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Change what a licence says (变更, 行政许可法 art. 49): a new version, same term. Returns its id.

    ``joint`` replaces those who hold it together with the holder. Raises Invalid where nothing would change.
    """
    spec = licence_type(licence.type_id)
    others = None
    if joint is not None:
        others = [_holder(spec.holder, one, "joint") for one in joint]
    said = licence.fields | fields_of(spec, values)
    same_holder = holder_name in {"", licence.holder_name}
    if (
        said == licence.fields
        and same_holder
        and (others is None or [one.name for one in others] == licence.joint_names)
    ):
        message = _("没有一处和现在的证照不同，不用变更。")
        raise Invalid(message, errors=(FieldError("values", message),))
    return next_version(licence, Operation.CHANGE, values=values, holder_name=holder_name, joint=others)
