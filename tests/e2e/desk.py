"""The desk's part: a counter that accepts, agencies that work."""

from __future__ import annotations

from .restaurant import picture
from .visitor import Visitor


def accept_all(clerk: Visitor, application: str) -> dict[str, str]:
    """Accept every case of an application in one act; returns the address of each case by its item's short name."""
    clerk.follow_to(f"/desk/applications/{application}/")
    clerk.press("受理勾选的")
    clerk.reads("已受理，时限从下一个工作日开始算")
    return cases_of(clerk)


def cases_of(clerk: Visitor) -> dict[str, str]:
    """Return the cases of the application that is open at the counter."""
    links = clerk.page.locator('main a[href*="/desk/cases/"]')
    return {link.inner_text(): link.get_attribute("href") or "" for link in links.all()}


def open_from_inbox(officer: Visitor, case: str) -> None:
    """Find a case in one's own inbox and open it."""
    officer.open("/desk/inbox/")
    officer.follow_to(case)


def write(officer: Visitor, words: str) -> None:
    """Write one's opinion on the case page."""
    officer.page.locator("#opinion").fill(words)


def review(officer: Visitor, words: str = "材料齐全，内容与共享数据一致。") -> None:
    """Pass the review of the case that is open."""
    write(officer, words)
    officer.press("通过")


def record_visit(officer: Visitor, officers: tuple[str, str], words: str) -> None:
    """Record what was found on the spot, with a photograph."""
    page = officer.page
    page.get_by_label("第一名").fill(officers[0])
    page.get_by_label("第二名").fill(officers[1])
    page.get_by_label("现场看到的情况").fill(words)
    page.locator("#v-photo").set_input_files(picture("SITE", "lightgray"))
    officer.press("记录：符合")


def decide(officer: Visitor, words: str = "符合法定条件，准予许可。") -> None:
    """Grant the case that is open."""
    write(officer, words)
    officer.press("准予")
