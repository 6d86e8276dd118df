"""100 events a second to 42 subscribers on loopback, three of them down at first; against the same POSTs without the platform.

The publisher does the act as an agency's system would have it done, one event at a time; the worker is `yiwang worker`, the
subscribers are a third process, each with a port of its own. Those that are down refuse the connection.
"""

from __future__ import annotations

import gc
import http.client
import json
import multiprocessing
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob

from bench.listeners import DOWN, SUBSCRIBERS, receivers
from bench.measure import QUICK, Report, percentile
from yiwang.config.processes import die_with_parent
from yiwang.kernel import clock
from yiwang.kernel.types import SYSTEM, Actor, ActorKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.events import envelopes, signing
from yiwang.platform.sharing.events.models import Subscription, TopicRow
from yiwang.platform.sharing.events.types import Method, NewEvent

TOPIC = "housing.contract_signed"
RATE, SECONDS, AWAY = 100, 4 if QUICK else 30, 2 if QUICK else 15
SUBJECTS = 50
PATIENCE = 90.0
WARM = 8.0
"""Seconds that a worker has to begin."""
BEFORE = 180.0
"""Seconds that it has for what the city left it to do (documents of licences, above all): that is not measured here."""


def run(report: Report) -> None:
    """Measure."""
    here, there = multiprocessing.Pipe()
    city = multiprocessing.get_context("spawn").Process(target=receivers, args=(there,), daemon=True)
    city.start()
    there.close()  # so that its end is noticed
    ports: list[int] = here.recv()
    row = TopicRow.objects.get(code=TOPIC)
    agency = directory.get_agency("330300-housing")
    for port in ports:
        address = f"http://127.0.0.1:{port}/events"
        pk = acts.subscribe(TOPIC, "330300-tax", address, Method.HMAC, "压测", by=SYSTEM, key=_key())
        acts.pass_subscription(pk, by=SYSTEM, key=_key())
        acts.approve_subscription(pk, 12, by=SYSTEM, key=_key())
    by = Actor(
        kind=ActorKind.CLIENT,
        id=agency.id,
        label="住建系统",
        agency=agency.path,
        scopes=frozenset({"data:publish"}),
    )
    with _worker():
        gc.collect()
        sent, late = _publish(row.pk, by, here)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and Subscription.objects.filter(topic=row).exclude(cursor=len(sent)).exists():
            time.sleep(0.2)
        recovered = time.monotonic()
    here.send("tell")
    got: list[list[tuple[float, list[tuple[int, str, str]]]]] = here.recv()
    floor = _floor(here, ports)
    here.send("end")
    healthy = [_latencies(one, sent) for one in got[DOWN:]]
    flat = [one for each in healthy for one in each]
    report.figure("healthy_p95", percentile(flat, 95) * 1000, "ms", at_most=1000)
    report.figure("healthy_p50", percentile(flat, 50) * 1000, "ms")
    report.figure("published", (len(sent) - 1) / (sent[-1] - sent[0]), "/s", at_least=RATE * 0.98)
    report.figure(
        "lost", sum(len(sent) - len({no for _at, batch in one for no, _s, _i in batch}) for one in got), at_most=0
    )
    report.figure("out_of_order", sum(_disorder(one) for one in got), at_most=0)
    report.figure(
        "twice", sum(sum(len(b) for _at, b in one) - len({i for _at, b in one for _n, _s, i in b}) for one in got)
    )
    report.figure("floor_p95", percentile(floor, 95) * 1000, "ms")
    report.details = {
        "subscribers": SUBSCRIBERS,
        "down": DOWN,
        "down_seconds": AWAY,
        "seconds": SECONDS,
        "deliveries": sum(len(one) for one in got),
        "healthy_p99_ms": percentile(flat, 99) * 1000,
        "healthy_max_ms": max(flat) * 1000,
        "worst_subscriber_p95_ms": max(percentile(each, 95) for each in healthy) * 1000,
        "publisher_late_ms_p95": percentile(late, 95) * 1000,
        "all_recovered_after_s": recovered - sent[-1],
    }


def _publish(pk: uuid.UUID, by: Actor, city: Connection) -> tuple[list[float], list[float]]:
    """Publish at the rate; return when each event was committed, and how late each began."""
    chance, sent, late = random.Random(1), [], []
    began = time.monotonic()
    for number in range(RATE * SECONDS):
        due = began + number / RATE
        if number == RATE * AWAY:
            city.send("up")
        time.sleep(max(0.0, due - time.monotonic()))
        late.append(time.monotonic() - due)
        subject = f"HT{chance.randrange(SUBJECTS):06d}"
        event = NewEvent(id=f"bench-{number}", subject=subject, at=clock.now(), data=_data(subject))
        begun = time.monotonic()
        acts.publish_events(pk, (event,), by=by, key=_key())
        sent.append(begun)  # the whole of the act counts
    return sent, late


def _data(subject: str) -> dict[str, Any]:
    return {
        "contract_number": subject,
        "unit_number": "330302001001GB00001F00010001",
        "seller_number": "11010519491231002X",
        "buyer_number": "11010519491231002X",
        "price": "1680000.00",
        "area": 89.5,
        "signed_on": "2026-03-02",
    }


@contextmanager
def _worker() -> Iterator[None]:
    """Let a worker run as long as the block."""
    child = subprocess.Popen(
        [sys.executable, "-m", "yiwang.config.command", "worker"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - in the main thread
    )
    try:
        time.sleep(WARM)
        deadline = time.monotonic() + BEFORE
        while ProcrastinateJob.objects.filter(status__in=("todo", "doing")).exists():
            if time.monotonic() > deadline:
                raise RuntimeError("the worker is still busy with what the city left it to do")
            time.sleep(0.5)
        yield
    finally:
        child.terminate()
        child.wait(30)


def _latencies(got: list[tuple[float, list[tuple[int, str, str]]]], sent: list[float]) -> list[float]:
    return [at - sent[number - 1] for at, batch in got for number, _subject, _id in batch]


def _disorder(got: list[tuple[float, list[tuple[int, str, str]]]]) -> int:
    """Count the events that came, for the first time, after a later one of their subject."""
    last: dict[str, int] = {}
    seen: set[str] = set()
    wrong = 0
    for _at, batch in got:
        for number, subject, identity in batch:
            if identity not in seen:
                seen.add(identity)
                wrong += number < last.get(subject, 0)
                last[subject] = max(number, last.get(subject, 0))
    return wrong


def _floor(city: Connection, ports: list[int]) -> list[float]:
    """Send as many batches of as many bytes as fast as the events come, from a list in memory: no platform."""
    city.send("tell")
    city.recv()
    one = json.dumps({"specversion": "1.0", "sequence": "1", "subject": "x", "id": "x", "data": _data("HT")}).encode()
    body = envelopes.batch([one] * 25)
    took: list[float] = []

    def send(port: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port)
        for _number in range(SECONDS if QUICK else 20):
            begun = time.monotonic()
            signature = signing.hmac_signature(["00" * 32], int(time.time()), body)
            line.request("POST", "/events", body, {signing.HEADER: signature})
            line.getresponse().read()
            took.append(time.monotonic() - begun)
            time.sleep(max(0.0, 0.25 - (time.monotonic() - begun)))

    threads = [threading.Thread(target=send, args=(port,)) for port in ports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def _key() -> str:
    return uuid.uuid4().hex
