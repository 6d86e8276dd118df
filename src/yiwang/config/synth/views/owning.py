"""What people own: homes, land, cars, and the papers that go with them."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import age, birthday, compact, day_of, iso, year_of
from yiwang.config.synth.means import LIVING, Property
from yiwang.config.synth.numbers import PROVINCES, pick
from yiwang.config.synth.people import ADULT, Person
from yiwang.config.synth.views.base import (
    Row,
    account,
    ago,
    detail,
    firms,
    hospital,
    living,
    money,
    one_of,
    row,
    some,
    view,
)
from yiwang.config.synth.work import FARMER
from yiwang.config.synth.world import Neighbourhood

_SHORE = "渔港岙岛海屿澳浦"
"""A village with one of these in its name lies at the water."""
_ACTS = (
    # act, points, fine
    ("违反规定停放机动车", 0, 150),
    ("超速百分之十以上未达百分之二十", 0, 150),
    ("未按规定使用安全带", 0, 50),
    ("闯红灯", 6, 200),
    ("驾驶时拨打手持电话", 2, 150),
)


# --- Homes ---


@view
def real_estate_persons(world: Neighbourhood) -> Iterator[Row]:
    """个人不动产登记: one row a person, also for who has none; the newest home stands for all."""
    for person in world.people:
        if person.given or (not person.homes and not (person.lives and age(person.born, world.at) >= ADULT)):
            continue
        homes = [one for one in person.homes if one.use == LIVING]
        if not homes:
            yield row(person, ago(person, 100, world, 300), world, homes="0")
            continue
        newest = max(homes, key=lambda one: one.bought)
        yield row(
            person,
            newest.bought,
            world,
            address=newest.address,
            unit=newest.unit,
            use=newest.use,
            area=newest.area,
            number=newest.title,
            mortgaged=bool(newest.lender),
            homes=str(len(homes)),
        )


@view
def real_estate_rights(world: Neighbourhood) -> Iterator[Row]:
    """不动产登记簿: each right under each of its owners."""
    for one in world.properties:
        village = one.use == LIVING and not one.place.urban
        for owner in one.owners:
            yield row(
                owner,
                one.bought,
                world,
                unit=one.unit,
                certificate=one.title,
                right="宅基地使用权及房屋所有权" if village else "国有建设用地使用权及房屋所有权",
                share="共同共有" if len(one.owners) > 1 else "单独所有",
                address=one.address,
                area=one.area,
                registered_on=iso(one.bought),
                mortgaged=bool(one.lender),
                seized=any(each.dishonest for each in one.owners),
                objection=False,
            )


def _contract(world: Neighbourhood, one: Property) -> str:
    return f"{world.chunk.county.code}网签{compact(one.signed)}DEMO{one.serial:07d}"


@view
def house_contracts(world: Neighbourhood) -> Iterator[Row]:
    """存量房网签: under who buys and who sells."""
    for one in world.properties:
        if one.seller is None:
            continue
        buyer = one.owners[0]
        for person in (*one.owners, one.seller):
            yield row(
                person,
                one.signed,
                world,
                number=_contract(world, one),
                signed_on=iso(one.signed),
                price=money(one.price),
                address=one.address,
                unit=one.unit,
                area=one.area,
                buyer=buyer.name,
                buyer_number=buyer.number,
                seller=one.seller.name,
                seller_number=one.seller.number,
            )


@view
def deed_taxes(world: Neighbourhood) -> Iterator[Row]:
    """契税征收: of who bought a home in the last years (契税法 art. 3; the lower rate for a family's only home)."""
    for one in world.properties:
        if one.use != LIVING or one.bought < world.at - 5 * 365 or not one.place.urban:
            continue
        paid = one.bought - 1 if one.signed else max(day_of(1992, 1, 1), one.bought - 3)
        for person in one.owners:
            only = len([home for home in person.homes if home.use == LIVING]) == 1
            yield row(
                person,
                paid,
                world,
                record=f"QS{world.chunk.county.code}{compact(paid)}{one.serial:07d}",
                paid_on=iso(paid),
                amount=money(one.price * (1 if only else 3) // 100),
                contract=_contract(world, one) if one.signed else "",
            )


# --- Land ---


@view
def land_contracts(world: Neighbourhood) -> Iterator[Row]:
    """农村土地承包经营权: the second term, from 1999 on for thirty years."""
    for home in world.households:
        if home.land:
            let = home.land // 2 if pick(home.head.salt, 101, 100) < 30 else 0
            yield row(
                home.head,
                day_of(1999, 9, 1) + detail(home.head, 102, 8000),
                world,
                contract=f"{home.place.code}J{home.serial:07d}",
                village=f"{home.place.stem}村股份经济合作社",
                area=f"{home.land // 10}.{home.land % 10}",
                from_on="1999-09-01",
                to_on="2029-08-31",
                let_area=f"{let // 10}.{let % 10}",
                family=str(len(home.members)),
            )


@view
def forest_rights(world: Neighbourhood) -> Iterator[Row]:
    """林权登记: some families of the villages; none that has asked for relief, whose declaration knows of no forest."""
    for home in world.households:
        head = home.head
        if not home.land or home.claim is not None or not some(head, 103, 12):
            continue
        yield row(
            head,
            day_of(2008, 6, 1) + detail(head, 104, 5000),
            world,
            certificate=f"{PROVINCES[int(world.plan.city.code[:2])]}林证字演示第{home.serial:07d}号",
            plot=f"{home.place.code}L{home.serial:07d}",
            place=f"{home.place.before}{home.place.stem}村演示山",
            area=f"{3 + detail(head, 105, 40)}.0",
            species=one_of(head, 106, ("杉木", "马尾松", "毛竹", "杨梅")),
            use="公益林" if some(head, 107, 55) else "商品林",
            to_on="2055-12-31",
        )


@view
def rural_subsidies(world: Neighbourhood) -> Iterator[Row]:
    """惠农补贴发放: for the land that a family farms."""
    this_year = year_of(world.at)
    for home in world.households:
        if not home.land:
            continue
        for year in (this_year - 2, this_year - 1):
            paid = day_of(year, 6, 1) + detail(home.head, 108, 60)
            yield row(
                home.head,
                paid,
                world,
                project="耕地地力保护补贴",
                year=str(year),
                amount=f"{home.land * 9}.00",
                paid_on=iso(paid),
                account=account(home.head),
            )


@view
def fishing_ships(world: Neighbourhood) -> Iterator[Row]:
    """渔船登记: of those who farm where there is water, and are not in need."""
    for person in living(world, ADULT):
        home = person.home
        if person.role != FARMER or home is None or home.poor or home.claim is not None:
            continue
        if any(sign in home.place.stem for sign in _SHORE) and some(person, 109, 25):
            short = world.chunk.county.short[0]
            yield row(
                person,
                max(birthday(person.born, ADULT), ago(person, 110, world, 4000)),
                world,
                name=f"{PROVINCES[int(world.plan.city.code[:2])]}{short}渔演示{person.serial % 100_000:05d}",
                length=f"{6 + detail(person, 111, 22)}.{detail(person, 112, 10)}",
                quota=f"YW{world.chunk.county.code}{person.serial:07d}",
                power=str(30 + detail(person, 113, 300)),
                port=f"{home.place.stem}演示渔港",
                registered_on=iso(max(birthday(person.born, ADULT), ago(person, 110, world, 4000))),
            )


# --- Cars and driving ---


def _violations(person: Person, world: Neighbourhood) -> list[tuple[int, int, bool]]:
    """Return day, act and whether it is settled, of what somebody did on the road in the last year."""
    if not person.drives or not person.cars or not some(person, 114, 24):
        return []
    since = max(person.licence_since, world.at - 300)
    made = []
    for turn in range(1 + some(person, 115, 30)):
        day = world.at - pick(person.salt, 116 + turn, max(1, world.at - since))
        # who has not settled has only just been caught
        made.append((day, pick(person.salt, 118 + turn, len(_ACTS)), day < world.at - 45))
    return made


def _open_fines(person: Person, world: Neighbourhood) -> bool:
    return any(not settled for _day, _act, settled in _violations(person, world))


@view
def traffic_violations(world: Neighbourhood) -> Iterator[Row]:
    """道路交通违法."""
    for person in living(world, ADULT):
        for turn, (day, act, settled) in enumerate(_violations(person, world)):
            words, points, fine = _ACTS[act]
            yield row(
                person,
                day,
                world,
                document=f"{world.chunk.county.code}{compact(day)[2:]}{person.serial:07d}{turn}",
                act=words,
                happened_on=iso(day),
                place=f"{world.chunk.county.name}演示大道",
                points=str(points),
                fine=money(fine),
                settled=settled,
            )


@view
def driving_licences(world: Neighbourhood) -> Iterator[Row]:
    """机动车驾驶证: six years, then ten, then for long (机动车驾驶证申领和使用规定 art. 63)."""
    for person in living(world, ADULT):
        if not person.drives:
            continue
        first = person.licence_since
        until = next(day for years in (6, 16, 26, 36, 46) if (day := birthday(first, years)) > world.at)
        points = sum(_ACTS[act][1] for _day, act, settled in _violations(person, world) if settled)
        yield row(
            person,
            max(first, ago(person, 120, world, 2000)),
            world,
            number=person.number,
            klass=person.drives,
            first_on=iso(first),
            valid_to=iso(until),
            points=str(points),
            file=f"{world.plan.city.code}{person.serial:07d}",
            state="正常",
        )


@view
def driver_health(world: Neighbourhood) -> Iterator[Row]:
    """驾驶人体检信息: of who renews a licence or is over seventy soon."""
    for person in living(world, ADULT):
        if person.drives and some(person, 121, 9):
            day = max(person.licence_since, ago(person, 122, world, 170))
            yield row(
                person,
                day,
                world,
                checked_on=iso(day),
                fit=not some(person, 123, 3),
                hospital=hospital(world, person, 124),
            )


@view
def vehicles(world: Neighbourhood) -> Iterator[Row]:
    """机动车登记: the cars of people; the rows of one owner are told apart by the plate, where the dataset has a key."""
    for person in living(world, ADULT):
        fines = _open_fines(person, world)
        for car in sorted(person.cars, key=lambda one: -one.bought):
            inspected = max(car.bought, world.at - pick(car.serial, 125, 700))
            yield row(
                person,
                inspected,
                world,
                plate=car.plate,
                inspected_on=iso(inspected),
                fines=fines,
                kind="小型新能源汽车" if car.electric else "小型汽车",
                registered_on=iso(car.bought),
            )


@view
def vehicle_invoices(world: Neighbourhood) -> Iterator[Row]:
    """机动车销售发票."""
    for person in living(world, ADULT):
        for car in sorted(person.cars, key=lambda one: -one.bought):
            yield row(
                person,
                car.bought,
                world,
                number=f"{car.serial:012d}",
                model=f"演示牌 {car.model}",
                vin=car.vin,
                engine=f"YW{'E' if car.electric else 'F'}{car.serial:07d}",
                price=money(car.price),
                bought_on=iso(car.bought),
                seller=f"{world.plan.city.stem}演示汽车销售有限公司",
                conformity=f"YW{year_of(car.bought)}{car.serial:08d}",
                tax_record=f"GZ{compact(car.bought)}{car.serial:07d}",
            )


@view
def vehicle_insurances(world: Neighbourhood) -> Iterator[Row]:
    """交强险: one row a person, of the newest car."""
    for person in living(world, ADULT):
        if not person.cars:
            continue
        car = max(person.cars, key=lambda one: one.bought)
        # a year from the day of purchase, again and again
        ends = birthday(car.bought, age(car.bought, world.at) + 1)
        yield row(
            person,
            birthday(car.bought, age(car.bought, world.at)),
            world,
            insurer=f"演示财产保险{world.plan.city.stem}公司",
            ends=iso(ends),
            policy=f"JQ{year_of(ends) - 1}{car.serial:07d}",
            plate=car.plate,
        )


@view
def transport_permits(world: Neighbourhood) -> Iterator[Row]:
    """道路运输经营许可."""
    for body in firms(world, "freight"):
        until = world.at + 60 + detail(body, 126, 1200)
        issued = max(body.established, until - 4 * 365)
        yield row(
            body,
            issued,
            world,
            number=f"交演示{world.chunk.county.code}{body.serial:07d}",
            scope="道路普通货物运输",
            issued_on=iso(min(issued, world.at)),
            valid_to=iso(until),
            vehicles=str(len(body.cars)),
            state="有效",
        )
