"""Licences in OFD, opened and drawn by a reader that others wrote: ofd.js, in a browser."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image

from yiwang.platform.licences import drawing
from yiwang.platform.licences.ofd import package
from yiwang.platform.licences.tests.test_document import paper
from yiwang.platform.licences.tests.test_ofd import LONG, difference, made, photo
from yiwang.platform.licences.types import LicenceKind
from yiwang.ui import assets, typst

pytestmark = pytest.mark.e2e

READER = assets.ROOT / "node_modules" / "ofd.js" / "lib" / "ofd.umd.min.js"
PPI = 96
"""At which the reader puts pictures where they belong."""
OPEN = """
async ([content, width]) => {
    const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0)).buffer;
    const found = await new Promise((success, fail) => ofd.parseOfdDocument({ofd: bytes, success, fail}));
    document.body.replaceChildren(...ofd.renderOfd(width, found[0]));
    await Promise.all([...document.images].map((one) => one.decode()));
    return Object.values(found[0].stampAnnot).flat().map((one) => one.stamp.sealObj.verifyRet);
}
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the reader makes of a file: its pages, and whether each seal on them holds."""

    pages: list[Image.Image]
    seals: list[bool]


@pytest.fixture
def show(browser: Any) -> Any:
    """Return a function that lets the reader open a file."""
    page = browser.new_page(viewport={"width": 1400, "height": 1400})
    page.set_content('<body style="margin: 0; background: white"></body>')
    page.add_script_tag(path=READER)

    def opened(content: bytes, width: int = 900) -> Shown:
        seals = page.evaluate(OPEN, [base64.b64encode(content).decode(), width])
        pages = [Image.open(io.BytesIO(one.screenshot())).convert("RGB") for one in page.locator("body > div").all()]
        return Shown(pages, seals)

    yield opened
    page.close()


Show = Callable[..., Shown]


def of_pdf(**about: Any) -> Image.Image:
    picture = typst.picture(drawing.TEMPLATE, drawing._data(paper(**about)), ppi=PPI)
    return Image.open(io.BytesIO(picture)).convert("RGB")


@pytest.mark.parametrize("kind", list(LicenceKind))
def test_it_draws_what_the_pdf_shows_and_finds_the_seal_good(show: Show, kind: LicenceKind) -> None:
    about = {"kind": kind, "photo": photo(), "across": "仅用于演示"}
    wanted = of_pdf(**about)
    shown = show(made(**about), wanted.width)
    assert shown.seals == [True]
    drawn = shown.pages[0].resize(wanted.size)
    # It writes with the machine's fonts, not those in the file: letters are thinner, nothing is elsewhere.
    mean, most = difference(drawn, wanted, blur=4)
    assert mean < 1.2
    assert most < 64
    for name, change in (("photograph", {"photo": b""}), ("note across", {"across": ""})):
        without, _most = difference(drawn, of_pdf(**about | change), blur=4)
        assert without > mean + 0.1, f"the measure would see that the {name} is missing"


def test_it_draws_all_pages(show: Show) -> None:
    shown = show(made(fields=LONG))
    assert len(shown.pages) > 1
    assert shown.seals == [True]


def test_it_finds_a_seal_that_was_tampered_with(show: Show) -> None:
    parts = package.unpacked(made())
    name = "Doc_0/Signs/Sign_0/SignedValue.dat"
    spoilt = bytearray(parts[name])
    spoilt[-1] ^= 1
    assert show(package.packed(parts | {name: bytes(spoilt)})).seals == [False]
