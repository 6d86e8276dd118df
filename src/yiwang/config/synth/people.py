"""Who lives, or lived: families grown from a founding couple, year by year, until today; and people come from elsewhere.

Everybody is told by days (ordinals). What happens to somebody happens in an order that can be: nobody weds under age,
has a child after the end of a marriage, or dies before 2000, when the numbers of 18 characters came into use.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from yiwang.config.synth import names
from yiwang.config.synth.days import age, birthday, day_of, year_of
from yiwang.config.synth.numbers import SLOT_WIDTH, citizen_number
from yiwang.config.synth.plan import Chunk, GivenPerson, Plan

if TYPE_CHECKING:
    from yiwang.config.synth.homes import Household
    from yiwang.config.synth.means import Property, Vehicle
    from yiwang.config.synth.trades import Body

EIGHTEEN_CHARACTERS = day_of(2000, 1, 1)
"""Who died before this day had no number of 18 characters, so nobody did."""
ADULT = 18
LOCAL_SHARE = 76
"""Of a hundred people so many belong to families of the city, the others came to work."""
_YEAR = 365
_LEGAL_AGE = {True: 22, False: 20}
"""民法典 art. 1047: men wed from 22, women from 20."""


class Person:
    """Somebody, and all that any agency could know of them. Zero and ``None`` say that there is nothing to know."""

    __slots__ = (
        "born",
        "career",
        "cars",
        "convicted",
        "deposits",
        "died",
        "disability",
        "dishonest",
        "drives",
        "end",
        "family",
        "father",
        "firms",
        "former",
        "former_months",
        "given",
        "grade",
        "graduated",
        "guardian",
        "home",
        "homes",
        "income",
        "insured_since",
        "job",
        "job_since",
        "left",
        "level",
        "licence_since",
        "local",
        "male",
        "months",
        "mother",
        "moved_in",
        "name",
        "number",
        "origin",
        "pension",
        "phone",
        "retired",
        "role",
        "salt",
        "school",
        "securities",
        "serial",
        "served",
        "shares",
        "spouse",
        "wage",
        "weds",
        "workless",
    )

    def __init__(self, male: bool, born: int, salt: int) -> None:
        self.male = male
        self.born = born
        self.salt = salt
        self.number = self.name = self.family = self.phone = ""
        self.origin = ""
        """Where they come from, if not from here."""
        self.serial = 0
        """Their place in the whole world: what numbers of accounts and papers are made from."""
        self.end = self.died = self.left = self.moved_in = 0
        self.father: Person | None = None
        self.mother: Person | None = None
        self.spouse: Person | None = None
        self.guardian: Person | None = None
        self.weds: tuple[Wedding, ...] = ()
        self.home: Household | None = None
        self.local = True
        self.given = False
        # school and work
        self.level = self.grade = self.graduated = 0
        self.school: Body | None = None
        self.role = 0
        self.job: Body | None = None
        self.job_since = self.wage = self.career = self.retired = self.workless = 0
        self.insured_since = self.months = self.former_months = self.pension = 0
        self.former = ""
        self.served: tuple[int, int] | None = None
        # means and the rest
        self.income = self.deposits = self.securities = 0
        self.homes: tuple[Property, ...] = ()
        self.cars: tuple[Vehicle, ...] = ()
        self.firms: tuple[Body, ...] = ()
        self.shares: tuple[Body, ...] = ()
        self.drives = ""
        self.licence_since = self.convicted = self.dishonest = 0
        self.disability: tuple[int, int] | None = None

    @property
    def lives(self) -> bool:
        """Whether they are alive and of this city."""
        return not self.died and not self.left

    @property
    def kids(self) -> list[Person]:
        """All their children."""
        return [kid for wedding in self.weds for kid in wedding.kids]

    @property
    def parents(self) -> tuple[Person, ...]:
        """Those of their parents who are people of the world."""
        return tuple(one for one in (self.mother, self.father) if one is not None)


class Wedding:
    """A marriage from its first to its last day; ``end`` 0 while it lasts."""

    __slots__ = ("day", "end", "husband", "kids", "serial", "why", "wife")

    def __init__(self, husband: Person, wife: Person, day: int, end: int, why: str) -> None:
        self.husband, self.wife, self.day, self.end, self.why = husband, wife, day, end, why
        self.kids: list[Person] = []
        self.serial = 0


@dataclass(slots=True)
class _Couple:
    husband: Person
    wife: Person
    day: int
    wanted: int
    again: bool = False


class Families:
    """Grows a neighbourhood's people."""

    def __init__(self, plan: Plan, chunk: Chunk, rng: Random) -> None:
        self.plan, self.chunk, self.rng, self.at = plan, chunk, rng, plan.at
        self.people: list[Person] = []
        self.units: list[list[Person]] = []
        """The same people by family: parents before children."""
        self.weddings: list[Wedding] = []
        self._used: dict[tuple[str, int, bool], int] = {}
        self._names: set[str] = set()
        self._unit: list[Person] = []
        self._unit_weddings: list[Wedding] = []

    def grow(self) -> None:
        """Make as many as the plan says."""
        if self.chunk.given:
            self._given()
        rng, target = self.rng, self.chunk.people + len(self.people)
        locals_until = len(self.people) + self.chunk.people * LOCAL_SHARE // 100
        misses = 0
        while (room := locals_until - len(self.people)) > 0 and misses < 4:
            # the last of them are young couples, whose families are small
            old = room > 60 and rng.random() < 0.6
            years = (1930, 1954) if old else (1954, 1996)
            misses += not self._keep(self._lineage(*years, False), room)
        while room := target - len(self.people):
            couple = room > 1 and rng.random() < 0.5
            if not couple or not self._keep(self._lineage(1968, 2000, True), room):
                self._unit, self._unit_weddings = [], []
                self._person(rng.random() < 0.6, self._day_in(1968, 2006), "", True)
                self._keep(self._unit, room)

    def _keep(self, unit: list[Person], room: int) -> bool:
        if len(unit) > room:
            return False
        before = 0 if self.chunk.given else len(self.plan.city.people)
        base = before + self.chunk.people_before + len(self.people)
        for turn, person in enumerate(unit, base):
            person.serial = turn
        wed = self.chunk.slot * 5_000 + len(self.weddings)
        for turn, wedding in enumerate(self._unit_weddings, wed + 1):
            wedding.serial = turn
        self.people += unit
        self.units.append(unit)
        self.weddings += self._unit_weddings
        return True

    def _day_in(self, first: int, last: int) -> int:
        return self.rng.randrange(day_of(first, 1, 1), day_of(last, 1, 1))

    def _lineage(self, first: int, last: int, outside: bool) -> list[Person]:
        rng = self.rng
        self._unit, self._unit_weddings = [], []
        born = self._day_in(first, last)
        man = self._person(True, born, "", outside)
        woman = self._person(False, born + rng.randrange(-2 * _YEAR, 5 * _YEAR), "", outside)
        queue = deque((self._couple(man, woman, self._first_day(man, woman)),))
        while queue:
            couple = queue.popleft()
            if couple.day >= min(self.at, couple.husband.end, couple.wife.end):
                continue
            for child in self._wed(couple, queue, outside):
                if rng.random() < (0.93 if child.born < day_of(1985, 1, 1) else 0.82):
                    self._match(child, queue, outside)
        return self._unit

    def _couple(self, man: Person, woman: Person, day: int) -> _Couple:
        year = year_of(min(day, self.at))
        if year < 1980:
            wanted = self.rng.choice((1, 2, 2, 3, 3, 4))
        elif year < 2012:
            wanted = self.rng.choice((1, 1, 1, 2, 2))
        else:
            wanted = self.rng.choice((0, 1, 1, 2, 2, 3))
        return _Couple(man, woman, day, wanted)

    def _first_day(self, man: Person, woman: Person) -> int:
        earliest = max(birthday(man.born, 22), birthday(woman.born, 20))
        late = 9 if man.born > day_of(1980, 1, 1) else 5
        return earliest + self.rng.randrange(1, late * _YEAR)

    def _match(self, person: Person, queue: deque[_Couple], outside: bool) -> None:
        rng = self.rng
        gap = rng.randrange(-2 * _YEAR, 5 * _YEAR)
        born = person.born + (gap if person.male else -gap)
        # too young to be wed today: no one is made for them
        if born > birthday(self.at, -_LEGAL_AGE[not person.male]) or person.born > birthday(
            self.at, -_LEGAL_AGE[person.male]
        ):
            return
        salt = rng.getrandbits(16)
        earliest = max(birthday(born, _LEGAL_AGE[not person.male]), birthday(person.born, _LEGAL_AGE[person.male]))
        late = 9 if person.born > day_of(1980, 1, 1) else 5
        day = earliest + 1 + salt * (late * _YEAR) // 65536
        if day >= min(self.at, person.end):
            return
        other = self._person(not person.male, born, "", outside or rng.random() < 0.08)
        if not outside and other.origin:
            # married in, and registered where the home is
            other.local, other.moved_in = True, day
        man, woman = (person, other) if person.male else (other, person)
        # the number may have moved the birthday by some days
        day = max(day, birthday(man.born, 22), birthday(woman.born, 20))
        queue.append(self._couple(man, woman, day))

    def _wed(self, couple: _Couple, queue: deque[_Couple], outside: bool) -> list[Person]:
        rng, at, day = self.rng, self.at, couple.day
        husband, wife = couple.husband, couple.wife
        if rng.random() < 0.006:
            self._lose_both(husband, wife, day)
        end, why = min(husband.end, wife.end), "death"
        if not couple.again and year_of(day) >= 1985 and rng.random() < 0.16:
            apart = day + rng.randrange(400, 18 * _YEAR)
            if apart < end:
                end, why = apart, "divorce"
        lasts = end > at
        wedding = Wedding(husband, wife, day, 0 if lasts else end, "" if lasts else why)
        self._unit_weddings.append(wedding)
        husband.weds += (wedding,)
        wife.weds += (wedding,)
        kids = wedding.kids
        born = day + rng.randrange(280, 900)
        last = min(end, at, birthday(wife.born, 43))
        while len(kids) < couple.wanted and born < last:
            kids.append(self._child(wedding, born, outside))
            if rng.random() < 0.01 and born < last - 1:
                kids.append(self._child(wedding, born, outside))
            born = kids[-1].born + rng.randrange(500, 1900)
        if lasts:
            husband.spouse, wife.spouse = wife, husband
        elif not couple.again:
            for one in (husband, wife):
                if one.end > end and age(one.born, end) < 58 and rng.random() < 0.4:
                    self._again(one, end, queue, outside)
        return kids

    def _lose_both(self, husband: Person, wife: Person, day: int) -> None:
        """An accident takes both parents: few, but a city has its orphans."""
        last = day + self.rng.randrange(3 * _YEAR, 16 * _YEAR)
        if EIGHTEEN_CHARACTERS <= last < min(husband.end, wife.end, self.at):
            for one in (husband, wife):
                one.end = one.died = last

    def _child(self, wedding: Wedding, born: int, outside: bool) -> Person:
        child = self._person(self.rng.random() < 0.52, born, wedding.husband.family, outside)
        child.father, child.mother = wedding.husband, wedding.wife
        if child.origin and not outside:
            child.origin = ""
        return child

    def _again(self, person: Person, since: int, queue: deque[_Couple], outside: bool) -> None:
        day = since + self.rng.randrange(200, 2500)
        if day >= min(self.at, person.end):
            return
        gap = self.rng.randrange(-4 * _YEAR, 6 * _YEAR)
        born = min(person.born + (gap if person.male else -gap), birthday(day, -23))
        other = self._person(not person.male, born, "", outside)
        man, woman = (person, other) if person.male else (other, person)
        young = age(woman.born, day) < 37
        queue.append(_Couple(man, woman, day, int(young and self.rng.random() < 0.5), again=True))

    def _person(self, male: bool, born: int, family: str, outside: bool) -> Person:
        """Make somebody, born on that day or, where the numbers of the day are given out, on the next that has some."""
        rng, chunk = self.rng, self.chunk
        region, slot = (chunk.outside[0], chunk.outside_slot) if outside else (chunk.county.code, chunk.slot)
        first = born = min(born, self.at)
        step = 1
        while True:
            turn = self._used.get((region, born, male), 0)
            if turn < SLOT_WIDTH:
                self._used[region, born, male] = turn + 1
                number = citizen_number(region, born, male, slot, turn)
                if number not in self.plan.city.numbers:
                    break
            elif born + step > self.at:
                # nobody is born tomorrow: the days before, then
                born, step = first - 1, -1
            else:
                born += step
        person = Person(male, born, rng.getrandbits(48))
        person.number = number
        person.family = family or names.family_name(rng)
        for _try in range(6):
            person.name = names.MARK + person.family + names.given_name(rng)
            if person.name not in self._names:
                break
        self._names.add(person.name)
        person.end = self._end(born)
        person.died = person.end if person.end <= self.at else 0
        if outside:
            person.local, person.origin = False, chunk.outside[1]
        self._unit.append(person)
        return person

    def _end(self, born: int) -> int:
        """Return the day somebody will die: few as children, some before sixty, most about eighty."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.004:
            days = rng.randrange(30, 15 * _YEAR)
        elif chance < 0.04:
            days = rng.randrange(18 * _YEAR, 60 * _YEAR)
        else:
            days = 60 * _YEAR + rng.randrange(22 * _YEAR) + rng.randrange(22 * _YEAR)
        end = born + days
        return end if end >= EIGHTEEN_CHARACTERS else EIGHTEEN_CHARACTERS + rng.randrange(12 * _YEAR)

    def _given(self) -> None:
        """Take in the pack's own people as they are: nothing is invented about them."""
        self._unit, self._unit_weddings = [], []
        by_number = {given.number: self._known(given) for given in self.plan.city.people}
        for row in self.plan.city.records.get("marriages", ()):
            husband = by_number.get(str(row.get("husband_number")))
            wife = by_number.get(str(row.get("wife_number")))
            if row.get("married") is True and husband and wife and husband.spouse is None:
                wedding = Wedding(husband, wife, _ordinal(row["registered_on"]), 0, "")
                self._unit_weddings.append(wedding)
                husband.spouse, wife.spouse = wife, husband
                husband.weds, wife.weds = (wedding,), (wedding,)
        self._keep(self._unit, len(self._unit))

    def _known(self, given: GivenPerson) -> Person:
        number = given.number
        born = day_of(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        person = Person(int(number[16]) % 2 == 1, born, self.rng.getrandbits(48))
        person.number, person.name, person.phone = number, given.name, given.phone
        person.given, person.end = True, self.at + 50 * _YEAR
        person.local = number[:4] == self.plan.city.code[:4]
        self._names.add(given.name)
        self._unit.append(person)
        return person


def _ordinal(text: Any) -> int:
    return day_of(*(int(part) for part in str(text).split("-")))
