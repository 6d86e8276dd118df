"""The browser tests' city: `yiwang demo` itself, in a state directory of its own, as somebody at a terminal starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from yiwang.config.environment import ROOT

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SHOTS = os.environ.get("YIWANG_SHOTS", "")
READY = 900


@pytest.fixture(scope="session")
def city():
    """Start the demo and give its address; Ctrl-C ends it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    state = ROOT / ".yiwang" / "e2e"
    state.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "YIWANG_MODE"}} | {
        "YIWANG_STATE_DIR": str(state),
        "YIWANG_BASE_URL": f"http://127.0.0.1:{port}",
    }
    log = state / "demo.log"
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "yiwang.config.command", "demo", "--port", str(port)],
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + READY
        while "Ctrl-C" not in log.read_text(errors="replace"):
            assert demo.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < until, log.read_text(errors="replace")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        demo.wait(40)


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield browser
        browser.close()


class Visitor:
    """Somebody in front of a browser: signs in, looks, and complains of what a page should never do."""

    def __init__(self, browser, base: str, width: int = 1280) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, base_url=base)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def sign_in(self, login: str) -> None:
        """Sign in by the demo's way."""
        self.page.goto("/sign-in/")
        token = self.page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
        answer = self.context.request.post(
            "/sign-in/",
            form={"csrfmiddlewaretoken": token, "method": "demo", "login": login},
            headers={"Referer": self.page.url},
        )
        assert answer.ok, answer.status

    def act_for(self, name: str) -> None:
        """Choose for whom to act."""
        self.page.goto("/standings/")
        self.page.get_by_label(name).check(force=True)
        self.page.get_by_role("button", name="就为它办").click()

    def shot(self, name: str) -> None:
        """Keep a picture, if the run is asked to; look that nothing sticks out sideways."""
        page = self.page
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{page.url} scrolls sideways by {wide} px"
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            size = page.viewport_size["width"]
            page.screenshot(path=f"{SHOTS}/{name}-{size}.png", full_page=True)

    def fill_part(self) -> None:
        """Answer every empty question of a form's part with something it takes."""
        page = self.page
        for field in page.locator("main input[type=text]:visible, main textarea:visible").all():
            if not field.input_value():
                field.fill(_plausible(field.get_attribute("name") or "", field.get_attribute("inputmode") or ""))
        for field in page.locator("main select:visible").all():
            if not field.input_value():
                field.select_option(index=1)
        for group in page.locator("main fieldset").all():
            choices = group.locator("input[type=radio], input[type=checkbox]")
            if choices.count() and not group.locator("input:checked").count():
                choices.first.check(force=True)

    def close(self) -> None:
        """Leave; nothing may have been complained of."""
        self.context.close()
        assert self.complaints == []


def _plausible(name: str, mode: str) -> str:
    endings = {"-y": "2030", "-m": "6", "-d": "15"}
    if name[-2:] in endings:
        return endings[name[-2:]]
    for part, value in {
        "phone": "19957700001",
        "account": "6222021203000012345",
        "number": "330302198603068824",
    }.items():
        if part in name and mode != "decimal":
            return value
    return "2" if mode in ("numeric", "decimal") else "演示内容"


@pytest.fixture
def visitor(city, chromium):
    """Return a function that brings a visitor; all leave at the end."""
    visitors: list[Visitor] = []

    def bring(login: str = "", width: int = 1280) -> Visitor:
        one = Visitor(chromium, city, width)
        visitors.append(one)
        if login:
            one.sign_in(login)
        return one

    yield bring
    for one in visitors:
        one.close()
