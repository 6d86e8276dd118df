"""What firms pay and trade: taxes, accounts, customs, patents, energy."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import birthday, compact, day_of, iso, year_of
from yiwang.config.synth.trades import SOLE_TRADER, Body
from yiwang.config.synth.views.base import (
    Row,
    ago,
    changed,
    companies,
    detail,
    firms,
    money,
    past_months,
    row,
    some,
    unit_account,
    view,
    workers,
)
from yiwang.config.synth.views.businesses import is_listed
from yiwang.config.synth.world import Neighbourhood


def _in_arrears(body: Body) -> bool:
    return some(body, 180, 1.2)


def _vat(body: Body) -> int:
    return (workers(body) + 1) * (300 + detail(body, 181, 900))


def tax_office(world: Neighbourhood) -> str:
    """Return the name of the county's tax office."""
    city, county = world.plan.city.name, world.chunk.county.name
    return f"国家税务总局{city}{county}税务局"


@view
def tax_registrations(world: Neighbourhood) -> Iterator[Row]:
    """税务登记信息."""
    for body in world.bodies:
        if body.given:
            continue
        yield row(
            body,
            changed(body, world),
            world,
            office=tax_office(world),
            status="注销" if body.closed else "正常",
            unpaid=body.active and _in_arrears(body),
            clearance=f"QS{compact(body.closed)}{body.serial:07d}" if body.closed else "",
        )


@view
def tax_payments(world: Neighbourhood) -> Iterator[Row]:
    """企业税款缴纳: the value added tax of the last months; who is in arrears has not paid the newest."""
    months = past_months(world, 4)[:-1]
    for body in companies(world):
        due = _vat(body)
        for turn, (month, ends) in enumerate(months):
            if body.established > ends:
                continue
            owes = _in_arrears(body) and turn == len(months) - 1
            yield row(
                body,
                ends + 15,
                world,
                tax="value_added",
                period=month,
                due=money(due),
                paid=money(0 if owes else due),
                paid_on="" if owes else iso(ends + 8 + detail(body, 182, 6)),
                on_time=not owes,
            )


@view
def tax_arrears(world: Neighbourhood) -> Iterator[Row]:
    """欠税公告: of those who have not paid the newest month."""
    _month, ends = past_months(world, 2)[0]
    for body in companies(world):
        if _in_arrears(body) and body.established <= ends:
            yield row(
                body,
                ends + 20,
                world,
                tax="增值税",
                balance=money(_vat(body)),
                announced_on=iso(min(world.at, ends + 20)),
                office=tax_office(world),
                settled_on="",
            )


@view
def tax_declarations(world: Neighbourhood) -> Iterator[Row]:
    """纳税申报明细: without its lines, which are no other agency's business."""
    months = past_months(world, 4)[:-1]
    for body in companies(world):
        for month, ends in months:
            if body.established <= ends:
                filed = ends + 3 + detail(body, 183, 11)
                yield row(
                    body,
                    filed,
                    world,
                    form="增值税及附加税费申报表",
                    period=month,
                    filed_on=iso(filed),
                    lines="",
                )


@view
def tax_credit_ratings(world: Neighbourhood) -> Iterator[Row]:
    """纳税信用 A 级名单: of the year before, and never of who owes."""
    year = year_of(world.at) - 1
    for body in companies(world):
        old = year_of(body.established) <= year - 3
        if old and not _in_arrears(body) and not is_listed(body) and some(body, 184, 22):
            day = day_of(year + 1, 4, 20)
            yield row(body, day, world, year=str(year), name=body.name, office=tax_office(world))


@view
def bank_accounts(world: Neighbourhood) -> Iterator[Row]:
    """单位银行账户."""
    for body in firms(world):
        if body.kind != SOLE_TRADER:
            day = min(world.at, body.established + 5)
            yield row(
                body,
                day,
                world,
                bank=f"{world.plan.city.stem}演示银行",
                account=unit_account(body),
                opened_on=iso(day),
            )


# --- Trade ---


def _customs_since(body: Body, world: Neighbourhood) -> int:
    return min(world.at, body.established + 30 + detail(body, 185, 300))


@view
def customs_records(world: Neighbourhood) -> Iterator[Row]:
    """报关单位备案: of companies that trade abroad, and of some the answer that they don't."""
    for body in companies(world):
        on_record = "export" in body.trade.marks and some(body, 186, 70)
        if not on_record and not some(body, 187, 10):
            continue
        day = _customs_since(body, world)
        yield row(
            body,
            day,
            world,
            recorded=on_record,
            number=f"{world.chunk.county.code[:4]}9{body.serial:07d}" if on_record else "",
            recorded_on=iso(day) if on_record else "",
        )


@view
def customs_ratings(world: Neighbourhood) -> Iterator[Row]:
    """海关企业信用等级."""
    for body in companies(world):
        if "export" in body.trade.marks and some(body, 186, 70):
            day = min(world.at, _customs_since(body, world) + 60)
            rating = "discredited" if is_listed(body) else "certified" if some(body, 188, 4) else "other"
            yield row(body, day, world, rating=rating, rated_on=iso(day), reviewed_on="")


@view
def high_tech_firms(world: Neighbourhood) -> Iterator[Row]:
    """高新技术企业: some of those who make machines or programs, for three years."""
    for body in companies(world):
        if _invents(body) and body.established < world.at - 3 * 365 and some(body, 189, 30):
            day = max(body.established + 2 * 365, ago(body, 190, world, 1000))
            yield row(
                body,
                day,
                world,
                name=body.name,
                kind="high_tech" if some(body, 191, 50) else "small_tech",
                certificate=f"GR{year_of(day)}O{body.serial:07d}",
                recognised_on=iso(day),
                valid_to=iso(birthday(day, 3)),
            )


def _invents(body: Body) -> bool:
    return body.trade.code in ("3823", "3484", "6513", "3587")


@view
def intellectual_property(world: Neighbourhood) -> Iterator[Row]:
    """专利和商标."""
    for body in companies(world):
        if body.established > world.at - 500:
            continue
        day = max(body.established + 300, ago(body, 192, world, 3000))
        if _invents(body) and some(body, 193, 45):
            kind, years = "utility_model", 10
        elif some(body, 194, 12):
            kind, years = "trade_mark", 10
        else:
            continue
        yield row(
            body,
            day,
            world,
            number=f"ZLO{body.serial:07d}" if kind == "utility_model" else f"SBO{body.serial:07d}",
            kind=kind,
            title=f"一种演示{body.trade.word}装置" if kind == "utility_model" else f"演示{body.trade.word}",
            granted_on=iso(day),
            expires_on=iso(birthday(day, years)),
            pledged=some(body, 195, 3),
        )


@view
def energy_use(world: Neighbourhood) -> Iterator[Row]:
    """规模以上工业企业用能: of factories with many hands."""
    year = year_of(world.at) - 1
    for body in firms(world, "factory"):
        count = workers(body)
        if count < 12 or year_of(body.established) > year:
            continue
        used, target = count * (3 + detail(body, 196, 9)), count * 9
        yield row(
            body,
            day_of(year + 1, 3, 1),
            world,
            year=str(year),
            energy=f"{used}.0",
            intensity=f"0.{10 + detail(body, 197, 80)}",
            target=f"{target}.0",
            met=used <= target,
        )
