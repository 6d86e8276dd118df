"""What people learn, work and are insured for: schools, qualifications, jobs, social insurance, provident fund, health."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import add_months, compact, iso, month_of, months_between, year_of
from yiwang.config.synth.means import Property
from yiwang.config.synth.people import ADULT, Person
from yiwang.config.synth.views.base import (
    NUMERALS,
    Row,
    account,
    ago,
    cents,
    firms,
    living,
    money,
    one_of,
    past_months,
    row,
    some,
    unit_account,
    view,
    workers,
)
from yiwang.config.synth.work import EMPLOYED, FLEXIBLE, OWNER, RETIRED, WORKLESS, retirement
from yiwang.config.synth.world import Neighbourhood

BASE_LEAST, BASE_MOST = 4000, 24000
"""Between these a wage counts for social insurance; demo values, the province sets its own each year."""
MONTHS_KEPT = 6
"""So many months are written one by one; more would only be long."""
TAX_FREE = 5000
_FLEXIBLE = "灵活就业人员"


# --- Jobs and social insurance ---


@view
def employment_records(world: Neighbourhood) -> Iterator[Row]:
    """就业登记."""
    for person in living(world, 16):
        job = person.job
        if person.role == EMPLOYED and job is not None:
            post = (
                "职员"
                if job.trade.word in ("学校", "医院", "公共服务中心")
                else one_of(person, 57, ("操作工", "店员", "职员"))
            )
            kind = "open" if person.job_since < world.at - 10 * 365 else "fixed"
            name = job.name
        elif person.role == FLEXIBLE and person.insured_since:
            post, kind, name = "", "flexible", _FLEXIBLE
        else:
            continue
        since = person.job_since or person.insured_since
        yield row(person, since, world, employer=name, started_on=iso(since), ended_on="", post=post, contract=kind)


@view
def unemployment_records(world: Neighbourhood) -> Iterator[Row]:
    """失业登记."""
    for person in living(world, 16):
        if person.role == WORKLESS:
            day = person.workless
            yield row(
                person,
                day,
                world,
                number=f"SY{world.chunk.county.code}{year_of(day)}{person.serial:07d}",
                since=iso(day),
                reason=one_of(person, 58, ("合同期满", "单位解散", "单位解除合同", "协商解除合同")),
                months=str(person.months),
            )


@view
def unemployment_benefits(world: Neighbourhood) -> Iterator[Row]:
    """失业保险金发放: 社会保险法 art. 46 gives twelve, eighteen or twenty-four months by the years insured."""
    for person in living(world, 16):
        if person.role != WORKLESS or person.months < 12:
            continue
        allowed = 12 if person.months < 60 else 18 if person.months < 120 else 24
        since = add_months(person.workless, 1)
        for turn in range(allowed):
            day = add_months(since, turn)
            if day > world.at:
                break
            yield row(
                person,
                day + 14,
                world,
                month=month_of(day),
                amount="1910.00",
                months_left=str(allowed - turn - 1),
                stopped="期满" if turn == allowed - 1 else "",
            )


def _insured_by(person: Person) -> str:
    if person.job is not None:
        return person.job.name
    return "退休人员" if person.role == RETIRED else _FLEXIBLE


@view
def social_insurance_persons(world: Neighbourhood) -> Iterator[Row]:
    """个人养老保险: who is or was insured as somebody who works."""
    for person in living(world, 16):
        if person.insured_since:
            yield row(
                person,
                max(person.insured_since, person.job_since, person.workless, person.retired),
                world,
                employer=_insured_by(person),
                started_on=iso(person.insured_since),
                months=str(person.months),
                former_place=person.former,
                former_months=str(person.former_months),
                payable_years=str((person.months + person.former_months) // 12),
                arrears=person.role == FLEXIBLE and some(person, 59, 5),
                retire_on=iso(retirement(person)),
            )


@view
def social_insurance_months(world: Neighbourhood) -> Iterator[Row]:
    """社会保险缴费明细: the pension insurance of the last months of those who have a job."""
    months = past_months(world, MONTHS_KEPT)
    for person in living(world, 16):
        job = person.job
        if job is None or not person.insured_since:
            continue
        base = min(BASE_MOST, max(BASE_LEAST, person.wage))
        for month, ends in months:
            if person.job_since <= ends:
                yield row(
                    person,
                    ends,
                    world,
                    month=month,
                    insurance="pension",
                    employer=job.name,
                    base=money(base),
                    own_part=cents(base * 8),
                    unit_part=cents(base * 16),
                    paid=True,
                )


@view
def social_insurance_units(world: Neighbourhood) -> Iterator[Row]:
    """单位社会保险登记."""
    for body in (*firms(world), *world.institutions):
        if count := workers(body):
            yield row(
                body,
                max(body.established, ago(body, 60, world, 500)),
                world,
                registered=True,
                insured=str(count),
                injury_class=f"{NUMERALS[body.trade.injury - 1]}类",
                bank_name=f"{world.plan.city.stem}演示银行",
                bank_account=unit_account(body),
                arrears=some(body, 61, 2),
            )


@view
def pension_payments(world: Neighbourhood) -> Iterator[Row]:
    """养老金发放: nobody's who has died."""
    for person in living(world, 45):
        if person.role == RETIRED and person.pension:
            verified = max(person.retired, ago(person, 62, world, 420))
            yield row(
                person,
                verified,
                world,
                monthly=money(person.pension),
                verified_on=iso(min(verified, world.at)),
                started_on=iso(person.retired),
            )


@view
def social_security_cards(world: Neighbourhood) -> Iterator[Row]:
    """社会保障卡."""
    for person in living(world):
        if (person.local and some(person, 63, 94)) or person.insured_since:
            issued = max(person.born + 20, ago(person, 64, world, 3500))
            yield row(
                person,
                issued,
                world,
                bank=f"{world.plan.city.stem}演示银行",
                account=account(person),
                status=one_of(person, 65, ("正常",) * 30 + ("挂失", "未激活")),
                issued_on=iso(min(issued, world.at)),
            )


@view
def medical_insurance_persons(world: Neighbourhood) -> Iterator[Row]:
    """个人医疗保险: with the job, as a pensioner, or as a resident."""
    place = f"{world.plan.city.name}{world.chunk.county.name}"
    for person in living(world):
        working = person.role in (EMPLOYED, OWNER) and bool(person.insured_since)
        workless = person.role == WORKLESS and bool(person.insured_since)
        if not (working or workless or person.local or some(person, 66, 45)):
            continue
        since = person.job_since if working else max(person.born, ago(person, 67, world, 5000))
        months = min(600, months_between(since, world.at))
        years = person.months // 12 if person.insured_since else months // 12
        if person.job is not None and working:
            employer = person.job.name
        else:
            employer = "退休人员" if person.role == RETIRED and person.insured_since else "城乡居民"
        yield row(
            person,
            since,
            world,
            insured="中断" if workless else "正常",
            employer=employer,
            months="0" if workless else str(months),
            maternity=working,
            place=place,
            years=str(min(60, years)),
        )


# --- Provident fund ---


def _has_fund(person: Person) -> bool:
    return person.role in (EMPLOYED, OWNER) and person.job is not None and person.job.fund and not person.job.given


def _loan(person: Person) -> Property | None:
    return next((home for home in person.homes if home.debt and home.monthly), None) if _has_fund(person) else None


def _fund_months(person: Person, world: Neighbourhood) -> int:
    return min(600, months_between(person.job_since, world.at) + 1)


@view
def provident_fund_persons(world: Neighbourhood) -> Iterator[Row]:
    """个人住房公积金."""
    for person in living(world, 16):
        if not _has_fund(person) or person.job is None:
            continue
        months = _fund_months(person, world)
        kept = 10 if _loan(person) else 55
        yield row(
            person,
            ago(person, 68, world, 30),
            world,
            account=f"{world.chunk.county.code}{person.serial:07d}",
            balance=money(months * person.wage * 24 // 100 * kept // 100),
            former_centre="",
            employer=person.job.name,
            months=str(months),
            loan=_loan(person) is not None,
        )


@view
def provident_fund_units(world: Neighbourhood) -> Iterator[Row]:
    """单位公积金账户."""
    for body in (*firms(world), *world.institutions):
        if body.fund:
            yield row(
                body,
                max(body.established, ago(body, 69, world, 500)),
                world,
                account=f"{world.plan.city.code}9{body.serial:07d}",
                opened=True,
                employees=str(workers(body)),
            )


@view
def fund_loans(world: Neighbourhood) -> Iterator[Row]:
    """住房贷款信息."""
    for person in living(world, ADULT):
        if home := _loan(person):
            yield row(
                person,
                ago(person, 70, world, 30),
                world,
                bank=f"{home.lender}{world.plan.city.stem}分行",
                balance=money(home.debt),
                monthly=money(home.monthly),
                address=home.address,
            )


@view
def fund_withdrawals(world: Neighbourhood) -> Iterator[Row]:
    """住房公积金提取: most pay their loan from it."""
    for person in living(world, ADULT):
        home = _loan(person)
        if not _has_fund(person) or not some(person, 71, 60 if home else 8) or person.job_since > world.at - 200:
            continue
        day = max(person.job_since + 100, ago(person, 72, world, 400))
        yield row(
            person,
            day,
            world,
            number=f"TQ{compact(day)}{person.serial:07d}",
            reason="loan" if home else "rent",
            amount=money(home.monthly * 6 if home else 7200),
            drawn_on=iso(min(day, world.at)),
            account=account(person),
            address=home.address if home else "",
        )


@view
def income_taxes(world: Neighbourhood) -> Iterator[Row]:
    """个人所得税纳税记录: wages of the last months, withheld by who pays them (个人所得税法 art. 3, the lowest rate)."""
    months = past_months(world, 3)
    for person in living(world, 16):
        job = person.job
        if job is None or person.role != EMPLOYED or not person.insured_since:
            continue
        own = min(BASE_MOST, max(BASE_LEAST, person.wage)) * 105 // 1000
        tax = max(0, person.wage - TAX_FREE - own) * 3
        for month, ends in months:
            if person.job_since <= ends:
                yield row(
                    person,
                    ends,
                    world,
                    month=month,
                    kind="wages",
                    payer=job.name,
                    income=money(person.wage),
                    tax=cents(tax),
                )
