"""The same journey without script, and the applicant's part of it without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from . import applicant, desk
from .desk import Agencies
from .restaurant import DETAILS, FIRM

pytestmark = pytest.mark.e2e


def begin(owner, login: str = "jia") -> None:
    """From the front page to the form, signing in on the way."""
    owner.open("/?for=organisation")
    owner.follow("开一家餐饮店")
    applicant.answer_questions(owner)
    owner.heading("您的指南：5 件事，办 1 次")
    owner.follow("开始填这一张表")
    owner.choose_account(login)
    owner.choose_party(FIRM)
    owner.press("开始填表")


def test_6_without_script(city, browser, visitor, album):
    agencies = Agencies(browser, city.url, script=False)
    agencies.album = album
    owner = visitor(script=False)
    begin(owner)
    owner.press(re.compile("^保存并下一部分"))
    owner.answer("f-seats", "很多")
    owner.press(re.compile("^保存并下一部分"))
    expect(owner.page.locator("#f-seats")).to_have_value("很多")
    owner.shot("wrong")
    owner.answer("f-seats", DETAILS["seats"])
    applicant.fill_the_form(owner)
    applicant.give_the_materials(owner, shots=True)
    receipt = applicant.hand_in(owner)
    owner.shot("receipt")
    cases = agencies.accept(receipt.id)
    officer = agencies.at_case("lc-enforcement-review", cases["户外招牌设置"])
    desk.ask_for_correction(officer, "店招效果图", "请标出宽、高、厚。")
    officer.shot("desk")
    desk.send_correction(officer)
    owner.open(f"/applications/{receipt.id}/")
    applicant.answer_correction(owner)
    agencies.finish(cases)
    owner.open(f"/applications/{receipt.id}/")
    owner.reads("共 5 件，5 件办结")
    owner.shot("closed")
    applicant.rate(owner, "排水许可", "基本满意", "在承诺的时间内办结")
    agencies.close()


def test_6_with_nothing_but_a_keyboard(visitor, agencies):
    owner = visitor(keyboard=True)
    begin(owner)
    owner.press(re.compile("^保存并下一部分"))

    # Enter in a field goes on, as everywhere; here it says what is missing.
    owner.hands.type(owner.page.locator("#f-seats"), "很多")
    with owner.page.expect_event("load"):
        owner.page.keyboard.press("Enter")
    assert owner.page.title().startswith("错误：")
    expect(owner.page.locator(".yw-summary")).to_be_focused()
    owner.shot("wrong")
    owner.answer("f-seats", DETAILS["seats"])
    applicant.fill_the_form(owner)
    applicant.give_the_materials(owner)
    receipt = applicant.hand_in(owner)
    owner.shot("receipt")

    cases = agencies.accept(receipt.id)
    officer = agencies.at_case("lc-enforcement-review", cases["户外招牌设置"])
    desk.ask_for_correction(officer, "店招效果图", "请标出宽、高、厚。")
    desk.send_correction(officer)
    agencies.finish({"社会保险登记": cases["社会保险登记"]})

    owner.open(f"/applications/{receipt.id}/")
    applicant.answer_correction(owner)
    owner.does_not_read("请您补正")
    applicant.rate(owner, "社会保险登记", "非常满意", "可以全程网上办理")
