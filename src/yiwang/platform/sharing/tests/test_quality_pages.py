"""Quality as stewards, supervisors, machines and everybody see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from yiwang.kernel import clock
from yiwang.kernel.types import Actor, ActorKind, Role, RoleGrant
from yiwang.platform.directory.models import Agency
from yiwang.platform.editing.blocks import group_blocks, to_document, to_form
from yiwang.platform.sharing import acts, quality_pages, scores, sweep
from yiwang.platform.sharing.documents import DEFINITION, dump_definition
from yiwang.platform.sharing.editing.kind import DATASETS, GROUPS
from yiwang.platform.sharing.models import Dataset, QualityScore
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.types import DatasetDefinition, QualityRule

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
TODAY = date(2026, 3, 2)
AMR = "东区市场局"
VEHICLES = dataset(
    code="test_vehicles",
    name="测试车辆",
    key=("plate", "owner"),
    items=(
        item("plate", label="号牌", required=True),
        item("owner", label="车主", required=True, sensitive=True),
        item("seats", label="座位"),
    ),
    rules=(QualityRule(code="seated", name="车上有座位", expression="seats != null"),),
)
VEHICLES_STRICT = dataset(
    code="test_vehicles", name="测试车辆", key=VEHICLES.key, items=VEHICLES.items,
    rules=(QualityRule(code="large", name="座位不少于七个", expression="seats != null and seats == '7'"),),
)  # fmt: skip
ROW = {"subject": "330302199001010011", "plate": "浙C1", "owner": "330302199001010011", "seats": "5"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def vehicles(testville: None, db: None) -> Dataset:
    row = published(VEHICLES)
    acts.bring_in(row.pk, (ROW, ROW | {"plate": "浙C2", "seats": ""}), by=provider(row), key="two-rows-1")
    return row


def provider(row: Dataset) -> Actor:
    return Actor(
        kind=ActorKind.CLIENT, id=row.agency_id, label="系统", agency=row.agency.path, scopes=frozenset({"data:write"})
    )


def steward(agency: str, *roles: Role) -> Actor:
    path = Agency.objects.get(code=agency).path
    grants = tuple(RoleGrant(role, agency=path) for role in roles or (Role.DATA_STEWARD,))
    return Actor(kind=ActorKind.STAFF, id=None, label="某", agency=path, grants=grants)


def kept(row: Dataset, scored: dict[int, str]) -> None:
    """Keep scores by how many days ago they were."""
    for ago, score in scored.items():
        QualityScore.objects.create(
            dataset=row, day=TODAY - timedelta(days=ago), measured_at=NOON, rows=1, expected=1, filled=1, sound=1,
            columns={}, faults=[], completeness=100, accuracy=100, timeliness=100, score=score,
        )  # fmt: skip
    Dataset.objects.filter(pk=row.pk).update(quality=scored[min(scored)], measured_at=NOON)


# --- trend and ranking ---


def test_a_trend_is_drawn_and_said() -> None:
    days = (None, Decimal("80.0"), None, Decimal("92.5"))
    assert quality_pages.trend(days) == ([None, 80.0, None, 92.5], "从 80.0 到 92.5，升了 12.5", "升 12.5")
    assert quality_pages.trend(days[::-1])[1:] == ("从 92.5 到 80.0，降了 12.5", "降 12.5")
    assert quality_pages.trend((Decimal(1), Decimal(1)))[1:] == ("从 1 到 1，没有变", "持平")
    assert quality_pages.trend((None, Decimal(1)))[1:] == ("还只测过一次", "")
    assert quality_pages.trend((None, None))[1:] == ("最近没有测过", "")


def test_agencies_are_ranked_by_the_mean_of_their_datasets(testville: None) -> None:
    one, two = published(dataset(code="test_one")), published(dataset(code="test_two"))
    other = published(dataset(code="test_other", agency="339901-fire"))
    kept(one, {0: "90.0", 29: "60.0", 30: "10.0"})
    kept(two, {0: "80.1", 29: "70.0"})
    kept(other, {1: "85.0"})
    office = steward("339900", Role.DATA_OFFICE)
    found = scores.agencies(office)
    assert [(rank.code, rank.score, rank.datasets) for rank in found] == [
        ("339901-amr", Decimal("85.0"), 2),
        ("339901-fire", Decimal("85.0"), 1),
    ]
    days = found[0].days
    assert (len(days), days[0], days[-1]) == (30, Decimal("65.0"), Decimal("85.0"))
    assert set(days[1:-1]) == {None}
    assert [rank.code for rank in scores.datasets(office).items] == ["test_two", "test_other", "test_one"]
    assert [rank.code for rank in scores.datasets(office, size=1).items] == ["test_two"]
    assert [rank.code for rank in scores.datasets(office, "339901-fire").items] == ["test_other"]
    assert [one and one.score for one in scores.history(one.pk, 31).values()][:2] == [Decimal("10.0"), Decimal("60.0")]


def test_stewards_see_their_own_and_supervisors_all(testville: None) -> None:
    kept(published(dataset(code="test_one")), {0: "90.0"})
    kept(published(dataset(code="test_other", agency="339901-fire")), {0: "50.0"})

    def seen(by: Actor) -> list[str]:
        return [rank.code for rank in scores.datasets(by).items]

    assert seen(steward("339901-amr")) == ["test_one"]
    assert seen(steward("339901-fire")) == ["test_other"]
    for role in (Role.SUPERVISOR, Role.DATA_OFFICE):
        assert seen(steward("339901-fire", role)) == ["test_other", "test_one"]
    assert seen(steward("339901-amr", Role.REVIEWER)) == []
    assert [rank.code for rank in scores.agencies(steward("339901-fire"))] == ["339901-fire"]


def test_rows_to_mend_are_the_providers_only(vehicles: Dataset) -> None:
    def seen(by: Actor) -> int:
        return len(scores.to_mend("test_vehicles", by).items)

    assert seen(steward("339901-amr")) == seen(provider(vehicles)) == 1
    assert seen(steward("339901-fire")) == seen(steward("339901-amr", Role.SUPERVISOR)) == 0
    fire = Agency.objects.get(code="339901-fire")
    assert seen(Actor(kind=ActorKind.CLIENT, agency=fire.path, scopes=frozenset({"data:write"}))) == 0
    assert seen(Actor(kind=ActorKind.CLIENT, scopes=frozenset({"data:write"}))) == 0


# --- pages ---


def test_pages_say_what_is_wrong(vehicles: Dataset, sign_in: Callable[[str], Client]) -> None:
    page = sign_in("supervisor").get("/desk/quality/").content.decode()
    assert "还没有测过" in page
    published(VEHICLES_STRICT)
    published(dataset(code="test_empty"))
    sweep.measure_all()
    office = sign_in("data-office")
    assert AMR in office.get("/desk/quality/").content.decode()
    listed = office.get("/desk/quality/?show=datasets").content.decode()
    assert "不符合本数据集的规则：座位不少于七个" in listed
    assert "还没有来过数据" in listed
    one = office.get("/desk/quality/test_vehicles/?days=365").content.decode()
    assert "2 行里 0 行没有错" in one
    assert "座位不少于七个" in one
    assert "yw-lines" in one
    assert office.get("/desk/quality/nothing/").status_code == 404
    rows = office.get("/desk/quality/test_vehicles/rows/").content.decode()
    assert "第 2 行，没有收下" in rows
    assert "浙C2" in rows
    assert "库里的记录" in rows
    assert ROW["owner"] not in rows
    assert "330302********0011" in rows


def test_pages_take_a_fixed_number_of_queries(vehicles: Dataset, sign_in: Callable[[str], Client]) -> None:
    sweep.measure_all()
    browser, counts = sign_in("steward"), []
    for number in range(2):
        rows = tuple(ROW | {"plate": f"浙C{number}{one}", "seats": ""} for one in range(9))
        acts.bring_in(vehicles.pk, rows, by=provider(vehicles), key=f"more-rows-{number}")
        kept(vehicles, dict.fromkeys(range(1 + 5 * number, 6 + 5 * number), "50.0"))
        for path in ("", "rows/"):
            browser.get(f"/desk/quality/test_vehicles/{path}")  # what is kept in memory afterwards is not counted
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(f"/desk/quality/test_vehicles/{path}").status_code == 200
            counts.append(len(captured))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 14


def test_a_supervisor_reads_figures_and_no_rows(vehicles: Dataset, sign_in: Callable[[str], Client]) -> None:
    sweep.measure_all()
    watching = sign_in("supervisor")
    page = watching.get("/desk/quality/test_vehicles/")
    assert page.status_code == 200
    assert "要改的行" not in page.content.decode()
    assert watching.get("/desk/quality/test_vehicles/rows/").status_code == 403
    assert sign_in("amr-reviewer").get("/desk/quality/").status_code == 403


def test_everybody_reads_the_score(vehicles: Dataset) -> None:
    assert "质量：得分" not in Client().get("/data/test_vehicles/").content.decode()
    sweep.measure_all()
    score = QualityScore.objects.get(dataset=vehicles).score
    assert score < 100, "a row of two was refused"
    assert f"质量：得分 {score}，最近更新 今日 12:00" in Client().get("/data/test_vehicles/").content.decode()
    published(dataset(code="test_empty"))
    Dataset.objects.filter(code="test_empty").update(quality="0.0", measured_at=NOON)
    assert "质量：得分 0.0，还没有来过数据" in Client().get("/data/test_empty/").content.decode()


# --- the form ---


def test_rules_come_out_of_the_form_as_they_went_in(testville: None) -> None:
    document: dict[str, Any] = {}
    for block in group_blocks(DATASETS).values():
        document |= to_document(block.clean(to_form(block, dump_definition(VEHICLES))))
    assert DEFINITION.validate_python(document) == VEHICLES


def test_the_parts_of_the_form_hold_every_field_once() -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(DatasetDefinition.__dataclass_fields__)
