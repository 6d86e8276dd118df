"""The city's three comparison schemes, each carried out: a family that fits, one that does not, one that said something else,
and one of whose data a source is down.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from yiwang.config.environment import ROOT
from yiwang.kernel.packs import Pack
from yiwang.platform.catalog.types import DataElement
from yiwang.platform.sharing.answering import typed
from yiwang.platform.sharing.means import queries, reporting
from yiwang.platform.sharing.means.linting import lint
from yiwang.platform.sharing.means.rules import assess
from yiwang.platform.sharing.means.types import (
    Consent,
    ConsentWay,
    Member,
    Preliminary,
    Reply,
    Report,
    Row,
    Scheme,
    SchemeView,
)
from yiwang.platform.sharing.types import DatasetDefinition, Outcome

TODAY = date(2026, 11, 1)
NOON = datetime(2026, 10, 20, 4, tzinfo=UTC)
FIRST, SECOND = "339901198501011119", "339901199002022221"
"""The applicant, and whoever lives with them."""
DEAD = "339901196003033338"
Rows = Mapping[str, Mapping[str, tuple[Mapping[str, str], ...]]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A family: what it declared (by data element), what the registers hold of whom, and what has to be said of it."""

    scheme: str
    declared: Mapping[str, Any]
    rows: Rows = field(default_factory=dict)
    down: str = ""
    verdict: Preliminary
    reason: str
    found: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """Contradictions by code, each with the dataset and member of its evidence."""
    unseen: frozenset[str] = frozenset()


@cache
def pack() -> Pack:
    return Pack(Path(ROOT) / "packs" / "wenzhou")


@cache
def scheme(code: str) -> Scheme:
    (found,) = pack().rows(f"comparisons/{code}.yaml", Scheme)
    return found


@cache
def definitions() -> dict[str, DatasetDefinition]:
    return {one.code: one for one in pack().rows("datasets/*.yaml", DatasetDefinition)}


HOUSEHOLD = {FIRST: ({"member_number": FIRST}, {"member_number": SECOND})}


def wages(monthly: str, of: str = FIRST) -> Rows:
    """Three months of wages that count, and one from before."""
    months = ("2026-08", "2026-09", "2026-10", "2025-10")
    return {"income_taxes": {of: tuple({"month": month, "kind": "wages", "income": monthly} for month in months)}}


POOR = {"family_members": 2, "family_income": 1500, "family_deposits": 10000, "family_vehicles": 0, "family_homes": 1}
DEPOSITS = {"bank_deposits": {FIRST: ({"bank": "测试银行", "balance": "10000.00"},)}}
CAR = {"vehicles": {SECOND: ({"plate": "浙C00001"},)}}
TENANT = {"rental_people": 2, "family_income": 3000, "family_homes": 0, "rental_own_area": 0}
HOME = {"real_estate_persons": {SECOND: ({"unit": "U1", "use": "住宅", "area": "80", "homes": "1"},)}}
DEATH = {"death_records": {FIRST: ({"number": DEAD, "died_on": "2026-09-01"},)}}
HEIR = {"heir_from": "测试父"}

CASES = {
    "poor": Case(
        scheme="low_income", declared=POOR, rows={"households": HOUSEHOLD} | wages("3000") | DEPOSITS,
        verdict=Preliminary.FITS, reason="收入和财产都在规定限额以内",
    ),
    "poor with a car": Case(
        scheme="low_income", declared=POOR | {"family_vehicles": 1},
        rows={"households": HOUSEHOLD} | wages("3000") | DEPOSITS | CAR,
        verdict=Preliminary.UNFIT, reason="名下有机动车",
    ),
    "poor with a car that was left out": Case(
        scheme="low_income", declared=POOR, rows={"households": HOUSEHOLD} | wages("3000") | DEPOSITS | CAR,
        verdict=Preliminary.LOOK, reason="有与申报不符的情况，要向申请人核实",
        found={"vehicles_more": (("vehicles", 1),)},
    ),
    "poor while the bank is down": Case(
        scheme="low_income", declared=POOR, rows={"households": HOUSEHOLD} | wages("3000") | DEPOSITS, down="bank_deposits",
        verdict=Preliminary.LOOK, reason="有的数据没有比对上，不能得出结论", unseen=frozenset({"deposits_more"}),
    ),
    "tenant": Case(
        scheme="public_rental", declared=TENANT, rows={"households": HOUSEHOLD} | wages("6000"),
        verdict=Preliminary.FITS, reason="住房和收入都符合规定标准",
    ),
    "tenant who earns much": Case(
        scheme="public_rental", declared=TENANT | {"family_income": 6000}, rows={"households": HOUSEHOLD} | wages("12000"),
        verdict=Preliminary.UNFIT, reason="人均月收入高于规定标准（5200 元）",
    ),
    "tenant with a home that was left out": Case(
        scheme="public_rental", declared=TENANT, rows={"households": HOUSEHOLD} | wages("6000") | HOME,
        verdict=Preliminary.LOOK, reason="有与申报不符的情况，要向申请人核实",
        found={"homes_more": (("real_estate_persons", 1),), "area_more": (("real_estate_persons", 1),)},
    ),
    "tenant while contracts are down": Case(
        scheme="public_rental", declared=TENANT, rows={"households": HOUSEHOLD} | wages("6000"), down="house_contracts",
        verdict=Preliminary.LOOK, reason="有的数据没有比对上，不能得出结论", unseen=frozenset({"sold_lately"}),
    ),
    "heir": Case(
        scheme="notary_facts", declared=HEIR, rows={"households": HOUSEHOLD} | DEATH,
        verdict=Preliminary.FITS, reason="部门数据与申请一致",
    ),
    "heir of nobody who died": Case(
        scheme="notary_facts", declared=HEIR, rows={"households": HOUSEHOLD},
        verdict=Preliminary.LOOK, reason="有要问清楚的情况", found={"no_death": ()},
    ),
    "relative, where nobody need have died": Case(
        scheme="notary_facts", declared={}, rows={"households": HOUSEHOLD},
        verdict=Preliminary.FITS, reason="部门数据与申请一致",
    ),
    "heir who has died": Case(
        scheme="notary_facts", declared=HEIR,
        rows={"death_records": {FIRST: ({"number": FIRST, "died_on": "2026-09-01"},)}},
        verdict=Preliminary.LOOK, reason="有与申请不符的情况，要当面核实",
        found={"applicant_dead": (("death_records", 0),), "relative_dead": (("death_records", 0),)},
    ),
    "heir while deaths are down": Case(
        scheme="notary_facts", declared=HEIR, rows=DEATH, down="death_records",
        verdict=Preliminary.LOOK, reason="有的数据没有比对上，不能得出结论",
        unseen=frozenset({"applicant_dead", "relative_dead", "no_death"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_the_city_says_of_a_family(name: str) -> None:
    case = CASES[name]
    one, (replies, report) = scheme(case.scheme), compared(case)

    assert (report.verdict, report.reason) == (case.verdict, case.reason)
    shown = {
        found.code: tuple((proof.dataset, proof.member) for proof in found.evidence) for found in report.contradictions
    }
    assert shown == case.found
    said = {rule.name: rule.code for rule in one.rules}
    assert {said[unseen.name] for unseen in report.not_looked_at} == case.unseen
    checks = {(reply.dataset, reply.number): number_of(place) for place, reply in enumerate(replies)}
    for found in report.contradictions:
        for proof in found.evidence:
            assert proof.check == checks[(proof.dataset, (FIRST, SECOND)[proof.member])]
            assert proof.at == NOON
    outcomes = {source.dataset: source.outcome for source in report.sources}
    assert set(outcomes) == {want.dataset for want in one.wants}
    assert [code for code, outcome in outcomes.items() if outcome is Outcome.DOWN] == [case.down][: bool(case.down)]


def test_every_scheme_of_the_city_is_carried_out_in_every_way() -> None:
    codes = {path.stem for path in (pack().root / "comparisons").glob("*.yaml")}
    for code in codes:
        assert lint(scheme(code), definitions(), frozenset(scheme(code).items)) == []
        mine = [case for case in CASES.values() if case.scheme == code]
        assert {Preliminary.FITS, Preliminary.LOOK} <= {case.verdict for case in mine}, code
        assert any(case.found for case in mine), code
        assert any(case.down for case in mine), code
    assert {case.scheme for case in CASES.values()} == codes


def test_what_was_declared_is_asked_in_the_items_of_the_scheme() -> None:
    elements = {one.code for one in pack().rows("elements/*.yaml", DataElement)}
    said = {element for case in CASES.values() for element in case.declared}
    assert said <= elements
    assert said == {one.element for case in CASES.values() for one in scheme(case.scheme).declared if one.element}


def test_an_applicant_agrees_to_each_comparison_in_the_form_of_its_items() -> None:
    asked = {}
    for path in pack().files("items/*.yaml"):
        found = pack().yaml(path)
        asked[str(found["basic_code"])] = {one["element"] for part in found["form"] for one in part["fields"]}
    for path in (pack().root / "comparisons").glob("*.yaml"):
        one = scheme(path.stem)
        assert one.consent
        for item in one.items:
            assert one.consent in asked[item], (one.code, item)


def number_of(place: int) -> uuid.UUID:
    return uuid.UUID(int=place + 1)


def compared(case: Case) -> tuple[list[Reply], Report]:
    """Answer as the registers would, and write the report."""
    one = scheme(case.scheme)
    consent = Consent(way=ConsentWay.SIGNED, on=TODAY)
    members = tuple(Member(number=number, consent=consent) for number in (FIRST, SECOND))
    replies = []
    for want in one.wants:
        definition = definitions()[want.dataset]
        for member in members:
            given = case.rows.get(want.dataset, {}).get(member.number, ())
            rows = tuple(Row(_values(definition, values), NOON) for values in given)
            assert all(set(values) <= set(want.fields) for values in given), want.dataset
            outcome = Outcome.FOUND if rows else Outcome.NONE
            if want.dataset == case.down:
                outcome, rows = Outcome.DOWN, ()
            replies.append(Reply(want.dataset, member.number, outcome, rows, definition.name, definition.agency))
    family = reporting.family_of(members, replies, queries.declared_values(one, dict(case.declared)))
    edition = SchemeView(uuid.UUID(int=0), 1, "", NOON, one)
    report = reporting.write(
        edition, members, replies, [number_of(place) for place, _reply in enumerate(replies)], family,
        said=assess(one, family, TODAY), at=NOON, today=TODAY, asked_by="审查员", attempt=1,
    )  # fmt: skip
    return replies, report


def _values(definition: DatasetDefinition, values: Mapping[str, str]) -> dict[str, Any]:
    found = typed(definition, dict(values))
    return {name: Decimal(str(one)) if isinstance(one, float) else one for name, one in found.items()}
