"""The guide page of every published item over HTTP, for readers without and with a sign-in, in turn with a bare page."""

from __future__ import annotations

import random
import statistics

from bench.measure import Report, in_turns, milliseconds, percentile, times
from bench.server import CONNECTIONS, Browser, Job, rate, web
from yiwang.platform.catalog import queries as catalog

ROUNDS = 5
PAGES = times(1000)
"""Pages read in a round, drawn by Zipf's law: few items are read often, most now and then."""


def run(report: Report) -> None:
    """Measure."""
    codes = [catalog.get_edition(pk).definition.task_code for _item, pk in catalog.published_implementations()]
    chance = random.Random(5)
    chance.shuffle(codes)
    weights = [1 / rank for rank in range(1, len(codes) + 1)]
    drawn = [read(code) for code in chance.choices(codes, weights, k=PAGES)]
    with web() as served:
        strangers = [Browser(served.port) for _number in range(CONNECTIONS)]
        person = Browser(served.port)
        person.sign_in("jia")
        persons = [person.like() for _number in range(CONNECTIONS)]
        rate(
            strangers, [read(code) for code in codes[: times(len(codes))]]
        )  # every page once: what it needs is in memory
        rate(persons, drawn)
        cost = served.cpu()
        found = in_turns(
            {
                "stranger": lambda: rate(strangers, drawn),
                "person": lambda: rate(persons, drawn),
                "hello": lambda: rate(strangers, [_hello] * PAGES),
            },
            ROUNDS,
        )
        report.figure("pages", statistics.median(found["stranger"]), "/s", at_least=300)
        report.figure("pages_signed_in", statistics.median(found["person"]), "/s")
        report.figure("floor_hello", statistics.median(found["hello"]), "/s")
        alone = Browser(served.port)
        took = [milliseconds(lambda job=job: job(alone)) for job in drawn]  # type: ignore[misc]
        report.figure("alone_p95", percentile(took, 95), "ms")
        report.details = {"items": len(codes), "rounds": found, "server_cpu_s": served.cpu() - cost}


def read(code: str) -> Job:
    """Return the job of reading an item's guide."""
    path = f"/items/{code}/"

    def job(browser: Browser) -> None:
        answer = browser.get(path)
        if answer.status != 200 or code.encode() not in answer.body:
            raise RuntimeError(f"{path}: {answer.status}")

    return job


def _hello(browser: Browser) -> None:
    browser.get("/bench/hello/")
