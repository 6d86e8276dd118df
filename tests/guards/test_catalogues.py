"""The closed catalogues are closed, complete and documented: acts, events, timers, jobs, plugins, entries."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI
from procrastinate.contrib.django import app

from yiwang.config import reference
from yiwang.config.environment import ROOT
from yiwang.config.management.commands.worker import Command as Worker
from yiwang.doors.openapi.interface import api
from yiwang.kernel import acts, events, timers
from yiwang.kernel.acts import Act, Permission
from yiwang.kernel.api import SCOPES, Needs
from yiwang.kernel.plugins import Plugin, Registry, registries
from yiwang.kernel.types import Actor, ActorKind, Key
from yiwang.ui.entry import public

from .matrix import routes


def ours(catalogue: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what other tests entered."""
    return {name: one for name, one in catalogue.items() if not name.startswith("kernel_test")}


# --- acts ---


def careless_acts(catalogue: Iterable[Act[Any, Any]]) -> Iterator[str]:
    """Every act says who may do it, what it answers and what it does, and takes an actor and a key."""
    for act in catalogue:
        permission, known = act.permission, act.body.__annotations__
        if not permission.kinds and permission.name != "system":
            yield f"{act.name}: nobody may"
        if ActorKind.STAFF in permission.kinds and not (permission.roles or permission.any_staff):
            yield f"{act.name}: staff of which role?"
        if ActorKind.CLIENT in permission.kinds and permission.scope not in SCOPES:
            yield f"{act.name}: scope {permission.scope!r} can be held by nobody"
        if ActorKind.CLIENT in permission.kinds and not (permission.own or permission.provider):
            yield f"{act.name}: whose things may a client do this to?"
        if not act.body.__doc__:
            yield f"{act.name}: no docstring"
        if "return" not in known or not {"by", "key"} <= known.keys():
            yield f"{act.name}: signature"
        if act.announces is not None and act.announces not in acts.EVENTS:
            yield f"{act.name}: announces {act.announces}, which nobody declared"


def test_acts_are_complete() -> None:
    found = ours(acts.CATALOGUE)
    assert len(found) > 100
    assert list(careless_acts(found.values())) == []


def documented(*, by: Actor, key: Key) -> None:
    """Do nothing."""


def undocumented(*, by: Actor, key: Key) -> None:
    pass


def untyped(by, key):
    """Do nothing."""


@pytest.mark.parametrize(
    ("told", "body", "permission", "announces"),
    [
        ("nobody", documented, Permission(name="x", kinds=frozenset()), None),
        ("which role", documented, Permission(name="x", kinds=frozenset({ActorKind.STAFF})), None),
        ("scope", documented, Permission(name="x", kinds=frozenset({ActorKind.CLIENT}), scope="x:y", own=True), None),
        ("whose", documented, Permission(name="x", kinds=frozenset({ActorKind.CLIENT}), scope="items:read"), None),
        ("docstring", undocumented, Permission(name="system", kinds=frozenset()), None),
        ("signature", untyped, Permission(name="system", kinds=frozenset()), None),
        ("nobody declared", documented, Permission(name="system", kinds=frozenset()), "never.declared"),
    ],
)
def test_a_careless_act_is_seen(told: str, body: Any, permission: Permission, announces: str | None) -> None:
    planted = Act(body, name="planted", permission=permission, on=None, ready=None, announces=announces, ahead=None)
    (found,) = careless_acts([planted])
    assert told in found


# --- events and the page of reference ---


def unexplained_events(meanings: Mapping[str, str], heard: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Every event has a name like ``case.accepted`` and a sentence; nobody listens for one that there is not."""
    for name, meaning in meanings.items():
        if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name) or not re.fullmatch(r"[A-Z].{10,}\.", meaning):
            yield name
    for subscriber, names in heard.items():
        yield from (f"{subscriber} listens for {name}" for name in names if name not in meanings)


def test_events_are_explained() -> None:
    meanings = ours(acts.EVENTS)
    assert len(meanings) > 50
    assert list(unexplained_events(meanings, ours(events.subscribers()))) == []


def test_an_unexplained_event_is_seen() -> None:
    assert list(unexplained_events({"case.new": ""}, {})) == ["case.new"]
    assert list(unexplained_events({"New": "Something is new here."}, {})) == ["New"]
    assert list(unexplained_events({}, {"notices": ["case.gone"]})) == ["notices listens for case.gone"]


def test_the_page_of_reference_says_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(routes())  # what only pages use is loaded with them, and must be before the catalogues are copied
    for registry in registries().values():
        shipped = {key: one for key, one in registry._plugins.items() if ".tests." not in type(one).__module__}
        monkeypatch.setattr(registry, "_plugins", shipped)
    for module, name in ((acts, "CATALOGUE"), (acts, "EVENTS"), (events, "_subscribers"), (timers, "_kinds")):
        monkeypatch.setattr(module, name, ours(getattr(module, name)))
    written = reference.PAGE.read_text()
    assert written == reference.text(), "run `yiwang reference`"
    for name in (*acts.CATALOGUE, *acts.EVENTS, *timers.kinds(), *registries(), *SCOPES):
        assert f"`{name}`" in written, name
    monkeypatch.setitem(acts.EVENTS, "case.planted", "Something that the page does not know.")
    assert written != reference.text()


# --- jobs ---

STARTS = ("Makefile", "deploy", "docs/operations", "src/yiwang/config", ".ci")
"""Where workers are started, or where it is said how."""


def unheard_queues(queues: Iterable[str], starts: Iterable[str]) -> set[str]:
    """Return the queues that no worker listens to: one without ``--queue`` listens to all."""
    lines = [line for text in starts for line in text.splitlines() if re.search(r"\bworker\b", line)]
    named = [set(re.findall(r"--queue[ =,\"']+(\w+)", line)) for line in lines]
    if not named or not all(named):
        return set()
    return set(queues).difference(*named)


def _own_tasks() -> list[Any]:
    app.perform_import_paths()
    return [task for task in app.tasks.values() if not task.func.__module__.startswith("procrastinate.")]


def test_every_queue_is_consumed() -> None:
    files = [
        one for start in STARTS for one in ([ROOT / start] if (ROOT / start).is_file() else (ROOT / start).rglob("*"))
    ]
    texts = [
        one.read_text()
        for one in files
        if one.is_file() and one.suffix in {"", ".py", ".md", ".yaml", ".yml", ".service"}
    ]
    assert any("worker" in text for text in texts)
    queues = {task.queue for task in _own_tasks()}
    assert {"default", "documents", "notices"} <= queues
    assert unheard_queues(queues, texts) == set()
    assert Worker().create_parser("yiwang", "worker").parse_args([]).queues is None, "all queues, if none is named"


def test_an_unheard_queue_is_seen() -> None:
    assert unheard_queues({"default", "documents"}, ["yiwang worker --queue default"]) == {"documents"}
    assert unheard_queues({"default"}, ['["yiwang", "worker", "--queue", "default"]']) == set()
    assert unheard_queues({"default"}, ["yiwang worker --queue documents", "yiwang worker"]) == set()


# --- plugins ---

STANDING_FOR_DEMO = {"evidence.sources": "datasets"}
"""Registries in which another plugin works without the outside: the pack's own datasets."""
INSIDE = {"catalog.import_formats"}
"""Registries that speak to nobody outside: formats of files."""


def lame_registries(found: Mapping[str, Registry[Plugin]]) -> Iterator[str]:
    """Every registry ships a plugin that works without the outside, and one that fails on purpose."""
    for name, registry in found.items():
        needed = set() if name in INSIDE else {STANDING_FOR_DEMO.get(name, "demo"), "outage"}
        yield from (f"{name}: no {one}" for one in sorted(needed - set(registry)))
        if registry.selected_key not in set(registry):
            yield f"{name}: {registry.selected_key} is selected and not there"


def test_registries_ship_what_tests_and_demos_need() -> None:
    assert list(lame_registries(registries())) == []


def test_a_lame_registry_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yiwang.kernel.plugins._registries", {})
    planted = Registry[Plugin]("planted.port")
    planted.register("http")(type("Http", (Plugin,), {}))
    assert list(lame_registries({"planted.port": planted})) == [
        "planted.port: no demo",
        "planted.port: no outage",
        "planted.port: demo is selected and not there",
    ]


# --- entries ---

OPEN_OPERATIONS = {"health"}


def unguarded_routes(found: Iterable[Any]) -> Iterator[str]:
    """Every address says who may come in."""
    yield from (route.path for route in found if not hasattr(route.pattern.callback, "entry"))


def unguarded_operations(interface: NinjaAPI) -> Iterator[str]:
    """Every operation of the API names the one scope that it needs, and takes a key if it writes."""
    found = (
        (address, operation)
        for _prefix, router in interface._routers
        for address, view in router.path_operations.items()
        for operation in view.operations
        if operation.view_func.__name__ not in OPEN_OPERATIONS
    )
    for address, operation in found:
        name, auth = operation.view_func.__name__, operation.auth_callbacks
        scope = auth[0].scope if len(auth) == 1 and isinstance(auth[0], Needs) else ""
        if not scope:
            yield f"{address} {name}: no scope"
        writes = scope.endswith(":write") and set(operation.methods) != {"GET"}
        if writes and "key" not in operation.view_func.__annotations__:
            yield f"{address} {name}: writes without a key"


def test_every_route_has_an_entry_check() -> None:
    found = list(routes())
    assert len(found) > 350
    assert list(unguarded_routes(found)) == []
    assert list(unguarded_operations(api)) == []


def planted_view(request: HttpRequest) -> HttpResponse:
    """Nothing checks who comes in."""
    return HttpResponse()


def test_an_unguarded_route_is_seen() -> None:
    class Planted:
        url_patterns = [path("open/", public(lambda request: HttpResponse()), name="a"), path("hole/", planted_view)]

    assert list(unguarded_routes(routes(Planted()))) == ["hole/"]


def test_an_unguarded_operation_is_seen() -> None:
    planted = NinjaAPI(urls_namespace="planted")
    planted.get("/hole")(planted_view)

    @planted.post("/write", auth=Needs("applications:write"))
    def write(request: HttpRequest) -> None:
        """Write without a key."""

    assert list(unguarded_operations(planted)) == ["/hole planted_view: no scope", "/write write: writes without a key"]


def test_the_page_of_benchmarks_says_what_was_measured_last() -> None:
    same = "from bench import page; raise SystemExit(page.text() != page.PAGE.read_text('utf-8'))"
    done = subprocess.run([sys.executable, "-c", same], cwd=reference.ROOT, check=False)
    assert done.returncode == 0, "run `python -m bench --page`"
