import random

import pytest
from django.db import connection

from yiwang.kernel.acts import system_record
from yiwang.kernel.packs import Pack, PackError
from yiwang.kernel.types import SYSTEM
from yiwang.platform.catalog import acts as catalog
from yiwang.platform.catalog.models import Implementation
from yiwang.platform.search import index, pack, queries, words
from yiwang.platform.search.models import SearchDocument, SearchTerm, VocabularyRow
from yiwang.platform.search.types import Filters

pytestmark = pytest.mark.usefixtures("testville")


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


ASKED = [
    ("许可 证", {"who": "organisation"}),
    ("老年优待证", {"who": "person"}),
    ("食品经营许可", {"where": "339901001"}),
    ("食品经营许可", {"agency": "339901-amr"}),
    ("开饭店", {"where": "339902"}),
    ("开饭店", {}),
    ("坐车进公园", {}),
    ("消防", {}),
    ("测试", {}),
    ("老年优代证", {}),
    ("lnydz", {}),
]


def everything():
    return [(hit.name, hit.agency_name, hit.places) for text, narrow in ASKED for hit in found(text, narrow)]


def found(text, narrow):
    return queries.search(text, Filters(**narrow)).hits


@pytest.mark.parametrize(
    "way",
    [
        "ANALYZE search_searchdocument, search_searchterm",
        "SET LOCAL enable_seqscan = off",
        "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off",
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_found_depends_neither_on_the_way_nor_on_the_order_of_writing(way, seed):
    before = everything()
    assert len(before) > len(ASKED)
    entries = list(index._everything())
    random.Random(seed).shuffle(entries)
    SearchDocument.objects.all().delete()
    index.write(entries)
    with connection.cursor() as sql:
        for one in way.split(";"):
            sql.execute(one)
    assert everything() == before


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


def test_what_stands_in_the_index_is_not_indexed_again(django_assert_num_queries):
    row = Implementation.objects.exclude(current=None).select_related("item").first()
    with django_assert_num_queries(1):
        index.index_item(row.pk, row.current_id)
    SearchDocument.objects.filter(source=str(row.pk)).update(edition=None, name="旧的")
    index.index_item(row.pk, row.current_id)
    assert SearchDocument.objects.get(source=str(row.pk)).name == row.item.name


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


def test_how_many_documents_bear_a_common_word_is_known():
    word = max(words.common(), key=words.common().__getitem__)
    with connection.cursor() as sql:
        sql.execute("SELECT count(*) FROM search_searchdocument WHERE head @@ quote_literal(%s)::tsquery", [word])
        assert words.documents_with(word) == pytest.approx(sql.fetchone()[0])
    assert words.documents_with("没有这个词") == 0


@pytest.mark.slow
def test_names_are_found_along_their_indexes_when_any_name_may_be_asked():
    rows = [
        SearchDocument(
            key=f"plan:{number}", source="plan", kind="item", folded=f"名{number}", known="字" * 500, head="", body=""
        )
        for number in range(3000)
    ]
    SearchDocument.objects.bulk_create(rows, batch_size=1000)
    with connection.cursor() as sql:
        sql.execute("ANALYZE search_searchdocument")
        sql.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        names = ("words", "events", "narrow", "names", "free")
        statement = queries._HEADS % {name: f"${at}" for at, name in enumerate(names, 1)}
        sql.execute(f"PREPARE heads (text, text, text, text[], bool) AS {statement}")
        sql.execute("EXPLAIN EXECUTE heads ('''a''', '''a''', '', ARRAY['名1'], true)")
        plan = "\n".join(row[0] for row in sql.fetchall())
        sql.execute("DEALLOCATE heads")
    assert "Seq Scan" not in plan
