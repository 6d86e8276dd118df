"""The catalogue as people and machines see it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.test import Client
from rdflib import Graph

from yiwang.kernel import clock
from yiwang.platform.sharing.models import Dataset, QualityScore
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.types import BaseStore, Basis, SharingType

SECRET = dataset(code="secret_data", name="保密数据", sharing=SharingType.NONE, basis=(Basis("保守国家秘密法"),))


@pytest.fixture
def secret(testville: None, db: None) -> Dataset:
    return published(SECRET)


def test_everybody_finds_what_is_shared_and_officials_what_is_not_too(
    secret: Dataset, sign_in: Callable[[str], Client]
) -> None:
    people, clerk = Client(), sign_in("steward")
    assert "保密数据" not in people.get("/data/").content.decode()
    assert people.get("/data/secret_data/").status_code == 404
    assert "保密数据" in clerk.get("/desk/data/").content.decode()
    assert "保守国家秘密法" in clerk.get("/desk/data/secret_data/").content.decode()


def test_the_list_narrows_and_the_words_find(secret: Dataset) -> None:
    people = Client()
    published(dataset(name="找得到的数据", summary="说明"))
    assert "找得到的数据" in people.get("/data/", {"q": "找得到"}).content.decode()
    page = people.get("/data/", {"q": "没有这样的"}).content.decode()
    assert "没有找到这样的数据集" in page
    page = people.get("/data/", {"sharing": "1"}).content.decode()
    assert "找得到的数据" in page
    assert "人口信息" not in page
    assert people.get("/data/", {"sharing": "x", "class": "'--", "after": "nonsense"}).status_code == 404


@pytest.mark.parametrize(
    "words",
    [
        "找得到",
        "Findable",
        "路灯的亮灭",
        "whether it shines",
        "test_lamps",
        "东区市场局",
        "灯杆编号",
        "pole_number",
        "Pole",
        "灯杆 Findable",
    ],
)
def test_whatever_is_known_of_a_dataset_finds_it(testville: None, words: str) -> None:
    columns = (item("pole_number", label="灯杆编号", label_en="Pole"), item("lit", label="亮着"))
    summary = {"summary": "路灯的亮灭", "summary_en": "Of each lamp whether it shines"}
    published(dataset(code="test_lamps", name="找得到的数据", name_en="Findable", items=columns, **summary))
    page = Client().get("/data/", {"q": words}).content.decode()
    assert "找得到的数据" in page
    assert "法人登记" not in page or words == "东区市场局"
    assert "找得到的数据" not in Client().get("/data/", {"q": f"{words} 没有这样的"}).content.decode()


def test_the_words_of_a_search_are_no_pattern(testville: None) -> None:
    assert "没有找到这样的数据集" in Client().get("/data/", {"q": "%_%"}).content.decode()
    assert "没有找到这样的数据集" in Client().get("/data/", {"q": "label_en"}).content.decode(), (
        "what columns are made of"
    )


def test_a_dataset_says_what_the_table_says(testville: None) -> None:
    published(dataset(code="test_lamps", name="路灯", level=3, region="339901", guiding="68", tags=("1", "自拟标签")))
    page = Client().get("/data/test_lamps/").content.decode()
    for label, value in (
        ("提供方代码", ""),
        ("数据层级", "市"),
        ("行政区划", "339901"),
        ("业务指导部门", "68"),
        ("标签", "自拟标签"),
    ):
        assert label in page
        assert value in page


@pytest.mark.parametrize(("kind", "form"), [("ttl", "turtle"), ("jsonld", "json-ld")])
def test_machines_read_the_catalogue(secret: Dataset, kind: str, form: str) -> None:
    answer = Client().get(f"/data/catalogue.{kind}")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert len(Graph().parse(data=text, format=form)) > 50
    assert "保密数据" not in text
    if kind == "jsonld":
        assert json.loads(text)["@context"]


def test_the_catalogue_as_a_table(secret: Dataset) -> None:
    rows = list(csv.reader(io.StringIO(Client().get("/data/catalogue.csv").content.decode("utf-8-sig"))))
    assert len(rows) == 1 + Dataset.objects.filter(current__isnull=False).exclude(sharing=3).count()
    assert "保密数据" not in {row[1] for row in rows}


def test_a_dataset_says_who_is_the_one_source(testville: None, db: None) -> None:
    page = Client().get("/data/population/").content.decode()
    assert "人口" in page
    assert "怎么共享" in page


def test_a_base_store_says_what_it_consists_of_and_which_source_counts(testville: None, db: None) -> None:
    row = published(dataset(code="more_people", name="另一份人口数据", base_store=BaseStore.POPULATION))
    hidden = dataset(code="secret", name="保密", sharing=SharingType.NONE, basis=SECRET.basis)
    published(replace(hidden, base_store=BaseStore.POPULATION))
    day = date(2026, 3, 2)
    for at, count in ((day, 7), (day + timedelta(days=1), 4321)):
        QualityScore.objects.create(
            dataset=row, day=at, measured_at=clock.end_of(at), rows=count, expected=1, filled=1, sound=1, columns={},
            faults=[], timeliness=100, score=98,
        )  # fmt: skip
    Dataset.objects.filter(pk=row.pk).update(quality=98, measured_at=clock.now())
    page = Client().get("/data/bases/population/").content.decode()
    assert "另一份人口数据" in page
    assert "4321" in page, "as last measured"
    assert "保密" not in page
    definition = Dataset.objects.get(code="population").current.content["definition"]
    sourced = [item["label"] for item in definition["items"] if item["authoritative"]]
    assert sourced
    assert all(f">{label}<" in page for label in sourced)
    assert "/data/bases/population/" in Client().get("/data/").content.decode()
    assert "/data/bases/population/" in Client().get("/data/population/").content.decode()
    for unknown in ("none", "x", "space"):
        assert Client().get(f"/data/bases/{unknown}/").status_code == 404
