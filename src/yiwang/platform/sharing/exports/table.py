"""The catalogue as a table: the metadata of the national catalogue guide (2017; STANDARDS 10.1) under its own heads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from yiwang.kernel.clock import SHANGHAI
from yiwang.platform.catalog.imports.reading import neutral
from yiwang.platform.sharing.exports.info import CatalogueInfo
from yiwang.platform.sharing.exports.vocabularies import LETTERS, LEVELS
from yiwang.platform.sharing.exports.words import choice
from yiwang.platform.sharing.types import DatasetItem, DatasetView

HEADS = (
    "信息资源分类", "信息资源名称", "信息资源代码", "信息资源提供方", "信息资源提供方代码", "信息资源摘要", "信息资源格式",
    "信息项", "共享类型", "共享条件", "共享方式", "共享依据", "开放属性", "开放条件", "更新周期", "发布日期", "关联资源代码",
    "所属领域", "数据层级", "数据起始日期", "数据截止日期", "共享通道", "行政区划代码", "中央业务指导部门代码", "加工程度",
    "所属基础库", "标签", "可代替证明", "关联事项", "不关联事项的原因",
)  # fmt: skip
"""First what the guide asks of every resource, then what the national catalogue adds."""
BETWEEN = "；"
"""Stands between several values of a cell."""


def csv_lines(datasets: Iterable[DatasetView], *, catalogue: CatalogueInfo | None = None) -> Iterator[str]:
    """Yield the file line by line, beginning with the mark by which spreadsheets know UTF-8.

    A provider's code is the credit code that the ``catalogue`` tells, otherwise the directory's. No cell is a formula.
    """
    views = list(datasets)
    codes = {view.definition.code: view.resource_code for view in views}
    yield "\ufeff" + _line(HEADS)
    for view in views:
        yield _line(map(neutral, _cells(view, codes, catalogue)))


def _line(cells: Iterable[str]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerow(cells)
    return file.getvalue()


def _cells(view: DatasetView, codes: Mapping[str, str], info: CatalogueInfo | None) -> tuple[str, ...]:
    one = view.definition
    provider = info.agencies.get(one.agency) if info else None
    return (
        one.classification,
        one.name,
        view.resource_code,
        view.agency_name,
        (provider.uscc if provider else "") or one.agency,
        one.summary,
        one.format,
        BETWEEN.join(map(_item, one.items)),
        choice(one.sharing)[0],
        one.condition,
        BETWEEN.join(choice(method)[0] for method in one.methods),
        BETWEEN.join(basis.words for basis in one.basis),
        choice(one.openness)[0],
        one.open_condition,
        choice(one.cycle)[0],
        view.published_at.astimezone(SHANGHAI).date().isoformat(),
        BETWEEN.join(codes.get(code, code) for code in one.related),
        one.domain,
        LEVELS.get(one.level, str(one.level)),
        _day(one.covers_from),
        _day(one.covers_to),
        choice(one.network)[0],
        one.region,
        one.guiding,
        choice(one.processing)[0],
        choice(one.base_store)[0],
        BETWEEN.join(one.tags),
        "是" if one.proof else "否",
        BETWEEN.join(one.service_items),
        one.no_items_reason,
    )


def _item(item: DatasetItem) -> str:
    """Write a column as its label, then name, letter of its type and length."""
    return f"{item.label}（{item.name}，{LETTERS.get(item.kind, 'C')}{item.max_length or ''}）"


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
