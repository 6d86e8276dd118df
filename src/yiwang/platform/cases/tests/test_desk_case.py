"""The case page: complete, only what may be done, and nothing typed is lost."""

import re
from dataclasses import replace
from datetime import date

import pytest
from django.urls import reverse

from yiwang.kernel.calendar import Unit
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import Role
from yiwang.platform.cases import acts
from yiwang.platform.cases.queries import get_case
from yiwang.platform.cases.shown import FactRow
from yiwang.platform.cases.tests.at_desk import MOST, queries, signed_in, text
from yiwang.platform.cases.tests.conftest import (
    FIRE,
    FOOD,
    MONDAY,
    accepted,
    at,
    case_of,
    fresh,
    key,
    next_workday,
    officer,
    republish,
    review,
    stored,
    submit,
)
from yiwang.platform.catalog.types import Limit


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
    assert f'href="{reverse("cases:supervision")}"' in supervisor.split("yw-casebar")[1]
    assert reverse("cases:following", args=[food.pk]) not in supervisor, "who has no inbox has no next case"
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
    assert '<a href="#suspend-procedure' in text(wrong).split("yw-casegrid")[0], "the summary stands on top"
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
    assert AuditEntry.objects.filter(name="cases.read").last().detail == {
        "shown": "legal_rep_id",
        "roles": ["reviewer"],
    }


def test_neighbours_are_found_by_the_list_not_by_number(owner, monday):
    first = case_of(accepted(owner, FOOD), FOOD)
    with at(next_workday(monday, 3)):
        second = case_of(accepted(owner, FOOD), FOOD)
    client = signed_in("amr-reviewer")
    assert client.get(reverse("cases:following", args=[first.pk])).url == reverse("cases:case", args=[second.pk])
    assert client.get(reverse("cases:preceding", args=[second.pk])).url == reverse("cases:case", args=[first.pk])
    assert client.get(reverse("cases:preceding", args=[first.pk])).url == reverse("cases:inbox")


def test_what_was_handed_in_later_is_shown_first_and_says_when(food, owner):
    path = reverse("cases:case", args=[food.pk])
    old = food.application.files.get(identity="floor_plan")
    before = signed_in("amr-reviewer").get(path)
    assert "补交" not in text(before)
    plan = {"target": "material:floor_plan", "label": "店内平面图", "message": "没有标面积。"}
    with at(MONDAY, 10):
        acts.request_correction(food.pk, [plan], by=officer(food, Role.REVIEWER), key=key())
    with at(MONDAY, 11):
        new = acts.add_file(food.application_id, "floor_plan", stored(), by=owner, key=key())
        acts.answer_correction(food.pk, {}, by=owner, key=key())
    page = signed_in("amr-reviewer").get(path).content.decode()
    assert "11:00 补交" in page
    shown = re.search(r'id="v-([0-9a-f-]+)"[^>]*aria-current="true"', page)[1]
    assert shown == str(new) != str(old.pk)


@pytest.mark.parametrize(
    ("limit", "promise", "left"),
    [
        (Limit(8, Unit.WORKDAY), "8 个工作日", "剩 5 个工作日"),
        (Limit(12, Unit.DAY), "12 个自然日", "剩 9 个自然日"),
        (Limit(1, Unit.MONTH), "1 个月", "剩 28 个自然日"),
    ],
)
def test_a_limit_is_told_in_the_unit_in_which_it_is_counted(owner, limit, promise, left):
    republish(FOOD, promised_limit=limit, statutory_limit=Limit(2, Unit.MONTH))
    case = case_of(accepted(owner, FOOD), FOOD)
    with at(date(2026, 3, 5)):  # a Thursday: three days of each kind were used
        reviewer = signed_in("amr-reviewer")
        for address in (reverse("cases:case", args=[case.pk]), reverse("cases:inbox")):
            page = text(reviewer.get(address))
            assert f"承诺 {promise}" in page
            assert left in page


@pytest.mark.parametrize(
    ("limit", "day"),
    [
        (Limit(8, Unit.WORKDAY), "下一个工作日"),
        (Limit(12, Unit.DAY), "第二天"),
        (Limit(1, Unit.MONTH), "第二天"),
    ],
)
def test_the_clock_says_on_which_day_it_will_start(owner, limit, day):
    republish(FOOD, promised_limit=limit, statutory_limit=Limit(2, Unit.MONTH))
    case = case_of(submit(owner, FOOD), FOOD)
    assert f"受理以后的{day}开始计时。" in text(signed_in("amr-reviewer").get(reverse("cases:case", args=[case.pk])))


@pytest.mark.parametrize(
    ("limit", "promise", "used", "left"),
    [
        (Limit(8, Unit.WORKDAY), "8 个工作日", 3, 10),
        (
            Limit(12, Unit.DAY),
            "12 个自然日",
            3,
            18,
        ),  # to Saturday 14, so Monday 16 March; five working days on: 23 March
        (Limit(1, Unit.MONTH), "1 个月", 3, 36),  # to 2 April; five working days on, 清明 between: 10 April
    ],
)
def test_after_an_extension_the_clock_is_drawn_to_its_new_end(owner, limit, promise, used, left):
    republish(FOOD, promised_limit=limit, statutory_limit=Limit(2, Unit.MONTH))
    case = case_of(accepted(owner, FOOD), FOOD)
    acts.extend(case.pk, 5, "案情复杂。", by=officer(case, Role.DECIDER), key=key())
    with at(date(2026, 3, 5)):
        reviewer = signed_in("amr-reviewer")
        view = get_case(case.pk, officer(case, Role.REVIEWER))
        assert view.days_left == left
        words = f"承诺 {promise}，延长 5 个工作日，已用 {used}，剩 {left}"
        for address in (reverse("cases:case", args=[case.pk]), reverse("cases:inbox")):
            page = text(reviewer.get(address))
            drawn = re.search(
                r'<div class="yw-beads[^"]*" role="img" aria-label="([^"]*)">((?:<span[^>]*></span>)*)', page
            )
            assert drawn[1] == words
            assert drawn[2].split("></span>").index('<span class="t"') == used + left - 1


def test_an_extension_is_told_beside_the_limits(food):
    path = reverse("cases:case", args=[food.pk])
    assert "<dt>延长</dt>" not in text(signed_in("amr-reviewer").get(path))
    acts.extend(food.pk, 5, "案情复杂。", by=officer(food, Role.DECIDER), key=key())
    assert "<dt>延长</dt><dd>5 个工作日，到期日已经算上</dd>" in text(signed_in("amr-reviewer").get(path))
