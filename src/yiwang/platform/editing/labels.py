"""What each field of a type is called: for editors, and for whoever reads the whole of a definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise


@dataclass(frozen=True)
class Labels:
    """Labels of the fields of one kind of definition, and of the choices in them."""

    whole: str
    """Name of the type of the whole."""
    fields: Mapping[str, str | Promise]
    """Label by ``Type.field``, or by the field's name alone."""
    choices: Mapping[type[Enum], Mapping[Enum, str | Promise]]

    def label_of(self, owner: str, field: str) -> str | Promise:
        """Return the label of a field of a type."""
        return self.fields.get(f"{owner}.{field}") or self.fields[field]

    def path_label(self, path: tuple[str, ...]) -> str:
        """Return a path of a document in words; rows of lists, counted from 0, are counted from 1."""
        words = [
            str(int(part) + 1) if part.isdecimal() and len(part) < 4 else str(self.fields.get(part, part))
            for part in path
        ]
        if path and f"{self.whole}.{path[0]}" in self.fields:
            words[0] = str(self.fields[f"{self.whole}.{path[0]}"])
        return " · ".join(words)
