"""An agent for a firm: trusted by its representative in the browser, seen everywhere, and out when trust ends."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from . import applicant
from .restaurant import FIRM
from .visitor import NARROW

pytestmark = pytest.mark.e2e

AGENT, AGENT_PHONE = "演示父亲戊", "19900000005"
ACTING = f"{AGENT}（经办人）正在代表 {FIRM} 办理"


TAKE_BACK = re.compile(f"^收回.*{AGENT}")


def trust(owner) -> None:
    """Give the agent a delegation for opening a restaurant, with signing, until a day of next year."""
    owner.open("/my/delegations/")
    while owner.page.get_by_role("button", name=TAKE_BACK).count():
        owner.press(TAKE_BACK)  # what a run that was broken off left
    owner.shot("delegations")
    owner.follow("委托一个人")
    owner.press("委托")
    owner.shot("delegate-wrong")
    owner.answer("f-name", AGENT)
    owner.answer("f-contact", AGENT_PHONE)
    owner.answer("f-scope", "只办下面这些")
    owner.answer("f-events", ["开一家餐饮店"])
    owner.answer("f-sign", "可以替我签名、提交和领取")
    owner.answer("f-last_day", ("2027", "6", "30"))
    owner.shot("delegate")
    owner.press("委托")
    owner.reads("到 2027年6月30日")
    owner.shot("delegated")


def test_2_an_agent_for_a_firm(visitor, agencies):
    owner = visitor("jia")
    owner.act_for(FIRM)
    trust(owner)

    # The agent signs in, on a phone, and is asked for whom.
    agent = visitor(width=NARROW)
    agent.open("/events/restaurant/")
    applicant.answer_questions(agent)
    agent.follow("开始填这一张表")
    agent.choose_account("wu")
    agent.shot("for-whom")
    agent.choose_party(FIRM)
    agent.reads(ACTING)
    agent.press("开始填表")
    agent.shot("known")
    agent.reads(AGENT)
    applicant.fill_the_form(agent)
    applicant.give_the_materials(agent)
    receipt = applicant.hand_in(agent)
    agent.reads(ACTING)
    agent.shot("receipt")

    # Counter and agencies see who acts for whom.
    clerk = agencies.member("lc-intake1")
    clerk.open(f"/desk/applications/{receipt.id}/")
    clerk.reads(FIRM)
    clerk.reads(AGENT)
    clerk.shot("desk-application")
    cases = agencies.accept(receipt.id)
    officer = agencies.at_case("lc-enforcement-review", cases["户外招牌设置"])
    officer.reads(FIRM)
    officer.shot("desk-case")
    agencies.finish(cases)

    # The agent has the results for the firm; so does the firm, and it sees who did what.
    agent.open(f"/applications/{receipt.id}/")
    agent.reads("共 5 件，5 件办结")
    agent.shot("closed")
    applicant.rate(agent, "食品经营许可", "满意", "在线提交材料窗口核验")
    owner.open(f"/applications/{receipt.id}/")
    owner.reads("共 5 件，5 件办结")
    owner.reads(AGENT)
    owner.open("/my/acted/")
    owner.reads(AGENT)
    owner.reads("提交申请")
    owner.shot("who-acted")

    # Trust ends: at the next request the agent is out.
    owner.open("/my/delegations/")
    owner.press(TAKE_BACK)
    expect(owner.page.get_by_role("listitem").filter(has_text=AGENT).first).to_contain_text("已收回")
    owner.shot("taken-back")
    assert agent.open(f"/applications/{receipt.id}/").status == 404
    agent.does_not_read("正在代表")
    agent.shot("out")
    agent.open("/standings/")
    agent.does_not_read(FIRM)
    agent.open("/my/licences/")
    agent.does_not_read(FIRM)
