"""The reference of what the house can do, written from its own catalogues: acts, permissions, events, timers, plugins.

``yiwang reference`` writes it to ``docs/reference/catalogues.md``; a guard test fails when the two differ.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.urls import get_resolver
from django.utils import translation
from procrastinate.contrib.django import app

from yiwang.config.environment import ROOT
from yiwang.kernel import acts, api, events, timers
from yiwang.kernel.acts import Act, Permission
from yiwang.kernel.plugins import registries
from yiwang.kernel.types import ActorKind

PAGE = Path(ROOT) / "docs" / "reference" / "catalogues.md"
HEAD = """# Catalogues

What the platform can do and say, from its own closed catalogues. Written by `yiwang reference`; do not edit.
"""


def text() -> str:
    """Return the page."""
    _ = get_resolver().url_patterns  # imports what only an address leads to
    with translation.override("en"):
        parts = (HEAD, *_acts(), *_permissions(), *_events(), *_timers(), *_tasks(), *_plugins(), *_scopes())
        return "\n".join(parts).rstrip() + "\n"


def _acts() -> Iterator[str]:
    yield "## Acts\n"
    yield (
        "Everything that changes the world. *Target*: the thing it is done to, loaded and locked among what the actor may "
        "see. *Announces*: the event that follows by itself; further ones come from inside.\n"
    )
    yield from _table(
        ("act", "what it does", "target", "permission", "announces"),
        (
            (
                f"`{act.name}`",
                _first(act.body),
                "yes" if act.on else "",
                act.permission.name,
                f"`{act.announces}`" if act.announces else "",
            )
            for act in _sorted(acts.CATALOGUE)
        ),
    )


def _permissions() -> Iterator[str]:
    yield "## Permissions\n"
    found: dict[tuple[str, str], list[str]] = {}
    for act in _sorted(acts.CATALOGUE):
        found.setdefault((act.permission.name, _who(act.permission)), []).append(f"`{act.name}`")
    yield from _table(
        ("permission", "who", "acts"), ((name, who, ", ".join(names)) for (name, who), names in sorted(found.items()))
    )


def _who(permission: Permission) -> str:
    said = []
    if ActorKind.ANONYMOUS in permission.kinds:
        said.append("anybody")
    if ActorKind.PERSON in permission.kinds:
        said.append(f"person from L{int(permission.level)}" if permission.level else "person")
    if ActorKind.STAFF in permission.kinds:
        said.append("staff of any role" if permission.any_staff else f"staff: {', '.join(sorted(permission.roles))}")
    if ActorKind.CLIENT in permission.kinds:
        said.append(f"API client: `{permission.scope}`")
    own = "; only what is their own, or that of whom they act for or serve" if permission.own else ""
    return ("; ".join(said) or "the system alone") + own


def _events() -> Iterator[str]:
    yield "## Events\n"
    heard: dict[str, list[str]] = {}
    for subscriber, handlers in sorted(events.subscribers().items()):
        for name in handlers:
            heard.setdefault(name, []).append(f"`{subscriber}`")
    yield from _table(
        ("event", "meaning", "heard by"),
        ((f"`{name}`", meaning, ", ".join(heard.get(name, []))) for name, meaning in sorted(acts.EVENTS.items())),
    )


def _timers() -> Iterator[str]:
    yield "## Timers\n"
    yield from _table(
        ("timer", "what happens when it rings"),
        ((f"`{kind}`", _first(ring)) for kind, ring in sorted(timers.kinds().items())),
    )


def _tasks() -> Iterator[str]:
    yield "## Jobs\n"
    app.perform_import_paths()
    own = [task for name, task in sorted(app.tasks.items()) if not task.func.__module__.startswith("procrastinate.")]
    yield from _table(("job", "queue", "what it does"), ((f"`{one.name}`", one.queue, _first(one.func)) for one in own))


def _plugins() -> Iterator[str]:
    yield "## Plugins\n"
    yield '`YIWANG_PLUGINS` chooses, as JSON: `{"notices.sms": "http"}`.\n'
    rows = []
    for name, registry in registries().items():
        for key in registry:
            mark = " (default)" if key == registry.default else ""
            rows.append((f"`{name}`", f"`{key}`{mark}", _first(type(registry.get(key)))))
    yield from _table(("registry", "plugin", "what it is"), rows)


def _scopes() -> Iterator[str]:
    yield "## Scopes of the API\n"
    yield from _table(("scope", "meaning"), ((f"`{name}`", meaning) for name, meaning in sorted(api.SCOPES.items())))


def _sorted(catalogue: dict[str, Act[Any, Any]]) -> list[Act[Any, Any]]:
    return [act for _name, act in sorted(catalogue.items())]


def _first(documented: Any) -> str:
    """Return the first sentence of a docstring, in one line."""
    lines = (inspect.getdoc(documented) or "").split("\n\n")[0]
    return " ".join(lines.split())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' for _one in head)}|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
