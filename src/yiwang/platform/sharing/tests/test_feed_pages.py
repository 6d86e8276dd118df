"""Feeds at the desk: configured by a form, watched in words, rows to mend without what they say."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind, Option
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.problems import NotNow
from yiwang.kernel.types import SYSTEM
from yiwang.platform.catalog.types import DataElement
from yiwang.platform.sharing import acts, feed_desk
from yiwang.platform.sharing.models import BadRow, Dataset, Feed
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.tests.sources import feed_of, read, serving, since
from yiwang.ui.reading import show_value

CARS = dataset(
    code="test_cars", name="测试车辆", key=("plate",), items=(item("plate", label="车牌", required=True), item("brand"))
)
PAGE = "/desk/feeds/test_cars/"


@pytest.fixture
def cars(testville: None, db: None) -> Dataset:
    return published(CARS)


@pytest.fixture
def steward(cars: Dataset, sign_in: Callable[[str], Client]) -> Client:
    return sign_in("steward")


def text(answer: Any) -> str:
    return answer.content.decode()


def test_a_feed_is_configured_by_the_form(cars: Dataset, steward: Client) -> None:
    page = text(steward.get(PAGE, {"connector": "sql_pull"}))
    assert "变更列" in page
    assert (page.count('value="sql_pull" selected>'), page.count(" selected>")) == (1, 1)
    assert "还没有接入数据" in page
    page = text(steward.get(PAGE, {"connector": "http_pull"}))
    assert 'name="f-paging"' in page
    assert 'name="secret" type="password"' in page
    with serving(since([{"subject": "甲", "cph": "浙C1"}])) as server:
        sent = {
            "do": "save", "connector": "http_pull", "f-address": server.url, "f-paging": "since", "f-limit": "50",
            "secret": "s3cret", "key": "form-key-1", "f-columns-rows": "3", "f-columns-0-source": "cph",
            "f-columns-0-to": "plate", "f-columns-1-source": "bz", "f-columns-1-to": "-",
        }  # fmt: skip
        assert steward.post(PAGE, sent).status_code == 302
        feed = Feed.objects.get()
        assert (feed.connector, feed.address, feed.secret) == ("http_pull", server.url, "s3cret")
        assert feed.settings == {"paging": "since", "limit": 50}
        assert feed.columns == {"cph": "plate", "bz": ""}
        assert read(feed).last_error == ""
        page = text(steward.get(PAGE))
        assert "s3cret" not in page
        assert "正常" in page
        assert "读入 1 · 新增 1" in page
        assert 'value="cph"' in page
        assert steward.post(PAGE, sent | {"secret": "", "key": "form-key-2", "f-again": "true"}).status_code == 302
        feed.refresh_from_db()
        assert (feed.token, feed.secret) == (None, "s3cret")


def test_what_is_wrong_stands_beside_the_field(cars: Dataset, steward: Client) -> None:
    sent = {
        "do": "save",
        "connector": "http_pull",
        "f-address": "http://169.254.169.254/",
        "f-paging": "since",
        "key": "form-key-3",
    }
    answer = steward.post(PAGE, sent)
    assert answer.status_code == 422
    found = re.search(r'id="f-address-error".*?</p>', text(answer), re.DOTALL)
    assert found
    assert "不在允许的网络里" in found[0]
    assert 'value="http://169.254.169.254/"' in text(answer)
    answer = steward.post(PAGE, sent | {"_step": "add:columns", "f-columns-rows": "1"})
    assert answer.status_code == 200
    assert 'name="f-columns-1-source"' in text(answer)
    assert not Feed.objects.exists()
    answer = steward.post(PAGE, {"do": "save", "connector": "sql_pull", "f-address": "", "key": "form-key-4"})
    assert answer.status_code == 422


def test_a_feed_is_switched(cars: Dataset, steward: Client) -> None:
    feed = feed_of(cars, "demo", settings={"count": 1})
    assert steward.post(PAGE, {"do": "switch", "key": "form-key-5"}).status_code == 302
    feed.refresh_from_db()
    assert not feed.enabled
    assert "停用" in text(steward.get("/desk/feeds/"))
    assert steward.post(PAGE, {"do": "switch", "key": "form-key-6"}).status_code == 302
    feed.refresh_from_db()
    assert feed.enabled
    assert steward.post(PAGE, {"do": "nothing"}).status_code == 200


ROWS = [
    {"subject": "110101199003075715", "cph": "", "brand": "红旗"},
    {"subject": "110101199003075715", "cph": "=1+1", "at": "gestern", "brand": "x" * 300},
    {"subject": "110101199003075715", "cph": "浙C1", "colour": "红"},
]


def test_rows_to_mend_go_to_their_source_by_its_own_words(cars: Dataset, steward: Client) -> None:
    with serving(since(ROWS)) as server:
        read(feed_of(cars, "http_pull", address=server.url, columns={"cph": "plate"}))
    page = text(steward.get(PAGE))
    assert "2 行等来源改正" in page
    assert "来源多出的列：colour" in page
    assert "110101" not in page
    assert "红旗" not in page
    before = AuditEntry.objects.filter(kind="read").count()
    answer = steward.get("/desk/quality/test_cars/rows.csv")
    table = list(csv.reader(io.StringIO(text(answer).removeprefix("\ufeff"))))
    assert table == [["行", "cph", "问题"], ["1", "", "车牌：没有填"], ["2", "'=1+1", "数据时间：类型不对"]]
    entry = AuditEntry.objects.filter(kind="read").latest("seq")
    assert AuditEntry.objects.filter(kind="read").count() == before + 1
    assert (entry.name, entry.purpose) == ("sharing.rows_to_mend", "交来源改正")
    assert entry.detail == {"dataset": "test_cars", "rows": 2}


def test_a_subject_is_masked_where_nothing_else_tells_rows_apart(testville: None, sign_in: Any, db: None) -> None:
    row = published(dataset(items=(item("value", required=True),)))
    read(feed_of(row, "demo", settings={"rows": [{"subject": "110101199003075715"}, {}]}))
    assert BadRow.objects.count() == 2
    table = text(sign_in("steward").get("/desk/quality/test_data/rows.csv"))
    assert "110101********5715" in table
    assert "110101199003075715" not in table


def test_the_list_says_how_it_goes(cars: Dataset, steward: Client) -> None:
    published(dataset(code="test_open", name="没有接入的数据"))
    feed = feed_of(cars, "outage")
    page = text(steward.get("/desk/feeds/"))
    assert "还没有读完一遍" in page
    assert "没有接入的数据" not in page
    for _turn in range(3):
        Feed.objects.update(next_at=clock.now())
        read(feed)
    page = text(steward.get("/desk/feeds/", {"show": "trouble"}))
    assert "中断" in page
    assert "数据源总是中断" in page
    assert "没有接入的数据" in text(steward.get("/desk/feeds/", {"show": "open"}))
    steward.cookies["django_language"] = "en"
    assert "Broken off" in text(steward.get("/desk/feeds/"))


def test_only_the_providers_stewards_come_in(cars: Dataset, sign_in: Any) -> None:
    feed_of(cars, "demo", settings={"count": 1})
    clerk = sign_in("amr-reviewer")
    for path in ("/desk/feeds/", PAGE, "/desk/quality/test_cars/rows.csv"):
        assert clerk.get(path).status_code == 403
        assert Client().get(path).status_code == 302
    assert sign_in("steward").get("/desk/feeds/nothing_here/").status_code == 404
    acts.withdraw(cars.pk, "停用", by=SYSTEM, key="withdrawn-1")
    assert sign_in("steward").get(PAGE).status_code == 404


NUMBER = "110101199003075715"


def past(day: str, purpose: str = "核对异议") -> dict[str, str]:
    parts = dict(zip(("f-day-y", "f-day-m", "f-day-d"), day.split("-"), strict=True))
    return {"f-number": f" {NUMBER} ", "f-purpose": purpose, "key": "past-key-1", **parts}


def test_a_day_in_the_past_is_shown_for_a_purpose_and_logged(cars: Dataset, steward: Client) -> None:
    rows = [
        {"subject": NUMBER, "plate": "浙C1", "brand": brand, "at": f"2026-0{month}-01T08:00:00+08:00"}
        for month, brand in ((2, "红旗"), (3, "飞鸽"))
    ]
    read(feed_of(cars, "demo", settings={"rows": rows}))
    page = f"{PAGE}past/"
    assert page in text(steward.get(PAGE))
    reads = AuditEntry.objects.filter(name="sharing.read_past")
    assert steward.post(page, past("2026-02-28", "")).status_code == 422
    assert "红旗" not in text(steward.get(page, past("2026-02-28")))
    assert not reads.exists(), "without a purpose nothing is shown"
    shown = text(steward.post(page, past("2026-02-28")))
    assert ("红旗" in shown, "飞鸽" in shown) == (True, False)
    assert "飞鸽" in text(steward.post(page, past("2026-03-01")))
    assert "没有记录" in text(steward.post(page, past("2026-01-31")))
    entry = reads.order_by("seq")[0]
    assert (reads.count(), entry.kind, entry.purpose) == (3, "read", "核对异议")
    assert NUMBER not in str(entry.detail)
    assert {"dataset": "test_cars", "on": "2026-02-28"}.items() <= entry.detail.items()


def test_what_stands_in_a_record_is_read_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    words = (Option("male", "男"), Option("female", "女"))
    sex = DataElement(code="applicant_sex", label="性别", kind=FieldKind.CHOICE, options=words)
    monkeypatch.setattr(feed_desk.catalog, "elements", lambda: {sex.code: sex})
    for column, value, shown in (
        (item("sex", label="性别", kind=FieldKind.CHOICE, element="applicant_sex"), "male", "男"),
        (item("sex", label="性别", kind=FieldKind.TEXT, element="applicant_sex"), "male", "male"),
        (item("sex", label="性别", kind=FieldKind.CHOICE, options=("male",)), "male", "male"),
        (item("valid", label="有效", kind=FieldKind.BOOLEAN), False, "否"),
        (item("until", label="有效期", kind=FieldKind.DATE), "2026-02-28", "2026年2月28日"),
        (item("area", label="面积", kind=FieldKind.DECIMAL, unit="m²"), 12.5, "12.5 m²"),
        (item("note", label="备注"), None, ""),
    ):
        assert show_value(feed_desk._read_as(column), value) == shown


def test_nothing_is_shown_that_could_not_be_logged(
    cars: Dataset, steward: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_any: Any, **_more: Any) -> None:
        raise NotNow("test")

    monkeypatch.setattr(feed_desk, "record_read", broken)
    read(feed_of(cars, "demo", settings={"rows": [{"subject": NUMBER, "plate": "浙C1", "brand": "红旗"}]}))
    answer = steward.post(f"{PAGE}past/", past(clock.today().isoformat()))
    assert (answer.status_code, "红旗" in text(answer)) == (422, False)


def test_whoever_only_looks_after_a_dataset_does_not_look_into_it(cars: Dataset, sign_in: Any) -> None:
    office = sign_in("data-office")
    assert f"{PAGE}past/" not in text(office.get(PAGE))
    assert office.get(f"{PAGE}past/").status_code in {403, 404}
