"""The catalogue as people and machines see it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from django.test import Client
from rdflib import Graph

from yiwang.platform.sharing.models import Dataset
from yiwang.platform.sharing.tests.datasets import dataset, published
from yiwang.platform.sharing.types import Basis, SharingType

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
