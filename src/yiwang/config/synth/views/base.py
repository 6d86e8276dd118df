"""What a view is: one function a dataset, named like it, that yields the dataset's rows of one neighbourhood."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from yiwang.config.synth.days import age, birthday, instant, iso, month_of
from yiwang.config.synth.numbers import pick
from yiwang.config.synth.people import Person
from yiwang.config.synth.trades import COMPANY, Body
from yiwang.config.synth.work import OWNER
from yiwang.config.synth.world import Neighbourhood

Row = dict[str, object]
Function = TypeVar("Function", bound=Callable[[Neighbourhood], Iterator[Row]])


@dataclass(frozen=True, slots=True)
class View:
    """How a dataset comes out of the world. ``given``: it may speak of the pack's own people and firms, because it
    says no more than the pack does.
    """

    rows: Callable[[Neighbourhood], Iterator[Row]]
    given: bool


NUMERALS = "一二三四五六七八九"
VIEWS: dict[str, View] = {}
"""Every dataset that can be derived, by code."""


def view(function: Function) -> Function:
    """Make a function the view of the dataset that has its name."""
    VIEWS[function.__name__] = View(function, given=False)
    return function


def view_of_all(function: Function) -> Function:
    """Make a function the view of the dataset that has its name, the pack's own people and firms among its subjects."""
    VIEWS[function.__name__] = View(function, given=True)
    return function


def row(subject: Person | Body, day: int, world: Neighbourhood, **values: object) -> Row:
    """Return a row about somebody, last changed on a day (never after the world's own)."""
    number = subject.number if isinstance(subject, Person) else subject.code
    return {"subject": number, "at": instant(min(day, world.at), subject.salt & 1023), **values}


def some(subject: Person | Body, tag: int, percent: float) -> bool:
    """Tell whether somebody is among so many in a hundred, by a chance that is theirs."""
    return pick(subject.salt, tag, 1000) < percent * 10


def detail(subject: Person | Body, tag: int, of: int) -> int:
    """Return a number below ``of`` that is always the same for a subject and a tag."""
    return pick(subject.salt, tag, of)


def one_of(subject: Person | Body, tag: int, words: tuple[str, ...]) -> str:
    """Return one of some words, always the same for a subject and a tag."""
    return words[pick(subject.salt, tag, len(words))]


def ago(subject: Person | Body, tag: int, world: Neighbourhood, days: int) -> int:
    """Return a day not so many days before the world's own."""
    return world.at - pick(subject.salt, tag, days)


def money(yuan: int) -> str:
    """Return whole yuan as a sum."""
    return f"{yuan}.00"


def cents(amount: int) -> str:
    """Return cents as a sum."""
    return f"{amount // 100}.{amount % 100:02d}"


def past_months(world: Neighbourhood, count: int) -> list[tuple[str, int]]:
    """Return the last full months, oldest first: each as ``YYYY-MM`` and the day it ended."""
    found = []
    day = world.at
    for _i in range(count):
        day -= int(iso(day)[8:])
        found.append((month_of(day), day))
    return found[::-1]


def living(world: Neighbourhood, least: int = 0, most: int = 200) -> Iterator[Person]:
    """Yield who lives here and is that old, without the pack's own people."""
    at = world.at
    for person in world.people:
        if person.lives and not person.given and least <= age(person.born, at) <= most:
            yield person


def firms(world: Neighbourhood, mark: str = "") -> Iterator[Body]:
    """Yield the firms in business, without the pack's own; ``mark``: of trades that have it."""
    for body in world.bodies:
        if body.active and not body.given and (not mark or mark in body.trade.marks):
            yield body


def companies(world: Neighbourhood) -> Iterator[Body]:
    """Yield the companies in business, without the pack's own."""
    return (body for body in firms(world) if body.kind == COMPANY)


def workers(body: Body) -> int:
    """Return how many work there, who owns it among them."""
    return len(body.staff) + (body.rep is not None and body.rep.role == OWNER and body.rep.job is body)


def hospital(world: Neighbourhood, subject: Person, tag: int) -> str:
    """Return the name of a hospital of the neighbourhood."""
    found = [body.name for body in world.institutions if body.trade.word == "医院"]
    return found[pick(subject.salt, tag, len(found))]


def police(world: Neighbourhood) -> str:
    """Return the name of the county's police."""
    county, city = world.chunk.county.name, world.plan.city.name
    return f"{city}公安局{county}分局" if county.endswith("区") else f"{county}公安局"


def market_bureau(world: Neighbourhood) -> str:
    """Return the name of the county's bureau of the market."""
    return f"{world.chunk.county.name}市场监督管理局"


def account(person: Person) -> str:
    """Return the account on somebody's social security card."""
    return f"6200{person.serial:012d}"


def unit_account(body: Body) -> str:
    """Return the bank account of a firm."""
    return f"6290{body.serial:012d}"


def changed(body: Body, world: Neighbourhood) -> int:
    """Return the day of a firm's last change in the register."""
    return body.closed or max(body.established, ago(body, 160, world, 1500))


def issued(body: Body, tag: int, years: int, world: Neighbourhood) -> int:
    """Return the day of a permit that is valid: its first, or the last that it was renewed."""
    first = min(world.at, body.established + 10 + detail(body, tag, 30))
    return birthday(first, age(first, world.at) // years * years)
