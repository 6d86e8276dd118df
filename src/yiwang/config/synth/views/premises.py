"""Where firms work and what they may do there: permits, premises, inspections, supply, projects."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import birthday, compact, iso, year_of
from yiwang.config.synth.trades import Body
from yiwang.config.synth.views.base import (
    Row,
    ago,
    companies,
    detail,
    firms,
    issued,
    one_of,
    row,
    some,
    view,
    workers,
)
from yiwang.config.synth.views.permits import HYGIENE
from yiwang.config.synth.world import Neighbourhood

# --- Premises ---


@view
def real_estate_premises(world: Neighbourhood) -> Iterator[Row]:
    """单位场所不动产登记."""
    for body in firms(world):
        if one := body.premises:
            yield row(
                body,
                one.bought,
                world,
                area=one.area,
                use=one.use,
                owner=one.owners[0].name,
                number=one.title,
            )


@view
def lease_filings(world: Neighbourhood) -> Iterator[Row]:
    """房屋租赁登记备案: also the answer that the house is the owner's own."""
    for body in firms(world):
        one = body.premises
        if one is None:
            continue
        if body.lease is None:
            starts, ends, right, number = one.bought, birthday(one.bought, 40), "own", ""
        else:
            (starts, ends), right = body.lease, "lease"
            number = f"ZL{world.chunk.county.code}{compact(starts)}{body.serial:07d}"
        yield row(body, starts, world, right=right, starts=iso(starts), ends=iso(ends), number=number)


@view
def fire_acceptances(world: Neighbourhood) -> Iterator[Row]:
    """建设工程消防验收与备案: of the larger places."""
    for body in firms(world):
        one = body.premises
        if one is not None and float(one.area) > 60 and some(body, 216, 60):
            day = min(world.at, max(one.bought, body.established - 30))
            yield row(
                body,
                day,
                world,
                number=f"{world.chunk.county.code}消验备〔{year_of(day)}〕第{body.serial:07d}号",
                accepted_on=iso(day),
                result="合格",
                area=one.area,
            )


@view
def fire_inspections(world: Neighbourhood) -> Iterator[Row]:
    """消防监督检查."""
    for body in firms(world):
        if not some(body, 217, 18):
            continue
        day = max(body.established, ago(body, 218, world, 360))
        found = detail(body, 219, 4) if some(body, 220, 25) else 0
        until = day + 30
        mended = found and until <= world.at
        yield row(
            body,
            day,
            world,
            document=f"演示消监〔{year_of(day)}〕{body.serial:07d}",
            inspected_on=iso(day),
            kind="日常抽查",
            hazards=str(found),
            deadline=iso(until) if found else "",
            result="已整改" if mended else "责令改正" if found else "合格",
        )


@view
def special_equipment(world: Neighbourhood) -> Iterator[Row]:
    """特种设备使用登记."""
    for body in firms(world, "device"):
        if _has_device(body):
            since = min(world.at, body.established + 20 + detail(body, 221, 200))
            yield row(
                body,
                since,
                world,
                certificate=_device(world, body),
                kind="lift"
                if "hotel" in body.trade.marks
                else one_of(body, 222, ("vessel", "crane", "vehicle", "lift")),
                place=body.address,
                maintainer=f"{world.plan.city.stem}演示设备维保有限公司",
                used_since=iso(since),
                state="在用",
            )


def _has_device(body: Body) -> bool:
    return some(body, 223, 70)


def _device(world: Neighbourhood, body: Body) -> str:
    return f"DEMO{world.chunk.county.code}{body.serial:07d}"


@view
def equipment_inspections(world: Neighbourhood) -> Iterator[Row]:
    """特种设备检验: once a year."""
    for body in firms(world, "device"):
        since = min(world.at, body.established + 20 + detail(body, 221, 200))
        day = max(since, ago(body, 224, world, 360))
        if _has_device(body):
            yield row(
                body,
                day,
                world,
                number=_device(world, body),
                checked_on=iso(day),
                result="复检合格" if some(body, 225, 8) else "合格",
                next_on=iso(birthday(day, 1)),
            )


@view
def discharge_permits(world: Neighbourhood) -> Iterator[Row]:
    """排污许可: of factories; most only have themselves registered."""
    for body in firms(world, "factory"):
        day = issued(body, 226, 5, world)
        yield row(
            body,
            day,
            world,
            number=f"{body.code}{detail(body, 227, 9) + 1:03d}O",
            **{"class": one_of(body, 228, ("登记管理", "登记管理", "登记管理", "简化管理", "重点管理"))},
            industry=f"{body.trade.word}制造",
            limits="化学需氧量 500 mg/L；氨氮 35 mg/L",
            valid_to=iso(birthday(day, 5) - 1),
            state="valid",
        )


@view
def work_accidents(world: Neighbourhood) -> Iterator[Row]:
    """生产安全事故."""
    for body in firms(world):
        if body.trade.injury >= 3 and some(body, 229, 0.5) and body.established < world.at - 400:
            day = max(body.established + 100, ago(body, 230, world, 1500))
            closed = day + 120
            yield row(
                body,
                day,
                world,
                accident=f"DEMO-SG-{year_of(day)}-{body.serial:07d}",
                grade="一般",
                happened_on=iso(day),
                killed="0",
                responsible=some(body, 231, 60),
                closed_on=iso(closed) if closed <= world.at else "",
            )


# --- Supply ---


@view
def water_accounts(world: Neighbourhood) -> Iterator[Row]:
    """自来水用户."""
    for body in (*firms(world), *world.institutions):
        used = (workers(body) + 1) * (2 + detail(body, 232, 12))
        yield row(
            body,
            max(body.established, ago(body, 233, world, 60)),
            world,
            account=f"3{body.serial:09d}",
            monthly=f"{used}.{detail(body, 234, 10)}",
            address=body.address,
        )


@view
def power_accounts(world: Neighbourhood) -> Iterator[Row]:
    """用电户."""
    for body in (*firms(world), *world.institutions):
        factory = "factory" in body.trade.marks
        day = min(world.at, body.established + detail(body, 235, 20))
        yield row(
            body,
            day,
            world,
            account=f"33{body.serial:09d}",
            address=body.address,
            capacity=str((315 if factory else 15) * (1 + workers(body) // 10)),
            use="大工业"
            if factory and workers(body) > 15
            else "农业生产"
            if "farm" in body.trade.marks
            else "一般工商业",
            opened_on=iso(day),
            arrears=some(body, 236, 2),
        )


@view
def gas_accounts(world: Neighbourhood) -> Iterator[Row]:
    """燃气用户: of kitchens."""
    for body in (*firms(world, "food"), *world.institutions):
        if body.trade.code == "5211" or (body.school is None and body.trade.word == "公共服务中心"):
            continue
        yield row(
            body,
            ago(body, 237, world, 300),
            world,
            account=f"34{body.serial:09d}",
            address=body.address,
            kind="公建" if body.school is not None or body.trade.word == "医院" else "餐饮",
            inspected_on=iso(max(body.established, ago(body, 237, world, 300))),
            hazard=some(body, 238, 5),
        )


@view
def drainage_network(world: Neighbourhood) -> Iterator[Row]:
    """排水管网: where kitchens let their water."""
    for body in firms(world):
        if body.trade.code in HYGIENE and body.place.urban:
            yield row(
                body,
                body.established,
                world,
                point=f"污水井 W-{body.place.stem}-{body.serial:07d}",
                network=f"{body.place.stem}市政污水管网",
                diameter=one_of(body, 239, ("300", "400", "500")),
            )


# --- Projects ---


def _project(world: Neighbourhood, body: Body) -> tuple[str, int, int, int] | None:
    """Return code, day, investment in 10,000 yuan and land in square metres of a large company's project."""
    if body.capital < 500 or "factory" not in body.trade.marks or not some(body, 240, 30):
        return None
    day = max(body.established + 200, ago(body, 241, world, 1400))
    if day > world.at:
        return None
    code = f"{iso(day)[2:4]}{iso(day)[5:7]}-{world.chunk.county.code}-04-01-9{body.serial:07d}"
    return code, day, 800 + detail(body, 242, 300) * 50, 3000 + detail(body, 243, 200) * 100


def _land(world: Neighbourhood, body: Body) -> str:
    return f"{world.chunk.county.name}土地出让合同DEMO{body.serial:07d}"


@view
def projects(world: Neighbourhood) -> Iterator[Row]:
    """投资项目在线审批监管平台."""
    for body in companies(world):
        if made := _project(world, body):
            code, day, investment, _area = made
            yield row(
                body,
                day,
                world,
                code=code,
                name=f"演示{body.trade.word}智能车间 {body.serial}",
                investment=f"{investment}.00",
                place=body.address,
                land=_land(world, body),
                kind="备案类",
            )


@view
def land_grants(world: Neighbourhood) -> Iterator[Row]:
    """建设用地供应: the land of the projects."""
    for body in companies(world):
        if made := _project(world, body):
            _code, day, _investment, area = made
            signed = max(body.established, day - 60)
            yield row(
                body,
                signed,
                world,
                contract=_land(world, body),
                mode="auction",
                use="工业用地",
                area=f"{area}.00",
                place=body.address,
                signed_on=iso(signed),
                start_by=iso(birthday(signed, 1)),
                idle=False,
            )


@view
def environmental_assessments(world: Neighbourhood) -> Iterator[Row]:
    """建设项目环评审批: of the projects."""
    for body in companies(world):
        made = _project(world, body)
        if made and made[1] + 60 <= world.at:
            day = made[1] + 60
            yield row(
                body,
                day,
                world,
                document=f"演示环建〔{year_of(day)}〕{body.serial}号",
                project=f"演示{body.trade.word}智能车间 {body.serial}",
                kind="报告表",
                decided_on=iso(day),
                result="批准",
                accepted_on="",
            )


@view
def construction_permits(world: Neighbourhood) -> Iterator[Row]:
    """建筑工程施工许可: of the projects, built by a builder of the neighbourhood where there is one."""
    builders = [body.name for body in companies(world) if body.trade.code == "4710"]
    for body in companies(world):
        made = _project(world, body)
        if made and made[1] + 150 <= world.at:
            code, begun, investment, area = made
            day = begun + 150
            yield row(
                body,
                day,
                world,
                number=f"{world.chunk.county.code}{compact(day)}9{body.serial:07d}",
                project_code=code,
                works=f"演示{body.trade.word}智能车间 {body.serial}",
                area=f"{area * 2}.00",
                price=f"{investment * 6 // 10}.00",
                builder=builders[detail(body, 244, len(builders))]
                if builders
                else f"{world.plan.city.stem}演示建工有限公司",
                issued_on=iso(day),
                state="竣工" if day < world.at - 900 else "有效",
            )
