"""Who people are: register, households, papers, marriages, births and deaths."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import add_months, age, birthday, compact, day_of, iso, year_of
from yiwang.config.synth.homes import registered, relation
from yiwang.config.synth.people import ADULT, Person, Wedding
from yiwang.config.synth.views.base import (
    Row,
    ago,
    detail,
    hospital,
    living,
    one_of,
    police,
    row,
    some,
    view,
    view_of_all,
)
from yiwang.config.synth.world import Neighbourhood

_NATIONS = {"溟": "畲族", "峦": "苗族", "嶂": "土家族", "霭": "回族"}
"""A family has its father's name and so its father's nation."""
BIRTHS_SINCE = day_of(2005, 1, 1)
PASSPORTS_IN_A_HUNDRED = 26


@view_of_all
def population(world: Neighbourhood) -> Iterator[Row]:
    """人口基础信息."""
    at = world.at
    for person in world.people:
        since = person.died or person.left or max(person.moved_in, ago(person, 1, world, 4000), person.born)
        yield row(
            person,
            since,
            world,
            name=person.name,
            number=person.number,
            sex="male" if person.male else "female",
            born_on=iso(person.born),
            nation=_NATIONS.get(person.family, "汉族"),
            household_address=registered(person),
            status="死亡" if person.died else "迁出" if person.left else "正常",
            age=str(age(person.born, person.died or at)),
            local=person.local and not person.left,
        )


@view
def households(world: Neighbourhood) -> Iterator[Row]:
    """户籍与家庭成员: for each person the whole family, so that asking about one tells of all."""
    for home in world.households:
        members = [one for one in home.members if one.local]
        if not members or home.kept:
            continue
        head = members[0]
        known = [
            {
                "household_number": f"{home.place.town}{home.serial:07d}",
                "address": home.registered,
                "relation": relation(head, one),
                "member_name": one.name,
                "member_number": one.number,
                "moved_in_on": iso(one.moved_in) if one.moved_in else "",
                "moved_out_on": "",
            }
            for one in members
        ]
        changed = max(max(one.born, one.moved_in) for one in members)
        for person in members:
            for each in known:
                yield row(person, changed, world, **each)
    for person in world.people:
        last = person.home
        if person.left and last is not None and last.members:
            yield row(
                person,
                person.left,
                world,
                household_number=f"{last.place.town}{last.serial:07d}",
                address=last.registered,
                relation=relation(last.head, person),
                member_name=person.name,
                member_number=person.number,
                moved_in_on="",
                moved_out_on=iso(person.left),
            )


@view
def identity_cards(world: Neighbourhood) -> Iterator[Row]:
    """居民身份证制发: 居民身份证法 art. 5 gives five, ten or twenty years by age, or for good."""
    for person in living(world, 1):
        years = age(person.born, world.at)
        if not person.local or (years < 16 and not some(person, 2, 55)):
            continue
        grown = birthday(person.born, 16)
        if years < 16:
            since = max(person.born + 30, ago(person, 3, world, 4 * 365))
            until = iso(birthday(since, 5))
        else:
            since = max(grown, ago(person, 3, world, 9 * 365))
            old = age(person.born, since)
            until = iso(birthday(since, 10 if old < 26 else 20)) if old < 46 else ""
        yield row(
            person,
            since,
            world,
            issued_by=police(world),
            valid_from=iso(since),
            valid_to=until,
            state="有效",
            reported_lost_on="",
        )


@view
def residence_records(world: Neighbourhood) -> Iterator[Row]:
    """流动人口居住登记."""
    for person in living(world):
        if not person.local and person.home is not None:
            yield row(
                person,
                person.moved_in,
                world,
                registered=True,
                since=iso(person.moved_in),
                address=person.home.address,
                points=str(20 + detail(person, 4, 100)),
            )


def _pair(wedding: Wedding) -> dict[str, object]:
    return {
        "husband_name": wedding.husband.name,
        "husband_number": wedding.husband.number,
        "wife_name": wedding.wife.name,
        "wife_number": wedding.wife.number,
    }


@view
def marriages(world: Neighbourhood) -> Iterator[Row]:
    """婚姻登记: how everybody of marriageable age stands today."""
    county = world.chunk.county.code
    for person in living(world, 20):
        lasting = next((one for one in person.weds if not one.end), None)
        if lasting is not None:
            yield row(
                person,
                lasting.day,
                world,
                married=True,
                number=f"J{county}-{year_of(lasting.day)}-{lasting.serial:06d}",
                registered_on=iso(lasting.day),
                **_pair(lasting),
            )
        elif person.male is False or age(person.born, world.at) >= 22:
            changed = max((one.end for one in person.weds), default=ago(person, 5, world, 300))
            yield row(person, changed, world, married=False)


@view
def divorces(world: Neighbourhood) -> Iterator[Row]:
    """离婚登记."""
    county = world.chunk.county
    for wedding in world.weddings:
        if wedding.why == "divorce":
            for person in (wedding.husband, wedding.wife):
                yield row(
                    person,
                    wedding.end,
                    world,
                    number=f"L{county.code}-{year_of(wedding.end)}-{wedding.serial:06d}",
                    registered_on=iso(wedding.end),
                    office=f"{county.name}民政局",
                    **_pair(wedding),
                )


def _born_here(world: Neighbourhood) -> Iterator[Person]:
    for person in world.people:
        if (
            person.born >= BIRTHS_SINCE
            and person.mother is not None
            and (person.local or person.moved_in == person.born)
        ):
            yield person


def _birth_number(world: Neighbourhood, child: Person) -> str:
    # real ones begin with a letter of the year; O is none of them
    return f"O{world.plan.city.code[:2]}{child.serial:07d}"


@view
def birth_records(world: Neighbourhood) -> Iterator[Row]:
    """分娩信息: under both parents, who are asked about."""
    born = {(child.mother, child.born): 0 for child in _born_here(world)}
    for child in _born_here(world):
        born[child.mother, child.born] += 1
    for child in _born_here(world):
        assert child.mother is not None
        two = born[child.mother, child.born] > 1
        for parent in child.parents:
            yield row(
                parent,
                child.born,
                world,
                sex="male" if child.male else "female",
                born_on=iso(child.born),
                time=f"{detail(child, 6, 24):02d}:{detail(child, 7, 60):02d}",
                weight=str(2500 + detail(child, 8, 150) * 10 - 600 * two),
                length=str(47 + detail(child, 9, 6) - 3 * two),
                weeks=str(37 + detail(child, 10, 5) - 2 * two),
                hospital=hospital(world, child.mother, 11),
                certificate=_birth_number(world, child),
                delivery="twins" if two else "caesarean" if some(child, 12, 38) else "natural",
            )


@view
def birth_certificates(world: Neighbourhood) -> Iterator[Row]:
    """出生医学证明签发: under the child and under the mother."""
    for child in _born_here(world):
        issued = child.born + 3 + detail(child, 13, 25)
        mother, father = child.mother, child.father
        if issued > world.at or mother is None:
            continue
        for person in (child, mother):
            yield row(
                person,
                issued,
                world,
                number=_birth_number(world, child),
                child_name=child.name,
                born_on=iso(child.born),
                mother_name=mother.name,
                mother_number=mother.number,
                father_name=father.name if father else "",
                father_number=father.number if father else "",
                issued_by=hospital(world, mother, 11),
                issued_on=iso(issued),
                state="首次签发",
            )


def _mourners(person: Person) -> Iterator[Person]:
    """Yield the dead and their nearest, who have to show that they died."""
    yield person
    for one in (*(w.wife if w.husband is person else w.husband for w in person.weds), *person.kids, *person.parents):
        if one.lives:
            yield one


@view
def death_records(world: Neighbourhood) -> Iterator[Row]:
    """死亡医学证明."""
    for person in world.people:
        if person.died:
            for one in _mourners(person):
                yield row(
                    one,
                    person.died,
                    world,
                    name=person.name,
                    number=person.number,
                    died_on=iso(person.died),
                    certificate=f"O{world.plan.city.code[:4]}{person.serial:07d}",
                    hospital=hospital(world, person, 14),
                )


@view
def cremations(world: Neighbourhood) -> Iterator[Row]:
    """遗体火化."""
    for person in world.people:
        day = person.died + 2 + detail(person, 15, 3)
        if person.died and day <= world.at:
            for one in _mourners(person):
                yield row(
                    one,
                    day,
                    world,
                    name=person.name,
                    number=person.number,
                    cremated_on=iso(day),
                    certificate=f"HO{world.plan.city.code[:4]}{person.serial:07d}",
                    funeral_home=f"{world.plan.city.stem}演示殡仪馆",
                )


def _passport(person: Person, world: Neighbourhood) -> tuple[str, int] | None:
    """Return number and first day of somebody's passport. A number never begins with EO: the letter is not used."""
    if age(person.born, world.at) < ADULT or not person.local or not some(person, 16, PASSPORTS_IN_A_HUNDRED):
        return None
    return f"EO{person.serial:07d}", max(birthday(person.born, 16), ago(person, 17, world, 9 * 365))


@view
def exit_documents(world: Neighbourhood) -> Iterator[Row]:
    """出入境证件."""
    for person in living(world, ADULT):
        if passport := _passport(person, world):
            number, since = passport
            also = some(person, 18, 45)
            until = birthday(since, 5)
            yield row(
                person,
                since,
                world,
                passport=number,
                passport_to=iso(birthday(since, 10)),
                hkm=f"CO{person.serial:07d}" if also else "",
                hkm_to=iso(until) if also else "",
            )


@view
def exit_entry_movements(world: Neighbourhood) -> Iterator[Row]:
    """出入境记录: one journey of those who made one, there and back."""
    for person in living(world, ADULT):
        passport = _passport(person, world)
        if passport is None or not some(person, 19, 35):
            continue
        number, since = passport
        out = max(since, ago(person, 20, world, 700))
        back = out + 4 + detail(person, 21, 20)
        place = one_of(person, 22, ("意大利", "法国", "日本", "泰国", "新加坡", "阿联酋"))
        for day, direction in ((out, "out"), (back, "in")):
            if day <= world.at:
                yield row(
                    person,
                    day,
                    world,
                    crossed_on=iso(day),
                    direction=direction,
                    port=f"{world.plan.city.stem}演示空港",
                    document=number,
                    destination=place,
                )


@view
def criminal_records(world: Neighbourhood) -> Iterator[Row]:
    """违法犯罪记录查询: everybody grown up; few have one."""
    until = iso(world.at)
    for person in living(world, ADULT):
        yield row(person, person.convicted or world.at, world, clean=not person.convicted, until=until, scope="全国")


@view
def elderly_cards(world: Neighbourhood) -> Iterator[Row]:
    """老年优待证."""
    for person in living(world, 60):
        if person.local and some(person, 23, 82):
            seventy = age(person.born, world.at) >= 70
            first = birthday(person.born, 70 if seventy else 60)
            issued = min(world.at, add_months(first, 1) + detail(person, 24, 200))
            yield row(
                person,
                issued,
                world,
                card=f"YL{world.chunk.county.code}{person.serial:07d}",
                issued_on=iso(issued),
                kind="seventy" if seventy else "sixty",
                state="有效",
            )


@view
def notarial_deeds(world: Neighbourhood) -> Iterator[Row]:
    """公证书."""
    for person in living(world, ADULT):
        if some(person, 25, 3):
            day = max(birthday(person.born, ADULT), ago(person, 26, world, 2500))
            matter = one_of(person, 27, ("kinship", "degree", "power", "property", "will", "other"))
            yield row(
                person,
                day,
                world,
                number=f"（{year_of(day)}）{world.plan.city.stem}演示证字第{person.serial:07d}号",
                matter="power" if matter == "degree" and person.level < 4 else matter,
                issued_on=iso(day),
                office=f"{world.plan.city.stem}演示公证处",
                revoked_on="",
            )


@view
def serious_dishonesty(world: Neighbourhood) -> Iterator[Row]:
    """个人严重失信主体名单."""
    for person in living(world, ADULT):
        if person.dishonest:
            kind = _listed_for(person)
            court = kind == "失信被执行人"
            yield row(
                person,
                person.dishonest,
                world,
                kind=kind,
                listed_on=iso(person.dishonest),
                listed_by=_court(world) if court else f"{world.plan.city.name}税务局",
                removed_on="",
            )


def _listed_for(person: Person) -> str:
    return "重大税收违法失信主体" if some(person, 28, 12) else "失信被执行人"


def _court(world: Neighbourhood) -> str:
    return f"{world.chunk.county.name}人民法院"


@view
def court_enforcement(world: Neighbourhood) -> Iterator[Row]:
    """被执行人信息: who is on the list for it, and some who pay in time."""
    for person in living(world, ADULT):
        listed = person.dishonest and _listed_for(person) == "失信被执行人"
        if not listed and not some(person, 29, 0.5):
            continue
        first = birthday(person.born, ADULT)
        filed = max(first, person.dishonest - 60) if listed else max(first, ago(person, 30, world, 1500))
        closed = 0 if listed else filed + 90 + detail(person, 31, 200)
        yield row(
            person,
            filed,
            world,
            case_number=f"（{year_of(filed)}）演示执{person.serial:07d}号",
            court=_court(world),
            filed_on=iso(filed),
            amount=f"{(5 + detail(person, 32, 300)) * 1000}.00",
            limited=bool(listed),
            closed_on=iso(closed) if closed and closed <= world.at else "",
        )


@view
def legal_aid_cases(world: Neighbourhood) -> Iterator[Row]:
    """法律援助: those who have little have it more often."""
    for person in living(world, 16):
        poor = person.home is not None and person.home.poor
        if not some(person, 33, 4 if poor else 0.3):
            continue
        day = max(birthday(person.born, 16), ago(person, 34, world, 1200))
        closed = day + 60 + detail(person, 35, 200)
        yield row(
            person,
            day,
            world,
            number=f"FY{world.chunk.county.code}{compact(day)}{person.serial:07d}",
            kind=one_of(person, 36, ("民事", "民事", "劳动争议", "刑事")),
            accepted_on=iso(day),
            agency=f"{world.chunk.county.name}法律援助中心",
            closed_on=iso(closed) if closed <= world.at else "",
        )
