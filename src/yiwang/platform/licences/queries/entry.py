"""A licence's catalogue entry by the names of the national licence service (GB/T 36902, 36903; STANDARDS 6.3)."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Party, PartyKind
from yiwang.platform.identity import queries as identity
from yiwang.platform.licences import ports, signing, words
from yiwang.platform.licences.models import Licence, LicenceCopy, LicenceUse
from yiwang.platform.licences.queries.held import status_of
from yiwang.platform.licences.queries.kinds import SPEC
from yiwang.platform.licences.types import OPERATION_CODES, STATUS_CODES, LicenceStatus, Operation
from yiwang.ui import store

CODE_TYPES = {PartyKind.PERSON: ("公民身份号码", "111"), PartyKind.ORGANISATION: ("统一社会信用代码", "001")}
"""持证主体代码类型 by the sort of holder: licences are issued to these two numbers only."""
ENDS = (Operation.CANCEL, Operation.WITHDRAW, Operation.REVOKE, Operation.TRANSFER_OUT, Operation.EXPIRE)
"""Operations by which a licence is abolished."""
ABOLISHED = frozenset(
    {
        LicenceStatus.CANCELLED,
        LicenceStatus.WITHDRAWN,
        LicenceStatus.REVOKED,
        LicenceStatus.TRANSFERRED,
        LicenceStatus.EXPIRED,
    }
)


def metadata(pk: uuid.UUID, by: Actor) -> dict[str, Any]:
    """Return the catalogue entry of a licence that the actor may see, by the names of the national licence service
    (GB/T 36902, 36903; STANDARDS 6.3).
    """
    return _said(_row(pk, by))


def _row(pk: uuid.UUID, by: Actor) -> Licence:
    row: Licence | None = Licence.objects.visible_to(by).select_related("type").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这份证照。"))
    return row


def _said(row: Licence) -> dict[str, Any]:
    spec, status = SPEC.validate_python(row.type.document), status_of(row)
    last = row.uses.exclude(operation="").order_by("-at").values_list("operation", flat=True).first()
    return {
        "certificate_identifier": row.identifier,
        "certificate_type_name": spec.name,
        "certificate_type_code": spec.type_code,
        "certificate_name": spec.name,
        "certificate_number": row.number,
        "certificate_version": f"{row.version:03}",
        "issue_date": row.issued_on.isoformat(),
        "issue_dept": row.issuer_name,
        "issue_dept_code": row.issuer_code,
        "define_authority": spec.defined_by,
        "define_authority_code": spec.type_code[:18],
        "define_authority_level": str(spec.defined_level),
        "validate_start": row.valid_from.isoformat(),
        "validate_end": row.valid_to.isoformat() if row.valid_to else "",
        "validity_range": words.term(row.valid_from, row.valid_to),
        "area_code": row.region[:6],
        "holder_name": "、".join((row.holder_name, *row.joint_names)),
        "holder_list": [{"name": name} for name in (row.holder_name, *row.joint_names)],
        "trust_level": row.trust,
        "status": STATUS_CODES[status],
        "status_reason": row.status_reason,
        "operation": OPERATION_CODES[Operation(last)] if last else "",
        "associated": row.associated,
        "biz_num": str(row.case_id or ""),
        "extend_info": row.fields,
        "signature_digest": row.digest,
        "last_modification": row.changed_at.isoformat(),
    }


def entry(pk: uuid.UUID, by: Actor) -> dict[str, Any]:
    """Return everything that the register knows of a licence that the actor may see: ``metadata``, and what stands in no
    file that is passed on: holders' numbers, who made, issued and abolished it when, the seal, its copies.
    """
    row = _row(pk, by)
    holders, item = _holders(row), ports.item_of(row.case_id) if row.case_id else None
    return (
        _said(row)
        | {
            "holder_code": holders[0]["code"],
            "holder_code_type": holders[0]["code_type"],
            "holder_code_type_name": holders[0]["code_type_name"],
            "holder_list": holders,
            "define_authority_name": SPEC.validate_python(row.type.document).defined_by,
            "item_name": item[0] if item else "",
            "item_code": item[1] if item else "",
            "file_url": f"{settings.BASE_URL}/api/v1/licences/{row.pk}/file",
            "correlative_license": row.associated,
            "copies": _copies(row),
        }
        | _made(row)
        | _seal(row)
    )


def _holders(row: Licence) -> list[dict[str, str]]:
    kind = PartyKind(row.holder_kind)
    known = {identity.party_name(one): _number(one) for one in (Party(kind, pk) for pk in row.joint)}
    given = row.joint_numbers or [""] * len(row.joint_names)
    numbers = [_number(row.principal) if row.principal else row.holder_number or ""]
    numbers += [number or known.get(name, "") for name, number in zip(row.joint_names, given, strict=True)]
    name, code = CODE_TYPES[kind]
    return [
        {"name": holder, "code": number, "code_type": code if number else "", "code_type_name": name if number else ""}
        for holder, number in zip((row.holder_name, *row.joint_names), numbers, strict=True)
    ]


def _number(party: Party) -> str:
    return next(iter(identity.numbers_of(party)), "")


def _made(row: Licence) -> dict[str, str]:
    """Return who entered, issued and abolished it, and when: of a version, by what its own log says."""
    log = list(LicenceUse.objects.filter(licence=row).exclude(operation="").order_by("at", "id"))
    first = log[0] if log else None
    ended = status_of(row) in ABOLISHED
    last = next((one for one in reversed(log) if one.operation in ENDS), None) if ended else None
    return {
        "creator": first.user_label if first else "",
        "creation_time": first.at.isoformat() if first else "",
        "issuer": row.issuer_name,
        "issue_time": first.at.isoformat() if first else "",
        "abolisher": last.user_label if last else "",
        "abolish_time": (last.at if last else row.changed_at).isoformat() if ended else "",
        "abolish_reason": row.status_reason if ended else "",
    }


def _seal(row: Licence) -> dict[str, str]:
    """Return the seal of its PDF; nothing of one that is not sealed, or whose file the store has lost."""
    names = ("signature_algorithm", "signature_certificate", "signature_value")
    found = None
    if row.digest:
        try:
            with store.open_file(row.digest) as file:
                found = signing.parts_of(file.read())
        except store.NoSuchFile:
            found = None
    if found is None:
        return dict.fromkeys(names, "")
    return dict(
        zip(names, (found.algorithm, _text(found.certificate), _text(found.value)), strict=True),
    )


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _copies(row: Licence) -> list[dict[str, str]]:
    return [
        {
            "copy_identifier": str(one.pk),
            "creation_time": one.made_at.isoformat(),
            "creator": one.made_by,
            "cause": one.cause,
            "expiring_time": one.expires_on.isoformat(),
        }
        for one in LicenceCopy.objects.filter(licence=row).order_by("-made_at")
    ]
