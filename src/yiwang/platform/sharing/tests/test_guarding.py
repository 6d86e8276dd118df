"""Guardians see who looked at a minor's data, and nobody else does: not an uncle, not for a grown child, not for ever."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel import clock
from yiwang.kernel.acts import system_record
from yiwang.kernel.codes import age_on, citizen_id_check
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.problems import Invalid, NeedsSignIn, NotAllowed, NotFound, TooMany
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import SYSTEM, Actor, AssuranceLevel, Party, PartyKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity.models import Organisation, Person
from yiwang.platform.identity.secret import Secret
from yiwang.platform.sharing import acts, queries
from yiwang.platform.sharing.acts.guarding import GUARDIANSHIP, TRIES, write_guardian_sources
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Check, Dataset, Grant, Guardianship, Objection, Record
from yiwang.platform.sharing.rules import CONFIRMED, ward_until
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.tests.test_objecting import checked, key, person
from yiwang.platform.sharing.types import GrantRequest, GuardianSource, Outcome

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
MOTHER = "339901199505055551"


def child_number(born: str) -> str:
    body = f"339901{born}001"
    return body + citizen_id_check(body)


CHILD = child_number("20150601")
BIRTHS = dataset(
    code="test_births",
    agency="339900",
    items=(
        item("child", max_length=60),
        item("mother", kind=FieldKind.CITIZEN_ID, sensitive=True),
        item("father", kind=FieldKind.CITIZEN_ID, sensitive=True),
        item("state"),
    ),
)


@pytest.fixture(autouse=True)
def noon(testville: None, db: None) -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def births() -> Dataset:
    row = published(BIRTHS)
    agency = directory.get_agency("339901-data")
    columns = ("child", "mother", "father", "state")
    asked = GrantRequest(
        dataset=row.code, agency=agency.code, items=(GUARDIANSHIP,), fields=columns, purpose="核实监护"
    )
    source = GuardianSource(
        dataset=row.code, agency=agency.code, name="child", guardians=("mother", "father"), when="state != '作废'"
    )
    with system_record("test.guardians"):
        acts.write_grant(asked, row, agency, SYSTEM)
        write_guardian_sources([source])
    born(row, CHILD)
    return row


def born(row: Dataset, number: str, **more: Any) -> None:
    values = {"child": "测试小孩", "mother": MOTHER, "father": None, "state": "首次签发"} | more
    Record.objects.filter(dataset=row, subject_index=blind_index(number, SUBJECT)).delete()
    Record.objects.create(
        dataset=row, subject_index=blind_index(number, SUBJECT), digest=b"", values=values, at=NOON, valid_from=NOON
    )


def mother() -> Actor:
    return person("测试创业戊")


def confirm(by: Actor, number: str = CHILD) -> uuid.UUID | None:
    return acts.confirm_guardianship(Secret(number), by=by, key=key())


def outcomes() -> list[str]:
    return list(Check.objects.filter(subject_index=blind_index(CHILD, SUBJECT)).values_list("outcome", flat=True))


# --- the rule ---


@given(st.dates(date(2000, 1, 1), date(2020, 1, 1)), st.dates(date(2018, 1, 1), date(2038, 1, 1)))
def test_it_ends_before_the_child_is_of_age_and_after_a_month(born_on: date, confirmed: date) -> None:
    until = ward_until(born_on, confirmed)
    assert until <= confirmed + CONFIRMED
    assert age_on(born_on, until) < 18
    assert until == confirmed + CONFIRMED or age_on(born_on, until + timedelta(days=1)) == 18


# --- the acts ---


def test_whom_the_register_names_is_guardian_for_a_while(births: Dataset) -> None:
    pk = confirm(mother())
    assert pk is not None
    (ward,) = queries.wards(mother().id)  # type: ignore[arg-type]
    assert (ward.id, ward.name, ward.until) == (pk, "测试小孩", date(2026, 4, 1))
    assert confirm(mother()) == pk
    assert outcomes() == [Outcome.FOUND, Outcome.FOUND]
    told = AuditEntry.objects.filter(name="sharing.confirm_guardianship").latest("seq")
    assert (told.detail["found"], told.detail["checks"]) == (True, 1)
    with connection.cursor() as sql:
        sql.execute("SELECT sharing_guardianship::text FROM sharing_guardianship")
        ((kept,),) = sql.fetchall()
    assert CHILD not in kept
    assert "测试小孩" not in kept
    with clock.at(NOON + timedelta(days=31)), pytest.raises(NotFound):
        queries.get_ward(str(pk), mother())


def test_whom_no_register_names_is_not_and_the_asking_is_written_down(births: Dataset) -> None:
    assert confirm(person("测试老人丁")) is None
    born(births, CHILD, state="作废")
    assert confirm(mother()) is None
    Record.objects.filter(dataset=births).delete()
    assert confirm(mother()) is None
    Grant.objects.filter(dataset=births).update(state="revoked")
    born(births, CHILD)
    assert confirm(mother()) is None
    assert sorted(outcomes()) == ["found", "found", "none", "refused"]
    assert not Guardianship.objects.exists()


def test_only_oneself_for_a_minor_with_a_good_number(births: Dataset) -> None:
    for number in ("1", CHILD[:-1] + ("0" if CHILD[-1] != "0" else "1"), child_number("20080302")):
        with pytest.raises(Invalid) as caught:
            confirm(mother(), number)
        assert [one.field for one in caught.value.errors] == ["number"]
    assert confirm(mother(), child_number("20080303")) is None  # of age tomorrow
    with pytest.raises(NeedsSignIn):
        confirm(replace(mother(), level=AssuranceLevel.L2))
    firm = Party(PartyKind.ORGANISATION, Organisation.objects.get(uscc="91339901MADEM0011Y").pk)
    with pytest.raises(NotAllowed):
        confirm(replace(mother(), principal=firm))
    for _try in range(TRIES - 1):
        confirm(mother())
    with pytest.raises(TooMany):
        confirm(mother())


def test_a_guardian_asks_and_objects_for_the_child(births: Dataset) -> None:
    pk, check = confirm(mother()), checked(CHILD)
    with pytest.raises(NotFound):
        acts.object_to_check(check, "为什么看", by=mother(), key=key())
    acts.object_to_check(check, "为什么看孩子的", child=pk, by=mother(), key=key())
    acts.object_to_data("population", "孩子的年龄不对", child=pk, by=mother(), key=key())
    assert set(Objection.objects.values_list("kind", "ward_id", "party_id")) == {
        ("access", pk, mother().id),
        ("data", pk, mother().id),
    }
    assert all(one.for_child for one in queries.objections(mother()).items)
    with pytest.raises(NotFound):  # another's child
        acts.object_to_data("population", "不对", child=pk, by=person("测试老人丁"), key=key())
    with pytest.raises(NotFound):  # what was looked at of somebody else
        acts.object_to_check(checked("339901195004044442"), "为什么", child=pk, by=mother(), key=key())
    with clock.at(NOON + timedelta(days=31)), pytest.raises(NotFound):
        acts.object_to_data("population", "不对", child=pk, by=mother(), key=key())


# --- the pages ---


def test_a_mother_sees_who_looked_at_her_child(births: Dataset, sign_in: Callable[[str], Client]) -> None:
    client = sign_in("starter")
    assert client.post("/my/access/children/", {"f-number": "1"}).status_code == 422
    other = child_number("20160601")
    answer = client.post("/my/access/children/", {"f-number": other})
    assert answer.status_code == 422
    assert "没有说您是这个孩子的父母或监护人" in answer.content.decode()
    answer = client.post("/my/access/children/", {"f-number": CHILD})
    assert answer.status_code == 302
    page = answer.headers["Location"]
    checked(CHILD)
    kid = Person.objects.create(name="测试小孩", number=CHILD, number_index=blind_index(CHILD, "citizen_id"))
    shown = client.get(page).content.decode()
    assert "测试小孩的数据" in shown
    assert "测试核验" in shown
    assert "核实监护关系" in shown
    assert CHILD not in shown
    read = AuditEntry.objects.filter(name="services.read_ward").latest("seq")
    assert (read.person_id, read.kind) == (kid.pk, "read")
    assert "监护人查看" in client.get(f"{page}&show=people").content.decode()
    own = client.get("/my/access/").content.decode()
    assert page.partition("/my/access/")[2] in own  # the switch
    assert "测试核验" not in own
    (check,) = Check.objects.filter(purpose="测试核验")
    ask = f"/my/access/{check.pk}/ask/{page.partition('/my/access/')[2]}"
    assert "您作为监护人" in client.get(ask).content.decode()
    assert client.post(ask, {"f-text": ""}).status_code == 422
    assert client.post(ask, {"f-text": "为什么"}).status_code == 302
    assert "替孩子提的" in client.get("/my/objections/").content.decode()
    for address in (page, ask, "/my/access/?child=x"):
        assert sign_in("elder").get(address).status_code == 404
    with clock.at(datetime(2033, 6, 1, tzinfo=UTC)):
        assert sign_in("starter").get(page).status_code == 404
