import pytest

from yiwang.kernel.acts import system_record
from yiwang.kernel.packs import Pack, PackError
from yiwang.kernel.types import SYSTEM
from yiwang.platform.catalog import acts as catalog
from yiwang.platform.catalog.models import Implementation
from yiwang.platform.search import index, pack, queries, words
from yiwang.platform.search.models import SearchDocument, SearchTerm, VocabularyRow
from yiwang.platform.search.types import Filters

pytestmark = pytest.mark.usefixtures("testville")


@pytest.fixture(autouse=True)
def fresh(testville):
    """Read Testville's words anew."""
    words.forget()
    yield
    words.forget()


def names(text, **filters):
    return [hit.name for hit in queries.search(text, Filters(**filters)).hits]


def test_everything_published_is_there(testville):
    assert SearchDocument.objects.filter(kind="item").count() == Implementation.objects.exclude(current=None).count()
    assert set(SearchDocument.objects.filter(kind="event").values_list("target", flat=True)) == {
        "shop",
        "old_age",
    }


@pytest.mark.parametrize("text", ["开饭店", "怎么开饭店？", "开小吃店", "我想开饭店"])
def test_what_people_say_finds_what_it_is_called(text):
    assert names(text)[:2] == ["开一家小店", "食品经营许可"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("老年优待证", "老年优待证办理"),
        ("老年优待证办理", "老年优待证办理"),
        ("敬老卡", "老年优待证办理"),
        ("laonianyoudaizheng", "老年优待证办理"),
        ("lnydz", "老年优待证办理"),
        ("elderly", "老年优待证办理"),
        ("消防检查", "公众聚集场所消防安全检查"),
        ("东区 消防", "公众聚集场所消防安全检查"),
        ("测试东区开饭店", "开一家小店"),
    ],
)
def test_the_best_comes_first(text, first):
    assert names(text)[0] == first


def test_a_life_event_comes_before_items_that_only_hold_the_word():
    assert names("小店")[0] == "开一家小店"


@pytest.mark.parametrize("text", ["老年优代证", "老年优待正", "食品经赢许可", "老年待证", "老年优优待证"])
def test_a_slip_finds_what_was_meant(text):
    found = queries.search(text)
    assert found.hits
    assert found.instead
    assert found.instead in found.meant


@pytest.mark.parametrize("text", ["奶奶的敬老卡掉河里了", "老年优待证丢了在哪里补", "老年优待证 火星"])
def test_words_that_nobody_has_hide_nothing(text):
    assert "老年优待证办理" in names(text)[:3]


def test_nonsense_finds_nothing_and_says_so():
    found = queries.search("火星移民签证")
    assert (found.hits, found.meant) == ((), ())
    assert queries.search("").hits == ()
    assert queries.search("'); DROP TABLE x; --").total >= 0


def test_narrowing(testville):
    assert "老年优待证办理" not in names("许可 证", who="organisation")
    assert names("老年优待证", who="person") == ["老年优待证办理", "过六十岁生日"]
    assert names("老年优待证", who="organisation") == []
    assert names("食品经营许可", where="339901001")
    assert "食品经营许可" not in names("食品经营许可", where="339902")
    assert "开一家小店" in names("开饭店", where="339902")
    assert names("开饭店", kind="event") == ["开一家小店"]
    assert names("食品经营许可", agency="339901-amr")[0] == "食品经营许可"
    assert names("食品经营许可", agency="339901-fire") == []


def test_another_city_s_words_change_nothing(testville):
    before = words.tokens("老年优待证"), names("老年优待证")
    row = VocabularyRow.objects.get()
    kept = row.document, row.digest
    row.document, row.digest = {"words": ["老年优待证", "优待"], "synonyms": []}, "other"
    row.save()
    words.forget()
    assert words.tokens("老年优待证") != before[0]
    row.document, row.digest = kept
    row.save()
    words.forget()
    assert (words.tokens("老年优待证"), names("老年优待证")) == before


def test_facets_count_what_narrowing_leaves():
    found = queries.search("开饭店")
    for name, values in found.facets.items():
        for one in values:
            if name in ("kind", "who", "online"):
                assert queries.search("开饭店", Filters(**{name: one.value})).total == one.count, (name, one)


def test_text_of_the_guide_is_found_last():
    assert names("坐车进公园") == ["老年优待证办理"]


def test_terms_are_completed_by_sign_and_sound():
    assert "老年优待证" in queries.complete("老年")
    assert "老年优待证" in queries.complete("laon")
    assert "老年优待证" in queries.complete("lny")
    assert queries.complete("") == []
    assert queries.complete("%_") == []


def test_the_index_follows_the_catalogue(deliver):
    row = Implementation.objects.get(item__basic_code="332011018000")
    with system_record("test.suspend"):
        catalog.suspend.body(row, "暂停", by=SYSTEM, key="1")
        from yiwang.kernel.acts import current

        current().emit(catalog.SUSPENDED, row)
    deliver("search", "catalog.suspended")
    assert "老年优待证办理" not in names("老年优待证")
    with system_record("test.publish"):
        row.draft["keywords"] = ["寿星卡"]
        row.draft["name"] = "老年优待证（卡）办理"
        catalog.publish_draft(row, "", by=SYSTEM)
    deliver("search", "catalog.published")
    assert names("寿星卡") == ["老年优待证（卡）办理"]
    deliver("search")
    assert index.rebuild() == SearchDocument.objects.count()
    assert not SearchTerm.objects.filter(term="老年优待证办理").exists()


def test_the_number_of_queries_is_fixed(django_assert_max_num_queries):
    queries.search("开饭店")
    with django_assert_max_num_queries(2):
        queries.search("开饭店")
    with django_assert_max_num_queries(3):
        queries.search("老年优待证 公园")
    with django_assert_max_num_queries(12):
        queries.search("老年优代证")


def test_faulty_words_of_a_pack_are_told(tmp_path):
    city = tmp_path / "city"
    city.mkdir()
    (city / "synonyms.yaml").write_text("- {words: [a]}\n- {words: [], means: [b]}\n", "utf-8")
    with pytest.raises(PackError) as caught:
        pack.load(Pack(city))
    assert "synonyms.yaml:1" in str(caught.value)
