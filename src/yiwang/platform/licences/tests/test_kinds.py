"""The catalogue of licence types: found by name and code, narrowed, paged; each says who issues and what it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.utils.html import strip_tags

from yiwang.kernel.packs import Pack, PackError
from yiwang.kernel.types import PartyKind
from yiwang.platform.catalog.models import CodeEntry
from yiwang.platform.identity.pack import Loaded
from yiwang.platform.licences import pack, queries
from yiwang.platform.licences.portal import kinds
from yiwang.platform.licences.tests.conftest import enter_type, spec
from yiwang.platform.licences.types import LicenceField

LIST = "/licences/types/"


@pytest.fixture
def types(db: None) -> None:
    """Thirty-five types of one group, one of another; the names of the groups."""
    for number in range(35):
        enter_type(
            spec(
                code=f"demo_{number:02}",
                type_code=f"1110000000DEM03148{number:03}",
                name=f"演示证照{number:02}",
                name_en=f"Demo licence {number:02}",
                group="permit",
            )
        )
    enter_type(
        spec(
            code="demo_school",
            type_code="1110000000DEM0058P001",
            name="演示学历证书",
            name_en="Demo diploma",
            group="person",
            holder=PartyKind.PERSON,
            fields=(LicenceField("school", "学校", "School"),),
        )
    )
    for table, code, label in (("licence_groups", "permit", "准营许可"), ("licence_groups", "person", "个人证件")):
        CodeEntry.objects.create(table=table, code=code, label=label, label_en=code)


def text(client: Client, **asked: str) -> str:
    return " ".join(strip_tags(client.get(LIST, asked).content.decode()).split())


def test_it_is_found_by_name_in_both_languages_and_by_code(types: None, client: Client) -> None:
    for words in ("学历", "DIPLOMA", "1110000000dem0058p001"):
        found = text(client, q=words)
        assert "共 1 种证照" in found
        assert "演示学历证书" in found
    assert "没有找到这样的证照" in text(client, q="没有这种")


def test_it_is_narrowed_and_says_how_many_are_left(types: None, client: Client) -> None:
    found = text(client, group="person")
    assert "共 1 种证照" in found
    assert "准营许可 35" in found
    assert "共 0 种证照" in text(client, group="person", holder="organisation")


def test_every_type_stands_on_one_page(types: None, client: Client) -> None:
    first = client.get(LIST)
    second = client.get(first.context["next"])
    shown = [spec.code for answer in (first, second) for spec, _group in answer.context["rows"]]
    assert (len(first.context["rows"]), len(shown), len(set(shown))) == (kinds.PAGE, 36, 36)
    assert client.get(second.context["previous"]).context["rows"] == first.context["rows"]


def test_a_type_tells_what_it_says(types: None, client: Client) -> None:
    answer = client.get(f"{LIST}demo_school/")
    shown = answer.content.decode()
    assert all(words in shown for words in ("演示学历证书", "个人证件", "学校", "1110000000DEM0058P001"))
    assert client.get(f"{LIST}no_such_type/").status_code == 404


@pytest.mark.django_db
def test_items_that_give_and_ask_are_named(testville: object, client: Client) -> None:
    found = queries.items_of_type("food_licence")
    assert any("食品" in name for name in found.given_by)
    assert queries.items_of_type("business_licence").asked_by
    shown = client.get(f"{LIST}food_licence/").content.decode()
    assert found.given_by[0] in shown


TYPE = """- code: demo
  type_code: {code}
  name: 演示
  group: {group}
  defined_by: 演示总局
  number_format: '1'
  validity_months: 1
  remind_days: {days}
  card_field: '{card}'
  fields: []
"""


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"code": "1110000000DEM0058P001"}, "no type code of"),
        ({"code": "1110000000DEM03148x01"}, "no type code of"),
        ({"group": "nowhere"}, "is not in licence_groups"),
        ({"days": "28"}, "reminded before it is issued"),
        ({"card": "card"}, "it has no field card"),
    ],
)
def test_a_pack_with_a_wrong_type_is_refused(db: None, tmp_path: Path, changes: dict[str, str], fault: str) -> None:
    CodeEntry.objects.create(table="licence_groups", code="permit", label="准营许可")
    CodeEntry.objects.create(table="licence_authorities", code="1110000000DEM03148", label="演示总局")
    right = {"code": "1110000000DEM03148001", "group": "permit", "days": "7", "card": ""}
    load = _loader(tmp_path, TYPE)
    load(right)
    with pytest.raises(PackError, match=fault):
        load(right | changes)


def _loader(tmp_path: Path, text: str) -> Callable[[dict[str, str]], None]:
    (tmp_path / "licence_types").mkdir()

    def load(values: dict[str, str]) -> None:
        (tmp_path / "licence_types" / "all.yaml").write_text(text.format(**values))
        pack.load(Pack(tmp_path), Loaded({}, {}))

    return load
