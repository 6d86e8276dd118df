"""Arbitrary definitions, small in every list, made from the types themselves."""

from __future__ import annotations

import enum
import types
import typing
from dataclasses import is_dataclass
from datetime import date
from typing import Any

from hypothesis import strategies as st

from yiwang.platform.catalog.types import Definition


def definitions(
    text: st.SearchStrategy[str], integers: st.SearchStrategy[int], **fixed: st.SearchStrategy[Any]
) -> st.SearchStrategy[Definition]:
    """Return definitions of any content; ``fixed`` gives fields of these names their own strategy."""
    return _of(Definition, text, integers, fixed)


def _of(hint: Any, text: Any, integers: Any, fixed: dict[str, Any]) -> Any:
    def inner(hint: Any) -> Any:
        return _of(hint, text, integers, fixed)

    origin = typing.get_origin(hint)
    if hint is str:
        return text
    if hint is bool:
        return st.booleans()
    if hint is date:
        return st.dates(date(2000, 1, 1), date(2099, 12, 31))
    if origin is tuple:
        return st.lists(inner(typing.get_args(hint)[0]), max_size=2).map(tuple)
    if origin in {types.UnionType, typing.Union}:
        return st.none() | inner(typing.get_args(hint)[0])
    if is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        made = {name: fixed[name] if name in fixed else inner(hints[name]) for name in hint.__dataclass_fields__}
        return st.builds(hint, **made)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(list(hint))
    return integers
