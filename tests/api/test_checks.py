"""Agencies ask the shared store for a running case: what they get, what they don't, and that all of it is written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from yiwang.kernel import clock, remembered, timers
from yiwang.kernel.acts import system_record
from yiwang.kernel.api import SCOPES
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.models import Timer
from yiwang.kernel.types import SYSTEM
from yiwang.platform.cases.models import Case
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import acts, live, queries, sealing, tasks
from yiwang.platform.sharing.acts import asking
from yiwang.platform.sharing.models import Check, Dataset, Grant, Reask
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


def ring(at: datetime) -> None:
    """Let the timers ring as of then, and the worker do what they ask for."""
    with clock.at(at):
        timers.ring_due()
        for job in ProcrastinateJob.objects.filter(task_name="sharing.check_again", status="todo"):
            tasks.check_again(**job.args)
            ProcrastinateJob.objects.filter(pk=job.pk).update(status="succeeded")


def asked_while_down(office: Caller, case: Case, records: Dataset, *wants: dict[str, Any]) -> list[dict[str, Any]]:
    Dataset.objects.filter(pk=records.pk).update(available=False)
    answer = office.write("POST", "/checks", body(case, *wants, subjects=(EATERY, HEAD)))
    answers: list[dict[str, Any]] = answer.json()["answers"]
    assert {one["said"] for one in answers if one["dataset"] == "test_records"} == {"degraded"}
    return answers


def later(office: Caller, check: str) -> tuple[Any, Any]:
    answer = office.get(f"/checks/{check}")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    return told["later"] and (told["later"]["said"], told["later"]["values"]), told["again_at"]


def test_what_was_down_is_asked_again_with_longer_and_longer_waits(
    office: Caller, case: Case, records: Dataset
) -> None:
    now = clock.now()
    with clock.at(now):
        wants = want(fields=["kind"]), want(answer="good"), want()
        answers = asked_while_down(office, case, records, *wants)
    (_none, of_head) = answers[:3], answers[3:]
    assert later(office, of_head[0]["check"]) == (None, api_time(now + timedelta(minutes=5)))
    ring(now + timedelta(minutes=6))
    assert later(office, of_head[0]["check"]) == (None, api_time(now + timedelta(minutes=16)))
    assert Check.objects.filter(dataset="test_records").count() == 6, (
        "nothing was answered, and nothing is written down"
    )
    Dataset.objects.filter(pk=records.pk).update(available=True)
    ring(now + timedelta(minutes=17))
    assert [later(office, one["check"]) for one in answers] == [
        (("unknown", {}), None),
        (("unknown", {}), None),
        (("no", {}), None),
        (("value", {"kind": "甲"}), None),
        (("yes", {}), None),
        (("yes", {}), None),
    ]
    told = office.get(f"/checks/{of_head[0]['check']}").json()
    assert (told["outcome"], told["dataset"], told["case"]) == ("down", "test_records", str(case.pk))
    first, second = (Check.objects.get(pk=pk) for pk in (of_head[0]["check"], told["later"]["check"]))
    assert (second.earlier, second.outcome, second.actor_kind) == (first.pk, "found", "system")
    for name in ("subject_index", "party_id", "case_id", "consumer_path", "purpose", "fields", "grant_id"):
        assert getattr(second, name) == getattr(first, name), name
    seen = queries.checks_of(None, [HEAD])
    assert [one.id for one in seen.items if one.earlier][-1] == second.pk, "whom it is about sees it as any other"
    assert later(office, told["later"]["check"]) == (None, None)
    ring(now + timedelta(days=2))
    assert Check.objects.filter(dataset="test_records").count() == 12
    assert not sealing.verify()


def api_time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_what_stays_down_is_asked_for_as_long_as_the_city_says(office: Caller, case: Case, records: Dataset) -> None:
    now = clock.now()
    with clock.at(now):
        (first, _other) = asked_while_down(office, case, records, want())
    times = []
    for minutes in (5, 15, 35, 75, 155, 315, 635):
        times.append(later(office, first["check"])[1])
        ring(now + timedelta(minutes=minutes))
    assert times[-1] == api_time(now + timedelta(minutes=635))
    assert later(office, first["check"]) == (None, None)
    assert not Timer.objects.filter(kind=asking.AGAIN, fired_at=None).exists()


def test_it_ends_with_the_case_and_is_granted_anew(office: Caller, case: Case, records: Dataset) -> None:
    now = clock.now()
    with clock.at(now):
        (first, _other) = asked_while_down(office, case, records, want())
        (second, _other) = asked_while_down(office, case, records, want(fields=["kind"]))
    Dataset.objects.filter(pk=records.pk).update(available=True)
    acts.revoke(Grant.objects.get(dataset=records).pk, "不再需要", by=SYSTEM, key="revoked-meanwhile")
    ring(now + timedelta(minutes=6))
    assert [later(office, one["check"]) for one in (first, second)] == [(("refused", {}), None)] * 2
    with clock.at(now):
        grant(records, ("kind",))
        (third, _other) = asked_while_down(office, case, records, want(fields=["kind"]))
    Dataset.objects.filter(pk=records.pk).update(available=True)
    Case.objects.filter(pk=case.pk).update(closed_at=clock.now())
    ring(now + timedelta(minutes=6))
    assert Check.objects.filter(earlier=third["check"]).count() == 0
    assert office.get(f"/checks/{third['check']}").status_code == 404, "nobody has a purpose for it any more"


def test_beyond_the_rate_it_is_asked_still_later(office: Caller, case: Case, records: Dataset) -> None:
    now = clock.now()
    with clock.at(now):
        (first, _other) = asked_while_down(office, case, records, want())
    Dataset.objects.filter(pk=records.pk).update(available=True)
    Grant.objects.filter(dataset=records).update(per_minute=1)
    ring(now + timedelta(minutes=6))
    assert later(office, first["check"]) == (None, api_time(now + timedelta(minutes=16)))


def test_a_source_is_asked_again_before_the_act(office: Caller, case: Case, records: Dataset) -> None:
    inside: list[Any] = []

    def answer(query: dict[str, Any]) -> Any:
        inside.append(query["numbers"])
        rows = [{"number": HEAD, "at": "2026-03-01T08:00:00+08:00", "values": {"kind": "乙"}}]
        return {"answers": {"test_records": rows} if len(inside) > 1 else {}}

    live.forget()
    now = clock.now()
    with serving(answer) as system:
        feed_of(records, "http_ask", address=system.url)
        remembered.forget()
        with clock.at(now):
            asked = office.write("POST", "/checks", body(case, want(fields=["kind"])))
        assert said(asked) == [("degraded", {})]
        live.forget()
        ring(now + timedelta(minutes=6))
        assert inside == [[HEAD], [HEAD]], "once, and not again inside the act"
    assert later(office, asked.json()["answers"][0]["check"]) == (("value", {"kind": "乙"}), None)


def test_only_the_agency_that_asked_reads_the_later_answer(office: Caller, case: Case, records: Dataset) -> None:
    now = clock.now()
    with clock.at(now):
        (first, _other) = asked_while_down(office, case, records, want(fields=["kind"]))
    Dataset.objects.filter(pk=records.pk).update(available=True)
    ring(now + timedelta(minutes=6))
    fire = caller("fire-system", agency=directory.get_agency("339901-fire").id)
    assert fire.get(f"/checks/{first['check']}").status_code == 404
    narrow = caller("narrow-system", agency=directory.get_agency("339901-amr").id, items=["330103015000"])
    assert narrow.get(f"/checks/{first['check']}").status_code == 403
    assert office.get("/checks/00000000-0000-0000-0000-000000000000").status_code == 404


def test_the_later_answer_is_not_kept_for_ever(office: Caller, case: Case, records: Dataset) -> None:
    now = clock.now()
    with clock.at(now):
        (_none, first) = asked_while_down(office, case, records, want(fields=["kind"]))
    Dataset.objects.filter(pk=records.pk).update(available=True)
    ring(now + timedelta(minutes=6))
    assert later(office, first["check"])[0] == ("value", {"kind": "甲"})
    ring(now + timedelta(days=31))
    assert later(office, first["check"]) == (None, None)
    assert not Reask.objects.exists()


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
