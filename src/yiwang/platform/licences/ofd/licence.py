"""A licence as a sealed OFD: the face of its PDF, its metadata as attachments, the issuer's seal over both."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any
from xml.etree import ElementTree

from yiwang.kernel import clock
from yiwang.platform.licences import drawing
from yiwang.platform.licences.drawing import Paper
from yiwang.platform.licences.ofd import face, package, seal, signing
from yiwang.platform.licences.signing import signatures

ATTACHED = "certificate"
"""Name of the attachments: metadata by the names of GB/T 36903, for programs."""


def sealed(paper: Paper, *, number: uuid.UUID, issuer_code: str, metadata: Mapping[str, Any]) -> bytes:
    """Return the OFD, or nothing if the issuer has no SM2 key. Raises MissingGlyph and Unavailable.

    The seal is not printed in the page as in the PDF: a reader of OFD lays its picture over it, and tells what it is worth.
    """
    provider = signatures.selected()
    signer = provider.seal_signer(issuer_code, paper.issuer)
    if signer is None:
        return b""
    maker, now = provider.seal_maker() or signer, clock.now()
    drawn = face.read(drawing.draw(replace(paper, seal="")))
    document = package.document(
        drawn,
        package.About(
            number=number.hex,
            title=paper.title,
            author=paper.issuer,
            made=now.astimezone(clock.SHANGHAI),
            keywords=(paper.identifier,),
            said={"certificate_identifier": paper.identifier, "check_url": paper.check_url},
            attached={
                f"{ATTACHED}.json": json.dumps(metadata, ensure_ascii=False, sort_keys=True, default=str).encode(),
                f"{ATTACHED}.xml": _as_xml(metadata),
            },
        ),
    )
    place = drawing.seal_place(paper.kind, drawn.height)
    picture = seal.Picture(drawing.seal_picture(paper.issuer, paper.seal), round(place[2]))
    eseal = seal.make(f"{paper.issuer}电子印章", f"{issuer_code}01", picture, signer, maker)
    return signing.signed(document.parts, eseal, signer, page=document.pages[-1], box=place, at=now.astimezone(UTC))


def metadata_of(parts: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the metadata in the parts of a file; empty if there is none that can be read."""
    try:
        found = json.loads(parts[f"{package.ROOT}/Attachs/{ATTACHED}.json"])
    except (KeyError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _as_xml(metadata: Mapping[str, Any]) -> bytes:
    root = ElementTree.Element("certificate")
    _fill(root, metadata)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="utf-8")


def _fill(parent: ElementTree.Element, value: Any) -> None:
    """Names of fields need not be names of XML: they stand in an attribute."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            _fill(ElementTree.SubElement(parent, "item", name=str(name)), one)
    elif isinstance(value, list | tuple):
        for one in value:
            _fill(ElementTree.SubElement(parent, "item"), one)
    else:
        parent.text = "" if value is None else str(value)
