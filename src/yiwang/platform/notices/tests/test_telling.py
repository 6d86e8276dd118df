import json
from datetime import timedelta

import pytest

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import system_record
from yiwang.kernel.packs import Pack, PackError
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Party, PartyKind, Role, RoleGrant
from yiwang.platform.cases import events as case_events
from yiwang.platform.cases.tests.conftest import COMPANY, FOOD, MONDAY, accepted, at, case_of, decide
from yiwang.platform.cases.tests.conftest import person as applicant
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.queries import staff_with
from yiwang.platform.licences import acts as licences
from yiwang.platform.licences.types import Joint
from yiwang.platform.notices import acts, composing, pack, queries, templates
from yiwang.platform.notices.channels import Refused, sms
from yiwang.platform.notices.models import Delivery, Message, Preference
from yiwang.platform.notices.types import Channel, Preferences

pytestmark = pytest.mark.usefixtures("testville")


def acting(person, party=None):
    return Actor(
        kind=ActorKind.PERSON,
        id=person,
        principal=party or Party(PartyKind.PERSON, person),
        level=AssuranceLevel.L3,
    )


@pytest.fixture
def elder(person_id, journey):
    """Walk the elderly card to its end."""
    list(journey("elder", "old_age").steps())
    return person_id("elder")


def kinds(person):
    return [row.kind for row in Message.objects.filter(recipient_id=person).order_by("created_at", "id")]


def test_a_whole_matter_is_told_step_by_step_and_never_twice(elder, deliver):
    deliver("notices")
    told = kinds(elder)
    assert told[:2] == ["application.submitted", "case.accepted"]
    assert sorted(told[2:]) == ["case.granted", "licence.issued"]
    rows = Message.objects.count(), Delivery.objects.count()
    deliver("notices")
    deliver("notices")
    assert (Message.objects.count(), Delivery.objects.count()) == rows


def test_digitised_licences_of_the_pack_are_no_news(deliver):
    assert deliver("notices", "licence.issued") > 0
    assert not Message.objects.exists()


def test_messages_say_the_thing_to_do_and_no_number_of_a_person(person_id, journey, deliver):
    walk = journey(
        "starter",
        "shop",
        answers={"place_region": "339901001", "has_licence": False, "shop_area": 320, "food_kinds": ["hot"]},
        correction=("330103015000", "floor_plan", "请画出安全出口"),
    )
    list(walk.steps())
    deliver("notices")
    by_kind = {}
    for row in Message.objects.filter(recipient_id=person_id("starter")):
        by_kind.setdefault(row.kind, []).append(row)
    asked = by_kind["case.correction_asked"][0]
    assert "1 处" in asked.content["body"]
    assert "24:00 前提交" in asked.content["body"]
    assert asked.link.startswith("/applications/")
    assert "application.visit_planned" in by_kind
    texts = json.dumps([row.content for row in Message.objects.all()], ensure_ascii=False)
    texts += "".join(row.text for row in Delivery.objects.all())
    assert "339901199505055551" not in texts
    assert "19900000005" not in texts


def test_every_event_that_the_applicant_must_hear_of_has_its_message():
    """Each event of a case that the law wants told has its message, with the day where there is one."""
    told = set(composing.ON_CASE) - {case_events.DECIDED, case_events.CLOSED}
    known = templates.built_in()
    assert told | {"case.granted", "case.refused", "case.no_supplement"} <= set(known)
    assert set(composing.ON_APPLICATION) <= set(known)
    for kind in composing.TO_MEND:
        assert all("{due}" in words.body and "{points}" in words.body for words in known[kind].texts.values()), kind


def test_who_has_to_hand_in_something_instead_is_told_until_when(deliver, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with at(MONDAY):
        owner = applicant("测试法人甲")
        application = accepted(owner, COMPANY, FOOD, life_event="shop")
        decide(case_of(application, COMPANY), grant=False)
        deliver("notices")
    told = Message.objects.get(recipient_id=owner.id, kind="case.predecessor_ended")
    assert "食品经营许可" in told.content["title"]
    assert "3月16日 24:00" in told.content["body"]


def test_the_language_is_the_readers(elder, deliver):
    acts.choose(Preferences(language="en"), by=acting(elder), key="1")
    deliver("notices", "application.submitted")
    message = Message.objects.get(kind="application.submitted")
    assert message.language == "en"
    assert message.content["title"] == "Received: Turning sixty"


def test_wishes_stop_the_sms_but_never_the_inbox(elder, deliver):
    acts.choose(Preferences(sms=False), by=acting(elder), key="1")
    deliver("notices")
    assert len(kinds(elder)) == 4
    assert not Delivery.objects.filter(channel="sms").exists()


def test_who_acts_for_another_is_told_too_and_a_telephone_rings_once(person_id, journey, deliver):
    walk = journey("rep", "old_age")
    elder = person_id("elder")
    walk.applicant = acting(person_id("rep"), Party(PartyKind.PERSON, elder))
    list(walk.steps())
    deliver("notices", "application.submitted")
    assert Message.objects.count() == 2
    mine = Message.objects.get(recipient_id=person_id("rep"))
    assert queries.inbox(acting(person_id("rep")))[0][0].elsewhere == "测试老人丁"
    assert mine.about_id == elder
    assert Delivery.objects.filter(channel="sms").count() == 2
    destinations = {row.destination for row in Delivery.objects.all()}
    assert destinations == {"19900000001", "19900000004"}


def test_the_demo_writes_a_file_and_each_message_goes_once(elder, deliver, settings):
    deliver("notices")
    waiting = Delivery.objects.count()
    assert waiting > 0
    assert acts.send_due() == waiting
    assert acts.send_due() == 0
    lines = (settings.YIWANG_STATE_DIR / "outbox" / "sms.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == Delivery.objects.filter(channel="sms", state="sent").count()
    assert {json.loads(line)["to"] for line in lines} == {"19900000004"}


def test_an_outage_keeps_everything_and_recovery_sends_it_once(elder, deliver, settings):
    deliver("notices")
    settings.YIWANG_PLUGINS = {"notices.sms": "outage"}
    began = clock.now()
    with clock.at(began + timedelta(minutes=1)):
        assert acts.send_due() == 0
        # Three failures, and the channel is left alone.
        assert Delivery.objects.filter(tries=1).count() == acts.GIVE_WAY
        first = queries.queues()[0]
        assert (first.channel, first.waiting) == (Channel.SMS, str(Delivery.objects.count()))
        assert first.last_error in ("", "the channel is down")
        assert first.oldest is not None
    settings.YIWANG_PLUGINS = {}
    with clock.at(began + timedelta(minutes=10)):
        total = Delivery.objects.count()
        assert acts.send_due() == total
        assert acts.send_due() == 0
    lines = (settings.YIWANG_STATE_DIR / "outbox" / "sms.jsonl").read_text("utf-8").splitlines()
    assert len({json.loads(line)["key"] for line in lines}) == len(lines) == total
    assert queries.queues()[0].waiting == "0"


def test_a_channel_that_stays_down_is_given_up_and_may_be_tried_again(elder, deliver, settings):
    deliver("notices", "application.submitted")
    settings.YIWANG_PLUGINS = {"notices.sms": "outage"}
    with clock.at(clock.now() + timedelta(days=4)):
        acts.send_due()
        row = Delivery.objects.get()
        assert row.state == "given_up"
        member, _grants = staff_with(Role.SYSTEM_ADMIN)[0]
        admin = Actor(
            kind=ActorKind.STAFF,
            id=member.id,
            level=AssuranceLevel.L3,
            grants=(RoleGrant(Role.SYSTEM_ADMIN),),
        )
        acts.send_again(row.id, by=admin, key="again")
        settings.YIWANG_PLUGINS = {}
        assert acts.send_due() == 1


def test_a_wrong_number_is_given_up_at_once_and_holds_up_nobody(elder, deliver, monkeypatch):
    deliver("notices")
    plugin = sms.get("demo")
    refuse = iter([Refused("no such number")])

    def send(*args):
        problem = next(refuse, None)
        if problem:
            raise problem

    monkeypatch.setattr(plugin, "send", send)
    total = Delivery.objects.count()
    assert acts.send_due() == total - 1
    assert Delivery.objects.get(state="given_up").error == "no such number"


def test_a_message_that_breaks_its_plugin_is_kept_and_holds_up_nobody(elder, deliver, monkeypatch):
    deliver("notices")
    total = Delivery.objects.count()
    broken = iter([ValueError("19900000004 in a header")])

    def send(*args):
        problem = next(broken, None)
        if problem:
            raise problem

    monkeypatch.setattr(sms.get("demo"), "send", send)
    assert acts.send_due() == total - 1
    row = Delivery.objects.get(state="waiting")
    assert (row.error, row.tries) == ("ValueError", 1)


def test_the_pack_may_say_it_in_its_own_words(elder, deliver, tmp_path):
    city = tmp_path / "city"
    city.mkdir()
    (city / "notices.yaml").write_text(
        "- {kind: application.submitted, texts: {zh-hans: {title: 收到啦, body: 尾号 {tail}}}}", "utf-8"
    )
    with pytest.raises(PackError):
        pack.load(Pack(city))
    (city / "notices.yaml").write_text(
        '- {kind: application.submitted, channels: [], texts: {zh-hans: {title: 收到啦, body: "{tail}"}}}',
        "utf-8",
    )
    pack.load(Pack(city))
    deliver("notices", "application.submitted")
    assert Message.objects.get().content["title"] == "收到啦"
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("- {kind: nothing, texts: {zh-hans: {title: a, body: b}}}", "there is no such message"),
        ("- {kind: case.accepted, texts: {zh-hans: {title: '{idcard}', body: b}}}", "unknown place {idcard}"),
    ],
)
def test_faulty_words_are_refused(tmp_path, words, fault):
    city = tmp_path / "city"
    city.mkdir()
    (city / "notices.yaml").write_text(words, "utf-8")
    with pytest.raises(PackError, match=r"notices\.yaml:1") as caught:
        pack.load(Pack(city))
    assert fault in str(caught.value)


def test_personal_content_is_sealed_at_rest(elder, deliver):
    from django.db import connection

    deliver("notices")
    with connection.cursor() as sql:
        sql.execute("SELECT content FROM notices_message UNION ALL SELECT destination FROM notices_delivery")
        stored = b"".join(bytes(row[0]) for row in sql.fetchall())
    assert "老年".encode() not in stored
    assert b"19900000004" not in stored
    assert Preference.objects.count() == 0


def test_who_holds_a_licence_is_reminded_before_it_ends(person_id, deliver):
    holders = [Party(PartyKind.PERSON, person_id(one)) for one in ("elder", "starter")]
    with system_record("test.issue"):
        pk = licences.issue_inside(
            type_code="elderly_card",
            holder=holders[0],
            holder_name="测试老人丁",
            issuer=directory.get_agency("339900-civil_affairs"),
            values={"name": "测试老人丁"},
            valid_to=clock.today() + timedelta(days=61),
            joint=[Joint("测试创业戊", holders[1])],
        )
    with clock.at(clock.now() + timedelta(days=2)):
        while timers.ring_due():
            pass
        deliver("notices")
        deliver("notices")
    told = Message.objects.filter(kind="licence.expiring")
    assert {row.recipient_id for row in told} == {one.id for one in holders}
    assert len(told) == 2
    assert told[0].link == f"/my/licences/{pk}/"
    assert "老年优待证" in told[0].content["title"]


def test_nobody_is_reminded_of_what_is_over_by_the_time_the_worker_comes(person_id, deliver):
    holder = Party(PartyKind.PERSON, person_id("elder"))
    with system_record("test.issue"):
        licences.issue_inside(
            type_code="elderly_card",
            holder=holder,
            holder_name="测试老人丁",
            issuer=directory.get_agency("339900-civil_affairs"),
            values={"name": "测试老人丁"},
            valid_to=clock.today() + timedelta(days=61),
        )
    with clock.at(clock.now() + timedelta(days=70)):
        while timers.ring_due():
            pass
        deliver("notices")
    assert not Message.objects.filter(kind="licence.expiring").exists()
