"""Who strikes: kill -9 in the middle of what goes on."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from .city import City, wait_for

KILLS = int(os.environ.get("YIWANG_CHAOS_KILLS", "5"))
SEED = int(os.environ.get("YIWANG_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
CRASH_LOOP = (
    6  # seconds: granian ends itself when one of its processes dies again within 5.5 s, for whoever supervises it
)


class Work(Protocol):
    """What is struck at."""

    @property
    def count(self) -> int:
        """How many acts were acknowledged so far."""

    @property
    def flying(self) -> int:
        """How many were sent and have no answer yet."""


@dataclass
class Killer:
    """Strikes in the middle of what goes on: some acts after the last blow, at a random moment."""

    city: City
    work: Work
    random: random.Random
    failures: list[str]
    """Of those who work: when they have gone, there is nothing left to strike."""
    targets: list[Callable[[], list[int]]]
    in_flight: float
    """Seconds that an act takes, about: the blow falls somewhere in it."""
    pause: int = 4
    """Most acts between two blows."""
    struck: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Strike as often as is wanted: every target once, in any order, then again; now and then everything."""
        bag: list[Callable[[], list[int]]] = []
        last = 0.0
        while len(self.struck) < KILLS and not self.failures:
            bag = bag or self.random.sample(self.targets, len(self.targets))
            target = self.city.everything if len(self.struck) % 17 == 16 else bag.pop()
            mark = self.work.count + self.random.randrange(1, self.pause + 1)
            wait_for(lambda mark=mark: self.work.count >= mark, 20)
            wait_for(lambda: self.work.flying, 10, every=0.001)
            time.sleep(self.random.random() * self.in_flight)
            if target == self.city.web_process:
                time.sleep(max(0.0, last + CRASH_LOOP - time.monotonic()))
            if wait_for(target, 60) and self.city.kill(target):
                self.struck.append(target.__name__)
                last = time.monotonic() if target == self.city.web_process else last
