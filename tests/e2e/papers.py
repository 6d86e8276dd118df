"""Licences as files: what is printed on them, and what a forger would make of them."""

from __future__ import annotations

import re
from io import BytesIO

from pypdf import PdfReader

from .visitor import Visitor


def download(person: Visitor, name: str) -> bytes:
    """Download the signed file of the newest licence of this name in the wallet."""
    card = person.page.get_by_role("article").filter(has_text=name).first
    with person.page.expect_download() as started:
        person.hands.click(card.get_by_role("link", name=re.compile("^下载")))
    return started.value.path().read_bytes()


def printed(pdf: bytes) -> str:
    """Return the words of a file."""
    return "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def printed_address(pdf: bytes) -> str:
    """Return the address beside the QR code, which is what the code says."""
    found = re.search(r"https?://[\w.:-]+/verify/[A-Za-z0-9_-]+", printed(pdf))
    assert found, printed(pdf)
    return found[0]


def tampered(pdf: bytes) -> bytes:
    """Return a copy in which one byte of what is drawn is another."""
    at = pdf.index(b"stream") + 200
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


def verify_file(person: Visitor, pdf: bytes) -> None:
    """Upload a file where anybody may have it checked."""
    person.open("/verify/")
    file = {"name": "证照.pdf", "mimeType": "application/pdf", "buffer": pdf}
    person.page.locator("#v-file").set_input_files(file)
    person.press("核验文件")
