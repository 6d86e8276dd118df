"""The catalogue of data is real: as many datasets as the city promises, described in full, and true of its records."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from yiwang.config.environment import ROOT
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import PartyKind
from yiwang.platform.catalog.types import DataElement
from yiwang.platform.directory.pack import AgencyRow
from yiwang.platform.sharing.answering import answered
from yiwang.platform.sharing.pack import CrossRow
from yiwang.platform.sharing.rules import Checker, faults, given, same
from yiwang.platform.sharing.types import (
    CrossKind,
    DatasetDefinition,
    DatasetItem,
    GrantRequest,
    Openness,
    RecordSpec,
    Said,
    SharingType,
    Want,
)

PACKS = Path(ROOT) / "packs"
BOTH = pytest.mark.parametrize("name", ["testville", "wenzhou"])
TODAY = date(2026, 11, 30)
"""The packs' records are of November 2026."""
SUBJECTS = {PartyKind.PERSON: FieldKind.CITIZEN_ID, PartyKind.ORGANISATION: FieldKind.USCC}


@dataclass(frozen=True)
class City:
    """What a pack says of its data."""

    datasets: dict[str, DatasetDefinition]
    records: tuple[RecordSpec, ...]
    elements: dict[str, DataElement]
    functions: dict[str, str]
    tables: dict[str, dict[str, dict[str, str]]]
    items: dict[str, Any]
    """Items by basic code, as they stand in their files."""
    crossing: tuple[CrossRow, ...]

    def agencies(self, *codes: str) -> set[str]:
        return {self.datasets[code].agency for code in codes}


@cache
def city(name: str) -> City:
    pack = Pack(PACKS / name)
    datasets = list(pack.rows("datasets/*.yaml", DatasetDefinition))
    found = City(
        {one.code: one for one in datasets},
        tuple(pack.rows("records/*.yaml", RecordSpec)),
        {one.code: one for one in pack.rows("elements/*.yaml", DataElement)},
        {one.code: one.function for one in pack.rows("agencies.yaml", AgencyRow)},
        {
            table: {row["code"]: row for row in rows}
            for table, rows in pack.yaml(pack.root / "tables.yaml").items()
            if table.startswith("data_")
        },
        {item["basic_code"]: item for item in map(pack.yaml, pack.files("items/*.yaml"))},
        tuple(pack.rows("cross_rules.yaml", CrossRow)),
    )
    assert pack.faults == []
    assert len(found.datasets) == len(datasets)
    return found


def test_the_city_shares_what_it_says() -> None:
    wenzhou = city("wenzhou")
    shared = wenzhou.datasets.values()
    assert len(shared) >= 84
    assert len({one.agency for one in shared}) >= 16
    assert {one.sharing for one in shared} == set(SharingType)
    # CITY: 80 common datasets open to all agencies; 12 agencies dropped proofs; 12 data of 10 agencies for low income.
    assert len([one for one in shared if one.sharing is not SharingType.NONE]) >= 80
    assert len({one.agency for one in shared if one.proof}) >= 12
    compared = wenzhou.datasets["family_economy"].related
    assert (len(compared), len(wenzhou.agencies(*compared))) == (12, 10)


def test_some_data_are_open_to_everyone_and_hold_nothing_sensitive() -> None:
    opened = [one for one in city("wenzhou").datasets.values() if one.openness is Openness.OPEN]
    assert len(opened) >= 5
    for one in opened:
        assert one.sharing is SharingType.UNCONDITIONAL, one.code
        assert one.subject is PartyKind.ORGANISATION, one.code
        assert not any(item.sensitive for item in one.items), one.code


@BOTH
def test_nobodys_data_are_kept_for_ever(name: str) -> None:
    people = [one for one in city(name).datasets.values() if one.subject is PartyKind.PERSON]
    assert people
    assert [one.code for one in people if not one.retention_months] == []


@BOTH
def test_every_dataset_is_described_in_both_languages(name: str) -> None:
    for one in city(name).datasets.values():
        assert all((one.name, one.name_en, one.summary, one.summary_en)), one.code
        assert one.summary.rstrip("。") != one.name, one.code
        assert all(item.label and item.label_en for item in one.items), one.code
        assert len(one.items) >= 3 or one.openness is Openness.OPEN, one.code
        assert one.basis, one.code


@BOTH
def test_names_are_not_given_twice(name: str) -> None:
    datasets = city(name).datasets.values()
    assert len({one.name for one in datasets}) == len(datasets)
    assert len({one.name_en.lower() for one in datasets}) == len(datasets)


@BOTH
def test_datasets_use_the_words_of_the_tables(name: str) -> None:
    tables = city(name).tables
    assert all(row["label"] and row["label_en"] for rows in tables.values() for row in rows.values())
    classes = tables["data_classes"]
    assert all(len(code) <= 12 for code in classes)
    assert all(code[: {3: 1, 6: 3}[len(code)]] in classes for code in classes if len(code) > 1)
    for one in city(name).datasets.values():
        assert len(one.classification) == 6, one.code
        assert one.domain in tables["data_domains"], one.code
        assert one.format in tables["data_formats"], one.code
        assert set(one.tags) <= set(tables["data_tags"]), one.code


def test_what_is_not_shared_is_handed_out_in_no_way() -> None:
    for one in city("wenzhou").datasets.values():
        if one.sharing is SharingType.NONE:
            assert one.methods == (), one.code
            assert not one.proof, one.code


def _wrong(definition: DatasetDefinition, record: dict[str, Any]) -> list[str]:
    """Return every fault of a record: of its values, of its subject, and columns that the dataset does not have."""
    known = {item.name for item in definition.items} | {"subject", "at"}
    subject = DatasetItem(name="subject", label="", kind=SUBJECTS[definition.subject], required=True)
    columns = (subject, *definition.items)
    found = [f"{item.name}: {word}" for item in columns for word in faults(item, record.get(item.name), today=TODAY)]
    return [*found, *(f"{column}: unknown" for column in record if column not in known)]


@BOTH
def test_every_record_satisfies_its_columns(name: str) -> None:
    datasets = city(name).datasets
    wrong = [
        (spec.dataset, record["subject"], found)
        for spec in city(name).records
        for record in spec.records
        if (found := _wrong(datasets[spec.dataset], record))
    ]
    assert wrong == []


def test_the_city_has_rules_for_its_records() -> None:
    wenzhou = city("wenzhou")
    own = [rule for one in wenzhou.datasets.values() for rule in one.rules]
    assert len(own) >= 15
    assert len(wenzhou.crossing) >= 10
    assert all(rule.name and rule.name_en for rule in (*own, *wenzhou.crossing))
    assert {rule.kind for rule in wenzhou.crossing} == set(CrossKind)


@BOTH
def test_every_record_satisfies_the_rules_of_its_dataset(name: str) -> None:
    here = city(name)
    for spec in here.records:
        checker = Checker(here.datasets[spec.dataset], TODAY)
        assert [found for record in spec.records if (found := checker.faults(given(record)))] == [], spec.dataset


WRONG_ON_PURPOSE = {("pension_alive", "330302194105081032")}
"""A pension that is still paid to somebody who is registered as dead: so that the demo has something to find."""


@BOTH
def test_records_satisfy_the_rules_between_datasets_but_for_one_on_purpose(name: str) -> None:
    here = city(name)
    records: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for spec in here.records:
        records[spec.dataset] += spec.records
    broken = set()
    for rule in here.crossing:
        (source, column), (target, other) = (way.partition(".")[::2] for way in (rule.source, rule.target))
        kinds = {item.name: item.kind for item in here.datasets[source].items}
        for record in records[source]:
            looked_for = record.get(column) if column and rule.kind is not CrossKind.EQUAL else record["subject"]
            named = other if other and rule.kind is not CrossKind.EQUAL else "subject"
            there = [one for one in records[target] if one.get(named) == looked_for]
            if rule.kind is CrossKind.EQUAL:
                told = [one[other] for one in there if one.get(other)]
                good = not (told and record.get(column)) or any(
                    same(kinds[column], record[column], value) for value in told
                )
            else:
                good = not looked_for or bool(there) is (rule.kind is CrossKind.EXISTS)
            if not good:
                broken.add((rule.code, str(record["subject"])))
    assert broken == (WRONG_ON_PURPOSE if name == "wenzhou" else set())


@BOTH
def test_no_two_records_of_a_subject_have_the_same_key(name: str) -> None:
    for spec in city(name).records:
        key = ("subject", *city(name).datasets[spec.dataset].key)
        told = [tuple(record.get(column) for column in key) for record in spec.records]
        assert len(set(told)) == len(told), spec.dataset


@BOTH
def test_every_datum_with_an_authority_has_one_source(name: str) -> None:
    """一数一源: of the columns that an element is filled in from, exactly one is its source, with its authority."""
    here = city(name)
    sources = defaultdict(list)
    for one in here.datasets.values():
        for item in one.items:
            if item.authoritative:
                sources[item.element].append((f"{one.code}.{item.name}", here.functions[one.agency]))
    wanted = {code: element for code, element in here.elements.items() if element.authority and _paths(element)}
    assert set(sources) <= set(here.elements)
    for code, element in wanted.items():
        assert len(sources[code]) == 1, (code, sources[code])
        [(path, function)] = sources[code]
        assert path in _paths(element), (code, path)
        assert function == element.authority, (code, path)


@BOTH
def test_elements_are_filled_in_from_columns_that_are_there(name: str) -> None:
    here = city(name)
    columns = {f"{one.code}.{item.name}": item for one in here.datasets.values() for item in one.items}
    for element in here.elements.values():
        for path in _paths(element):
            assert path in columns, (element.code, path)
            assert columns[path].element, (element.code, path)
            if element.sensitive:
                assert columns[path].sensitive, (element.code, path)


def _paths(element: DataElement) -> list[str]:
    return [one.path for one in element.sources if one.source == "datasets"]


def _asked(node: Any, elements: dict[str, DataElement]) -> set[str]:
    """Return the datasets that an item takes facts from: what satisfies its materials and fills its fields in."""
    if isinstance(node, list):
        return {code for one in node for code in _asked(one, elements)}
    if not isinstance(node, dict):
        return set()
    found = {code for one in node.values() for code in _asked(one, elements)}
    if node.get("kind") == "dataset" and "ref" in node:
        found.add(node["ref"].split(".")[0])
    if element := elements.get(node.get("element", "")):
        both = (element, *(elements[code] for code in element.columns))
        found |= {path.split(".")[0] for one in both for path in _paths(one)}
    return found


def test_a_dataset_names_every_item_that_asks_it() -> None:
    here = city("wenzhou")
    served = {code: set(one.service_items) for code, one in here.datasets.items() if one.service_items}
    missing = [
        (dataset, code)
        for code, item in here.items.items()
        for dataset in _asked(item, here.elements)
        if code not in served.get(dataset, set())
    ]
    assert missing == []
    assert set().union(*served.values()) <= set(here.items)


# --- Proofs: a yes to a question, never that there is a record ---


def _proofs(here: City) -> list[tuple[dict[str, Any], dict[str, Any], str]]:
    """Return every item and material for which a dataset may stand, with what the dataset is asked."""
    return [
        (item, material, one["ref"])
        for item in here.items.values()
        for material in item.get("materials", ())
        for one in material.get("satisfied_by", ())
        if one["kind"] == "dataset"
    ]


@BOTH
def test_a_dataset_stands_for_a_paper_by_a_question_that_is_granted(name: str) -> None:
    here = city(name)
    pack = Pack(PACKS / name)
    granted = {
        (f"{one.dataset}.{field}", here.functions[one.agency], item)
        for one in pack.rows("grants.yaml", GrantRequest)
        for field in one.fields
        for item in one.items
    }
    questions = {f"{one.code}.?{rule.code}" for one in here.datasets.values() for rule in one.answers}
    proofs = _proofs(here)
    assert proofs
    assert {ref for _item, _material, ref in proofs} <= questions
    lacking = [
        (item["basic_code"], ref)
        for item, _material, ref in proofs
        for body in item["bodies"]
        if (ref, body.get("function") or here.functions[body["agency"]], item["basic_code"]) not in granted
    ]
    assert lacking == []


def said(code: str, question: str, values: dict[str, Any] | None) -> Said:
    definition = city("wenzhou").datasets[code]
    answer: Any = SimpleNamespace(fields={f"?{question}": None}, available=True, values=values)
    return answered(Want(dataset=code, answer=question), definition, answer, TODAY)[0]


@pytest.mark.parametrize(
    ("code", "question", "good", "bad"),
    [
        ("criminal_records", "clean", {"clean": True, "until": "2026-11-30"}, {"clean": False, "until": "2026-11-30"}),
        ("marriages", "married", {"married": True, "number": "J1"}, {"married": False}),
        ("population", "alive", {"status": "正常"}, {"status": "死亡"}),
        ("driver_health", "fit", {"fit": True}, {"fit": False}),
        ("deed_taxes", "paid", {"record": "1", "paid_on": "2026-01-01"}, {"record": "1"}),
        ("vehicle_insurances", "current", {"ends": "2026-11-30"}, {"ends": "2026-11-29"}),
        ("legal_persons", "registered", {"registered": True, "status": "active"}, {"registered": True, "status": "revoked"}),
        ("customs_records", "recorded", {"recorded": True}, {"recorded": False}),
        ("serious_dishonesty", "listed", {"kind": "失信被执行人"}, {"kind": "失信被执行人", "removed_on": "2026-01-01"}),
        ("lease_filings", "current", {"right": "lease", "ends": "2027-01-01"}, {"right": "lease", "ends": "2026-01-01"}),
    ],
)  # fmt: skip
def test_what_a_dataset_answers_for_a_paper(
    code: str, question: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    assert said(code, question, good) is Said.YES
    assert said(code, question, bad) is Said.NO
    assert said(code, question, None) is not Said.YES


def test_nobody_is_cleared_or_married_by_having_a_record() -> None:
    """Every paper about convictions and every marriage certificate asks the question that the paper answers."""
    asked = {(material["name"], ref) for _item, material, ref in _proofs(city("wenzhou"))}
    assert {ref for name, ref in asked if "无犯罪" in name} == {"criminal_records.?clean"}
    assert {ref for name, ref in asked if name == "结婚证"} == {"marriages.?married"}
