"""The portal's own pages: what each offers, and what strange input does to them."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from yiwang.platform.catalog import queries as catalog
from yiwang.ui import store

pytestmark = pytest.mark.usefixtures("testville")


def page(response):
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def food():
    return catalog.editions_in("339901001", ["330131018001"])["330131018001"].definition


def test_the_front_page_offers_every_way_to_find_something(client):
    html = page(client.get("/"))
    order = [
        "今天要办什么事",
        "一件事，一次办",
        "过六十岁生日",
        "按主题找",
        "按部门找",
        "附近可以办",
        "公开承诺",
        "网站地图",
    ]
    places = [html.index(words) for words in order]
    assert places == sorted(places)
    assert "开一家小店" not in html
    assert "开一家小店" in page(client.get("/?for=organisation"))


def test_what_a_life_event_saves_is_counted(client):
    html = page(client.get("/?for=organisation"))
    assert re.search(r"<span>\d 个部门</span><span>\d+ → \d+ 个工作日</span>", html)


def test_the_front_page_asks_little_of_the_database(client, django_assert_max_num_queries):
    client.get("/")
    with django_assert_max_num_queries(12):
        client.get("/")


def test_a_person_sees_what_waits_for_them(sign_in, journey):
    for stage in journey("elder", "old_age").steps():
        if stage.act == "cases.submit":
            break
    html = page(sign_in("elder").get("/"))
    assert "今天要办什么事" in html
    assert "退出" in html


@pytest.mark.parametrize("path", ["/themes/", "/agencies/", "/centres/", "/site-map/", "/accessibility/", "/privacy/"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_of_the_site_itself(client, path, language):
    client.post("/preferences", {"language": language})
    response = client.get(path)
    assert response.status_code == 200
    assert "<h1" in page(response)


def test_themes_and_agencies_lead_to_what_they_hold(client):
    for path in ("/themes/", "/agencies/"):
        links = re.findall(r'<li><a href="(/search/\?[^"]+)"', page(client.get(path)))
        assert links
        for link in links:
            assert "没有找到" not in page(client.get(link.replace("&amp;", "&"))), link


def test_a_place_is_kept_by_the_browser_and_changes_what_is_near(client):
    answer = client.post("/place/", {"place": "339901001", "next": "/centres/"})
    assert (answer.status_code, answer.url) == (302, "/centres/")
    html = page(client.get("/centres/"))
    assert html.index("测试东区政务服务中心") < html.index("测试市政务服务中心")
    client.post("/place/", {"place": "", "next": "/"})
    assert "yw_place" not in {name for name, one in client.cookies.items() if one.value}


@pytest.mark.parametrize("wrong", ["999999", "33", "339901001002003", "' OR 1=1", "三三九九", "339900"])
def test_a_place_that_is_none_is_told_beside_the_field(client, wrong):
    answer = client.post("/place/", {"place": wrong})
    assert answer.status_code == 422
    assert "<title>错误：" in page(answer)
    assert 'id="place-error"' in page(answer)
    client.cookies["yw_place"] = wrong.encode("ascii", "ignore").decode()
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.invalid/", "//evil.invalid", "/\\evil.invalid"])
def test_a_place_leads_nowhere_else(client, target):
    assert client.post("/place/", {"place": "339901", "next": target}).url == "/"


def test_a_guide_says_everything_that_somebody_asks(client, food):
    html = page(client.get(reverse("services:item", args=[food.task_code])))
    order = ["<dt>多久</dt>", "<dt>跑几趟</dt>", "<dt>多少钱</dt>", "<dt>得到什么</dt>"]
    order += [f'id="{section}"' for section in ("who", "prep", "flow", "where", "law")]
    places = [html.index(words) for words in order]
    assert places == sorted(places)
    for words in ("网上能办到哪一步", "行政复议", "行政诉讼"):
        assert words in html
    assert "您不需要带：" in html
    assert "yw-steps--row" in html
    for material in food.materials:
        assert material.name in html


def test_samples_are_given_and_nothing_else(client, food, settings):
    with (Path(settings.YIWANG_PACK_DIR) / "testville" / "samples" / "result-food_licence.pdf").open("rb") as file:
        store.save(file)
    sample = client.get(reverse("services:sample", args=[food.task_code, "result"]), follow=True)
    assert sample.status_code == 200
    assert sample.headers["Content-Type"] == "application/pdf"
    assert "sandbox" in sample.headers["Content-Security-Policy"]
    assert client.get(reverse("services:sample", args=[food.task_code, "nothing"])).status_code == 404
    folder = sample.redirect_chain[-1][0].partition("/samples/")[0]
    for path in ("pack.yaml", "samples/../pack.yaml", "/etc/passwd", "../../README.md", "samples"):
        assert client.get(f"{folder}/{path}").status_code == 404, path


def test_the_first_edition_has_nothing_to_compare(client, food):
    assert client.get(reverse("services:item_changes", args=[food.task_code])).status_code == 404


def test_a_guide_can_be_passed_on_and_printed_without_signing_in(client, settings):
    settings.BASE_URL = "https://city.example"
    answers = "?q-place_region=339901001&q-has_licence=true&q-shop_area=500&q-food_kinds=hot"
    html = page(client.get(reverse("services:navigator", args=["shop"]) + answers))
    assert "您的指南：" in html
    assert "https://city.example/events/shop/?q-place_region=339901001&amp;" in html
    assert "data-yw-print" in html
    assert "yw-qr" in html
    assert "怎么算的" in html


def test_the_navigator_begins_with_the_place_chosen_before(client):
    client.post("/place/", {"place": "339901002"})
    html = page(client.get(reverse("services:navigator", args=["shop"])))
    assert '<option value="339901002" selected>' in html


def test_a_guide_comes_in_large_print_too(client, food):
    client.cookies["yw_edition"] = "elder"
    html = page(client.get(f"/items/{food.task_code}/"))
    assert re.findall(r'data-edition="([^"]*)"', html) == ["elder"], "the page's edition, not that of the guide"
    assert "标准版" in html
