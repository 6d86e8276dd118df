"""Writing the world down: one CSV a dataset, what is wrong on purpose, and what was made, with a digest of all."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from yiwang.config.synth.days import iso
from yiwang.config.synth.plan import Plan
from yiwang.config.synth.views import LEFT_OUT, VIEWS, Row
from yiwang.config.synth.world import Neighbourhood, make
from yiwang.platform.sharing.types import DatasetDefinition

TRUTH = ("subject", "kind", "dataset", "column", "declared", "true", "evidence", "evidence_subject")
"""Columns of ``truth.csv``: what a family declared, what is so, and in whose record of which dataset it shows."""
SUMMARY = "world.json"
_WORDS = {True: "true", False: "false"}


@dataclass(slots=True)
class Written:
    """One neighbourhood as text."""

    texts: dict[str, bytes] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    lacking: dict[str, list[str]] = field(default_factory=dict)
    """Datasets with required columns that the world does not tell."""
    truth: bytes = b""
    world: Counter[str] = field(default_factory=Counter)


def rows(world: Neighbourhood, definition: DatasetDefinition) -> Iterator[Row]:
    """Yield a dataset's rows of a neighbourhood: none that the pack has by hand, and one for each subject and key."""
    view = VIEWS[definition.code]
    numbers, by_hand, code, key = world.plan.city.numbers, world.plan.city.by_hand, definition.code, definition.key
    seen: set[object] = set()
    for row in view.rows(world):
        subject = row["subject"]
        if subject in numbers and (not view.given or (code, subject) in by_hand):
            continue
        own = (subject, *[row.get(name) for name in key]) if key else subject
        if own not in seen:
            seen.add(own)
            yield row


def render(plan: Plan, index: int) -> Written:
    """Make a neighbourhood and write down what each agency has of it."""
    world = make(plan, index)
    written = Written()
    for code, definition in plan.city.datasets.items():
        if code not in VIEWS:
            continue
        names = [item.name for item in definition.items]
        required = {item.name for item in definition.items if item.required}
        text = io.StringIO()
        put = csv.writer(text, lineterminator="\n").writerow
        count = 0
        for row in rows(world, definition):
            if not count and (lacking := sorted(required - row.keys())):
                written.lacking[code] = lacking
                break
            values = [row.get(name, "") for name in names]
            put([row["subject"], row["at"], *[_WORDS.get(value, value) for value in values]])  # type: ignore[call-overload]
            count += 1
        written.texts[code] = text.getvalue().encode()
        written.counts[code] = count
    written.truth = _truth(world)
    written.world.update(
        people=len(world.people),
        alive=sum(person.lives for person in world.people),
        households=len(world.households),
        firms=len(world.bodies),
        institutions=len(world.institutions),
        homes=len(world.properties),
        declarations=len(world.claims),
        wrong_declarations=sum(bool(claim.truths) for claim in world.claims),
    )
    return written


def _truth(world: Neighbourhood) -> bytes:
    text = io.StringIO()
    put = csv.writer(text, lineterminator="\n").writerow
    for claim in world.claims:
        for one in claim.truths:
            family = "family_economy"
            put(
                (
                    claim.applicant.number,
                    one.kind,
                    family,
                    one.column,
                    one.declared,
                    one.true,
                    one.evidence,
                    one.subject,
                )
            )
    return text.getvalue().encode()


def write(plan: Plan, out: Path, *, jobs: int = 1) -> dict[str, Any]:
    """Write the whole world into a folder and return what ``world.json`` says.

    At most a few neighbourhoods are in memory at any time. The bytes are the same for any number of jobs.
    """
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.csv"):
        old.unlink()
    counts: Counter[str] = Counter()
    world: Counter[str] = Counter()
    lacking: dict[str, list[str]] = {}
    digests = {}
    codes = [code for code in plan.city.datasets if code in VIEWS]
    with ExitStack() as stack:
        files = {code: stack.enter_context((out / f"{code}.csv").open("wb")) for code in [*codes, "truth"]}
        sums = {code: sha256() for code in files}

        def put(code: str, text: bytes) -> None:
            files[code].write(text)
            sums[code].update(text)

        for code in codes:
            names = ("subject", "at", *(item.name for item in plan.city.datasets[code].items))
            put(code, (",".join(names) + "\n").encode())
        put("truth", (",".join(TRUTH) + "\n").encode())
        for written in stack.enter_context(_all(plan, jobs)):
            for code, text in written.texts.items():
                put(code, text)
            put("truth", written.truth)
            counts.update(written.counts)
            world.update(written.world)
            lacking.update(written.lacking)
        digests = {code: made.hexdigest() for code, made in sums.items()}
    for code in lacking:
        (out / f"{code}.csv").unlink()
        del digests[code], counts[code]
    made = {
        "arguments": {
            "pack": plan.city.pack,
            "people": plan.people,
            "firms": plan.firms,
            "seed": plan.seed,
            "at": iso(plan.at),
        },
        "neighbourhoods": len(plan.chunks),
        "world": dict(sorted(world.items())),
        "rows": dict(sorted((code, counts[code]) for code in digests if code != "truth")),
        "left_out": _left_out(plan, lacking),
        "digest": sha256("".join(f"{code}:{digests[code]}\n" for code in sorted(digests)).encode()).hexdigest(),
    }
    (out / SUMMARY).write_text(json.dumps(made, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return made


def _left_out(plan: Plan, lacking: dict[str, list[str]]) -> dict[str, str]:
    """Return the pack's datasets that are not written, and why."""
    return {
        code: f"the world does not tell {', '.join(lacking[code])}"
        if code in lacking
        else LEFT_OUT.get(code, "no view")
        for code in sorted(plan.city.datasets)
        if code in lacking or code not in VIEWS
    }


_plan: Plan | None = None
"""The plan that a worker process makes its neighbourhoods from."""


def _begin(plan: Plan) -> None:
    global _plan  # noqa: PLW0603 (each worker is told once, not with every neighbourhood)
    _plan = plan


def _render(index: int) -> Written:
    assert _plan is not None
    return render(_plan, index)


class _all:  # noqa: N801 (a context, used as a word)
    """All neighbourhoods in their order, made here or by some processes."""

    def __init__(self, plan: Plan, jobs: int) -> None:
        self._plan = plan
        self._pool = get_context("spawn").Pool(jobs, _begin, (plan,)) if jobs > 1 else None

    def __enter__(self) -> Iterator[Written]:
        indexes = range(len(self._plan.chunks))
        if self._pool is None:
            return (render(self._plan, index) for index in indexes)
        return self._pool.imap(_render, indexes)

    def __exit__(self, *_exc: object) -> None:
        if self._pool is not None:
            self._pool.terminate()
