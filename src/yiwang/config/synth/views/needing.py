"""Who needs and gets help: declarations of families, relief, disability, age, children, veterans, homes to let."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import age, birthday, compact, day_of, iso, month_of, year_of
from yiwang.config.synth.means import BANKS, LIVING
from yiwang.config.synth.people import ADULT, Person
from yiwang.config.synth.relief import ALONE, LINE, MINIMUM, Claim
from yiwang.config.synth.views.base import (
    Row,
    account,
    ago,
    cents,
    detail,
    living,
    money,
    one_of,
    row,
    some,
    view,
)
from yiwang.config.synth.world import Neighbourhood

_DISABILITIES = ("视力残疾", "听力残疾", "言语残疾", "肢体残疾", "智力残疾", "精神残疾", "多重残疾")
_LEVELS = ("一级", "二级", "三级", "四级")


def _relief_number(world: Neighbourhood, claim: Claim) -> str:
    return f"DB{world.chunk.county.code}{year_of(claim.since)}{claim.serial:06d}"


def _declared_cents(claim: Claim, column: str) -> int:
    return int(claim.declared[column].replace(".", ""))


@view
def family_economy(world: Neighbourhood) -> Iterator[Row]:
    """家庭经济状况核对: as the family declared it, under who asked."""
    for claim in world.claims:
        yield row(claim.applicant, claim.checked, world, **claim.declared, checked_on=iso(claim.checked))


@view
def relief_records(world: Neighbourhood) -> Iterator[Row]:
    """社会救助对象: every member of a family that gets relief."""
    for claim in world.claims:
        if claim.kind:
            for person in claim.household.members:
                yield row(
                    person,
                    claim.checked,
                    world,
                    kind=claim.kind,
                    since=iso(max(claim.since, person.born)),
                    number=_relief_number(world, claim),
                    until=iso(birthday(claim.checked, 1)),
                )


@view
def subsistence_families(world: Neighbourhood) -> Iterator[Row]:
    """最低生活保障家庭: the line less what they declared, for each head."""
    for claim in world.claims:
        if claim.kind == MINIMUM:
            heads = int(claim.declared["members"])
            missing = (LINE * 100 - _declared_cents(claim, "income")) * heads
            yield row(
                claim.applicant,
                claim.checked,
                world,
                number=_relief_number(world, claim),
                members=str(heads),
                monthly=cents(missing),
                account=account(claim.applicant),
                since=month_of(claim.since),
                review_on=iso(birthday(claim.checked, 1)),
                stopped_on="",
            )


@view
def extreme_hardship(world: Neighbourhood) -> Iterator[Row]:
    """特困人员救助供养."""
    for claim in world.claims:
        if claim.kind == ALONE:
            person = claim.applicant
            lost = person.disability is not None and person.disability[1] <= 2
            yield row(
                person,
                claim.checked,
                world,
                number=_relief_number(world, claim),
                care="institution" if lost else "at_home",
                ability="lost" if lost else "partly_lost" if age(person.born, world.at) >= 80 else "full",
                carer=f"{world.chunk.county.name}演示敬老院" if lost else "",
                monthly=money(LINE * 13 // 10),
                since=iso(claim.since),
                stopped_on="",
            )


def _asked_about(world: Neighbourhood) -> Iterator[tuple[Claim, Person]]:
    """Yield the grown-up members of families that declared something: banks are asked about nobody else."""
    for claim in world.claims:
        for person in claim.household.members:
            if age(person.born, world.at) >= ADULT:
                yield claim, person


def _consent(world: Neighbourhood, claim: Claim) -> str:
    return f"SQ{world.chunk.county.code}{compact(claim.checked)}{claim.serial:06d}"


@view
def bank_deposits(world: Neighbourhood) -> Iterator[Row]:
    """金融资产查询：银行存款: what the banks answered."""
    for claim, person in _asked_about(world):
        if person.deposits:
            yield row(
                person,
                claim.checked,
                world,
                bank=one_of(person, 140, BANKS),
                balance=money(person.deposits),
                queried_on=iso(claim.checked),
                consent=_consent(world, claim),
            )


@view
def securities_accounts(world: Neighbourhood) -> Iterator[Row]:
    """金融资产查询：证券."""
    for claim, person in _asked_about(world):
        if person.securities:
            yield row(
                person,
                claim.checked,
                world,
                holder="演示证券登记公司",
                value=money(person.securities),
                queried_on=iso(claim.checked),
                consent=_consent(world, claim),
            )


@view
def insurance_policies(world: Neighbourhood) -> Iterator[Row]:
    """金融资产查询：商业保险: cars are insured where there are any; some who earn have a policy for their health."""
    for claim, person in _asked_about(world):
        if person.income > 4000 and some(person, 141, 30):
            yield row(
                person,
                claim.checked,
                world,
                insurer=f"演示人寿保险{world.plan.city.stem}公司",
                policy=f"RS{world.plan.city.code}{person.serial:07d}",
                kind="health",
                cash_value="0.00",
                premium=money(600 + detail(person, 142, 30) * 100),
                queried_on=iso(claim.checked),
            )


@view
def disabled_persons(world: Neighbourhood) -> Iterator[Row]:
    """残疾人信息: the card is the citizen id with kind and level after it."""
    for person in living(world):
        if person.disability is not None:
            kind, level = person.disability
            issued = max(person.born + 200, ago(person, 143, world, 4000))
            yield row(
                person,
                issued,
                world,
                card=f"{person.number}{kind}{level}",
                kind=_DISABILITIES[kind - 1],
                level=_LEVELS[level - 1],
                issued_on=iso(min(issued, world.at)),
            )


@view
def disabled_subsidies(world: Neighbourhood) -> Iterator[Row]:
    """残疾人两项补贴: the living of who gets relief, the nursing of who is severely disabled (国发〔2015〕52号)."""
    for person in living(world):
        if person.disability is None:
            continue
        claim = person.home.claim if person.home is not None else None
        kinds = []
        if claim is not None and claim.kind:
            kinds.append(("living", 360))
        if person.disability[1] <= 2:
            kinds.append(("nursing", 250))
        since = max(person.born + 200, ago(person, 143, world, 4000))
        for kind, monthly in kinds:
            yield row(
                person,
                since,
                world,
                kind=kind,
                monthly=money(monthly),
                from_month=month_of(min(since, world.at)),
                to_month="",
                account=account(person),
            )


@view
def elderly_allowances(world: Neighbourhood) -> Iterator[Row]:
    """高龄津贴和养老服务补贴: from eighty on."""
    for person in living(world, 80):
        if person.local and some(person, 144, 90):
            years = age(person.born, world.at)
            since = birthday(person.born, 80)
            yield row(
                person,
                since,
                world,
                kind="very_old",
                grade="80—89 周岁" if years < 90 else "90—99 周岁" if years < 100 else "100 周岁以上",
                monthly=money(80 if years < 90 else 150 if years < 100 else 600),
                from_month=month_of(since),
                to_month="",
            )


@view
def children_in_care(world: Neighbourhood) -> Iterator[Row]:
    """困境儿童与监护: orphans, and children of families that get relief."""
    for person in living(world, 0, ADULT - 1):
        claim = person.home.claim if person.home is not None else None
        guardian = person.guardian
        if guardian is not None and all(one.died for one in person.parents):
            kind, guardianship, monthly = "孤儿", "relatives", 1900
            since = max(one.died for one in person.parents)
        elif claim is not None and claim.kind:
            guardian = guardian or next((one for one in person.parents if one.lives), None)
            kind, guardianship, monthly = "困难家庭儿童", "parents", 0
            since = max(claim.since, person.born)
        else:
            continue
        if guardian is None:
            continue
        yield row(
            person,
            since,
            world,
            kind=kind,
            guardian=guardian.name,
            guardian_number=guardian.number,
            guardianship=guardianship if guardian not in person.parents else "parents",
            monthly=money(monthly),
            since=iso(since),
            ended_on="",
        )


@view
def veterans(world: Neighbourhood) -> Iterator[Row]:
    """退役军人信息."""
    for person in living(world, ADULT):
        if person.served is not None:
            since, until = person.served
            yield row(
                person,
                until,
                world,
                served_from=month_of(since),
                served_to=month_of(until),
                kind="退役士兵" if until - since < 6 * 365 else "退役军官",
            )


@view
def veteran_benefits(world: Neighbourhood) -> Iterator[Row]:
    """优抚对象抚恤补助: from sixty on, of villages (民发〔2011〕110号)."""
    for person in living(world, 60):
        if person.served is not None and person.home is not None and not person.home.place.urban and person.local:
            since = birthday(person.born, 60)
            yield row(
                person,
                since,
                world,
                kind="农村籍退役士兵",
                level="",
                monthly=money((person.served[1] - person.served[0]) // 365 * 60),
                since=iso(since),
                account=account(person),
            )


@view
def public_rentals(world: Neighbourhood) -> Iterator[Row]:
    """公租房保障: families of the town that get relief and own no home."""
    for claim in world.claims:
        home = claim.household
        owns = any(one.use == LIVING for person in home.members for one in person.homes)
        if not claim.kind or owns or not home.place.urban:
            continue
        since = max(claim.since, day_of(2012, 1, 1))
        let = some(claim.applicant, 145, 50)
        yield row(
            claim.applicant,
            since,
            world,
            number=f"GZ{world.chunk.county.code}{year_of(since)}{claim.serial:06d}",
            kind="home" if let else "subsidy",
            address=home.address if let else "",
            monthly=money(180 if let else 900),
            from_on=iso(since),
            to_on="",
            state="保障中",
        )
