"""Datasets for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from yiwang.kernel.acts import system_record
from yiwang.kernel.types import SYSTEM, PartyKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.sharing.acts import publish_draft, write_draft
from yiwang.platform.sharing.models import Dataset
from yiwang.platform.sharing.types import DatasetDefinition, DatasetItem, SharingType, UpdateCycle


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
