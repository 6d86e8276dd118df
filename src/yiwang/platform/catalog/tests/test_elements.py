"""Data elements at the editors' desk: drafted by one, published by another, frozen, and asked for from then on."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from yiwang.kernel.acts import system_record
from yiwang.kernel.fields import FieldKind, Option
from yiwang.kernel.problems import Invalid, NotAllowed
from yiwang.kernel.types import Role
from yiwang.platform.catalog import documents, elements, queries
from yiwang.platform.catalog.editing.elements import ELEMENTS
from yiwang.platform.catalog.models import DataElementEdition, DataElementRow, ElementDraft
from yiwang.platform.catalog.tests import city
from yiwang.platform.catalog.tests.desk import posted, signed_in
from yiwang.platform.catalog.types import DataElement, ElementSource
from yiwang.platform.directory.models import Agency
from yiwang.platform.editing.blocks import group_blocks, to_form

BLOCKS = group_blocks(ELEMENTS)
HEIGHT = DataElement(
    code="sign_height", label="招牌高度", label_en="Height of the sign", kind=FieldKind.DECIMAL, unit="米", decimals=2
)


def form_data(element: DataElement) -> dict[str, str]:
    document = documents.ELEMENT.dump_python(element, mode="json")
    made: dict[str, str] = {}
    for group, block in BLOCKS.items():
        made |= posted(block, group, to_form(block, document))
    return made


def save(client: Client, pk: int | None, element: DataElement, action: str = "") -> Any:
    address = f"/editors/elements/edit/{pk}/" if pk else "/editors/elements/add/"
    return client.post(address, form_data(element) | ({action: "1"} if action else {}))


def test_from_draft_to_form_by_two_people(amr: Agency) -> None:
    steward, office = signed_in(amr, Role.DATA_STEWARD), signed_in(amr, Role.DATA_OFFICE)
    assert save(steward, None, HEIGHT).status_code == 302
    draft = ElementDraft.objects.get(element_id="sign_height")
    assert (draft.title, DataElementRow.objects.get(pk="sign_height").document) == ("招牌高度", None)
    assert "sign_height" not in queries.elements()
    assert save(office, draft.pk, HEIGHT, "action-publish").status_code == 302
    assert queries.elements()["sign_height"] == HEIGHT
    assert "招牌高度" in steward.get("/editors/elements/").content.decode()
    assert steward.get(f"/editors/elements/editions/{draft.pk}/").status_code == 200
    with pytest.raises(DatabaseError), transaction.atomic():
        DataElementEdition.objects.update(number=9)


def test_nobody_publishes_what_they_wrote(amr: Agency) -> None:
    by = city.staff(Role.DATA_OFFICE)
    elements.save_draft(HEIGHT, by=by, key="draft-1")
    with pytest.raises(NotAllowed):
        elements.publish(HEIGHT, by=by, key="publish-1")
    with pytest.raises(NotAllowed):
        elements.publish(replace(HEIGHT, unit="厘米"), by=by, key="publish-2")
    elements.publish(HEIGHT, by=city.staff(Role.DATA_OFFICE), key="publish-3")
    assert DataElementEdition.objects.filter(element_id="sign_height").count() == 1


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"code": "Bad-Code"}, "code"),
        ({"label": ""}, "label"),
        ({"authority": "no_such"}, "authority"),
        ({"kind": FieldKind.CHOICE}, "options"),
        ({"kind": FieldKind.TABLE}, "columns"),
        ({"kind": FieldKind.TABLE, "columns": ("no_such",)}, "columns.0"),
        ({"kind": FieldKind.TEXT, "pattern": "["}, "pattern"),
        ({"kind": FieldKind.TEXT, "pattern": "a+"}, "pattern"),
        ({"example": "高"}, "example"),
        ({"max": "3", "example": "4"}, "example"),
    ],
)
def test_what_is_wrong_blocks_and_says_where(amr: Agency, more: dict[str, Any], where: str) -> None:
    element = replace(HEIGHT, **more)
    elements.save_draft(element, by=city.staff(Role.DATA_STEWARD), key="draft-1")
    with pytest.raises(Invalid) as caught:
        elements.publish(element, by=city.staff(Role.DATA_OFFICE), key="publish-1")
    assert where in [one.field for one in caught.value.errors]
    client = signed_in(amr, Role.DATA_OFFICE)
    assert save(client, None, element, "action-publish").status_code == 200


def test_an_element_comes_out_of_the_form_as_it_went_in(amr: Agency) -> None:
    element = replace(
        HEIGHT,
        kind=FieldKind.CHOICE,
        options=(Option("a", "甲", "A", "说明"), Option("b", "乙")),
        sources=(ElementSource("datasets", "signs.height"),),
        hint="填\n两行",
    )
    client = signed_in(amr, Role.DATA_STEWARD)
    assert save(client, None, element).status_code == 302
    assert documents.ELEMENT.validate_python(DataElementRow.objects.get(pk=element.code).draft) == element


def test_a_pack_loaded_again_changes_nothing_and_a_changed_element_has_a_new_edition(amr: Agency) -> None:
    for number, element in enumerate((HEIGHT, HEIGHT, replace(HEIGHT, unit="厘米"), HEIGHT), 1):
        with system_record("test.elements"):
            elements.write_elements([element])
        assert queries.elements()["sign_height"] == element, number
    numbers = DataElementEdition.objects.filter(element_id="sign_height").order_by("number")
    assert list(numbers.values_list("number", flat=True)) == [1, 2, 3]
    assert ElementDraft.objects.filter(element_id="sign_height").count() == 1


def test_what_is_taken_back_is_not_asked_for_any_more(amr: Agency) -> None:
    with system_record("test.elements"):
        elements.write_elements([HEIGHT])
    elements.suspend("sign_height", "不再需要", by=city.staff(Role.DATA_OFFICE), key="suspend-1")
    assert "sign_height" not in queries.elements()
    page = signed_in(amr, Role.DATA_OFFICE).get("/editors/elements/").content.decode()
    assert "已暂停" in html.unescape(page)
