"""Every address, read and written to, as everybody: what each is answered stands in tables that people can read."""

from __future__ import annotations

import base64
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import HttpResponse
from django.template.backends.django import Template
from django.test import Client

from yiwang.halls.services.doors import APPLICANT, check_clerk
from yiwang.kernel import clock
from yiwang.kernel.acts import CATALOGUE, Act
from yiwang.kernel.problems import Problem
from yiwang.kernel.types import Actor
from yiwang.platform.identity import sessions
from yiwang.ui import errors
from yiwang.ui.entry import signed_in

from . import world as everybody
from .addresses import FIRMS_OWN, Address, key, operations, pages, target_of
from .matrix import IN, UNASKED, differences, letter, read, settle, writing
from .world import FALLEN_BACK, NOON, VISITOR, Visitor, World

pytestmark = pytest.mark.slow  # all of them: they share one world

GROUPS = {
    "people": everybody.PEOPLE,
    "staff of the place": everybody.STAFF,
    "staff of other places": everybody.OTHERS,
    "administrators": everybody.ADMINS,
    "machines": ("firm-api",),
}
COLUMNS = [one for group in GROUPS.values() for one in group]
API_GROUPS = {"machines": everybody.MACHINES, "others": ("anon", "owner", "decider")}


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=="
)
AS_PERSON = signed_in()(lambda request: HttpResponse()).entry  # type: ignore[attr-defined]


class Writes:
    """Statements by which a request changed something that stayed, apart from sessions and the log of reads.

    Wagtail's editing sessions tell other editors who has a draft open.
    """

    FREE = ('"django_session"', "kernel_auditentry", '"wagtailadmin_editingsession"')

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.reads = 0
        self._marks: dict[str, int] = {}

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = str(sql)
        verb, _space, rest = text.partition(" ")
        if verb == "SAVEPOINT":
            self._marks[rest] = len(self.seen)
        elif text.startswith("ROLLBACK TO SAVEPOINT"):
            del self.seen[self._marks.get(rest.rpartition(" ")[2], 0) :]
        elif text.startswith("INSERT INTO kernel_auditentry") and "read" in params:
            self.reads += 1
        elif verb in {"INSERT", "UPDATE", "DELETE", "WITH"} and not any(one in text[:60] for one in self.FREE):
            self.seen.append(text[:100])
        return execute(sql, params, many, context)


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever happens inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def sketched(monkeypatch: pytest.MonkeyPatch, world: World) -> set[Any]:
    """Draw each page once in full, and only in outline afterwards: who comes in does not hang on the drawing.

    Nor are they looked up again at each address, but for those whose delegation has ended, which is found out then.
    """
    truly, known = sessions.actor_of, {name: one for name, one in world.actors.items() if name not in FALLEN_BACK}
    monkeypatch.setattr(sessions, "actor_of", lambda request: known.get(request.META.get(VISITOR)) or truly(request))
    drawn: set[Any] = set()
    draw = Template.render

    def render(self: Template, context: Any = None, request: Any = None) -> Any:
        match = getattr(request, "resolver_match", None)
        mark = (self.template.name, match.view_name, match.func) if match else None
        if mark in drawn:
            return ""
        drawn.add(mark)
        return draw(self, context, request)

    monkeypatch.setattr(Template, "render", render)
    monkeypatch.setattr(errors, "_page", lambda request, told, status, **_more: HttpResponse(status=status))
    return drawn


SEEN_WHEN_READ = {"notices:message"}
"""Addresses that note that they were read."""


def visit(address: Address, visitor: Visitor, wrong: list[str]) -> str:
    """Ask, call the answer by its letter, and note what must never be, whoever asks."""
    browser, writes = visitor.fresh(), Writes()
    cache.clear()  # how often one address asked before
    with undone(), connection.execute_wrapper(writes):
        answer = ask(browser, address, visitor.headers)
        found = letter(answer.status_code, answer.headers.get("Location", ""))
    note = f"{address.row} as {visitor.name}: {answer.status_code}"
    if found == "*":
        wrong.append(note)
    reading = address.method == "GET" and address.route.name not in SEEN_WHEN_READ
    if writes.seen and (found not in IN or reading):
        wrong.append(f"{note}, and wrote {writes.seen}")
    return found


def ask(browser: Client, address: Address, headers: dict[str, str]) -> Any:
    if not address.path.startswith("/api/"):
        send = browser.get if address.method == "GET" else browser.post
        return send(address.path, address.body or {}, headers=headers)
    headers = headers | {"Idempotency-Key": key()}
    if address.files:
        return browser.post(
            address.path, {**address.body, "file": SimpleUploadedFile("a.png", PICTURE)}, headers=headers
        )
    if address.method == "GET":
        return browser.get(address.path, headers=headers)
    return browser.generic(
        address.method, address.path, json.dumps(address.body or {}), content_type="application/json", headers=headers
    )


def turned_away(address: Address, by: Actor) -> str:
    """Return the letter for somebody whom the entry check of an address turns away; nothing for who comes in."""
    entry = address.route.pattern.callback.entry  # type: ignore[union-attr]
    check = entry.check
    if entry.kind == APPLICANT:
        check = check_clerk if address.path.startswith("/desk/") else AS_PERSON.check
    try:
        check(by)
    except Problem as problem:
        return letter(problem.status)
    return ""


def visits(address: Address, world: World, known: str, wrong: list[str]) -> dict[str, str]:
    """Answer for everybody, by the letter. ``known`` is what the table says.

    Of those whom the entry check turns away one comes truly, another one at each address: that proves that the check stands
    before the page; what the others get is what the check says. Whom it lets in and the page must turn away all come; of
    those who may see the page one does. When the table is written anew everybody comes whom the check lets in.
    """
    found = {name: turned_away(address, world.actors[name]) for name in COLUMNS}
    turn = zlib.crc32(address.row.encode())
    away, coming = ([name for name in COLUMNS if bool(found[name]) is closed] for closed in (True, False))
    asked = {name: visit(address, world.visitors[name], wrong) for name in _some(away, 1, turn)}
    for name, got in asked.items():
        if got == "x":  # the method is refused before anybody is asked who they are
            found |= dict.fromkeys(away, "x")
        elif got != found[name]:
            wrong.append(f"{address.row} as {name}: the entry says {found[name]!r}, the page {got!r}")
    told = dict(zip(COLUMNS, known, strict=True))
    refused = [name for name in coming if told[name] not in IN]
    if {told[name] for name in coming} in ({"x"}, {"-"}):  # there is nothing for anybody
        refused = _some(refused, 1, turn)
    those = refused + _some([name for name in coming if told[name] in IN], 1, turn)
    if writing():
        those = coming
    found |= {name: visit(address, world.visitors[name], wrong) for name in those}
    return {name: got or UNASKED for name, got in found.items()}


NO_PART = ("anon", "weak", "stranger", "expired", "revoked", "west", "stray", "publisher", "steward", "audit")
"""Who has no part in any of the firm's matters, whatever the tables say."""
AT_ANY_COUNTER = {"serving:begin"}
"""Whoever shows a document is served wherever they come."""


def trespassers(address: Address, letters: str) -> list[str]:
    """Name who sees a matter of the firm's, or is listened to about it, without a part in it."""
    inside = {name for name, told in zip(COLUMNS, letters, strict=True) if told in "o!"}
    return [
        name
        for name in NO_PART
        if name in inside and address.about & FIRMS_OWN and address.route.name not in AT_ANY_COUNTER
    ]


def _some(names: list[str], count: int, turn: int) -> list[str]:
    """Choose a few, others at each address but always the same at one."""
    return sorted({names[turn // 7**number % len(names)] for number in range(count)}) if names else []


@pytest.mark.django_db
def test_every_address_answers_everybody_as_the_table_says(world: World, sketched: set[Any]) -> None:
    wrong: list[str] = []
    with clock.at(NOON):
        addresses = list(pages(world))  # what is new and unsaid fails at once
        known = {} if writing() else read("routes.txt")
        table = {
            one.row: "".join(visits(one, world, known.get(one.row, UNASKED * len(COLUMNS)), wrong).values())
            for one in addresses
        }
    assert not wrong, "\n".join(wrong)
    for one in addresses:
        wrong += [f"{one.row}: {name} has no part in it" for name in trespassers(one, table[one.row])]
    assert not wrong, "\n".join(wrong)
    differing = settle("routes.txt", table, GROUPS)
    assert not differing, "\n".join(differing)


ACT_GROUPS = {**{name: group for name, group in GROUPS.items() if name != "machines"}, "machines": everybody.MACHINES}


def attempt(act: Act[Any, Any], world: World, by: Actor) -> str:
    """Go as far as the act's body: who may, on what they may see. Call the answer by its letter."""
    try:
        act.permission.check(by)
        if act.on is not None:
            with undone():
                act.permission.check(by, act.on(world.ids[target_of(act)], by))
    except Problem as problem:
        return letter(problem.status)
    return "o"


@pytest.mark.django_db
def test_every_act_is_open_to_whom_the_table_says(world: World) -> None:
    columns = [one for group in ACT_GROUPS.values() for one in group]
    with clock.at(NOON):
        table = {
            name: "".join(attempt(act, world, world.actors[one]) for one in columns)
            for name, act in sorted(CATALOGUE.items())
            if not name.startswith("kernel_test.")
        }
    differing = settle("acts.txt", table, ACT_GROUPS)
    assert not differing, "\n".join(differing)


@pytest.mark.django_db
def test_every_operation_of_the_api_answers_everybody_as_the_table_says(world: World) -> None:
    wrong: list[str] = []
    columns = [one for group in API_GROUPS.values() for one in group]
    with clock.at(NOON):
        table = {
            address.row: "".join(visit(address, world.visitors[name], wrong) for name in columns)
            for address in operations(world)
        }
    assert not wrong, "\n".join(wrong)
    differing = settle("api.txt", table, API_GROUPS)
    assert not differing, "\n".join(differing)


@pytest.mark.django_db
def test_a_page_that_forgets_its_check_or_writes_when_read_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.at(NOON):
        page = next(one for one in pages(world) if one.row == "/desk/supervision/ GET")

    def planted(_browser: Client, _address: Address, _headers: dict[str, str]) -> HttpResponse:
        with connection.cursor() as sql:
            sql.execute("UPDATE directory_agency SET name = name")
        return HttpResponse()

    monkeypatch.setattr(sys.modules[__name__], "ask", planted)
    wrong: list[str] = []
    visits(page, world, read("routes.txt")[page.row], wrong)
    assert any("the entry says '.', the page 'o'" in one or "the entry says '?', the page 'o'" in one for one in wrong)
    assert any("wrote ['UPDATE directory_agency" in one for one in wrong)
    monkeypatch.setattr(sys.modules[__name__], "ask", lambda *_any: HttpResponse(status=500))
    wrong.clear()
    visits(page, world, read("routes.txt")[page.row], wrong)
    assert any(one.endswith(": 500") for one in wrong)


@pytest.mark.django_db
def test_whoever_comes_in_without_a_part_is_seen(world: World) -> None:
    with clock.at(NOON):
        case = next(one for one in pages(world) if one.row == "/desk/cases/<uuid:pk>/ GET")
    letters = dict.fromkeys(COLUMNS, "-")
    assert trespassers(case, "".join((letters | {"reviewer": "o", "firm-api": "o"}).values())) == []
    assert trespassers(case, "".join((letters | {"stranger": "o", "west": "!"}).values())) == ["stranger", "west"]
    assert trespassers(replace(case, about=frozenset()), "o" * len(COLUMNS)) == []


@pytest.mark.django_db
def test_a_door_that_opens_or_is_new_or_gone_is_seen(world: World) -> None:
    table = {"/desk/ GET": "?.o", "/gone/ GET": "ooo"}
    found = {"/desk/ GET": "?oo", "/new/ GET": "ooo"}
    assert differences(table, found, ("anon", "stranger", "decider")) == [
        "/desk/ GET: stranger gets 'o', the table says '.'",
        "/gone/ GET: in the table, but there is no such address",
        "/new/ GET: not in the table",
    ]
    assert differences(table, table | {"/gone/ GET": UNASKED * 3}, ("anon", "stranger", "decider")) == []
