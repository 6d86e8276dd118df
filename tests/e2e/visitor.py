"""Somebody in front of a browser: opens, presses, reads, and complains of what a page should never do."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Response, expect

from .hands import Keyboard, Mouse

WIDE, NARROW = 1280, 390
PATIENCE = 20_000
"""Milliseconds that a page may take on a busy machine."""


class Album:
    """The pictures of one story, numbered in the order in which they were taken."""

    def __init__(self, folder: str, story: str) -> None:
        self.folder = Path(folder) / re.sub(r"\W+", "-", story).strip("-") if folder else None
        self.count = 0

    def keep(self, page: Page, name: str) -> None:
        """Keep what the page looks like at its present width."""
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            width = page.viewport_size["width"] if page.viewport_size else 0
            page.screenshot(path=self.folder / f"{self.count:02}-{name}-{width}.png", full_page=True)


class Visitor:
    """One browser, one person."""

    def __init__(
        self,
        browser: Browser,
        base: str,
        album: Album,
        *,
        width: int = WIDE,
        script: bool = True,
        keyboard: bool = False,
    ) -> None:
        self.album = album
        self.width = width
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, base_url=base, java_script_enabled=script, locale="zh-CN"
        )
        self.context.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.turn_to(self.context.new_page())
        self.hands = Keyboard(self.page) if keyboard else Mouse(self.page)

    def turn_to(self, page: Page) -> None:
        """Look at this page from now on, and hear what it complains of."""
        self.page = page
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._doubt)

    def _hear(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _doubt(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.url}: {response.status}")

    # --- going ---

    def open(self, address: str) -> Response:
        """Open an address."""
        answer = self.page.goto(address)
        assert answer is not None
        return answer

    def press(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        """Press a button; the page that follows is there afterwards."""
        self._leave_by((within or self.page).get_by_role("button", name=name).first)

    def follow(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        """Follow a link."""
        self._leave_by((within or self.page).get_by_role("link", name=name).first)

    def follow_to(self, address: str) -> None:
        """Follow the first link that leads there."""
        self._leave_by(self.page.locator(f'a[href*="{address}"]').first)

    def unfold(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        """Open a fold of the page, unless it is open."""
        fold = (within or self.page.locator("body")).locator("details", has=self.page.locator("summary", has_text=name))
        if fold.last.get_attribute("open") is None:
            self.hands.click(fold.last.locator("summary").first)

    def _leave_by(self, target: Locator) -> None:
        with self.page.expect_event("load"):  # not expect_navigation: a pushed state would count
            self.hands.click(target)

    # --- filling ---

    def answer(self, name: str, value: Any) -> None:
        """Answer the question of this name: words for a field, labels for what is chosen, year-month-day for a date."""
        page = self.page
        if isinstance(value, tuple):
            for part, text in zip("ymd", value, strict=True):
                self.hands.type(page.locator(f'[name="{name}-{part}"]'), text)
            return
        field = page.locator(f'main [name="{name}"]')
        kind = field.first.evaluate("field => field.type")
        if kind in ("radio", "checkbox"):
            labels = value if isinstance(value, list) else [value]
            for label in labels:
                self.hands.tick(field.and_(page.get_by_label(re.compile(f"^{re.escape(label)}"))))
        elif kind == "select-one":
            self.hands.select(field, value)
        else:
            self.hands.type(field, value)

    def answer_what_is_asked(self, answers: Mapping[str, Any], prefix: str = "f-") -> None:
        """Answer those of the questions that this page asks and that have no answer yet."""
        asked = {
            name.removeprefix(prefix).removesuffix("-y")
            for field in self.page.locator(
                "main [name]:visible, main input[type=radio], main input[type=checkbox]"
            ).all()
            if (name := field.get_attribute("name") or "").startswith(prefix)
        }
        for name, value in answers.items():
            if name in asked:
                self.answer(prefix + name, value)

    # --- reading ---

    def reads(self, text: str | re.Pattern[str]) -> None:
        """Read this somewhere on the page."""
        expect(self.page.locator("body")).to_contain_text(text)

    def does_not_read(self, text: str) -> None:
        """Find this nowhere on the page."""
        expect(self.page.locator("body")).not_to_contain_text(text)

    def heading(self, text: str | re.Pattern[str]) -> None:
        """See a heading with these words."""
        expect(self.page.get_by_role("heading", name=text).first).to_be_visible()

    def wait_for(self, target: Locator) -> None:
        """Look at the page again until this is on it: what the worker does after an act takes its moment."""
        until = time.monotonic() + PATIENCE / 1000
        while not target.count():
            assert time.monotonic() < until, f"{self.page.url} never shows {target}"
            self.page.reload()

    def shot(self, name: str) -> None:
        """See that nothing sticks out sideways on a phone or a desktop; keep a picture of both, if the run is asked to."""
        page = self.page
        self.album.count += 1
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{page.url} scrolls sideways by {wide} px at {width}"
            self.album.keep(page, name)
        page.set_viewport_size({"width": self.width, "height": 900})

    # --- who ---

    def sign_in(self, login: str) -> None:
        """Sign in by the demo's way."""
        self.open("/sign-in/")
        self.choose_account(login)

    def choose_account(self, login: str) -> None:
        """On the page that asks who it is, choose a person or a member of staff of the demo."""
        radio = self.page.locator(f'input[name=login][value="{login}"]')
        if radio.count():
            self.hands.tick(radio)
            self.press("登录")
            return
        self.unfold("工作人员登录")
        self.page.locator("select[name=login]").select_option(login)
        self.press("以工作人员身份登录")

    def choose_party(self, name: str) -> None:
        """On the page that asks for whom, choose."""
        self.hands.tick(self.page.get_by_label(name).first)
        self.press("就为它办")

    def act_for(self, name: str) -> None:
        """Go and choose for whom to act."""
        self.open("/standings/")
        self.choose_party(name)

    def check(self) -> None:
        """See that no page complained so far."""
        heard, self.complaints = self.complaints, []
        assert heard == []

    def leave(self) -> None:
        """Close the browser."""
        self.context.close()
        self.check()
