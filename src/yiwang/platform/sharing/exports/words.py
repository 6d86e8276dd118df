"""What a catalogue tells of a dataset in sentences, in Chinese and, as far as it is known, in English."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache

from django.utils import translation

from yiwang.platform.sharing.labels import CHOICES
from yiwang.platform.sharing.types import BaseStore, DatasetItem, DatasetView, SharingMethod

Words = tuple[str, str]
"""A text in Chinese and in English; what is empty is not said."""


@lru_cache(maxsize=None, typed=True)  # by type too: members of different IntEnums are equal
def choice(value: Enum) -> Words:
    """Return what a choice is called, whatever language is spoken just now."""
    told = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            told.append(str(CHOICES[type(value)][value]))
    chinese, english = told
    return chinese, english if english != chinese else ""


def named(view: DatasetView) -> Words:
    """Return what a dataset is called."""
    return view.definition.name or view.definition.code, view.definition.name_en


def titled(view: DatasetView, method: SharingMethod) -> Words:
    """Return what a way to a dataset is called."""
    (name, name_en), (way, way_en) = named(view), choice(method)
    return f"{name}：{way}", f"{name_en}: {way_en}" if name_en and way_en else ""


def channel(view: DatasetView) -> Words:
    """Say through which network a dataset can be had."""
    network, network_en = choice(view.definition.network)
    return f"共享通道：{_ended(network)}", f"Network: {network_en}." if network_en else ""


def rights(view: DatasetView) -> Words:
    """Say on what terms agencies and society may have a dataset, and on what law that rests."""
    one = view.definition
    (sharing, sharing_en), (openness, openness_en) = choice(one.sharing), choice(one.openness)
    parts = {
        "共享类型": sharing,
        "共享条件": one.condition,
        "共享依据": "；".join(basis.words for basis in one.basis),
        "开放属性": openness,
        "开放条件": one.open_condition,
    }
    return _told(parts), "; ".join(filter(None, (sharing_en, openness_en)))


def provenance(view: DatasetView) -> Words:
    """Say from whom a dataset comes, what was done to the data, and of which base store it is."""
    one = view.definition
    done, done_en = choice(one.processing)
    store, store_en = ("", "") if one.base_store is BaseStore.NONE else choice(one.base_store)
    parts = {"提供方": view.agency_name or one.agency, "加工程度": done, "所属基础库": store}
    return _told(parts), "; ".join(filter(None, (done_en, store_en)))


def remarks(item: DatasetItem) -> str:
    """Say of a column what CSV on the Web has no term for."""
    told = _told({"单位": item.unit, "取值": "、".join(item.options)})
    return (
        f"{told}{'该数据元的权威来源（一数一源）。' if item.authoritative else ''}{'敏感。' if item.sensitive else ''}"
    )


def _told(parts: Mapping[str, str]) -> str:
    return "".join(f"{name}：{_ended(text)}" for name, text in parts.items() if text)


def _ended(text: str) -> str:
    return text if text.endswith(("。", "！", "？")) else f"{text}。"
