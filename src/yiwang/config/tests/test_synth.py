"""An invented city: the same each time, numbers that can be, agencies that agree, and wrong only where it says so."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from yiwang.config.synth import output, plan
from yiwang.config.synth.days import age, birthday, iso
from yiwang.config.synth.homes import registered
from yiwang.config.synth.names import firm_word
from yiwang.config.synth.numbers import firm_code
from yiwang.config.synth.people import Person
from yiwang.config.synth.trades import Body
from yiwang.config.synth.views import LEFT_OUT, VIEWS, Row
from yiwang.config.synth.work import PUPIL, retirement
from yiwang.config.synth.world import Neighbourhood, make
from yiwang.kernel.codes import Sex, parse_citizen_id, parse_uscc
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.rules import faults

AT = date(2026, 11, 1)
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def city() -> plan.City:
    return plan.read_city(Path(settings.YIWANG_PACK_DIR) / "wenzhou")


@dataclass
class World:
    """A small world in three neighbourhoods, and every view of it before anything is left to what is by hand."""

    plan: plan.Plan
    parts: list[Neighbourhood]

    @cached_property
    def people(self) -> dict[str, Person]:
        return {person.number: person for part in self.parts for person in part.people}

    @cached_property
    def bodies(self) -> dict[str, Body]:
        return {body.code: body for part in self.parts for body in (*part.bodies, *part.institutions)}

    @cached_property
    def _rows(self) -> dict[str, list[Row]]:
        return {code: [row for part in self.parts for row in view.rows(part)] for code, view in VIEWS.items()}

    def rows(self, code: str) -> list[Row]:
        return self._rows[code]

    def by_subject(self, code: str) -> dict[str, list[Row]]:
        found = defaultdict(list)
        for row in self.rows(code):
            found[str(row["subject"])].append(row)
        return found


@pytest.fixture(scope="module", params=SEEDS)
def world(city: plan.City, request: pytest.FixtureRequest) -> World:
    made = plan.make_plan(city, 500 + len(city.people), 80 + len(city.firms), request.param, AT, most=170)
    assert len(made.chunks) == 3
    return World(made, [make(made, index) for index in range(3)])


# --- The same again ---


@pytest.mark.slow
def test_the_same_arguments_give_the_same_bytes_on_any_number_of_processes(city: plan.City, tmp_path: Path) -> None:
    def written(seed: int, jobs: int) -> dict[str, bytes]:
        folder = tmp_path / f"{seed}-{jobs}"
        output.write(plan.make_plan(city, 300, 45, seed, AT, most=120), folder, jobs=jobs)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    once = written(5, 1)
    assert once == written(5, 2)
    other = written(6, 1)
    assert other.keys() == once.keys()
    assert other["population.csv"] != once["population.csv"]


def test_a_neighbourhood_hangs_on_nothing_but_its_place_in_the_plan(city: plan.City, world: World) -> None:
    again = make(world.plan, 2)
    assert [person.name for person in again.people] == [person.name for person in world.parts[2].people]
    assert [list(view.rows(again)) for view in VIEWS.values()] == [list(v.rows(world.parts[2])) for v in VIEWS.values()]


def test_there_are_as_many_as_were_asked_for(world: World) -> None:
    assert sum(len(part.people) for part in world.parts) == world.plan.people
    assert sum(len(part.bodies) for part in world.parts) == world.plan.firms


@pytest.mark.parametrize(
    ("people", "firms"), [(200, 20), (1700, 20), (20_000, 3000), (100_001, 7), (1_000_000, 150_000)]
)
def test_a_plan_shares_out_everybody_and_every_number(city: plan.City, people: int, firms: int) -> None:
    chunks = plan.make_plan(city, people + 60, firms + 20, 1, AT).chunks
    assert sum(chunk.people for chunk in chunks) == people + 60 - len(city.people)
    assert sum(chunk.firms for chunk in chunks) == firms + 20 - len(city.firms)
    assert max(chunk.people for chunk in chunks) <= plan.PEOPLE_MOST
    slots = [(chunk.county.code, chunk.slot) for chunk in chunks]
    outside = [(chunk.outside[0], chunk.outside_slot) for chunk in chunks]
    assert len(set(slots)) == len(set(outside)) == len(chunks)
    for before, after in pairwise(chunks):
        assert after.people_before == before.people_before + before.people
        assert after.firms_before == before.firms_before + before.firms + plan.institutions(before.people)


def test_what_cannot_be_numbered_is_refused(city: plan.City) -> None:
    with pytest.raises(plan.TooMany):
        plan.make_plan(city, 90, 20, 1, AT)
    with pytest.raises(plan.TooMany):
        plan.make_plan(city, 2_000_000, 20, 1, AT)
    with pytest.raises(plan.TooMany):
        plan.make_plan(city, 300, 600, 1, AT)


# --- Numbers and names ---


def test_every_number_is_right_and_nobody_elses(city: plan.City, world: World) -> None:
    numbers = [person.number for part in world.parts for person in part.people]
    assert len(set(numbers)) == len(numbers)
    assert {person.number for person in city.people} <= set(numbers)
    for person in world.people.values():
        read = parse_citizen_id(person.number, today=AT)
        assert read.born_on.toordinal() == person.born
        assert (read.sex is Sex.MALE) == person.male
        if not person.given:
            assert int(person.number[14:17]) >= 900, "invented ones stand at the end of the series"
    codes = [body.code for part in world.parts for body in (*part.bodies, *part.institutions)]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert parse_uscc(code).value == code
        assert "DEM" in code


def test_everybody_is_marked_as_invented(world: World) -> None:
    assert all(person.name.startswith("演示") for person in world.people.values())
    assert all("演示" in body.name or body.given for body in world.bodies.values())
    assert all("演示" in registered(person) for person in world.people.values())
    names = Counter(person.name for part in world.parts[:1] for person in part.people)
    assert max(names.values()) == 1, "neighbours can be told apart"


def test_codes_and_words_of_firms_never_meet() -> None:
    places = range(0, 400_000, 37)
    assert len({firm_code("91", "330302", place) for place in places}) == len(places)
    assert len({firm_word(place) for place in range(50_000)}) == 50_000


@pytest.mark.parametrize(
    ("code", "column"),
    [
        ("vehicles", "plate"),
        ("vehicle_invoices", "vin"),
        ("social_security_cards", "account"),
        ("exit_documents", "passport"),
        ("tax_registrations", "subject"),
        ("bank_accounts", "account"),
        ("food_permits", "number"),
        ("education_records", "certificate"),
    ],
)
def test_numbers_of_things_are_unique(world: World, code: str, column: str) -> None:
    values = [row[column] for row in world.rows(code)]
    assert values
    assert len(set(values)) == len(values)


# --- Columns ---


def test_every_dataset_is_derived_or_left_out_for_a_reason(city: plan.City) -> None:
    assert not set(city.datasets) - set(VIEWS) - set(LEFT_OUT)
    assert not set(VIEWS) & set(LEFT_OUT)


def test_what_stands_in_a_column_may_stand_there(city: plan.City, world: World) -> None:
    for code, definition in city.datasets.items():
        if code not in VIEWS:
            continue
        columns = {item.name: item for item in definition.items}
        seen: set[object] = set()
        for part in world.parts:
            for row in output.rows(part, definition):
                for name, item in columns.items():
                    wrong = faults(item, row.get(name), today=AT)
                    assert not wrong, (code, name, row.get(name), wrong)
                key = (row["subject"], *(row[name] for name in definition.key))
                assert key not in seen
                seen.add(key)
                assert str(row["at"])[:10] <= AT.isoformat()


def test_files_have_the_columns_of_their_datasets(city: plan.City, tmp_path: Path) -> None:
    output.write(plan.make_plan(city, 260, 40, 1, AT), tmp_path)
    summary = json.loads((tmp_path / "world.json").read_text())
    assert summary["world"]["people"] == 260
    assert set(summary["rows"]) | set(summary["left_out"]) == set(city.datasets)
    assert not set(summary["left_out"]) - set(LEFT_OUT), "the world tells all that is required"
    for code, count in summary["rows"].items():
        with (tmp_path / f"{code}.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        assert header == ["subject", "at", *(item.name for item in city.datasets[code].items)]
        assert len(rows) == count
        assert all(len(row) == len(header) for row in rows)
        truths = [place for place, item in enumerate(city.datasets[code].items, 2) if item.kind is FieldKind.BOOLEAN]
        assert {row[place] for row in rows for place in truths} <= {"true", "false", ""}


# --- Agencies agree ---


def test_a_couple_is_married_to_each_other(world: World) -> None:
    rows = {str(row["subject"]): row for row in world.rows("marriages")}
    married = [row for row in rows.values() if row["married"]]
    assert married
    for row in married:
        husband, wife = world.people[str(row["husband_number"])], world.people[str(row["wife_number"])]
        assert row["subject"] in (husband.number, wife.number)
        assert husband.male is True
        assert wife.male is False
        assert husband.spouse is wife
        assert wife.spouse is husband
        for one in (husband, wife):
            told = rows.get(one.number)
            assert told is None if not one.lives else told is not None and told["number"] == row["number"]
        assert str(row["registered_on"]) >= iso(max(birthday(husband.born, 22), birthday(wife.born, 20)))


def test_marriages_of_one_person_follow_one_another(world: World) -> None:
    for person in world.people.values():
        for before, after in pairwise(person.weds):
            assert 0 < before.end <= after.day
    for row in world.rows("divorces"):
        partners = {str(row["husband_number"]), str(row["wife_number"])}
        for married in world.by_subject("marriages").get(str(row["subject"]), []):
            assert not married["married"] or {married["husband_number"], married["wife_number"]} != partners


def test_children_are_born_after_their_parents_and_before_they_die(world: World) -> None:
    for person in world.people.values():
        for parent in person.parents:
            assert age(parent.born, person.born) >= 18
            assert not parent.died or parent.died >= person.born
            assert person in parent.kids
    for row in world.rows("birth_certificates"):
        child, mother = world.people[str(row["number"]) and _child(world, row)], world.people[str(row["mother_number"])]
        assert child.mother is mother
        assert row["child_name"] == child.name


def _child(world: World, row: Row) -> str:
    mother = world.people[str(row["mother_number"])]
    return next(kid.number for kid in mother.kids if kid.name == row["child_name"])


def test_nobody_gets_or_does_anything_after_death(world: World) -> None:
    dead = {person.number for person in world.people.values() if person.died}
    assert dead
    after = {"population", "death_records", "cremations", "real_estate_persons", "real_estate_rights", "divorces"}
    after |= {"birth_records", "birth_certificates"}  # of the children they had
    for row in world.rows("deed_taxes"):
        gone = world.people[str(row["subject"])].died
        assert not gone or str(row["paid_on"]) <= iso(gone)
    for code in VIEWS.keys() - after - {"deed_taxes"}:
        assert not dead & {str(row["subject"]) for row in world.rows(code)}, code
    for row in world.rows("population"):
        assert (row["status"] == "死亡") == (row["subject"] in dead)


def test_who_died_is_told_to_the_nearest_only(world: World) -> None:
    for row in world.rows("death_records"):
        gone = world.people[str(row["number"])]
        subject = world.people[str(row["subject"])]
        assert row["died_on"] == iso(gone.died)
        near = {gone, *gone.parents, *gone.kids, *(one for wed in gone.weds for one in (wed.husband, wed.wife))}
        assert subject in near


def test_every_employer_exists_and_counts_its_people(world: World) -> None:
    by_name = {body.name: body for body in world.bodies.values()}
    words = {"灵活就业人员", "退休人员", "城乡居民"}
    at_work: Counter[str] = Counter()
    for code in ("social_insurance_persons", "employment_records", "provident_fund_persons", "social_insurance_months"):
        for row in world.rows(code):
            if row["employer"] in words:
                continue
            body = by_name[str(row["employer"])]
            assert body.active
            at_work[body.code] += code == "social_insurance_persons"
            if code == "employment_records":
                assert str(row["started_on"]) >= body.founded
    for row in world.rows("social_insurance_units"):
        assert int(str(row["insured"])) == at_work[str(row["subject"])]
    assert {row["payer"] for row in world.rows("income_taxes")} <= set(by_name)


def test_who_leads_a_firm_is_a_living_grown_up_of_the_world(world: World) -> None:
    active = [body for body in world.bodies.values() if body.active and body.rep is not None]
    led = {str(row["subject"]): row for row in world.rows("legal_representatives")}
    assert set(led) == {body.code for body in active}
    for row in led.values():
        person = world.people[str(row["number"])]
        assert person.name == row["name"]
        assert person.lives
        assert row["valid"]
        body = world.bodies[str(row["subject"])]
        assert body.given or age(person.born, max(body.established, AT.toordinal() - 1)) >= 18
    for row in world.rows("persons_firms"):
        body = world.bodies[str(row["uscc"])]
        assert row["firm"] == body.name
        if row["role"] in ("法定代表人", "经营者"):
            assert body.rep is not None
            assert row["subject"] == body.rep.number
    shares: Counter[str] = Counter()
    for body in world.bodies.values():
        for _holder, part in body.shareholders:
            shares[body.code] += part
    assert set(shares.values()) == {100}


def test_every_pupil_is_of_school_age_and_every_school_is_there(world: World) -> None:
    schools = {body.name for part in world.parts for body in part.institutions}
    years = {"kindergarten": (3, 6), "primary": (6, 12), "junior": (12, 15), "senior": (15, 18), "vocational": (15, 18)}
    assert world.rows("pupils")
    for row in world.rows("pupils"):
        person = world.people[str(row["subject"])]
        least, most = years[str(row["stage"])]
        begun = date(AT.year, 8, 31).toordinal()
        assert least <= age(person.born, begun) < most
        assert row["school"] in schools
    pupils = {row["subject"] for row in world.rows("pupils")}
    for person in world.people.values():
        # nine years are everybody's duty
        if person.lives and not person.given and 7 <= age(person.born, AT.toordinal()) <= 14:
            assert person.number in pupils
            assert person.role == PUPIL
            assert person.job is None


def test_a_home_of_two_is_in_the_register_under_both(world: World) -> None:
    by_unit = defaultdict(list)
    for row in world.rows("real_estate_rights"):
        by_unit[row["unit"]].append(row)
    assert any(len(rows) == 2 for rows in by_unit.values())
    for rows in by_unit.values():
        owners = [world.people[str(row["subject"])] for row in rows]
        assert len({row["certificate"] for row in rows}) == 1
        assert [row["share"] for row in rows] == ["共同共有" if len(owners) > 1 else "单独所有"] * len(owners)
        if len(owners) == 2:
            assert owners[0].spouse is owners[1]


def test_households_have_one_head_and_children_a_grown_up(world: World) -> None:
    by_number = defaultdict(set)
    for row in world.rows("households"):
        if not row["moved_out_on"]:
            by_number[row["household_number"]].add((row["relation"], row["member_number"]))
    for members in by_number.values():
        assert [relation for relation, _number in members].count("户主") == 1
        assert sum(relation == "配偶" for relation, _number in members) <= 1
    for part in world.parts:
        seen: Counter[str] = Counter(person.number for home in part.households for person in home.members)
        assert set(seen.values()) == {1}
        assert set(seen) == {person.number for person in part.people if person.lives}
        for home in part.households:
            assert any(age(person.born, AT.toordinal()) >= 18 for person in home.members)


def test_papers_agree_with_what_they_are_about(world: World) -> None:
    fines = {row["subject"] for row in world.rows("traffic_violations") if not row["settled"]}
    assert {row["subject"] for row in world.rows("vehicles") if row["fines"]} == fines
    drivers = {row["subject"] for row in world.rows("driving_licences")}
    assert {row["subject"] for row in world.rows("driver_health")} <= drivers
    with_fund = {row["subject"]: row for row in world.rows("provident_fund_persons")}
    assert {row["subject"] for row in world.rows("fund_loans")} == {s for s, row in with_fund.items() if row["loan"]}
    pensioners = {row["subject"]: row for row in world.rows("pension_payments")}
    for number in pensioners:
        assert world.people[str(number)].job is None
        assert retirement(world.people[str(number)]) <= AT.toordinal()
    for row in world.rows("house_contracts"):
        assert row["buyer_number"] != row["seller_number"]
        assert row["subject"] == row["seller_number"] or row["subject"] in {
            right["subject"] for right in world.rows("real_estate_rights") if right["unit"] == row["unit"]
        }
    permits = {row["number"] for row in world.rows("food_permits")}
    assert permits <= {row["document"] for row in world.rows("licences_issued")}


# --- Declarations ---


@dataclass
class Registers:
    """What a means check would look into: only rows, nothing of the world behind them."""

    world: World

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Yield subject and column of every declaration that the registers contradict."""
        world = self.world
        rows = {code: world.by_subject(code) for code in VIEWS}
        shops = {row["number"] for row in world.rows("real_estate_premises")}
        families = {
            claim.applicant.number: {person.number for person in claim.household.members}
            for part in world.parts
            for claim in part.claims
        }
        for declared in world.rows("family_economy"):
            subject = str(declared["subject"])
            register = [row for row in rows["households"].get(subject, []) if not row["moved_out_on"]]
            family = {str(row["member_number"]) for row in register} or families[subject]

            def each(code: str, family: set[str] = family) -> list[Row]:
                return [row for number in sorted(family) for row in rows[code].get(number, [])]

            found = {
                "members": str(len(family)),
                "vehicles": str(len(each("vehicles"))),
                "homes": str(len({r["unit"] for r in each("real_estate_rights") if r["certificate"] not in shops})),
                "firms": "有" if any(r["state"] == "active" for r in each("persons_firms")) else "没有",
                "insured": "企业职工养老保险" if each("social_insurance_persons") else "城乡居民养老保险",
                "land": "没有" if not each("land_contracts") else f"承包地 {each('land_contracts')[0]['area']} 亩",
            }
            money = sum(_cents(r["balance"]) for r in each("bank_deposits"))
            money += sum(_cents(r["value"]) for r in each("securities_accounts"))
            found["deposits"] = f"{money // 100}.00"
            for column, value in found.items():
                if declared[column] != value:
                    yield subject, column
            newest = max((str(r["month"]) for r in world.rows("income_taxes")), default="")
            known = sum(_cents(r["income"]) for r in each("income_taxes") if r["month"] == newest)
            known += sum(_cents(r["monthly"]) for r in each("pension_payments"))
            if (_cents(declared["income"]) + 1) * int(str(declared["members"])) < known:
                yield subject, "income"


def _cents(value: object) -> int:
    return int(str(value).replace(".", ""))


def test_only_what_was_planted_is_contradicted_by_the_registers(world: World) -> None:
    claims = [claim for part in world.parts for claim in part.claims]
    truths = {(claim.applicant.number, truth.column) for claim in claims for truth in claim.truths}
    wrong = set(Registers(world).wrong())
    assert wrong <= truths
    # an income is in no register as a whole: what was declared too low need not be found
    assert {one for one in truths if one[1] != "income"} == {one for one in wrong if one[1] != "income"}


def test_planted_truths_name_a_record_that_shows_them(world: World) -> None:
    for part in world.parts:
        for claim in part.claims:
            for truth in claim.truths:
                assert truth.declared != truth.true
                assert claim.declared[truth.column] == truth.declared
                assert any(row["subject"] == truth.subject for row in VIEWS[truth.evidence].rows(part))


@pytest.mark.slow
def test_every_kind_of_contradiction_comes_up(city: plan.City) -> None:
    made = plan.make_plan(city, 9000, 900, 4, AT)
    kinds = Counter(
        truth.kind for index in range(len(made.chunks)) for claim in make(made, index).claims for truth in claim.truths
    )
    assert set(kinds) == {"car", "home", "firm", "income", "deposit", "member"}


# --- The pack's own ---


def test_what_the_pack_has_by_hand_is_not_written_again(city: plan.City, world: World) -> None:
    first = world.parts[0]
    own = {person.number for person in city.people} | {firm.uscc for firm in city.firms}
    written = defaultdict(set)
    for code, definition in city.datasets.items():
        if code in VIEWS:
            for row in output.rows(first, definition):
                if row["subject"] in own:
                    assert (code, row["subject"]) not in city.by_hand
                    assert VIEWS[code].given
                    written[code].add(row["subject"])
    by_hand = {number for code, number in city.by_hand if code == "population"}
    assert written["population"] == {person.number for person in city.people} - by_hand


def test_the_packs_own_are_there_as_they_are(city: plan.City, world: World) -> None:
    for given in city.people:
        person = world.people[given.number]
        assert (person.name, person.job, person.cars, person.homes) == (given.name, None, (), ())
    for firm in city.firms:
        body = world.bodies[firm.uscc]
        assert body.rep is not None
        assert (body.name, body.address, body.rep.number) == (firm.name, firm.address, firm.representative)


# --- The command ---


def test_the_command_writes_a_city(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "city"
    call_command("synth", people=260, firms=40, seed=1, out=out, pack="wenzhou")
    assert "260 人，40 家企业" in capsys.readouterr().out
    first = (out / "world.json").read_bytes()
    call_command("synth", people=260, firms=40, seed=1, out=out, pack="wenzhou")
    assert (out / "world.json").read_bytes() == first
    with (out / "truth.csv").open(newline="") as file:
        assert next(csv.reader(file)) == list(output.TRUTH)


@pytest.mark.parametrize(
    "wrong", [{"people": 80}, {"pack": "nowhere"}, {"at": date(1999, 1, 1)}, {"people": 260, "firms": 1}]
)
def test_the_command_refuses_what_cannot_be(tmp_path: Path, wrong: dict[str, object]) -> None:
    arguments = {"people": 260, "firms": 40, "out": tmp_path / "city", "pack": "wenzhou"} | wrong
    with pytest.raises(CommandError):
        call_command("synth", **arguments)


def test_the_command_leaves_other_peoples_folders_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("")
    with pytest.raises(CommandError, match="something else"):
        call_command("synth", people=260, firms=40, out=tmp_path, pack="wenzhou")


def test_a_small_pack_has_a_city_too(tmp_path: Path) -> None:
    call_command("synth", people=220, firms=30, out=tmp_path / "city", pack="testville")
    summary = json.loads((tmp_path / "city" / "world.json").read_text())
    assert summary["rows"]["population"] >= 200
