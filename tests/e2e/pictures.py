"""The README's pictures, taken from a city that lives: ``make pictures`` writes them into ``docs/images``."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from . import applicant, papers
from .restaurant import FIRM
from .visitor import NARROW, Visitor

pytestmark = pytest.mark.e2e

IMAGES = Path(__file__).parents[2] / "docs" / "images"
HEIGHT = 860
AT_MOST = 150_000
"""Bytes of a picture: whoever reads the page on a phone waits for all of them."""


def picture(person: Visitor, name: str) -> None:
    """Keep what somebody sees, in as few colours as look the same."""
    person.page.set_viewport_size({"width": person.width, "height": HEIGHT})
    person.page.evaluate("document.fonts.ready")
    image = Image.open(BytesIO(person.page.screenshot(animations="disabled"))).convert("RGB")
    path = IMAGES / f"{name}.png"
    image.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size <= AT_MOST, f"{path.name} has {path.stat().st_size} bytes"


def show(person: Visitor, words: str) -> None:
    """Scroll until a heading stands at the top."""
    person.page.get_by_role("heading", name=words).first.evaluate("it => it.scrollIntoView()")


def test_pictures(visitor: Callable[..., Visitor], agencies) -> None:
    """One walk past the pages that the README shows."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    guest = visitor()
    guest.open("/")
    picture(guest, "home")
    guest.open("/events/restaurant/")
    applicant.answer_questions(guest)
    guest.heading("您的指南：5 件事，办 1 次")
    picture(guest, "guide")

    phone = visitor(width=NARROW)
    phone.open(guest.page.url)
    show(phone, "您的指南：5 件事，办 1 次")
    picture(phone, "guide-phone")

    guest.follow("开始填这一张表")
    guest.choose_account("jia")
    guest.choose_party(FIRM)
    guest.press("开始填表")
    guest.heading("店和主体")
    picture(guest, "form")

    clerk = agencies.member("lc-intake1")
    clerk.open("/desk/intake/")
    clerk.follow_to("/desk/applications/")
    picture(clerk, "counter")

    decider = agencies.at_case("lc-amr-decide", "/desk/cases/")
    picture(decider, "case")

    guest.open("/my/licences/")
    licence = papers.download(guest, "营业执照")
    stranger = visitor()
    stranger.open(re.sub("^https?://[^/]+", "", papers.printed_address(licence)))
    stranger.reads("目前有效")
    picture(stranger, "verify")
