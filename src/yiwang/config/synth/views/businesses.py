"""Who firms are and what they owe: registers, owners, taxes, credit."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import birthday, day_of, iso, year_of
from yiwang.config.synth.people import Person
from yiwang.config.synth.trades import KINDERGARTEN, SOLE_TRADER, Body
from yiwang.config.synth.views.base import (
    Row,
    ago,
    changed,
    companies,
    detail,
    firms,
    market_bureau,
    money,
    row,
    some,
    view,
    view_of_all,
    workers,
)
from yiwang.config.synth.world import Neighbourhood


def _state(body: Body) -> str:
    return "active" if body.active else "cancelled"


@view_of_all
def legal_persons(world: Neighbourhood) -> Iterator[Row]:
    """法人基础信息: every firm, also those that were closed."""
    for body in world.bodies:
        yield row(
            body,
            changed(body, world),
            world,
            name=body.name,
            uscc=body.code,
            kind=body.kind,
            address=body.address,
            capital=str(body.capital),
            established_on=body.founded,
            scope=body.trade.scope,
            term_to="长期",
            authority=market_bureau(world),
            status=_state(body),
            industry=body.trade.code,
            phone=body.phone,
            registered=body.active,
        )


@view
def sole_traders(world: Neighbourhood) -> Iterator[Row]:
    """个体工商户登记."""
    for body in world.bodies:
        if body.kind == SOLE_TRADER and body.rep is not None:
            yield row(
                body,
                changed(body, world),
                world,
                name=body.name,
                uscc=body.code,
                operator=body.rep.name,
                operator_number=body.rep.number,
                form="family" if body.rep.spouse is not None and some(body, 161, 30) else "personal",
                address=body.address,
                scope=body.trade.scope,
                registered_on=body.founded,
                state=_state(body),
            )


@view
def social_organisations(world: Neighbourhood) -> Iterator[Row]:
    """社会组织登记: the private kindergartens."""
    for body in world.institutions:
        if body.school == KINDERGARTEN and body.rep is not None:
            yield row(
                body,
                max(body.established, day_of(2003, 9, 1)),
                world,
                name=body.name,
                uscc=body.code,
                kind="non_enterprise",
                head=body.rep.name,
                address=body.address,
                supervisor=f"{world.chunk.county.name}教育局",
                funds=str(10 + detail(body, 162, 10) * 10),
                purpose="学前教育",
                registered_on=iso(max(body.established, day_of(2003, 9, 1))),
                state="active",
            )


@view
def private_schools(world: Neighbourhood) -> Iterator[Row]:
    """民办学校办学许可."""
    for body in world.institutions:
        if body.school == KINDERGARTEN:
            until = world.at + 90 + detail(body, 163, 1500)
            yield row(
                body,
                until - 5 * 365,
                world,
                name=body.name,
                licence=f"教民演示{world.chunk.county.code}{body.serial:07d}",
                stage="幼儿园",
                address=body.address,
                valid_to=iso(until),
                state="正常",
            )


@view_of_all
def legal_representatives(world: Neighbourhood) -> Iterator[Row]:
    """法定代表人身份核验."""
    for body in (*world.bodies, *world.institutions):
        rep = body.rep
        if rep is not None and body.active:
            yield row(
                body,
                changed(body, world),
                world,
                name=rep.name,
                number=rep.number,
                phone=rep.phone or body.phone,
                valid=not rep.died,
            )


@view_of_all
def persons_firms(world: Neighbourhood) -> Iterator[Row]:
    """个人名下企业: under who leads it and who has a share in it."""
    for body in world.bodies:
        rep = body.rep
        if rep is None:
            continue

        def one(person: Person, role: str, share: str, body: Body = body) -> Row:
            return row(
                person,
                changed(body, world),
                world,
                uscc=body.code,
                firm=body.name,
                role=role,
                share=share,
                since=body.founded,
                state=_state(body),
            )

        if body.kind == SOLE_TRADER:
            yield one(rep, "经营者", str(body.capital) if body.capital else "")
            continue
        yield one(rep, "法定代表人", "")
        for holder, part in body.shareholders:
            hundredths = body.capital * part
            yield one(holder, "股东", f"{hundredths // 100}.{hundredths % 100:02d}")


def is_listed(body: Body) -> bool:
    """Tell whether a firm is on a list of the seriously dishonest."""
    return some(body, 164, 0.6)


def owes_wages(body: Body) -> bool:
    """Tell whether it is listed for wages that it owes."""
    return is_listed(body) and len(body.staff) > 1


def _listed_on(body: Body, world: Neighbourhood) -> int:
    return max(body.established + 20, ago(body, 165, world, 700))


@view
def credit_lists(world: Neighbourhood) -> Iterator[Row]:
    """单位严重失信主体名单: every firm is on one or on none."""
    for body in firms(world):
        listed = is_listed(body)
        wages = owes_wages(body)
        name = "拖欠农民工工资失信联合惩戒对象" if wages else "市场监督管理严重违法失信名单"
        by = f"{world.chunk.county.name}{'人力资源和社会保障局' if wages else '市场监督管理局'}"
        yield row(
            body,
            _listed_on(body, world) if listed else body.established,
            world,
            serious=listed,
            list_name=name if listed else "",
            listed_on=iso(min(world.at, _listed_on(body, world))) if listed else "",
            listed_by=by if listed else "",
        )


@view
def wage_arrears(world: Neighbourhood) -> Iterator[Row]:
    """拖欠农民工工资失信名单."""
    for body in firms(world):
        if owes_wages(body):
            day = min(world.at, _listed_on(body, world))
            count = min(len(body.staff), 2 + detail(body, 166, 8))
            yield row(
                body,
                day,
                world,
                document=f"演示人社欠薪〔{year_of(day)}〕{body.serial}号",
                workers=str(count),
                amount=money(sum(one.wage for one in body.staff[:count]) * 2),
                listed_on=iso(day),
                removed_on="",
            )


@view
def credit_honours(world: Neighbourhood) -> Iterator[Row]:
    """守信激励名单."""
    for body in companies(world):
        if not is_listed(body) and body.established < world.at - 4 * 365 and some(body, 167, 4):
            day = max(body.established + 3 * 365, ago(body, 168, world, 700))
            yield row(
                body,
                day,
                world,
                title="守合同重信用企业",
                given_by=market_bureau(world),
                given_on=iso(day),
                valid_to=iso(birthday(day, 2)),
                document=f"演示信〔{year_of(day)}〕{body.serial}号",
            )


@view
def penalties(world: Neighbourhood) -> Iterator[Row]:
    """行政处罚公示."""
    for body in firms(world):
        if not some(body, 169, 3) or body.established > world.at - 100:
            continue
        day = max(body.established + 60, ago(body, 170, world, 1000))
        fine = 500 + detail(body, 171, 40) * 250
        food = "food" in body.trade.marks
        repaired = day + 200 + detail(body, 172, 200)
        yield row(
            body,
            day,
            world,
            document=f"演示市监处罚〔{year_of(day)}〕{body.serial}号",
            fact="未按规定公示食品经营许可证" if food else "未按规定公示营业执照",
            basis="食品安全法" if food else "市场主体登记管理条例第四十八条",
            content=f"罚款 {fine} 元",
            fine=money(fine),
            decided_on=iso(day),
            agency=market_bureau(world),
            repaired_on=iso(repaired) if repaired <= world.at else "",
        )


@view
def abnormal_operations(world: Neighbourhood) -> Iterator[Row]:
    """经营异常名录."""
    for body in firms(world):
        if not some(body, 173, 3) or body.established > world.at - 600:
            continue
        day = max(body.established + 400, ago(body, 174, world, 800))
        off = day + 30 + detail(body, 175, 400)
        gone = off <= world.at
        yield row(
            body,
            day,
            world,
            reason="未按规定的期限公示年度报告" if some(body, 176, 60) else "通过登记的住所无法联系",
            listed_on=iso(day),
            listed_by=market_bureau(world),
            removed_on=iso(off) if gone else "",
            removed_reason="已履行义务，申请移出" if gone else "",
        )


@view
def annual_reports(world: Neighbourhood) -> Iterator[Row]:
    """企业年度报告: of the last two years (企业信息公示暂行条例 art. 8: by the end of June)."""
    for body in firms(world):
        if body.kind == SOLE_TRADER:
            continue
        for year in (year_of(world.at) - 2, year_of(world.at) - 1):
            day = day_of(year + 1, 1, 1) + detail(body, 177 + year, 180)
            if year_of(body.established) > year or day > world.at:
                continue
            count = workers(body)
            revenue = (count + 1) * (12 + detail(body, 178, 40))
            yield row(
                body,
                day,
                world,
                year=str(year),
                reported_on=iso(day),
                staff=str(count),
                insured=str(count),
                revenue=f"{revenue}.00",
                assets=f"{revenue + body.capital}.00",
                public_figures=some(body, 179, 25),
                phone=body.phone,
            )


@view
def seals(world: Neighbourhood) -> Iterator[Row]:
    """公章刻制备案: handed back when a firm is closed."""
    for body in world.bodies:
        if body.given or body.kind == SOLE_TRADER:
            continue
        for turn, kind in enumerate(("法定名称章", "财务专用章", "发票专用章")):
            day = min(world.at, body.established + 2)
            yield row(
                body,
                body.closed or day,
                world,
                number=f"{world.chunk.county.code}{body.serial:07d}{turn}",
                kind=kind,
                maker=f"{world.plan.city.stem}演示印章有限公司",
                filed_on=iso(day),
                handed_back_on=iso(body.closed) if body.closed else "",
            )
