"""Lists of the desk: what each role sees, in order, however long, and what is done with many at once."""

import csv
import io
import re
import uuid
from datetime import date

import pytest
from django.urls import reverse

from yiwang.kernel.problems import NotNow
from yiwang.kernel.types import Reach, Role
from yiwang.platform.cases import acts
from yiwang.platform.cases.finding import search
from yiwang.platform.cases.inbox import Filters, Inbox
from yiwang.platform.cases.models import FAR, Case, InboxEntry, Task
from yiwang.platform.cases.tests.at_desk import MOST, queries, signed_in, text
from yiwang.platform.cases.tests.conftest import (
    FIRE,
    FOOD,
    accepted,
    at,
    case_of,
    decide,
    firm,
    fresh,
    key,
    next_workday,
    officer,
    staff,
    stored,
    submit,
)
from yiwang.platform.identity.models import Organisation

PLAN = {"target": "material:floor_plan", "label": "店内平面图", "message": "没有标面积。"}


def expected_entries():
    found = {}
    for task in Task.objects.filter(state="ready").select_related("case__application"):
        case = task.case
        found[task.id] = (
            task.role, task.agency_path, case.region, case.item_code, task.name, case.state,
            case.application.door, (case.deliver_by if case.decided_at else case.due_on) or FAR,
            FAR if case.decided_at else case.half_on or FAR, task.assignee_id or case.handler_id,
        )  # fmt: skip
    return found


def kept_entries():
    return {
        one.id: (
            one.role, one.agency_path, one.region, one.item_code, one.step, one.state, one.door, one.due_on, one.half_on,
            one.handler_id,
        )
        for one in InboxEntry.objects.all()
    }  # fmt: skip


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
        assert "超 1 个工作日" in page
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
        assert "个工作日送达" in page
        assert "送达超" not in page
    with at(next_workday(case.deliver_by, 1)):
        assert "送达超 1 个工作日" in text(signed_in("amr-issuer").get(reverse("cases:inbox"), {"light": "red"}))


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
    number = case.number
    short = f"{number[-14:-6]}-{number[-6:]}"
    for words in (
        number,
        number[:12],
        number[-9:],
        short,
        case.applicant_name[:2],
        case.application.number,
        case.query_code,
    ):
        assert case.pk in [one.id for one in search(mine, words)], words
        assert case.pk not in [one.id for one in search(theirs, words)]
    assert search(mine, "") == []
    client = signed_in("amr-reviewer")
    assert str(case.pk) in text(client.get(reverse("cases:find"), {"q": case.number[-9:]}))
    assert client.get(reverse("cases:inbox"), {"q": case.number}).status_code == 302


def test_a_search_finds_what_a_firm_has_by_its_credit_code(monday):
    by = firm()
    case = case_of(accepted(by, FOOD), FOOD)
    code = Organisation.objects.get(pk=by.principal.id).uscc
    mine = officer(case, Role.REVIEWER)
    assert [one.id for one in search(mine, f"{code[:2]} {code[2:].lower()}")] == [case.pk]


def test_the_office_sees_every_step_and_what_nobody_has(owner):
    application = accepted(owner, FOOD, FIRE)
    food = case_of(application, FOOD)
    here = reverse("cases:inbox")
    decider = signed_in("amr-decider")
    assert str(food.pk) not in text(decider.get(here)), "it waits for the reviewer"
    assert str(food.pk) in text(decider.get(here, {"scope": "office"}))
    assert str(food.pk) in text(decider.get(here, {"scope": "office", "who": "nobody"}))
    acts.take(food.pk, by=officer(food, Role.REVIEWER), key=key())
    assert str(food.pk) not in text(decider.get(here, {"scope": "office", "who": "nobody"}))
    assert str(case_of(application, FIRE).pk) not in text(decider.get(here, {"scope": "office"}))
    assert signed_in("intake").get(here).status_code == 403


def test_many_are_passed_on_together_by_whoever_gives_out_the_work(owner):
    application = accepted(owner, FOOD, FIRE)
    food, fire = case_of(application, FOOD), case_of(application, FIRE)
    client, path = signed_in("dispatcher"), reverse("cases:pass_together")
    first = client.get(reverse("desk:home"))
    page = text(client.get(first.url))
    assert str(food.pk) in page
    assert 'value="A001"' in page
    body = {"case": [str(food.pk), str(fire.pk)], "key": "k1", "query": "scope=office", "reason": "按专长分"}
    wrong = client.post(path, body | {"to": "Z9", "reason": ""})
    assert wrong.status_code == 422
    assert "没有这个工号" in text(wrong)
    assert "请写明为什么转交" in text(wrong)
    assert f'value="{food.pk}" checked' in text(wrong), "what was ticked is kept"
    done = text(client.post(path, body | {"to": "a001"}))
    assert "已把 1 件转交给 A001" in done
    assert "请选承办部门在岗的工作人员" in done
    assert (fresh(food).handler_label[-4:], fresh(fire).handler_id) == ("A001", None)


def test_whoever_has_a_case_may_pass_it_on_and_nobody_else_s(food):
    mine, other = officer(food, Role.REVIEWER), officer(food, Role.INSPECTOR)
    with pytest.raises(NotNow, match="自己正在办"):
        acts.reassign(food.pk, mine.id, "给我。", by=other, key=key())
    acts.take(food.pk, by=mine, key=key())
    acts.reassign(food.pk, other.id, "我请假。", by=mine, key=key())
    assert fresh(food).handler_id == other.id


def test_what_i_have_in_hand_waits_for_somebody(owner, monday):
    case = case_of(accepted(owner, FOOD), FOOD)
    by, client = officer(case, Role.REVIEWER), signed_in("amr-reviewer")

    def shown():
        return {
            which: str(case.pk) in text(client.get(reverse("cases:in_hand", args=[which])))
            for which in ("applicant", "others", "closed")
        }

    acts.take(case.pk, by=by, key=key())
    assert not any(shown().values()), "it waits for me"
    acts.request_correction(case.pk, [PLAN], by=by, key=key())
    assert [name for name, here in shown().items() if here] == ["applicant"]
    line = text(client.get(reverse("cases:inbox"), {"light": "paused"}))
    assert "等申请人补正，到 3月16日" in line
    acts.add_file(case.application_id, "floor_plan", stored(), by=owner, key=key())
    acts.answer_correction(case.pk, {}, by=owner, key=key())
    acts.complete_step(case.pk, "review", "pass", "好。", by=by, key=key())
    assert [name for name, here in shown().items() if here] == ["others"]
    acts.withdraw(case.pk, by=owner, key=key())
    assert [name for name, here in shown().items() if here] == ["closed"]
    assert client.get(reverse("cases:in_hand", args=["nonsense"])).status_code == 404


def test_the_list_goes_into_a_spreadsheet_as_it_was_filtered(owner):
    case = case_of(accepted(owner, FOOD), FOOD)
    Case.objects.filter(pk=case.pk).update(applicant_name="=1+1")
    client = signed_in("amr-reviewer")
    answer = client.get(reverse("cases:export"), {"door": "portal"})
    assert answer["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert (rows[1][0], rows[1][2]) == (case.number, "'=1+1")
    assert (
        len(list(csv.reader(io.StringIO(client.get(reverse("cases:export"), {"door": "desk"}).content.decode())))) == 1
    )


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
