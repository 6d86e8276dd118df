"""By API: what the manual says, word for word, over real HTTP to the running city; the agencies work at their desks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from yiwang.config.environment import ROOT

from . import desk
from .restaurant import FIRM_USCC

pytestmark = pytest.mark.e2e

GUIDE = Path(ROOT) / "docs" / "guides" / "api.md"
PART = re.compile(r"^```python\n(.*?)^```$|^<!-- agencies: (.*?) -->$", re.MULTILINE | re.DOTALL)


def at_work(agencies: desk.Agencies, said: dict[str, Any]) -> Iterator[None]:
    """Do what the manual says that agencies do: accept and ask for a correction; then work until all is closed."""
    cases = agencies.accept(said["application"])
    officer = agencies.at_case("lc-enforcement-review", cases["户外招牌设置"])
    officer.reads("经办 演示餐饮业务系统")
    officer.shot("desk-case")
    desk.ask_for_correction(officer, "店招效果图", "请标出宽、高、厚和离地高度（米）。")
    desk.send_correction(officer)
    yield
    agencies.finish(cases)
    until = time.monotonic() + 30
    ended = said["server"].get(f"/api/v1/applications/{said['application']}").json()["cases"]
    while not all(said["server"].get(f"/api/v1/cases/{case['id']}/services").json() for case in ended):
        assert time.monotonic() < until, "a case is over, and nothing can be rated"
        time.sleep(0.2)
    yield


def test_4_by_api_as_the_manual_says(city, agencies):
    client = city.command("api", "add", "演示餐饮业务系统", "--firm", FIRM_USCC, "--purpose", "连锁门店开业")
    said: dict[str, Any] = {
        "CLIENT_ID": re.search(r"client_id +(\S+)", client)[1],
        "CLIENT_SECRET": re.search(r"client_secret +(\S+)", client)[1],
    }
    work = at_work(agencies, said)
    manual = GUIDE.read_text().replace("http://127.0.0.1:8000", city.url)
    for number, (code, agencies_do) in enumerate(PART.findall(manual), 1):
        if agencies_do:
            next(work)
        else:
            exec(compile(code, f"{GUIDE.name}, part {number}", "exec"), said)
    assert {case["state"] for case in said["done"]["cases"]} <= {"closed", "delivered"}
    assert said["verdict"]["verdict"] == "valid"
    assert said["tampered"]["verdict"] == "tampered"
    assert said["rated"].status_code == 201
