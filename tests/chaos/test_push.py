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
from yiwang.kernel.sealed import KeyRing
from yiwang.platform.sharing.inspecting import PLACE

from . import pusher
from .city import PACK, City
from .judge import Judge
from .killer import KILLS, SEED, Killer
from .people import Ledger

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

IN_FLIGHT = 0.6  # seconds that a large batch takes, about
BEFOREHAND = """
import uuid
from yiwang.doors.openapi.acts import register_client
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing.tests.datasets import dataset, item, published

items = (item("number", required=True), item("amount", kind=FieldKind.MONEY, required=True))
row = published(dataset(code="{code}", agency="{agency}", key=("number",), items=items))
register_client(
    "{code}", "{code}", "{secret}", ["data:write"], "断电时也送得到", agency=row.agency_id, by=SYSTEM, key=uuid.uuid4().hex
)
"""
"""What is done in the city first: a dataset, and a client of the agency that provides it."""
SECRET = "only-for-tests-0123456789"


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
    """A new dataset of the agency that provides the pack's first, with a client that has its code for a name."""
    first = min((ROOT / "packs" / PACK / "datasets").glob("*.yaml"))
    agency = yaml.safe_load(first.read_text("utf-8"))[0]["agency"]
    code = f"chaos_{uuid.uuid4().hex[:8]}"
    ran = city.run("shell", "--no-imports", "-c", BEFOREHAND.format(code=code, agency=agency, secret=SECRET))
    assert ran.returncode == 0, ran.stderr
    return code


def test_what_an_agency_pushes_is_there_once(city: City, dataset: str, tmp_path: Path) -> None:
    failures: list[str] = []
    agency = Agency(city, (dataset, SECRET), dataset, tmp_path, dataset, failures)
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

    with pusher.client(city.address, *agency.access) as client:
        last = pusher.journal(tmp_path)[-1]
        assert pusher.push(client, dataset, dataset, last["number"]) == last, "sent once more, it is answered as before"
    both_ends_agree(city, dataset, pusher.journal(tmp_path))


def both_ends_agree(city: City, dataset: str, acknowledged: list[dict[str, Any]]) -> None:
    """Rows and sums are the same at both ends, and every batch was taken in once."""
    assert [one["number"] for one in acknowledged] == list(range(len(acknowledged)))
    truth = pusher.truth(dataset, len(acknowledged))
    judge, of_ours = Judge(city, Ledger()), "FROM {} t JOIN sharing_dataset d ON d.id = t.dataset_id WHERE d.code = %s"
    valid = judge.rows(f'SELECT "values" {of_ours.format("sharing_record")} AND valid_to IS NULL', dataset)
    ring = KeyRing.parse(json.loads((city.state_dir / "secrets.json").read_text())["data_keys"])
    held = [json.loads(ring.open(sealed, PLACE)) for (sealed,) in valid]
    assert len(held) == len(truth.amounts)
    assert sum(Decimal(one["amount"]) for one in held) == sum(truth.amounts.values())
    assert {one["number"]: Decimal(one["amount"]) for one in held} == truth.amounts

    told = {name: sum(one[name] for one in acknowledged) for name in pusher.COUNTS}
    assert (told["read"], told["rejected"], told["added"] - told["removed"]) == (truth.sent, truth.wrong, len(held))
    runs = judge.rows(
        f"SELECT t.id::text, t.state, {', '.join(pusher.COUNTS)} {of_ours.format('sharing_run')}", dataset
    )
    assert {row[0]: row[1:] for row in runs} == {
        one["run"]: ("done", *(one[name] for name in pusher.COUNTS)) for one in acknowledged
    }
    assert judge.rows(f"SELECT count(*) {of_ours.format('sharing_record')} AND t.digest <> ''", dataset) == [
        (told["added"] + told["changed"],)
    ]
    assert judge.rows(f"SELECT count(*) {of_ours.format('sharing_badrow')}", dataset) == [(told["rejected"],)]
    acts = judge.rows(
        "SELECT count(*) FROM kernel_auditentry WHERE name = 'sharing.bring_in' AND detail ->> 'dataset' = %s", dataset
    )
    assert acts == [(len(acknowledged),)]
    keys = [f"{pusher.key(dataset, one['number'])}:0" for one in acknowledged]
    assert judge.rows("SELECT count(*) FROM kernel_idempotencykey WHERE key = ANY(%s)", keys) == [(len(keys),)]
