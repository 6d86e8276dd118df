"""Documents in and out: the checked Python form of what stands in drafts, editions and packs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from pydantic import TypeAdapter

from yiwang.platform.catalog.linting import VagueWord
from yiwang.platform.catalog.types import DataElement, Definition, EditionView, LifeEvent, SampleRef, Satisfier

DEFINITION: TypeAdapter[Definition] = TypeAdapter(Definition)
ELEMENT: TypeAdapter[DataElement] = TypeAdapter(DataElement)
LIFE_EVENT: TypeAdapter[LifeEvent] = TypeAdapter(LifeEvent)
VAGUE_WORD: TypeAdapter[VagueWord] = TypeAdapter(VagueWord)
SATISFIERS: TypeAdapter[tuple[Satisfier, ...]] = TypeAdapter(tuple[Satisfier, ...])
FILES: TypeAdapter[dict[str, SampleRef]] = TypeAdapter(dict[str, SampleRef])
_ELEMENTS: TypeAdapter[dict[str, DataElement]] = TypeAdapter(dict[str, DataElement])


def dump_definition(definition: Definition) -> dict[str, Any]:
    """Return a definition as plain JSON values."""
    return DEFINITION.dump_python(definition, mode="json")  # type: ignore[no-any-return]


def used_elements(definition: Definition, elements: Mapping[str, DataElement]) -> dict[str, DataElement]:
    """Return every element that the form uses, columns of tables included."""
    found: dict[str, DataElement] = {}
    waiting = [asked.element for section in definition.form for asked in section.fields]
    while waiting:
        code = waiting.pop()
        if code not in found and code in elements:
            found[code] = elements[code]
            waiting += elements[code].columns
    return found


def dump_elements(elements: dict[str, DataElement]) -> dict[str, Any]:
    """Return elements as plain JSON values."""
    return _ELEMENTS.dump_python(elements, mode="json")  # type: ignore[no-any-return]


def shared(view: EditionView, parts: dict[tuple[str, Any], Any]) -> EditionView:
    """Let an edition hold the parts that others hold too: many agencies carry out an item in much the same way.

    ``parts`` are those that were met before, by field and value; new ones are added.
    """

    def known(name: str, value: Any) -> Any:
        return parts.setdefault((name, value), value)

    definition = {one.name: known(one.name, getattr(view.definition, one.name)) for one in fields(view.definition)}
    elements = {code: known("element", element) for code, element in view.elements.items()}
    return replace(view, definition=replace(view.definition, **definition), elements=elements)


def read_edition(row: Any) -> EditionView:
    """Read an edition's row."""
    content = row.content
    implementation = row.implementation
    return EditionView(
        id=row.id,
        number=row.number,
        digest=row.digest,
        published_at=row.published_at,
        definition=DEFINITION.validate_python(content["definition"]),
        elements=_ELEMENTS.validate_python(content["elements"]),
        agency_name=content["agency"]["name"],
        agency_short=content["agency"]["short_name"],
        agency_path=content["agency"]["path"],
        region=implementation.region,
        files=FILES.validate_python(content.get("files", {})),
    )
