"""Is this file genuine and in force? Answered without the register: by trust anchors from files and a signed list of states.

What no file can tell, such as a revocation of today, the list tells: ``revocations`` makes it from the register, signed by
whoever makes the seals. Without it the answer is about the file alone, and says so (``listed`` is ``None``).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yiwang.kernel import clock
from yiwang.platform.licences import signing, sm2
from yiwang.platform.licences.signing import Seal
from yiwang.platform.licences.types import LicenceStatus

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate

    from yiwang.platform.licences.ofd.seal import Signer

FORMAT = "yiwang-licence-states-1"
UNTIL = "valid-until "
"""How the keyword of a PDF begins that holds the last day; an OFD has it in its metadata."""


class Outcome(StrEnum):
    """What it comes to. ``ENDED`` is a genuine file of a licence that is not in force."""

    VALID = "valid"
    ENDED = "ended"
    TAMPERED = "tampered"
    UNKNOWN_ISSUER = "unknown_issuer"
    NO_LICENCE = "no_licence"


class BadList(ValueError):
    """This is no list of states that can be believed."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """Roots that are believed, of PDF seals and of SM2 seals."""

    pdf: tuple[Certificate, ...]
    sm2: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class States:
    """A list of licences that are not in force: state and since when, by identifier."""

    at: datetime
    signer: str
    licences: dict[str, tuple[LicenceStatus, date]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: whose seal, which licence, its state and since when it has it, the age of the list."""

    outcome: Outcome
    signer: str = ""
    sealed_at: datetime | None = None
    identifier: str = ""
    state: LicenceStatus | None = None
    since: date | None = None
    listed: datetime | None = None


def anchors_in(folder: Path) -> Anchors:
    """Read every certificate (``.pem``, ``.crt``, ``.cer``) of a folder. Raises ValueError if there is none."""
    found: list[Certificate] = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in {".pem", ".crt", ".cer"}:
            found += sm2.certificates_of(path.read_bytes())
    if not found:
        raise ValueError(f"no certificate in {folder}")
    return Anchors(tuple(one for one in found if not sm2.is_sm2(one)), tuple(one for one in found if sm2.is_sm2(one)))


def own_anchors() -> Anchors:
    """Return the roots that this installation believes."""
    provider = signing.signatures.selected()
    return Anchors(tuple(provider.roots()), tuple(provider.seal_roots()))


def verify(content: bytes, anchors: Anchors, states: States | None, today: date) -> Answer:
    """Check a file. Whatever it is, there is an answer, never an error."""
    ofd = signing.is_ofd(content)
    found = signing.inspect_ofd(content, list(anchors.sm2)) if ofd else signing.inspect_pdf(content, list(anchors.pdf))
    if found.seal is not Seal.GOOD:
        return Answer(_REFUSED[found.seal], found.signer, found.at)
    identifier, until = _said_by_ofd(content) if ofd else _said_by_pdf(content)
    if not identifier:
        return Answer(Outcome.NO_LICENCE, found.signer, found.at)
    state, since = (states.licences.get(identifier, (None, None))) if states else (None, None)
    newer = states is not None and until is not None and clock.legal_date(states.at) > until
    if state is None and until is not None and until < today and not newer:  # a newer list knows of renewals by law
        state, since = LicenceStatus.EXPIRED, until
    outcome = Outcome.VALID if state in {None, LicenceStatus.VALID} else Outcome.ENDED
    listed = states.at if states else None
    return Answer(outcome, found.signer, found.at, identifier, state or LicenceStatus.VALID, since, listed)


_REFUSED = {
    Seal.BROKEN: Outcome.TAMPERED,
    Seal.STRANGER: Outcome.UNKNOWN_ISSUER,
    Seal.NONE: Outcome.NO_LICENCE,
}


def _said_by_ofd(content: bytes) -> tuple[str, date | None]:
    from yiwang.platform.licences.ofd import package
    from yiwang.platform.licences.ofd.licence import metadata_of

    said = metadata_of(package.unpacked(content))
    days = [said.get("validate_end"), (said.get("annotation") or {}).get("expiring_time")]
    ends = [date.fromisoformat(day) for day in days if day]
    return str(said.get("certificate_identifier", "")), min(ends, default=None)


def _said_by_pdf(content: bytes) -> tuple[str, date | None]:
    from pypdf import PdfReader

    about = PdfReader(BytesIO(content)).metadata
    words = str((about.get("/Keywords") if about else "") or "").split(", ")
    ends = [date.fromisoformat(word.removeprefix(UNTIL)) for word in words if word.startswith(UNTIL)]
    return words[0], min(ends, default=None)


def listed(rows: Iterable[tuple[str, LicenceStatus, date]], signer: Signer, at: datetime) -> str:
    """Write a signed list of the licences that are not in force. Raises Unavailable."""
    body = {
        "format": FORMAT,
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "licences": {identifier: [state.value, since.isoformat()] for identifier, state, since in rows},
    }
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    file = {
        "list": text,
        "certificate": _base64(signer.certificate.dump()),
        "signature": _base64(signer.sign(text.encode())),
    }
    return json.dumps(file, ensure_ascii=False, indent=1)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def read_states(content: bytes, anchors: Anchors) -> States:
    """Read a list, if an anchor vouches for its signer. Raises BadList."""
    from asn1crypto.x509 import Certificate

    try:
        file: dict[str, Any] = json.loads(content)
        certificate = Certificate.load(base64.b64decode(file["certificate"], validate=True), strict=True)
        text = file["list"].encode()
        body = json.loads(text)
        at = datetime.fromisoformat(body["at"])
        believed = (
            body["format"] == FORMAT
            and sm2.verify(sm2.point_of(certificate), text, base64.b64decode(file["signature"], validate=True))
            and sm2.trusted(certificate, list(anchors.sm2), at)
        )
        rows = {
            identifier: (LicenceStatus(state), date.fromisoformat(since))
            for identifier, (state, since) in body["licences"].items()
        }
    except Exception as error:  # a stranger's list may be anything
        raise BadList("not a list of states, or not one that can be read") from error
    if not believed:
        raise BadList("the list's signature does not hold, or nobody known here signed it")
    return States(at, sm2.common_name(certificate), rows)
