"""The edit form's blocks, made from the types: text, choice, list and structure as the definition has them.

Whatever a definition holds has a block here, so that a definition goes into the form and comes out the same.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import Enum, IntEnum
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from wagtail import blocks
from wagtail.admin.telepath import register
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.struct_block import StructBlockAdapter, StructBlockValidationError

from yiwang.platform.editing.kinds import Edited


class SuggestedBlock(blocks.CharBlock):  # type: ignore[misc]
    """A text that is mostly one of a list's; anything may be typed, the linter says what is not there."""

    def __init__(self, suggested: str, **options: Any) -> None:
        super().__init__(**options)
        self.field.widget.attrs["list"] = f"suggest-{suggested}"


class PartBlock(blocks.StructBlock):  # type: ignore[misc]
    """A part of the form: a structure that stands by itself, not in a stream."""


class PartBlockAdapter(StructBlockAdapter):  # type: ignore[misc]
    """Tells the browser's side which element the part is (``part_block.js``)."""

    js_constructor = "yiwang.PartBlock"

    @cached_property
    def media(self) -> forms.Media:
        """Add our script to those of a structure."""
        media: forms.Media = super().media + forms.Media(js=["editing/part_block.js"])
        return media


register(PartBlockAdapter(), PartBlock)


def group_blocks(kind: Edited) -> dict[str, PartBlock]:
    """Return one structure for each part of the form."""
    make = _Maker(kind)
    hints = typing.get_type_hints(kind.type)
    return {
        group: PartBlock([(name, make.block(hints[name], kind.type.__name__, name)) for name in names])
        for group, names in kind.groups.items()
    }


class _Maker:
    """Makes the blocks of one kind of definition."""

    def __init__(self, kind: Edited) -> None:
        self.kind = kind

    def block(self, hint: Any, owner: str, name: str, default: Any = MISSING) -> blocks.Block:
        """Return the block of a field of a type."""
        options: dict[str, Any] = {"label": self.kind.labels.label_of(owner, name)}
        if default is not MISSING:
            options["default"] = default
        if typing.get_origin(hint) is tuple:
            return self._list(typing.get_args(hint)[0], owner, name, options["label"])
        if typing.get_origin(hint) is types.UnionType or hint is date:
            return blocks.DateBlock(required=False, **options)
        if is_dataclass(hint):
            return self._struct(typing.cast(Any, hint), label=options["label"])
        if hint is bool:
            return blocks.BooleanBlock(required=False, **options)
        if issubclass(hint, Enum):
            named = [(_value(member), label) for member, label in self.kind.labels.choices[hint].items()]
            if default is not MISSING:
                options["default"] = _value(default)
            return blocks.ChoiceBlock(choices=named, **options)
        if hint is int:
            return blocks.IntegerBlock(**options)
        suggested = self.kind.suggested.get(f"{owner}.{name}", self.kind.suggested.get(name))
        if suggested:
            return SuggestedBlock(suggested, required=False, **options)
        if name in self.kind.long:
            return blocks.TextBlock(required=False, rows=2, **options)
        return blocks.CharBlock(required=False, **options)

    def _struct(self, kind: Any, **options: Any) -> blocks.StructBlock:
        hints = typing.get_type_hints(kind)
        return blocks.StructBlock(
            [
                (field.name, self.block(hints[field.name], kind.__name__, field.name, field.default))
                for field in fields(kind)
            ],
            **options,
        )

    def _list(self, hint: Any, owner: str, name: str, label: Any) -> blocks.ListBlock:
        folded = is_dataclass(hint)
        child = self._struct(hint, label_format=_named(hint)) if folded else self.block(hint, owner, name)
        return blocks.ListBlock(child, default=[], collapsed=folded, label=label)


def _named(kind: Any) -> str:
    """Say which field names a row of a list when it is folded."""
    names = [field.name for field in fields(kind)]
    return next(
        (f"{{{name}}}" for name in ("name", "title", "question", "law", "text", "element") if name in names), ""
    )


def _value(member: Any) -> str:
    return str(int(member)) if isinstance(member, IntEnum) else str(member.value)


def to_form(block: blocks.StructBlock, document: Mapping[str, Any]) -> Any:
    """Return the part of a document that a block edits, as the block's value."""
    return block.to_python({name: document[name] for name in block.child_blocks if name in document})


def to_document(value: Any) -> Any:
    """Return a block's value as plain values."""
    if isinstance(value, blocks.StructValue):
        return {name: to_document(part) for name, part in value.items()}
    if isinstance(value, blocks.list_block.ListValue):
        return [to_document(part) for part in value]
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return value


def errors_in(block: blocks.Block, found: Iterable[tuple[tuple[str, ...], str]]) -> Any:
    """Place messages beside the fields that their paths name; what has no field of its own goes to the nearest."""
    here: list[str] = []
    below: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for path, message in found:
        if path and _child(block, path[0]) is not None:
            below.setdefault(path[0], []).append((path[1:], message))
        else:
            here.append(message)
    if isinstance(block, blocks.ListBlock):
        return ListBlockValidationError(
            block_errors={int(name): errors_in(block.child_block, inner) for name, inner in below.items()},
            non_block_errors=[ValidationError(message) for message in here],
        )
    if isinstance(block, blocks.StructBlock):
        return StructBlockValidationError(
            block_errors={name: errors_in(block.child_blocks[name], inner) for name, inner in below.items()},
            non_block_errors=[ValidationError(message) for message in here],
        )
    return ValidationError(here)


def _child(block: blocks.Block, name: str) -> blocks.Block | None:
    if isinstance(block, blocks.StructBlock):
        return block.child_blocks.get(name)
    if isinstance(block, blocks.ListBlock) and name.isdecimal():
        return block.child_block
    return None
