"""A restaurant from question to rating: one person, one form, a counter, five agencies, five results."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from . import applicant, desk
from .restaurant import FIRM, ITEMS, picture

pytestmark = pytest.mark.e2e


def test_from_question_to_rating(visitor):
    owner = visitor()
    owner.open("/?for=organisation")
    owner.shot("home")
    owner.page.get_by_role("searchbox").first.fill("开饭店")
    owner.press("搜索")
    owner.shot("search")
    owner.follow("开一家餐饮店")
    owner.shot("questions")
    owner.press("看我的指南")
    owner.shot("questions-missing")
    applicant.answer_questions(owner)
    owner.shot("guide")
    owner.heading("您的指南：5 件事，办 1 次")
    owner.follow("开始填这一张表")
    owner.shot("sign-in")
    owner.choose_account("jia")
    owner.shot("for-whom")
    owner.hands.tick(owner.page.get_by_label(FIRM))
    owner.press("就为它办")
    owner.shot("start")
    owner.press("开始填表")
    owner.shot("part-subject")
    owner.press(re.compile("^保存并下一部分"))
    owner.answer("f-seats", "很多")
    owner.answer("f-fire_manager_name", "演示店长")
    owner.press(re.compile("^保存并下一部分"))
    owner.shot("wrong")
    applicant.fill_the_form(owner, {"seats": "96"}) if False else None
    owner.answer("f-seats", "96")
    applicant.fill_the_form(owner, shots=True)
    applicant.give_the_materials(owner, shots=True)
    receipt = applicant.hand_in(owner, shots=True)
    owner.shot("receipt")
    print(receipt)

    clerk = visitor("lc-intake1")
    clerk.shot("desk-home")
    clerk.open("/desk/intake/")
    clerk.shot("intake")
    clerk.follow_to(f"/desk/applications/{receipt.id}/")
    clerk.shot("intake-application")
    clerk.press(re.compile("^受理勾选的"))
    clerk.shot("accepted")
    cases = desk.cases_of(clerk)
    print(cases)
    owner.open("/my/")
    owner.shot("my")
    owner.open(f"/applications/{receipt.id}/")
    owner.shot("tracking")
