"""Every address, read and written to, as everybody: what each is answered stands in tables that people can read."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from yiwang.kernel.types import ANONYMOUS, Actor
from yiwang.ui import errors
from yiwang.ui.entry import signed_in

from . import world as everybody
from .addresses import Address, key, operations, pages, target_of
from .matrix import IN, letter, settle
from .world import NOON, Visitor, World, build

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
    """Statements by which a request changed something that stayed, apart from sessions and the log of reads."""

    FREE = ('"django_session"', "kernel_auditentry")

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
def sketched(monkeypatch: pytest.MonkeyPatch) -> set[Any]:
    """Draw each page once in full, and only in outline afterwards: who comes in does not hang on the drawing."""
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


FEW = ("anon", "owner", "clerk", "decider", "system", "firm-api")
"""Who visits a page that is open to everybody."""


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


def visits(address: Address, world: World, wrong: list[str]) -> str:
    """Answer for everybody.

    Whom the entry check lets in comes in truly. Of those whom it turns away two do, another two at each address, which
    proves that the check stands before the page; what the others get is what the check says.
    """
    closed = {
        name: turned_away(address, ANONYMOUS if name in everybody.MACHINES else world.actors[name]) for name in COLUMNS
    }
    away = [name for name in COLUMNS if closed[name]]
    turn = zlib.crc32(address.row.encode())
    sample = {away[turn % len(away)], away[turn // 7 % len(away)]} if away else set()
    coming = FEW if not away else [name for name in COLUMNS if not closed[name]]
    found = {name: visit(address, world.visitors[name], wrong) for name in (*coming, *sorted(sample))}
    if not away:
        if len(set(found.values())) > 1:
            return "".join(found.get(name) or visit(address, world.visitors[name], wrong) for name in COLUMNS)
        return found["anon"] * len(COLUMNS)
    unasked = all(found[name] == "x" for name in sample)  # the method is refused before anybody is asked who they are
    wrong += [
        f"{address.row} as {name}: the entry says {closed[name]!r}, the page {found[name]!r}"
        for name in sample
        if not unasked and found[name] != closed[name]
    ]
    return "".join(found.get(name) or ("x" if unasked else closed[name]) for name in COLUMNS)


@pytest.mark.django_db
def test_every_address_answers_everybody_as_the_table_says(testville: None, sketched: set[Any]) -> None:
    world, wrong = build(), []
    with clock.at(NOON):
        table = {address.row: visits(address, world, wrong) for address in pages(world)}
    assert wrong == []
    assert settle("routes.txt", table, GROUPS) == []


ACT_GROUPS = {**{name: group for name, group in GROUPS.items() if name != "machines"}, "machines": everybody.MACHINES}


def attempt(act: Act[Any, Any], world: World, by: Actor) -> str:
    """Go as far as the act's body: who may, on what they may see. Call the answer by its letter."""
    try:
        with undone():
            act.permission.check(by)
            if act.on is not None:
                act.permission.check(by, act.on(world.ids[target_of(act)], by))
    except Problem as problem:
        return letter(problem.status)
    return "o"


@pytest.mark.django_db
def test_every_act_is_open_to_whom_the_table_says(testville: None) -> None:
    world = build()
    columns = [one for group in ACT_GROUPS.values() for one in group]
    with clock.at(NOON):
        table = {
            name: "".join(attempt(act, world, world.actors[one]) for one in columns)
            for name, act in sorted(CATALOGUE.items())
            if not name.startswith("kernel_test.")
        }
    assert settle("acts.txt", table, ACT_GROUPS) == []


@pytest.mark.django_db
def test_every_operation_of_the_api_answers_everybody_as_the_table_says(testville: None) -> None:
    world, wrong = build(), []
    columns = [one for group in API_GROUPS.values() for one in group]
    with clock.at(NOON):
        table = {
            address.row: "".join(visit(address, world.visitors[name], wrong) for name in columns)
            for address in operations(world)
        }
    assert wrong == []
    assert settle("api.txt", table, API_GROUPS) == []
