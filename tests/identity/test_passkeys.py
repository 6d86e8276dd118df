"""Passkeys in a real browser, with its own virtual device: added, used to sign in, and without script told plainly."""

from __future__ import annotations

import pytest

from yiwang.platform.identity.models import Account, SignedIn
from yiwang.ui import assets

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
AXE = assets.ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def site(testville, live_server):
    """The test server under the name that browsers let have passkeys."""
    return live_server.url.replace("127.0.0.1", "localhost")


def page_with_device(browser):
    context = browser.new_context()
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def sign_in_by_demo(page, site, name):
    page.goto(site + "/sign-in/")
    page.get_by_label(name, exact=True).check(force=True)
    page.get_by_role("button", name="登录", exact=True).first.click()
    go_on_for_oneself(page)


def go_on_for_oneself(page):
    """Whoever may act for others too is asked for whom."""
    page.wait_for_url("**/standings/**")
    page.locator(".yw-choice", has_text="本人").locator("input").check(force=True)
    page.get_by_role("button", name="就为它办").click()
    page.wait_for_url("**/my/")


def test_a_passkey_is_added_and_signs_in_at_level_three(browser, site):
    page = page_with_device(browser)
    sign_in_by_demo(page, site, "测试法人甲")
    page.goto(site + "/account/factors/")
    page.get_by_role("button", name="添加通行密钥").click()
    page.wait_for_url("**/account/")
    page.get_by_text("已有 1 个").wait_for()

    page.goto(site + "/sign-out/")
    page.get_by_role("button", name="退出登录").click()
    page.goto(site + "/sign-in/?next=/account/")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/account/")
    session = SignedIn.objects.latest("began_at")
    assert (session.way, session.level, session.second_factor) == ("passkey", 3, True)
    assert session.account == Account.objects.get(login="rep")
    assert page.complaints == []
    page.context.close()


def test_a_device_without_the_key_is_refused_with_words(browser, site):
    page = page_with_device(browser)
    page.goto(site + "/sign-in/")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.get_by_text("没有成功：设备没有回应").wait_for()
    assert page.get_by_role("button", name="用通行密钥登录").is_enabled()
    page.context.close()


def test_without_script_the_other_ways_work(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "/sign-in/")
    assert page.get_by_role("button", name="用通行密钥登录").count() == 0
    page.get_by_text("用通行密钥要浏览器支持并打开脚本").first.wait_for()
    row = Account.objects.get(login="rep")
    row.set_password("Wen-Zhou-2026x")
    row.save()
    page.get_by_label("手机号、身份证号或登录名").fill("19900000001")
    page.get_by_label("密码", exact=True).fill("Wen-Zhou-2026x")
    page.get_by_role("button", name="下一步").click()
    code = page.locator("text=演示短信").inner_text().split("验证码 ")[1][:6]
    page.get_by_label("短信里的 6 位数字").fill(code)
    page.get_by_role("button", name="登录", exact=True).click()
    go_on_for_oneself(page)
    context.close()


PAGES = {
    "": ["/sign-in/", "/sign-up/", "/reset/"],
    "rep": ["/account/", "/account/password/", "/account/factors/", "/account/sessions/", "/my/delegations/",
            "/my/delegations/new/", "/my/acted/", "/my/access/", "/my/organisations/"],
    "weak": ["/step-up/?level=3", "/account/verify/"],
    "system-admin": ["/desk/agencies/", "/desk/agencies/new/", "/desk/centres/339901-centre/", "/desk/calendar/"],
    "security-admin": ["/desk/staff/", "/desk/staff/new/"],
    "audit-admin": ["/desk/audit/"],
    "intake": ["/desk/people/", "/desk/absence/"],
}  # fmt: skip


@pytest.mark.parametrize("login", PAGES)
def test_axe_finds_nothing_and_nothing_sticks_out(browser, site, login):
    for width in (1280, 390):
        context = browser.new_context(viewport={"width": width, "height": 900})
        page = context.new_page()
        if login:
            page.goto(site + "/sign-in/")
            token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
            form = {"csrfmiddlewaretoken": token, "method": "demo", "login": login}
            assert context.request.post(site + "/sign-in/", form=form, headers={"Referer": site}).ok
        for path in PAGES[login]:
            page.goto(site + path)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        context.close()
