"""Showing a licence: the code works once and for a minute, nothing is seen before the holder agreed nor after they took it
back, and every step stands in the use log.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from yiwang.kernel import clock, holidays
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.problems import Invalid, NeedsSignIn, NotAllowed, NotFound, NotNow, TooMany
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Party, PartyKind, Role, RoleGrant
from yiwang.platform.directory.models import Agency, Region
from yiwang.platform.identity.models import Person
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences import acts, checking, labels, queries, rules
from yiwang.platform.licences.models import Licence, LicenceUse, Showing
from yiwang.platform.licences.tests.conftest import AMR, official
from yiwang.platform.licences.tests.test_desk import at_desk
from yiwang.platform.licences.types import ShowingState, Verdict
from yiwang.ui import store

Issue = Callable[..., Licence]
PURPOSE = "办理演示贷款贴息"
NUMBER = "33030219900307005"
FIRE = "/330300/demo-fire/"


@pytest.fixture(autouse=True)
def agencies(db: None) -> None:
    """Who issues, who asks, and the calendar that the desk's rail counts by."""
    holidays.seed()
    region, _new = Region.objects.get_or_create(
        code=AMR.region, defaults={"name": "演示区", "full_name": "演示区", "level": 4}
    )
    for code, path in (("demo-amr", AMR.path), ("demo-fire", FIRE)):
        Agency.objects.create(
            code=code, name=f"{code}局", short_name=code, uscc=code, function=code, level=4, path=path, region=region
        )


def holder(level: AssuranceLevel = AssuranceLevel.L3, **more: object) -> Actor:
    row = Person.objects.create(name="演示申请人甲")
    return Actor(
        kind=ActorKind.PERSON, id=row.pk, label="演示申请人甲", principal=Party(PartyKind.PERSON, row.pk), level=level,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def clerk(path: str = FIRE, role: Role = Role.INTAKE) -> Actor:
    return Actor(
        kind=ActorKind.STAFF, id=uuid.uuid4(), label="演示窗口 001", level=AssuranceLevel.L3, agency=path,
        grants=(RoleGrant(role, path),),
    )  # fmt: skip


def key() -> str:
    return uuid.uuid4().hex


def offered(issue: Issue, by: Actor) -> tuple[Licence, uuid.UUID]:
    licence = issue(holder=by.principal)
    return licence, acts.offer(licence.id, by=by, key=key())


def take(code: str, by: Actor, purpose: str = PURPOSE) -> uuid.UUID:
    return acts.take_up(Secret(code), purpose, by=by, key=key())


def uses(licence: Licence) -> list[str]:
    rows = LicenceUse.objects.filter(licence=licence, operation="").order_by("at", "id")
    return list(rows.values_list("purpose", flat=True))


# --- the whole way ---


def test_shown_asked_agreed_seen_copied_and_taken_back(issue: Issue) -> None:
    by, desk = holder(), clerk()
    licence, pk = offered(issue, by)
    code = queries.code_shown(pk, by)
    assert take(code, desk) == pk
    assert queries.code_shown(pk, by) == ""
    assert queries.seen(pk, desk) == []
    with pytest.raises(NotNow):
        acts.take_copy(pk, licence.id, by=desk, key=key())

    until = acts.agree(pk, 7, by=by, key=key())
    assert clock.legal_date(until - timedelta(seconds=1)) == clock.today() + timedelta(days=7)
    assert [one.id for one in queries.seen(pk, desk)] == [licence.id]
    copy = acts.take_copy(pk, licence.id, by=desk, key=key())
    ((_licence, taken),) = queries.copies_taken(pk, desk)
    assert (taken.id, taken.cause, taken.expires_on) == (copy, PURPOSE, clock.today() + timedelta(days=7))
    with store.open_file(taken.digest) as file:
        text = "".join(PdfReader(BytesIO(file.read())).pages[0].extract_text().split())
    assert f"仅用于{PURPOSE}" in text
    assert f"由{AMR.name}提供" in text

    with store.open_file(taken.digest) as file:
        kept = file.read()
    assert checking.of_file(kept).verdict is Verdict.VALID
    acts.take_back(pk, by=by, key=key())
    assert (queries.seen(pk, desk), queries.copies_taken(pk, desk)) == ([], [])
    found = checking.of_file(kept)
    assert found.verdict == "taken_back"
    said = labels.verdict_words(found, file=True)
    assert (said.kind, said.title) == ("bad", "持证人已收回")
    with pytest.raises(NotNow):
        acts.take_copy(pk, licence.id, by=desk, key=key())
    assert uses(licence) == [f"出示：{PURPOSE}", f"加注副本：{PURPOSE}", f"收回出示：{PURPOSE}"]
    acts.revoke(licence.pk, reason="演示", by=official(Role.ISSUER), key=key())
    assert checking.of_file(kept).verdict is Verdict.ENDED
    asked = AuditEntry.objects.get(name="licences.take_up", subject_id=str(pk))
    assert by.id is not None
    assert (asked.purpose, asked.person_id) == (PURPOSE, by.id)


def test_an_agreement_ends_with_its_last_day(issue: Issue) -> None:
    by, desk = holder(), clerk()
    _licence, pk = offered(issue, by)
    take(queries.code_shown(pk, by), desk)
    until = acts.agree(pk, 0, by=by, key=key())
    with clock.at(until - timedelta(seconds=1)):
        assert queries.seen(pk, desk)
    with clock.at(until):
        assert queries.seen(pk, desk) == []
        assert queries.get_showing(pk, desk).state is ShowingState.OVER


def test_who_does_not_agree_shows_nothing(issue: Issue) -> None:
    by, desk = holder(), clerk()
    licence, pk = offered(issue, by)
    take(queries.code_shown(pk, by), desk)
    acts.decline(pk, by=by, key=key())
    assert queries.seen(pk, desk) == []
    with pytest.raises(NotNow):
        acts.agree(pk, 0, by=by, key=key())
    assert uses(licence) == []


# --- one time means once ---


def test_a_code_is_taken_up_once(issue: Issue) -> None:
    by = holder()
    _licence, pk = offered(issue, by)
    code = queries.code_shown(pk, by)
    take(code, clerk())
    for again in (clerk(), clerk(AMR.path)):
        with pytest.raises(Invalid) as refused:
            take(code, again)
        assert refused.value.errors[0].field == "code"


def test_a_code_is_good_for_a_minute_and_the_one_before_for_nothing(issue: Issue) -> None:
    by = holder()
    _licence, pk = offered(issue, by)
    first = queries.code_shown(pk, by)
    with clock.at(clock.now() + rules.CODE_LIFE):
        assert queries.code_shown(pk, by) == ""
        with pytest.raises(Invalid):
            take(first, clerk())
        acts.renew_code(pk, by=by, key=key())
        second = queries.code_shown(pk, by)
        assert second != first
        with pytest.raises(Invalid):
            take(first, clerk())
        assert take(second, clerk()) == pk
    with pytest.raises(NotNow):
        acts.renew_code(pk, by=by, key=key())


def test_a_code_does_not_renew_itself_for_ever(issue: Issue) -> None:
    by = holder()
    _licence, pk = offered(issue, by)
    Showing.objects.filter(pk=pk).update(step=rules.MOST_STEPS)
    with pytest.raises(NotNow):
        acts.renew_code(pk, by=by, key=key())


def test_who_guesses_is_stopped(issue: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yiwang.kernel.limits.time.time", lambda: 1_800_000_000.0)
    by, desk = holder(), clerk()
    _licence, pk = offered(issue, by)
    for number in range(10):
        with pytest.raises(Invalid):
            take(f"{number:012}", desk)
    with pytest.raises(TooMany):
        take(queries.code_shown(pk, by), desk)
    assert queries.get_showing(pk, by).state is ShowingState.OFFERED
    assert take(queries.code_shown(pk, by), clerk()) == pk


def test_the_code_is_not_in_the_database_nor_in_the_trail(issue: Issue) -> None:
    by = holder()
    _licence, pk = offered(issue, by)
    code = queries.code_shown(pk, by)
    row = Showing.objects.get(pk=pk)
    assert code not in repr({name: value for name, value in vars(row).items() if name != "code_index"})
    take(code, clerk())
    assert not [one for one in AuditEntry.objects.all() if code in repr(vars(one))]


@given(st.text("0123456789 -", max_size=30), st.integers(0, 10**12 - 1))
def test_a_code_is_read_as_typed_or_scanned(noise: str, number: int) -> None:
    code = f"{number:012}"
    for text in (code, f"{code[:4]} {code[4:8]}-{code[8:]}", f"https://city.test/desk/licences/shown/?code={code}"):
        assert rules.code_from(text) == code
    found = rules.code_from(noise)
    assert found == (re.sub("[ -]", "", noise) if len(re.sub("[ -]", "", noise)) == 12 else "")


# --- who may ---


def test_only_who_holds_it_and_is_surely_known_shows_it(issue: Issue) -> None:
    by = holder()
    licence = issue(holder=by.principal)
    with pytest.raises(NotFound):
        acts.offer(licence.id, by=holder(), key=key())
    weak = Actor(kind=ActorKind.PERSON, id=by.id, principal=by.principal, level=AssuranceLevel.L2)
    with pytest.raises(NeedsSignIn):
        acts.offer(licence.id, by=weak, key=key())
    agent = Actor(
        kind=ActorKind.PERSON, id=uuid.uuid4(), principal=by.principal, level=AssuranceLevel.L3, may_sign=False
    )
    with pytest.raises(Invalid):
        acts.offer(licence.id, by=agent, key=key())
    acts.hold(licence.id, reason="演示", by=official(Role.ISSUER), key=key())
    with pytest.raises(NotNow):
        acts.offer(licence.id, by=by, key=key())


def test_only_who_asked_sees_and_only_who_shows_answers(issue: Issue) -> None:
    by, desk = holder(), clerk()
    _licence, pk = offered(issue, by)
    with pytest.raises(NotAllowed):
        take(queries.code_shown(pk, by), clerk(role=Role.SYSTEM_ADMIN))
    with pytest.raises(Invalid):
        take(queries.code_shown(pk, by), desk, purpose=" ")
    take(queries.code_shown(pk, by), desk)
    with pytest.raises(NotFound):
        acts.agree(pk, 0, by=holder(), key=key())
    acts.agree(pk, 0, by=by, key=key())
    for stranger in (clerk(AMR.path), holder()):
        with pytest.raises(NotFound):
            queries.seen(pk, stranger)
    other = issue(holder=by.principal)
    with pytest.raises(NotFound):
        acts.take_copy(pk, other.id, by=desk, key=key())


@pytest.mark.parametrize("days", [-1, 366])
def test_nobody_agrees_for_longer_than_a_year(issue: Issue, days: int) -> None:
    by = holder()
    _licence, pk = offered(issue, by)
    take(queries.code_shown(pk, by), clerk())
    with pytest.raises(Invalid):
        acts.agree(pk, days, by=by, key=key())


# --- granted without a code ---


def test_granted_until_a_day_and_taken_back_at_once(issue: Issue) -> None:
    by, desk = holder(), clerk()
    licence = issue(holder=by.principal)
    pk = acts.grant(licence.id, "demo-fire", PURPOSE, clock.today() + timedelta(days=30), by=by, key=key())
    assert [one.showing.id if hasattr(one, "showing") else one.id for one in queries.showings(desk).items] == [pk]
    assert [one.id for one in queries.seen(pk, desk)] == [licence.id]
    assert uses(licence) == [f"出示：{PURPOSE}"]
    acts.take_back(pk, by=by, key=key())
    assert queries.seen(pk, desk) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"agency": "nowhere"}, "agency"),
        ({"purpose": " "}, "purpose"),
        ({"days": -1}, "last_day"),
        ({"days": 366}, "last_day"),
    ],
)
def test_a_wrong_grant_is_told(issue: Issue, changes: dict[str, object], field: str) -> None:
    by = holder()
    licence = issue(holder=by.principal)
    asked = {"agency": "demo-fire", "purpose": PURPOSE, "days": 1} | changes
    last_day = clock.today() + timedelta(days=int(str(asked["days"])))
    with pytest.raises(Invalid) as refused:
        acts.grant(licence.id, str(asked["agency"]), str(asked["purpose"]), last_day, by=by, key=key())
    assert [error.field for error in refused.value.errors] == [field]


# --- on the pages ---


def test_phone_and_counter(issue: Issue, signed_in: Callable[[str], tuple[Client, Party]]) -> None:
    phone, party = signed_in("33030219900307001X")
    session = phone.session
    session["level"] = 3
    session.save()
    Person.objects.filter(pk=party.id).update(checked_level=3)
    licence = issue(holder=party)
    Agency.objects.filter(code="demo-fire").delete()
    desk = at_desk(Role.INTAKE, FIRE)

    began = phone.post(f"/my/licences/{licence.id}/show/", {"key": "1"})
    page = began.headers["Location"]
    html = phone.get(page).content.decode()
    code = re.search(r"(\d{4} \d{4} \d{4})", html)
    assert code is not None
    assert phone.get(f"{page}state/").status_code == 204
    assert "HX-Refresh" not in phone.get(f"{page}state/").headers
    assert 'data-hx-trigger="every 50s' in html

    wrong = desk.post("/desk/licences/shown/", {"code": "1234", "purpose": PURPOSE, "key": "1"})
    assert wrong.status_code == 422
    assert PURPOSE in wrong.content.decode()
    assert "<title>错误：" in wrong.content.decode()
    taken = desk.post("/desk/licences/shown/", {"code": code[1], "purpose": PURPOSE, "key": "2"})
    counter = taken.headers["Location"]
    assert licence.number not in desk.get(counter).content.decode()
    assert phone.get(f"{page}state/").headers["HX-Refresh"] == "true"
    asked = phone.get(page).content.decode()
    assert PURPOSE in asked
    assert "演示局" in asked

    assert phone.post(f"{page}answer/", {"answer": "agree", "days": "9x", "key": "3"}).status_code == 422
    phone.post(f"{page}answer/", {"answer": "agree", "days": "7", "key": "4"})
    assert desk.get(f"{counter}state/").headers["HX-Refresh"] == "true"
    reads = AuditEntry.objects.filter(name="licences.read").count()
    assert licence.number in desk.get(counter).content.decode()
    assert AuditEntry.objects.filter(name="licences.read").count() == reads + 1
    desk.post(f"{counter}copy/", {"licence": str(licence.id), "key": "5"})
    link = re.search(r"/desk/licences/shown/[^\"]+/copies/[^\"?]+", desk.get(counter).content.decode())
    assert link is not None
    assert desk.get(link[0]).headers["Content-Type"] == "application/pdf"

    listed = phone.get("/my/showings/").content.decode()
    assert PURPOSE in listed
    phone.post(f"{page}end/", {"key": "6"})
    assert desk.get(link[0]).status_code == 404
    assert licence.number not in desk.get(counter).content.decode()
    log = phone.get(f"/my/licences/{licence.id}/").content.decode()
    for words in (f"出示：{PURPOSE}", f"收回出示：{PURPOSE}"):
        assert f'<a href="{page}">{words}</a>' in log
    other, also = signed_in(NUMBER + citizen_id_check(NUMBER))
    Licence.objects.filter(pk=licence.id).update(joint=[also.id], joint_names=["演示申请人乙"])
    log = other.get(f"/my/licences/{licence.id}/").content.decode()
    assert f"收回出示：{PURPOSE}" in log
    assert page not in log, "who holds it too sees it, and may not open what the other showed"


def test_a_grant_by_form(issue: Issue, signed_in: Callable[[str], tuple[Client, Party]]) -> None:
    phone, party = signed_in("33030219900307001X")
    session = phone.session
    session["level"] = 3
    session.save()
    Person.objects.filter(pk=party.id).update(checked_level=3)
    licence = issue(holder=party)
    page, day = f"/my/licences/{licence.id}/grant/", clock.today() + timedelta(days=3)
    sent = {
        "f-agency": "demo-fire", "f-purpose": PURPOSE, "f-last_day-y": day.year, "f-last_day-m": day.month,
        "f-last_day-d": day.day, "key": "1",
    }  # fmt: skip
    wrong = phone.post(page, sent | {"f-last_day-y": day.year + 2})
    assert wrong.status_code == 422
    assert PURPOSE in wrong.content.decode()
    assert phone.post(page, sent).status_code == 302
    assert Showing.objects.get().state == "agreed"
