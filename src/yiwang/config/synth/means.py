"""What people own and live on: homes, land, cars, deposits, income, and a place to work for their firms."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from yiwang.config.synth.days import age, birthday, day_of, year_of
from yiwang.config.synth.homes import Addresses, Household
from yiwang.config.synth.numbers import PROVINCES, plate, vin
from yiwang.config.synth.people import ADULT, Person
from yiwang.config.synth.plan import Chunk, Place, Plan
from yiwang.config.synth.trades import COMPANY, PRIVATE, PUBLIC, Body
from yiwang.config.synth.work import RETIRED

LIVING, TRADING, OFFICE, FACTORY = "住宅", "商业", "办公", "工业"
BANKS = ("演示银行", "演示农商银行", "演示城市银行", "演示储蓄银行")
_PETROL = ("YW15 燃油轿车", "YW18 燃油轿车", "YW20 越野客车", "YW12 小型客车")
_ELECTRIC = ("YW2026 纯电动轿车", "YW2024 插电式混合动力轿车")
_LORRY = "YW60 厢式货车"
_YEAR = 365


@dataclass(slots=True, eq=False)
class Property:
    """A home or another building unit with its title."""

    serial: int
    place: Place
    address: str
    use: str
    area: str
    bought: int
    price: int
    owners: tuple[Person, ...]
    unit: str
    title: str
    seller: Person | None = None
    signed: int = 0
    """Day of the contract where it was bought from somebody."""
    lender: str = ""
    debt: int = 0
    monthly: int = 0


@dataclass(slots=True, eq=False)
class Vehicle:
    """A registered vehicle."""

    serial: int
    plate: str
    vin: str
    model: str
    electric: bool
    bought: int
    price: int


class Means:
    """Gives a neighbourhood's people what they have."""

    def __init__(self, plan: Plan, chunk: Chunk, addresses: Addresses, rng: Random) -> None:
        self.plan, self.chunk, self.addresses, self.rng, self.at = plan, chunk, addresses, rng, plan.at
        self.properties: list[Property] = []
        self._cars = chunk.people_before + chunk.firms_before
        self._province = PROVINCES[int(plan.city.code[:2])]

    def give(self, people: list[Person], households: list[Household], bodies: list[Body]) -> None:
        """Do all of it."""
        for person in people:
            if person.lives and not person.given:
                self._drive(person)
        free = [household for household in households if not household.kept]
        for household in free:
            self._homes(household)
        self._sales(free)
        self._left_behind(people)
        for household in free:
            self._own_cars(household)
        for person in people:
            if person.lives and not person.given:
                self._live_on(person)
        self._premises(bodies, free)
        for household in free:
            self._land(household)
        for body in bodies:
            self._firm_cars(body)

    # --- Homes ---

    def _homes(self, household: Household) -> None:
        rng = self.rng
        head = household.head
        share = 0.5 if household.poor else 0.12 if not head.local else 0.76 if household.place.urban else 0.88
        if age(head.born, self.at) < ADULT:
            return
        if rng.random() < share:
            self._buy(household, household.place, household.address)
            more = rng.random()
            # 0.14 have a second home, 0.02 a third; who is in hardship has one at most
            for _i in range(0 if household.poor else (more < 0.14) + (more < 0.02)):
                place = self.addresses.anywhere()
                self._buy(household, place, self.addresses.home(place))
        if household.plant == "home":
            place = self.addresses.anywhere()
            self._buy(household, place, self.addresses.home(place))

    def _buy(self, household: Household, place: Place, address: str) -> Property:
        rng, at, head = self.rng, self.at, household.head
        spouse = head.spouse
        two = spouse is not None and spouse.home is household and not spouse.given and rng.random() < 0.65
        owners = (head, spouse) if two and spouse is not None else (head,)
        earliest = max(birthday(head.born, 18), day_of(1992, 1, 1))
        if two:
            earliest = max(earliest, head.weds[-1].day)
        bought = rng.randrange(earliest, at) if earliest < at else at
        area = rng.randrange(420, 1500)
        price = area * rng.randrange(700, 2600) // 10 * 10
        made = self._register(place, address, LIVING, area=area, bought=bought, price=price, owners=owners)
        if not household.poor and at - bought < 20 * _YEAR and rng.random() < 0.45:
            made.lender = rng.choice(BANKS)
            left = 1 - (at - bought) / (25 * _YEAR)
            made.debt = int(price * 0.65 * left) // 1000 * 1000
            made.monthly = price * 65 // 100 // 210 // 10 * 10
        return made

    def _register(
        self, place: Place, address: str, use: str, *, area: int, bought: int, price: int, owners: tuple[Person, ...]
    ) -> Property:
        serial = len(self.properties) + 1
        slot = self.chunk.slot
        number = slot * 20_000 + serial
        made = Property(
            serial=number,
            place=place,
            address=address,
            use=use,
            area=f"{area // 10}.{area % 10}",
            bought=bought,
            price=price,
            owners=owners,
            # 县级 6、地籍区 3、地籍子区 3、GB 宗地 5、F 幢与户 8 位
            unit=f"{place.code}GB{slot + 1:05d}F{serial:08d}",
            title=f"{self._province}（{year_of(bought)}）{self._county()}不动产权第{number:07d}号",
        )
        self.properties.append(made)
        for owner in owners:
            owner.homes += (made,)
        return made

    def _county(self) -> str:
        return f"{self.plan.city.name}{self.chunk.county.name}"

    def _sales(self, households: list[Household]) -> None:
        """Homes that changed hands in the last two years, with who sold them."""
        rng, at = self.rng, self.at
        sellers = [home.head for home in households if not home.poor and age(home.head.born, at) >= 25]
        for made in self.properties:
            if made.bought < at - 3 * _YEAR or len(sellers) < 2 or rng.random() < 0.5:
                continue
            seller = rng.choice(sellers)
            if seller in made.owners or seller.spouse in made.owners or made.owners[0].home is seller.home:
                continue
            made.seller, made.signed = seller, made.bought - rng.randrange(8, 25)

    def _left_behind(self, people: list[Person]) -> None:
        """Some who died lately still stand in the register, until their heirs have it changed."""
        rng, at = self.rng, self.at
        for person in people:
            if person.died > at - 3 * _YEAR and age(person.born, person.died) >= 40 and rng.random() < 0.2:
                place = self.addresses.anywhere()
                bought = rng.randrange(day_of(1994, 1, 1), person.died - 30)
                area = rng.randrange(420, 1200)
                self._register(
                    place,
                    self.addresses.home(place),
                    LIVING,
                    area=area,
                    bought=bought,
                    price=area * 800,
                    owners=(person,),
                )

    # --- Cars ---

    def _drive(self, person: Person) -> None:
        rng, at = self.rng, self.at
        years = age(person.born, at)
        if not ADULT <= years <= 69 or person.disability is not None:
            return
        share = 0.7 if person.male else 0.48
        if rng.random() >= share * (1 if years < 45 else 0.6):
            return
        grown = birthday(person.born, ADULT)
        person.licence_since = rng.randrange(max(grown, at - 30 * _YEAR), at) if grown < at else at
        person.drives = rng.choice(("C1",) * 14 + ("C2",) * 5 + ("B2",))

    def _own_cars(self, household: Household) -> None:
        rng = self.rng
        drivers = [one for one in household.members if one.drives]
        planted = household.plant == "car"
        if planted and not drivers:
            # owning a car asks for no licence
            drivers = [one for one in household.members if age(one.born, self.at) >= ADULT]
        chance = rng.random()
        cars = int(planted) if household.poor else (chance < 0.55) + (chance < 0.12)
        for turn in range(min(cars, len(drivers))):
            self._car(drivers[turn])

    def _car(self, owner: Person) -> None:
        rng, at = self.rng, self.at
        earliest = max(owner.licence_since or birthday(owner.born, ADULT), at - 13 * _YEAR)
        bought = rng.randrange(earliest, at) if earliest < at else at
        electric = bought > day_of(2018, 1, 1) and rng.random() < 0.4
        model = rng.choice(_ELECTRIC if electric else _PETROL)
        owner.cars += (self._vehicle(model, electric, bought, rng.randrange(60, 320) * 1000),)

    def _firm_cars(self, body: Body) -> None:
        rng = self.rng
        if body.given or body.closed or body.established >= self.at - 30:
            return
        freight = "freight" in body.trade.marks
        count = rng.randrange(1, 7) if freight else int(body.kind == COMPANY and rng.random() < 0.2)
        for _i in range(count):
            bought = rng.randrange(max(body.established, self.at - 12 * _YEAR), self.at)
            model = _LORRY if freight else rng.choice(_PETROL)
            body.cars += (self._vehicle(model, False, bought, rng.randrange(90, 400) * 1000),)

    def _vehicle(self, model: str, electric: bool, bought: int, price: int) -> Vehicle:
        serial = self._cars
        self._cars += 1
        code = self.plan.city.code
        return Vehicle(serial, plate(code, serial), vin(year_of(bought), serial), model, electric, bought, price)

    # --- What they live on ---

    def _live_on(self, person: Person) -> None:
        rng = self.rng
        person.income = person.pension if person.role == RETIRED else person.wage
        home = person.home
        if age(person.born, self.at) >= ADULT:
            if home is not None and home.poor:
                person.deposits = rng.randrange(20, 900) * 10
            else:
                years = max(0, age(person.born, self.at) - 20)
                person.deposits = 2000 + person.income * years * rng.randrange(5, 60) // 100 // 10 * 10

            if person.income > 5000 and rng.random() < 0.1:
                person.securities = rng.randrange(10, 400) * 500

    def _land(self, household: Household) -> None:
        rng, head = self.rng, household.head
        if head.local and not household.place.urban and rng.random() < 0.7:
            household.land = len(household.members) * rng.randrange(4, 11)

    def _premises(self, bodies: list[Body], households: list[Household]) -> None:
        """A place to work for each firm: its owner's, or let by somebody who has it."""
        rng, at = self.rng, self.at
        landlords = [home.head for home in households if not home.poor and age(home.head.born, at) >= 30]
        for body in bodies:
            rep = body.rep
            if body.given or body.closed or rep is None or body.kind in (PUBLIC, PRIVATE):
                continue
            own = rng.random() < 0.18 and rep.home is not None and not rep.home.poor
            owner = rep if own or not landlords else rng.choice(landlords)
            use = FACTORY if "factory" in body.trade.marks else TRADING if body.trade.shop else OFFICE
            area = rng.randrange(200, 1600) * (6 if use == FACTORY else 1)
            earliest = max(birthday(owner.born, ADULT), day_of(1992, 1, 1))
            # who could not own it when the firm began got it later, and the firm moved there
            latest = body.established if earliest < body.established else at
            bought = rng.randrange(earliest, latest) if earliest < latest else latest
            body.premises = self._register(
                body.place, body.address, use, area=area, bought=bought, price=area * 1500, owners=(owner,)
            )
            if owner is not rep:
                years = rng.choice((1, 2, 3, 3, 5))
                since = max(body.established, bought, at - rng.randrange(years * _YEAR))
                body.lease = (since, since + years * _YEAR - 1)
