"""Objections: what somebody says of data about them, or of being looked at, and that the agency answers in time."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import record_read, system_record
from yiwang.kernel.models import AuditEntry, Event, Timer
from yiwang.kernel.problems import Invalid, NeedsSignIn, NotAllowed, NotFound, NotNow
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, AssuranceLevel, Party, PartyKind, Role, RoleGrant
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory.models import Agency
from yiwang.platform.identity.models import Organisation, Person
from yiwang.platform.sharing import acts, queries
from yiwang.platform.sharing.acts import objecting
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Objection, Record
from yiwang.platform.sharing.queries import objected
from yiwang.platform.sharing.tests.datasets import dataset, published
from yiwang.platform.sharing.types import Basis, ObjectionState, Outcome, SharingType, Use

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def monday(testville: None, db: None) -> Iterator[None]:
    with clock.at(MONDAY):
        Record.objects.update(valid_from=MONDAY - timedelta(days=1))
        yield


def person(name: str, level: AssuranceLevel = AssuranceLevel.L3) -> Actor:
    pk = Person.objects.get(name=name).pk
    return Actor(kind=ActorKind.PERSON, id=pk, principal=Party(PartyKind.PERSON, pk), level=level)


def steward(code: str) -> Actor:
    path = Agency.objects.get(code=code).path
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label="D1", grants=(RoleGrant(Role.DATA_STEWARD, path),))


def key() -> str:
    return uuid.uuid4().hex


def checked(number: str, party: uuid.UUID | None = None) -> uuid.UUID:
    """Let the fire brigade check somebody."""
    use = Use(
        dataset="population",
        dataset_name="人口信息",
        provider="测试市",
        consumer="测试消防",
        consumer_path=Agency.objects.get(code="339901-fire").path,
        item="330103015000",
        fields=("name",),
        number=number,
    )
    with system_record("test.check"):
        return acts.note_checks([use], purpose="测试核验", party=party)[0]


def test_the_provider_puts_right_what_is_wrong_and_the_writer_reads_it() -> None:
    elder = person("测试老人丁")
    pk = acts.object_to_data("population", "年龄不对，应该是 75。", by=elder, key=key())
    row = Objection.objects.get(pk=pk)
    assert (row.agency.code, row.due_on) == ("339900", date(2026, 3, 23))
    (waiting,) = queries.objections(steward("339900")).items
    assert waiting.text == "年龄不对，应该是 75。"
    with pytest.raises(NotFound):
        acts.answer(pk, ObjectionState.CORRECTED, "已改", by=steward("339901-fire"), key=key())
    with pytest.raises(Invalid):
        acts.answer(pk, ObjectionState.ANSWERED, "已改", by=steward("339900"), key=key())
    with pytest.raises(Invalid):  # nothing was changed, and nothing is awaited
        acts.answer(pk, ObjectionState.CORRECTED, "已改成 75。", by=steward("339900"), key=key())
    tomorrow = date(2026, 3, 3)
    acts.answer(pk, ObjectionState.CORRECTED, "已改成 75。", tomorrow, by=steward("339900"), key=key())
    (mine,) = queries.objections(elder).items
    assert (mine.state, mine.answer, mine.awaits) == (ObjectionState.CORRECTED, "已改成 75。", tomorrow)
    with pytest.raises(NotNow):
        acts.answer(pk, ObjectionState.CONFIRMED, "又改", by=steward("339900"), key=key())
    assert queries.objections(person("测试创业戊")).items == []


def test_whoever_was_looked_at_may_ask_why_once_and_nobody_else() -> None:
    elder = person("测试老人丁")
    pk = checked("339901195004044442")
    with pytest.raises(NotFound):
        acts.object_to_check(pk, "为什么", by=person("测试创业戊"), key=key())
    asked = acts.object_to_check(pk, "为什么查我", by=elder, key=key())
    assert Objection.objects.get(pk=asked).agency.code == "339901-fire"
    with pytest.raises(NotNow):
        acts.object_to_check(pk, "再问", by=elder, key=key())
    acts.answer(asked, ObjectionState.ANSWERED, "消防检查要核对负责人。", by=steward("339901-fire"), key=key())
    acts.object_to_check(pk, "还是不明白", by=elder, key=key())


def test_only_who_is_known_surely_enough_objects() -> None:
    with pytest.raises(NeedsSignIn):
        acts.object_to_data("population", "不对", by=person("测试老人丁", AssuranceLevel.L1), key=key())
    with pytest.raises(Invalid):
        acts.object_to_data("population", " ", by=person("测试老人丁"), key=key())


def test_an_agent_does_not_object_in_the_firms_name(sign_in: Any) -> None:
    firm = Organisation.objects.get(uscc="91339901MADEM0011Y")
    agent = replace(person("测试代办乙"), principal=Party(PartyKind.ORGANISATION, firm.pk))
    with pytest.raises(NotAllowed):
        acts.object_to_data("legal_persons", "不对", by=agent, key=key())
    assert firm.legal_representative is not None
    head = replace(person(firm.legal_representative.name), principal=agent.principal)
    acts.object_to_data("legal_persons", "不对", by=head, key=key())


def test_what_is_not_shared_cannot_be_found_out_by_objecting() -> None:
    published(dataset(code="secret_data", sharing=SharingType.NONE, basis=(Basis("保守国家秘密法"),)))
    with pytest.raises(NotFound):
        acts.object_to_data("secret_data", "不对", by=person("测试老人丁"), key=key())


def test_silence_is_seen() -> None:
    pk = acts.object_to_data("population", "不对", by=person("测试老人丁"), key=key())
    with clock.at(MONDAY + timedelta(days=21)):
        timers.ring_due()
        assert not Objection.objects.get(pk=pk).late
    with clock.at(MONDAY + timedelta(days=22)):
        timers.ring_due()
        assert Objection.objects.get(pk=pk).late


def test_in_the_browser_from_the_access_page_to_the_answer(sign_in: Any, deliver: Any) -> None:
    elder, steward_page = sign_in("elder"), sign_in("steward")
    pk = checked("339901195004044442", person("测试老人丁").id)
    page = elder.get("/my/access/").content.decode()
    assert "测试核验" in page
    assert f"/my/access/{pk}/ask/" in page
    form = f"/my/access/{pk}/ask/"
    assert elder.post(form, {"f-text": ""}).status_code == 422
    sent = elder.post(form, {"f-text": "为什么查我"}, follow=True)
    assert sent.request["PATH_INFO"] == "/my/objections/"
    assert 'role="status"' in sent.content.decode(), "what was sent is confirmed"
    assert "等答复" in elder.get("/my/objections/").content.decode()
    assert 'role="status"' not in elder.get("/my/objections/").content.decode()
    objection = Objection.objects.get()
    address = f"/desk/objections/{objection.pk}/"
    assert "为什么查我" in steward_page.get(address).content.decode()
    assert steward_page.post(address, {"f-result": "answered", "f-text": ""}).status_code == 422
    assert steward_page.post(address, {"f-result": "answered", "f-text": "办件要用。"}).status_code == 302
    assert "办件要用。" in elder.get("/my/objections/").content.decode()
    deliver("notices")
    assert "您的异议有答复了" in elder.get("/my/messages/").content.decode()
    stranger: Client = sign_in("starter")
    assert stranger.get(form).status_code == 404


# --- What the page tells: agency, role, purpose, item, what in words, how it ended ---


def officer(code: str, *roles: Role) -> Actor:
    path = Agency.objects.get(code=code).path
    grants = tuple(RoleGrant(role, path) for role in roles)
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label="X007", agency=path, grants=grants)


def looked(outcome: Outcome, *fields: str) -> Use:
    return Use(
        dataset="population",
        dataset_name="人口信息",
        provider="测试市",
        consumer="测试消防",
        consumer_path=Agency.objects.get(code="339901-fire").path,
        item="330103015000",
        fields=fields,
        number="339901195004044442",
        outcome=outcome,
    )


def lines(page: str) -> list[str]:
    """Return the text of each row of the page's table, newest first."""
    return [re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row)) for row in page.split('<tr role="row">')[2:]]


def test_each_line_of_the_checks_says_who_in_which_role_what_in_words_and_how_it_ended(sign_in: Any) -> None:
    by = officer("339901-fire", Role.REVIEWER, Role.DECIDER)
    uses = [
        looked(Outcome.FOUND, "?known"),
        looked(Outcome.NONE, ""),
        looked(Outcome.REFUSED, "age"),
        looked(Outcome.DOWN, "age"),
    ]
    for use in uses:
        with system_record("test.check") as record:
            record.by = by
            acts.note_checks([use], purpose="办理“消防检查”", party=person("测试老人丁").id)
    page = sign_in("elder").get("/my/access/").content.decode()
    down, refused, none, found = lines(page)
    item = catalog.item_names(["330103015000"])["330103015000"]
    for line in (down, refused, none, found):
        assert "测试消防" in line
        assert "审查" in line
        assert "决定" in line
        assert "办理“消防检查”" in line
        assert "问为什么" in line
        assert f"事项：{item}" in line
        assert "X007" not in line
    assert "人口信息里有这个人" in found
    assert "?known" not in page
    assert "有没有记录" in none
    assert "没有记录" in none
    assert "没有授权" in refused
    assert "中断" in down
    assert "答复了" in found
    for line in (refused, down):
        assert "答复了" not in line


def test_each_line_of_who_opened_says_the_role_and_what_and_can_be_asked_about(sign_in: Any) -> None:
    elder = person("测试老人丁")
    by = officer("339901-fire", Role.REVIEWER)
    record_read(by, name="cases.read", person=elder.id, purpose="办理：消防检查", detail={"shown": "applicant_number"})
    seq = AuditEntry.objects.get(kind="read", person_id=elder.id).seq
    mine = sign_in("elder")
    (line,) = lines(mine.get("/my/access/?show=people").content.decode())
    for words in ("审查", "办理：消防检查", "办件：表单、材料和经过", "问为什么"):
        assert words in line
    form = f"/my/access/reads/{seq}/ask/"
    assert sign_in("starter").get(form).status_code == 404
    assert mine.post(form, {"f-text": "为什么打开"}).headers["Location"] == "/my/objections/?sent=1"
    asked = Objection.objects.get()
    assert (asked.agency.code, asked.read_seq) == ("339901-fire", seq)
    with pytest.raises(NotNow):
        acts.object_to_read(seq, "再问", by=elder, key=key())
    with pytest.raises(NotFound):
        acts.object_to_read(seq, "不是我", by=person("测试创业戊"), key=key())
    view = queries.get_objection(asked.pk, steward("339901-fire"))
    assert view.read is not None
    assert view.read.purpose == "办理：消防检查"


# --- An agency's own doubt ---

ELDER = "339901195004044442"


def system(code: str) -> Actor:
    path = Agency.objects.get(code=code).path
    return Actor(kind=ActorKind.CLIENT, id=uuid.uuid4(), agency=path, scopes=frozenset({"data:check"}), purpose="核验")


def test_an_agency_doubts_what_its_own_check_answered_and_the_provider_answers(sign_in: Any) -> None:
    pk, fire = checked(ELDER, person("测试老人丁").id), system("339901-fire")
    for other, number in ((system("339901-amr"), ELDER), (fire, "339901199505055551")):
        with pytest.raises(NotFound):
            acts.object_as_agency(pk, number, "年龄和身份证不一致", by=other, key=key())
    doubt = acts.object_as_agency(pk, ELDER, "年龄和身份证不一致", by=fire, key=key())
    with pytest.raises(NotNow):
        acts.object_as_agency(pk, ELDER, "再提", by=fire, key=key())
    row = Objection.objects.get(pk=doubt)
    assert (row.kind, row.agency.code, row.due_on) == ("data", "339900", date(2026, 3, 23))
    assert queries.objections(person("测试老人丁")).items == []
    assert queries.get_doubt(doubt, fire).state is ObjectionState.OPEN
    with pytest.raises(NotFound):
        queries.get_doubt(doubt, system("339901-amr"))
    with clock.at(MONDAY + timedelta(days=22)):
        timers.ring_due()
    assert queries.get_doubt(doubt, fire).late

    with pytest.raises(Invalid):
        acts.answer(doubt, ObjectionState.CORRECTED, "已改", by=steward("339900"), key=key())
    with clock.at(MONDAY + timedelta(hours=1)):
        old = Record.objects.get(dataset__code="population", subject_index=blind_index(ELDER, SUBJECT))
        Record.objects.filter(pk=old.pk).update(valid_to=clock.now())
        old.pk, old.valid_from, old.values = None, clock.now(), {**old.values, "age": "75"}
        old.save(force_insert=True)
        acts.answer(doubt, ObjectionState.CORRECTED, "已改", by=steward("339900"), key=key())
    row.refresh_from_db()
    assert (row.changed_record, row.awaits) == (old.pk, None)
    assert queries.get_doubt(doubt, fire).answer == "已改"


def test_whose_data_a_doubt_is_about_is_seen_by_a_logged_reading(sign_in: Any) -> None:
    elder = person("测试老人丁")
    pk = acts.object_as_agency(checked(ELDER, elder.id), ELDER, "不一致", by=system("339901-fire"), key=key())
    address, desk = f"/desk/objections/{pk}/", sign_in("steward")
    reads = AuditEntry.objects.filter(kind="read", name="sharing.read_objection")
    assert ELDER not in desk.get(address).content.decode()
    assert not reads.exists()
    assert ELDER in desk.get(address + "?show=subject").content.decode()
    assert reads.get().person_id == elder.id
    told = sign_in("elder").get("/my/access/?show=people").content.decode()
    assert "查对异议里说的数据" in told


def test_an_agencys_doubt_tells_no_person(deliver: Any) -> None:
    pk = acts.object_as_agency(checked(ELDER), ELDER, "不一致", by=system("339901-fire"), key=key())
    acts.answer(pk, ObjectionState.CONFIRMED, "核实无误", by=steward("339900"), key=key())
    deliver("notices")
    assert not apps.get_model("notices", "Message").objects.exists()


# --- A promise of data that come in later ---

PROMISED = date(2026, 3, 4)
RED = "说好的日子过了，数据没进库"


def promised(pk: uuid.UUID) -> Objection:
    acts.answer(pk, ObjectionState.CORRECTED, "已改，夜里进库。", PROMISED, by=steward("339900"), key=key())
    return Objection.objects.get(pk=pk)


def changed() -> None:
    old = Record.objects.get(dataset__code="population", subject_index=blind_index(ELDER, SUBJECT), valid_to=None)
    Record.objects.filter(pk=old.pk).update(valid_to=clock.now())
    old.pk, old.valid_from = None, clock.now()
    old.save(force_insert=True)


def after(**more: int) -> None:
    """Let the timers ring so long after the promised day began."""
    with clock.at(datetime(2026, 3, 3, 16, tzinfo=UTC) + timedelta(**more)):
        while timers.ring_due():
            pass


def test_a_day_that_passed_without_the_data_is_told_to_both_sides_until_they_come(sign_in: Any, deliver: Any) -> None:
    pk = acts.object_as_agency(checked(ELDER), ELDER, "不一致", by=system("339901-fire"), key=key())
    promised(pk)
    fire, clerk = system("339901-fire"), sign_in("steward")
    after(hours=23)
    assert not Objection.objects.get(pk=pk).not_come, "the day is not over"
    assert queries.objections(steward("339900")).items == []
    after(hours=24, seconds=2)
    assert queries.get_doubt(pk, fire).not_come
    for open_one in (queries.objections(steward("339900")).items, queries.objections(SYSTEM).items):
        assert [(one.id, one.not_come, one.awaits) for one in open_one] == [(pk, True, PROMISED)]
    assert objected.waiting(steward("339900")).count() == 1
    assert [one.id for one in queries.objections(steward("339901-fire"), asked=True).items] == [pk]
    assert objected.not_come(steward("339901-fire")).count() == 1
    assert queries.objections(steward("339901-amr"), asked=True).items == []
    assert objected.not_come(steward("339901-amr")).count() == 0
    assert RED in clerk.get("/desk/objections/").content.decode()
    assert RED in clerk.get(f"/desk/objections/{pk}/").content.decode()
    assert RED not in clerk.get("/desk/objections/?show=answered").content.decode()
    after(days=3, seconds=2)
    assert Event.objects.filter(name="sharing.correction_not_come").count() == 1, "told once"
    with clock.at(datetime(2026, 3, 7, tzinfo=UTC)):
        changed()
    after(days=6)
    row = Objection.objects.get(pk=pk)
    assert (row.not_come, row.changed_record is None) == (False, False)
    assert queries.objections(steward("339900")).items == []
    assert not Timer.objects.filter(kind=objecting.AWAITED, fired_at=None).exists()


def test_whoever_objected_is_told_that_the_promised_data_did_not_come(sign_in: Any, deliver: Any) -> None:
    promised(acts.object_to_data("population", "年龄不对", by=person("测试老人丁"), key=key()))
    after(days=2)
    deliver("notices")
    mine = sign_in("elder")
    told = mine.get("/my/messages/").content.decode()
    assert "改过的数据还没有进库" in told
    assert RED in mine.get("/my/objections/").content.decode()


def test_data_that_came_in_time_are_told_nobody(deliver: Any) -> None:
    pk = acts.object_to_data("population", "年龄不对", by=person("测试老人丁"), key=key())
    promised(pk)
    with clock.at(datetime(2026, 3, 4, 2, tzinfo=UTC)):
        changed()
    after(days=2)
    row = Objection.objects.get(pk=pk)
    assert (row.not_come, row.changed_record is None) == (False, False)
    assert not Event.objects.filter(name="sharing.correction_not_come").exists()
