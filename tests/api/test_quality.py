"""The quality of a dataset for everybody who may read the catalogue, and its rows to mend for its provider."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import sweep

from .conftest import Caller, caller

ROWS = [
    {
        "subject": "91339901MADEM0011Y",
        "name": "测试小吃有限公司",
        "uscc": "91339901MADEM0011Y",
        "legal_rep": "测试法人甲",
    },
    {"subject": "91339902MADEM002X5", "uscc": "91339902MADEM002X5"},
    {"uscc": "x"},
]


@pytest.fixture
def provider(office: Caller) -> Caller:
    """The system of the agency that provides the firms, with two rows sent that were not taken, and one more."""
    answer = office.write("POST", "/datasets/legal_persons/records", {"rows": ROWS})
    assert answer.json()["rejected"] == 3
    return office


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_everybody_reads_how_good_a_dataset_is(provider: Caller, firm: Caller) -> None:
    assert problem(firm.get("/datasets/legal_persons/quality")) == (404, "not-found")
    sweep.measure_all()
    told = firm.get("/datasets/legal_persons/quality").json()
    assert (told["code"], told["rows"], told["timeliness"]) == ("legal_persons", 5, 100.0)
    assert told["accuracy"] == 40.0, "two rows are in the store, three were refused"
    assert told["completeness"] < 100
    assert 40 < told["score"] < 100
    assert {"column": "uscc", "word": "kind", "rows": 1} in told["faults"]
    assert firm.get("/datasets/nothing/quality").status_code == 404
    writes = caller("writes-only", ["data:write"], agency=directory.get_agency("339901-amr").id)
    assert problem(writes.get("/datasets/legal_persons/quality")) == (403, "scope-needed")


def test_the_provider_reads_its_rows_to_mend(provider: Caller) -> None:
    first = provider.get("/datasets/legal_persons/faults?limit=2").json()
    assert [row["line"] for row in first["rows"]] == [1, 2]
    assert first["rows"][0]["faults"] == [["", "rule:head"]]
    assert first["rows"][0]["subject"] == "913399********011Y"
    assert uuid.UUID(first["rows"][0]["run"])
    rest = provider.get(f"/datasets/legal_persons/faults?limit=2&after={first['next']}").json()
    assert [(row["line"], row["subject"], row["key"]) for row in rest["rows"]] == [(3, "", {})]
    assert rest["next"] == ""
    assert provider.get("/datasets/legal_persons/faults?after=nonsense").status_code == 422
    assert provider.get("/datasets/nothing/faults").status_code == 404


def test_nobody_else_does(provider: Caller, firm: Caller) -> None:
    fire = caller("fire-system", agency=directory.get_agency("339901-fire").id)
    for other in (firm, fire):
        assert problem(other.get("/datasets/legal_persons/faults")) == (403, "not-provider")
    reads = caller("reads-only", ["data:read"], agency=directory.get_agency("339901-amr").id)
    assert problem(reads.get("/datasets/legal_persons/faults")) == (403, "scope-needed")
