"""What can be edited: each room that publishes something says here how its form looks and which acts write it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils.functional import Promise
from pydantic import TypeAdapter

from yiwang.kernel.types import Actor, Role
from yiwang.platform.editing.labels import Labels
from yiwang.platform.editing.types import EditionEntry, Finding


class WritesDraft(Protocol):
    """The act that writes a draft and returns the row's identity."""

    def __call__(self, definition: Any, source: str, *, by: Actor, key: str) -> uuid.UUID:
        """Write the draft."""


class Publishes(Protocol):
    """The act that writes a draft and publishes it at once."""

    def __call__(self, definition: Any, note: str, *, by: Actor, key: str) -> Any:
        """Publish it."""


class Withdraws(Protocol):
    """The act that takes the published edition back."""

    def __call__(self, row: uuid.UUID, reason: str, *, by: Actor, key: str) -> Any:
        """Withdraw it."""


@dataclass(frozen=True, kw_only=True)
class Edited:
    """One kind of thing that editors edit.

    ``groups`` are the parts of the form and the fields of the definition that each holds, together all of them; ``tabs``
    what the parts are called; ``long`` the fields that hold more than a line; ``suggested`` which list the browser offers
    in a field, by ``Type.field`` or by the field's name alone (``""``: none), the lists come from ``lists``.
    """

    namespace: str
    path: str
    name: str | Promise
    icon: str
    order: int
    definition: TypeAdapter[Any]
    type: type[Any]
    title: Callable[[Any], str] = lambda definition: str(definition.name)
    """What the list calls a definition."""
    related: tuple[str, ...] = ("agency",)
    """What of the row its columns need, to be read with it."""
    groups: Mapping[str, Sequence[str]]
    tabs: Mapping[str, str | Promise]
    labels: Labels
    long: frozenset[str] = frozenset()
    suggested: Mapping[str, str] = field(default_factory=dict)
    lists: Callable[[], list[tuple[str, dict[str, str]]]] = list
    editors: frozenset[Role]
    publishers: frozenset[Role]
    lint: Callable[[Any], Iterable[Finding]]
    save_draft: WritesDraft
    publish: Publishes
    withdraw: Withdraws
    reached: Callable[[Actor], Any]
    """The rows that an editor's grants reach, as a query."""
    history: Callable[[uuid.UUID], Sequence[EditionEntry]]
    document: Callable[[uuid.UUID], dict[str, Any]]
    """The frozen document of an edition."""
    columns: tuple[tuple[str, str | Promise], ...] = ()
    """Columns of the list beside title and state: a path from the row, and its heading."""
    searched: tuple[str, ...] = ()
    """Paths from the row that are searched beside the title."""
    standing: Callable[[Any], str] = lambda row: ""
    """What the list says of a row in place of its state; empty: its state."""


_kinds: dict[str, Edited] = {}


def edit(model: str, kind: Edited) -> Edited:
    """Say that rows of a draft model (``app.model``) are edited as this kind."""
    _kinds[model.lower()] = kind
    return kind


def kind_of(draft: Any) -> Edited:
    """Return how a draft, or a class of drafts, is edited."""
    return _kinds[draft._meta.label_lower]


def kinds() -> list[tuple[str, Edited]]:
    """Return every kind with its model, in the order of the menu."""
    return sorted(_kinds.items(), key=lambda one: one[1].order)
