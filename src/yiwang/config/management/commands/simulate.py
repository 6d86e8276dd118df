"""`yiwang simulate`: the agencies' own systems, as processes on this machine; for demos and tests only."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from yiwang.config.simulate import connecting, running, stores, system
from yiwang.config.simulate.house import function_of
from yiwang.config.synth import plan
from yiwang.kernel.packs import PackError


class Command(BaseCommand):
    """Run the systems, let the platform read from them, or tell them to fail."""

    help = "模拟各部门自己的系统（只用于演示和测试）"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do."""
        parser.add_argument("--folder", type=Path, default=None, help="where their stores are (in the state directory)")
        actions = parser.add_subparsers(dest="action", required=True)
        run = actions.add_parser("agencies", help="run a system for each agency that provides data, until Ctrl-C")
        run.add_argument("--pack", default=settings.YIWANG_PACK)
        run.add_argument("--people", type=int)
        run.add_argument("--firms", type=int)
        run.add_argument("--seed", type=int)
        run.add_argument("--at", type=date.fromisoformat, help="YYYY-MM-DD")
        run.add_argument("--bad", type=int, help="bad rows in ten thousand; what is not said stays as it was")
        run.add_argument("--latency", type=int, default=0, help="milliseconds that each answer takes, about")
        connect = actions.add_parser("connect", help="let the platform read from them, and tell them of events")
        connect.add_argument("--base-url", default=settings.BASE_URL, help="where they find the platform")
        house = actions.add_parser("house", help="sell houses: signed, registered and taxed by events")
        house.add_argument("count", nargs="?", type=int, default=1)
        listen = actions.add_parser("listen", help="let systems be told of a topic's events")
        listen.add_argument("topic")
        listen.add_argument("agencies", nargs="+", help="codes of agencies")
        tell = actions.add_parser("tell", help="tell systems to fail, or to be well again")
        tell.add_argument("agencies", nargs="*", help="codes of agencies; all if none is named")
        tell.add_argument("--outage", choices=system.OUTAGES, default="", help="none: well again")
        tell.add_argument("--latency", type=int, default=0)
        actions.add_parser("list", help="say where they are, as JSON without the tokens")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        if not settings.YIWANG_DEMO:
            raise CommandError("Agencies are simulated in a demo only.")
        folder = options["folder"] or folder_of()
        actions = {"agencies": self._run, "connect": self._connect, "house": self._house, "listen": self._listen}
        (actions | {"tell": self._tell, "list": self._list})[options["action"]](folder, options)

    def _run(self, folder: Path, options: dict[str, Any]) -> None:
        root = Path(settings.YIWANG_PACK_DIR) / options["pack"]
        said = {name: options[name] for name in ("people", "firms", "seed", "at", "bad") if options[name] is not None}
        size = replace(stores.size_of(folder) or stores.Size(), **said)
        try:
            agencies = stores.prepare(root, folder, size)
            broken, definitions = connecting.outages(root), connecting.definitions(root)
        except (PackError, plan.TooMany) as error:
            raise CommandError(str(error)) from None
        feeds, database = Path(settings.YIWANG_FEED_DIR), os.environ.get("DATABASE_URL", "")
        systems = running.Systems(folder, agencies, definitions, feeds, database)
        for agency in agencies:
            outage = {"outage": "refuse", "datasets": broken[agency]} if agency in broken else {}
            stores.Store(folder / f"{agency}.sqlite").behave(outage | {"latency": options["latency"]})
        stopping: list[int] = []

        def stop(number: int, _frame: object) -> None:
            stopping.append(number)
            raise KeyboardInterrupt

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, stop)
        try:
            systems.start()
            self.stdout.write(f"{len(agencies)} 个部门的系统在 127.0.0.1 上运行，按 Ctrl-C 结束。")
            self.stdout.flush()
            systems.keep(lambda: not stopping)
        except KeyboardInterrupt:
            pass
        finally:
            systems.end()

    def _connect(self, folder: Path, options: dict[str, Any]) -> None:
        found = self._places(folder)
        deadline = time.monotonic() + 60
        while not all(map(connecting.is_up, found)):
            if time.monotonic() > deadline:
                raise CommandError("The systems do not answer: is `yiwang simulate agencies` running?")
            time.sleep(0.2)
        self.stdout.write(f"{connecting.connect(found, options['base_url'])} 个数据集改由部门的系统接入。")
        connecting.connect_house(found, options["base_url"])
        connecting.connect_listeners(Path(settings.YIWANG_PACK_DIR) / settings.YIWANG_PACK, found)

    def _house(self, folder: Path, options: dict[str, Any]) -> None:
        desks = {function_of(one.agency): one for one in self._places(folder)}
        if "housing" not in desks:
            raise CommandError("In this city nobody sells houses.")
        for contract in contracts_of(folder, desks, options["count"]):
            self.stdout.write(connecting.sign(desks["housing"], contract))

    def _listen(self, folder: Path, options: dict[str, Any]) -> None:
        for place in self._named(folder, options):
            connecting.listen(place, [options["topic"]], "知道别的部门办了什么（模拟）")

    def _tell(self, folder: Path, options: dict[str, Any]) -> None:
        for place in self._named(folder, options):
            connecting.behave(place, outage=options["outage"], latency=options["latency"])

    def _list(self, folder: Path, _options: dict[str, Any]) -> None:
        rows = [
            {"agency": one.agency, "url": one.url, "pid": one.pid, "datasets": list(one.datasets)}
            for one in self._places(folder)
        ]
        self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1))

    def _named(self, folder: Path, options: dict[str, Any]) -> list[running.Place]:
        found = {place.agency: place for place in self._places(folder)}
        unknown = sorted(set(options["agencies"]) - found.keys())
        if unknown:
            raise CommandError(f"there is no system of {', '.join(unknown)}")
        return [found[agency] for agency in options["agencies"] or found]

    def _places(self, folder: Path) -> list[running.Place]:
        found = running.places(folder)
        if not found:
            raise CommandError("No systems have run yet: start `yiwang simulate agencies`.")
        return found


def contracts_of(folder: Path, desks: dict[str, running.Place], count: int) -> Iterator[dict[str, str]]:
    """Yield contracts between people in the register of population."""
    register = next(place for place in desks.values() if "population" in place.datasets)
    people = stores.Store(folder / f"{register.agency}.sqlite").since("population", 0, 400)
    chance = random.Random()  # noqa: S311 - which of the invented people, not a secret
    for _number in range(count):
        seller, buyer = chance.sample(people, 2)
        plot, building, unit = chance.randrange(10**6), chance.randrange(10**5), chance.randrange(10**6)
        yield {
            "unit_number": f"{seller.subject[:6]}00{plot:06d}GB{building:05d}F{unit:06d}",
            "seller_number": seller.subject,
            "buyer_number": buyer.subject,
            "price": f"{chance.randrange(80, 400)}0000",
            "area": f"{chance.randrange(50, 190)}.{chance.randrange(100):02d}",
        }


def folder_of() -> Path:
    """Return where the systems' stores are."""
    return Path(settings.YIWANG_STATE_DIR) / "agencies"
