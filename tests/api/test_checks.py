"""Agencies ask the shared store for a running case: what they get, what they don't, and that all of it is written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from yiwang.kernel import clock, remembered
from yiwang.kernel.acts import system_record
from yiwang.kernel.api import SCOPES
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import SYSTEM
from yiwang.platform.cases.models import Case
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import acts, live
from yiwang.platform.sharing.models import Check, Dataset, Grant
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.tests.sources import feed_of, serving
from yiwang.platform.sharing.types import Absent, AnswerRule, GrantRequest

from .conftest import EATERY, Caller, caller
from .test_applying import handed_in

HEAD = "339901198501011119"
"""The firm's legal representative."""
FOOD = "330131018001"
PEOPLE = dataset(
    code="test_records",
    key=(),
    items=(item("kind"), item("score", kind=FieldKind.INTEGER), item("secret", sensitive=True)),
    answers=(
        AnswerRule(code="clean", label="没有记录", expression="kind == ''", absent=Absent.YES),
        AnswerRule(code="good", label="分数达标", expression="score >= 60"),
    ),
)


@pytest.fixture
def case(firm: Caller) -> Iterator[Case]:
    """A running case of the county's market office, about a firm with a legal representative."""
    Dataset.objects.update(available=True)
    yield Case.objects.get(application_id=handed_in(firm), item_code=FOOD)
    Dataset.objects.update(available=True)


@pytest.fixture
def records(case: Case) -> Dataset:
    """A dataset of another agency, of which the market office may have the kind and two answers."""
    row = published(PEOPLE)
    bring(row, {"subject": HEAD, "kind": "甲", "score": "70", "secret": "密"})
    grant(row, ("kind", "?clean", "?good"))
    return row


def bring(row: Dataset, values: dict[str, Any]) -> None:
    acts.bring_in(row.pk, (values,), by=SYSTEM, key=f"bring-{len(values)}-{values}"[:100])


def grant(row: Dataset, fields: tuple[str, ...], **more: Any) -> Grant:
    agency = directory.get_agency("339901-amr")
    asked = GrantRequest(
        **({"dataset": row.code, "agency": agency.code, "items": (FOOD,), "fields": fields, "purpose": "测试"} | more)
    )
    with system_record("test.grant"):
        return acts.write_grant(asked, row, agency, SYSTEM)


def body(case: Case, *wants: dict[str, Any], subjects: tuple[str, ...] = (HEAD,), item: str = FOOD) -> dict[str, Any]:
    return {"case": str(case.pk), "item": item, "subjects": list(subjects), "wants": list(wants)}


def said(answer: Any) -> list[tuple[str, dict[str, Any]]]:
    assert answer.status_code == 200, answer.content
    return [(one["said"], one["values"]) for one in answer.json()["answers"]]


def want(**more: Any) -> dict[str, Any]:
    return {"dataset": "test_records"} | more


def test_an_answer_holds_no_more_than_was_asked_for(office: Caller, case: Case, records: Dataset) -> None:
    wants = (want(), want(fields=["kind"]), want(answer="clean"), want(answer="good"))
    answer = office.write("POST", "/checks", body(case, *wants))
    assert said(answer) == [("yes", {}), ("value", {"kind": "甲"}), ("no", {}), ("yes", {})]
    assert all(one["source"].endswith("测试数据") and one["at"] for one in answer.json()["answers"])
    nobody = office.write("POST", "/checks", body(case, *wants, subjects=(EATERY,)))
    assert said(nobody) == [("no", {}), ("unknown", {}), ("yes", {}), ("unknown", {})]


def test_every_answer_is_written_down_with_case_grant_and_subject(office: Caller, case: Case, records: Dataset) -> None:
    wants = (want(fields=["kind"]), want(fields=["secret"]))
    answer = office.write("POST", "/checks", body(case, *wants, subjects=(HEAD, EATERY)), "check-0001")
    again = office.write("POST", "/checks", body(case, *wants, subjects=(HEAD, EATERY)), "check-0001")
    assert answer.json() == again.json()
    rows = {str(row.pk): row for row in Check.objects.filter(dataset="test_records")}
    assert [rows[one["check"]].outcome for one in answer.json()["answers"]] == ["found", "refused", "none", "refused"]
    first = rows[answer.json()["answers"][0]["check"]]
    assert (first.case_id, first.application_id, first.item) == (case.pk, case.application_id, FOOD)
    assert (first.consumer_path, first.actor, first.fields) == (case.agency_path, "office-system", ["kind"])
    assert first.grant_id == Grant.objects.get(dataset=records).pk
    assert bytes(first.result) != bytes(rows[answer.json()["answers"][2]["check"]].result)


def test_without_a_grant_there_is_no_answer(office: Caller, case: Case, records: Dataset) -> None:
    given = Grant.objects.get(dataset=records)
    assert said(office.write("POST", "/checks", body(case, want(fields=["secret"])))) == [("refused", {})]
    assert said(office.write("POST", "/checks", body(case, want(fields=["kind", "secret"])))) == [("refused", {})]
    Grant.objects.filter(pk=given.pk).update(items=["330103015000"])
    assert said(office.write("POST", "/checks", body(case, want()))) == [("refused", {})]
    Grant.objects.filter(pk=given.pk).update(items=[FOOD], expires_on=clock.today() - timedelta(days=1))
    assert said(office.write("POST", "/checks", body(case, want()))) == [("refused", {})]
    Grant.objects.filter(pk=given.pk).update(expires_on=clock.today(), region="33990")
    assert said(office.write("POST", "/checks", body(case, want()))) == [("yes", {})]
    acts.revoke(given.pk, "不再需要", by=SYSTEM, key="revoked-now")
    assert said(office.write("POST", "/checks", body(case, want()))) == [("refused", {})]


def test_only_for_a_running_case_of_ones_own_and_its_item(office: Caller, case: Case, records: Dataset) -> None:
    fire = caller("fire-system", agency=directory.get_agency("339901-fire").id)
    assert fire.write("POST", "/checks", body(case, want())).status_code == 404
    wrong = office.write("POST", "/checks", body(case, want(), item="330103015000"))
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "item")
    unknown = body(case, want()) | {"case": "00000000-0000-0000-0000-000000000000"}
    assert office.write("POST", "/checks", unknown).status_code == 404
    Case.objects.filter(pk=case.pk).update(closed_at=clock.now())
    assert office.write("POST", "/checks", body(case, want())).status_code == 404
    assert Check.objects.filter(dataset="test_records").count() == 0


def test_nobody_is_looked_up_whom_the_application_does_not_name(office: Caller, case: Case, records: Dataset) -> None:
    neighbour = "33990219750303333X"
    refused = office.write("POST", "/checks", body(case, want(), subjects=(HEAD, neighbour)))
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:yiwang:problem:not-in-case")
    assert neighbour not in refused.content.decode()
    assert Check.objects.filter(dataset="test_records").count() == 0


def test_a_firm_and_a_token_without_the_scope_ask_nothing(firm: Caller, case: Case, records: Dataset) -> None:
    assert firm.write("POST", "/checks", body(case, want())).status_code == 403
    scopes = [one for one in SCOPES if one != "data:check"]
    bare = caller("bare-system", scopes, agency=directory.get_agency("339901-amr").id)
    assert bare.write("POST", "/checks", body(case, want())).status_code == 403


def test_a_provider_that_is_down_is_told(office: Caller, case: Case, records: Dataset) -> None:
    Dataset.objects.filter(pk=records.pk).update(available=False)
    assert said(office.write("POST", "/checks", body(case, want(fields=["kind"])))) == [("degraded", {})]
    assert Check.objects.filter(dataset="test_records", outcome="down").count() == 1


def test_a_grants_rate_holds_over_all_callers(office: Caller, case: Case, records: Dataset) -> None:
    Grant.objects.filter(dataset=records).update(per_minute=2)
    assert said(office.write("POST", "/checks", body(case, want(), want()))) == [("yes", {}), ("yes", {})]
    slow = office.write("POST", "/checks", body(case, want()))
    assert slow.status_code == 429
    assert slow.headers["Retry-After"]


def test_systems_are_asked_once_for_all_subjects_and_not_beyond_the_rate(
    office: Caller, case: Case, records: Dataset
) -> None:
    def answer(query: dict[str, Any]) -> Any:
        rows = [
            {"number": one, "at": "2026-03-01T08:00:00+08:00", "values": {"kind": "乙"}} for one in query["numbers"]
        ]
        return {"answers": {"test_records": rows}}

    live.forget()
    Grant.objects.filter(dataset=records).update(per_minute=6)
    both = body(case, want(fields=["kind"]), want(), subjects=(HEAD, EATERY))
    with serving(answer) as system:
        feed_of(records, "http_ask", address=system.url)
        remembered.forget()
        told = [("value", {"kind": "乙"}), ("yes", {}), ("unknown", {}), ("no", {})]
        assert said(office.write("POST", "/checks", both, "first-0001")) == told
        assert said(office.write("POST", "/checks", both, "first-0001")) == told
        assert [one["numbers"] for one in system.asked] == [[HEAD]], "a firm's number is nothing to this dataset"
        assert Check.objects.filter(dataset="test_records").count() == 4
        assert office.write("POST", "/checks", both, "second-001").status_code == 429
        assert len(system.asked) == 1, "nobody was asked in vain"
        assert said(office.write("POST", "/checks", body(case, want(), want()))) == [("yes", {}), ("yes", {})]


def test_what_cannot_be_asked_says_why(office: Caller, case: Case, records: Dataset) -> None:
    nothing = office.write("POST", "/checks", body(case, {"dataset": "no_such_data"}))
    assert (nothing.status_code, nothing.json()["errors"][0]["field"]) == (422, "wants")
    assert office.write("POST", "/checks", body(case, want(), subjects=())).status_code == 422
    assert office.write("POST", "/checks", body(case)).status_code == 422
    assert said(office.write("POST", "/checks", body(case, want(answer="no_such")))) == [("refused", {})]
