"""Data elements: what a form asks, and where it can be had instead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yiwang.kernel.fields import FieldKind, Option


class ElementSubject(StrEnum):
    """What a datum is about: decides whose record is asked."""

    PERSON = "person"
    ORGANISATION = "organisation"
    MATTER = "matter"


@dataclass(frozen=True, slots=True)
class ElementSource:
    """Where a datum can be had: the evidence source's name, and the path there (``licence_type.field``)."""

    source: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataElement:
    """数据元: the smallest named datum, with one authoritative source (一数一源)."""

    code: str
    label: str
    kind: FieldKind
    label_en: str = ""
    subject: ElementSubject = ElementSubject.MATTER
    authority: str = ""
    """Function code of the agency that is its authoritative source; empty for what only the applicant knows."""
    hint: str = ""
    hint_en: str = ""
    unit: str = ""
    options: tuple[Option, ...] = ()
    max_length: int = 200
    pattern: str = ""
    min: str = ""
    max: str = ""
    decimals: int = 0
    example: str = ""
    sensitive: bool = False
    sources: tuple[ElementSource, ...] = ()
    columns: tuple[str, ...] = ()
    """Codes of the elements that a TABLE's rows hold."""
    max_rows: int = 0
