"""A document on paper: its words drawn by Typst, sealed by its agency, and stored under its content's digest."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from yiwang.platform.cases.documents import sealing, words
from yiwang.platform.cases.models import Document
from yiwang.platform.cases.types import DocumentKind
from yiwang.platform.directory import city
from yiwang.ui import store, typst

TEMPLATE = Path(__file__).parent / "document.typ"


def make(document: Document) -> str:
    """Draw, seal and store a document; return its digest. Raises MissingGlyph and Unavailable."""
    pdf = draw(document)
    if "issuer_code" in document.content:
        pdf = sealing.seal(pdf, document, check_url(document))
    return store.save(BytesIO(pdf))


def draw(document: Document) -> bytes:
    """Return the PDF without a signature. Raises MissingGlyph."""
    said = document.content
    body = words.body(DocumentKind(document.kind), said)
    sealed = "issuer_name" in said
    return typst.draw(
        TEMPLATE,
        {
            "title": document.title,
            "number": document.number,
            "addressee": f"{said['applicant']}：" if body.addressed else "",
            "paragraphs": [text for text in body.paragraphs if text],
            "rows": [list(row) for row in body.rows],
            "points": list(body.points),
            "closing": list(body.closing),
            "signed_by": list(body.signed_by),
            "issuer": said.get("issuer_name") or city.site().name,
            "date": words.day(said["date"]),
            "contact": _contact(document),
            "qr": typst.qr(check_url(document)),
            "seal": sealing.foot() if sealed else "",
            "notice": sealing.notice(),
        },
    )


def check_url(document: Document) -> str:
    """Return the public address that says how the matter stands."""
    said = document.content
    query = urlencode({"number": said["query_number"], "code": said["query_code"]})
    return f"{settings.BASE_URL}{reverse('services:progress')}?{query}"


def _contact(document: Document) -> list[str]:
    said = document.content
    lines = [f"编号 {said['query_number']}", f"查询码 {said['query_code']}"]
    if said.get("phone"):
        lines.append(f"咨询电话 {said['phone']}")
    if said.get("complaint_phone"):
        lines.append(f"监督电话 {said['complaint_phone']}")
    return lines
