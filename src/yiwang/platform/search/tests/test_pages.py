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
    assert '<a href="/search/?q=%E5%BC%80%E9%A5%AD%E5%BA%97">法人' in page, "a filter is taken away by its own link"


def test_filters_alone_show_all_that_they_leave(client):
    page = client.get("/search/", {"who": "person", "theme": "p065"}).content.decode()
    assert "老年优待证办理" in page
    assert "食品经营许可" not in page
    legal = client.get("/search/", {"theme": "l065"}).content.decode()
    assert "老年优待证办理" not in legal, "the two lists of themes have codes of their own"


def test_a_function_finds_the_bodies_of_every_county(client):
    page = client.get("/search/", {"function": "amr"}).content.decode()
    assert "公司设立登记" in page
    assert "老年优待证办理" not in page


def test_the_chosen_place_narrows_until_it_is_taken_away(client):
    client.post("/place/", {"place": "339902001"})
    here = client.get("/search/", {"q": "食品经营许可"}).content.decode()
    assert "where=all" in here
    everywhere = client.get("/search/", {"q": "食品经营许可", "where": "all"}).content.decode()
    assert "食品经营许可" in everywhere
    assert "没有找到" not in everywhere


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
