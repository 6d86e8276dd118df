"""What pages read: themes, lists with paging, history; situations as an edition freezes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from yiwang.kernel.acts import system_record
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import SYSTEM, Role, RoleGrant
from yiwang.platform.catalog import queries, rules
from yiwang.platform.catalog.acts import publish_draft, write_draft
from yiwang.platform.catalog.linting import VagueWord, lint
from yiwang.platform.catalog.models import Implementation
from yiwang.platform.catalog.tests import city
from yiwang.platform.catalog.tests.items import USCC, item
from yiwang.platform.catalog.types import Definition, Situation
from yiwang.platform.directory.models import Agency


def published(definition: Definition) -> Implementation:
    with system_record("test.item"):
        row = write_draft(definition, "test", by=SYSTEM)
        publish_draft(row, "第一版", by=SYSTEM)
    return row


def numbered(number: int, **changes: Any) -> Definition:
    basic = f"3301319{number:02d}000"
    return item(**{"basic_code": basic, "task_code": f"{USCC}4{basic}", "name": f"事项{number}"} | changes)


def test_themes_are_those_under_which_something_is_published(amr: Agency) -> None:
    assert queries.themes() == {}
    published(numbered(1))
    assert queries.themes() == {"040": "准营准办"}
    assert queries.themes("legal") == {"010": "准营准办"}


def test_lists_are_paged_and_read_once(amr: Agency) -> None:
    for number in range(5):
        published(numbered(number))
    first = queries.by_agency(amr.id, 2)
    assert [view.definition.name for view in first.items] == ["事项0", "事项1"]
    second = queries.by_agency(amr.id, 2, after=first.next)
    assert [view.definition.name for view in second.items] == ["事项2", "事项3"]
    assert queries.by_agency(amr.id, 2, before=second.previous).items == first.items
    with CaptureQueriesContext(
        connection,
    ) as captured:
        queries.by_theme("040", size=5)
    assert len(captured) <= 2
    with pytest.raises(BadCursor):
        queries.by_agency(amr.id, 2, after="x")


def test_a_theme_is_narrowed_by_whom_serves_a_region(amr: Agency) -> None:
    published(numbered(1))
    assert len(queries.by_theme("040", region="330302001").items) == 1
    assert len(queries.by_theme("010", "legal", region="330302").items) == 1
    assert queries.by_theme("040", region="330303").items == ()
    assert queries.by_theme("035").items == ()


def test_what_only_is_shown_stands_in_no_list(amr: Agency) -> None:
    row = published(numbered(1, sample_only=True))
    assert queries.by_agency(amr.id).items == ()
    assert queries.by_theme("040").items == ()
    assert queries.editions_in("330302", [row.item_id]) == {}


def test_history_is_newest_first_and_unchanged_content_makes_no_edition(amr: Agency) -> None:
    row = published(numbered(1))
    published(numbered(1))
    published(numbered(1, plain="第二版"))
    history = queries.edition_history(row.id)
    assert [entry.number for entry in history] == [2, 1]
    assert queries.edition_document(history[0].id)["plain"] == "第二版"
    assert queries.of_implementation(row.task_code) == row.id
    with pytest.raises(NotFound):
        queries.of_implementation("nothing")


def test_publishing_knows_what_there_is(amr: Agency) -> None:
    with pytest.raises(Invalid) as caught:
        published(numbered(1, places=(replace(item().places[0], centre="moon"),)))
    assert [error.field for error in caught.value.errors] == ["places.0.centre"]
    with system_record("test.words"):
        from yiwang.platform.catalog.acts import write_vague_words

        write_vague_words([VagueWord("演示小店", "写店名")])
    found = [finding.rule for finding in lint(numbered(1, plain="演示小店"), queries.lint_context())]
    assert found == ["words.vague"]


def test_situations_become_conditions_of_their_materials(amr: Agency) -> None:
    definition = numbered(
        1,
        situations=(
            Situation("big", "大店", "area > 200", materials=("plan", "lease")),
            Situation("own", "自有", "owned == true", materials=("plan",)),
        ),
    )
    published(definition)
    materials = {one.code: one for one in queries.current_edition(definition.task_code).definition.materials}
    assert materials["plan"].when == "(area > 200) or (owned == true)"
    assert rules.truth(materials["lease"].when, {"owned": False, "area": 300}) is True
    assert rules.truth(materials["lease"].when, {"owned": True, "area": 300}) is False
    assert rules.truth(materials["lease"].when, {"owned": False, "area": 100}) is False
    assert materials["form"].when == ""


@pytest.mark.parametrize(
    ("grant", "reached"),
    [
        ({}, True),
        ({"agency": "/330302/"}, True),
        ({"agency": "/330303/"}, False),
        ({"region": "3303"}, True),
        ({"region": "330303"}, False),
        ({"level": 4}, True),
        ({"level": 3}, False),
        ({"items": frozenset({"330131901000"})}, True),
        ({"items": frozenset({"330131902000"})}, False),
    ],
)
def test_editors_reach_what_their_grant_covers(amr: Agency, grant: dict[str, Any], reached: bool) -> None:
    row = published(numbered(1))
    held = RoleGrant(Role.ITEM_EDITOR, **grant)
    actor = replace(city.staff(), grants=(held,))
    assert queries.editable_by(actor).exists() is reached
    assert held.covers(row.reach) is reached
    assert not queries.editable_by(city.staff(Role.REVIEWER)).exists()
