"""A restaurant from question to rating: one person, one form, a counter, five agencies, five results."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from yiwang.kernel import clock

from . import applicant, desk, papers
from .desk import INSPECTORS
from .restaurant import DETAILS, FIRM

pytestmark = pytest.mark.e2e


def test_1_from_question_to_rating(visitor, agencies):
    owner = visitor()

    # A person who wants to open a restaurant says so in plain words, and answers a few questions without signing in.
    owner.open("/?for=organisation")
    owner.shot("home")
    owner.page.get_by_role("searchbox").first.fill("开饭店")
    owner.press("搜索")
    owner.shot("search")
    owner.follow("开一家餐饮店")
    owner.shot("questions")
    owner.press("看我的指南")
    owner.reads("有 6 处要改")
    owner.shot("questions-wrong")
    applicant.answer_questions(owner)
    owner.heading("您的指南：5 件事，办 1 次")
    owner.reads("因为：您要挂店招")
    owner.shot("guide")

    # They sign in, for their firm.
    owner.follow("开始填这一张表")
    owner.shot("sign-in")
    owner.choose_account("jia")
    owner.heading("为谁办理？")
    owner.shot("for-whom")
    owner.choose_party(FIRM)
    owner.reads(f"正在代表 {FIRM} 办理")
    owner.shot("start")
    owner.press("开始填表")

    # One form: what the government knows is filled, and a source that is down keeps nobody.
    owner.heading("店和主体")
    owner.reads("来自 鹿城区市场监督管理局 · 营业执照")
    owner.shot("known")
    owner.press(re.compile("^保存并下一部分"))
    owner.reads("市住建局 · 排水管网 · 中断")
    owner.answer("f-fire_manager_name", "演示店长")
    owner.answer("f-seats", "很多")
    owner.press(re.compile("^保存并下一部分"))
    assert owner.page.title().startswith("错误：")
    seats = owner.page.locator("#f-seats")
    expect(seats).to_have_attribute("aria-invalid", "true")
    expect(seats).to_have_value("很多")
    owner.shot("wrong")
    owner.open(owner.page.url)
    expect(seats).to_have_value("很多")
    expect(owner.page.locator("#f-fire_manager_name")).to_have_value("演示店长")
    owner.answer("f-seats", DETAILS["seats"])
    applicant.fill_the_form(owner, shots=True)
    owner.press("保存并核对")
    applicant.hand_in_too_early(owner)
    owner.shot("review-missing")
    owner.follow(re.compile("^修改.*材料"))
    applicant.give_the_materials(owner, shots=True)
    receipt = applicant.hand_in(owner, shots=True)
    owner.shot("receipt")

    # A counter accepts all of it in one act.
    clerk = agencies.member("lc-intake1")
    clerk.open("/desk/intake/")
    clerk.shot("desk-intake")
    clerk.follow_to(f"/desk/applications/{receipt.id}/")
    clerk.shot("desk-application")
    clerk.press(re.compile("^受理勾选的"))
    clerk.reads("已受理，时限从下一个工作日开始算")
    clerk.shot("desk-accepted")
    cases = desk.cases_of(clerk)
    assert len(cases) == 5
    owner.open(f"/applications/{receipt.id}/")
    expect(owner.page.locator("main .yw-case").filter(has_text="已受理")).to_have_count(5)
    owner.shot("tracking-accepted")

    # Five agencies work in parallel. One has what it needs from the sources and ends on the spot;
    officer = agencies.at_case("lc-social-review", cases["社会保险登记"], shot="social-inbox")
    officer.shot("social-check")
    desk.pass_review(officer)
    officer.reads("已送达")
    officer.shot("social-done")

    # one asks for a correction;
    officer = agencies.at_case("lc-enforcement-review", cases["户外招牌设置"])
    desk.ask_for_correction(officer, "店招效果图", "效果图没有标尺寸，请标出宽、高、厚和离地高度（米）。")
    officer.shot("sign-asks")
    desk.send_correction(officer)
    officer.shot("sign-asked")

    # two inspect jointly, each with two officers, on one day;
    for agency, name in (("amr", "食品经营许可"), ("fire", "消防安全检查")):
        officer = agencies.at_case(f"lc-{agency}-review", cases[name])
        officer.shot(f"{agency}-review")
        desk.pass_review(officer)
    for agency, name in (("amr", "食品经营许可"), ("fire", "消防安全检查")):
        officer = agencies.at_case(f"lc-{agency}-inspect", cases[name])
        officer.follow(re.compile("^去联合踏勘"))
        officer.heading("联合踏勘：2 个部门一起来一次")
        if agency == "amr":
            desk.plan_visit(officer, clock.today())
            officer.shot("visit-planned")
            desk.record_visit(officer, INSPECTORS[agency][:1], "现场与申报一致。")
            officer.reads("现场核查要有两名以上工作人员")
            officer.shot("visit-wrong")
        desk.record_visit(officer, INSPECTORS[agency], "现场与申报一致，出口畅通，四个区分开。")
        officer.reads("踏勘记录已写进案卷")
    officer.shot("visit-recorded")

    # one goes alone, and asks the source again that was down.
    officer = agencies.at_case("lc-housing-review", cases["排水许可"])
    desk.pass_review(officer)
    officer = agencies.at_case("lc-housing-inspect", cases["排水许可"])
    officer.follow(re.compile("^去踏勘"))
    desk.record_visit(officer, INSPECTORS["housing"], "隔油池已装，接入市政井。")
    officer = agencies.at_case("lc-housing-decide", cases["排水许可"])
    officer.shot("drainage-recheck")
    desk.check_again(officer, "已电话向排水公司核实：接驳点 DP-0306，接入信河街污水管。")
    officer.shot("drainage-checked")
    desk.decide(officer)

    # The applicant reads what is asked, answers it, and the case goes on.
    owner.open("/")
    owner.shot("home-todo")
    owner.open("/my/")
    owner.shot("my")
    owner.open(f"/applications/{receipt.id}/")
    owner.reads("请您补正：户外招牌设置")
    owner.shot("correction")
    owner.press("提交补正")
    owner.shot("correction-wrong")
    applicant.answer_correction(owner)
    owner.does_not_read("请您补正：户外招牌设置")
    owner.shot("corrected")
    officer = agencies.at_case("lc-enforcement-review", cases["户外招牌设置"])
    officer.shot("sign-answered")
    desk.pass_review(officer)

    # Whoever decides sees the document before it is one.
    officer = agencies.at_case("lc-amr-decide", cases["食品经营许可"])
    officer.shot("decide")
    desk.preview(officer, "符合法定条件，准予许可。", shot="decide-preview")
    desk.decide(officer)
    officer.shot("decided")
    for agency, name in (("fire", "消防安全检查"), ("enforcement", "户外招牌设置")):
        desk.decide(agencies.at_case(f"lc-{agency}-decide", cases[name]))

    # Everybody may ask with number and code; nothing personal is said.
    stranger = visitor()
    stranger.open("/progress/")
    applicant.ask_progress(stranger, receipt.number, "AAAAAAAA")
    stranger.shot("progress-wrong")
    applicant.ask_progress(stranger, receipt.number, receipt.code)
    stranger.reads("户外招牌设置")
    stranger.does_not_read(FIRM)
    stranger.shot("progress")

    # The results are in the wallet, signed; the QR code's address says they hold, and a changed file is called out.
    owner.open(f"/applications/{receipt.id}/")
    owner.reads("共 5 件，5 件办结")
    owner.shot("tracking-closed")
    owner.open("/my/messages/")
    owner.shot("messages")
    owner.open("/my/licences/")
    owner.shot("wallet")
    licence = papers.download(owner, "食品经营许可证")
    assert FIRM in papers.printed(licence)
    stranger.open(papers.printed_address(licence))
    stranger.reads("有效")
    stranger.shot("verified")
    papers.verify_file(stranger, licence)
    stranger.shot("verified-file")
    papers.verify_file(stranger, papers.tampered(licence))
    stranger.shot("tampered")
    stranger.reads("内容被改过，不要采信")

    # It is rated, well and badly; the supervisor sees it.
    owner.open(f"/applications/{receipt.id}/")
    applicant.rate(owner, "食品经营许可", "非常满意", "可以全程网上办理", shots=True)
    owner.open(f"/applications/{receipt.id}/")
    applicant.rate(owner, "户外招牌设置", "不满意", "没有提供材料样本")
    supervisor = agencies.member("lc-supervisor")
    supervisor.shot("supervisor")
    supervisor.follow(re.compile("差评"))
    supervisor.reads("户外招牌设置")
    supervisor.shot("supervisor-ratings")
