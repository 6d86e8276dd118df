import pytest

pytestmark = pytest.mark.usefixtures("testville")


def test_results_lead_to_guides_and_keep_the_filters(client, django_assert_max_num_queries):
    client.get("/search/?q=开饭店")
    with django_assert_max_num_queries(8):
        answer = client.get("/search/", {"q": "开饭店", "who": "organisation"})
    page = answer.content.decode()
    assert 'href="/events/shop/"' in page
    assert 'href="/items/' in page
    assert 'name="who" value="organisation"' in page
    assert "，点一下去掉" in page
    assert "取消全部筛选" not in page
    both = client.get("/search/", {"q": "开饭店", "who": "organisation", "online": "yes"}).content.decode()
    assert "取消全部筛选" in both


def test_nothing_asked_shows_what_others_look_for(client):
    page = client.get("/search/").content.decode()
    assert "大家常搜" in page
    assert "老年卡" in page


def test_a_slip_is_told(client):
    page = client.get("/search/", {"q": "老年优代证"}).content.decode()
    assert "没有找到“老年优代证”" in page
    assert "<strong>老年优待证</strong>" in page


def test_suggestions_are_a_page_and_a_fragment(client):
    page = client.get("/search/suggest/", {"q": "老年"}).content.decode()
    assert "<html" in page
    assert "老年优待证" in page
    part = client.get("/search/suggest/", {"q": "老年"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "老年优待证" in part


@pytest.mark.parametrize(
    "query", ["q=%00", "q=" + "长" * 500, "q=店&page=99999", "q=店&page=x", "q=店&where='", "q=\\"]
)
def test_strange_addresses_are_answered(client, query):
    assert client.get(f"/search/?{query}").status_code in (200, 400)


def test_the_front_page_offers_popular_words(client):
    page = client.get("/").content.decode()
    assert "大家常搜" in page
    assert "/search/?q=" in page
