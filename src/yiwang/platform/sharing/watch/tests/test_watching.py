"""Unusual reading: every reading is looked at once, the rules say what a slow walk says, and nobody judges themselves."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yiwang.kernel import clock, holidays, timers
from yiwang.kernel.acts import system_record
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.models import AuditEntry, Event
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Reach, Role, RoleGrant
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.models import Agency, StaffMember
from yiwang.platform.identity.models import Person
from yiwang.platform.sharing import purposes
from yiwang.platform.sharing.acts import bring_in, write_grant
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Check
from yiwang.platform.sharing.purposes import Purpose
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.types import Consumer, GrantRequest
from yiwang.platform.sharing.watch import acts, kin, looking, queries
from yiwang.platform.sharing.watch.models import AlertEvidence, ReadingAlert, SeenLook, WatchCursor, WatchRuleRow
from yiwang.platform.sharing.watch.rules import breaks, crowd
from yiwang.platform.sharing.watch.types import AlertState, Look, WatchKind, WatchRule

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
OFFICER = uuid.UUID(int=1)
BODY = "33990219900101001"
OWN = BODY + citizen_id_check(BODY)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


def looked(number: int, minutes: int = 0, **more: Any) -> Look:
    at = NOON + timedelta(minutes=minutes)
    given = {"kind": "read", "ref": str(number), "at": at, "name": "cases.read", "officer": OFFICER, "subject": "a"}
    return Look(**(given | more))


# --- the rules ---

MANY = WatchRule(code="many", name="多", kind=WatchKind.MANY, most=2, hours=1)


def crowded(looks: list[Look]) -> set[str]:
    """Say slowly which readings lie within an hour, ending with one of them, of more than two people."""
    found = set()
    for end in looks:
        hour = [one for one in looks if end.at - timedelta(hours=1) < one.at <= end.at]
        if len({one.subject for one in hour}) > MANY.most:
            found |= {one.ref for one in hour}
    return found


@given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from("abcd"), st.integers(0, 2)), max_size=14))
def test_a_crowd_is_found_whatever_becomes_known_when(rows: list[tuple[int, str, int]]) -> None:
    looks = [(looked(number, minutes, subject=who), when) for number, (minutes, who, when) in enumerate(rows)]
    told: set[str] = set()
    for now in range(3):
        known = [one for one, when in looks if when <= now]
        told |= {one.ref for one in crowd(MANY, known, {one.ref for one, when in looks if when == now})}
    want = crowded([one for one, _when in looks])
    assert told <= want
    assert bool(told) is bool(want)


@pytest.mark.parametrize(
    ("local", "unusual"),
    [
        ("2026-03-02T06:59", True),
        ("2026-03-02T07:00", False),
        ("2026-03-02T19:59", False),
        ("2026-03-02T20:00", True),
        ("2026-03-07T12:00", True),  # a Saturday
        ("2026-02-14T12:00", False),  # a Saturday that is worked, for the Spring Festival
        ("2026-02-17T12:00", True),  # the Spring Festival
    ],
)
def test_nights_and_days_off_go_by_the_calendar(testville: None, db: None, local: str, unusual: bool) -> None:
    rule = WatchRule(code="off", name="夜", kind=WatchKind.OFF_HOURS)
    look = replace(looked(1), at=datetime.fromisoformat(local).replace(tzinfo=clock.SHANGHAI))
    workday = holidays.for_region("", provisional=True).is_workday
    assert breaks(rule, look, workday=workday, tz=clock.SHANGHAI) is unusual


# --- the worker's look ---


def officer(number: str = "A001") -> StaffMember:
    return StaffMember.objects.select_related("agency").get(number=number)


def read(by: StaffMember, minutes: int = 0, xid: int = 1, **more: Any) -> AuditEntry:
    given = {"kind": "read", "name": "cases.read", "actor_kind": "staff", "actor_id": by.pk, "door": "desk"}
    given |= {
        "actor_label": by.number,
        "actor_agency": by.agency.path,
        "person_id": uuid.uuid4(),
        "case_id": uuid.uuid4(),
    }
    return AuditEntry.objects.create(**(given | {"at": NOON + timedelta(minutes=minutes), "xid": xid} | more))


def checked(by: StaffMember, xid: int = 1, **more: Any) -> Check:
    given = {
        "at": NOON, "dataset": "legal_persons", "dataset_name": "法人", "provider": "测试", "consumer": "测试",
        "consumer_path": by.agency.path, "actor": by.number, "actor_kind": "staff", "actor_id": by.pk, "purpose": "核查",
        "item": "1", "subject_index": b"s", "fields": [], "outcome": "found", "case_id": uuid.uuid4(), "xid": xid,
    }  # fmt: skip
    return Check.objects.create(**(given | more))


@pytest.fixture
def until(testville: None, db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let what was written by transactions below a number be final, and look."""
    WatchCursor.objects.create(xid=0)
    final = [0]
    monkeypatch.setattr(looking, "horizon", lambda: (final[0], final[0]))

    def look(xid: int) -> None:
        final[0] = xid
        while looking.look():
            pass

    return look


bases = itertools.count(10**9, 100)
"""Numbers of transactions that nothing else has."""
moments = st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.booleans()), max_size=12)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments, st.lists(st.integers(1, 10), max_size=5), st.integers(1, 3))
def test_everything_is_looked_at_once(
    until: Callable[[int], None], rows: list[tuple[int, bool, bool]], stops: list[int], most: int
) -> None:
    """In any order of commits, however the horizon goes, in portions of any size: a late one commits just before the horizon
    passes it.
    """
    base = next(bases)
    WatchCursor.objects.update(xid=base)
    SeenLook.objects.all().delete()
    by, want, written = officer(), set(), set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "AT_ONCE", most)
        for stop in [*sorted(stops), 10]:
            for place, (xid, is_read, late) in enumerate(rows):
                if place not in written and (not late or xid < stop):
                    written.add(place)
                    made = read(by, xid=base + xid) if is_read else checked(by, xid=base + xid)
                    want.add(("read" if is_read else "check", str(made.pk)))
            until(base + stop)
    assert set(SeenLook.objects.values_list("kind", "ref")) == want
    assert len(written) == len(rows)


def test_a_look_that_falls_over_leaves_nothing_and_is_done_again(
    until: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    read(officer(), case_id=None)
    raise_alert = acts.raise_alert
    monkeypatch.setattr(acts, "raise_alert", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        until(5)
    assert (SeenLook.objects.count(), WatchCursor.objects.get().xid) == (0, 0)
    monkeypatch.setattr(acts, "raise_alert", raise_alert)
    until(5)
    until(9)
    assert [(one.rule, one.count) for one in ReadingAlert.objects.all()] == [("no_case", 1)]


def told() -> dict[str, int]:
    return dict(ReadingAlert.objects.values_list("rule", "count"))


def test_what_others_read_and_what_is_for_a_case_is_nothing(until: Callable[[int], None]) -> None:
    read(officer())
    read(officer(), case_id=None, application_id=uuid.uuid4())
    read(officer(), case_id=None, actor_kind="client")
    read(officer(), case_id=None, kind="act")
    read(officer(), case_id=None, person_id=None)
    read(officer(), case_id=None, name="services.read_client")
    checked(officer())
    checked(officer(), case_id=None, actor_kind="person")
    until(5)
    assert told() == {}


def test_one_day_of_one_officer_is_one_alert_as_long_as_it_is_open(until: Callable[[int], None]) -> None:
    for xid in (1, 2):
        read(officer(), case_id=None, xid=xid)
        until(xid + 1)
    read(officer("A002"), case_id=None, xid=3)
    read(officer(), minutes=-24 * 60 * 3, case_id=None, xid=3)  # a Friday before
    until(4)
    counts = ReadingAlert.objects.order_by("officer_label", "day").values_list("rule", "day", "count")
    friday, monday = date(2026, 2, 27), date(2026, 3, 2)
    assert list(counts) == [("no_case", friday, 1), ("no_case", monday, 2), ("no_case", monday, 1)]
    assert Event.objects.filter(name=acts.RAISED).count() == 3
    ReadingAlert.objects.update(closed_at=NOON, state="explained")
    read(officer(), case_id=None, xid=5)
    until(6)
    assert ReadingAlert.objects.filter(closed_at=None).count() == 1


def test_many_people_within_an_hour(until: Callable[[int], None]) -> None:
    person = uuid.uuid4()
    for number in range(8):
        read(officer(), minutes=number, person_id=person)
    for number in range(4):
        read(officer(), minutes=10 + number)
    until(2)
    assert told() == {}
    read(officer(), minutes=20, xid=3)
    until(4)
    assert told() == {"many": 1}


def matter(monkeypatch: pytest.MonkeyPatch, *numbers: str) -> uuid.UUID:
    """Let a running case name people by their numbers."""
    case = uuid.uuid4()
    found = Purpose(
        case_id=case, number="T1", title="测试", consumer=Consumer("amr", "339901", "1"), agency_name="测试",
        application_id=uuid.uuid4(), party=uuid.uuid4(), named=frozenset(numbers), reach=Reach(),
    )  # fmt: skip
    monkeypatch.setattr(purposes, "_finders", [lambda ref: found if ref == str(case) else None])
    return case


def known(by: StaffMember) -> StaffMember:
    by.own_index = blind_index(OWN, looking.NUMBER)
    by.save()
    return by


def test_oneself_and_a_matter_that_names_one(until: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    me = Person.objects.create(name="测试", number=OWN, number_index=blind_index(OWN, "citizen_id"))
    case = matter(monkeypatch, OWN, "33990219900101002X")
    read(officer("A002"), person_id=me.pk, case_id=case)  # nothing is known of this one
    until(2)
    assert told() == {}
    by = known(officer())
    read(by, person_id=me.pk, xid=3)
    read(by, case_id=case, xid=3)
    checked(by, case_id=case, subject_index=blind_index(OWN, SUBJECT), xid=3)
    checked(by, case_id=case, subject_index=blind_index("33990219900101002X", SUBJECT), xid=3)
    checked(by, xid=3)
    until(4)
    assert told() == {"oneself": 2, "family": 2}


def test_relatives_are_whom_a_register_names(until: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only under a grant for it, and without a word of it on anybody's page."""
    aunt, stranger = "33990219680202004X", "339902197003030051"
    register = published(dataset(code="test_kin", key=("member",), items=(item("member", required=True),)))
    rows = [{"subject": aunt, "member": one} for one in (aunt, OWN, "339902199505050074")]
    bring_in(register.pk, (*rows, {"subject": stranger, "member": aunt}), by=SYSTEM, key=key())
    rule = WatchRuleRow.objects.get(code="family")
    rule.definition["kin"] = [{"dataset": "test_kin", "agency": "339901-amr", "columns": ["member"]}]
    rule.save()
    people = [
        Person.objects.create(name="测试", number=one, number_index=blind_index(one, "citizen_id"))
        for one in (aunt, stranger)
    ]
    case = matter(monkeypatch, aunt, stranger)
    by = known(officer())

    def reads(xid: int) -> None:
        for one in people:
            read(by, person_id=one.pk, xid=xid)
            checked(by, case_id=case, subject_index=blind_index(one.number, SUBJECT), xid=xid)
        read(officer("A002"), person_id=people[0].pk, xid=xid)  # nothing is known of this one
        until(xid + 1)

    reads(3)
    assert told() == {}, "nobody granted it"
    agency = directory.get_agency("339901-amr")
    asked = GrantRequest(
        dataset="test_kin", agency=agency.code, items=(kin.WATCHING,), fields=("member",), purpose="发现查看家人"
    )
    with system_record("test.grant"):
        write_grant(asked, register, agency, SYSTEM)
    reads(5)
    assert told() == {"family": 2}
    assert Check.objects.count() == 4, "those of the officer: that it was looked up is no check"


# --- the way of an alert ---


def watcher(role: Role = Role.SUPERVISOR, code: str = "339901-amr") -> Actor:
    path = Agency.objects.get(code=code).path
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label=f"测试{role}", grants=(RoleGrant(role, path),))


def key() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def alert(until: Callable[[int], None]) -> ReadingAlert:
    read(officer(), case_id=None)
    until(2)
    return ReadingAlert.objects.get()


def test_it_is_asked_about_explained_and_closed(alert: ReadingAlert) -> None:
    with pytest.raises(Invalid):
        acts.ask(alert.pk, " ", by=watcher(), key=key())
    with pytest.raises(NotNow):
        acts.explain(alert.pk, "办事", by=watcher(Role.DECIDER), key=key())
    acts.ask(alert.pk, "为什么看", by=watcher(), key=key())
    alert.refresh_from_db()
    assert (alert.state, alert.due_on) == ("asked", date(2026, 3, 9))
    with clock.at(clock.end_of(date(2026, 3, 9)) + timedelta(minutes=1)):
        timers.ring_due()
    alert.refresh_from_db()
    assert alert.late
    acts.explain(alert.pk, "当面来问", by=watcher(Role.DECIDER), key=key())
    with pytest.raises(Invalid):
        acts.close(alert.pk, AlertState.OPEN, "没有问题", by=watcher(), key=key())
    acts.close(alert.pk, AlertState.EXPLAINED, "有登记", by=watcher(Role.DATA_OFFICE), key=key())
    with pytest.raises(NotNow):
        acts.close(alert.pk, AlertState.WRONG, "再来", by=watcher(), key=key())
    told = AuditEntry.objects.filter(name="sharing.close_alert").latest("seq")
    assert told.detail == {"rule": "no_case", "result": "explained"}


@pytest.mark.parametrize("act", ["ask", "explain", "close"])
def test_each_does_what_is_its_own_and_nobody_judges_themselves(alert: ReadingAlert, act: str) -> None:
    answers = act == "explain"
    mine, others = (Role.DECIDER, Role.SUPERVISOR) if answers else (Role.SUPERVISOR, Role.DECIDER)
    if answers:
        ReadingAlert.objects.update(state="asked")
    given: tuple[Any, ...] = (AlertState.WRONG, "违规") if act == "close" else ("说明",)
    do = getattr(acts, act)
    with pytest.raises(NotAllowed):
        do(alert.pk, *given, by=watcher(others), key=key())
    for by in (watcher(mine, "339901-fire"), replace(watcher(mine), id=alert.officer)):
        with pytest.raises(NotFound):
            do(alert.pk, *given, by=by, key=key())
        assert queries.alerts(by).items == []
    do(alert.pk, *given, by=watcher(mine), key=key())


# --- the pages ---


def test_the_data_office_asks_and_closes_in_the_browser(
    until: Callable[[int], None], sign_in: Callable[[str], Client]
) -> None:
    person = Person.objects.create(name="测试某人", number=OWN, number_index=blind_index(OWN, "citizen_id"))
    read(officer(), case_id=None, person_id=person.pk, purpose="看看")
    checked(officer(), case_id=None)
    until(2)
    (row,) = ReadingAlert.objects.all()
    page = f"/desk/alerts/{row.pk}/"
    office = sign_in("data-office")
    assert page in office.get("/desk/alerts/").content.decode()
    shown = office.get(page).content.decode()
    assert "看看" in shown
    assert str(AlertEvidence.objects.get(kind="check").ref) in shown
    for secret in (OWN, "测试某人", str(person.pk)):
        assert secret not in shown
    answer = office.post(page, {"do": "ask", "ask-question": ""})
    assert answer.status_code == 422
    assert office.post(page, {"do": "ask", "ask-question": "请说明"}).status_code == 302
    explained = {"do": "explain", "explain-text": "当面接待"}
    assert "请说明" in sign_in("amr-decider").get(page).content.decode()
    assert sign_in("amr-decider").post(page, explained).status_code == 302
    closed = {"do": "close", "close-result": "wrong", "close-finding": "没有登记"}
    assert office.post(page, closed).status_code == 302
    assert "违规" in office.get("/desk/alerts/?show=closed").content.decode()
    assert sign_in("amr-reviewer").get(page).status_code == 403


def test_an_own_number_is_entered_and_leaves_only_its_index(
    testville: None, db: None, sign_in: Callable[[str], Client]
) -> None:
    client, row = sign_in("security-admin"), officer()
    page = f"/desk/staff/{row.pk}/"
    assert "还没有登记" in client.get(page).content.decode()
    assert client.post(page, {"do": "number", "n-number": OWN[:-1] + "0"}).status_code == 422
    assert client.post(page, {"do": "number", "n-number": OWN}).status_code == 302
    row.refresh_from_db()
    assert bytes(row.own_index or b"") == blind_index(OWN, looking.NUMBER)
    shown = client.get(page).content.decode()
    assert "已登记" in shown
    assert OWN not in shown
    assert OWN not in str(AuditEntry.objects.filter(name="directory.note_own_number").latest("seq").detail)
    assert client.post(page, {"do": "number", "n-number": ""}).status_code == 302
    row.refresh_from_db()
    assert row.own_index is None
