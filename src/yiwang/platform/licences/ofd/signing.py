"""The seal on an OFD document: a list of digests of all its files, signed; made and checked (GB/T 33190 ch. 18)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from xml.etree import ElementTree

from asn1crypto import x509

from yiwang.platform.licences import sm2
from yiwang.platform.licences.ofd import package, seal
from yiwang.platform.licences.ofd.package import NAMESPACE, ROOT, Damaged, element, numbers, xml

LIST = f"{ROOT}/Signs/Signatures.xml"
FOLDER = f"{ROOT}/Signs/Sign_0"
SIGNATURE, VALUE, ESEAL = f"{FOLDER}/Signature.xml", f"{FOLDER}/SignedValue.dat", f"{FOLDER}/Seal.esl"
FIRST_BYTES = b"PK\x03\x04"


class Found(StrEnum):
    """What a check of a file found."""

    GOOD = "good"
    BROKEN = "broken"
    STRANGER = "stranger"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found, whose seal it is, when they say they sealed; and the parts, where the file could be opened."""

    found: Found
    certificate: x509.Certificate | None = None
    at: datetime | None = None
    parts: Mapping[str, bytes] | None = None


def signed(
    parts: Mapping[str, bytes], eseal: bytes, signer: seal.Signer, *, page: int, box: tuple[float, ...], at: datetime
) -> bytes:
    """Return the container with a seal at ``box`` (left, top, width, height in millimetres) of a page (by its id).

    Whatever lies in it is in the list of digests, but for the list itself and its signature: nothing can be changed,
    added or taken away afterwards. Raises Unavailable.
    """
    made = dict(parts)
    made[LIST] = xml(
        element(
            "Signatures",
            element("MaxSignId", "1"),
            element("Signature", ID=1, Type="Seal", BaseLoc=f"/{SIGNATURE}"),
        )
    )
    made[ESEAL] = eseal
    listed = [
        element("Reference", element("CheckValue", _digest(content)), FileRef=f"/{name}")
        for name, content in sorted(made.items())
    ]
    made[SIGNATURE] = xml(
        element(
            "Signature",
            element(
                "SignedInfo",
                element("Provider", ProviderName="yiwang", Version="1.0", Company="yiwang"),
                element("SignatureMethod", sm2.SM2_SM3),
                element("SignatureDateTime", f"{at:%Y%m%d%H%M%SZ}"),
                element("References", *listed, CheckMethod=sm2.SM3),
                element("StampAnnot", ID="stamp1", PageRef=page, Boundary=numbers(box)),
                element("Seal", element("BaseLoc", f"/{ESEAL}")),
            ),
            element("SignedValue", f"/{VALUE}"),
        )
    )
    made[VALUE] = seal.sign(eseal, sm2.sm3(made[SIGNATURE]), f"/{SIGNATURE}", signer, at)
    return package.packed(made)


def _digest(content: bytes) -> str:
    return base64.b64encode(sm2.sm3(content)).decode()


def check(content: bytes, roots: list[x509.Certificate]) -> Check:
    """Check a file. Whatever it is, the answer is a Check, never an error."""
    if not content.startswith(FIRST_BYTES):
        return Check(Found.NONE)
    try:
        parts = package.unpacked(content)
    except Damaged:
        return Check(Found.BROKEN if SIGNATURE.encode() in content else Found.NONE)
    if SIGNATURE not in parts and VALUE not in parts:
        return Check(Found.NONE, parts=parts)
    try:
        whole = seal.read(parts[VALUE])
        if (
            whole.digest != sm2.sm3(parts[SIGNATURE])
            or whole.place != f"/{SIGNATURE}"
            or whole.eseal != parts[ESEAL]
            or _listed(parts[SIGNATURE])
            != {f"/{n}": _digest(c) for n, c in parts.items() if n not in {SIGNATURE, VALUE}}
        ):
            return Check(Found.BROKEN, whole.certificate, whole.at, parts)
    except Exception:  # the file is a stranger's: anything may be wrong with it
        return Check(Found.BROKEN, parts=parts)
    believed = all(sm2.trusted(one, roots, whole.at) for one in (whole.certificate, whole.maker))
    return Check(Found.GOOD if believed else Found.STRANGER, whole.certificate, whole.at, parts)


def _listed(content: bytes) -> dict[str, str]:
    from defusedxml.ElementTree import fromstring

    root: ElementTree.Element = fromstring(content)
    rows = root.findall(f".//{{{NAMESPACE}}}Reference")
    found = {row.attrib["FileRef"]: row.findtext(f"{{{NAMESPACE}}}CheckValue") or "" for row in rows}
    if len(found) != len(rows):
        raise Damaged("a file is listed twice")
    return found
