"""Comparing a family for a running case: by whom, with whose consent, by what grants, and what is said of what was down."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import system_record
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.models import AuditEntry, Timer
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, TooMany
from yiwang.kernel.recording import in_hand
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Role, RoleGrant
from yiwang.platform.cases.models import Case
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import live, purposes, tasks
from yiwang.platform.sharing.means import acts, asking, queries
from yiwang.platform.sharing.means.types import (
    Consent,
    ConsentWay,
    ContradictionRule,
    DecisionRule,
    Declaring,
    FactRule,
    Member,
    Preliminary,
    Reply,
    Scheme,
    SchemeWant,
    Take,
    Weight,
)
from yiwang.platform.sharing.models import Check, Comparison, ConsentRequest, Dataset, Record, SchemeEdition
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.tests.sources import feed_of, serving
from yiwang.platform.sharing.types import Basis, Outcome
from yiwang.ui import keeping, store

from .conftest import AGENT, Caller, a_picture, caller
from .test_applying import handed_in
from .test_checks import FOOD, HEAD, bring, grant

LAW = Basis("测试用依据")
CARS = dataset(code="test_cars", key=("plate",), items=(item("plate", required=True), item("secret")))
MONEY = dataset(code="test_money", items=(item("balance", kind=FieldKind.MONEY, required=True),))
SCHEME = Scheme(
    code="test_means",
    name="测试核对",
    name_en="Test check",
    summary="测试",
    summary_en="Test",
    items=(FOOD,),
    basis=(LAW,),
    wants=(SchemeWant(dataset="test_cars", fields=("plate",)), SchemeWant(dataset="test_money", fields=("balance",))),
    facts=(
        FactRule(code="cars", label="车", label_en="Cars", dataset="test_cars", take=Take.COUNT),
        FactRule(
            code="money", label="存款", label_en="Money", kind=FieldKind.MONEY, dataset="test_money", take=Take.SUM,
            column="balance",
        ),
    ),
    declared=(Declaring(fact="cars", element="shop_area"),),
    consent="test_agreed",
    rules=(
        ContradictionRule(
            code="rich", level=Weight.DOUBT, name="有钱", name_en="Rich", why="存款多", why_en="Much money",
            when={"money": "> 100"}, basis=LAW,
        ),
        ContradictionRule(
            code="cars", level=Weight.SERIOUS, name="车比申报少", name_en="Fewer cars", why="少", why_en="Fewer",
            when={"under.cars": "== true"}, basis=LAW,
        ),
    ),
    decision=(
        DecisionRule(verdict=Preliminary.LOOK, reason="没有比对", reason_en="Lacking", when={"lacking": "> 0"}),
        DecisionRule(verdict=Preliminary.UNFIT, reason="钱多", reason_en="Rich", when={"money": "> 100"}),
        DecisionRule(verdict=Preliminary.FITS, reason="符合", reason_en="Fits"),
    ),
)  # fmt: skip


@pytest.fixture
def case(firm: Caller) -> Iterator[Case]:
    Dataset.objects.update(available=True)
    yield Case.objects.get(application_id=handed_in(firm), item_code=FOOD)
    Dataset.objects.update(available=True)


@pytest.fixture
def granted(case: Case, _paper: str) -> None:
    """Two datasets that the market office may ask for this case's item, and the scheme over them."""
    for definition, rows in (
        (CARS, ({"plate": "A", "secret": "密"}, {"plate": "B"})),
        (MONEY, ({"balance": "150.50"},)),
    ):
        row = published(definition)
        for values in rows:
            bring(row, {"subject": HEAD} | values)
        grant(row, tuple(one.name for one in definition.items if one.name != "secret"))
    with system_record("test.scheme"):
        acts.write_scheme(SCHEME, by=SYSTEM)


@pytest.fixture
def _paper() -> str:
    """A consent on paper, scanned."""
    return store.save(BytesIO(b"%PDF-1.7 consent"))


HEADS = "rep"
"""By which name the legal representative signs in."""
PAPER = hashlib.sha256(b"%PDF-1.7 consent").hexdigest()


def agreed(number: str = HEAD, way: ConsentWay = ConsentWay.PAPER, digest: str = PAPER, **more: Any) -> Member:
    consent = Consent(way=way, on=date(2026, 1, 5), digest=digest if way is ConsentWay.PAPER else "", **more)
    return Member(number=number, name="测试法人甲", consent=consent)


@pytest.fixture
def persons(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the application be a person's own (the legal representative's, unless ``own`` is somebody else's number), and say
    what is put here.
    """
    said: dict[str, Any] = {"own": HEAD}
    truly = purposes.find

    def find(ref: str) -> purposes.Purpose | None:
        found = truly(ref)
        return found and replace(
            found, named=found.named | {HEAD}, own=lambda: (said["own"],), declared={**found.declared, **said}
        )

    monkeypatch.setattr(purposes, "find", find)
    return said


def reviewer(code: str = "339901-amr") -> Actor:
    path = directory.get_agency(code).path
    grants = (RoleGrant(Role.REVIEWER, path),)
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label="审查员 1", grants=grants, agency=path)


def compare(case: Case, *members: Member, by: Actor | None = None, key: str = "") -> uuid.UUID:
    key = key or uuid.uuid4().hex
    return acts.compare(case.pk, "test_means", members or (agreed(),), by=by or reviewer(), key=key)


def test_a_family_is_compared_and_every_answer_is_written_down(case: Case, granted: None) -> None:
    pk = compare(case)

    report = queries.get_comparison(pk, reviewer())[0].report
    assert [(line.fact, line.found, line.declared, line.differs) for line in report.lines] == [
        ("cars", "2", "120", True),
        ("money", "150.50", None, None),
    ]
    assert [(one.code, len(one.evidence)) for one in report.contradictions] == [("cars", 1), ("rich", 1)]
    assert (report.verdict, report.reason, report.asked_by) == (Preliminary.UNFIT, "钱多", "审查员 1")
    checks = Check.objects.filter(case_id=case.pk, dataset__startswith="test_")
    assert sorted(checks.values_list("dataset", "outcome", "actor")) == [
        ("test_cars", "found", "审查员 1"),
        ("test_money", "found", "审查员 1"),
    ]
    assert {one.check for found in report.contradictions for one in found.evidence} == {row.pk for row in checks}
    row = Comparison.objects.get(pk=pk)
    assert (row.verdict, row.contradictions, row.lacking, row.again_at) == ("unfit", 2, 0, None)
    entry = AuditEntry.objects.filter(name="sharing.compare").latest("seq")
    assert (entry.case_id, entry.detail["digest"]) == (case.pk, row.digest)
    assert HEAD not in str(entry.detail)


def test_no_more_columns_come_than_the_scheme_wants(case: Case, granted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    replies: list[Reply] = []
    truly = asking.ask

    def watched(asked: asking.Asked) -> list[Reply]:
        replies.extend(truly(asked))
        return replies

    monkeypatch.setattr(asking, "ask", watched)
    compare(case)
    assert {name for reply in replies for row in reply.rows for name in row.values} == {"plate", "balance"}


@pytest.mark.parametrize(
    "consent",
    [
        Consent(way=ConsentWay.PAPER, on=date(2999, 1, 1), digest=PAPER),
        Consent(way=ConsentWay.SIGNED, on=date(2026, 1, 5)),
        Consent(way=ConsentWay.PAPER, on=date(2026, 1, 5)),
        Consent(way=ConsentWay.PAPER, on=date(2026, 1, 5), digest="x"),
        Consent(way=ConsentWay.PAPER, on=date(2026, 1, 5), digest="0" * 64),
        Consent(way=ConsentWay.GUARDIAN, on=date(2026, 1, 5), by=HEAD),
    ],
)
def test_without_a_consent_that_holds_nothing_is_asked(case: Case, granted: None, consent: Consent) -> None:
    with pytest.raises(Invalid) as caught:
        compare(case, replace(agreed(), consent=consent))
    assert [one.field for one in caught.value.errors] == ["members.0"]
    assert not Check.objects.filter(dataset="test_cars").exists()


def test_an_applicant_agrees_in_the_application_others_on_a_paper_that_is_kept(
    case: Case, granted: None, persons: dict[str, Any]
) -> None:
    signed = agreed(way=ConsentWay.SIGNED)
    for said in (None, False, "true"):
        persons["test_agreed"] = said
        with pytest.raises(Invalid, match="没有同意核对"):
            compare(case, signed)
    persons["test_agreed"] = True
    assert Comparison.objects.get(pk=compare(case, signed)).papers.count() == 0
    with system_record("test.scheme"):
        acts.write_scheme(replace(SCHEME, consent=""), by=SYSTEM)
    with pytest.raises(Invalid, match="没有同意核对"):
        compare(case, signed)


def test_nobody_agrees_for_another_grown_member(case: Case, granted: None, persons: dict[str, Any]) -> None:
    persons |= {"own": AGENT, "test_agreed": True}
    with pytest.raises(Invalid, match="只有申请人本人"):
        compare(case, agreed(way=ConsentWay.SIGNED))


def test_a_paper_is_kept_as_long_as_the_comparison(case: Case, granted: None) -> None:
    pk = compare(case)
    assert keeping.held([PAPER, "0" * 64]) == {PAPER}
    with pytest.raises(DatabaseError), transaction.atomic():
        Comparison.objects.get(pk=pk).papers.all().delete()


def test_only_who_is_named_for_this_item_by_its_own_agency(case: Case, granted: None) -> None:
    with pytest.raises(NotAllowed):
        compare(case, agreed("33990219750303333X"))
    with pytest.raises(NotFound):
        compare(case, by=reviewer("339901-fire"))
    with pytest.raises(Invalid):
        compare(case, agreed(), agreed())
    with pytest.raises(Invalid):
        acts.compare(case.pk, "elderly", (agreed(),), by=reviewer(), key=uuid.uuid4().hex)
    assert not Comparison.objects.exists()


def test_what_nobody_granted_is_not_compared_and_nothing_is_guessed(case: Case, granted: None) -> None:
    Dataset.objects.get(code="test_money").grants.update(state="revoked")
    report = queries.get_comparison(compare(case), reviewer())[0].report
    assert [one.outcome for one in report.sources] == [Outcome.FOUND, Outcome.REFUSED]
    assert (report.lines[1].found, report.not_looked_at[0].name, report.verdict) == (None, "有钱", Preliminary.LOOK)
    assert Check.objects.get(dataset="test_money").outcome == "refused"
    assert Comparison.objects.get().again_at is None


def test_every_member_counts_against_a_grants_rate(case: Case, granted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    truly = asking.ask
    # As if two members had been asked about, by the same grant.
    monkeypatch.setattr(asking, "ask", lambda asked: [one for reply in truly(asked) for one in (reply, reply)])
    Dataset.objects.get(code="test_cars").grants.update(per_minute=1)
    with pytest.raises(TooMany):
        compare(case)
    assert not Check.objects.filter(dataset="test_cars").exists()


def ring() -> None:
    """Let the timers ring, and the worker do what they ask for."""
    timers.ring_due()
    for job in ProcrastinateJob.objects.filter(task_name="sharing.compare_again", status="todo"):
        tasks.compare_again(**job.args)


def test_what_was_down_is_compared_again_later_with_longer_and_longer_waits(case: Case, granted: None) -> None:
    now = clock.now()
    Dataset.objects.filter(code="test_money").update(available=False)
    with clock.at(now):
        first = Comparison.objects.get(pk=compare(case))
    assert (first.lacking, first.again_at, first.verdict) == (1, now + timedelta(minutes=5), "look")
    with clock.at(now + timedelta(minutes=6)):
        ring()
    second = Comparison.objects.get(earlier=first)
    assert (second.attempt, second.again_at, second.by) == (2, second.at + timedelta(minutes=10), "审查员 1")
    Dataset.objects.filter(code="test_money").update(available=True)
    with clock.at(now + timedelta(minutes=20)):
        ring()
    third = Comparison.objects.get(earlier=second)
    assert (third.attempt, third.again_at, third.lacking, third.verdict) == (3, None, 0, "unfit")
    assert queries.get_comparison(second.pk, reviewer())[1] == third.pk
    assert not Timer.objects.filter(kind=acts.AGAIN, fired_at=None).exists()


def test_who_is_slow_or_broken_does_not_hold_up_the_others(
    case: Case, granted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "TOTAL", 0.3)
    Record.objects.filter(dataset__code="test_cars").delete()
    plates = {
        "answers": {"test_cars": [{"number": HEAD, "at": "2026-01-01T00:00:00+08:00", "values": {"plate": "浙C1"}}]}
    }
    held = threading.Event()
    live.forget()
    with serving(lambda _asked: plates) as well, serving(lambda _asked: held.wait(5)) as hanging:
        for code, system in (("test_cars", well), ("test_money", hanging)):
            feed_of(Dataset.objects.get(code=code), "http_ask", address=system.url)
        real, inside = live.ask, []
        monkeypatch.setattr(live, "ask", lambda *args: inside.append(in_hand.get() is not None) or real(*args))
        key, by, began = uuid.uuid4().hex, reviewer(), time.monotonic()
        pk = compare(case, by=by, key=key)
        assert time.monotonic() - began < 3
        assert inside == [False, True], "asked before the transaction"
        assert compare(case, by=by, key=key) == pk
        assert [len(one.asked) for one in (well, hanging)] == [1, 1], "and not again inside it, nor for the same key"
        held.set()
    live.forget()
    report = queries.get_comparison(pk, reviewer())[0].report
    outcomes = {source.dataset: source.outcome for source in report.sources}
    assert outcomes == {"test_cars": Outcome.FOUND, "test_money": Outcome.DOWN}
    assert Comparison.objects.get(pk=pk).again_at, "who was late is asked again"


def test_an_officer_has_an_answer_within_a_minute() -> None:
    assert asking.TOTAL < 60


def test_a_scheme_is_frozen_and_a_change_is_a_new_edition(case: Case, granted: None) -> None:
    with system_record("test.scheme"):
        assert acts.write_scheme(SCHEME, by=SYSTEM).number == 1
        assert acts.write_scheme(replace(SCHEME, name="改过"), by=SYSTEM).number == 2
    for change in (lambda: SchemeEdition.objects.update(number=9), lambda: Comparison.objects.all().delete()):
        if change is not None and Comparison.objects.exists() is False:
            compare(case)
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_at_the_desk_a_reviewer_compares_and_reads(case: Case, granted: None, sign_in: Any) -> None:
    browser = sign_in("amr-reviewer")
    page = browser.get(f"/desk/comparisons/of/{case.pk}/")
    assert page.status_code == 200, page.content
    assert "339901********1119" in page.content.decode()
    assert "/desk/comparisons/of/" in browser.get(f"/desk/cases/{case.pk}/").content.decode()
    wrong = browser.post(f"/desk/comparisons/of/{case.pk}/", {"f-way-0": "paper"})
    assert wrong.status_code == 422
    people = page.content.decode().count('name="f-way-')
    given = {"f-on-y": "2026", "f-on-m": "1", "f-on-d": "5"}
    names = {f"f-way-{place}": "no" for place in range(people)} | {"f-way-0": "paper"}
    unpapered = browser.post(f"/desk/comparisons/of/{case.pk}/", names | given)
    assert unpapered.status_code == 422
    assert "扫描件" in unpapered.content.decode()
    assert 'value="signed"' not in page.content.decode(), "the firm applies, not its representative"
    scan = SimpleUploadedFile("consent.png", a_picture(), "image/png")
    answer = browser.post(f"/desk/comparisons/of/{case.pk}/", names | given | {"f-paper": scan})
    assert answer.status_code == 302, answer.content.decode()
    shown = browser.get(answer.headers["Location"]).content.decode()
    for words in ("这不是决定", "车比申报少", "有钱", "150.50", "测试用依据", "在窗口签了纸质授权书"):
        assert words in shown
    assert HEAD not in shown
    assert AuditEntry.objects.filter(name="sharing.read_comparison", case_id=case.pk).count() == 1


def test_an_agencys_system_compares_and_another_does_not(office: Caller, case: Case, granted: None) -> None:
    member = {"number": HEAD, "consent": {"way": "paper", "on": "2026-01-05", "digest": PAPER}}
    body = {"case": str(case.pk), "scheme": "test_means", "members": [member]}
    answer = office.write("POST", "/comparisons", body, "compare-1")
    assert answer.status_code == 200, answer.content
    made = answer.json()
    assert (made["verdict"], [one["code"] for one in made["contradictions"]]) == ("unfit", ["cars", "rich"])
    assert office.write("POST", "/comparisons", body, "compare-1").json()["id"] == made["id"]
    assert office.get(f"/comparisons/{made['id']}").json() == made
    narrow = caller("narrow-system", agency=directory.get_agency("339901-amr").id, items=["330103015000"])
    assert narrow.get(f"/comparisons/{made['id']}").status_code == 404, "it was let in for another item"
    for wrong in ({"way": "guardian", "by": HEAD}, {"way": "paper", "digest": "0" * 64}, {"way": "signed"}):
        member = {"number": HEAD, "consent": wrong | {"on": "2026-01-05"}}
        refused = office.write("POST", "/comparisons", body | {"members": [member]})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "members.0")


def asked(case: Case) -> ConsentRequest:
    """Let the reviewer ask, and return what the legal representative, who has no say in the firm's application, is asked."""
    assert acts.ask_consents(case.pk, "test_means", by=reviewer(), key=uuid.uuid4().hex) >= 1
    return next(one for one in ConsentRequest.objects.filter(case_id=case.pk) if one.number == HEAD)


def test_a_grown_member_agrees_on_their_own_page_and_is_compared_for_it(
    case: Case, granted: None, sign_in: Any, deliver: Any
) -> None:
    online = agreed(way=ConsentWay.ONLINE)
    with pytest.raises(Invalid, match="没有在网上同意"):
        compare(case, online)
    desk, mine = sign_in("amr-reviewer"), sign_in(HEADS)
    assert "现在没有要您同意的核对" in mine.get("/my/consents/").content.decode()
    page = f"/desk/comparisons/of/{case.pk}/"
    assert f"{page}ask/" in desk.get(page).content.decode()
    answer = desk.post(f"{page}ask/", {"key": uuid.uuid4().hex})
    assert answer.status_code == 302
    shown = desk.get(answer.headers["Location"]).content.decode()
    assert "还没有答复" in shown
    assert f"{page}ask/" not in shown, "nobody is asked twice"
    assert 'value="online"' not in shown
    with pytest.raises(Invalid, match="没有在网上同意"):
        compare(case, online)

    deliver("notices", "sharing.consent_asked")
    assert "请您答复是否同意核对" in mine.get("/my/messages/").content.decode()
    [row] = [one for one in ConsentRequest.objects.all() if one.number == HEAD]
    assert f"/my/consents/{row.pk}/" in mine.get("/my/consents/").content.decode()
    wanted = mine.get(f"/my/consents/{row.pk}/").content.decode()
    for words in ("测试核对", "测试数据", "plate", "balance", "您同意吗"):
        assert words in wanted
    mine.cookies["django_language"] = "en"
    english = mine.get(f"/my/consents/{row.pk}/").content.decode()
    for words in ("Test check", "Test data", "Do you agree?"):
        assert words in english
    del mine.cookies["django_language"]
    assert mine.post(f"/my/consents/{row.pk}/", {}).status_code == 422
    assert mine.post(f"/my/consents/{row.pk}/", {"f-answer": "agreed"}).status_code == 302
    listed = mine.get("/my/consents/?said=1").content.decode()
    assert "您的答复已经记下" in listed
    assert "还没有答复" not in listed

    assert 'value="online"' in desk.get(page).content.decode()
    pk = compare(case, online)
    [member] = queries.get_comparison(pk, reviewer())[0].report.members
    assert member.consent.on == clock.today(), "the day on which it was said, whatever the reviewer writes"
    assert "本人在网上同意" in desk.get(f"/desk/comparisons/{pk}/").content.decode()
    assert AuditEntry.objects.get(name="sharing.answer_consent").detail["agrees"] is True


def test_who_does_not_agree_or_takes_it_back_is_not_compared(case: Case, granted: None, sign_in: Any) -> None:
    row, mine = asked(case), sign_in(HEADS)
    online = agreed(way=ConsentWay.ONLINE)
    mine.post(f"/my/consents/{row.pk}/", {"f-answer": "refused"})
    with pytest.raises(Invalid, match="没有在网上同意"):
        compare(case, online)
    mine.post(f"/my/consents/{row.pk}/", {"f-answer": "agreed"})
    Dataset.objects.filter(code="test_money").update(available=False)
    now = clock.now()
    with clock.at(now):
        first = Comparison.objects.get(pk=compare(case, online))
    assert first.again_at is not None
    mine.post(f"/my/consents/{row.pk}/", {"f-answer": "refused"})
    checks = Check.objects.count()
    with clock.at(now + timedelta(minutes=6)):
        ring()
    assert not Comparison.objects.filter(earlier=first).exists()
    assert Check.objects.count() == checks, "nobody was asked about who took it back"


def test_nobody_answers_for_another_or_after_the_end(case: Case, granted: None, sign_in: Any) -> None:
    row, other = asked(case), sign_in("elder")
    assert other.get(f"/my/consents/{row.pk}/").status_code == 404
    assert other.post(f"/my/consents/{row.pk}/", {"f-answer": "agreed"}).status_code == 404
    assert sign_in("fire-reviewer").post(f"/desk/comparisons/of/{case.pk}/ask/", {"key": "k" * 32}).status_code == 404
    case.refresh_from_db()
    Case.objects.filter(pk=case.pk).update(state="closed", closed_at=clock.now())
    mine = sign_in(HEADS)
    assert "已经办结" in mine.get(f"/my/consents/{row.pk}/").content.decode()
    assert mine.post(f"/my/consents/{row.pk}/", {"f-answer": "agreed"}).status_code == 422
    row.refresh_from_db()
    assert row.state == "asked"


def test_a_new_edition_of_the_scheme_needs_to_be_agreed_to_anew(case: Case, granted: None, sign_in: Any) -> None:
    row = asked(case)
    sign_in(HEADS).post(f"/my/consents/{row.pk}/", {"f-answer": "agreed"})
    compare(case, agreed(way=ConsentWay.ONLINE))
    with system_record("test.scheme"):
        acts.write_scheme(replace(SCHEME, summary="要看的多了"), by=SYSTEM)
    with pytest.raises(Invalid, match="没有在网上同意"):
        compare(case, agreed(way=ConsentWay.ONLINE))
    acts.ask_consents(case.pk, "test_means", by=reviewer(), key=uuid.uuid4().hex)
    states = [one.state for one in ConsentRequest.objects.filter(case_id=case.pk).order_by("id") if one.number == HEAD]
    assert states == ["agreed", "asked"]


def test_an_agencys_system_asks_and_reads_what_was_said(
    office: Caller, case: Case, granted: None, sign_in: Any
) -> None:
    wanted = {"case": str(case.pk), "scheme": "test_means"}
    [told] = [one for one in office.write("POST", "/comparisons/consents", wanted).json() if one["number"] == HEAD]
    assert (told["state"], told["answered_at"]) == ("asked", None)
    [row] = [one for one in ConsentRequest.objects.all() if one.number == HEAD]
    sign_in(HEADS).post(f"/my/consents/{row.pk}/", {"f-answer": "agreed"})
    [told] = [one for one in office.write("POST", "/comparisons/consents", wanted).json() if one["number"] == HEAD]
    assert told["state"] == "agreed"
    member = {"number": HEAD, "consent": {"way": "online", "on": "2026-01-05"}}
    report = office.write("POST", "/comparisons", wanted | {"members": [member]}).json()
    assert report["verdict"] == "unfit"
    wrong = office.write("POST", "/comparisons/consents", wanted | {"scheme": "elderly"})
    assert wrong.status_code == 422
