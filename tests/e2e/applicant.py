"""The applicant's part of the journey, page by page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import expect

from .restaurant import DETAILS, SITUATION, picture
from .visitor import Visitor


@dataclass(frozen=True)
class Receipt:
    """What somebody has in hand after handing in."""

    id: str
    number: str
    code: str


def answer_questions(person: Visitor, answers: Mapping[str, Any] = SITUATION) -> None:
    """Answer the navigator's questions and ask for the guide."""
    for name, value in answers.items():
        person.answer(f"q-{name}", value)
    person.press("看我的指南")


def fill_the_form(person: Visitor, details: Mapping[str, Any] = DETAILS, *, shots: bool = False) -> None:
    """Go through the parts of the form, answering what is asked."""
    page = person.page
    while "/parts/" in page.url:
        here = page.url
        person.answer_what_is_asked(details)
        if shots:
            person.shot("part-" + here.rstrip("/").rpartition("/")[2])
        person.press(re.compile("^保存并下一部分"))
        assert page.url != here, page.locator(".yw-summary").inner_text()


def give_the_materials(person: Visitor, *, shots: bool = False) -> None:
    """Promise what may be promised, give a file for the rest."""
    page = person.page
    for field in page.locator("main fieldset.yw-field").all():
        promise = field.get_by_label("承诺符合要求，不上传")
        if promise.count():
            person.hands.tick(promise)
        elif field.get_by_text("已收到，病毒检查通过").count() == 0:
            person.hands.give(field.locator("input[type=file]"), picture())
    if shots:
        person.shot("materials")
    person.press("保存并核对")
    person.heading("核对并提交")


def hand_in_too_early(person: Visitor) -> None:
    """Hand in without promising, then with something missing: both are told, nothing is handed in."""
    person.press(re.compile("^提交这"))
    person.reads("请先勾选承诺")
    person.hands.tick(person.page.get_by_label("我已阅读并承诺"))
    person.press(re.compile("^提交这"))
    expect(person.page.locator(".yw-summary li")).not_to_have_count(0)


def sign(person: Visitor) -> None:
    """Promise, sign, send."""
    person.hands.tick(person.page.get_by_label("我已阅读并承诺"))
    person.press(re.compile("^提交这"))


def hand_in(person: Visitor, *, shots: bool = False) -> Receipt:
    """Look everything through once more and hand it in."""
    if shots:
        person.shot("review")
    sign(person)
    person.reads("收件凭证已经生成")
    return receipt(person)


def receipt(person: Visitor) -> Receipt:
    """Read the numbers off the page that follows handing in."""
    title = person.page.locator("main .yw-title")
    found = re.search(r"applications/([0-9a-f-]{36})", person.page.url)
    assert found, person.page.url
    return Receipt(found[1], title.locator(".yw-mono").last.inner_text(), title.locator("strong").first.inner_text())


def answer_correction(person: Visitor) -> None:
    """Give a new file for what was asked, with a word."""
    form = person.page.locator("form", has=person.page.get_by_role("button", name="提交补正"))
    person.hands.give(form.locator("input[type=file]"), picture("店招效果图"))
    form.get_by_label(re.compile("^说明")).fill("已按要求标注尺寸。")
    person.press("提交补正")


def ask_progress(person: Visitor, number: str, code: str) -> None:
    """Ask how it stands, as everybody may."""
    person.hands.type(person.page.get_by_label("申请编号或办件编号"), number)
    person.hands.type(person.page.get_by_label("查询码"), code)
    person.press("查进度")


def rate(person: Visitor, case: str, level: str, reason: str, *, shots: bool = False) -> None:
    """Rate a case of the application that is open."""
    line = person.page.locator("main .yw-case").filter(has_text=case)
    person.wait_for(line.get_by_role("link", name=re.compile("^去评价")))
    person.follow(re.compile("^去评价"), within=line)
    if shots:
        person.shot("rate")
    person.follow(re.compile(f"^{level}$"))
    person.hands.tick(person.page.get_by_label(reason))
    if shots:
        person.shot("rate-reasons")
    person.press("提交评价")
    person.heading("谢谢您的评价")
    person.reads(level)
    if shots:
        person.shot("rated")
