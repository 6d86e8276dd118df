"""Opening and checking sealed records, many at once: what runs in processes beside the one that reads them.

No database here and no Django application: a process that is started for this work holds no connection that it could
spoil, and the keys, which it reads from the settings itself.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from yiwang.kernel.sealed import blind_index, key_ring
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.rules import CROSS, Checker, Fault, given, same
from yiwang.platform.sharing.types import CrossKind, CrossRule, DatasetDefinition

PLACE = "sharing_record.values"
"""What sealed values of records are bound to."""
_READ = json.JSONDecoder().decode
"""Reads text: ``json.loads`` would guess the encoding of each record."""


@dataclass(frozen=True, slots=True)
class Task:
    """What records are checked for. Each comes as its key, its sealed values, then a column for each of ``joined``."""

    definition: DatasetDefinition
    joined: tuple[CrossRule, ...]
    """Rules that the database has looked up: whether the subject has a record there, or (EQUAL) its sealed values there."""
    named: tuple[CrossRule, ...]
    """Rules about somebody whose number stands in a column: whoever reads the records looks them up afterwards."""
    today: date


class Found(NamedTuple):
    """What was found in some records."""

    rows: int
    filled: Counter[str]
    """In how many rows each column is filled."""
    wrong: dict[int, list[Fault]]
    named: list[list[tuple[int, bytes]]]
    """For each of the task's ``named`` rules: the record's key, and the index of the number in it."""


def inspect(task: Task, records: Sequence[tuple[Any, ...]]) -> Found:
    """Open and check records. Raises SealBroken."""
    checker, ring = Checker(task.definition, task.today), key_ring()
    kinds = {item.name: item.kind for item in task.definition.items}
    filled: Counter[str] = Counter()
    wrong: dict[int, list[Fault]] = {}
    named: list[list[tuple[int, bytes]]] = [[] for _rule in task.named]

    shapes: Counter[tuple[str, ...]] = Counter()

    def opened(sealed: bytes) -> dict[str, Any]:
        return given(_READ(ring.open(sealed, PLACE).decode()))

    for key, sealed, *looked_up in records:
        values = opened(sealed)
        shapes[tuple(values)] += 1
        faults = checker.faults(values)
        for rule, there in zip(task.joined, looked_up, strict=True):
            if rule.kind is CrossKind.EQUAL:
                value = values.get(rule.column)
                others = [] if value is None else [opened(one).get(rule.other) for one in there]
                told = [one for one in others if one is not None]
                fits = not told or any(same(kinds[rule.column], value, one) for one in told)
            else:
                fits = there is (rule.kind is CrossKind.EXISTS)
            if not fits:
                faults.append((rule.column, CROSS + rule.code))
        if faults:
            wrong[key] = faults
        for rule, numbers in zip(task.named, named, strict=True):
            if rule.column in values:
                numbers.append((key, blind_index(str(values[rule.column]), SUBJECT)))
    for names, rows in shapes.items():
        for name in names:
            filled[name] += rows
    return Found(len(records), filled, wrong, named)


def begin(parent: int) -> None:
    """Begin a process for this work: it ends by itself when the one that started it is gone, however that ended."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
