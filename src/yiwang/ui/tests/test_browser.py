"""The pages in a real browser: accessibility, policy, layout, and life without script."""

import subprocess

import pytest

from yiwang.ui import assets
from yiwang.ui.tests import draft_urls

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

MODULES = assets.ROOT / "node_modules"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    "/_components",
    "/_components/desk",
    *(f"/_components/errors/{status}" for status in (400, 403, 404, 413, 429, 500, 503)),
)


@pytest.fixture
def visit(browser, live_server):
    """Open a page in an edition and a width; complaints of the browser are collected."""
    contexts = []

    def open_page(path, *, width=1280, edition="standard", script=True):
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        context.add_cookies([{"name": "yw_edition", "value": edition, "url": live_server.url}])
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.outside = []
        page.on("console", lambda line: page.complaints.append(f"{line.text} {line.location['url']}".strip()))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda one: page.outside.append(one.url))
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("edition", ["standard", "elder"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_sticks_out(visit, live_server, path, width, edition):
    page = visit(path, width=width, edition=edition)
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    assert len(found["passes"]) > 10
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [line for line in page.complaints if "Failed to load resource" not in line] == []
    assert all(one.startswith(live_server.url) for one in page.outside)
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--yw-brand')")


def test_markup_is_valid(client, tmp_path):
    files = []
    for number, path in enumerate(PAGES):
        client.raise_request_exception = False
        file = tmp_path / f"{number}.html"
        file.write_bytes(client.get(path).content)
        files.append(str(file))
    broken = tmp_path / "broken.html"
    broken.write_text("<!DOCTYPE html><html lang=en><p><div></p></html>", encoding="utf-8")
    tool = [
        str(MODULES / ".bin" / "html-validate"),
        "--config",
        str(assets.HERE / "tests" / "htmlvalidate.cjs"),
    ]
    result = subprocess.run([*tool, *files], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert subprocess.run([*tool, str(broken)], capture_output=True, check=False).returncode == 1


def test_the_edition_is_switched_without_script(visit):
    page = visit("/_components", script=False)
    page.get_by_role("button", name="长辈版").click()
    assert page.locator("html").get_attribute("data-edition") == "elder"
    assert page.url.endswith("/_components")
    page.get_by_role("button", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"


def test_what_is_typed_outlives_a_change_of_edition_or_language(visit):
    page = visit("/_components")
    boxes = page.locator("main input[type=checkbox][name]")

    def state():
        return [boxes.nth(number).is_checked() for number in range(boxes.count())]

    served = state()
    for number, ticked in enumerate(served):
        boxes.nth(number).set_checked(not ticked, force=True)
    page.locator("#f-exits").fill("前门，后门")
    left = state()
    assert left != served
    for button in ("长辈版", "English"):
        page.get_by_role("button", name=button).click()
        page.wait_for_load_state()
        assert (page.locator("#f-exits").input_value(), state()) == ("前门，后门", left)
    assert page.evaluate("sessionStorage.length") == 0, "kept longer than it takes"
    page.reload()
    assert (page.locator("#f-exits").input_value() != "前门，后门", state()) == (True, served)


def test_the_desk_has_large_type_too(visit):
    page = visit("/_components/desk", script=False)
    size = "parseFloat(getComputedStyle(document.querySelector('main')).fontSize)"
    small = page.evaluate(size)
    page.get_by_role("button", name="大字版").click()
    assert page.url.endswith("/_components/desk")
    assert page.evaluate(size) >= 1.5 * small
    page.get_by_role("button", name="标准版").click()
    assert page.evaluate(size) == small


def test_icons_are_drawn_from_the_sprite(visit):
    page = visit("/_components")
    box = page.evaluate("document.querySelector('.yw-icons use').getBBox().width")
    assert box > 0


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(visit):
    page = visit("/_components")
    assert page.evaluate("document.activeElement.className") == "yw-summary"
    page.get_by_role("link", name="从业人员第 2 行").click()
    assert page.evaluate("document.activeElement.id") == "f-staff-1-phone"


def test_small_behaviours_of_the_base_run(visit):
    page = visit("/_components")
    page.locator("#f-exits").fill("字" * 195)
    page.get_by_text("还可以写 5 个字", exact=True).first.wait_for()
    assert page.get_by_role("button", name="选文件").count() == 1


def test_keys_of_the_desk(visit):
    page = visit("/_components/desk")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "desk-q"
    page.keyboard.press("j")
    assert page.locator("#desk-q").input_value() == "j"
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    boxes = page.locator("input[name=case]")
    assert [boxes.nth(number).is_checked() for number in range(4)] == [False, True, False, False]
    assert page.locator("[data-yw-ticked]").inner_text() == "已选 1 件"
    page.locator("[data-yw-all]").check()
    assert page.locator("[data-yw-ticked]").inner_text() == "已选 4 件"


@pytest.fixture
def drafts(settings):
    settings.ROOT_URLCONF = "yiwang.ui.tests.draft_urls"
    draft_urls.saved.clear()
    return draft_urls.saved


def test_a_change_is_saved_and_asks_what_follows_without_losing_what_is_typed(drafts, visit):
    page = visit("/draft")
    page.locator("#f-name").fill("演示面馆")
    page.get_by_label("二层").check(force=True)
    page.get_by_text("有电梯吗？").wait_for()
    page.locator("#f-saved").get_by_text("已自动保存").wait_for()
    assert drafts[-1] == {"name": "演示面馆", "floor": "2"}
    assert page.locator("#f-name").input_value() == "演示面馆"
    page.get_by_label("否").check(force=True)
    page.get_by_role("button", name="提交").click()
    page.get_by_text("sent").wait_for()
    assert [line for line in page.complaints if "/favicon.ico" not in line] == []  # the bare answer names no icon


def test_the_same_form_works_without_script(drafts, visit):
    page = visit("/draft", script=False)
    page.get_by_label("二层").check(force=True)
    page.get_by_role("button", name="提交").click()
    assert page.title() == "错误：填表 - 一网"
    assert page.locator("#f-name").input_value() == "旧名"
    page.get_by_role("link", name="请回答“有电梯吗？”").click()
    page.get_by_label("是").check(force=True)
    page.get_by_role("button", name="提交").click()
    assert page.inner_text("body") == "sent"
    assert drafts == []
