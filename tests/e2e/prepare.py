"""``python -m tests.e2e.prepare NAME:ACT …``: walk journeys of the loaded city, each up to its first such act; ``NAME:paper``
keeps a checked paper of the firm that the journey is for.

Browser tests that look at pages need matters in hand; walking there by clicks would take minutes.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
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
    if last == "paper":
        keep(numbers_of(pack)[scenario.organisation])
        return
    for stage in prepare(scenario, numbers_of(pack), clock.today()).steps():
        if stage.act == last:
            return


def keep(uscc: str) -> None:
    """Let a window scan a page for a firm, name it and compare it with the original."""
    from io import BytesIO

    from PIL import Image

    from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Role
    from yiwang.platform.directory import queries as directory
    from yiwang.platform.identity import queries as identity
    from yiwang.platform.papers import acts, queries
    from yiwang.ui import store

    member, grants = directory.staff_with(Role.INTAKE)[0]
    by = Actor(
        kind=ActorKind.STAFF, id=member.id, label=member.label, level=AssuranceLevel.L3, door=Door.DESK, grants=grants,
        agency=member.agency_path, second_factor=True,
    )  # fmt: skip
    firm = identity.find_organisation(uscc)
    assert firm is not None
    page = BytesIO()
    Image.new("L", (827, 1169), 250).save(page, "JPEG")
    file = {"digest": store.save(page), "media_type": "image/jpeg", "pages": 1}
    scan = acts.scan("organisation", firm.id, [file], by=by, key=uuid.uuid4().hex)
    while queries.get_scan(scan, by).state != "done":  # the city's worker may be at it
        acts.work_on() or time.sleep(0.2)
    name = next(iter(queries.names()))
    acts.check(acts.put_together(scan, [1], name, by=by, key=uuid.uuid4().hex), by=by, key=uuid.uuid4().hex)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    with postgres.running(Environment().state_dir, say=lambda line: None) as url:
        os.environ["DATABASE_URL"] = url
        django.setup()
        for wanted in sys.argv[1:]:
            walk(*wanted.split(":"))
