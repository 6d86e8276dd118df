"""The licence as documents, PDF and OFD: drawn, sealed and stored under their contents' digest; or shown before there is
one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from django.conf import settings
from django.urls import reverse
from PIL import Image, ImageOps

from yiwang.kernel import clock
from yiwang.kernel.types import SYSTEM
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.licences import drawing, queries, rules, signing, words
from yiwang.platform.licences.types import LicenceTypeSpec, LicenceView, ShownField
from yiwang.ui import store

PHOTO = (590, 826)
"""Most pixels of a photograph that is printed: 25 × 35 mm at 600 an inch."""
DEMO_NOTICE = "演示证照，内容均为虚构，没有法律效力。Demonstration only."


CHANGING = {"status", "status_reason", "operation", "signature_digest", "last_modification"}
"""Of the metadata, what changes after the file is sealed: that is asked of the register."""


def check_url(code: str) -> str:
    """Return the public address at which a licence is verified."""
    return f"{settings.BASE_URL}{reverse('licences:check', args=[code])}"


@dataclass(frozen=True, slots=True)
class Files:
    """Digests of the sealed files; ``ofd`` is empty where the issuer has no SM2 key."""

    pdf: str
    ofd: str


def make(licence: LicenceView) -> Files:
    """Draw, seal and store the documents of a licence; return their digests. Raises MissingGlyph and
    Unavailable.
    """
    paper = _licence_paper(licence)
    return Files(_pdf(licence, paper), _ofd(licence, paper, licence.id, {}))


def make_ofd(licence: LicenceView) -> str:
    """Draw, seal and store the OFD alone; return its digest, or nothing without key. Raises as ``make``."""
    return _ofd(licence, _licence_paper(licence), licence.id, {})


def make_copy(licence: LicenceView, copy: uuid.UUID, cause: str, until: date, creator: str) -> Files:
    """Draw, seal and store an annotated copy (加注件): the same licence with its purpose across the page, who vouches
    for it, until when, and the copy's number. Raises MissingGlyph and Unavailable.
    """
    note = rules.copy_note(licence.trust, licence.issuer_name, cause, words.day(until))
    paper = _licence_paper(licence, across=f"仅用于{cause}", note=f"加注件 {copy}：{note}。", until=until)
    annotation = {
        "copy_identifier": str(copy),
        "creation_time": clock.now().isoformat(timespec="seconds"),
        "creator": creator,
        "cause": cause,
        "expiring_time": until.isoformat(),
    }
    return Files(_pdf(licence, paper), _ofd(licence, paper, copy, {"annotation": annotation}))


def photograph(digest: str) -> bytes:
    """Return a photograph as it is printed: upright, no larger than needed, without what the camera wrote into it."""
    with store.open_file(digest) as file, Image.open(file) as given:
        upright = ImageOps.exif_transpose(given).convert("RGB")
    upright.thumbnail(PHOTO)
    out = BytesIO()
    upright.save(out, "JPEG", quality=90)
    return out.getvalue()


def _licence_paper(
    licence: LicenceView, *, across: str = "", note: str = "", until: date | None = None
) -> drawing.Paper:
    demo = signing.signatures.selected().demo
    return _paper(
        queries.licence_type(licence.type_slug),
        queries.shown(licence),
        licence.holder_name,
        joint=licence.joint_names,
        number=licence.number,
        issuer=licence.issuer_name,
        issued_on=licence.issued_on,
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        identifier=licence.identifier,
        url=check_url(licence.check_code),
        notice=note + (DEMO_NOTICE if demo else ""),
        seal="演示印章" if demo else "电子印章",
        across=across,
        until=until or licence.valid_to,
        photo=licence.photo,
    )


def _ofd(licence: LicenceView, paper: drawing.Paper, number: uuid.UUID, more: dict[str, Any]) -> str:
    from yiwang.platform.licences.ofd.licence import sealed  # here, because ASN.1 is large

    metadata = {name: value for name, value in queries.metadata(licence.id, SYSTEM).items() if name not in CHANGING}
    content = sealed(
        paper,
        number=number,
        issuer_code=licence.issuer_code,
        metadata=metadata | more,
    )
    return store.save(BytesIO(content)) if content else ""


def _pdf(licence: LicenceView, paper: drawing.Paper) -> str:
    signed = signing.sign(
        drawing.draw(paper),
        issuer_code=licence.issuer_code,
        issuer_name=licence.issuer_name,
        identifier=licence.identifier,
        check_url=check_url(licence.check_code),
        box=drawing.seal_box(paper.kind),
    )
    return store.save(BytesIO(signed))


def preview(type_code: str, values: Mapping[str, Any], holder_name: str, issuer: AgencyView, photo: str = "") -> bytes:
    """Return the PDF that a decision would issue today: marked 预览, without number, seal and signature; ``photo`` is
    the digest of the holder's.

    Raises MissingGlyph, so that whoever decides sees it before the person does.
    """
    spec = queries.licence_type(type_code)
    today = clock.today()
    return drawing.draw(
        _paper(
            spec,
            words.shown_fields(spec, queries.fields_of(spec, values), catalog.elements()),
            holder_name,
            number="签发时编号",
            issuer=issuer.name,
            issued_on=today,
            valid_from=today,
            valid_to=rules.last_day(today, spec.validity_months),
            identifier="签发时生成",
            url=f"{settings.BASE_URL}{reverse('licences:verify')}",
            watermark="预览",
            photo=photo,
        )
    )


def _paper(
    spec: LicenceTypeSpec,
    fields: tuple[ShownField, ...],
    holder_name: str,
    *,
    joint: tuple[str, ...] = (),
    number: str,
    issuer: str,
    issued_on: date,
    valid_from: date,
    valid_to: date | None,
    identifier: str,
    url: str,
    notice: str = "",
    seal: str = "",
    watermark: str = "",
    across: str = "",
    until: date | None = None,
    photo: str = "",
) -> drawing.Paper:
    if not any(holder_name in field.lines for field in fields):
        fields = (ShownField("持证主体", "Holder", (holder_name,)), *fields)
    if joint:
        fields = (*fields, ShownField("共同持证人", "Joint holders", ("、".join(joint),)))
    return drawing.Paper(
        kind=spec.kind,
        title=spec.name,
        title_en=spec.name_en,
        number=number,
        statement=spec.statement,
        fields=(*fields, ShownField("有效期", "Term of validity", (words.term(valid_from, valid_to),))),
        issuer=issuer,
        issued_on=words.day(issued_on),
        identifier=identifier,
        check_url=url,
        notice=notice,
        seal=seal,
        watermark=watermark,
        across=across,
        until=until.isoformat() if until else "",
        photo=photograph(photo) if photo else b"",
    )
