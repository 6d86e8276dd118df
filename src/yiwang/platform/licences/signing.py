"""The electronic seal on a licence: the port to whoever keeps the issuers' keys; signatures made and checked.

A reliable signature shows later changes of itself and of what it signs (电子签名法 art. 13). A PDF is sealed by PAdES B-B
(ETSI EN 319 142-1), one signature over the whole file, in a field that lies over the printed seal; an OFD by SM2 and SM3
(GB/T 38540; ``ofd.signing``).
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
    from pyhanko.sign.signers import Signer as PdfKey
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko.sign.validation.status import PdfSignatureStatus

    from yiwang.platform.licences.ofd.seal import Signer as SealKey

FIELD = "Seal1"
REASON = "电子证照签发"
BESIDE = 2048
"""Most bytes of a signature beside its certificates: names of issuers, signed attributes, an RSA signature of 4096 bits."""
SET = 0, 17
"""Class and tag of a set in ASN.1."""


class SignatureProvider(Plugin):
    """Keeps the keys of the issuers' electronic seals: in files, in a service, in an HSM. Raises Unavailable when it
    cannot be asked.

    Nothing here asks for a key, only for signatures, so an HSM fits behind it: ``signer`` is then pyHanko's
    ``PKCS11Signer`` or one's own, ``seal_signer`` an object whose ``sign`` asks the device (GB/T 39786).
    """

    demo = False
    """Whether what it signs has no legal force: the document then says so."""

    def signer(self, issuer_code: str, issuer_name: str) -> PdfKey:
        """Return what signs PDFs for an issuer (USCC and name)."""
        raise NotImplementedError

    def roots(self) -> list[Certificate]:
        """Return the root certificates that are believed when a PDF is checked."""
        raise NotImplementedError

    def seal_signer(self, issuer_code: str, issuer_name: str) -> SealKey | None:
        """Return what signs OFDs by SM2 for an issuer; ``None`` where it has no SM2 key: it issues no OFD then."""
        return None

    def seal_maker(self) -> SealKey | None:
        """Return what signs the seals themselves (制章人); without it each issuer signs its own."""
        return None

    def seal_roots(self) -> list[Certificate]:
        """Return the SM2 root certificates that are believed when an OFD is checked."""
        return []


signatures: Registry[SignatureProvider] = Registry("licences.signature")

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
    """There is no signature, or this is no file that can be read."""


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
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
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
    out, writer = BytesIO(), IncrementalPdfFileWriter(BytesIO(pdf))
    # The field gets an empty appearance, as PDF/A asks of every field; the seal is printed in the page itself.
    append_signature_field(writer, SigFieldSpec(FIELD, on_page=-1, box=box))
    PdfSigner(about, signer, stamp_style=NoOpStampStyle()).sign_pdf(writer, output=out, bytes_reserved=_room(signer))
    return out.getvalue()


def _room(signer: PdfKey) -> int:
    """Return the hexadecimal digits to leave for a signature; not told, pyHanko would sign once more to measure it.

    What is left over is read at every check.
    """
    certificates = {one.dump() for one in (signer.signing_cert, *signer.cert_registry) if one is not None}
    return 2 * (BESIDE + sum(map(len, certificates)))


def inspect(content: bytes) -> Inspection:
    """Check the signature of a file, PDF or OFD. Whatever the file is, the answer is an Inspection, never an error."""
    provider = signatures.selected()
    if is_ofd(content):
        return inspect_ofd(content, provider.seal_roots())
    return inspect_pdf(content, provider.roots())


def is_ofd(content: bytes) -> bool:
    """Tell whether a file may be an OFD: it is a container."""
    from yiwang.platform.licences.ofd.signing import FIRST_BYTES

    return content.startswith(FIRST_BYTES)


def inspect_ofd(content: bytes, roots: list[Certificate]) -> Inspection:
    """Check the seal of an OFD against these roots."""
    from yiwang.platform.licences import sm2
    from yiwang.platform.licences.ofd import signing

    found = signing.check(content, roots)
    if found.certificate is None:
        return Inspection(Seal(found.found.value))
    own = found.certificate
    return Inspection(Seal(found.found.value), sm2.common_name(own), found.at, own.not_valid_before.date())


def inspect_pdf(pdf: bytes, roots: list[Certificate]) -> Inspection:
    """Check the signature of a PDF against these roots."""
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
        context = ValidationContext(trust_roots=roots, allow_fetching=False)
        status = validate_pdf_signature(embedded[-1], context)
        whole = (
            len(embedded) == 1
            and status.intact
            and status.valid
            and status.coverage == SignatureCoverageLevel.ENTIRE_FILE
            and _nothing_else(embedded[0], status)
        )
    except Exception:
        return Inspection(Seal.BROKEN)
    if not whole:
        return Inspection(Seal.BROKEN, signer, at, made_on)
    return Inspection(Seal.GOOD if status.trusted else Seal.STRANGER, signer, at, made_on)


def _nothing_else(embedded: EmbeddedPdfSignature, status: PdfSignatureStatus) -> bool:
    """Tell whether the place of the signature, the one part of a PDF that no digest covers, holds what it must and no more.

    pyHanko accepts any filling behind the signature, and certificates in it that it does not need: then a changed byte
    there would go unseen. PAdES wants neither.
    """
    from asn1crypto.cms import ContentInfo, IssuerAndSerialNumber

    _start, before, after, _rest = (int(one) for one in embedded.byte_range)
    stream = embedded.reader.stream
    stream.seek(before)
    text = stream.read(after - before)
    if not (text.startswith(b"<") and text.endswith(b">")):
        return False
    text = text[1:-1]
    filled = bytes.fromhex(text.decode("ascii"))
    content = ContentInfo.load(filled)
    raw = content.dump()
    signed = content["content"]
    [signer], own = signed["signer_infos"], embedded.signer_cert
    certificates = [one.dump() for one in signed["certificates"]]
    path = {one.dump() for one in status.validation_path or ()} | {own.dump()}
    issuer = IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number})
    algorithm = signer["signature_algorithm"]
    return (
        text == text.upper()
        and not filled[len(raw) :].strip(b"\0")
        and _is_der(raw)
        and algorithm.copy().dump(force=True) == algorithm.dump()
        and certificates == sorted(certificates)
        and signer["sid"].chosen.dump() == issuer.dump()  # pyHanko compares names without case
        and [one.dump() for one in signed["digest_algorithms"]] == [signer["digest_algorithm"].dump()]
        and signed["version"].native == signer["version"].native == "v1"
        and signed["encap_content_info"]["content_type"].native == "data"
        and signed["encap_content_info"]["content"].native is None
        and (not status.trusted or set(certificates) <= path)
    )


def _is_der(encoded: bytes, *, ordered: bool = False) -> bool:
    """Tell whether values are written in the one way of DER (X.690 clauses 10 and 11). Raises ValueError if they are none.

    asn1crypto could write anew what it read and compare, but does so several times at each depth: a tenth of a second.
    """
    from asn1crypto import core, parser

    values = []
    while encoded:
        class_, constructed, tag, *parts = parser.parse(encoded)
        value, inside = b"".join(parts), parts[1]
        if value != parser.emit(class_, constructed, tag, inside):
            return False
        if constructed:
            if not _is_der(inside, ordered=(class_, tag) == SET):
                return False
        elif class_ == 0 and core.load(value).dump(force=True) != value:
            return False
        values.append(value)
        encoded = encoded[len(value) :]
    return not ordered or values == sorted(values)


@dataclass(frozen=True, slots=True)
class SealParts:
    """A seal taken apart: the algorithm's name, the certificate (DER) and the value of the signature."""

    algorithm: str
    certificate: bytes
    value: bytes


def parts_of(pdf: bytes) -> SealParts | None:
    """Take the seal of a PDF of our own apart; nothing where there is none."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    for embedded in PdfFileReader(BytesIO(pdf), strict=False).embedded_regular_signatures:
        about = embedded.signer_info
        algorithm = (
            f"{about['signature_algorithm']['algorithm'].native}, {about['digest_algorithm']['algorithm'].native}"
        )
        return SealParts(algorithm, embedded.signer_cert.dump(), about["signature"].native)
    return None


def _common_name(certificate: Certificate) -> str:
    return str(certificate.subject.native.get("common_name", ""))
