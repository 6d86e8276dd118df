"""Licence types: the city's catalogue of them (GB/T 36903), and which service items give or ask for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import NotFound
from yiwang.kernel.recording import once
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.licences.models import LicenceType
from yiwang.platform.licences.types import LicenceTypeSpec, TypeInItems
from yiwang.ui.names import names

SPEC: TypeAdapter[LicenceTypeSpec] = TypeAdapter(LicenceTypeSpec)
GROUPS = "licence_groups"
"""The code table of groups of licence types."""
AUTHORITIES = "licence_authorities"
"""The code table of who defines licence types: social credit code and name."""


def licence_type(code: str) -> LicenceTypeSpec:
    """Return a licence type by its short name."""
    return once(f"licences.type:{code}", lambda: _read_type(code))


def _read_type(code: str) -> LicenceTypeSpec:
    row = _TYPE.first(code=code)
    if row is None:
        raise NotFound(_("没有这种证照。"))
    return spec_of(code, row[0])


_TYPE = Compiled(lambda: LicenceType.objects.filter(pk=Slot("code")).values_list("document"))
_specs: dict[str, tuple[dict[str, Any], LicenceTypeSpec]] = {}


@names
def english_type_names() -> Iterator[tuple[str, str]]:
    """Return the names of licence types and of who defines them, with their English ones."""
    for name, document in LicenceType.objects.values_list("name", "document"):
        yield name, document.get("name_en", "")
    yield from _english(AUTHORITIES)


def _english(table: str) -> Iterator[tuple[str, str]]:
    english = catalog.code_table(table, english=True)
    yield from ((label, english[code]) for code, label in catalog.code_table(table).items())


def spec_of(code: str, document: dict[str, Any]) -> LicenceTypeSpec:
    """Read a type's document, or know it again: to compare costs less than to check."""
    known = _specs.get(code)
    if known is None or known[0] != document:
        known = _specs[code] = document, SPEC.validate_python(document)
    return known[1]


def licence_type_names(codes: Iterable[str]) -> dict[str, str]:
    """Return names of licence types by code, one query."""
    return dict(LicenceType.objects.filter(pk__in=list(codes)).values_list("code", "name"))


def type_names() -> dict[str, str]:
    """Return code and name of every licence type."""
    return dict(LicenceType.objects.values_list("code", "name"))


def licence_types() -> list[LicenceTypeSpec]:
    """Return every licence type in order of group and code, at most ten minutes old: types change with the pack only."""
    return remembered("licences.types", _read_types, 600)


def _read_types() -> list[LicenceTypeSpec]:
    rows = LicenceType.objects.order_by("group", "code").values_list("code", "document")
    return [spec_of(code, document) for code, document in rows]


def own_types(by: Actor) -> list[LicenceTypeSpec]:
    """Return the types that the actor's agency issues."""
    agency = directory.agency_of(by)
    return [spec for spec in licence_types() if agency and agency.function in spec.issued_by]


def items_of_type(code: str) -> TypeInItems:
    """Return which published service items give a licence of this type and which ask for one (ten minutes old at most)."""
    return remembered("licences.items", _read_items, 600).get(code, TypeInItems())


def _read_items() -> dict[str, TypeInItems]:
    given: dict[str, list[str]] = defaultdict(list)
    asked: dict[str, list[str]] = defaultdict(list)
    for name, gives, asks in catalog.licence_types_of_items():
        if gives:
            given[gives].append(name)
        for code in asks:
            asked[code].append(name)
    return {code: TypeInItems(tuple(given[code]), tuple(asked[code])) for code in {*given, *asked}}
