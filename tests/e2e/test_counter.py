"""A counter for a person without an account: identified, heard, scanned, handed in; followed by number and code."""

from __future__ import annotations

import json
import re
import time

import pytest

from . import applicant, desk
from .restaurant import DETAILS

pytestmark = pytest.mark.e2e

PERSON, NUMBER, PHONE = "演示用户丙", "330302197905031272", "19900000003"
SITUATION = {
    "place_region": "鹿城区 · 南汇街道",
    "legal_form": "个体工商户",
    "has_licence": "否",
    "shop_area": "80",
    "food_kinds": ["热食"],
    "sign_wanted": "否",
    "staff_count": "0",
}
SHOP = DETAILS | {
    "org_name": "温州市鹿城区演丙小吃店（演示）",
    "business_scope": "餐饮服务",
    "registered_address": "温州市鹿城区南汇街道演示新村 8 幢 103 号",
    "family_run": "否",
    "seats": "24",
    "seal_kinds": ["单位公章"],
    "seal_material": "橡胶",
    "seal_maker": "演示印章有限公司",
    "place_address": "温州市鹿城区南汇街道演示新村 8 幢 103 号",
    "premises_right": "租赁",
    "kitchen_area": "20",
    "food_safety_officer": PERSON,
    "food_safety_officer_cert": "SA3303022026000088",
    "food_safety_officer_valid_to": ("2029", "10", "14"),
}


def told(city, phone: str, words: str) -> str:
    """Return the short message with these words that went to a phone (the demo's channel is a file)."""
    outbox = city.state / "outbox" / "sms.jsonl"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        lines = outbox.read_text().splitlines() if outbox.exists() else []
        found = [one["text"] for one in map(json.loads, lines) if one["to"] == phone and words in one["text"]]
        if found:
            return found[-1]
        time.sleep(0.2)
    raise AssertionError(f"nobody told {phone} anything with {words}")


def test_3_a_counter_for_a_person_without_an_account(city, visitor, agencies):
    # Who is here? The document's number is checked; nothing is looked up without consent.
    clerk = agencies.member("lc-intake2")
    clerk.open("/desk/serve/")
    clerk.shot("who")
    clerk.answer("number", NUMBER[:-1] + "3")
    clerk.press("查来人")
    clerk.reads("请核对证件号码")
    clerk.shot("who-wrong")
    clerk.answer("number", NUMBER)
    clerk.press("查来人")
    clerk.heading(PERSON)
    clerk.press("开始接待")
    clerk.reads("请先请来人同意")
    clerk.shot("consent-wrong")
    clerk.hands.tick(clerk.page.get_by_label(re.compile("来人已当面同意")))
    clerk.press("开始接待")
    clerk.reads(f"正在接待 {PERSON}")
    clerk.shot("client")

    # The same questions, the same form; papers are scanned.
    clerk.follow("开一家餐饮店")
    applicant.answer_questions(clerk, SITUATION)
    clerk.heading("您的指南：4 件事，办 1 次")
    clerk.shot("guide")
    clerk.follow("开始填这一张表")
    clerk.press("开始填表")
    applicant.fill_the_form(clerk, SHOP, shots=True)
    applicant.give_the_materials(clerk, shots=True)
    clerk.shot("review")
    applicant.sign(clerk)

    # Handed in and accepted in one go; the receipt goes along.
    clerk.shot("handed-in")
    clerk.press(re.compile("^受理勾选的|^容缺受理勾选的"))
    clerk.reads("已受理")
    clerk.shot("accepted")
    cases = desk.cases_of(clerk)
    clerk.follow("收件凭证")
    clerk.shot("receipt")
    sheet = clerk.page.locator("article")
    number, code = (line.inner_text() for line in sheet.locator(".yw-mono").all())
    clerk.open("/desk/serve/client/")
    clerk.press("换下一位")
    clerk.does_not_read(PERSON)
    clerk.shot("next")

    # The person is told by SMS, and follows by number and code without an account.
    assert code in told(city, PHONE, number)
    person = visitor()
    person.open("/progress/")
    applicant.ask_progress(person, number, code)
    person.reads("等前一件办完")
    person.does_not_read(PERSON)
    person.shot("progress")

    # First the registration, then, by itself, what needs its result.
    desk.pass_review(agencies.at_case("lc-amr-review", cases["个体工商户设立登记"]))
    registrar = agencies.at_case("lc-amr-decide", cases["个体工商户设立登记"])
    registrar.shot("registration")
    desk.decide(registrar, "材料齐全，准予登记。")
    desk.pass_review(agencies.at_case("lc-police-review", cases["公章刻制备案"]))
    desk.decide(agencies.at_case("lc-police-decide", cases["公章刻制备案"]), "予以备案。")
    agencies.finish({name: cases[name] for name in ("食品经营许可", "排水许可")})
    told(city, PHONE, "“食品经营许可”已批准")
    applicant.ask_progress(person, number, code)
    person.reads("出证办结")
    person.shot("progress-closed")
