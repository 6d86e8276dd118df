"""What datasets do not know of the catalogue that they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An agency as the catalogue names it; ``uscc`` is its unified social credit code (GB 32100-2015)."""

    name: str
    name_en: str = ""
    uscc: str = ""
    phone: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueInfo:
    """Whose catalogue it is, where it stands, and what the codes in it mean.

    Addresses are absolute; ``{code}`` in them stands for the code of a dataset.
    """

    url: str
    """The page of the catalogue."""
    dataset_url: str
    """The page of a dataset."""
    check_url: str = ""
    """Where agencies ask a dataset about a subject (核验接口); empty: there is no such interface."""
    check_description_url: str = ""
    """What describes that interface to machines (OpenAPI)."""
    title: str
    title_en: str = ""
    description: str
    description_en: str = ""
    publisher: Provider
    region: str
    regions: Mapping[str, str] = field(default_factory=dict)
    """Name by code (GB/T 2260) of the regions that datasets and providers are of."""
    agencies: Mapping[str, Provider] = field(default_factory=dict)
    """Providers by the code that the directory gives them."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """The city's table ``data_classes``, and the same in English."""
    classes_en: Mapping[str, str] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    """所属领域 of the national catalogue by code."""
    themes: Mapping[str, str] = field(default_factory=dict)
    """Theme of the EU's list (``HEAL``) by class; a class that is not here has that of the nearest class above it."""
    licence: str = ""
    """Address of the terms under which the catalogue, and whatever is open in it, may be used."""
