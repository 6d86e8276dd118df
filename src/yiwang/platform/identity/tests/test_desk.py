"""At the desk: three separate administrators, staff and their accounts, absences, the counter, the audit trail."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup
from django.db import IntegrityError, transaction
from django.test import Client

from yiwang.kernel import clock, holidays
from yiwang.kernel.models import AuditEntry, CalendarYear, IdempotencyKey
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.types import Role
from yiwang.platform.directory import acts as directory
from yiwang.platform.directory import queries as people
from yiwang.platform.directory.models import Agency, StaffMember, StaffRole
from yiwang.platform.identity import acts, queries
from yiwang.platform.identity.counter import find_for_counter
from yiwang.platform.identity.models import Account, Person
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.types import DocumentType

from .conftest import key, member, person, signed_in

PAGES = {
    "system-admin": ["/desk/agencies/", "/desk/agencies/new/", "/desk/centres/", "/desk/calendar/"],
    "security-admin": ["/desk/staff/", "/desk/staff/new/"],
    "audit-admin": ["/desk/audit/"],
    "intake": ["/desk/people/"],
}


def security():
    return member("D007", Role.SECURITY_ADMIN)


def system():
    return member("D006", Role.SYSTEM_ADMIN)


def staff_id(number):
    return StaffMember.objects.get(number=number).id


@pytest.mark.parametrize("login", PAGES)
def test_each_administrator_sees_their_own_pages_only(login):
    browser = signed_in(login)
    for owner, pages in PAGES.items():
        for page in pages:
            assert browser.get(page).status_code == (200 if owner == login else 403), page
    assert browser.get("/desk/absence/").status_code == 200
    assert browser.get("/desk/", follow=True).status_code == 200


def test_strangers_and_citizens_see_none_of_it():
    citizen = signed_in("rep")
    for pages in PAGES.values():
        for page in pages:
            assert Client().get(page).status_code == 302
            assert citizen.get(page).status_code == 403


@pytest.mark.parametrize("first", ["system_admin", "security_admin", "audit_admin"])
def test_nobody_holds_two_administrations(first):
    second = "audit_admin" if first != "audit_admin" else "system_admin"
    with pytest.raises(Invalid):
        directory.set_roles(staff_id("A001"), [{"role": first}, {"role": second}], by=security(), key=key())
    row = staff_id("A001")
    StaffRole.objects.create(staff_id=row, role=first)
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffRole.objects.create(staff_id=row, role=second, agency_path="/x/")


def test_nobody_appoints_themselves():
    with pytest.raises(NotAllowed):
        directory.set_roles(staff_id("D007"), [{"role": "reviewer"}], by=security(), key=key())
    with pytest.raises(NotAllowed):
        directory.set_roles(staff_id("A001"), [{"role": "decider"}], by=system(), key=key())


def test_roles_with_their_reach_are_given_on_the_page():
    browser = signed_in("security-admin")
    url = f"/desk/staff/{staff_id('A001')}/"
    assert browser.get(url).status_code == 200
    row = {
        "r-roles-rows": "1",
        "r-roles-0-role": "decider",
        "r-roles-0-agency": "339901-fire",
        "r-roles-0-region": "3399",
    }
    row |= {"r-roles-0-level": "", "r-roles-0-items": "330131018001 330131018002", "do": "roles"}
    assert browser.post(url, row).status_code == 302
    grant = people.get_staff(staff_id("A001")).grants[0]
    assert (grant.role, grant.region, grant.items) == (Role.DECIDER, "3399", {"330131018001", "330131018002"})
    assert grant.agency.endswith("/339901-fire/")
    wrong = browser.post(url, row | {"r-roles-0-agency": "nowhere"})
    assert wrong.status_code == 422
    assert "没有这个部门" in wrong.content.decode()


def test_an_account_is_opened_with_a_password_shown_once_and_closed_at_once():
    pk = directory.save_staff("N001", "演示新人", "339901-amr", by=security(), key=key())
    browser = signed_in("security-admin")
    shown = browser.post(f"/desk/staff/{pk}/account/open/", {"login": "new-one", "key": key()})
    row = Account.objects.get(login="new-one")
    password = shown.context["secret"]
    assert row.check_password(password)
    assert row.must_change_password
    assert password not in browser.get(f"/desk/staff/{pk}/").content.decode()
    theirs = Client()
    theirs.post("/sign-in/", {"method": "password", "login": "new-one", "password": password})
    assert theirs.get("/desk/").url == "/account/password/"
    browser.post(f"/desk/staff/{pk}/account/close/", {"key": key()})
    assert theirs.get("/account/password/").status_code == 302
    again = browser.post(f"/desk/staff/{staff_id('A001')}/account/open/", {"login": "x", "key": key()})
    assert again.status_code == 302


def test_forced_logout_and_unlock():
    theirs = signed_in("amr-reviewer")
    row = Account.objects.get(login="amr-reviewer")
    assert acts.end_sessions_of_staff(row.pk, by=security(), key=key()) == 1
    assert theirs.get("/desk/").status_code == 302
    Account.objects.filter(pk=row.pk).update(locked_until=clock.now() + timedelta(minutes=9))
    page = signed_in("security-admin").get(f"/desk/staff/{staff_id('A001')}/").content.decode()
    assert "第二重验证</dt><dd>没有</dd>" in re.sub(r">\s+|\s+<", lambda m: m[0].strip(), page)
    assert "锁定到" in page
    acts.unlock_account(row.pk, by=security(), key=key())
    assert Account.objects.get(pk=row.pk).locked_until is None


def test_a_deputy_may_what_the_absent_may_while_they_are_away():
    today = clock.today()
    assert not grants("amr-reviewer") & {Role.DECIDER}
    directory.set_absence(
        staff_id("A003"), today, today + timedelta(days=2), "A001", by=member("A003", Role.DECIDER), key=key()
    )
    assert grants("amr-reviewer") >= {Role.REVIEWER, Role.DECIDER}
    with clock.at(clock.now() + timedelta(days=4)):
        assert not grants("amr-reviewer") & {Role.DECIDER}
    directory.set_absence(staff_id("A003"), None, None, by=member("A003", Role.DECIDER), key=key())
    assert not grants("amr-reviewer") & {Role.DECIDER}


def test_administration_is_never_deputised():
    today = clock.today()
    directory.set_absence(staff_id("D006"), today, today, "D007", by=member("D006", Role.SYSTEM_ADMIN), key=key())
    assert grants("security-admin") == {Role.SECURITY_ADMIN}


def grants(login):
    found = people.staff_of_account(Account.objects.get(login=login).pk)
    assert found
    return {grant.role for grant in found[1]}


def test_who_may_note_an_absence():
    today = clock.today()
    with pytest.raises(NotFound):
        directory.set_absence(staff_id("A003"), today, today, "A001", by=member("A001", Role.REVIEWER), key=key())
    for wrong in ("F001", "A003", "nobody"):
        with pytest.raises(Invalid):
            directory.set_absence(staff_id("A003"), today, today, wrong, by=member("A003", Role.DECIDER), key=key())
    with pytest.raises(Invalid):
        directory.set_absence(staff_id("A003"), today, today - timedelta(days=1), "A001", by=security(), key=key())


def test_a_day_of_the_calendar_is_changed_for_everybody_at_once():
    holidays.seed()
    day = date(2026, 3, 4)
    assert holidays.for_region().is_workday(day)
    before = CalendarYear.objects.get(region="", year=2026).changed_at
    browser = signed_in("system-admin")
    form = {"do": "day", "of": "2026", "region": "", "d-day-y": "2026", "d-day-m": "3", "d-day-d": "4", "d-kind": "off"}
    refused = browser.post("/desk/calendar/", form)
    assert refused.status_code == 422
    assert "依据的文件" in refused.content.decode()
    assert browser.post("/desk/calendar/", form | {"d-source": "演示发〔2026〕1号"}).status_code == 302
    assert CalendarYear.objects.get(region="", year=2026).changed_at > before
    assert not holidays.for_region().is_workday(day)
    assert "演示发〔2026〕1号" in browser.get("/desk/calendar/?year=2026").content.decode()
    browser.post("/desk/calendar/", {"do": "clear", "day": "2026-03-04", "of": "2026", "region": ""})
    assert holidays.for_region().is_workday(day)


def test_a_region_s_day_and_a_new_year():
    holidays.seed()
    more = {"reason": "", "source": "演示发〔2026〕2号", "region": "339901"}
    directory.set_day(date(2026, 3, 5), False, **more, by=system(), key=key())
    assert not holidays.for_region("339901").is_workday(date(2026, 3, 5))
    assert holidays.for_region().is_workday(date(2026, 3, 5))
    directory.set_year(2027, "预排", True, by=system(), key=key())
    assert CalendarYear.objects.get(year=2027).provisional
    with pytest.raises(Invalid):
        directory.set_day(date(2026, 3, 5), False, **(more | {"region": "000001"}), by=system(), key=key())


def test_agencies_and_centres_are_changed_but_not_moved():
    browser = signed_in("system-admin")
    parent = people.find_agency("339901-amr").path.strip("/").split("/")[-2]
    above = people.find_agency(parent).name
    assert f'data-label="上级"><span>{above}</span>' in browser.get("/desk/agencies/").content.decode(), (
        "its name, no code"
    )
    page = browser.get("/desk/agencies/339901-amr/")
    form = {f"f-{name}": value for name, value in page.context["form"].initial.items() if value is not None}
    form["f-active"] = "true"
    assert browser.post("/desk/agencies/339901-amr/", form | {"f-short_name": "新简称"}).status_code == 302
    assert people.get_agency("339901-amr").short_name == "新简称"
    moved = browser.post("/desk/agencies/339901-amr/", form | {"f-parent": ""})
    assert moved.status_code == 422
    assert "上级部门不能改" in moved.content.decode()
    taken = browser.post("/desk/agencies/339901-amr/", form | {"f-uscc": people.get_agency("339901-fire").uscc})
    assert "已属于另一个部门" in taken.content.decode()

    centre = {
        "f-name": "演示大厅",
        "f-region": "339901",
        "f-address": "演示路 1 号",
        "f-hours": "9-17",
        "f-code": "demo-hall",
    }
    row = {
        "f-counters-rows": "1",
        "f-counters-0-number": "1",
        "f-counters-0-name": "综合",
        "f-counters-0-kind": "general",
    }
    assert browser.post("/desk/centres/new/", centre | row).status_code == 302
    assert [one.number for one in people.counters_of("demo-hall")] == ["1"]
    assert browser.get("/desk/centres/demo-hall/").status_code == 200


NEW = (Secret("演示路人"), "citizen_id", Secret("110101199001010015"), Secret("13900001111"))


def test_a_person_seen_at_the_counter_is_known_at_level_three_with_consent():
    clerk = member("C001", Role.INTAKE)
    with pytest.raises(Invalid) as refused:
        acts.register_at_counter(*NEW, consent=False, by=clerk, key=key())
    assert [one.field for one in refused.value.errors] == ["consent"]
    pk, password = acts.register_at_counter(*NEW, consent=True, open_account=True, by=clerk, key=key())
    row = Person.objects.get(pk=pk)
    assert (row.checked_level, row.number, row.born_on) == (3, "110101199001010015", date(1990, 1, 1))
    entry = AuditEntry.objects.filter(name="identity.register_at_counter").latest("seq")
    assert entry.detail["consent"] is True
    assert entry.person_id == pk
    assert "110101199001010015" not in str(entry.__dict__)
    browser = Client()
    login = {"method": "password", "login": "110101199001010015", "password": password.reveal()}
    assert browser.post("/sign-in/", login).url == "/sign-in/second/"
    again, none = acts.register_at_counter(*NEW, consent=True, open_account=True, by=clerk, key=key())
    assert (again, none.reveal()) == (pk, "")


def test_a_first_password_is_kept_sealed_and_given_again_for_the_same_key(settings):
    clerk, same = member("C001", Role.INTAKE), key()
    pk, password = acts.register_at_counter(*NEW, consent=True, open_account=True, by=clerk, key=same)
    again = acts.register_at_counter(*NEW, consent=True, open_account=True, by=clerk, key=same)
    assert (again[0], again[1].reveal()) == (pk, password.reveal())
    assert len(password.reveal()) > 12
    kept = str(list(IdempotencyKey.objects.values_list("result", flat=True)))
    assert str(pk) in kept
    assert password.reveal() not in kept


@pytest.mark.parametrize(
    ("document", "number", "right"),
    [
        ("passport", "e12345678", True),
        ("passport", "中", False),
        ("hk_macau_permit", "H12345678", True),
        ("citizen_id", "110101199001010016", False),
    ],
)
def test_documents_are_checked_by_shape(document, number, right):
    given = (Secret("演示"), document, Secret(number), Secret(""))
    clerk = member("C001", Role.INTAKE)
    if right:
        pk, _password = acts.register_at_counter(*given, consent=True, by=clerk, key=key())
        assert queries.get_person(pk).number == number.upper()
    else:
        with pytest.raises(Invalid):
            acts.register_at_counter(*given, consent=True, by=clerk, key=key())


def test_looking_somebody_up_is_a_read_that_they_see():
    clerk = member("C001", Role.INTAKE)
    with pytest.raises(Invalid):
        find_for_counter(DocumentType.CITIZEN_ID, "339901195004044442", " ", by=clerk)
    with pytest.raises(NotAllowed):
        find_for_counter(DocumentType.CITIZEN_ID, "339901195004044442", "x", by=member("A001", Role.REVIEWER))
    found = find_for_counter(DocumentType.CITIZEN_ID, "339901195004044442", "代办优待证", by=clerk)
    assert found == queries.get_person(person("elder").id)
    page = signed_in("elder").get("/my/access/?show=people").content.decode()
    assert "代办优待证" in page
    assert "C001" in page
    assert "代办优待证" not in signed_in("rep").get("/my/access/?show=people").content.decode()


def test_the_counter_s_page_masks_what_it_shows():
    browser = signed_in("intake")
    asked = {"do": "find", "q-document": "citizen_id", "q-number": "339901195004044442", "q-purpose": "核对"}
    page = browser.post("/desk/people/", asked).content.decode()
    assert "339901********4442" in page
    assert "测****" in page


def test_the_audit_trail_is_read_by_filters_and_verified():
    signed_in("rep")
    browser = signed_in("audit-admin")
    page = browser.get("/desk/audit/?name=identity.sign_in&actor=D008")
    assert {one.name for one in page.context["page"].entries} == {"identity.sign_in"}
    assert all(one.actor.endswith("D008") for one in page.context["page"].entries)
    assert not browser.get("/desk/audit/?first=2099-01-01").context["page"].entries
    assert browser.get("/desk/audit/?after=bent").status_code == 302
    assert "全部封条完好" in browser.post("/desk/audit/").content.decode()


def agencies(count):
    """Close so many agencies that there never were; return the names of all."""
    like = Agency.objects.filter(external=False).earliest("path")
    for number in range(count):
        like.pk, like._state.adding, like.active = uuid.uuid4(), True, False
        like.name, like.code, like.uscc, like.path = (
            f"{start}{number:03}" for start in ("Z", "z", "no number ", "/z/")
        )
        like.save()
    return list(Agency.objects.filter(external=False).values_list("name", flat=True))


def members(count):
    """Employ so many people; return the numbers and names of all."""
    like = StaffMember.objects.get(number="A001")
    for number in range(count):
        like.pk, like._state.adding, like.account, like.number = uuid.uuid4(), True, None, f"Z{number:03}"
        like.save()
    return [f"{number} {name}" for number, name in StaffMember.objects.values_list("number", "name")]


@pytest.mark.parametrize(
    ("login", "url", "made"),
    [("system-admin", "/desk/agencies/", agencies), ("security-admin", "/desk/staff/", members)],
)
def test_long_lists_are_read_page_by_page_and_searched(login, url, made):
    browser, everybody = signed_in(login), made(65)

    def read(where):
        page = BeautifulSoup(browser.get(where).content, "html.parser")
        ways = {way: found["href"] for way in ("prev", "next") if (found := page.select_one(f"a[rel={way}]"))}
        return [row.get_text(strip=True) for row in page.select("tbody th a")], ways

    pages = [read(url)]
    while "next" in pages[-1][1]:
        pages.append(read(pages[-1][1]["next"]))
    assert [len(rows) for rows, _ways in pages[:2]] == [30, 30]
    assert sorted(row for rows, _ways in pages for row in rows) == sorted(everybody)
    assert read(pages[-1][1]["prev"])[0] == pages[-2][0]
    assert len(read(f"{url}?q=z06")[0]) == 5
    nobody = BeautifulSoup(browser.get(url, {"q": "没有"}).content, "html.parser")
    assert nobody.find(string=re.compile("没有找到这样的"))
    assert nobody.select_one("#q")["value"] == "没有"
    assert nobody.select_one("#desk-q")["value"] == "", "what was looked for here is not looked for among cases"
    assert browser.get(url, {"after": "bent"}).url == url
