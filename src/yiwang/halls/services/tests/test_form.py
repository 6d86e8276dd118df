"""The one form as somebody uses it: wrong, right, back again; nothing is lost and nothing gets in the way."""

import re

import pytest
from django.urls import reverse

from yiwang.platform.cases.models import Application
from yiwang.platform.cases.tests.conftest import (
    ELDERLY,
    FOOD,
    monday,  # noqa: F401 (a fixture)
)
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.sharing.models import Objection


@pytest.fixture
def draft(sign_in):
    """Return a browser, and the address of the part that asks for the shop's area."""
    browser = sign_in("rep")
    edition = catalog.editions_in("339901001", [FOOD])[FOOD]
    start = reverse("services:start_item", args=[edition.definition.task_code])
    browser.post(start, {"key": "begin-here"})
    pk = Application.objects.get().pk
    return browser, reverse("services:part", args=[pk, "place"])


def test_what_was_wrong_is_put_right_on_the_same_page(draft):
    browser, part = draft
    page = {
        "f-place_region": "339901001",
        "f-place_address": "测试市河街 1 号",
        "f-exits": "2",
        "f-shop_area": "很大",
        "key": "the-pages-own-key",
    }
    wrong = browser.post(part, page)
    assert wrong.status_code == 422
    assert "很大" in wrong.content.decode()
    right = browser.post(part, page | {"f-shop_area": "120"})
    assert right.status_code == 302
    again = browser.post(part, page | {"f-shop_area": "130"})
    assert again.status_code == 302, "the browser's way back leads to the same page, and it may be changed"
    assert Application.objects.get().answers["shop_area"] == 130


def test_what_does_not_fit_is_marked_before_handing_in_and_refused(draft):
    """Leaving half-way keeps what cannot be read; the review shows it as wrong, and leads to where it is mended."""
    browser, part = draft
    page = {
        "f-place_region": "339901001",
        "f-place_address": "测试市河街 1 号",
        "f-exits": "2",
        "f-shop_area": "很多",
    }
    browser.post(part, page | {"leave": "", "key": "k"})
    review = reverse("services:review", args=[Application.objects.get().pk])
    seen = browser.get(review).content.decode()
    link = f'<a href="{part}#f-shop_area">'
    marked = seen.split("很多", 1)[1].split("</dd>")[0]
    assert "错误：" in marked
    assert link in marked
    assert seen.count("错误：") == 1, "what is right, and what is only empty, is not marked"
    refused = browser.post(review, {"promise": "yes", "key": "hand-in"})
    assert refused.status_code == 422
    summary = refused.content.decode().split("govuk-error-summary")[1].split("</ul>")[0]
    assert link in summary
    assert Application.objects.get().state == "draft"
    browser.post(part, page | {"f-shop_area": "120", "key": "k2"})
    assert link not in browser.get(review).content.decode()


def test_what_is_disputed_in_the_form_reaches_the_provider(sign_in, monday):  # noqa: F811
    """The dispute stays in the application; the person may go on from it and have the record itself put right."""
    browser = sign_in("elder")
    edition = catalog.editions_in("339901001", [ELDERLY])[ELDERLY]
    browser.post(reverse("services:start_item", args=[edition.definition.task_code]), {"key": "begin-here"})
    application = Application.objects.get()
    part = reverse("services:part", args=[application.pk, "applicant"])
    before = browser.get(part).content.decode()
    assert 'name="dispute" value="applicant_age"' in before
    assert "请提供方改正" not in before
    assert browser.post(part, {"dispute": "applicant_age", "key": "k"}).status_code == 302
    application.refresh_from_db()
    assert application.answers["_disputed"] == ["applicant_age"]
    page = browser.get(part).content.decode()
    (address,) = re.findall(r'href="(/my/objections/[^"]+)">请提供方改正', page)
    assert address == "/my/objections/population/new/"
    assert browser.post(address, {"f-text": "年龄不对，应该是 75。"}).headers["Location"] == "/my/objections/?sent=1"
    (row,) = Objection.objects.all()
    assert (row.kind, row.dataset.code, row.text) == ("data", "population", "年龄不对，应该是 75。")
    desk = sign_in("steward")
    assert "年龄不对" in desk.get(f"/desk/objections/{row.pk}/").content.decode()
