"""A licence from issue to end by its agency: joint holders, own types only, reminders before the end, machines too."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from yiwang.kernel import clock, holidays, timers
from yiwang.kernel.acts import system_record
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.events import Happening, deliver_all
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.models import Event, EventCursor, Timer
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.tests.waiting import soon
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Party, PartyKind, Role
from yiwang.platform.directory.models import Agency, Region
from yiwang.platform.identity.models import Organisation, Person
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences import acts, checking, holding, queries, rules, subscribers
from yiwang.platform.licences.acts import Holder
from yiwang.platform.licences.models import Licence
from yiwang.platform.licences.tests.conftest import AMR, enter_type, official, spec
from yiwang.platform.licences.tests.test_desk import at_desk
from yiwang.platform.licences.types import Joint, JointElements, LicenceStatus
from yiwang.platform.sharing import acts as sharing
from yiwang.platform.sharing.events import sending, telling
from yiwang.platform.sharing.events.tests.receivers import Receiver
from yiwang.platform.sharing.events.types import Method, Topic, TopicSource
from yiwang.platform.sharing.types import DatasetItem

Issue = Callable[..., Licence]
NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)
USCC = "91330302MADEM0011Y"


@pytest.fixture(autouse=True)
def agency(db: None) -> Agency:
    """The agency that issues, and the calendar that the desk's rail counts by."""
    holidays.seed()
    region, _new = Region.objects.get_or_create(
        code=AMR.region, defaults={"name": "演示区", "full_name": "演示区", "level": 4}
    )
    return Agency.objects.create(
        code=AMR.code, name=AMR.name, short_name=AMR.short_name, uscc=AMR.uscc, function="amr", level=4,
        path=AMR.path, region=region,
    )  # fmt: skip


def machine(path: str = AMR.path, *scopes: str) -> Actor:
    """Return an agency's own system."""
    given = frozenset(scopes or ("licences:write",))
    return Actor(kind=ActorKind.CLIENT, id=uuid.uuid4(), label="演示市监系统", agency=path, scopes=given)


def person(name: str, body: str) -> Person:
    number = body + citizen_id_check(body)
    return Person.objects.create(name=name, number=number, number_index=blind_index(number, "citizen_id"))


def enter_home() -> None:
    """A type that people hold together."""
    enter_type(spec(code="demo_home", type_code="1110000000DEM03148009", holder=PartyKind.PERSON, remind_days=90))


def new(by: Actor, number: str = USCC, name: str = "演示餐饮有限公司", **more: Any) -> uuid.UUID:
    values = {"name": name, "place": "演示路 18 号"}
    return acts.issue("demo_food", Holder(name, Secret(number)), values, **more, by=by, key=uuid.uuid4().hex)


# --- joint holders ---


def test_all_who_hold_it_see_it_use_it_and_stand_on_it(issue: Issue) -> None:
    first, second, stranger = (Party(PartyKind.PERSON, uuid.uuid4()) for _one in range(3))
    licence = issue(holder=first, holder_name="演示甲", joint=[Joint("演示乙", second), Joint("演示丙")])
    for party in (first, second):
        by = Actor(kind=ActorKind.PERSON, id=party.id, principal=party)
        assert [one.id for one in queries.wallet(by)] == [licence.id]
        assert [one.id for one in queries.held_by(party)] == [licence.id]
        assert queries.newest_held([party], ["demo_food"])["demo_food"].number == licence.number
        assert acts.copy(licence.id, "演示", 7, by=by, key="1")
    by = Actor(kind=ActorKind.PERSON, id=stranger.id, principal=stranger)
    assert queries.wallet(by) == []
    assert queries.newest_held([stranger], ["demo_food"]) == {}
    found = queries.get_licence(licence.id, SYSTEM)
    assert found.holder_names == "演示甲、演示乙、演示丙"
    assert checking.public(found).holder_name == "演**、演**、演**"
    assert [one["name"] for one in queries.metadata(licence.id, SYSTEM)["holder_list"]] == [
        "演示甲",
        "演示乙",
        "演示丙",
    ]


def test_the_first_of_the_parties_wins_also_among_joint_holders(issue: Issue) -> None:
    one, other = (Party(PartyKind.PERSON, uuid.uuid4()) for _one in range(2))
    issue(holder=one, joint=[Joint("演示乙", other)], number="A")
    with clock.at(clock.now() + timedelta(days=1)):
        issue(holder=other, number="B")
        assert queries.newest_held([one, other], ["demo_food"])["demo_food"].number == "A"
        assert queries.newest_held([other], ["demo_food"])["demo_food"].number == "B"


def test_joint_holders_stay_through_a_renewal_and_may_be_changed(issue: Issue) -> None:
    enter_home()
    both = person("演示甲", "33030219900307003"), person("演示乙", "33030219900307005")
    by = official(Role.ISSUER)
    pk = acts.issue(
        "demo_home", Holder(both[0].name, Secret(both[0].number)), {"place": "演示路 1 号"},
        joint=[Holder(both[1].name, Secret(both[1].number))], by=by, key="1",
    )  # fmt: skip
    renewed = acts.renew(pk, by=by, key="2")
    assert queries.get_licence(renewed, SYSTEM).holders == tuple(Party(PartyKind.PERSON, one.pk) for one in both)
    alone = acts.change(renewed, values={}, joint=[], by=by, key="3")
    assert queries.get_licence(alone, SYSTEM).joint_names == ()
    assert queries.versions(alone, SYSTEM)[0].changed == ("持证主体",)


def known_later(name: str, body: str) -> Person:
    """Return somebody whom the platform learns of after their licence was issued."""
    one = person(name, body)
    happening = Happening(1, clock.now(), "identity.known", str(one.pk), {"kind": "person"})
    subscribers.link(happening)
    subscribers.link(happening)
    return one


def number_of(body: str) -> Secret:
    return Secret(body + citizen_id_check(body))


@pytest.mark.parametrize("by", [official(Role.ISSUER), machine()], ids=["staff", "system"])
def test_who_is_known_later_finds_what_was_issued_to_their_number(issue: Issue, by: Actor) -> None:
    enter_home()
    first, second, other = "33030219900307003", "33030219900307005", "33030219900307007"
    pk = acts.issue(
        "demo_home", Holder("演示甲", number_of(first)), {"place": "演示路 1 号"},
        joint=[Holder("演示乙", number_of(second)), Holder("演示丙", number_of(other))], by=by, key="1",
    )  # fmt: skip
    renewed = acts.renew(pk, by=by, key="2")
    holder, partner, namesake = (
        known_later("演示甲", first), known_later("演示乙", second), known_later("演示别人", other),
    )  # fmt: skip
    for one in (holder, partner):
        party = Party(PartyKind.PERSON, one.pk)
        assert [found.id for found in queries.held_by(party)] == [renewed]
        assert [found.id for found in queries.wallet(Actor(kind=ActorKind.PERSON, id=one.pk, principal=party))] == [
            renewed
        ]
    assert queries.held_by(Party(PartyKind.PERSON, namesake.pk)) == []
    assert set(Licence.objects.values_list("holder_id", flat=True)) == {holder.pk}
    assert all(row.joint == [partner.pk] for row in Licence.objects.all())


def test_a_firm_that_is_known_later_finds_its_licence_and_one_of_another_name_does_not(issue: Issue) -> None:
    pk = new(machine())
    for name in ("演示别家公司", "演示餐饮有限公司"):
        Organisation.objects.all().delete()
        firm = Organisation.objects.create(name=name, uscc=USCC, kind="enterprise")
        subscribers.link(Happening(1, clock.now(), "identity.known", str(firm.pk), {"kind": "organisation"}))
        found = [one.id for one in queries.held_by(Party(PartyKind.ORGANISATION, firm.pk))]
        assert found == ([pk] if name == "演示餐饮有限公司" else [])


def test_numbers_of_holders_are_nowhere_in_the_open(issue: Issue) -> None:
    enter_home()
    numbers = [number_of("33030219900307003"), number_of("33030219900307005")]
    acts.issue(
        "demo_home", Holder("演示甲", numbers[0]), {"place": "演示路 1 号"},
        joint=[Holder("演示乙", numbers[1])], by=machine(), key="1",
    )  # fmt: skip
    with connection.cursor() as cursor:
        for table in ("licences_licence", "kernel_auditentry", "kernel_event", "kernel_idempotencykey"):
            for number in numbers:
                cursor.execute(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s", [f"%{number.reveal()}%"])
                assert cursor.fetchone()[0] == 0, table


# --- own types only ---


def test_an_application_names_who_holds_it_too() -> None:
    """By a table, and by two data; found by the number only if the name is theirs."""
    wife, child = person("演示共有人一", "33030219900101112"), person("演示共有人二", "33030219920202223")
    where = (JointElements(name="partner_name", number="partner_number"),)
    table = (JointElements(rows="co_owners", name="member_name", number="member_number"),)
    both = spec(code="demo_home", type_code="1110000000DEM03148009", holder=PartyKind.PERSON, joint=where + table)
    rows = [
        {"member_name": "演示共有人二", "member_number": child.number},
        {"member_name": "演示共有人三", "member_number": child.number},
        {"member_name": "演示共有人四", "member_number": "330302199001011120"},
        {"member_name": "演示共有人五"},
        {"member_name": " "},
    ]
    named = {"partner_name": wife.name, "partner_number": wife.number.lower(), "co_owners": rows}
    found = holding.joint_in(both, named)
    parties = [Party(PartyKind.PERSON, wife.pk), Party(PartyKind.PERSON, child.pk), None, None, None]
    assert [one.party for one in found] == parties
    assert [one.name[-1] for one in found] == ["一", "二", "三", "四", "五"]
    assert holding.joint_in(both, {}) == holding.joint_in(spec(), named) == []
    enter_type(both)
    with system_record("test.issue"):
        pk = acts.issue_inside(type_code="demo_home", holder=None, holder_name="演示持证人", issuer=AMR, values=named)
    row = Licence.objects.get(pk=pk)
    assert row.joint == [wife.pk, child.pk]
    assert row.joint_names == [one.name for one in found]
    five = {"partner_name": "演示共有人五", "partner_number": "330302199501015558"}
    with system_record("test.issue"):
        pk = acts.issue_inside(type_code="demo_home", holder=None, holder_name="演示持证人", issuer=AMR, values=five)
    late = known_later("演示共有人五", "33030219950101555")
    assert Licence.objects.get(pk=pk).joint == [late.pk]


@pytest.mark.parametrize("by", [official(Role.ISSUER), machine()], ids=["staff", "system"])
def test_an_agency_issues_changes_holds_resumes_and_revokes_its_own(issue: Issue, by: Actor) -> None:
    firm = Organisation.objects.create(name="演示餐饮有限公司", uscc=USCC, kind="enterprise")
    pk = new(by)
    licence = Licence.objects.get(pk=pk)
    assert (licence.holder_id, licence.issuer_code, licence.trust, licence.version) == (firm.pk, AMR.uscc, "A", 1)
    second = acts.change(pk, values={"place": "演示路 20 号"}, by=by, key="2")
    assert acts.hold(second, reason="抽检不合格", by=by, key="3") is LicenceStatus.HELD
    assert acts.release(second, by=by, key="4") is LicenceStatus.VALID
    assert acts.revoke(second, reason="情节严重", by=by, key="5") is LicenceStatus.REVOKED
    with pytest.raises(NotNow):
        acts.change(second, values={"place": "演示路 21 号"}, by=by, key="6")


def test_types_of_others_and_licences_of_others_are_out_of_reach(issue: Issue) -> None:
    licence = issue()
    enter_type(spec(code="demo_school", type_code="1110000000DEM0058P001", issued_by=("education",)))
    holder = Holder("演示", Secret(USCC))
    for by in (official(Role.ISSUER), machine()):
        with pytest.raises(NotAllowed) as refused:
            acts.issue("demo_school", holder, {"name": "演示"}, by=by, key=uuid.uuid4().hex)
        assert refused.value.code == "not-own-type"
    elsewhere = machine("/330300/elsewhere/")
    with pytest.raises(NotFound):
        acts.hold(licence.id, reason="演示", by=elsewhere, key="1")
    with pytest.raises(NotAllowed):
        new(elsewhere)
    for by in (machine(AMR.path, "licences:verify"), official(Role.INTAKE)):
        with pytest.raises(NotAllowed):
            new(by)
    assert queries.wallet(machine()) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "91330302MADEM0012Y"}, "holder_number"),
        ({"name": "另一个名字"}, "holder_name"),
        ({"name": " "}, "holder_name"),
        ({"valid_to": NOON.date() - timedelta(days=1)}, "valid_to"),
    ],
)
def test_a_wrong_issue_is_told_beside_the_field(issue: Issue, changes: dict[str, Any], field: str) -> None:
    Organisation.objects.create(name="演示餐饮有限公司", uscc=USCC, kind="enterprise")
    with clock.at(NOON), pytest.raises(Invalid) as refused:
        new(official(Role.ISSUER), **({"number": USCC} | changes))
    assert [error.field for error in refused.value.errors] == [field]
    assert not Licence.objects.exists()


def test_nothing_changed_is_no_change(issue: Issue) -> None:
    licence = issue()
    with pytest.raises(Invalid):
        acts.change(licence.id, values={"place": "演示路 18 号 1 层"}, by=official(Role.ISSUER), key="1")
    assert Licence.objects.count() == 1


def test_the_desk_issues_and_changes_by_the_type_s_own_form(issue: Issue, food: Any) -> None:
    Agency.objects.filter(code=AMR.code).delete()
    client = at_desk(Role.ISSUER)
    assert food.name in client.get("/desk/licences/new/").content.decode()
    page = "/desk/licences/new/demo_food/"
    shown = client.get(page).content.decode()
    assert all(
        f"f-{name}" in shown for name in ("holder_number", "holder_name", "name", "place", "keeper", "valid_to-y")
    )
    sent = {"f-holder_number": USCC, "f-holder_name": "演示餐饮有限公司", "f-place": "演示路 1 号", "key": "1"}
    wrong = client.post(page, sent | {"f-holder_number": "913"})
    assert wrong.status_code == 422
    assert "演示路 1 号" in wrong.content.decode()
    made = client.post(page, sent)
    assert made.status_code == 302
    licence = Licence.objects.get()
    assert made.headers["Location"] == f"/desk/licences/{licence.pk}/"
    changed = client.post(
        f"/desk/licences/{licence.pk}/change/",
        {"f-holder_name": licence.holder_name, "f-place": "演示路 2 号", "key": "2"},
    )
    new_one = Licence.objects.get(previous=licence)
    assert changed.headers["Location"] == f"/desk/licences/{new_one.pk}/"
    assert "改了：经营场所" in client.get(f"/desk/licences/{new_one.pk}/").content.decode()
    other = at_desk(Role.ISSUER, "/330300/elsewhere/")
    assert other.get(f"/desk/licences/{licence.pk}/change/").status_code == 404


# --- before the end, and at it ---


def test_holders_are_reminded_once_so_many_days_before(issue: Issue) -> None:
    with clock.at(NOON):
        licence = issue()
    due = Timer.objects.get(kind="licences.reminder", subject_id=licence.id).due_at
    assert licence.valid_to is not None
    assert clock.legal_date(due) == licence.valid_to - timedelta(days=60)
    assert due.astimezone(clock.SHANGHAI).hour == 9
    with clock.at(due + timedelta(minutes=1)):
        while timers.ring_due():
            pass
        assert Event.objects.filter(name="licence.expiring", subject_id=str(licence.id)).count() == 1


@pytest.mark.parametrize("ended", ["revoke", "renew", "note_renewal"])
def test_who_has_renewed_or_lost_it_is_not_reminded(issue: Issue, ended: str) -> None:
    with clock.at(NOON):
        licence = issue()
    assert licence.valid_to is not None
    with clock.at(NOON + timedelta(days=30)):
        more = {"reason": "演示"} if ended == "revoke" else {}
        getattr(acts, ended)(licence.id, **more, by=official(Role.ISSUER), key="1")
    with clock.at(clock.end_of(licence.valid_to - timedelta(days=59))):
        while timers.ring_due():
            pass
        assert not Event.objects.filter(name="licence.expiring", subject_id=str(licence.id)).exists()


@pytest.mark.parametrize(
    ("days", "left", "expected"), [(60, 61, True), (60, 60, False), (60, 10, False), (0, 100, False)]
)
def test_a_day_that_has_gone_by_reminds_nobody(days: int, left: int, expected: bool) -> None:
    today = NOON.date()
    assert bool(rules.remind_on(today + timedelta(days=left), days, today)) is expected


# --- by the API ---


def call(client: Client, path: str, body: dict[str, Any]) -> Any:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    return client.post(path, body, content_type="application/json", headers=headers)


def test_a_system_without_a_token_comes_nowhere(client: Client) -> None:
    for path in ("", f"/{uuid.uuid4()}/changes", f"/{uuid.uuid4()}/operations"):
        assert call(client, f"/api/v1/licences{path}", {}).status_code == 401


# --- told to other agencies ---

SOURCE = TopicSource(
    events=("licence.issued", "licence.held", "licence.revoked"),
    when="type == 'demo_food'",
    subject="number",
    fields={"number": "number", "change": "change", "firm": "holder_name", "until": "valid_to"},
)


def topic(source: TopicSource = SOURCE, longest: int = 80) -> Topic:
    items = (
        DatasetItem(name="number", label="编号", required=True, max_length=80),
        DatasetItem(name="change", label="变动", required=True, options=("issued", "held", "revoked")),
        DatasetItem(name="firm", label="经营者", required=True, max_length=longest),
        DatasetItem(name="until", label="有效期至", kind=FieldKind.DATE),
    )
    return Topic(code="demo.licence_changed", name="变动", agency=AMR.code, subject="编号", items=items, source=source)


@pytest.fixture
def told(agency: Agency) -> Receiver:
    """A system that subscribed to the topic."""
    with system_record("test.topic"):
        sharing.write_topic(topic(), by=SYSTEM)
    pk = sharing.subscribe(
        "demo.licence_changed", AMR.code, "http://127.0.0.1:9/events", Method.HMAC, "演示", by=SYSTEM, key="1"
    )
    sharing.pass_subscription(pk, by=SYSTEM, key="2")
    sharing.approve_subscription(pk, 12, by=SYSTEM, key="3")
    return Receiver()


def deliver(told: Receiver, wanted: int) -> None:
    """Let the kernel's events become the topic's, or fail to; send what became of them, until so many were taken."""
    wrong = EventCursor.objects.filter(subscriber="sharing.topics", failures__gt=0)

    def send() -> int:
        deliver_all()
        with clock.at(clock.now() + timedelta(seconds=5)):
            sending.deliver_due(told)
        return len(told.taken) >= wanted or wrong.exists()

    soon(send)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("food")
def test_what_becomes_of_a_licence_is_told_to_who_subscribed_in_order(told: Receiver) -> None:
    by = machine()
    licence = new(by)
    acts.hold(licence, reason="抽检不合格", by=by, key="2")
    acts.revoke(licence, reason="演示", by=by, key="3")
    enter_type(spec(code="demo_other", type_code="1110000000DEM03148008"))
    acts.issue(
        "demo_other",
        Holder("演示餐饮有限公司", Secret(USCC)),
        {"name": "演示", "place": "演示路 18 号"},
        by=by,
        key="4",
    )
    deliver(told, 3)
    deliver(told, 3)
    number = Licence.objects.get(pk=licence).number
    heard = [(one["subject"], one["data"]["change"], one["data"]["firm"]) for one in told.taken]
    assert heard == [(number, change, "演示餐饮有限公司") for change in ("issued", "held", "revoked")]
    assert told.taken[0]["data"]["until"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("food")
def test_what_happened_is_told_by_whatever_clock_the_teller_lives(told: Receiver) -> None:
    now = clock.now()
    with clock.at(now + timedelta(days=3)):
        new(machine())
    with clock.at(now):
        deliver(told, 1)
    assert not EventCursor.objects.filter(failures__gt=0).exists()
    with clock.at(now + timedelta(days=3)):
        deliver(told, 1)
    assert [one["data"]["change"] for one in told.taken] == ["issued"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("food")
def test_what_does_not_fit_its_topic_is_not_published_and_waits(told: Receiver) -> None:
    with system_record("test.topic"):
        sharing.write_topic(replace(topic(longest=3), version=2), by=SYSTEM)
    new(machine())
    deliver(told, 1)
    assert told.taken == []
    cursor = EventCursor.objects.get(subscriber="sharing.topics")
    assert cursor.failures == 1
    assert "Invalid" in cursor.error
    with system_record("test.topic"):
        sharing.write_topic(replace(topic(), version=3), by=SYSTEM)
    EventCursor.objects.update(retry_at=None, failures=0)
    deliver(told, 1)
    assert [one["data"]["change"] for one in told.taken] == ["issued"]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (SOURCE, None),
        (replace(SOURCE, events=("licence.eaten",)), "nobody offers licence.eaten"),
        (replace(SOURCE, subject="colour"), "no fact colour"),
        (replace(SOURCE, when="taste == 1"), "no fact taste"),
        (replace(SOURCE, when="((("), "source.when"),
        (replace(SOURCE, fields={"number": "number", "change": "change"}), "firm is required"),
        (replace(SOURCE, fields={**SOURCE.fields, "smell": "number"}), "no item smell"),
    ],
)
def test_a_topic_s_source_is_checked_when_the_city_is_loaded(source: TopicSource, fault: str | None) -> None:
    found = " ".join(telling.faults(topic(source)))
    assert (fault in found) if fault else not found
