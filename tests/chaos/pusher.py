"""An agency's own system that sends its rows, batch by batch, with the client that agencies get (``clients/python``).

What is to be sent follows from a seed, so that whoever starts it again after its death, and whoever judges it, knows every
batch. What was acknowledged is appended to a journal. The next start goes on behind it: a batch that came through, but not
into the journal, is sent a second time under the same key.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from yiwang_client import Client

JOURNAL, ENOUGH = "acknowledged.jsonl", "enough"
SUBJECTS = 20_000
SIZES = (1, 300, 3_000, 10_000)
"""Rows of a call; the last is the most that the platform takes."""
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
COUNTS = ("read", "added", "changed", "removed", "unchanged", "older", "rejected")
PATIENCE = 600  # tries: the city must be back long before


def batch(seed: str, number: int) -> list[dict[str, Any]]:
    """Return the rows of a batch: most say an amount, some that there is none any more, some are wrong."""
    chance = random.Random(f"{seed}:{number}")
    at = (BEGIN + timedelta(minutes=number)).isoformat()
    return [_row(chance, at) for _place in range(chance.choice(SIZES))]


def _row(chance: random.Random, at: str) -> dict[str, Any]:
    subject = chance.randrange(SUBJECTS)
    row = {"subject": f"某{subject}", "number": str(subject), "at": at}
    if chance.random() < 0.05:
        return {**row, "deleted": True}
    amount = f"{chance.randrange(10**9) / 100:.2f}" if chance.random() > 0.02 else "很多"
    return {**row, "amount": amount}


@dataclass(frozen=True)
class Truth:
    """What the agency itself holds after so many batches."""

    amounts: Mapping[str, Decimal]
    sent: int
    wrong: int


def truth(seed: str, batches: int) -> Truth:
    """Reckon what must be there: of every number the last that was said of it."""
    amounts: dict[str, Decimal] = {}
    sent = wrong = 0
    for number in range(batches):
        for row in batch(seed, number):
            sent += 1
            if row.get("deleted"):
                amounts.pop(row["number"], None)
            elif row["amount"] == "很多":
                wrong += 1
            else:
                amounts[row["number"]] = Decimal(row["amount"])
    return Truth(amounts, sent, wrong)


def journal(folder: Path) -> list[dict[str, Any]]:
    """Return what was acknowledged so far, in order."""
    path = folder / JOURNAL
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def key(seed: str, number: int) -> str:
    """Return the name of a batch."""
    return f"chaos-{seed}-{number}"


def push(city: Client, dataset: str, seed: str, number: int) -> dict[str, Any]:
    """Send one batch in one call; return what became of it."""
    (answer,) = city.push(dataset, batch(seed, number), size=max(SIZES), key=key(seed, number))
    return {"number": number, "run": answer["run"]} | {name: answer[name] for name in COUNTS}


def client(address: str, name: str, secret: str) -> Client:
    """Return a client that tries until the city is back."""
    return Client(address, name, secret, tries=PATIENCE, sleep=lambda pause: time.sleep(min(pause, 0.3)))


def go_on(city: Client, dataset: str, folder: Path, seed: str) -> Iterator[dict[str, Any]]:
    """Send batches until it is enough; one at least: whoever was here before may have died with it half done."""
    for number in count(len(journal(folder))):
        yield push(city, dataset, seed, number)
        if (folder / ENOUGH).exists():
            return


def main(access: list[str], dataset: str, folder: str, seed: str) -> None:
    """Send and keep the journal. A line is one write: death leaves it out or leaves it whole."""
    into = os.open(Path(folder) / JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    with client(*access) as city:
        for answer in go_on(city, dataset, Path(folder), seed):
            os.write(into, f"{json.dumps(answer)}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1:4], *sys.argv[4:])
