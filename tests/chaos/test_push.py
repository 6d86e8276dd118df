"""Kill -9 of web, worker, database and the agency's own system while it sends rows: both ends hold the same afterwards.

Pulling has its own (``platform/sharing/tests/test_feeds.py``); here the rows come over HTTP, up to 10,000 a call.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from yiwang.config.environment import ROOT

from . import pusher
from .city import PACK, City
from .judge import Judge
from .killer import KILLS, SEED, Killer
from .people import Ledger

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

IN_FLIGHT = 0.6  # seconds that a large batch takes, about
PUBLISH = """
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.tests.datasets import dataset, item, published

items = (item("number", required=True), item("amount", kind=FieldKind.MONEY, required=True))
published(dataset(code="{code}", agency="{agency}", key=("number",), items=items))
"""
HOLDS = """
import json
from decimal import Decimal
from yiwang.platform.sharing.models import Record

held = [row.values for row in Record.objects.filter(dataset__code="{code}", valid_to=None).iterator()]
numbers = {{one["number"] for one in held}}
print(json.dumps([len(held), len(numbers), str(sum((Decimal(one["amount"]) for one in held), Decimal()))]))
"""


@dataclass
class Agency:
    """The system that pushes, a process of its own that is started again whenever it was killed."""

    city: City
    access: tuple[str, str]
    dataset: str
    folder: Path
    seed: str
    failures: list[str]
    process: subprocess.Popen[bytes] | None = None
    deaths: int = field(default=0, init=False)

    def pusher(self) -> list[int]:
        """The process, to be killed."""
        return [self.process.pid] if self.process and self.process.poll() is None else []

    @property
    def count(self) -> int:
        """How many batches were acknowledged."""
        return len(pusher.journal(self.folder))

    @property
    def flying(self) -> int:
        """A batch nearly always is."""
        return len(self.pusher())

    def keep_on(self) -> None:
        """Start it, again and again, until it says that it is done."""
        program = [sys.executable, str(pusher.__file__)]
        arguments = [self.city.address, *self.access, self.dataset, str(self.folder), self.seed]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
        while True:
            with (self.folder / "said.log").open("wb") as log:
                self.process = subprocess.Popen([*program, *arguments], env=environment, stdout=log, stderr=log)
            ended = self.process.wait()
            if ended == 0:
                return
            if ended != -signal.SIGKILL:
                self.failures.append((self.folder / "said.log").read_text())
                return
            self.deaths += 1


@pytest.fixture
def dataset(city: City) -> str:
    """A new dataset of the agency that provides the pack's first."""
    code, agency = f"chaos_{uuid.uuid4().hex[:8]}", provider()
    in_the_city(city, PUBLISH.format(code=code, agency=agency))
    return code


def provider() -> str:
    first = min((ROOT / "packs" / PACK / "datasets").glob("*.yaml"))
    return str(yaml.safe_load(first.read_text("utf-8"))[0]["agency"])


def in_the_city(city: City, code: str) -> str:
    ran = city.run("shell", "--no-imports", "-c", code)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_what_an_agency_pushes_is_there_once(city: City, dataset: str, tmp_path: Path) -> None:
    added = city.run("api", "add", "chaos-push", "--agency", provider(), "--scope", "data:write", "--purpose", "断电")
    assert added.returncode == 0, added.stderr
    words = dict(line.split() for line in added.stdout.splitlines() if line)
    failures: list[str] = []
    agency = Agency(city, (words["client_id"], words["client_secret"]), dataset, tmp_path, dataset, failures)
    targets = [city.web_process, city.worker, city.database, city.backend, agency.pusher]
    killer = Killer(city, agency, random.Random(SEED), failures, targets, IN_FLIGHT, pause=2)
    began = time.monotonic()
    keeper = threading.Thread(target=agency.keep_on)
    keeper.start()
    try:
        killer.run()
    finally:
        (tmp_path / pusher.ENOUGH).touch()
        keeper.join()
    report = {
        "pack": PACK, "seed": SEED, "kills": killer.struck, "batches": agency.count, "deaths": agency.deaths,
        "seconds": round(time.monotonic() - began),
    }  # fmt: skip
    print(json.dumps(report))  # noqa: T201 - what `make chaos` shows
    assert not failures, "\n".join([str(report), *failures])
    assert len(killer.struck) == KILLS

    both_ends_agree(city, dataset, pusher.journal(tmp_path))
    with pusher.client(city.address, *agency.access) as client:
        last = pusher.journal(tmp_path)[-1]
        assert pusher.push(client, dataset, dataset, last["number"]) == last, "sent once more, it is answered as before"
    both_ends_agree(city, dataset, pusher.journal(tmp_path))


def both_ends_agree(city: City, dataset: str, acknowledged: list[dict[str, Any]]) -> None:
    """Rows and sums are the same at both ends, and every batch was taken in once."""
    assert [one["number"] for one in acknowledged] == list(range(len(acknowledged)))
    truth = pusher.truth(dataset, len(acknowledged))
    rows, numbers, total = json.loads(in_the_city(city, HOLDS.format(code=dataset)))
    assert (rows, numbers) == (len(truth.amounts), len(truth.amounts))
    assert Decimal(total) == sum(truth.amounts.values())

    told = {name: sum(one[name] for one in acknowledged) for name in pusher.COUNTS}
    assert (told["read"], told["rejected"], told["added"] - told["removed"]) == (truth.sent, truth.wrong, rows)
    judge = Judge(city, Ledger())
    of_ours = "FROM {} t JOIN sharing_dataset d ON d.id = t.dataset_id WHERE d.code = %s"
    runs = judge.rows(
        f"SELECT t.id::text, t.state, {', '.join(pusher.COUNTS)} {of_ours.format('sharing_run')}", dataset
    )
    assert {row[0]: row[1:] for row in runs} == {
        one["run"]: ("done", *(one[name] for name in pusher.COUNTS)) for one in acknowledged
    }
    assert judge.rows(f"SELECT count(*) {of_ours.format('sharing_record')}", dataset) == [
        (told["added"] + told["changed"],)
    ]
    assert judge.rows(f"SELECT count(*) {of_ours.format('sharing_badrow')}", dataset) == [(told["rejected"],)]
    acts = judge.rows(
        "SELECT count(*) FROM kernel_auditentry WHERE name = 'sharing.bring_in' AND detail ->> 'dataset' = %s", dataset
    )
    assert acts == [(len(acknowledged),)]
    keys = [f"{pusher.key(dataset, one['number'])}:0" for one in acknowledged]
    assert judge.rows("SELECT count(*) FROM kernel_idempotencykey WHERE key = ANY(%s)", keys) == [(len(keys),)]
