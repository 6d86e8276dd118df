"""The desk's pages: what each role sees, what it may do, and that nothing typed is lost."""

import io
import re
import uuid
from dataclasses import replace
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import Reach, Role
from yiwang.platform.cases import acts
from yiwang.platform.cases.inbox import Filters, Inbox, search
from yiwang.platform.cases.models import FAR, ApplicationFile, InboxEntry, Task
from yiwang.platform.cases.shown import FactRow
from yiwang.platform.cases.tests.conftest import (
    FIRE,
    FOOD,
    accepted,
    at,
    case_of,
    decide,
    fresh,
    key,
    next_workday,
    officer,
    review,
    staff,
    submit,
)

MOST = 12
"""Queries that a page of the desk may take, signing in included."""


def signed_in(login):
    client = Client()
    assert client.post("/sign-in/", {"method": "demo", "login": login}).status_code == 302
    return client


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200, response.status_code
    return len(captured), [one["sql"][:160] for one in captured]


def picture():
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "PNG")
    return SimpleUploadedFile("现场.png", out.getvalue(), "image/png")


def expected_entries():
    found = {}
    for task in Task.objects.filter(state="ready").select_related("case"):
        case = task.case
        found[task.id] = (
            task.role, task.agency_path, case.region, case.item_code, task.name, case.state,
            (case.deliver_by if case.decided_at else case.due_on) or FAR,
            FAR if case.decided_at else case.half_on or FAR, task.assignee_id or case.handler_id,
        )  # fmt: skip
    return found


def kept_entries():
    return {
        one.id: (
            one.role, one.agency_path, one.region, one.item_code, one.step, one.state, one.due_on, one.half_on,
            one.handler_id,
        )
        for one in InboxEntry.objects.all()
    }  # fmt: skip


# --- The inbox


def test_the_inbox_table_follows_every_act(owner):
    application = accepted(owner, FOOD, FIRE)
    food, fire = case_of(application, FOOD), case_of(application, FIRE)
    assert kept_entries() == expected_entries() != {}
    reviewer = officer(food, Role.REVIEWER)
    acts.take(food.pk, by=reviewer, key=key())
    assert kept_entries() == expected_entries()
    point = {"target": "material:x", "label": "x", "message": "补一份"}
    acts.request_correction(food.pk, [point], by=reviewer, key=key())
    assert kept_entries() == expected_entries()
    assert InboxEntry.objects.get(case=food).due_on == FAR
    acts.withdraw(food.pk, by=owner, key=key())
    decide(fire)
    assert kept_entries() == expected_entries()
    assert not InboxEntry.objects.filter(case=food).exists()


def test_the_inbox_shows_what_waits_for_my_role_overdue_first(owner, monday):
    first = case_of(accepted(owner, FOOD), FOOD)
    with at(next_workday(monday, 2)):
        second = case_of(accepted(owner, FOOD), FOOD)
    with at(next_workday(first.due_on, 1)):
        response = signed_in("amr-reviewer").get(reverse("cases:inbox"))
        page = text(response)
        assert page.index(str(first.pk)) < page.index(str(second.pk))
        assert "超 1 天" in page
        assert "认领" in page
        lists = Inbox(officer(first, Role.REVIEWER))
        counts = {name: str(count) for name, count in lists.counts(Filters()).items()}
        assert (counts["red"], counts["all"], counts["reviewer"]) == ("1", "2", "2")
    assert str(first.pk) not in text(signed_in("fire-reviewer").get(reverse("cases:inbox")))


def test_the_inbox_filters(owner, monday):
    case = case_of(accepted(owner, FOOD), FOOD)
    client = signed_in("amr-reviewer")

    def seen(**query):
        return str(case.pk) in text(client.get(reverse("cases:inbox"), query))

    assert seen()
    assert seen(light="green")
    assert not seen(light="red")
    assert not seen(light="paused")
    assert seen(item=FOOD)
    assert not seen(item=FIRE)
    assert seen(who="nobody")
    assert not seen(who="me")
    assert seen(state="accepted")
    assert not seen(state="suspended")
    assert seen(until=str(case.due_on))
    assert not seen(until=str(monday))
    assert seen(until="nonsense", light="nonsense", step="nonsense", state="nonsense", who="nonsense")
    assert client.get(reverse("cases:inbox"), {"after": "bent"}).status_code == 302


def test_a_result_that_waits_to_be_handed_over_is_due_ten_working_days_after_the_decision(owner, monday):
    application = submit(owner, FOOD, delivery=[{"way": "window"}])
    acts.accept_all(application.pk, by=staff(Role.INTAKE, Reach(region=application.region)), key=key())
    case = case_of(application, FOOD)
    decide(case)
    case = fresh(case)
    assert case.deliver_by == next_workday(monday, 10)
    entry = InboxEntry.objects.get(case=case, role="issuer")
    assert (entry.due_on, entry.half_on) == (case.deliver_by, FAR)
    with at(next_workday(case.due_on, 1)):
        page = text(signed_in("amr-issuer").get(reverse("cases:inbox")))
        assert "天送达" in page
        assert "送达超" not in page
    with at(next_workday(case.deliver_by, 1)):
        assert "送达超 1 天" in text(signed_in("amr-issuer").get(reverse("cases:inbox"), {"light": "red"}))


def test_a_page_read_before_a_colleague_s_change_accepts_nothing(owner):
    application = submit(owner, FOOD, FIRE)
    client, food = signed_in("intake"), case_of(application, FOOD)
    page = text(client.get(reverse("cases:application", args=[application.pk])))
    seen = re.findall(r'name="seen" value="([^"]+)"', page)
    assert f"{food.pk}:1" in seen
    acts.pre_review(food.pk, by=staff(Role.INTAKE, food.reach), key=key())
    both = [str(food.pk), str(case_of(application, FIRE).pk)]
    path = reverse("cases:application_act", args=[application.pk, "accept"])
    stale = client.post(path, {"key": "k1", "case": both, "seen": seen})
    assert stale.status_code == 409
    assert "同事刚刚更新" in text(stale)
    assert fresh(food).state == "pre_review"
    again = re.findall(r'name="seen" value="([^"]+)"', text(stale))
    assert client.post(path, {"key": "k2", "case": both, "seen": again}).status_code == 302
    assert fresh(food).state == "accepted"


def test_pages_of_the_inbox_are_the_whole_list_in_order(owner, monday):
    case = case_of(accepted(owner, FOOD), FOOD)
    lists = Inbox(officer(case, Role.REVIEWER))
    rows = InboxEntry.objects.filter(case=case)
    row = rows.get()
    InboxEntry.objects.bulk_create(
        InboxEntry(**{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields} | {
            "id": uuid.uuid4(), "due_on": date(2026, 3, 1 + n % 9)
        })
        for n in range(50)
    )  # fmt: skip
    wanted = list(rows.order_by("due_on", "id").values_list("id", flat=True))
    found, cursor = [], ""
    while True:
        page = lists.page(Filters(), after=cursor)
        found += [one.entry for one in page.rows]
        cursor = page.next
        if not cursor:
            break
    assert found == wanted
    back = lists.page(Filters(), before=page.previous)
    assert [one.entry for one in back.rows] == wanted[20:40]


def test_many_are_taken_together_and_what_could_not_be_is_told(owner):
    case = case_of(accepted(owner, FOOD), FOOD)
    other = case_of(submit(owner, FOOD), FOOD)
    client = signed_in("amr-reviewer")
    body = {"case": [str(case.pk), str(other.pk), "nonsense"], "key": "k1", "query": "light=green"}
    page = text(client.post(reverse("cases:take_together"), body))
    assert "已认领 1 件" in page
    assert "办件不在办理阶段" in page
    assert "没有找到这个办件" in page
    assert fresh(case).handler_id is not None
    again = client.post(reverse("cases:take_together"), {"case": [], "key": "k2", "query": ""})
    assert "还没有勾选" in text(again)


def test_a_search_finds_by_both_ends_of_the_number_and_by_name_only_what_one_may_see(owner):
    case = case_of(accepted(owner, FOOD), FOOD)
    mine, theirs = officer(case, Role.REVIEWER), staff(Role.REVIEWER, Reach("/339900/339901-fire/", "339901"))
    for words in (case.number, case.number[:12], case.number[-9:], case.applicant_name[:2], case.application.number):
        assert case.pk in [one.id for one in search(mine, words)], words
        assert case.pk not in [one.id for one in search(theirs, words)]
    assert search(mine, "") == []
    client = signed_in("amr-reviewer")
    assert str(case.pk) in text(client.get(reverse("cases:find"), {"q": case.number[-9:]}))
    assert client.get(reverse("cases:inbox"), {"q": case.number}).status_code == 302


def test_lists_take_the_same_queries_however_long(owner):
    accepted(owner, FOOD, FIRE)
    path = reverse("cases:inbox")
    few, _sql = queries(signed_in("amr-reviewer"), path)
    for _n in range(4):
        accepted(owner, FOOD)
    many, sql = queries(signed_in("amr-reviewer"), path)
    assert few == many <= MOST, sql
    for login, path in (("intake", reverse("cases:intake")), ("supervisor", reverse("cases:supervision"))):
        submit(owner, FOOD)
        number, sql = queries(signed_in(login), path)
        assert number <= MOST, sql


# --- The case page


def test_the_case_page_is_complete_in_twelve_queries(owner, settings, tmp_path):
    application = accepted(owner, FOOD, FIRE)
    food = case_of(application, FOOD)
    review(case_of(application, FIRE))
    for login in ("amr-reviewer", "amr-inspector"):
        number, sql = queries(signed_in(login), reverse("cases:case", args=[food.pk]))
        assert number <= MOST, "\n".join(sql)
    review(food)
    number, sql = queries(signed_in("amr-decider"), reverse("cases:case", args=[food.pk]))
    assert number <= MOST, "\n".join(sql)
    page = text(signed_in("amr-decider").get(reverse("cases:case", args=[food.pk])))
    shown = ["事实", "材料", "时钟", "环节与意见", "文书", "经过", "准予", "预览准予决定书"]
    for words in (*shown, "同一份申请的其他 1 件"):
        assert words in page, words
    read = AuditEntry.objects.filter(name="cases.read", case_id=food.pk, kind="read")
    assert read.exists()
    assert read.last().purpose


def test_an_act_that_may_not_be_done_is_absent_and_a_line_says_why(food):
    path = reverse("cases:case", args=[food.pk])
    reviewer = text(signed_in("amr-reviewer").get(path))
    assert "通过" in reviewer
    assert "准予" not in reviewer.split("环节与意见")[0]
    decider = text(signed_in("amr-decider").get(path))
    assert 'acts/decide-grant/"' not in decider
    assert "还要先完成" in decider
    supervisor = text(signed_in("supervisor").get(path))
    assert "acts/complete-step" not in supervisor
    assert signed_in("fire-reviewer").get(path).status_code == 404


def test_a_refusal_keeps_what_was_typed_and_says_it_beside_the_field(food):
    client = signed_in("amr-reviewer")
    step = food.tasks.get(state="ready").step
    path = reverse("cases:act", args=[food.pk, "complete-step-pass"])
    empty = client.post(path, {"key": "k", "step": step, "version": food.version, "opinion": "  "})
    assert empty.status_code == 422
    assert 'id="opinion-error"' in text(empty)
    assert "错误：" in text(empty)
    acts.take(food.pk, by=officer(food, Role.REVIEWER), key=key())
    stale = client.post(path, {"key": "k2", "step": step, "version": food.version, "opinion": "材料齐全，建议准予"})
    assert stale.status_code == 409
    assert "材料齐全，建议准予" in text(stale)
    good = client.post(path, {"key": "k3", "step": step, "version": fresh(food).version, "opinion": "齐全"})
    assert good.status_code == 302
    assert food.tasks.get(step=step).outcome == "pass"
    twice = client.post(path, {"key": "k3", "step": step, "version": fresh(food).version, "opinion": "齐全"})
    assert twice.status_code in (302, 404, 409, 422)
    assert food.tasks.filter(step=step, state="done").count() == 1


def test_an_opinion_is_kept_while_it_is_written_for_its_writer_only(food):
    task = food.tasks.get(state="ready")
    path = reverse("cases:keep_opinion", args=[food.pk])
    writer = signed_in("amr-reviewer")
    assert writer.post(path, {"task": str(task.pk), "opinion": "写到一半"}).status_code == 200
    assert "写到一半" in text(writer.get(reverse("cases:case", args=[food.pk])))
    assert "写到一半" not in text(signed_in("amr-decider").get(reverse("cases:case", args=[food.pk])))
    assert writer.post(path, {"task": "nonsense", "opinion": "x"}).status_code == 404
    assert signed_in("fire-reviewer").post(path, {"task": str(task.pk), "opinion": "x"}).status_code == 404


def test_forms_come_from_the_act_and_refuse_beside_their_fields(food):
    client = signed_in("amr-reviewer")
    page = text(client.get(reverse("cases:case", args=[food.pk])))
    assert 'name="suspend-procedure"' in page
    path = reverse("cases:act", args=[food.pk, "suspend"])
    wrong = client.post(path, {"key": "k", "version": food.version, "suspend-reason": "要听证"})
    assert wrong.status_code == 422
    assert "要听证" in text(wrong)
    day = {"suspend-expected_on-y": "2026", "suspend-expected_on-m": "3", "suspend-expected_on-d": "20"}
    body = {"key": "k2", "version": food.version, "suspend-reason": "要听证", "suspend-procedure": "hearing", **day}
    assert client.post(path, body).status_code == 302
    assert fresh(food).state == "suspended"
    assert "恢复计时" in text(client.get(reverse("cases:case", args=[food.pk])))
    assert client.post(reverse("cases:act", args=[food.pk, "nonsense"]), {}).status_code == 404


def test_a_correction_names_its_points_once(food):
    client = signed_in("amr-reviewer")
    path = reverse("cases:act", args=[food.pk, "request-correction"])
    assert client.post(path, {"key": "k", "version": food.version}).status_code == 422
    body = {
        "key": "k2",
        "version": food.version,
        "target": ["field:shop_area", "nonsense:x"],
        "label": ["面积", "x"],
        "message": ["请填实际面积", "不会收"],
    }
    assert client.post(path, body).status_code == 302
    assert [one["target"] for one in food.corrections.get().points] == ["field:shop_area"]
    assert "请填实际面积" in text(client.get(reverse("cases:case", args=[food.pk])))


def test_the_decision_can_be_looked_at_before(food):
    review(food)
    client = signed_in("amr-decider")
    before = fresh(food).version
    path = reverse("cases:preview", args=[food.pk])
    page = text(client.post(path, {"opinion": "符合规定", "grant": "yes"}))
    assert "符合规定" in page
    assert "预览" in page
    assert "不服本决定" in text(client.post(path, {"opinion": "不符合", "grant": "no"}))
    pdf = client.get(reverse("cases:preview_licence", args=[food.pk]))
    assert pdf.content.startswith(b"%PDF")
    assert (fresh(food).version, fresh(food).state) == (before, fresh(food).state)
    assert signed_in("amr-reviewer").post(path, {}).status_code == 403


def test_a_sensitive_datum_is_masked_until_asked_for_and_that_is_logged(food):
    row = FactRow("id", "证件号码", "339901199003070011", "known", "公安", None, "", sensitive=True)
    assert row.masked == "3399**********0011"
    assert replace(row, value="短号").masked == "短**号"
    assert replace(row, sensitive=False).masked == row.value
    client = signed_in("amr-reviewer")
    client.get(reverse("cases:case", args=[food.pk]), {"show": "legal_rep_id"})
    assert AuditEntry.objects.filter(name="cases.read").last().detail == {"shown": "legal_rep_id"}


def test_neighbours_are_found_by_the_list_not_by_number(owner, monday):
    first = case_of(accepted(owner, FOOD), FOOD)
    with at(next_workday(monday, 3)):
        second = case_of(accepted(owner, FOOD), FOOD)
    client = signed_in("amr-reviewer")
    assert client.get(reverse("cases:following", args=[first.pk])).url == reverse("cases:case", args=[second.pk])
    assert client.get(reverse("cases:preceding", args=[second.pk])).url == reverse("cases:case", args=[first.pk])
    assert client.get(reverse("cases:preceding", args=[first.pk])).url == reverse("cases:inbox")


# --- The counter's application page


def test_a_counter_accepts_all_or_what_is_ticked(owner):
    application = submit(owner, FOOD, FIRE)
    client = signed_in("intake")
    assert str(application.pk) in text(client.get(reverse("cases:intake")))
    number, sql = queries(client, reverse("cases:application", args=[application.pk]))
    assert number <= MOST, "\n".join(sql)
    path = reverse("cases:application_act", args=[application.pk, "accept"])
    assert client.post(path, {"key": "k"}).status_code == 422
    food, fire = case_of(application, FOOD), case_of(application, FIRE)
    assert client.post(path, {"key": "k1", "case": [str(food.pk)]}).status_code == 302
    assert (fresh(food).state, fresh(fire).state) == ("accepted", "submitted")
    assert client.post(path, {"key": "k2", "case": [str(fire.pk)]}).status_code == 302
    assert fresh(fire).state == "accepted"
    assert client.post(path, {"key": "k3", "case": [str(fire.pk)]}).status_code in (409, 422)


def test_a_counter_corrects_and_refuses_the_ticked_cases(owner):
    application = submit(owner, FOOD, FIRE)
    food, fire = case_of(application, FOOD), case_of(application, FIRE)
    client = signed_in("intake")
    path = reverse("cases:application_act", args=[application.pk, "correct"])
    body = {"key": "k", "case": [str(food.pk), str(fire.pk)], "target": ["field:food_kinds"], "label": ["卖什么"]}
    wrong = client.post(path, body | {"message": [""]})
    assert wrong.status_code == 422
    assert client.post(path, body | {"message": ["写全"]}).status_code == 302
    assert (fresh(food).state, fresh(fire).state) == ("supplement", "submitted")
    path = reverse("cases:application_act", args=[application.pk, "refuse"])
    assert client.post(path, {"key": "k2", "case": [str(fire.pk)], "refuse-reason": ""}).status_code == 422
    assert client.post(path, {"key": "k3", "case": [str(fire.pk)], "refuse-reason": "不属于职权"}).status_code == 302
    assert fresh(fire).result == "not_accepted"


def test_a_ticked_original_is_trusted_more_and_can_be_taken_back(owner):
    application = submit(owner, FOOD)
    material = application.materials.filter(state="given").first()
    client = signed_in("intake")
    path = reverse("cases:application_act", args=[application.pk, "originals"])
    client.post(path, {"key": "k", "original": [material.identity]})
    material.refresh_from_db()
    assert material.trust == "B"
    assert "C001" in material.checked_by
    assert set(ApplicationFile.objects.filter(identity=material.identity).values_list("trust", flat=True)) == {"B"}
    client.post(path, {"key": "k2"})
    material.refresh_from_db()
    assert (material.trust, material.checked_by) == ("C", "")


def test_the_receipt_says_what_was_given_and_how_to_ask(owner):
    application = submit(owner, FOOD)
    page = text(signed_in("intake").get(reverse("cases:receipt", args=[application.pk])))
    assert application.number in page
    assert application.query_code in page
    assert "视为受理" in page


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


def test_every_role_is_led_to_its_own_page_and_finds_the_keys(owner):
    for login, name in (
        ("intake", "cases:intake"),
        ("amr-reviewer", "cases:inbox"),
        ("supervisor", "cases:supervision"),
    ):
        client = signed_in(login)
        assert client.get("/desk/").url == reverse(name)
        assert "快捷键" in text(client.get(reverse("desk:help")))


def test_a_file_of_another_application_is_not_given(owner):
    mine, other = submit(owner, FOOD), submit(owner, FOOD)
    file = other.files.first()
    client = signed_in("intake")
    assert client.get(reverse("cases:file", args=[mine.pk, file.pk])).status_code == 404
    assert signed_in("fire-reviewer").get(reverse("cases:file", args=[other.pk, file.pk])).status_code == 404
