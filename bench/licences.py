"""Issuing a licence and making its signed document, one after another in one process."""

from __future__ import annotations

import statistics
import time
from typing import Any

from bench import world
from bench.measure import Report, times
from yiwang.kernel.acts import system_record
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.licences import acts

ROUNDS, LICENCES = 5, times(20)
ITEM, REGION = "330709201000", "330302006"


def run(report: Report) -> None:
    """Measure."""
    person = world.applicant("jia")
    edition = catalog.editions_in(REGION, [ITEM])[ITEM]
    issuer = directory.agencies_by_path([edition.agency_path])[0]
    values = world.answers(person, world.draft_of_item(person, edition.definition.task_code))
    wanted: dict[str, Any] = {
        "type_code": edition.definition.result.licence_type,
        "holder": person.principal,
        "holder_name": "演示用户甲",
        "issuer": issuer,
        "values": values,
    }

    def one() -> None:
        with system_record("bench.issue"):
            licence = acts.issue_inside(**wanted)
        if not acts.make_once(licence):
            raise RuntimeError("a licence was not signed")

    one()
    rates, costs = [], []
    for _number in range(ROUNDS):
        began, used = time.perf_counter(), time.process_time()
        for _licence in range(LICENCES):
            one()
        rates.append(LICENCES / (time.perf_counter() - began))
        costs.append((time.process_time() - used) * 1000 / LICENCES)
    report.figure("issued_and_signed", statistics.median(rates), "/s", at_least=10)
    report.figure("python", statistics.median(costs), "ms")
    report.details = {"type": wanted["type_code"], "rounds": rates}
