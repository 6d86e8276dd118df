"""The one form as somebody uses it: wrong, right, back again; nothing is lost and nothing gets in the way."""

import pytest
from django.urls import reverse

from yiwang.platform.cases.models import Application
from yiwang.platform.cases.tests.conftest import FOOD
from yiwang.platform.catalog import queries as catalog


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
