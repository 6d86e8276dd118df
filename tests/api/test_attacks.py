"""Attacks on the shared store that no other test makes. `docs/operations/attacks.md` has all of them, with their tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from yiwang.doors.openapi.models import Client
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.sealed import blind_index
from yiwang.platform.cases.models import Case
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Check, Dataset

from . import test_checks
from .conftest import Caller, caller
from .test_checks import FOOD, HEAD, PEOPLE, body, bring, said, want

case, records = test_checks.case, test_checks.records


def numbered(count: int, born: str = "19750303") -> Iterator[str]:
    """Yield the numbers of everybody who may have been born in a place on a day."""
    for serial in range(count):
        start = f"339902{born}{serial:03d}"
        yield start + citizen_id_check(start)


FAMILY = {"number": HEAD, "consent": {"way": "signed", "on": "2026-01-05"}}
KNOWN, UNKNOWN = list(numbered(2))


@pytest.fixture
def neighbour(records: Dataset) -> Dataset:
    """Somebody has a record, too, whom the application does not name."""
    bring(records, {"subject": KNOWN, "kind": "乙", "score": "10", "secret": "机密"})
    return records


ATTACKS: dict[str, tuple[Callable[[Case], dict[str, Any]], int, str]] = {
    "a blind index for a number": (
        lambda case: body(case, want(), subjects=(blind_index(HEAD, SUBJECT).hex(),)), 422, "invalid",
    ),
    "a blind index, cut to fit": (
        lambda case: body(case, want(), subjects=(blind_index(HEAD, SUBJECT).hex()[:18],)), 403, "not-in-case",
    ),
    "the beginning of a number": (lambda case: body(case, want(), subjects=(KNOWN[:14],)), 403, "not-in-case"),
    "a wildcard": (lambda case: body(case, want(), subjects=(f"{KNOWN[:14]}%",)), 422, "invalid"),
    "a named number in other signs": (
        lambda case: body(case, want(), subjects=("".join(chr(ord(one) + 0xFEE0) for one in KNOWN),)), 422, "invalid",
    ),
    "strangers behind somebody who is named": (
        lambda case: body(case, want(), subjects=(HEAD, *numbered(99))), 403, "not-in-case",
    ),
    "more than a call takes": (lambda case: body(case, want(), subjects=tuple(numbered(101))), 422, "invalid"),
    "SQL for a case": (lambda case: body(case, want()) | {"case": "' OR 1=1 --"}, 422, "invalid"),
    "SQL for a column": (lambda case: body(case, want(fields=['kind" FROM sharing_record --'])), 422, "invalid"),
    "a column of the table instead of the dataset": (
        lambda case: body(case, want(fields=["subject_index"]), want(fields=["values"])), 200, "refused",
    ),
    "a granted column with one that is not": (lambda case: body(case, want(fields=["kind", "secret"])), 200, "refused"),
    "an answer's code with the rule in it": (lambda case: body(case, want(answer="x or true")), 422, "invalid"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_an_attack_on_a_check_is_answered(office: Caller, case: Case, neighbour: Dataset, attack: str) -> None:
    make, status, told = ATTACKS[attack]
    answer = office.write("POST", "/checks", make(case))
    assert answer.status_code == status, answer.content
    if status == 200:
        assert {(one, str(values)) for one, values in said(answer)} == {(told, "{}")}
        assert set(Check.objects.filter(dataset=PEOPLE.code).values_list("outcome", flat=True)) == {"refused"}
    else:
        assert answer.json()["type"] == f"urn:yiwang:problem:{told}"
        assert not Check.objects.filter(dataset=PEOPLE.code).exists()
    for what in ("甲", "乙", "密", KNOWN, blind_index(HEAD, SUBJECT).hex()):
        assert what not in answer.content.decode(), what


def test_who_has_a_record_and_who_has_none_are_answered_alike(office: Caller, case: Case, neighbour: Dataset) -> None:
    answers = [office.write("POST", "/checks", body(case, want(), subjects=(one,))) for one in (KNOWN, UNKNOWN)]
    assert answers[0].status_code == answers[1].status_code == 403
    first, second = ({**one.json(), "request_id": ""} for one in answers)
    assert first == second


def test_guessing_ends_at_the_clients_rate(office: Caller, case: Case, neighbour: Dataset) -> None:
    Client.objects.filter(name="office-system").update(per_minute=20)
    answers = [office.write("POST", "/checks", body(case, want(), subjects=(one,))).status_code for one in numbered(40)]
    assert set(answers) == {403, 429}
    assert answers == sorted(answers), "once too many, always too many"
    assert answers.count(403) <= 20
    assert not Check.objects.filter(dataset=PEOPLE.code).exists()


def test_a_system_let_in_for_one_item_asks_for_no_other(case: Case, records: Dataset) -> None:
    agency = directory.get_agency("339901-amr").id
    right, wrong = (caller(item, agency=agency, items=[item]) for item in (FOOD, "330103015000"))
    for path, asked in (
        ("/checks", body(case, want())),
        ("/comparisons", {"case": str(case.pk), "scheme": "none", "members": [FAMILY]}),
    ):
        answer = wrong.write("POST", path, asked)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:yiwang:problem:outside-delegation"), path
    assert said(right.write("POST", "/checks", body(case, want()))) == [("yes", {})]
    assert Check.objects.filter(dataset=PEOPLE.code).count() == 1


def test_somebody_elses_key_gives_nobodys_answer(office: Caller, case: Case, records: Dataset) -> None:
    asked = body(case, want(fields=["kind"]))
    first = office.write("POST", "/checks", asked, "check-0001").json()
    fire = caller("fire-system", agency=directory.get_agency("339901-fire").id)
    assert fire.write("POST", "/checks", asked, "check-0001").status_code == 404
    twin = caller("twin-system", agency=directory.get_agency("339901-amr").id)
    again = twin.write("POST", "/checks", asked, "check-0001").json()
    assert again["answers"][0]["check"] != first["answers"][0]["check"], "its own question, written down as its own"
    changed = office.write("POST", "/checks", asked | {"item": FOOD, "subjects": [HEAD, HEAD]}, "check-0001")
    assert (changed.status_code, changed.json()["type"]) == (422, "urn:yiwang:problem:idempotency-key-reused")


def test_without_the_key_nobody_is_found_in_a_stolen_table(office: Caller, case: Case, neighbour: Dataset) -> None:
    """Citizen numbers can be counted through: what stands in the table must not be a mere hash of one."""
    assert said(office.write("POST", "/checks", body(case, want())))
    stolen: set[bytes] = set()
    with connection.cursor() as sql:
        sql.execute(
            "SELECT subject_index, own, digest FROM sharing_record UNION ALL"
            " SELECT subject_index, result, '' FROM sharing_check"
        )
        for row in sql.fetchall():
            stolen |= {bytes(one) for one in row if one}
    known_words = [b"", SUBJECT.encode(), b"subject\x00", settings.SECRET_KEY.encode(), b"yiwang"]
    for number in (HEAD, *numbered(200)):
        tries = {hashlib.new(name, number.encode()).digest() for name in ("sha256", "sha3_256", "blake2s", "md5")}
        tries |= {hashlib.sha256(word + number.encode()).digest() for word in known_words}
        tries |= {hmac.digest(word, text + number.encode(), "sha256") for word in known_words for text in known_words}
        assert not tries & stolen
        assert (blind_index(number, SUBJECT) in stolen) == (number in (HEAD, KNOWN)), "with the key it would be"
        assert blind_index(number, "citizen_id") not in stolen, "nor does another table's index lead here"


def test_no_answer_tells_an_index(office: Caller, case: Case, neighbour: Dataset) -> None:
    told = [
        office.write("POST", "/checks", body(case, want(), want(fields=["kind"]))),
        office.write("POST", "/datasets/legal_persons/records", {"rows": [{"subject": KNOWN, "uscc": "x"}]}),
        office.get("/datasets/legal_persons/faults"),
        office.get("/datasets/test_records"),
    ]
    assert [one.status_code for one in told] == [200, 200, 200, 200]
    for number in (HEAD, KNOWN):
        index = blind_index(number, SUBJECT)
        for answer in told:
            text = answer.content.decode() + str(answer.headers)
            assert index.hex() not in text
            assert base64.b64encode(index).decode().rstrip("=") not in text
    assert blind_index(HEAD, SUBJECT).hex() not in str(list(AuditEntry.objects.values_list("detail", flat=True)))
