"""Kill -9 of web, worker and database in the middle of journeys: nothing acknowledged is lost, nothing is done twice.

In every test run a few kills strike a small city; `make chaos` strikes 50 times at Wenzhou and its restaurant. The seed
stands in the report: `YIWANG_CHAOS_SEED` strikes in the same way again, as far as the machine does.
"""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
import traceback
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import yaml

from yiwang.config.environment import ROOT

from .city import PACK, City, wait_for
from .judge import Judge
from .killer import KILLS, SEED, Killer
from .people import Citizen, Firm, Ledger, Staff

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

WALKERS = 2  # journeys at a time
IN_FLIGHT = 0.15  # seconds that an act takes, about: the blow falls somewhere in it
SETTLE = 120  # seconds in which what was begun must be done: jobs of a killed worker wait until it counts as dead


@dataclass(frozen=True)
class Plan:
    """Whom the journeys are about."""

    life_event: str
    answers: dict[str, Any]
    firm: str
    login: str
    intake: str
    corrected: str
    material: str
    firm_name: str = field(default="", compare=False)


def plan() -> Plan:
    """Read the journey: Wenzhou's restaurant, or a small shop in Testville."""
    if PACK == "testville":
        answers = {"place_region": "339901001", "has_licence": True, "shop_area": 360, "food_kinds": ["hot"]}
        return Plan("shop", answers, "91339901MADEM0011Y", "rep", "intake", "330131018001", "floor_plan", "测试小吃")
    root = ROOT / "packs" / PACK
    found = yaml.safe_load((root / "journeys" / "restaurant.yaml").read_text())
    firm = next(one for one in yaml.safe_load((root / "organisations.yaml").read_text()) if one["code"] == "catering")
    answers = found["answers"] | {"place_region": str(found["answers"]["place_region"])}
    ask = found["correction"]
    return Plan(
        found["life_event"], answers, firm["uscc"], found["person"], "lc-intake1", str(ask["item"]), ask["material"],
        firm["name"],
    )  # fmt: skip


def walk(city: City, plan: Plan, ledger: Ledger, access: tuple[str, str], done: list[str]) -> None:
    """Walk one journey, from the questions to the rating."""
    firm = Firm(city.address, ledger, *access)
    staff = Staff(PACK, city.address, ledger)
    pk = firm.apply(plan.life_event, plan.answers)
    staff.clerk(plan.intake).accept(pk)
    asked = False
    until = time.monotonic() + SETTLE * 3
    while cases := [one for one in firm.read(f"/applications/{pk}")["cases"] if not one["closed_at"]]:
        assert time.monotonic() < until, f"{pk} is stuck: {[(one['name'], one['state']) for one in cases]}"
        moved = False
        for case in cases:
            ready = [one["kind"] for one in firm.read(f"/cases/{case['id']}/steps") if one["state"] == "ready"]
            if not ready:
                continue
            clerks = staff.of(case["agency_name"], ready[0])
            if not asked and case["item_code"] == plan.corrected and case["state"] in ("accepted", "in_process"):
                material = clerks[0].ask_for_correction(pk, case["id"], plan.material, "请标出尺寸。")
                firm.attach(pk, material)
                at = f"/cases/{case['id']}/correction-answer"
                firm.act("cases.answer_correction", "POST", at, pk, json={"answers": {}})
                asked = moved = True
            else:
                moved |= any(clerk.work(pk, case["id"]) for clerk in clerks)
        if not moved:
            time.sleep(0.1)
    citizen = Citizen(city.address, ledger, plan.login)
    citizen.act_for(plan.firm_name)
    for case in firm.read(f"/applications/{pk}")["cases"]:
        assert wait_for(lambda case=case: citizen.rate(pk, case["id"]), SETTLE), f"nothing to rate in {case['name']}"
    done.append(pk)


def leave_to_the_law(city: City, plan: Plan, firm: Firm, count: int) -> list[str]:
    """Hand in applications that nobody will accept, and let their five days be over soon, one after the other."""
    applications = [firm.apply(plan.life_event, plan.answers) for _ in range(count)]
    with psycopg.connect(city.database_url()) as connection:
        for number, pk in enumerate(applications, 1):
            connection.execute("UPDATE cases_case SET tell_by = current_date - 2 WHERE application_id = %s", [pk])
            connection.execute(
                "UPDATE kernel_timer SET due_at = now() + make_interval(secs => %s) WHERE subject_id = %s AND kind = %s",
                [5 * number, pk, "cases.deemed_acceptance"],
            )
    return applications


def test_nothing_is_lost_and_nothing_is_doubled(city: City) -> None:
    wanted, ledger = plan(), Ledger()
    added = city.run("api", "add", "chaos", "--firm", wanted.firm, "--purpose", "一次一次地断电")
    assert added.returncode == 0, added.stderr
    words = dict(line.split() for line in added.stdout.splitlines() if line)
    access = words["client_id"], words["client_secret"]
    firm = Firm(city.address, ledger, *access)
    left = leave_to_the_law(city, wanted, firm, max(2, KILLS // 5))
    began = time.monotonic()
    done: list[str] = []
    failures: list[str] = []
    targets = [city.web, city.worker, city.database, city.web_process, city.whole_database, city.backend]
    killer = Killer(city, ledger, random.Random(SEED), failures, targets, IN_FLIGHT)

    def walk_on() -> None:
        try:
            while (not done or len(killer.struck) < KILLS) and not failures:
                walk(city, wanted, ledger, access, done)
        except BaseException:
            failures.append(traceback.format_exc())

    walkers = [threading.Thread(target=walk_on) for _ in range(WALKERS)]
    for one in walkers:
        one.start()
    killer.run()
    for one in walkers:
        one.join()
    struck = time.monotonic() - began
    judge = Judge(city, ledger)
    if not failures:
        judge.settled(SETTLE)
    report = {
        "pack": PACK, "seed": SEED, "kills": killer.struck, "journeys": len(done), "acts": ledger.count,
        "sent_again": ledger.sent_again, "seconds": round(struck), "settled": round(time.monotonic() - began - struck),
    }  # fmt: skip
    print(json.dumps(report))  # noqa: T201 - what `make chaos` shows
    assert not failures, "\n".join([str(report), *failures, city.said()[-2000:]])

    judge.acts_stand_once([*done, *left])
    judge.journeys_are_complete(done, firm)
    judge.the_law_acted_once(left)
    judge.everybody_was_told_once([*done, *left])
    judge.logs_name_nobody()
    judge.record_is_whole()
    assert len(killer.struck) == KILLS


@pytest.mark.skipif(PACK == "testville", reason="makes a whole city, twice: `make chaos` does")
def test_a_first_start_that_was_broken_off_leaves_no_half_a_city() -> None:
    state_dir = ROOT / ".yiwang" / "chaos" / "first"
    shutil.rmtree((state_dir / "pg").resolve(), ignore_errors=True)
    shutil.rmtree(state_dir, ignore_errors=True)
    city = City(state_dir, PACK)
    count = "SELECT count(*) FROM cases_application"
    try:
        city.start("让城市里有事在办")

        def begun() -> int:
            with psycopg.connect(city.database_url()) as connection:
                return connection.execute(count).fetchone()[0]

        assert wait_for(lambda: begun() > 3, 60)
        assert city.kill(city.everything)  # somebody starts it again
        assert "重新建库" in city.said()
        whole = begun()
        assert whole > 20
        assert city.run("audit", "verify").returncode == 0
        city.stop()
        city.start()
        assert "让城市里有事在办" not in city.said()
        assert begun() == whole
    finally:
        city.stop()
