"""The desk's part: a counter that accepts, and five agencies, each with its own staff, that work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from playwright.sync_api import Browser

from .restaurant import AGENCIES, picture
from .visitor import Album, Visitor

INSPECTORS = {"amr": ("A0311", "A0312"), "fire": ("F0103", "F0104"), "housing": ("H0103", "H0104")}


class Agencies:
    """The staff of the counter and the agencies; each signs in once, in a browser of their own."""

    def __init__(self, browser: Browser, base: str, **how: Any) -> None:
        self.album = Album("", "")
        self._browser, self._base, self._how = browser, base, how
        self._staff: dict[str, Visitor] = {}

    def member(self, login: str) -> Visitor:
        """Return a member of staff at their desk."""
        if login not in self._staff:
            self._staff[login] = Visitor(self._browser, self._base, self.album, **self._how)
            self._staff[login].sign_in(login)
        member = self._staff[login]
        member.album = self.album
        return member

    def check(self) -> None:
        """See that no page complained so far."""
        for member in self._staff.values():
            member.check()

    def close(self) -> None:
        """Let everybody go home."""
        for member in self._staff.values():
            member.leave()

    def at_case(self, login: str, case: str, *, shot: str = "") -> Visitor:
        """Return a member of staff who has found the case in their own inbox and opened it."""
        officer = self.member(login)
        officer.open("/desk/inbox/")
        if shot:
            officer.shot(shot)
        officer.follow_to(case)
        return officer

    def accept(self, application: str, login: str = "lc-intake1") -> dict[str, str]:
        """Accept every case of an application in one act; returns the address of each by its item's short name."""
        clerk = self.member(login)
        clerk.open("/desk/intake/")
        clerk.follow_to(f"/desk/applications/{application}/")
        clerk.press(re.compile("^受理勾选的|^容缺受理勾选的"))
        clerk.reads("已受理，时限从下一个工作日开始算")
        return cases_of(clerk)

    def finish(self, cases: Mapping[str, str]) -> None:
        """Do all that is to be done on these cases, each by its own agency."""
        for name, case in cases.items():
            agency = AGENCIES[name]
            pass_review(self.at_case(f"lc-{agency}-review", case))
            if agency in INSPECTORS:
                inspector = self.at_case(f"lc-{agency}-inspect", case)
                inspector.follow(re.compile("^去.*踏勘"))
                record_visit(inspector, INSPECTORS[agency], "现场与申报一致。")
            if agency == "social":
                continue  # what needs no discretion is decided by its rule
            decider = self.at_case(f"lc-{agency}-decide", case)
            if agency == "housing":
                check_again(decider, "已电话核实接驳点。")
            decide(decider)


def cases_of(clerk: Visitor) -> dict[str, str]:
    """Return the address of each case of the application that is open at the counter, by its item's short name."""
    links = clerk.page.locator('main a[href*="/desk/cases/"]')
    return {link.inner_text(): link.get_attribute("href") or "" for link in links.all()}


def write(officer: Visitor, words: str) -> None:
    """Write one's opinion on the case that is open."""
    officer.page.locator("#opinion").fill(words)


def pass_review(officer: Visitor, words: str = "材料齐全，内容与共享数据一致。") -> None:
    """Pass the step of the case that is open."""
    write(officer, words)
    officer.press(re.compile("^通过"))


def ask_for_correction(officer: Visitor, material: str, words: str) -> None:
    """Tell once all that is to be put right: here one material."""
    officer.unfold(re.compile("^一次性告知补正"))
    officer.unfold(re.compile(f"^{material}"), within=officer.page.locator("details.yw-act[open]"))
    officer.page.locator("details.yw-act[open] details[open] textarea").fill(words)


def send_correction(officer: Visitor) -> None:
    """Send what was written."""
    officer.press(re.compile("^一次性告知补正"), within=officer.page.locator("details.yw-act[open]"))


def check_again(officer: Visitor, finding: str) -> None:
    """Ask the sources again that were down; what they still do not say is found out by hand."""
    officer.press(re.compile("^重查数据源"))
    officer.unfold("更多操作")
    officer.unfold("数据源仍不通，人工核验")
    form = officer.page.locator("details.yw-act[open]")
    form.get_by_label("怎样核验，结果如何").fill(finding)
    officer.press("数据源仍不通，人工核验", within=form)


def preview(officer: Visitor, words: str, *, shot: str) -> None:
    """Look at the document that a grant would make, in a window of its own."""
    write(officer, words)
    case = officer.page
    with case.expect_popup() as opened:
        case.get_by_role("button", name=re.compile("^预览准予决定书")).click()
    officer.turn_to(opened.value)
    officer.reads("这是预览，还没有作出决定")
    officer.reads(words)
    officer.shot(shot)
    officer.page.close()
    officer.page = case


def plan_visit(officer: Visitor, day: date) -> None:
    """Set the day on which all come."""
    officer.page.get_by_label(re.compile("约定日期|改约")).fill(day.isoformat())
    officer.press("定下，大家都看得到")


def record_visit(officer: Visitor, officers: tuple[str, ...], words: str) -> None:
    """Record what was found on the spot, with a photograph."""
    page = officer.page
    for label, number in zip(("第一名", "第二名"), officers, strict=False):
        page.get_by_label(label).fill(number)
    page.get_by_label("现场看到的情况").fill(words)
    page.locator("#v-photo").set_input_files(picture())
    officer.press("记录：符合")


def decide(officer: Visitor, words: str = "符合法定条件，准予许可。") -> None:
    """Grant the case that is open."""
    write(officer, words)
    officer.press(re.compile("^准予"))
