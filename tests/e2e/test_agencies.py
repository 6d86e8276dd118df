"""Agencies tell each other: a house is sold, and nobody types anything twice, whoever is killed in between."""

from __future__ import annotations

import os
import re
import signal
import time
from urllib.request import urlopen

import pytest

from yiwang.config.management.commands.simulate import contracts_of
from yiwang.config.simulate.connecting import sign
from yiwang.config.simulate.house import function_of
from yiwang.config.simulate.running import Place, places

from .conftest import Bring, City

pytestmark = pytest.mark.e2e
PATIENCE = 90
"""Seconds in which what was signed is taxed, with everybody killed once."""
COUNT = 5


def systems(city: City) -> dict[str, Place]:
    """Return the agencies' systems by what their agency does."""
    return {function_of(place.agency): place for place in places(city.state / "agencies")}


def screen(system: Place) -> str:
    """Return what a desk's screen shows; nothing while its system comes up again."""
    try:
        with urlopen(f"{system.url}/house/", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def section(page: str, contract: str) -> str:
    """Return what a screen shows of a contract."""
    return page.partition(f"<h2>{contract}</h2>")[2].partition("<h2>")[0]


def test_7_a_house_goes_from_desk_to_desk_whoever_is_killed(city: City, visitor: Bring) -> None:
    found = systems(city)
    assert len(found) >= 42
    contracts: list[str] = []
    for victim in ("natural_resources", "tax", "housing"):
        for contract in contracts_of(city.state / "agencies", found, COUNT):
            contracts.append(sign(found["housing"], contract))
        os.kill(systems(city)[victim].pid, signal.SIGKILL)
    assert len(set(contracts)) == 3 * COUNT
    until = time.monotonic() + PATIENCE
    while True:
        screens = {name: screen(found[name]) for name in ("housing", "natural_resources", "tax")}
        if all("tax.house_tax_paid" in section(screens["housing"], one) for one in contracts):
            break
        assert time.monotonic() < until, "some house was never taxed"
        time.sleep(0.5)
    for one in contracts:
        at = {name: section(page, one) for name, page in screens.items()}
        rows = {
            name: dict(re.findall(r"<td>(price|certificate_number)</td><td>(.*?)</td>", text))
            for name, text in at.items()
        }
        assert set(rows["tax"]) == {"price", "certificate_number"}
        assert rows["housing"] == rows["natural_resources"] == rows["tax"], "all three know the same"
        assert "<td>price</td>" in at["tax"]
        assert not re.search(r"<td>price</td><td>[^<]*</td><td>本部门</td>", at["natural_resources"] + at["tax"])
    steward = visitor("wz-data")
    steward.open("/desk/events/")
    steward.reads("二手房买卖合同网签")
    steward.does_not_read("HTTP 503")
    steward.shot("events")


WAYS = {
    "legal_persons": "部门推送",
    "education_records": "数据库的表或视图",
    "annual_reports": "文件夹（CSV、XLSX）",
    "serious_dishonesty": "HTTP 接口",
    "driving_licences": "实时核验接口",
}
"""A dataset for every way in which data come in."""


def test_8_data_come_in_every_way(visitor: Bring) -> None:
    steward = visitor("wz-steward")
    for dataset, way in WAYS.items():
        steward.open(f"/desk/feeds/{dataset}/")
        steward.shot(dataset)
        steward.reads(f"{way} · 正常")
