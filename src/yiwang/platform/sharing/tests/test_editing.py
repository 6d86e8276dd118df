"""Datasets at the editors' desk: drafted by one, published by another, frozen, and in the catalogue from then on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from yiwang.kernel.problems import Invalid, NotAllowed
from yiwang.kernel.types import Actor, ActorKind, Role, RoleGrant
from yiwang.platform.catalog.tests.desk import posted, signed_in
from yiwang.platform.directory.models import Agency
from yiwang.platform.editing.blocks import group_blocks, to_form
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.editing.kind import DATASETS
from yiwang.platform.sharing.models import Dataset, DatasetDraft, DatasetEdition
from yiwang.platform.sharing.tests.datasets import dataset, item
from yiwang.platform.sharing.types import DatasetDefinition

BLOCKS = group_blocks(DATASETS)
LAMPS = dataset(
    code="test_lamps",
    name="路灯",
    name_en="Street lamps",
    key=("pole",),
    items=(item("pole", label="灯杆编号", required=True, max_length=20), item("lit", label="亮着")),
    retention_months=12,
)


@pytest.fixture
def amr(testville: None, db: None) -> Agency:
    return Agency.objects.get(code="339901-amr")


def form_data(definition: DatasetDefinition) -> dict[str, str]:
    document = DEFINITION.dump_python(definition, mode="json")
    made: dict[str, str] = {}
    for group, block in BLOCKS.items():
        made |= posted(block, group, to_form(block, document))
    return made


def save(client: Client, pk: int | None, definition: DatasetDefinition, action: str = "") -> Any:
    address = f"/editors/datasets/edit/{pk}/" if pk else "/editors/datasets/add/"
    return client.post(address, form_data(definition) | ({action: "1"} if action else {}))


def staff(role: Role, number: int) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=UUID(int=number), label=f"演示 {number}", grants=(RoleGrant(role, ""),))


def test_from_draft_to_catalogue_by_two_people(amr: Agency) -> None:
    steward, office = signed_in(amr, Role.DATA_STEWARD), signed_in(amr, Role.DATA_OFFICE)
    assert save(steward, None, LAMPS).status_code == 302
    draft = DatasetDraft.objects.get(dataset__code="test_lamps")
    assert draft.title == "路灯"
    assert Client().get("/data/test_lamps/").status_code == 404, "a draft is nobody's"
    save(steward, draft.pk, LAMPS, "action-publish")
    assert not DatasetEdition.objects.filter(dataset__code="test_lamps").exists(), "who wrote it does not publish it"
    assert save(office, draft.pk, LAMPS, "action-publish").status_code == 302
    row = Dataset.objects.select_related("current").get(code="test_lamps")
    assert row.current is not None
    assert DEFINITION.validate_python(row.current.content["definition"]) == LAMPS
    assert "路灯" in Client().get("/data/test_lamps/").content.decode()
    assert "路灯" in steward.get("/editors/datasets/").content.decode()
    assert steward.get(f"/editors/datasets/editions/{draft.pk}/").status_code == 200
    with pytest.raises(DatabaseError), transaction.atomic():
        DatasetEdition.objects.update(number=9)


def test_nobody_publishes_what_they_wrote(amr: Agency) -> None:
    one, other = staff(Role.DATA_OFFICE, 1), staff(Role.DATA_OFFICE, 2)
    pk = acts.save_draft(LAMPS, by=one, key="draft-1")
    with pytest.raises(NotAllowed):
        acts.publish(pk, by=one, key="publish-1")
    with pytest.raises(NotAllowed):
        acts.publish_definition(replace(LAMPS, name="路灯二"), by=one, key="publish-2")
    with pytest.raises(NotAllowed):
        acts.publish(pk, by=staff(Role.DATA_STEWARD, 3), key="publish-3")
    acts.publish(pk, by=other, key="publish-4")
    assert DatasetEdition.objects.filter(dataset__code="test_lamps").count() == 1


def test_what_breaks_a_rule_is_not_published(amr: Agency) -> None:
    pk = acts.save_draft(replace(LAMPS, key=("lit",)), by=staff(Role.DATA_OFFICE, 1), key="draft-1")
    with pytest.raises(Invalid) as refused:
        acts.publish(pk, by=staff(Role.DATA_OFFICE, 2), key="publish-1")
    assert [one.field for one in refused.value.errors] == ["key.0"]
    assert Dataset.objects.get(pk=pk).current is None
