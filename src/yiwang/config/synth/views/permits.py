"""What firms may do: permits for food, drugs and hygiene, and who answers for them."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import birthday, compact, iso, year_of
from yiwang.config.synth.trades import Body
from yiwang.config.synth.views.base import (
    Row,
    ago,
    detail,
    firms,
    issued,
    market_bureau,
    one_of,
    row,
    some,
    view,
    workers,
)
from yiwang.config.synth.views.learning import pharmacist, pharmacist_number
from yiwang.config.synth.world import Neighbourhood

FOOD = {
    "6210": "热食类食品制售",
    "6291": "自制饮品制售；冷食类食品制售",
    "6110": "热食类食品制售",
    "5211": "预包装食品销售；散装食品销售",
}
HYGIENE = {"6210": "饭馆", "6291": "咖啡馆", "6110": "宾馆", "8051": "理发店"}


def _food_permit(world: Neighbourhood, body: Body) -> str:
    kind = "1" if body.trade.code == "5211" else "2"
    return f"JY{kind}{world.chunk.county.code}{body.serial:07d}"


@view
def food_permits(world: Neighbourhood) -> Iterator[Row]:
    """食品经营许可: five years (食品经营许可和备案管理办法 art. 18)."""
    for body in firms(world, "food"):
        day = issued(body, 200, 5, world)
        yield row(
            body,
            day,
            world,
            number=_food_permit(world, body),
            name=body.name,
            activities=FOOD[body.trade.code],
            address=body.address,
            issued_on=iso(day),
            valid_to=iso(birthday(day, 5) - 1),
            state="valid",
        )


def _drug_permit(world: Neighbourhood, body: Body) -> str:
    return f"演示DB{world.chunk.county.code}{body.serial:07d}"


@view
def drug_permits(world: Neighbourhood) -> Iterator[Row]:
    """药品经营许可."""
    for body in firms(world, "pharmacy"):
        day = issued(body, 201, 5, world)
        head = pharmacist(body)
        yield row(
            body,
            day,
            world,
            number=_drug_permit(world, body),
            scope="处方药；甲类非处方药；乙类非处方药",
            quality_head=head.name if head else "",
            address=body.address,
            valid_to=iso(birthday(day, 5) - 1),
            state="valid",
        )


def _hygiene_permit(world: Neighbourhood, body: Body) -> str:
    return f"演示卫公证字{world.chunk.county.code}第{body.serial:07d}号"


@view
def hygiene_permits(world: Neighbourhood) -> Iterator[Row]:
    """公共场所卫生许可: four years (公共场所卫生管理条例实施细则 art. 23)."""
    for body in firms(world, "hygiene"):
        day = issued(body, 202, 4, world)
        yield row(
            body,
            day,
            world,
            number=_hygiene_permit(world, body),
            kind=HYGIENE[body.trade.code],
            grade=one_of(body, 203, ("A", "B", "B", "C")),
            address=body.address,
            valid_to=iso(birthday(day, 4) - 1),
            state="valid",
        )


@view
def tobacco_retailers(world: Neighbourhood) -> Iterator[Row]:
    """烟草零售许可: of every second shop for daily goods."""
    for body in firms(world):
        if body.trade.code == "5211" and some(body, 204, 50):
            day = issued(body, 205, 5, world)
            yield row(
                body,
                day,
                world,
                number=f"{world.chunk.county.code}9{body.serial:07d}",
                holder=body.name,
                address=body.address,
                near_school=False,
                valid_to=iso(birthday(day, 5) - 1),
                state="valid",
            )


@view
def licences_issued(world: Neighbourhood) -> Iterator[Row]:
    """行政许可公示: of the permits for food, drugs and hygiene."""
    for body in firms(world):
        marks = body.trade.marks
        permits = []
        if "food" in marks:
            permits.append((_food_permit(world, body), "食品经营许可", 200, 5, market_bureau(world)))
        if "pharmacy" in marks:
            permits.append((_drug_permit(world, body), "药品经营许可", 201, 5, market_bureau(world)))
        if "hygiene" in marks:
            agency = f"{world.chunk.county.name}卫生健康局"
            permits.append((_hygiene_permit(world, body), "公共场所卫生许可", 202, 4, agency))
        for number, name, tag, years, agency in permits:
            day = issued(body, tag, years, world)
            yield row(
                body,
                day,
                world,
                document=number,
                name=name,
                content=f"准予{body.name}{name}",
                decided_on=iso(day),
                valid_to=iso(birthday(day, years) - 1),
                agency=agency,
                state="valid",
            )


@view
def food_samples(world: Neighbourhood) -> Iterator[Row]:
    """食品安全抽检."""
    for body in firms(world, "food"):
        if some(body, 206, 20):
            day = max(body.established + 5, ago(body, 207, world, 360))
            bad = some(body, 208, 3)
            yield row(
                body,
                day,
                world,
                sample=f"DEMO{compact(min(day, world.at))}{body.serial:07d}",
                product=one_of(body, 209, ("大米", "食用油", "卤肉", "凉拌菜", "豆制品")),
                batch=iso(max(body.established, day - 3)),
                sampled_on=iso(min(day, world.at)),
                result="不合格" if bad else "合格",
                failed="菌落总数" if bad else "",
                handled="已下架召回" if bad else "",
            )


@view
def health_certificates(world: Neighbourhood) -> Iterator[Row]:
    """从业人员健康证明核验."""
    for body in firms(world):
        if {"food", "hygiene"} & body.trade.marks:
            count = max(1, workers(body))
            missing = min(count, int(some(body, 210, 15)))
            yield row(
                body,
                max(body.established, ago(body, 211, world, 200)),
                world,
                staff_count=str(count),
                valid_count=str(count - missing),
                missing_count=str(missing),
            )


@view
def food_safety_staff(world: Neighbourhood) -> Iterator[Row]:
    """食品安全员考核: who leads the business, or one who works there."""
    for body in firms(world, "food"):
        person = body.staff[0] if body.staff and some(body, 212, 40) else body.rep
        if person is None:
            continue
        until = world.at + 40 + detail(body, 213, 1000)
        yield row(
            body,
            max(body.established, until - 3 * 365),
            world,
            name=person.name,
            certificate=f"SA{world.chunk.county.code}{year_of(until) - 3}{body.serial:07d}",
            valid_to=iso(until),
        )


@view
def pharmacists(world: Neighbourhood) -> Iterator[Row]:
    """药店执业药师."""
    for body in firms(world, "pharmacy"):
        person = pharmacist(body)
        if person is not None:
            yield row(
                body,
                max(body.established, ago(body, 214, world, 800)),
                world,
                name=person.name,
                number=person.number,
                certificate=pharmacist_number(person, world),
            )


@view
def medical_institutions(world: Neighbourhood) -> Iterator[Row]:
    """医疗机构执业登记."""
    for body in world.institutions:
        if body.trade.word == "医院":
            until = world.at + 200 + detail(body, 215, 3000)
            yield row(
                body,
                max(body.established, until - 15 * 365),
                world,
                name=body.name,
                licence=f"PDYO{world.chunk.county.code}{body.serial:07d}",
                kind="综合医院",
                grade="二级",
                departments="内科；外科；妇产科；儿科；急诊医学科",
                address=body.address,
                valid_to=iso(until),
            )
