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


def hand_in(person: Visitor, *, shots: bool = False) -> Receipt:
    """Promise, sign, hand in."""
    person.hands.tick(person.page.get_by_label("我已阅读并承诺"))
    if shots:
        person.shot("review")
    person.press(re.compile("^提交这"))
    person.reads("收件凭证已经生成")
    return receipt(person)


def receipt(person: Visitor) -> Receipt:
    """Read the numbers off the page that follows handing in."""
    said = person.page.locator("main .yw-title").inner_text()
    number = re.search(r"\b\d{4}\S{8,}|\b[A-Z0-9]{10,}\b", said)
    code = person.page.locator("main .yw-title strong").first.inner_text()
    found = re.search(r"applications/([0-9a-f-]{36})", person.page.url)
    assert number and found, said
    return Receipt(found[1], number[0], code)


def rate(person: Visitor, level: str, reason: str, *, shots: bool = False) -> None:
    """Rate the service whose page is open."""
    if shots:
        person.shot("rate")
    person.follow(level)
    person.hands.tick(person.page.get_by_label(reason))
    if shots:
        person.shot("rate-reasons")
    person.press("提交评价")
    person.heading("谢谢您的评价")
    expect(person.page.locator("main")).to_contain_text(level)
