"""What people learn: schools, pupils, certificates of trades and professions."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import birthday, compact, day_of, iso, year_of
from yiwang.config.synth.people import ADULT, Person
from yiwang.config.synth.trades import JUNIOR_SCHOOL, KINDERGARTEN, PRIMARY_SCHOOL, SENIOR_SCHOOL, Body
from yiwang.config.synth.views.base import (
    NUMERALS,
    Row,
    ago,
    detail,
    firms,
    living,
    one_of,
    row,
    some,
    view,
)
from yiwang.config.synth.work import BACHELOR, COLLEGE, EMPLOYED, FLEXIBLE, MASTER, SENIOR, WORKLESS
from yiwang.config.synth.world import Neighbourhood

_LEVELS = {SENIOR: "secondary", COLLEGE: "college", BACHELOR: "bachelor", MASTER: "master"}
_PLACES = {False: NUMERALS, True: "小中大"}
_CLASSES = (("", "班"), ("", "年级"), ("初", ""), ("高", ""))
"""What stands before and after the place of a class, by kind of school."""


@view
def education_records(world: Neighbourhood) -> Iterator[Row]:
    """学历学籍: the highest of those who have more than the nine years."""
    for person in living(world, 15):
        if person.level in _LEVELS:
            day = person.graduated
            school = (
                "演示高级中学"
                if person.level == SENIOR
                else one_of(person, 40, ("演示大学", "演示工业大学", "演示师范大学"))
            )
            if person.level == COLLEGE:
                school = "演示职业技术学院"
            yield row(
                person,
                day,
                world,
                level=_LEVELS[person.level],
                school=school,
                certificate=f"99{detail(person, 41, 1000):03d}{compact(day)[:6]}{person.serial:07d}",
                graduated_on=iso(day),
            )


@view
def pupils(world: Neighbourhood) -> Iterator[Row]:
    """中小学学籍."""
    for person in living(world, 3, 20):
        school = person.school
        if school is None or not person.grade:
            continue
        grade, first = person.grade, {KINDERGARTEN: 0, PRIMARY_SCHOOL: 0, JUNIOR_SCHOOL: 6, SENIOR_SCHOOL: 9}
        assert school.school is not None
        place = grade - first[school.school]
        stage = ("kindergarten", "primary", "junior", "vocational" if some(person, 42, 35) else "senior")[school.school]
        before, after = _CLASSES[school.school]
        begun = day_of(_term(world) - place + 1, 9, 1)
        guardian = person.guardian or next((one for one in person.parents if one.lives), None)
        yield row(
            person,
            begun,
            world,
            school_number=f"G{person.number}",
            school=school.name,
            stage=stage,
            grade=f"{before}{_PLACES[not school.school][place - 1]}{after}",
            enrolled_on=iso(begun),
            state="在读",
            guardian=guardian.name if guardian else "",
        )


def _term(world: Neighbourhood) -> int:
    year = year_of(world.at)
    return year if world.at >= day_of(year, 9, 1) else year - 1


def _employees(world: Neighbourhood, word: str) -> Iterator[tuple[Person, Body]]:
    for body in world.institutions:
        if body.trade.word == word:
            for person in body.staff:
                yield person, body


@view
def teacher_exams(world: Neighbourhood) -> Iterator[Row]:
    """教师资格考试: who teaches."""
    stages = ("幼儿园", "小学", "初级中学", "高级中学")
    for person, body in _employees(world, "学校"):
        if person.level >= COLLEGE and body.school is not None:
            day = min(world.at, person.graduated + 120 + detail(person, 43, 200))
            subject = one_of(person, 44, ("语文", "数学", "英语", "科学", "体育", "音乐"))
            yield row(
                person,
                day,
                world,
                number=f"DEMO{year_of(day)}{world.plan.city.code[:2]}{person.serial:07d}",
                stage=stages[body.school],
                subject_name="学前教育" if body.school == KINDERGARTEN else subject,
                mandarin=one_of(person, 45, ("一级乙等", "二级甲等", "二级甲等", "二级乙等")),
            )


@view
def practitioners(world: Neighbourhood) -> Iterator[Row]:
    """医师护士资格: who works in a hospital and learned for it."""
    for person, _body in _employees(world, "医院"):
        if person.level >= COLLEGE:
            doctor = person.level >= BACHELOR
            year = year_of(min(world.at, person.graduated + 400))
            yield row(
                person,
                min(world.at, person.graduated + 400),
                world,
                number=f"DEMO{year}{world.plan.city.code[:4]}{person.serial:07d}",
                kind=one_of(person, 46, ("临床", "中医", "口腔")) if doctor else "护理",
                level="执业医师" if doctor else "护士",
                trained=not some(person, 47, 4),
            )


@view
def title_records(world: Neighbourhood) -> Iterator[Row]:
    """专业技术职称: who serves in a school or hospital for years."""
    for body in world.institutions:
        series = {"学校": "中小学教师", "医院": "卫生技术"}.get(body.trade.word)
        for person in body.staff:
            years = (world.at - person.career) // 365
            if series is None or person.level < COLLEGE or years < 2:
                continue
            grade = "junior" if years < 7 else "middle" if years < 16 or person.level < BACHELOR else "vice_senior"
            day = person.career + {"junior": 400, "middle": 6 * 365, "vice_senior": 14 * 365}[grade]
            yield row(
                person,
                day,
                world,
                document=f"演示职改〔{year_of(day)}〕{person.serial}号",
                series=series,
                grade=grade,
                field=one_of(person, 48, ("语文", "数学", "英语")) if series == "中小学教师" else "临床医学",
                granted_on=iso(day),
            )


@view
def skill_certificates(world: Neighbourhood) -> Iterator[Row]:
    """职业技能等级证书: some who work in factories and on sites."""
    levels = ("五级（初级工）", "四级（中级工）", "三级（高级工）", "二级（技师）")
    for person in living(world, ADULT):
        job = person.job
        if job is not None and "factory" in job.trade.marks and person.role == EMPLOYED and some(person, 49, 22):
            day = max(person.career, ago(person, 50, world, 3000))
            yield row(
                person,
                day,
                world,
                number=f"SO{world.plan.city.code}{person.serial:07d}",
                trade=one_of(person, 51, ("电工", "焊工", "钳工", "制鞋工", "缝纫工")),
                level=levels[min(3, (world.at - person.career) // 365 // 6)],
                issued_on=iso(day),
            )


def pharmacist(body: Body) -> Person | None:
    """Return who watches over a pharmacy's drugs: the best taught of those who work there."""
    best = max(body.staff, key=lambda one: (one.level, one.serial), default=None)
    return best if best is not None and best.level >= SENIOR else body.rep


@view
def pharmacist_persons(world: Neighbourhood) -> Iterator[Row]:
    """执业药师资格与学分."""
    seen = set()
    for body in firms(world, "pharmacy"):
        person = pharmacist(body)
        if person is not None and not person.given and person.number not in seen:
            seen.add(person.number)
            passed = pharmacist_since(person, world)
            yield row(
                person,
                passed,
                world,
                certificate=pharmacist_number(person, world),
                credits=str(detail(person, 52, 10) * 15),
                passed_on=iso(passed),
            )


def pharmacist_since(person: Person, world: Neighbourhood) -> int:
    """Return the day since when somebody may watch over drugs."""
    return min(world.at, max(person.graduated, birthday(person.born, ADULT)) + 500)


def pharmacist_number(person: Person, world: Neighbourhood) -> str:
    """Return the number of somebody's certificate."""
    return f"ZY{year_of(pharmacist_since(person, world))}O{person.serial:07d}"


@view
def professional_drivers(world: Neighbourhood) -> Iterator[Row]:
    """道路运输从业人员: who drives for a haulier."""
    for body in firms(world, "freight"):
        for person in body.staff:
            if person.drives and some(person, 53, 70):
                until = world.at + 30 + detail(person, 54, 2000)
                yield row(
                    person,
                    max(person.licence_since, until - 6 * 365),
                    world,
                    number=f"DEMO{world.chunk.county.code}{person.serial:07d}",
                    kind="道路货物运输驾驶员",
                    valid_to=iso(until),
                )


@view
def archive_records(world: Neighbourhood) -> Iterator[Row]:
    """流动人员人事档案: who learned more than school and works on their own or for a firm."""
    for person in living(world, ADULT):
        if person.level >= COLLEGE and person.role in (FLEXIBLE, WORKLESS, EMPLOYED) and some(person, 55, 60):
            yield row(
                person,
                person.graduated + 60,
                world,
                kept_at=f"{world.chunk.county.name}就业管理服务中心",
                complete=not some(person, 56, 6),
                number=f"DA{world.chunk.county.code}{person.serial:07d}",
            )
