"""The visit, supervision, and where each role begins."""

import uuid
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import Role
from yiwang.platform.cases import acts
from yiwang.platform.cases.desk import lists
from yiwang.platform.cases.models import ApplicationFile
from yiwang.platform.cases.tests.at_desk import MOST, picture, queries, signed_in, text
from yiwang.platform.cases.tests.conftest import (
    FIRE,
    FOOD,
    accepted,
    at,
    case_of,
    key,
    next_workday,
    officer,
    submit,
)

# --- The visit


def test_a_joint_visit_is_one_page_for_all_agencies(owner, monday):
    application = accepted(owner, FOOD, FIRE)
    cases = [case_of(application, code) for code in (FOOD, FIRE)]
    for case in cases:
        for task in case.tasks.filter(state="ready").exclude(kind="site_visit"):
            acts.complete_step(case.pk, task.step, "pass", "齐全", by=officer(case, Role(task.role)), key=key())
    food, fire = cases
    client, other = signed_in("amr-inspector"), signed_in("fire-inspector")
    path, theirs = reverse("cases:visit", args=[food.pk]), reverse("cases:visit", args=[fire.pk])
    day = next_workday(monday, 2)
    plan = reverse("cases:plan_visit", args=[food.pk])
    assert client.post(plan, {"key": "p0", "day": "nonsense"}).status_code == 422
    assert client.post(plan, {"key": "p1", "day": str(date(2026, 1, 5))}).status_code == 422
    assert client.post(plan, {"key": "p2", "day": str(day)}).status_code == 302
    assert f"{day.month}月{day.day}日" in text(other.get(theirs))
    record = {"key": "k", "outcome": "pass", "officer1": "A002", "opinion": "现场一致"}
    wrong = client.post(path, record | {"photo": picture()})
    assert wrong.status_code == 422
    assert "两名" in text(wrong)
    assert "现场一致" in text(wrong)
    assert 'value="A002"' in text(wrong)
    stranger = client.post(path, record | {"key": "ks", "officer2": "F002"})
    assert "F002 不是本部门" in text(stranger)
    photo = ApplicationFile.objects.get(task__isnull=False)
    assert photo.trust == "A"
    bad = SimpleUploadedFile("x.png", b"no picture", "image/png")
    refused = client.post(path, {"key": "kb", "photo": bad})
    assert refused.status_code == 422
    body = {"key": "k2", "outcome": "pass", "officer1": "a002", "officer2": "A001", "opinion": "现场一致"}
    assert client.post(path, body).status_code == 302
    page = text(other.get(theirs))
    assert "现场一致" in page
    assert str(photo.pk) in page
    file = other.get(reverse("cases:file", args=[application.pk, photo.pk]))
    assert file.status_code == 200
    assert AuditEntry.objects.filter(name="cases.read_file").exists()
    assert client.get(reverse("cases:visit", args=[uuid.uuid4()])).status_code == 404


# --- Supervision and the rest


def test_a_supervisor_sees_what_is_late_and_whose(owner):
    case = case_of(accepted(owner, FOOD), FOOD)
    client = signed_in("supervisor")
    assert str(case.pk) not in text(client.get(reverse("cases:supervision")))
    with at(next_workday(case.due_on, 2)):
        client = signed_in("supervisor")
        page = text(client.get(reverse("cases:supervision")))
        assert str(case.pk) in page
        assert str(case.pk) in text(client.get(reverse("cases:supervision"), {"light": "red"}))
        assert str(case.pk) not in text(client.get(reverse("cases:supervision"), {"light": "orange"}))
        assert str(case.pk) in text(client.get(reverse("cases:supervision"), {"agency": case.agency_path}))
        assert str(case.pk) not in text(client.get(reverse("cases:supervision"), {"agency": "/x/"}))
        assert "全部 " not in page


def test_a_supervisor_sees_the_latest_agencies_first_and_all_when_asked(owner, monkeypatch):
    monkeypatch.setattr(lists, "AGENCIES", 1)
    application = accepted(owner, FOOD, FIRE)
    cases = [case_of(application, code) for code in (FOOD, FIRE)]
    assert len({case.agency_path for case in cases}) == 2
    with at(next_workday(max(case.due_on for case in cases), 2)):
        client = signed_in("supervisor")
        few = text(client.get(reverse("cases:supervision")))
        whole = text(client.get(reverse("cases:supervision"), {"agencies": "all"}))
        other = next(case.agency_path for case in cases if f"?agency={case.agency_path}" not in few)
        assert f"?agency={other}" in whole
        assert "全部 2 个部门" in few
        assert "全部 2 个部门" not in whole
        assert f"?agency={other}" in text(client.get(reverse("cases:supervision"), {"agency": other}))


def test_every_role_is_led_to_its_own_page_and_finds_the_keys(owner):
    for login, name in (
        ("intake", "cases:intake"),
        ("amr-reviewer", "cases:inbox"),
        ("supervisor", "cases:supervision"),
        ("dispatcher", "cases:inbox"),
        ("system-admin", "directory:agencies"),
        ("security-admin", "staff:members"),
        ("audit-admin", "staff:audit"),
    ):
        client = signed_in(login)
        first = client.get("/desk/").url
        assert first.partition("?")[0] == reverse(name)
        number, sql = queries(client, first)
        assert number <= MOST, "\n".join(sql)
        assert "快捷键" in text(client.get(reverse("desk:help")))


def test_a_file_of_another_application_is_not_given(owner):
    mine, other = submit(owner, FOOD), submit(owner, FOOD)
    file = other.files.first()
    client = signed_in("intake")
    assert client.get(reverse("cases:file", args=[mine.pk, file.pk])).status_code == 404
    assert signed_in("fire-reviewer").get(reverse("cases:file", args=[other.pk, file.pk])).status_code == 404
