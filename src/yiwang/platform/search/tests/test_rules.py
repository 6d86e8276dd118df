import re

from hypothesis import given
from hypothesis import strategies as st

from yiwang.platform.search import rules
from yiwang.platform.search.types import Asked, Candidate, Filters, Kind, Synonym, Tier, Vocabulary

WORDS = Vocabulary((), (Synonym(("开饭店", "开小饭店"), ("食品经营许可", "开一家餐饮店")),))


def split(text):
    """A tokeniser for tests: signs two by two."""
    return [text[at : at + 2] for at in range(0, len(text), 2)]


def candidate(**changes):
    base = {
        "id": 1, "kind": Kind.ITEM, "group": "a", "target": "t", "name": "食品经营许可", "name_en": "",
        "short_name": "", "summary": "", "agency": "", "agency_name": "", "region": "", "level": 3, "audience": (),
        "themes": (), "online": False, "popularity": 0, "icon": "", "known": "",
        "rank": 0.5,
    } | changes  # fmt: skip
    folded = {"folded": rules.fold(base["name"]), "folded_short": rules.fold(base["short_name"])}
    return Candidate(**(folded | base))


def test_what_people_say_is_joined_with_what_it_means():
    asked = rules.understand("怎么 开饭店？", WORDS, split)
    assert asked.groups == ((("开饭", "店"), ("食品", "经营", "许可"), ("开一", "家餐", "饮店")),)
    assert {"食品经营许可", "开一家餐饮店"} <= asked.names


def test_a_place_beside_it_is_a_word_of_its_own():
    asked = rules.understand("鹿城 开饭店", WORDS, split)
    assert (("鹿城",),) in asked.groups
    assert "食品经营许可" not in asked.names


def test_words_that_say_nothing_are_dropped_but_never_all():
    assert rules.understand("我要办理 公证", Vocabulary(), lambda text: [text]).groups == (
        (("我要办理",),),
        (("公证",),),
    )
    assert rules.understand("办理", Vocabulary(), lambda text: [text]).groups == ((("办理",),),)
    assert rules.understand("  ？！ ", Vocabulary(), split).groups == ()


def test_latin_words_are_set_apart():
    assert rules.understand("ＳＰ许可", Vocabulary(), lambda text: [text]).latin == ("sp",)


@given(st.text(max_size=60))
def test_any_text_makes_a_query_that_is_well_formed(text):
    query = rules.to_tsquery(rules.understand(text, WORDS, split).groups, Filters(), [])
    outside = re.sub(r"'(?:[^'\\]|''|\\\\)*'", "x", query)
    assert "'" not in outside
    assert outside.count("(") == outside.count(")")


def test_filters_are_lexemes():
    query = rules.to_tsquery(((("食品",),),), Filters(who="person", online="yes"), ["330302", "*"])
    assert query == "((('食品'))) & 'w=person' & 'o=yes' & ('r=330302' | 'r=*')"
    assert Filters.read({"who": "person' | 'x", "where": "330302"}) == Filters(where="330302")


def test_the_order_of_reasons():
    asked = Asked("食品", (((("食品",)),),), frozenset({"食品经营许可"}))
    exact = candidate(id=1, rank=0.1)
    event = candidate(id=2, kind=Kind.EVENT, name="开店", group="e")
    named = candidate(id=3, name="食品生产许可", group="b")
    headed = candidate(id=4, name="健康证", group="c", rank=0.9)
    near = candidate(id=5, name="食品检验", group="d", near=0.9, rank=0.2)
    far = candidate(id=6, name="食品检疫", group="f", near=0.4, in_text=True, rank=1.0)
    everything = [exact, event, named, headed, near, far]
    assert rules.order(reversed(everything), asked) == everything
    assert rules.tier(far, asked) is Tier.NEAR


def asked(*groups):
    return Asked("", tuple(tuple(tuple(way) for way in group) for group in groups), frozenset())


def near(found, asks, **common):
    return rules.nearness(found, rules.scale(asks, [found, candidate(name="别的公司户口")], common))


def test_what_has_all_words_is_nearest_and_a_word_in_the_text_counts_less():
    asks = asked([["食品"]], [["户口"]])
    assert near(candidate(known="户口"), asks) == 1
    assert near(candidate(), asks) == 0.5
    assert 0.5 < near(candidate(in_text=True), asks) < 1
    assert near(candidate(name="别的"), asks) == 0


def test_a_common_word_says_less_and_an_unknown_one_little():
    known, unknown = asked([["食品"]], [["公司"]]), asked([["食品"]], [["飞船"]])
    assert near(candidate(), known) == 0.5
    assert near(candidate(), known, 公司=0.5) > 0.8
    assert near(candidate(), unknown) > 0.7


def test_half_a_name_means_another_thing():
    asks = asked([["养狗"], ["养犬", "登记"]])
    assert near(candidate(name="收养登记"), asks) < rules.BETTER_THAN_NOTHING
    assert near(candidate(name="养犬登记"), asks) == 1


@given(
    st.lists(st.lists(st.lists(st.text("食品经营许可ab", min_size=1, max_size=3), min_size=1), min_size=1), max_size=4)
)
def test_nearness_is_a_share(groups):
    assert 0 <= near(candidate(), asked(*groups)) <= 1.0000001


@given(st.text(max_size=60))
def test_pairs_of_any_text_are_well_formed(text):
    groups = rules.understand(text, WORDS, split).groups
    found = rules.pairs(groups)
    several = min(len(groups), rules.MOST_PAIRED)
    assert len(found) <= several * (several - 1) // 2
    assert all(len(way) >= 2 for pair in found for way in pair)


def test_a_word_and_a_part_of_it_are_no_pair():
    words = [(("食品",),), (("食品经营",),), (("公司",),)]
    assert rules.pairs(words) == [(("食品", "公司"),), (("食品经营", "公司"),)]
    assert rules.pairs(words, rare=1) == [(("食品", "公司"),)]


def test_one_line_for_an_item_however_many_bodies():
    found = [candidate(id=1), candidate(id=2), candidate(id=3, group="b")]
    assert [(one.id, places) for one, places in rules.collapse(found)] == [(1, 2), (3, 1)]


def slow_distance(one, other):
    """Optimal string alignment by plain recursion."""
    if not one or not other:
        return len(one) + len(other)
    best = min(
        slow_distance(one[1:], other) + 1,
        slow_distance(one, other[1:]) + 1,
        slow_distance(one[1:], other[1:]) + (one[0] != other[0]),
    )
    if len(one) > 1 and len(other) > 1 and one[0] == other[1] and one[1] == other[0]:
        best = min(best, slow_distance(one[2:], other[2:]) + 1)
    return best


@given(st.text("ab食品", max_size=5), st.text("ab食品", max_size=5))
def test_slips_are_counted_as_the_slow_way_counts_them(one, other):
    assert rules.distance(one, other) == min(slow_distance(one, other), 3)


@given(st.text("abc", min_size=3, max_size=6), st.integers(0, 5), st.sampled_from("abc"))
def test_texts_one_slip_apart_share_a_deletion(text, at, sign):
    at %= len(text)
    for other in (
        text[:at] + text[at + 1 :],
        text[:at] + sign + text[at:],
        text[:at] + sign + text[at + 1 :],
    ):
        assert set(rules.deletes(text)) & set(rules.deletes(other))


def test_sounds_that_are_mixed_up_are_one():
    assert rules.fuzzy("shipinjingying") == rules.fuzzy("sipinjinyin")
    assert rules.fuzzy("lan") == rules.fuzzy("nang")
