"""Datasets for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from yiwang.kernel.acts import system_record
from yiwang.kernel.types import SYSTEM, PartyKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing.acts import publish_draft, write_draft, write_grant
from yiwang.platform.sharing.models import Dataset, Grant
from yiwang.platform.sharing.types import (
    Consumer,
    DatasetDefinition,
    DatasetItem,
    GrantRequest,
    SharingType,
    UpdateCycle,
)

CONSUMER = Consumer("fire", "339901", "330103015000")
"""Who asks: the fire brigade of the county, for the inspection of shops."""


def item(name: str, **more: Any) -> DatasetItem:
    return DatasetItem(**({"name": name, "label": name} | more))


def dataset(**more: Any) -> DatasetDefinition:
    return DatasetDefinition(
        **(
            {
                "code": "test_data",
                "name": "测试数据",
                "name_en": "Test data",
                "summary": "测试用的。",
                "agency": "339901-amr",
                "subject": PartyKind.PERSON,
                "items": (item("value"),),
                "classification": "301001",
                "sharing": SharingType.UNCONDITIONAL,
                "cycle": UpdateCycle.DAILY,
                "no_items_reason": "测试",
            }
            | more
        )
    )


def published(definition: DatasetDefinition) -> Dataset:
    classes = catalog.code_table("data_classes")
    leaf = max(classes, key=len)
    with system_record("test.dataset"):
        row = write_draft(replace(definition, classification=leaf), "test", by=SYSTEM)
        publish_draft(row, "", by=SYSTEM)
    return row


def allowed(
    row: Dataset,
    *,
    items: tuple[str, ...] = (CONSUMER.item,),
    fields: tuple[str, ...] = (),
    agency: str = "339901-fire",
) -> Grant:
    """Let the consumer ask for columns of a dataset."""
    asking = directory.get_agency(agency)
    wanted = fields or tuple(one["name"] for one in row.draft["items"])
    asked = GrantRequest(dataset=row.code, agency=asking.code, items=items, fields=wanted, purpose="测试")
    with system_record("test.grant"):
        return write_grant(asked, row, asking, SYSTEM)
