"""What people learn and do: schools and pupils, firms and those who own them, jobs, wages and years insured."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from random import Random

from yiwang.config.synth import names
from yiwang.config.synth.days import (
    add_months,
    age,
    birthday,
    day_of,
    months_between,
    year_of,
)
from yiwang.config.synth.homes import Addresses, Household
from yiwang.config.synth.numbers import firm_code
from yiwang.config.synth.people import ADULT, Person
from yiwang.config.synth.plan import Chunk, Place, Plan, TooMany, institutions
from yiwang.config.synth.trades import (
    CATEGORY,
    COMPANY,
    COOPERATIVE,
    HOUSES,
    JUNIOR_SCHOOL,
    KINDERGARTEN,
    PRIMARY_SCHOOL,
    PRIVATE,
    PUBLIC,
    SENIOR_SCHOOL,
    SOLE_TRADER,
    SUFFIX,
    TRADES,
    Body,
    Trade,
)

# What somebody does today.
SMALL, PUPIL, STUDENT, EMPLOYED, OWNER, FARMER, FLEXIBLE, WORKLESS, AT_HOME, RETIRED = range(10)
WORKS_FROM = 16
"""劳动法 art. 15."""
# How far somebody came in school.
NONE, PRIMARY, JUNIOR, SENIOR, COLLEGE, BACHELOR, MASTER = range(7)
_YEARS_TO = {PRIMARY: 6, JUNIOR: 9, SENIOR: 12, COLLEGE: 15, BACHELOR: 16, MASTER: 19}
_PATHS = (
    # born before, shares of PRIMARY to MASTER
    (1950, (60, 30, 9, 1, 0, 0)),
    (1965, (30, 45, 20, 3, 2, 0)),
    (1980, (10, 50, 25, 10, 5, 0)),
    (1990, (2, 38, 27, 20, 12, 1)),
    (9999, (0, 14, 28, 28, 26, 4)),
)
INSURANCE_BEGAN = day_of(1993, 1, 1)


class Work:
    """Gives a neighbourhood its schools, firms and jobs."""

    def __init__(self, plan: Plan, chunk: Chunk, addresses: Addresses, rng: Random) -> None:
        self.plan, self.chunk, self.addresses, self.rng, self.at = plan, chunk, addresses, rng, plan.at
        self.bodies: list[Body] = []
        self.institutions: list[Body] = []
        self.term = _term(plan.at)

    def begin(self, people: list[Person], households: list[Household]) -> None:
        """Do all of it, in the order in which one rests on the other."""
        self._found_institutions()
        for person in people:
            if person.lives and not person.given:
                self._learn(person)
        self._found_firms(people, households)
        self._employ(people)

    # --- Schools ---

    def _found_institutions(self) -> None:
        for turn in range(institutions(self.chunk.people)):
            kind, trade, word = HOUSES[turn % len(HOUSES)]
            place = self.addresses.anywhere()
            # kindergartens are private: bodies of society, not of the state
            kind_of = PRIVATE if kind == KINDERGARTEN else PUBLIC
            body = self._body(turn, kind_of, trade, place, (f"{self.chunk.county.short}{names.MARK}", word))
            body.established = day_of(1956, 9, 1) + self.rng.randrange(50 * 365)
            body.school, body.fund = kind, True
            self.institutions.append(body)

    def _body(self, turn: int, kind: str, trade: Trade, place: Place, name: tuple[str, str]) -> Body:
        place_of_all = self.chunk.firms_before + turn
        code = firm_code(CATEGORY[kind], self.chunk.county.code, place_of_all)
        body = Body(
            code,
            names.firm_word(place_of_all).join(name),
            kind,
            trade=trade,
            place=place,
            address=self.addresses.shop(place),
            salt=self.rng.getrandbits(48),
        )
        body.serial = place_of_all
        return body

    def _school_of(self, kind: int, person: Person) -> Body | None:
        found = [body for body in self.institutions if body.school == kind]
        assert person.home is not None
        return found[person.home.serial % len(found)] if found else None

    def _learn(self, person: Person) -> None:
        rng, at = self.rng, self.at
        year = year_of(person.born)
        # who is six by the end of August begins school that September
        begins = year + 6 + (person.born > day_of(year, 8, 31))
        grade = self.term - begins
        if grade < -3:
            person.role = SMALL
            return
        if grade < 0:
            person.role, person.grade = SMALL, grade + 4
            person.school = self._school_of(KINDERGARTEN, person) if rng.random() < 0.96 else None
            return
        shares = next(shares for before, shares in _PATHS if year < before)
        goal = rng.choices(range(PRIMARY, MASTER + 1), shares)[0]
        if not person.local and goal > JUNIOR and rng.random() < 0.5:
            goal -= 1
        for level, years in _YEARS_TO.items():
            if level > goal:
                break
            if level == COLLEGE and goal > COLLEGE:
                continue
            done = day_of(begins + years, 6, 30)
            if done > at:
                self._attends(person, level, grade)
                return
            person.level, person.graduated = level, done

    def _attends(self, person: Person, level: int, grade: int) -> None:
        person.grade = grade + 1
        if level in (PRIMARY, JUNIOR, SENIOR):
            kinds = {PRIMARY: PRIMARY_SCHOOL, JUNIOR: JUNIOR_SCHOOL, SENIOR: SENIOR_SCHOOL}
            person.role, person.school = PUPIL, self._school_of(kinds[level], person)
        else:
            person.role = STUDENT

    # --- Firms ---

    def _found_firms(self, people: list[Person], households: list[Household]) -> None:
        rng, at = self.rng, self.at
        if self.chunk.given:
            self._take_in_given(people)
        chunk, first = self.chunk, len(self.institutions)
        owners = [
            person
            for person in people
            if _may_own(person, at) and person.home is not None and not person.home.poor and rng.random() < 0.6
        ]
        # who declares no firm and has one
        planted = [
            next((one for one in home.members if _may_own(one, at)), None)
            for home in households
            if home.plant == "firm"
        ]
        waiting = [person for person in planted if person is not None]
        for turn in range(chunk.firms):
            owner = waiting.pop() if waiting else rng.choice(owners) if owners else None
            if owner is None:
                raise TooMany("nobody is left who could own a firm: fewer firms or more people")
            self._found(first + turn, owner, owners, planted=owner.home is not None and owner.home.plant == "firm")
        for home in households:
            # too few firms for so much wrong
            if home.plant == "firm" and not any(one.firms for one in home.members):
                home.plant = "deposit"

    def _found(self, turn: int, owner: Person, owners: list[Person], *, planted: bool) -> None:
        rng, at = self.rng, self.at
        chance = rng.random()
        kind = SOLE_TRADER if chance < 0.5 else COMPANY if chance < 0.97 else COOPERATIVE
        fitting = [trade for trade in TRADES if (trade.shop if kind == SOLE_TRADER else True)]
        if kind == COOPERATIVE:
            fitting = [trade for trade in TRADES if "farm" in trade.marks]
        trade = rng.choices(fitting, [trade.weight for trade in fitting])[0]
        place = self.addresses.anywhere() if rng.random() < 0.5 or owner.home is None else owner.home.place
        county = self.chunk.county
        before = f"{self.plan.city.name}{county.name}" if kind == SOLE_TRADER else county.short
        body = self._body(turn, kind, trade, place, (before + names.MARK, trade.word + SUFFIX[kind]))
        earliest = max(birthday(owner.born, 20), day_of(1993, 1, 1))
        # most are young: the square of chance
        since = at - int(rng.random() ** 2 * (at - earliest))
        body.established = max(earliest, since)
        if not planted and at - body.established > 700 and rng.random() < 0.07:
            body.closed = rng.randrange(body.established + 300, at - 20)
        small = kind == SOLE_TRADER
        body.capital = (
            rng.choice((2, 3, 5, 5, 8, 10, 20)) if small else rng.choice((10, 30, 50, 50, 100, 200, 500, 1000))
        )
        body.fund = not small and rng.random() < 0.45
        body.rep = owner
        owner.firms += (body,)
        if body.active and not planted:
            owner.role = OWNER
        if small:
            body.shareholders = [(owner, 100)]
        else:
            self._share(body, owner, owners)
        for holder, _part in body.shareholders:
            holder.shares += (body,)
        self.bodies.append(body)

    def _share(self, body: Body, owner: Person, owners: list[Person]) -> None:
        rng = self.rng
        left, holders = 100, []
        spouse = owner.spouse
        others = [spouse] if spouse is not None and spouse.lives and rng.random() < 0.4 else []
        if owners and rng.random() < 0.3:
            others.append(rng.choice(owners))
        for other in others:
            if other is owner or other.given or age(other.born, body.established) < ADULT:
                continue
            part = rng.choice((10, 20, 30, 40))
            holders.append((other, part))
            left -= part
        body.shareholders = [(owner, left), *holders]

    def _take_in_given(self, people: list[Person]) -> None:
        by_number = {person.number: person for person in people if person.given}
        kinds = {"sole_trader": SOLE_TRADER}
        for given in self.plan.city.firms:
            kind = kinds.get(given.kind, COMPANY)
            place = next((p for p in self.chunk.places if p.code.startswith(given.region)), self.chunk.places[0])
            body = Body(
                given.uscc,
                given.name,
                kind,
                trade=TRADES[0],
                place=place,
                address=given.address,
                salt=self.rng.getrandbits(48),
            )
            body.given = True
            body.established = given.established.toordinal() if given.established else self.at
            body.rep = by_number.get(given.representative)
            if body.rep is not None:
                body.phone = body.rep.phone
                body.rep.firms += (body,)
            self.bodies.append(body)

    # --- Jobs ---

    def _employ(self, people: list[Person]) -> None:
        rng, at = self.rng, self.at
        hiring = [body for body in self.bodies if body.active and not body.given and body.established < at - 40]
        # few are large: one over chance
        sums = list(accumulate(_size(body, rng) for body in hiring))
        heads = self._heads(people)
        public = 0
        for person in people:
            if not person.lives or person.given:
                continue
            retires = retirement(person)
            if person.role in (PUPIL, STUDENT) or age(person.born, at) < WORKS_FROM:
                continue
            self._career(person)
            if person.role == OWNER:
                self._own(person)
            elif person in heads:
                self._hire(person, heads[person])
                heads[person].rep = person
            elif retires <= at:
                person.role, person.retired = RETIRED, retires
            else:
                public += self._job(person, hiring, sums, public)
            self._years(person, retires)

    def _heads(self, people: list[Person]) -> dict[Person, Body]:
        """Choose who leads each institution: the best taught of those who may, of families that ask for nothing."""
        may = [
            person
            for person in people
            if _may_own(person, self.at) and person.role != OWNER and person.home is not None and not person.home.poor
        ]
        may.sort(key=lambda one: (-one.level, -one.born, one.serial))
        if len(may) < len(self.institutions):
            raise TooMany("there are too few people to lead schools and clinics")
        return dict(zip(may, self.institutions, strict=False))

    def _career(self, person: Person) -> None:
        first = max(birthday(person.born, WORKS_FROM), person.graduated) + 60
        if person.served is not None:
            first = max(first, person.served[1] + 60)
        person.career = min(first, self.at)

    def _own(self, person: Person) -> None:
        own = min((body for body in person.firms if body.active), key=lambda body: body.established)
        person.job, person.job_since = own, max(own.established, person.career)
        factor = 1 if own.kind == SOLE_TRADER else 2
        person.wage = (4000 + self.rng.randrange(6000)) * factor // 100 * 100

    def _job(self, person: Person, hiring: list[Body], sums: list[float], public: int) -> int:
        """Give somebody something to do; tell whether it is public service."""
        rng, at = self.rng, self.at
        home = person.home
        assert home is not None
        chance = rng.random()
        if home.poor:
            person.role = FARMER if not home.place.urban else FLEXIBLE
            if chance < 0.3:
                person.role = AT_HOME
            person.wage = 0 if person.role == AT_HOME else 500 + rng.randrange(110) * 10
            if home.plant == "income" and not any(one.job for one in home.members) and hiring:
                self._hire(person, hiring[bisect(sums, rng.random() * sums[-1])], secret=True)
            return 0
        if person.local and chance < (0.16 if person.level >= COLLEGE else 0.01):
            self._hire(person, self.institutions[public % len(self.institutions)])
            return 1
        urban = home.place.urban or not person.local
        employed = 0.72 if urban else 0.5
        chance = rng.random()
        if chance < employed and hiring:
            self._hire(person, hiring[bisect(sums, rng.random() * sums[-1])])
        elif chance < 0.84:
            person.role = FLEXIBLE if urban else FARMER
            person.wage = 2000 + rng.randrange(350) * 10
        elif chance < 0.89:
            person.role = WORKLESS
            person.workless = rng.randrange(max(person.career, at - 700), at) if person.career < at else at
        elif person.male:
            person.role, person.wage = FLEXIBLE, 2500 + rng.randrange(350) * 10
        else:
            person.role = AT_HOME
        return 0

    def _hire(self, person: Person, body: Body, *, secret: bool = False) -> None:
        rng, at = self.rng, self.at
        first = max(body.established, person.career)
        person.role, person.job = EMPLOYED, body
        person.job_since = at - int(rng.random() ** 1.5 * (at - first)) if first < at else at
        grown = min(25, (at - person.career) // 365)
        base = (2600, 2800, 3200, 3800, 4800, 6200, 8500)[person.level]
        person.wage = (base + grown * rng.randrange(20, 160) + rng.randrange(2400)) // 10 * 10
        if secret:
            person.wage = 3000 + rng.randrange(250) * 10
        body.staff.append(person)

    def _years(self, person: Person, retires: int) -> None:
        """Count the months insured as somebody who worked: most of the time since it began or they did."""
        rng, at = self.rng, self.at
        insured = person.role in (EMPLOYED, OWNER) or (
            person.role in (WORKLESS, RETIRED, FLEXIBLE) and rng.random() < (0.75 if person.level >= JUNIOR else 0.35)
        )
        home = person.home
        poor = home is not None and home.poor
        if not insured or (poor and person.role != EMPLOYED):
            if person.role == RETIRED:
                self._resident(person)
            return
        until = min(at, retires, person.workless or at)
        since = max(person.career, INSURANCE_BEGAN if person.born > day_of(1955, 1, 1) else day_of(1985, 1, 1))
        if not person.local and person.moved_in:
            # what was paid where they come from is another place's
            if since < person.moved_in - 400 and rng.random() < 0.5:
                person.former = person.origin
                person.former_months = months_between(since, person.moved_in) * rng.randrange(40, 95) // 100
            since = max(since, person.moved_in)
        if person.role in (EMPLOYED, OWNER) and rng.random() < 0.45:
            since = max(since, person.job_since)
        since = min(since, person.job_since or since)
        if since >= until:
            since = max(person.career, until - 30)
        person.insured_since = since
        full = months_between(since, until) + 1
        kept = full if since == person.job_since else full * rng.randrange(60, 101) // 100
        if person.job is not None:
            kept = max(kept, months_between(person.job_since, until) + 1)
        person.months = max(1, kept)
        if person.role == RETIRED:
            # 社会保险法 art. 16: a pension after fifteen years, else that of residents
            enough = person.months + person.former_months >= 180
            if enough:
                person.pension = (1400 + person.months // 12 * (45 + rng.randrange(60))) // 10 * 10
            else:
                self._resident(person)

    def _resident(self, person: Person) -> None:
        """Who was not insured long enough has the pension of residents, from sixty on (社会保险法 art. 22)."""
        if age(person.born, self.at) >= 60:
            person.pension = 300 + self.rng.randrange(30) * 10
            person.retired = max(person.retired, add_months(birthday(person.born, 60), 1))
        else:
            person.role, person.retired = AT_HOME, 0


def _size(body: Body, rng: Random) -> float:
    if body.kind == COMPANY:
        return min(60.0, 3 / (rng.random() + 0.02)) * (2 if "factory" in body.trade.marks else 1)
    return 0.3 + rng.random()


def _may_own(person: Person, at: int) -> bool:
    return person.lives and not person.given and person.role not in (PUPIL, STUDENT) and 21 <= age(person.born, at) < 58


def _term(at: int) -> int:
    """Return the year in which the present school year began."""
    year = year_of(at)
    return year if at >= day_of(year, 9, 1) else year - 1


def retirement(person: Person) -> int:
    """Return the first day of somebody's retirement.

    全国人民代表大会常务委员会关于实施渐进式延迟法定退休年龄的决定 (2024): from 2025 on men's sixty and women's fifty-five years
    grow by a month every four months to 63 and 58, women's fifty by a month every two months to 55. Women of the
    higher schools stand for the fifty-five.
    """
    years, pace, most = (60, 4, 36) if person.male else (55, 4, 36) if person.level >= COLLEGE else (50, 2, 60)
    old = birthday(person.born, years)
    began = day_of(2025, 1, 1)
    later = 0 if old < began else min(most, months_between(began, old) // pace + 1)
    return add_months(old, later + 1)
