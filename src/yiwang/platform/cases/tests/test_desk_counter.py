"""The counter: an application as a whole, and what is printed for who stands there."""

import pytest
from django.urls import reverse

from yiwang.kernel.calendar import Unit
from yiwang.platform.cases.models import ApplicationFile
from yiwang.platform.cases.tests.at_desk import MOST, queries, signed_in, text
from yiwang.platform.cases.tests.conftest import (
    FIRE,
    FOOD,
    MONDAY,
    accepted,
    case_of,
    fresh,
    next_workday,
    republish,
    submit,
)
from yiwang.platform.catalog.types import Limit


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


@pytest.mark.parametrize(
    ("items", "limit", "day"),
    [
        ((FOOD,), Limit(8, Unit.WORKDAY), "下一个工作日"),
        ((FOOD,), Limit(12, Unit.DAY), "第二天"),
        ((FOOD,), Limit(1, Unit.MONTH), "第二天"),
        ((FOOD, FIRE), Limit(1, Unit.MONTH), "下一个工作日（按自然日或者月算的，从第二天）"),
    ],
)
def test_a_counter_says_on_which_day_the_clocks_start(owner, items, limit, day):
    republish(FOOD, promised_limit=limit, statutory_limit=Limit(2, Unit.MONTH))
    application = accepted(owner, *items)
    page = text(signed_in("intake").get(reverse("cases:application", args=[application.pk]), {"done": "accept"}))
    assert f"已受理，时限从{day}开始算。" in page


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


def test_the_joint_limit_is_shown_and_lengthened_once_by_who_acts_for_the_government(owner):
    application = accepted(owner, FOOD, FIRE)
    page = reverse("cases:application", args=[application.pk])
    act = reverse("cases:application_act", args=[application.pk, "extend"])
    given = {"extend-days": "15", "extend-reason": "现场整改。", "version": str(application.version)}
    assert "5月8日" in text(signed_in("amr-reviewer").get(reverse("cases:case", args=[case_of(application, FOOD).pk])))
    clerk = signed_in("intake")
    assert "并联" in text(clerk.get(page))
    assert act not in text(clerk.get(page))
    assert clerk.post(act, given | {"key": "k0", "extend-approval": "测政批〔2026〕1号"}).status_code == 403
    for login in ("supervisor", "dispatcher"):
        shown = text(signed_in(login).get(page))
        assert act in shown
        assert "5月8日" in shown
        assert "剩 45 个工作日" in shown
    client = signed_in("dispatcher")
    assert "最多 15 个工作日" in text(client.get(page))
    wrong = client.post(act, given | {"key": "k1"})
    assert wrong.status_code == 422
    assert "现场整改。" in text(wrong)
    assert '<a href="#extend-approval">' in text(wrong)
    longer = given | {"key": "k1", "extend-days": "40", "extend-approval": "测政批〔2026〕1号"}
    assert text(client.post(act, longer)).count("最多延长 15 个工作日。") == 2, "in the summary and at its field"
    assert '<a href="#extend-days">' in text(client.post(act, longer))
    done = client.post(act, given | {"key": "k2", "extend-approval": "测政批〔2026〕1号"}, follow=True)
    assert "剩 60 个工作日" in text(done)
    assert act not in text(done)
    application.refresh_from_db()
    assert application.joint_due_on == next_workday(MONDAY, 60)


def test_an_application_links_only_to_pages_that_its_reader_may_open(owner):
    application = accepted(owner, FOOD, FIRE)
    page = reverse("cases:application", args=[application.pk])
    receipt = reverse("cases:receipt", args=[application.pk])
    lists = {"intake": "cases:intake", "dispatcher": "cases:inbox", "supervisor": "cases:supervision"}
    for login, back in lists.items():
        shown = text(signed_in(login).get(page)).split('<main id="main">')[1]
        found = [one for one in lists.values() if f'href="{reverse(one)}"' in shown]
        assert found == [back], login
        assert (receipt in shown) is (login == "intake")
        assert "您的岗位不能办这一项" not in shown, "nothing waits for acceptance: there is nothing to refuse"
