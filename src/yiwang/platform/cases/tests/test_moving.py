"""A running case moves to another edition: what the dry run says is what the act does, and nothing more is asked."""

from dataclasses import replace

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.models import AuditEntry
from yiwang.kernel.problems import Invalid, NotAllowed, NotNow
from yiwang.kernel.types import Role
from yiwang.platform.cases import acts, queries, rules
from yiwang.platform.cases.rules import Fate
from yiwang.platform.cases.tests.at_desk import MOST, signed_in, text
from yiwang.platform.cases.tests.at_desk import queries as counted
from yiwang.platform.cases.tests.conftest import (
    FIRE,
    FOOD,
    accepted,
    case_of,
    decide,
    edition_of,
    fresh,
    key,
    officer,
    republish,
    submit,
)
from yiwang.platform.cases.types import TaskState
from yiwang.platform.catalog.types import Limit, Material, MaterialKind, Step, Unit

PLAN = {"target": "material:floor_plan", "label": "店内平面图", "message": "没有标面积。"}


def steps(**changes):
    """Return the process of the food item with some steps changed; ``None`` takes one out."""
    made = []
    for one in edition_of(FOOD).definition.process:
        change = changes.get(one.code, {})
        if change is not None:
            made.append(replace(one, **change))
    return tuple(made)


def dispatcher(case):
    return officer(case, Role.DISPATCHER)


CODES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


@given(CODES, CODES, st.data())
def test_every_step_has_one_fate_and_what_was_done_is_never_lost(old, new, data):
    states = {code: data.draw(st.sampled_from(TaskState)) for code in old}
    found = rules.fates(states, new)
    skipped = {code for code, state in states.items() if state is TaskState.SKIPPED and code not in new}
    assert set(found) == (set(old) | set(new)) - skipped
    for code, fate in found.items():
        assert (fate in (Fate.KEPT, Fate.ADDED)) == (code in new)
        assert (fate is Fate.ADDED) == (code not in old)
        assert (fate is Fate.REMEMBERED) == (code not in new and states.get(code) is TaskState.DONE)


def test_the_dry_run_changes_nothing_and_the_act_does_what_it_says(food, owner, events):
    by = dispatcher(food)
    assert queries.plan_move(food.pk, by) is None, "it has the newest"
    acts.complete_step(food.pk, "review", "pass", "好。", by=officer(food, Role.REVIEWER), key=key())
    extra = Step("second", "复核", "review", after=("review",))
    new = republish(
        FOOD,
        process=(*steps(site_visit=None, decision={"after": ("second",)}), extra),
        statutory_limit=Limit(15, Unit.WORKDAY),
        promised_limit=Limit(9, Unit.WORKDAY),
    )
    before = fresh(food)
    view = queries.plan_move(food.pk, by)
    fates = dict(view.steps)
    assert (view.old_number, view.new_number, view.edition_id) == (1, 2, new.id)
    assert (fates["审查"], fates["复核"], fates["现场核查"]) == ("kept", "added", "dropped")
    assert (view.statutory[0].value, view.statutory[1].value, view.lacking) == (10, 15, ())
    assert fresh(food).version == before.version
    acts.move_edition(food.pk, new.id, "踏勘已经取消。", before.version, by=by, key=key())
    after = fresh(food)
    assert (after.edition_id, after.due_on) == (new.id, before.due_on), "what was promised stays"
    assert after.statutory_due_on > before.statutory_due_on
    assert after.application.plan[0]["edition"] == str(new.id)
    states = dict(after.tasks.values_list("step", "state"))
    assert (states["review"], states["second"], states["site_visit"]) == ("done", "ready", "skipped")
    assert events(food)[-1] == "case.edition_moved"
    assert AuditEntry.objects.filter(name="cases.move_edition").latest("seq").detail["to"] == 2
    decide(after)
    assert fresh(food).result == "issued"


def test_a_move_never_asks_for_more(food):
    paper = Material("lease", "租赁合同", MaterialKind.PROOF)
    new = republish(FOOD, materials=(*edition_of(FOOD).definition.materials, paper))
    by = dispatcher(food)
    assert queries.plan_move(food.pk, by).lacking == ("租赁合同",)
    with pytest.raises(NotNow, match="租赁合同"):
        acts.move_edition(food.pk, new.id, "换新。", by=by, key=key())
    assert fresh(food).edition_id != new.id


def test_what_was_done_under_the_old_edition_stays_in_the_record(food):
    by = dispatcher(food)
    acts.complete_step(food.pk, "review", "fail", "面积不符。", by=officer(food, Role.REVIEWER), key=key())
    new = republish(FOOD, process=steps(review=None, site_visit={"after": ("intake",)}))
    assert dict(queries.plan_move(food.pk, by).steps)["审查"] == "remembered"
    acts.move_edition(food.pk, new.id, "审查并入踏勘。", by=by, key=key())
    assert food.tasks.get(step="review").opinion == "面积不符。"
    decide(food)
    assert fresh(food).result == "issued"


def test_the_page_shows_what_it_means_before_it_is_done(food):
    path = reverse("cases:edition", args=[food.pk])
    assert "已经是最新版本" in text(signed_in("dispatcher").get(path))
    new = republish(FOOD, process=steps(site_visit=None, decision={"after": ("review",)}))
    client = signed_in("amr-decider")
    assert path in text(client.get(reverse("cases:case", args=[food.pk])))
    number, sql = counted(client, path)
    assert number <= MOST, "\n".join(sql)
    shown = client.get(path)
    assert "不再需要" in text(shown)
    assert "第 2 版" in text(shown)
    body = {"key": "k", "edition": str(new.id), "version": food.version}
    wrong = client.post(path, body | {"reason": " "})
    assert wrong.status_code == 422
    assert "错误：" in text(wrong)
    assert client.post(path, {"edition": "x", "reason": "踏勘取消"}).url == path
    stale = client.post(path, body | {"version": 99, "reason": "踏勘取消"})
    assert (stale.status_code, "踏勘取消" in text(stale)) == (409, True)
    done = client.post(path, body | {"reason": "踏勘取消"})
    assert "换成新版办事指南" in text(client.get(done.url))
    assert signed_in("amr-reviewer").get(path).status_code == 403


def test_who_may_move_and_when(owner):
    application = accepted(owner, FOOD, FIRE)
    food, fire = case_of(application, FOOD), case_of(application, FIRE)
    new = republish(FOOD, plain="换了说法。")
    by = dispatcher(food)
    with pytest.raises(NotAllowed):
        acts.move_edition(food.pk, new.id, "换新。", by=officer(food, Role.REVIEWER), key=key())
    with pytest.raises(Invalid, match="同一事项"):
        acts.move_edition(fire.pk, new.id, "换新。", by=by, key=key())
    with pytest.raises(Invalid):
        acts.move_edition(food.pk, new.id, " ", by=by, key=key())
    acts.request_correction(food.pk, [PLAN], by=officer(food, Role.REVIEWER), key=key())
    with pytest.raises(NotNow, match="不能换版本"):
        acts.move_edition(food.pk, new.id, "换新。", by=by, key=key())
    waiting = case_of(submit(owner, FIRE), FIRE)
    fire_new = republish(FIRE, plain="换了说法。")
    acts.move_edition(waiting.pk, fire_new.id, "受理前换。", by=by, key=key())
    assert fresh(waiting).edition_id == fire_new.id
    with pytest.raises(NotNow, match="已经是"):
        acts.move_edition(waiting.pk, fire_new.id, "再来。", by=by, key=key())
