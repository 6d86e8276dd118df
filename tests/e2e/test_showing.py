"""A licence on the phone: a code for the counter, the holder's consent, a copy with its note, and all of it taken back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import Bring

pytestmark = pytest.mark.e2e


def test_9_a_licence_is_shown_seen_and_taken_back(visitor: Bring) -> None:
    holder = visitor("wu", width=390)
    counter = visitor("lc-intake1")
    holder.open("/my/licences/")
    driving = holder.page.locator("article, section", has=holder.page.get_by_role("heading", name="机动车驾驶证")).last
    holder.follow(re.compile("出示"), within=driving)
    holder.press("出示一次性二维码")
    code = holder.page.locator("#code .yw-h2").inner_text()
    assert re.fullmatch(r"\d{4} \d{4} \d{4}", code)
    holder.shot("code")

    counter.open("/desk/licences/shown/")
    counter.answer("code", "0000 0000 0000")
    counter.answer("purpose", "核对驾驶资格")
    counter.press("请对方同意")
    expect(counter.page.locator("[name=code][aria-invalid=true]")).to_be_visible()
    assert counter.page.locator("[name=purpose]").first.input_value() == "核对驾驶资格"  # what was typed stays
    counter.shot("wrong-code")
    counter.answer("code", code)
    counter.press("请对方同意")
    counter.reads("等持证人同意")
    counter.does_not_read("330302199306115318")
    counter.shot("asked")

    # A page that waits finds out by itself.
    holder.wait_for(holder.page.get_by_role("button", name="同意", exact=True))
    holder.reads("核对驾驶资格")
    holder.press(re.compile("^同意$"))
    holder.reads("马上收回")
    counter.wait_for(counter.page.get_by_role("button", name=re.compile("留一份加注副本")))
    counter.reads("330302199306115318")
    counter.press(re.compile("留一份加注副本"))
    copy = counter.page.locator('a[href*="/copies/"]').first
    address = copy.get_attribute("href") or ""
    counter.shot("seen")
    paper = counter.context.request.get(address)
    assert paper.status == 200
    assert paper.body().startswith(b"%PDF")

    holder.press("马上收回")
    holder.shot("taken-back")
    assert counter.context.request.get(address).status == 404
    counter.page.reload()
    counter.reads("现在看不到内容")
    counter.does_not_read("330302199306115318")
