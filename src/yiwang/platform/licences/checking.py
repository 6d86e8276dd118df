"""Is this licence genuine and in force? By the address in its QR code, by its numbers, or by the file
itself.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from io import BytesIO

from yiwang.kernel import clock
from yiwang.kernel.codes import mask_id, parse_licence_id
from yiwang.kernel.types import PartyKind
from yiwang.platform.licences import queries, rules, signing
from yiwang.platform.licences.signing import Inspection, Seal
from yiwang.platform.licences.types import (
    CheckKind,
    CheckLine,
    CopyView,
    LicenceStatus,
    LicenceView,
    PublicLicence,
    ShownField,
    Verdict,
    Verification,
)
from yiwang.ui import store

_OCTAL = re.compile(rb"\\([0-7]{3})")
_CODE = re.compile(rb"/verify/([A-Za-z0-9_-]{20})(?![A-Za-z0-9_-])")
"""The verification address, as every signature carries it (in PDF's octal escapes): whoever has the file
has the code.
"""


def by_code(code: str) -> Verification:
    """Verify the licence behind a QR code."""
    return _registered(queries.find_by_check_code(code))


def by_numbers(identifier: str, number: str) -> Verification:
    """Verify the licence with this identifier and this number; both are asked for, so that nobody can
    count through.
    """
    return _registered(queries.find_by_numbers(identifier.strip().upper(), number.strip()))


def of_file(content: bytes) -> Verification:
    """Verify a file: it is genuine only if it is, byte for byte, the one that was signed and registered."""
    digest = hashlib.sha256(content).hexdigest()
    licence = queries.find_by_digest(digest)
    if licence is not None:
        return _verification(licence, signing.inspect(content), same=True, digest=digest)
    copied = queries.find_copy(digest)
    if copied is not None:
        return _of_copy(*copied, signing.inspect(content), digest)
    licence = _named_in(content)
    inspection = signing.inspect(content)
    if licence is not None:
        return _verification(licence, inspection, same=False)
    return Verification(_unregistered(inspection), clock.now(), None, (_seal_line(inspection),))


def _named_in(content: bytes) -> LicenceView | None:
    """Return the licence that a file says it is, however damaged the file is."""
    plain = _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 255]), content)
    codes = _CODE.findall(plain)
    return queries.find_by_check_code(codes[-1].decode()) if codes else None


def _unregistered(inspection: Inspection) -> Verdict:
    if inspection.seal is Seal.STRANGER:
        return Verdict.UNKNOWN_ISSUER
    return Verdict.TAMPERED if inspection.seal is Seal.BROKEN else Verdict.UNKNOWN


def _registered(licence: LicenceView | None) -> Verification:
    """Verify what the register holds, with the file that was signed for it."""
    if licence is None:
        return Verification(Verdict.UNKNOWN, clock.now())
    if not licence.digest:
        return _verification(licence, None, same=None)
    try:
        with store.open_file(licence.digest) as file:
            content = file.read()
    except store.NoSuchFile:
        return _verification(licence, None, same=None)
    same = store.digest_of(BytesIO(content)) == licence.digest
    return _verification(licence, signing.inspect(content), same=same)


def _verification(
    licence: LicenceView, inspection: Inspection | None, *, same: bool | None, digest: str = ""
) -> Verification:
    """Put the checks together; ``digest`` is that of the file that was looked at, where it is not the licence's PDF."""
    now = clock.now()
    checks = (
        _seal_line(inspection) if inspection else CheckLine(CheckKind.SIGNATURE, None),
        CheckLine(CheckKind.CONTENT, same, digest or licence.digest),
        CheckLine(CheckKind.STATUS, licence.status is LicenceStatus.VALID, licence.status.value, now),
        CheckLine(
            CheckKind.IDENTIFIER,
            parse_licence_id(licence.identifier, strict=False).check_ok,
            licence.identifier,
        ),
    )
    return Verification(_verdict(licence, inspection, same), now, public(licence), checks)


def _of_copy(licence: LicenceView, copy: CopyView, inspection: Inspection, digest: str) -> Verification:
    """An annotated copy is as good as its licence, for its purpose and within its term, until its holder takes it back."""
    found = _verification(licence, inspection, same=True, digest=digest)
    verdict = found.verdict
    if verdict is Verdict.VALID and copy.taken_back:
        verdict = Verdict.TAKEN_BACK
    elif verdict is Verdict.VALID and clock.today() > copy.expires_on:
        verdict = Verdict.ENDED
    return replace(found, verdict=verdict, copy=copy)


def _verdict(licence: LicenceView, inspection: Inspection | None, same: bool | None) -> Verdict:
    if same is False:
        stranger = inspection is not None and inspection.seal is Seal.STRANGER
        return Verdict.UNKNOWN_ISSUER if stranger else Verdict.TAMPERED
    if inspection is not None and inspection.seal in {Seal.BROKEN, Seal.NONE}:
        return Verdict.TAMPERED
    if licence.status is LicenceStatus.VALID:
        return Verdict.VALID
    return Verdict.HELD if licence.status in {LicenceStatus.HELD, LicenceStatus.OTHER} else Verdict.ENDED


def _seal_line(inspection: Inspection) -> CheckLine:
    return CheckLine(CheckKind.SIGNATURE, inspection.seal is Seal.GOOD, inspection.signer, inspection.at)


def public(licence: LicenceView) -> PublicLicence:
    """Return what anybody may read: of a person's licence no more than that it exists, for whom (masked),
    until when.
    """
    personal = licence.holder_kind is PartyKind.PERSON
    fields: tuple[ShownField, ...] = () if personal else tuple(map(_masked, queries.shown(licence)))
    number = licence.number
    return PublicLicence(
        identifier=licence.identifier,
        name=licence.name,
        number=mask_id(number) if personal else rules.public_text(number),
        holder_name="、".join(
            rules.public_name(licence.holder_kind, name) for name in (licence.holder_name, *licence.joint_names)
        ),
        issuer_name=licence.issuer_name,
        issued_on=licence.issued_on,
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        status=licence.status,
        changed_at=licence.changed_at,
        fields=fields,
        check_code=licence.check_code,
    )


def _masked(field: ShownField) -> ShownField:
    return ShownField(
        field.label,
        field.label_en,
        tuple(rules.public_text(line) for line in field.lines),
        field.columns,
        tuple(tuple(rules.public_text(cell) for cell in row) for row in field.rows),
    )
