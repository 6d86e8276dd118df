"""The electronic seal on a licence: the port to whoever keeps the issuers' keys, PAdES signatures made and
checked.

A reliable signature shows later changes of itself and of what it signs (电子签名法 art. 13). The format is
PAdES B-B (ETSI EN 319 142-1), one signature over the whole file, in a field that lies over the printed seal.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING

from yiwang.kernel.plugins import Plugin, Registry

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import SimpleSigner

FIELD = "Seal1"
REASON = "电子证照签发"
RESERVED = 16384
"""Room for the signature in the file, in hexadecimal digits; without it, it would be signed once more to
measure.
"""


class SignatureKey(Plugin):
    """Keeps the keys of the issuers' electronic seals. Raises Unavailable when it cannot be asked."""

    demo = False
    """Whether what it signs has no legal force: the document then says so."""

    def signer(self, issuer_code: str, issuer_name: str) -> SimpleSigner:
        """Return what signs for an issuer (USCC and name)."""
        raise NotImplementedError

    def roots(self) -> list[Certificate]:
        """Return the root certificates that are believed when a file is checked."""
        raise NotImplementedError


signatures: Registry[SignatureKey] = Registry("licences.signature")

# It writes the names in a stranger's certificate into the log, where no personal data may stand.
logging.getLogger("pyhanko.sign.validation").setLevel(logging.CRITICAL)


class Seal(StrEnum):
    """What a check of a file's signature found."""

    GOOD = "good"
    """Whole, over the whole file, by an issuer that is known here."""
    BROKEN = "broken"
    """The file was changed after it was signed, or the signature does not belong to it."""
    STRANGER = "stranger"
    """Whole, but by somebody who is not known here."""
    NONE = "none"
    """There is no signature, or this is no PDF that can be read."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file's signature: what was found, whose it is and when they say they signed."""

    seal: Seal
    signer: str = ""
    at: datetime | None = None
    made_on: date | None = None
    """Since when the certificate of the seal is valid."""


def sign(
    pdf: bytes,
    *,
    issuer_code: str,
    issuer_name: str,
    identifier: str,
    check_url: str,
    box: tuple[int, int, int, int],
) -> bytes:
    """Sign a PDF for an issuer; ``box`` (points) is where the seal stands on its last page.

    Identifier and verification address stand readable in the signature, so that a damaged file can still
    be recognised. Raises Unavailable.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
    from pyhanko.stamp import NoOpStampStyle

    signer = signatures.selected().signer(issuer_code, issuer_name)
    about = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=REASON,
        location=identifier,
        contact_info=check_url,
        name=issuer_name,
    )
    out = BytesIO()
    PdfSigner(
        about,
        signer,
        stamp_style=NoOpStampStyle(),  # the seal is printed in the page itself
        new_field_spec=SigFieldSpec(FIELD, on_page=-1, box=box, empty_field_appearance=True),
    ).sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), output=out, bytes_reserved=RESERVED)
    return out.getvalue()


def inspect(pdf: bytes) -> Inspection:
    """Check the signature of a file. Whatever the file is, the answer is an Inspection, never an error."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    try:
        embedded = PdfFileReader(BytesIO(pdf), strict=False).embedded_regular_signatures
    except Exception:  # the file is a stranger's: anything may be wrong with it
        return Inspection(Seal.BROKEN if b"/ByteRange" in pdf else Seal.NONE)
    if not embedded:
        return Inspection(Seal.BROKEN if b"/ByteRange" in pdf else Seal.NONE)
    try:
        signer = _common_name(embedded[-1].signer_cert)
        made_on = embedded[-1].signer_cert.not_valid_before.date()
        at = embedded[-1].self_reported_timestamp
        context = ValidationContext(trust_roots=signatures.selected().roots(), allow_fetching=False)
        status = validate_pdf_signature(embedded[-1], context)
    except Exception:
        return Inspection(Seal.BROKEN)
    whole = (
        len(embedded) == 1 and status.intact and status.valid and status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    )
    if not whole:
        return Inspection(Seal.BROKEN, signer, at, made_on)
    return Inspection(Seal.GOOD if status.trusted else Seal.STRANGER, signer, at, made_on)


def _common_name(certificate: Certificate) -> str:
    return str(certificate.subject.native.get("common_name", ""))
