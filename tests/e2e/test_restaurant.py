"""The main job, whole: a person who wants to open a restaurant, five agencies, one form, one signed result for each."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image

pytestmark = pytest.mark.e2e

ANSWERS = (
    "?q-place_region=330302006&q-legal_form=company&q-has_licence=true&q-shop_area=360&q-food_kinds=hot"
    "&q-food_kinds=cold&q-food_kinds=drinks&q-sign_wanted=true&q-staff_count=12"
)
FIRM = "温州演示餐饮有限公司"


def picture() -> dict:
    """Return a photograph to upload."""
    out = BytesIO()
    Image.new("RGB", (800, 600), "white").save(out, "PNG")
    return {"name": "图.png", "mimeType": "image/png", "buffer": out.getvalue()}


def apply(person) -> str:
    """Go from the answers to the receipt; returns the application's id."""
    page = person.page
    page.goto(f"/events/restaurant/{ANSWERS}")
    page.get_by_role("link", name="开始填这一张表").click()
    with page.expect_navigation(url="**/parts/**"):
        page.get_by_role("button", name="开始填表").click()
    pk = re.search(r"applications/([^/]+)", page.url)[1]
    while "/parts/" in page.url:
        before = page.url
        person.fill_part()
        person.shot("part-" + before.rstrip("/").rpartition("/")[2])
        page.get_by_role("button", name="保存并下一部分").click()
        page.wait_for_url(lambda url, before=before: url != before)
    for index in range(1, 20):
        field = page.locator(f"input[name=file-{index}]")
        if not field.count():
            break
        promise = page.locator(f"input[name=way-{index}][value=committed]")
        if promise.count():
            promise.check(force=True)
        else:
            field.set_input_files(picture())
    person.shot("materials")
    with page.expect_navigation():
        page.get_by_role("button", name="保存并核对").click()
    person.shot("review")
    page.locator("#promise").check(force=True)
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("提交这")).click()
    assert page.get_by_text("收件凭证已经生成").is_visible()
    person.shot("receipt")
    return pk


@pytest.mark.parametrize("width", [1280, 390])
def test_the_guide_is_made_for_the_case_without_signing_in(visitor, width):
    person = visitor(width=width)
    page = person.page
    page.goto("/?for=organisation")
    person.shot("home")
    page.get_by_role("link", name="开一家餐饮店").click()
    person.shot("navigator")
    page.goto(f"/events/restaurant/{ANSWERS}")
    person.shot("guide")
    assert page.get_by_role("heading", name="您的指南：5 件事，办 1 次").is_visible()
    assert page.get_by_text("因为：您要挂店招").is_visible()
    page.goto(f"/events/restaurant/{ANSWERS.replace('sign_wanted=true', 'sign_wanted=false')}")
    assert page.get_by_role("heading", name="您的指南：4 件事，办 1 次").is_visible()


def test_wrong_input_is_told_beside_the_field_and_nothing_is_lost(visitor):
    person = visitor("jia")
    person.act_for(FIRM)
    page = person.page
    page.goto(f"/events/restaurant/{ANSWERS}")
    page.get_by_role("link", name="开始填这一张表").click()
    with page.expect_navigation(url="**/parts/**"):
        page.get_by_role("button", name="开始填表").click()
    page.goto(page.url.replace("/subject/", "/place/"))
    page.locator("#f-seats").fill("很多")
    with page.expect_navigation():
        page.get_by_role("button", name="保存并下一部分").click()
    assert page.title().startswith("错误：")
    assert page.locator("#f-seats").input_value() == "很多"
    assert page.locator("#f-seats").get_attribute("aria-invalid") == "true"
    person.shot("error")
    page.reload()
    page.goto(page.url)
    assert page.locator("#f-seats").input_value() == "很多", "what was typed is kept, right or wrong"


@pytest.mark.parametrize("width", [1280, 390])
def test_from_question_to_five_results(visitor, width):
    person = visitor("jia", width=width)
    person.act_for(FIRM)
    pk = apply(person)

    clerk = visitor("lc-intake1", width=width)
    clerk.page.goto(f"/desk/applications/{pk}/")
    clerk.shot("desk-application")
    with clerk.page.expect_navigation():
        clerk.page.get_by_role("button", name=re.compile("受理勾选的")).click()
    person.page.goto(f"/applications/{pk}/")
    person.shot("accepted")
    assert person.page.get_by_text("已受理").count() >= 5
