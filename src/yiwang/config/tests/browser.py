"""One Chromium for all browser tests of a run: Playwright allows itself only one loop in a thread."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
"""The browser without windows of its own takes a fifth less of a processor."""


@pytest.fixture(scope="session")
def debugging_port() -> int:
    """Where the browser of the tests can be driven by a second tool."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def browser(debugging_port: int) -> Iterator[Browser]:
    """Start the browser; nothing in it speaks to anybody but the tests' servers."""
    from playwright.sync_api import sync_playwright

    from yiwang.ui import assets

    assets.build()
    # The browser's own loop runs in this thread; Django would refuse the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync", f"--remote-debugging-port={debugging_port}"],
        )  # fmt: skip
        yield found
        found.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
