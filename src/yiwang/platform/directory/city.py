"""Whose platform this is: names, seal, statutory lines, texts and theme, as the pack gives them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated, Any

from django.db import DatabaseError
from pydantic import StringConstraints, TypeAdapter

from yiwang.platform.directory.models import City
from yiwang.ui.site import Mark, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySpec:
    """``pack.yaml``."""

    name: str
    title: str
    title_en: str = ""
    subtitle: str = ""
    subtitle_en: str = ""
    region: str
    province_profile: str = ""
    hotline: str = "12345"
    theme: dict[str, str] = field(default_factory=dict)
    seal: str = "一网通办"
    footer: tuple[str, ...] = ()
    footer_en: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    art: tuple[Annotated[str, StringConstraints(pattern=r"^[MmLlHhVvCcSsQqTtAaZz0-9 ,.-]+$")], ...] = ()
    """The city's outline on the front page: SVG path data in a box of 400 by 232."""
    texts: dict[str, Any] = field(default_factory=dict)
    data_licence: str = ""
    """Address of the terms under which the catalogue of data, and whatever is open in it, may be used."""


CITY: TypeAdapter[CitySpec] = TypeAdapter(CitySpec)
_KEPT = 30.0
_kept: tuple[float, CitySpec | None] = (0.0, None)


def city() -> CitySpec | None:
    """Return the city, kept in memory for half a minute; nothing before a pack is loaded."""
    global _kept  # noqa: PLW0603 (one small value, replaced as a whole)
    until, known = _kept
    if time.monotonic() < until:
        return known
    try:
        row = City.objects.first()
    except DatabaseError:
        return known
    spec = CITY.validate_python(row.document) if row else None
    _kept = (time.monotonic() + _KEPT, spec)
    return spec


def site() -> Site:
    """Return what the design system needs to know of the city."""
    spec = city()
    if spec is None:
        return Site()
    return Site(
        name=spec.title,
        name_en=spec.title_en or spec.title,
        subtitle=spec.subtitle,
        subtitle_en=spec.subtitle_en,
        region=spec.title.partition("·")[0],
        seal=spec.seal,
        lines=spec.footer,
        lines_en=spec.footer_en,
        marks=spec.marks,
        art=spec.art,
        hotline=spec.hotline,
        theme={name: colour.lower() for name, colour in spec.theme.items()},
    )
