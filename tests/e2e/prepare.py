"""``python -m tests.e2e.prepare NAME:ACT …``: walk journeys of the loaded city, each up to its first such act.

Browser tests that look at pages need matters in hand; walking there by clicks would take minutes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django

from yiwang.config import postgres
from yiwang.config.environment import Environment


def walk(name: str, last: str) -> None:
    """Walk until ``last`` was done, or to the end."""
    from django.conf import settings

    from yiwang.config.journey import Scenario, numbers_of, prepare
    from yiwang.kernel import clock
    from yiwang.kernel.packs import Pack

    pack = Pack(Path(settings.YIWANG_PACK_DIR) / settings.YIWANG_PACK)
    path = pack.root / "journeys" / f"{name}.yaml"
    scenario = pack.make(path, pack.yaml(path), Scenario)
    for stage in prepare(scenario, numbers_of(pack), clock.today()).steps():
        if stage.act == last:
            return


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    with postgres.running(Environment().state_dir, say=lambda line: None) as url:
        os.environ["DATABASE_URL"] = url
        django.setup()
        for wanted in sys.argv[1:]:
            walk(*wanted.split(":"))
