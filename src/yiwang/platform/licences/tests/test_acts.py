import os
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import CATALOGUE, system_record
from yiwang.kernel.codes import parse_licence_id
from yiwang.kernel.models import AuditEntry, Event, Timer
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow, Unavailable
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Party, PartyKind, Role
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences import acts, queries
from yiwang.platform.licences.models import Licence, LicenceUse
from yiwang.platform.licences.tests.conftest import AMR, official
from yiwang.platform.licences.types import LicenceStatus, Operation

Issue = Callable[..., Licence]
NOON = datetime(2026, 11, 17, 4, 0, tzinfo=UTC)
REASONED = ["set_aside", "hold", "withdraw", "revoke", "cancel", "transfer_out"]


def events(name: str) -> int:
    return Event.objects.filter(name=name).count()


def test_issue_numbers_terms_and_job(issue: Issue) -> None:
    with clock.at(NOON):
        first, second = issue(), issue()
    assert (first.number, second.number) == ("JY3303020000001", "JY3303020000002")
    assert first.valid_to == date(2031, 11, 16)
    parsed = parse_licence_id(first.identifier)
    assert (parsed.serial, parsed.version) == ("20261117000000001", 1)
    assert Timer.objects.filter(kind="licences.expiry", subject_id=first.id).exists()
    jobs = ProcrastinateJob.objects.filter(task_name="licences.make_document")
    assert sorted(job.args["licence"] for job in jobs) == sorted([str(first.id), str(second.id)])


def test_numbers_pass_over_those_brought_in(issue: Issue) -> None:
    issue(number="JY3303020000001")
    assert issue().number == "JY3303020000002"


def test_a_number_stands_once_at_an_issuer(issue: Issue) -> None:
    issue(number="JY1")
    with pytest.raises(IntegrityError), transaction.atomic():
        issue(number="JY1")


@pytest.mark.parametrize("name", [*REASONED, "release", "renew", "change", "refuse_renewal", "note_renewal"])
def test_who_may_operate(issue: Issue, name: str) -> None:
    licence = issue()
    given: dict[str, Any] = {"reason": "演示原因"} if name in {*REASONED, "refuse_renewal"} else {}
    given |= {"values": {"place": "演示路 20 号"}} if name == "change" else {}
    act = CATALOGUE[f"licences.{name}"]
    if name == "release":
        acts.hold(licence.id, reason="演示原因", by=official(Role.ISSUER), key="before")
    if name == "refuse_renewal":
        acts.note_renewal(licence.id, by=official(Role.INTAKE), key="before")
    for number, role in enumerate(Role):
        allowed = {Role.ISSUER, Role.DECIDER} | ({Role.INTAKE} if name == "note_renewal" else set())
        if role not in allowed:
            with pytest.raises((NotAllowed, NotFound)):  # who handles no matters does not even see it
                act(licence.id, **given, by=official(role), key=f"no{number}")
    with pytest.raises(NotFound):
        act(licence.id, **given, by=official(Role.ISSUER, agency="/330300/other/"), key="other")
    with pytest.raises(NotAllowed):
        act(licence.id, **given, by=Actor(kind=ActorKind.ANONYMOUS), key="nobody")
    holder = Actor(kind=ActorKind.PERSON, id=licence.holder_id, principal=licence.principal)
    with pytest.raises(NotAllowed):
        act(licence.id, **given, by=holder, key="holder")
    act(licence.id, **given, by=official(Role.ISSUER), key="yes")


@pytest.mark.parametrize("name", REASONED)
def test_a_reason_is_required_and_kept(issue: Issue, name: str) -> None:
    licence = issue()
    act = CATALOGUE[f"licences.{name}"]
    with pytest.raises(Invalid) as refused:
        act(licence.id, reason="  ", by=official(Role.DECIDER), key="1")
    assert refused.value.errors[0].field == "reason"
    act(licence.id, reason="演示原因", by=official(Role.DECIDER), key="2")
    licence.refresh_from_db()
    assert (licence.status == LicenceStatus.VALID, licence.status_reason) == (False, "演示原因")


def test_hold_release_revoke_cancel(issue: Issue) -> None:
    licence, by = issue(), official(Role.ISSUER)
    with pytest.raises(NotNow):
        acts.release(licence.id, by=by, key="1")
    assert acts.hold(licence.id, reason="演示", by=by, key="2") is LicenceStatus.HELD
    assert acts.hold(licence.id, reason="演示", by=by, key="2") is LicenceStatus.HELD
    assert acts.release(licence.id, by=by, key="3") is LicenceStatus.VALID
    assert acts.revoke(licence.id, reason="演示", by=by, key="4") is LicenceStatus.REVOKED
    with pytest.raises(NotNow):
        acts.renew(licence.id, by=by, key="5")
    assert acts.cancel(licence.id, reason="演示", by=by, key="6") is LicenceStatus.CANCELLED
    names = ["licence.held", "licence.released", "licence.revoked", "licence.cancelled"]
    assert [events(name) for name in names] == [1, 1, 1, 1]
    assert not Timer.objects.filter(subject_id=licence.id).exists()
    log = LicenceUse.objects.filter(licence=licence).order_by("at", "id").values_list("operation", flat=True)
    assert list(log) == ["issue", "hold", "release", "revoke", "cancel"]
    assert AuditEntry.objects.filter(name="licences.revoke", subject_id=str(licence.id)).count() == 1


def test_versions_are_a_chain(issue: Issue) -> None:
    by = official(Role.ISSUER)
    with clock.at(NOON):
        first = issue()
    with clock.at(datetime(2027, 3, 1, 4, tzinfo=UTC)):
        second = acts.change(first.id, values={"place": "演示路 20 号"}, by=by, key="1")
    with clock.at(datetime(2031, 9, 1, 4, tzinfo=UTC)):
        third = acts.renew(second, by=by, key="2")
        chain = queries.versions(first.id, by)
    assert [(one.operation.value, one.changed) for one in chain] == [
        ("renew", ()),
        ("change", ("经营场所",)),
        ("issue", ()),
    ]
    chain = [one.licence for one in chain]
    assert [one.id for one in chain] == [third, second, first.id]
    assert [one.version for one in chain] == [3, 2, 1]
    assert [one.status for one in chain] == [
        LicenceStatus.VALID,
        LicenceStatus.EXPIRED,
        LicenceStatus.EXPIRED,
    ]
    assert chain[0].fields == {"name": "演示餐饮有限公司", "place": "演示路 20 号"}
    assert [one.valid_to for one in chain] == [date(2036, 8, 31), date(2031, 11, 16), date(2031, 11, 16)]
    assert len({one.number for one in chain}) == 1
    identifiers = [parse_licence_id(one.identifier) for one in chain]
    assert [one.version for one in identifiers] == [3, 2, 1]
    assert identifiers[2].next_version() == identifiers[1]
    assert Licence.objects.get(pk=third).previous_id == second
    with pytest.raises(NotNow):
        acts.change(first.id, values={}, by=by, key="3")
    holder = Actor(kind=ActorKind.PERSON, id=first.holder_id, principal=first.principal)
    assert [one.id for one in queries.wallet(holder)] == [third]


def test_expiry_is_exact_after_downtime(issue: Issue) -> None:
    with clock.at(NOON):
        licence = issue(valid_to=date(2026, 12, 31))
    end = datetime(2026, 12, 31, 16, tzinfo=UTC)
    with clock.at(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)):
        assert timers.ring_due() == 0
        assert queries.find_by_check_code(licence.check_code).status is LicenceStatus.VALID  # type: ignore[union-attr]
    with clock.at(datetime(2027, 2, 1, tzinfo=UTC)):
        view = queries.find_by_check_code(licence.check_code)
        assert view is not None
        assert view.status is LicenceStatus.EXPIRED, "the law does not wait for the worker"
        assert queries.held_by(licence.principal) == []
        assert timers.ring_due() == 1
    licence.refresh_from_db()
    assert (licence.status, licence.changed_at) == ("expired", end)
    assert events("licence.expired") == 1


@pytest.mark.parametrize(("applied", "renewed"), [("2026-12-01", True), ("2026-12-02", False)])
def test_nobody_decided_in_time(issue: Issue, applied: str, renewed: bool) -> None:
    with clock.at(NOON):
        licence = issue(valid_to=date(2026, 12, 31))
    with clock.at(datetime.fromisoformat(f"{applied}T12:00:00+08:00")):
        assert acts.note_renewal(licence.id, by=official(Role.INTAKE), key="1") is renewed
    with clock.at(datetime(2027, 3, 1, tzinfo=UTC)):
        assert timers.ring_due() == 1
    licence.refresh_from_db()
    assert licence.status == "expired"
    following = Licence.objects.filter(previous=licence).first()
    assert (following is not None) is renewed
    if following:
        assert (following.valid_from, following.valid_to) == (date(2027, 1, 1), date(2031, 12, 31))
        assert following.renewal_applied_on is None
    assert (events("licence.renewed"), events("licence.expired")) == ((1, 0) if renewed else (0, 1))


def test_a_refused_renewal_is_not_deemed_granted(issue: Issue) -> None:
    with clock.at(NOON):
        licence = issue(valid_to=date(2026, 12, 31))
        acts.note_renewal(licence.id, by=official(Role.INTAKE), key="1")
        acts.refuse_renewal(licence.id, reason="演示", by=official(Role.DECIDER), key="2")
    with clock.at(datetime(2027, 1, 2, tzinfo=UTC)):
        timers.ring_due()
    licence.refresh_from_db()
    assert licence.status == "expired"
    assert not Licence.objects.filter(previous=licence).exists()


def test_lapse_is_for_the_law_only(issue: Issue) -> None:
    licence = issue(valid_to=date(2020, 1, 1), issued_on=date(2019, 1, 1))
    with pytest.raises(NotAllowed):
        acts.lapse(licence.id, by=official(Role.ISSUER, Role.SYSTEM_ADMIN), key="1")
    with pytest.raises(NotNow):
        acts.lapse(issue().id, by=SYSTEM, key="2")


def test_use_is_logged_for_the_holder(issue: Issue) -> None:
    licence = issue()
    with system_record("test.use"):
        acts.record_uses([licence.identifier, "1.2.nobody"], purpose="办理演示事项")
    holder = Actor(kind=ActorKind.PERSON, id=licence.holder_id, principal=licence.principal)
    log = queries.uses(licence.id, holder)
    assert [(use.purpose, use.operation) for use in log] == [
        ("办理演示事项", None),
        ("issue", Operation.ISSUE),
    ]
    stranger = Actor(kind=ActorKind.PERSON, principal=Party(PartyKind.ORGANISATION, uuid.uuid4()))
    with pytest.raises(NotFound):
        queries.uses(licence.id, stranger)


def test_the_document_is_made_once(issue: Issue) -> None:
    licence = issue()
    digest = acts.make_once(licence.id)
    assert acts.make_once(licence.id) == digest
    view = queries.find_by_digest(digest)
    assert view is not None
    assert acts.document_of(view) == digest
    stored = os.walk(storages["default"].location)
    assert sum(len(files) for _root, _folders, files in stored) == 2, "PDF and OFD"
    assert events("licence.signed") == 1


def test_a_seal_service_that_is_away_loses_nothing(issue: Issue, settings: Any) -> None:
    licence = issue()
    settings.YIWANG_PLUGINS = {"licences.signature": "outage"}
    with pytest.raises(Unavailable):
        acts.make_once(licence.id)
    licence.refresh_from_db()
    assert licence.digest == ""
    settings.YIWANG_PLUGINS = {}
    assert acts.make_once(licence.id)


def test_set_aside_is_told_in_words_and_taken_back(issue: Issue) -> None:
    licence, by = issue(), official(Role.ISSUER)
    assert acts.set_aside(licence.id, reason="地址更名，待换发", by=by, key="1") is LicenceStatus.OTHER
    licence.refresh_from_db()
    assert licence.status_reason == "地址更名，待换发"
    assert Timer.objects.filter(subject_id=licence.id).exists()
    assert acts.release(licence.id, by=by, key="2") is LicenceStatus.VALID


def test_a_licence_is_taken_over_from_elsewhere(issue: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    before = issue().identifier
    monkeypatch.setattr("yiwang.platform.directory.queries.agencies_by_path", lambda paths: [AMR])
    by, values = official(Role.ISSUER), {"name": "演示餐饮有限公司", "place": "演示路 18 号 1 层"}
    holder = acts.Holder("演示餐饮有限公司", Secret("91330302MADEM0011Y"))
    for wrong in ("", before[:-1] + ("0" if before[-1] != "0" else "1")):
        with pytest.raises(Invalid) as refused:
            acts.transfer_in("demo_food", holder, values, wrong, by=by, key=f"no{wrong}")
        assert refused.value.errors[0].field == "associated"
    pk = acts.transfer_in("demo_food", holder, values, before, by=by, key="yes")
    row = Licence.objects.get(pk=pk)
    assert (row.associated, row.status) == (before, LicenceStatus.VALID)
    assert list(row.uses.values_list("operation", flat=True)) == [Operation.TRANSFER_IN]
    assert queries.metadata(pk, SYSTEM)["operation"] == "08"


def test_a_new_version_names_the_one_before(issue: Issue) -> None:
    licence = issue()
    pk = acts.renew(licence.id, by=official(Role.ISSUER), key="1")
    assert Licence.objects.get(pk=pk).associated == licence.identifier
    found = queries.metadata(pk, SYSTEM)
    assert (found["associated"], found["certificate_version"], found["operation"]) == (licence.identifier, "002", "02")
    assert queries.metadata(licence.id, SYSTEM)["status"] == "05"
