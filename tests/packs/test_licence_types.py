"""The catalogue of licence types is as large as the first batch was (CITY), each type complete, its own, and drawable."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from yiwang.config.environment import ROOT
from yiwang.kernel.codes import parse_uscc
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import PartyKind
from yiwang.platform.catalog.pack import CodeRow
from yiwang.platform.catalog.types import DataElement
from yiwang.platform.licences import drawing, words
from yiwang.platform.licences.types import LicenceTypeSpec

PACK = Pack(Path(ROOT) / "packs" / "wenzhou")
TYPES = list(PACK.rows("licence_types/*.yaml", LicenceTypeSpec))
REGISTRATION = {"organisation", "closing", "trade"}


def _table(name: str) -> dict[str, CodeRow]:
    path = PACK.root / "tables.yaml"
    return {row["code"]: CodeRow(**row) for row in PACK.yaml(path)[name]}


def test_there_are_as_many_as_in_the_first_batch() -> None:
    groups = Counter(
        "project" if one.group == "project" else "registration" if one.group in REGISTRATION else one.holder.value
        for one in TYPES
    )
    assert len(TYPES) >= 163
    assert (groups["person"] >= 87, groups["registration"] >= 29, groups["project"] >= 47) == (True, True, True)


def test_each_is_a_type_of_its_own() -> None:
    for what in ("code", "type_code", "name", "name_en"):
        assert [name for name, count in Counter(getattr(one, what) for one in TYPES).items() if count > 1] == [], what
    says = Counter(tuple(field.label for field in one.fields) for one in TYPES)
    assert [labels for labels, count in says.items() if count > 1] == []
    assert all(len({field.name for field in one.fields}) == len(one.fields) >= 2 for one in TYPES)


def test_each_carries_the_metadata_of_gb_t_36903() -> None:
    authorities, groups = _table("licence_authorities"), _table("licence_groups")
    elements = {one.code for one in PACK.rows("elements/*.yaml", DataElement)}
    for one in TYPES:
        assert re.fullmatch(r"[0-9A-Z]{18}[0-9]{3}", one.type_code), one.code
        assert parse_uscc(one.type_code[:18])
        assert authorities[one.type_code[:18]].label == one.defined_by, one.code
        assert groups[one.group].label_en, one.code
        assert 1 <= one.defined_level <= 5
        assert one.holder in PartyKind
        assert not one.validity_months or 0 <= one.remind_days < one.validity_months * 28, one.code
        assert one.number_format.format(year=2026, region="330302", serial=1)
        assert all(field.label and field.label_en for field in one.fields), one.code
        assert {field.element for field in one.fields} - elements <= {""}, one.code
    assert all(row.label_en for row in authorities.values())
    assert PACK.faults == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted({one.kind for one in TYPES}))
def test_each_draws(kind: str) -> None:
    """A glyph that the fonts lack stops a drawing: every word of every type is drawn, the types of a kind on one paper."""
    fields = []
    for one in (one for one in TYPES if one.kind == kind):
        values = {field.name: "演示" for field in one.fields}
        said = (one.name, one.name_en, one.statement or one.name, one.number_format)
        fields += [words.ShownField(one.defined_by, one.name_en, said), *words.shown_fields(one, values, {})]
    content = drawing.draw(
        drawing.Paper(
            kind=TYPES[0].kind.__class__(kind),
            title="演示",
            title_en="Demo",
            number="1",
            statement="",
            fields=tuple(fields),
            issuer="演示局",
            issued_on="2026年1月1日",
            identifier="1",
            check_url="https://example.test/verify/1",
        )
    )
    assert content.startswith(b"%PDF-1.7")
