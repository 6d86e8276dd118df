"""What is known of an application: every state, with source and time, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel import clock, limits
from yiwang.kernel.calendar import Unit
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Party, PartyKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import (
    EditionView,
    Limit,
    Material,
    MaterialKind,
    Necessity,
    Satisfier,
    SatisfierKind,
)
from yiwang.platform.evidence import queries, rules
from yiwang.platform.evidence.sources import Answers, Known, Source, Subject, sources
from yiwang.platform.evidence.types import FactState, MaterialFact, Resolution
from yiwang.platform.identity.models import Organisation, Person
from yiwang.platform.sharing import live
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Dataset, Grant, Record
from yiwang.platform.sharing.tests.datasets import allowed, dataset, item, published
from yiwang.platform.sharing.tests.sources import feed_of, serving
from yiwang.platform.sharing.types import AnswerRule, Outcome

FOOD = "330131018001"
REGION = "339901001"
PAPER = Material("plan", "平面图", MaterialKind.DRAWING)


@pytest.fixture
def food(testville: None, db: None) -> Iterator[EditionView]:
    """Food licence of testville, with every source up, on a day when the pack's licences are in force."""
    Dataset.objects.update(available=True)
    with clock.at(datetime(2026, 3, 2, 1, tzinfo=UTC)):
        yield catalog.editions_in(REGION, [FOOD])[FOOD]


def firm() -> tuple[Party, Any]:
    row = Organisation.objects.filter(legal_representative__isnull=False).order_by("uscc").first()
    assert row is not None
    return Party(PartyKind.ORGANISATION, row.pk), row.legal_representative_id


def many(edition: EditionView, count: int) -> list[EditionView]:
    """Return so many items, each with forms and papers of its own names."""
    made = []
    for number in range(count):
        definition = edition.definition
        papers = tuple(replace(one, code=f"{one.code}{number}", shared="") for one in definition.materials)
        made.append(
            replace(edition, definition=replace(definition, basic_code=f"3301310{number:02d}000", materials=papers))
        )
    return made


def with_papers(edition: EditionView, *papers: Material) -> EditionView:
    return replace(edition, definition=replace(edition.definition, materials=papers))


def stand(edition: EditionView, *papers: Material, principal: Party | None = None, **more: Any) -> Resolution:
    return queries.resolve(principal, [with_papers(edition, *papers)], more.pop("answers", {}), **more)


@pytest.mark.parametrize("count", [1, 5, 20])
def test_at_most_six_queries_however_many_items(food: EditionView, count: int, connection_queries: Any) -> None:
    principal, _head = firm()
    stranger = Person.objects.exclude(pk=_head).order_by("pk").first()
    assert stranger is not None
    editions = many(food, count)
    with connection_queries as seen:
        found = queries.resolve(principal, editions, {}, agent=stranger.pk)
    assert found.facts
    assert len(seen) <= 6, [one["sql"][:90] for one in seen]


@pytest.mark.parametrize("count", [1, 20])
def test_what_is_counted_is_counted_in_one_more_statement(
    food: EditionView, count: int, connection_queries: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    principal, head = firm()
    records_of(head, {"clean": True})
    papers = many(food, count)
    codes = tuple(one.definition.basic_code for one in papers)
    more = published(dataset(code="test_more", items=(item("flag", kind=FieldKind.BOOLEAN),), answers=RULES_OF_MORE))
    for row, field in ((Dataset.objects.get(code="test_data"), "?clean"), (more, "?flagged")):
        allowed(row, items=codes, fields=(field,), agency=food.definition.agency)
    paper = satisfied((SatisfierKind.DATASET, "test_more.?flagged"), (SatisfierKind.DATASET, "test_data.?clean"))
    editions = [with_papers(one, *one.definition.materials, paper) for one in papers]
    queries.resolve(principal, editions, {}, agent=head)  # definitions are read once
    settings.YIWANG_SHARED_LIMITS = True
    counted: list[Any] = []

    def apart(sql: str, values: list[Any]) -> list[tuple[bytes, int]]:
        counted.append(values)
        return [(slot, 1) for slot in values[1]]

    monkeypatch.setattr(limits, "_apart", apart)
    monkeypatch.setattr(limits, "_ahead", {})
    with connection_queries as seen:
        found = queries.resolve(principal, editions, {}, agent=head)
    assert found.materials["平面图"].state is FactState.KNOWN
    assert len(counted) == 1
    assert len(counted[0][2]) == 2, "of both grants"
    assert len(seen) + len(counted) <= 6, [one["sql"][:90] for one in seen]


def test_beyond_a_grants_rate_its_source_is_as_if_it_were_down(food: EditionView) -> None:
    _principal, head = firm()
    records_of(head, {"clean": True, "married": True})
    grant = Grant.objects.get(dataset__code="test_data")
    Grant.objects.filter(pk=grant.pk).update(per_minute=2)
    cache.clear()
    person = Party(PartyKind.PERSON, head)
    paper = satisfied((SatisfierKind.DATASET, "test_data.?clean"), (SatisfierKind.DATASET, "test_data.?married"))

    def state() -> FactState:
        return stand(food, paper, principal=person).materials["平面图"].state

    assert [state() for _time in range(3)] == [FactState.KNOWN, FactState.KNOWN, FactState.DEGRADED]
    cache.clear()
    limits.count(f"grant:{grant.pk}", 2, 60, 2)
    assert state() is FactState.DEGRADED, "agencies' checks and this count together"
    cache.clear()
    assert state() is FactState.KNOWN


def test_a_system_is_not_asked_beyond_the_rate(food: EditionView) -> None:
    _principal, head = firm()
    records_of(head, {"clean": True})
    row, number = Dataset.objects.get(code="test_data"), Person.objects.get(pk=head).number
    Grant.objects.filter(dataset=row).update(per_minute=1)
    cache.clear()
    person, live_ones = Party(PartyKind.PERSON, head), []
    paper = satisfied((SatisfierKind.DATASET, "test_data.?clean"))

    def answer(query: dict[str, Any]) -> Any:
        live_ones.append(query["numbers"])
        record = {"number": number, "at": "2026-03-01T08:00:00+08:00", "values": {"clean": True}}
        return {"answers": {"test_data": [record]}}

    live.forget()
    with serving(answer) as system:
        feed_of(row, "http_ask", address=system.url)
        states = [stand(food, paper, principal=person).materials["平面图"].state for _time in range(2)]
    assert states == [FactState.KNOWN, FactState.DEGRADED]
    assert live_ones == [[number]]


@pytest.fixture
def connection_queries() -> CaptureQueriesContext:
    from django.db import connection

    return CaptureQueriesContext(connection)


def test_what_is_known_says_from_where_and_since_when(food: EditionView) -> None:
    principal, head = firm()
    found = queries.resolve(principal, [food], {}, agent=head)
    known = {code: fact for code, fact in found.facts.items() if fact.state is FactState.KNOWN}
    assert {fact.source for fact in known.values()} >= {"identity", "licences"}
    for code, fact in known.items():
        assert fact.value not in (None, ""), code
        assert fact.source_name, code
        assert fact.at is not None, code


def test_somebody_who_only_looks_is_told_nothing(food: EditionView) -> None:
    found = queries.resolve(None, [food], {})
    assert {fact.state for fact in found.facts.values()} == {FactState.ASK}


def test_what_the_person_says_against_a_source_counts(food: EditionView) -> None:
    principal, head = firm()
    known = queries.resolve(principal, [food], {}, agent=head).facts["org_name"]
    said = {"org_name": "不是这个名称"}
    assert queries.resolve(principal, [food], said, agent=head).facts["org_name"].value == known.value
    disputed = queries.resolve(principal, [food], said, agent=head, disputed=frozenset({"org_name"}))
    assert (disputed.facts["org_name"].state, disputed.facts["org_name"].value) == (FactState.GIVEN, "不是这个名称")


def satisfied(*pairs: tuple[SatisfierKind, str], **changes: Any) -> Material:
    return replace(PAPER, satisfied_by=tuple(Satisfier(kind, ref) for kind, ref in pairs), **changes)


def test_a_licence_in_force_stands_for_its_paper(food: EditionView) -> None:
    principal, _head = firm()
    paper = satisfied((SatisfierKind.LICENCE, "business_licence"))
    fact = stand(food, paper, principal=principal).materials["平面图"]
    assert (fact.state, fact.source, fact.ref[:8]) == (FactState.KNOWN, "licences", "licence:")
    assert fact.at is not None


def test_a_dataset_that_is_down_degrades_and_never_asks(food: EditionView) -> None:
    principal, _head = firm()
    Dataset.objects.filter(code="population").update(available=False)
    found = stand(food, satisfied((SatisfierKind.DATASET, "population.?known")), principal=principal)
    assert found.materials["平面图"].state is FactState.DEGRADED
    assert len(found.down) == 1
    assert found.materials["平面图"].source_name == found.down[0]


def test_another_way_stands_in_for_a_dataset_that_is_down(food: EditionView) -> None:
    principal, _head = firm()
    Dataset.objects.update(available=False)
    paper = satisfied((SatisfierKind.DATASET, "population.?known"), (SatisfierKind.LICENCE, "business_licence"))
    assert stand(food, paper, principal=principal).materials["平面图"].state is FactState.KNOWN


def test_a_source_that_is_always_down_blocks_nobody(food: EditionView) -> None:
    principal, head = firm()
    elements = {
        code: replace(one, sources=tuple(replace(source, source="outage") for source in one.sources))
        for code, one in food.elements.items()
    }
    found = queries.resolve(principal, [replace(food, elements=elements)], {}, agent=head)
    states = {fact.state for fact in found.facts.values()}
    assert FactState.DEGRADED in states
    assert states <= {FactState.DEGRADED, FactState.ASK}


def test_the_result_of_another_case_comes_later(food: EditionView) -> None:
    paper = satisfied((SatisfierKind.RESULT, FOOD))
    assert stand(food, paper).materials["平面图"].state is FactState.LATER
    assert stand(food, satisfied((SatisfierKind.RESULT, "330131999000"))).materials["平面图"].state is FactState.ASK


def test_a_form_is_what_is_typed(food: EditionView) -> None:
    fact = stand(food, replace(PAPER, kind=MaterialKind.FORM)).materials["平面图"]
    assert (fact.state, fact.ref) == (FactState.KNOWN, "form")


def test_commitments_and_deferrals_are_offered_and_kept(food: EditionView) -> None:
    paper = satisfied((SatisfierKind.COMMITMENT, "promise"), necessity=Necessity.DEFERRABLE)
    asked = stand(food, paper).materials["平面图"]
    assert (asked.state, asked.may_commit, asked.may_defer) == (FactState.ASK, True, True)
    for state in (FactState.COMMITTED, FactState.DEFERRED, FactState.GIVEN):
        assert stand(food, paper, given={"平面图": state}).materials["平面图"].state is state


def test_what_does_not_apply_is_not_there(food: EditionView) -> None:
    paper = replace(PAPER, when="shop_area > 200")
    assert "平面图" not in stand(food, paper, answers={"shop_area": 100}).materials
    assert "平面图" in stand(food, paper, answers={"shop_area": 300}).materials


def test_an_earlier_paper_is_asked_of_whoever_keeps_them(food: EditionView, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Kept(Source):
        def answer(self, subject: Subject, paths: Any) -> Answers:
            seen.extend(paths)
            return Answers({"material:map": Known(True, "以前交过", clock.now(), ref="earlier:1")})

    monkeypatch.setitem(sources._plugins, "earlier", Kept())
    principal, _head = firm()
    fact = stand(food, satisfied((SatisfierKind.EARLIER, "map")), principal=principal).materials["平面图"]
    assert seen == ["material:map"]
    assert (fact.state, fact.source, fact.ref) == (FactState.KNOWN, "earlier", "earlier:1")


# --- The burden ---

periods = st.builds(Limit, st.integers(0, 60), st.sampled_from(list(Unit)))


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9)), st.data())
def test_the_longest_way_is_the_longest_of_all_ways(days: dict[str, int], data: st.DataObject) -> None:
    codes = sorted(days)
    waits = {
        code: data.draw(st.lists(st.sampled_from(codes[:place]), max_size=3)) if place else []
        for place, code in enumerate(codes)
    }

    def ways(code: str) -> Iterator[int]:
        yield days[code]
        for before in waits[code]:
            yield from (days[code] + rest for rest in ways(before))

    assert rules.longest_path(days, waits) == max((way for code in codes for way in ways(code)), default=0)


@given(periods, periods)
def test_working_days_keep_the_order_of_limits_of_one_unit(one: Limit, other: Limit) -> None:
    if one.unit is other.unit:
        assert (one.value <= other.value) == (rules.working_days(one) <= rules.working_days(other)) or (
            rules.working_days(one) == rules.working_days(other)
        )
    assert rules.working_days(one) >= 0


def test_the_burden_is_counted_from_what_stands(food: EditionView) -> None:
    principal, _head = firm()
    papers = (
        satisfied((SatisfierKind.LICENCE, "business_licence"), name="营业执照"),
        replace(PAPER, name="图纸"),
        replace(PAPER, name="可不交", necessity=Necessity.OPTIONAL),
    )
    found = stand(food, *papers, principal=principal)
    assert found.burden is not None
    assert (found.burden.apart.materials, found.burden.together.materials) == (2, 1)
    asked = sum(1 for fact in found.facts.values() if fact.state in (FactState.ASK, FactState.GIVEN))
    assert found.burden.together.fields == asked < found.burden.apart.fields


def test_the_list_that_stands_for_a_paper_and_bars_a_word_is_one_check_with_the_paper(food: EditionView) -> None:
    shown = replace(satisfied((SatisfierKind.DATASET, queries.DISHONESTY)), name="失信情况说明")
    edition = with_papers(replace(food, elements={}), shown)
    listed = Known(True, "市发改委 · 名单", number="33990219750303333X")
    fact = MaterialFact("list", shown.identity, FactState.KNOWN, source="datasets")
    (use,) = queries.uses(Resolution({}, {shown.identity: fact}, datasets={queries.DISHONESTY: listed}), [edition])
    assert (use.replaced, use.outcome) == (("失信情况说明",), Outcome.FOUND)


# --- What a dataset answers for a paper: yes or no, never that there is a record ---

RULES = (
    AnswerRule(code="clean", label="无犯罪记录", label_en="No criminal record", expression="clean"),
    AnswerRule(code="married", label="已婚", expression="married"),
)
RULES_OF_MORE = (AnswerRule(code="flagged", label="有标记", expression="flag"),)
ROWS = {
    "convict": {"clean": False},
    "divorced": {"married": False},
    "clean": {"clean": True},
    "married": {"married": True},
}


def records_of(head: Any, values: dict[str, Any]) -> None:
    """Publish a dataset about everybody, allow its yes-or-no answers only, and write one person's record."""
    kinds = tuple(item(name, kind=FieldKind.BOOLEAN) for name in ("clean", "married"))
    row = published(dataset(items=kinds, answers=RULES))
    allowed(row, items=(FOOD,), fields=("?clean", "?married"), agency="339901-amr")
    Record.objects.create(
        dataset=row,
        subject_index=blind_index(Person.objects.get(pk=head).number, SUBJECT),
        own=b"",
        digest=b"",
        values=values,
        at=clock.now(),
        valid_from=clock.now(),
    )


@pytest.mark.parametrize(
    ("who", "rule", "state"),
    [
        ("convict", "clean", FactState.ASK),
        ("divorced", "married", FactState.ASK),
        ("divorced", "clean", FactState.ASK),
        ("clean", "clean", FactState.KNOWN),
        ("married", "married", FactState.KNOWN),
    ],
)
def test_only_a_yes_stands_for_a_paper(food: EditionView, who: str, rule: str, state: FactState) -> None:
    _principal, head = firm()
    records_of(head, ROWS[who])
    person = Party(PartyKind.PERSON, head)
    found = stand(food, satisfied((SatisfierKind.DATASET, f"test_data.?{rule}")), principal=person)
    fact = found.materials["平面图"]
    assert fact.state is state
    assert bool(fact.why) == (state is FactState.ASK)
    uses = queries.uses(
        found, [with_papers(replace(food, elements={}), satisfied((SatisfierKind.DATASET, f"test_data.?{rule}")))]
    )
    assert [(use.fields, use.replaced) for use in uses] == (
        [((f"?{rule}",), ("平面图",))] if state is FactState.KNOWN else []
    )


def test_why_a_paper_is_asked_for_tells_no_more_than_the_rule(food: EditionView) -> None:
    _principal, head = firm()
    records_of(head, {"clean": False})
    person = Party(PartyKind.PERSON, head)
    told = [
        stand(food, satisfied((SatisfierKind.DATASET, f"test_data.?{rule}")), principal=person).materials["平面图"].why
        for rule in ("clean", "married")
    ]
    assert "测试数据" in told[0]
    assert "无犯罪记录" in told[0]
    assert told[0] != told[1]


@pytest.mark.parametrize("ref", ["test_data", "test_data.clean"])
def test_neither_a_record_nor_a_column_is_a_proof(food: EditionView, ref: str) -> None:
    _principal, head = firm()
    records_of(head, {"clean": False})
    allowed(Dataset.objects.get(code="test_data"), items=(FOOD,), fields=("clean",), agency="339901-amr")
    person = Party(PartyKind.PERSON, head)
    found = stand(food, satisfied((SatisfierKind.DATASET, ref)), principal=person)
    assert found.materials["平面图"].state is FactState.ASK
