"""Every link leads somewhere: whoever walks from their first page, by links of each route, is never refused or lost."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import resolve

from yiwang.kernel import clock
from yiwang.platform.sharing import pages

from .test_matrix import undone
from .walking import links
from .world import BROWSERS, NOON, PEOPLE, World

pytestmark = pytest.mark.django_db

ENTRANCE = "/desk/"
"""Of the staff, on every public page: a citizen is told so there."""


def walk(browser: Client, start: str, *, known: bool, each: int) -> Iterator[tuple[str, str, int]]:
    """Yield the link, the page that has it, and the status of what it leads to; of each route the first ``each``. ``known``
    people do not look at public pages: those are the same for everybody.
    """
    waiting, walked, met = deque([("", start)]), set(), Counter[str]()
    while waiting:
        page, link = waiting.popleft()
        path = link.partition("?")[0]
        route = resolve(path).route
        if link in walked or met[route] == each:
            continue
        walked.add(link)
        met[route] += 1
        answer = browser.get(link)
        yield link, page, answer.status_code
        entry = getattr(resolve(path).func, "entry", None)
        if link == start or not (known and entry and entry.kind == "public"):
            waiting.extend((link, one) for one in links(answer))


@pytest.mark.parametrize("name", BROWSERS)
def test_every_link_leads_somewhere(world: World, name: str) -> None:
    start = "/" if name == "anon" else "/my/" if name in PEOPLE else "/desk/"
    with clock.at(NOON), undone():
        each = 8 if name in ("anon", "owner", "clerk", "decider", "steward") else 1
        met = list(walk(world.visitors[name].fresh(), start, known=name != "anon", each=each))
    assert [one for one in met if one[2] >= 400 and not (name in PEOPLE and one[0] == ENTRANCE)] == []
    assert len(met) > 2


def test_a_link_that_leads_nowhere_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_bases", lambda space: [("没有的库", "/data/bases/none/")])
    with clock.at(NOON), undone():
        met = list(walk(world.visitors["anon"].fresh(), "/data/", known=False, each=1))
    assert [one for one in met if one[2] >= 400] == [("/data/bases/none/", "/data/", 404)]
