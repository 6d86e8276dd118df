"""Life events (一件事): questions, and the items that follow from the answers."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.platform.catalog.types.parts import Limit


@dataclass(frozen=True, slots=True)
class LifeEventQuestion:
    """One question of the navigator; its answer is a datum and is never asked again."""

    element: str
    required: bool = True
    show_when: str = ""
    ask: str = ""
    ask_en: str = ""
    hint: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class LifeEventItem:
    """An item of the package: when it applies, why (shown to the person), and what must be decided before."""

    basic_code: str
    because: str
    when: str = ""
    because_en: str = ""
    after: tuple[str, ...] = ()
    why_not: str = ""
    """What is said when it does not apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeEvent:
    """一件事: several items, one application (国办发〔2025〕24号)."""

    code: str
    name: str
    name_en: str = ""
    summary: str = ""
    summary_en: str = ""
    audience: str = "person"
    """``person`` or ``organisation``: whose life event it is."""
    icon: str = "house"
    theme: str = ""
    lead: str = ""
    """Function code of the lead agency (牵头部门)."""
    region_question: str = "place_region"
    """Element whose answer chooses the agencies by region."""
    questions: tuple[LifeEventQuestion, ...]
    items: tuple[LifeEventItem, ...]
    limit: Limit | None = None
    """套餐时限 where the city promises one shorter than its slowest path."""
    keywords: tuple[str, ...] = ()
    tips: tuple[str, ...] = ()
