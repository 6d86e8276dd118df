"""The part of ZEN that a scheme may use, read into a small tree: what can be said to a database as well.

Numbers, texts, ``true``, ``false``, ``null``, names; ``+ - * /``, comparisons, ``in [..]``, ``and``, ``or``, ``not (..)``,
``a ? b : c``, ``(a ?? b)``, ``max([..])``, ``min([..])``, ``abs(..)``. One family is worked out by ZEN itself, many by the
tree: a test holds both to the same answer. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^']*'|"[^"]*")|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_]\w*)*)
      |(?P<mark>\?\?|==|!=|<=|>=|[-+*/<>?:,()\[\]]))""",
    re.VERBOSE,
)
COMPARING = ("==", "!=", "<=", ">=", "<", ">")
_LEVELS = (("or",), ("and",), COMPARING, ("+", "-"), ("*", "/"))
_WORDS = {"true": True, "false": False, "null": None}
_CALLS = ("max", "min")


class Unreadable(ValueError):
    """What stands there is not in the part of the language that a scheme may use."""


@dataclass(frozen=True, slots=True)
class Node:
    """``kind`` is ``value``, ``name``, ``if``, ``in``, ``not``, ``negative``, ``abs``, ``max``, ``min``, ``else`` or an
    operator; ``parts`` are nodes, ``value`` a plain value or a name.
    """

    kind: str
    parts: tuple[Node, ...] = ()
    value: Any = None

    def names(self) -> frozenset[str]:
        """Return every name in it."""
        own = {str(self.value)} if self.kind == "name" else set()
        return frozenset(own.union(*(part.names() for part in self.parts)))


def read(source: str) -> Node:
    """Read an expression. Raises ``Unreadable``."""
    reader = _Reader(source)
    found = reader.choice()
    reader.end()
    return found


def read_cell(subject: str, cell: str) -> Node:
    """Read a cell of a table about its subject as one condition: ``> 0`` or a value that it must equal."""
    text = cell.strip()
    operator = next((one for one in COMPARING if text.startswith(one)), "")
    if not operator and text.startswith("in "):
        return read(f"({subject}) {text}")
    return Node(operator or "==", (read(subject), read(text[len(operator) :])))


class _Reader:
    def __init__(self, source: str) -> None:
        self.source, self.tokens, self.place = source, [], 0
        at, text = 0, source.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise Unreadable(f"{source!r}: character {at + 1}")
            self.tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()

    def end(self) -> None:
        if self.place < len(self.tokens):
            raise Unreadable(f"{self.source!r}: {self.tokens[self.place][1]!r} is one too many")

    def _look(self) -> str:
        kind, text = self.tokens[self.place] if self.place < len(self.tokens) else ("", "")
        return "" if kind == "text" else text

    def _next(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise Unreadable(f"{self.source!r} ends too early")
        self.place += 1
        return self.tokens[self.place - 1]

    def _want(self, mark: str) -> None:
        if self._look() != mark:
            raise Unreadable(f"{self.source!r}: {mark} is missing")
        self.place += 1

    def choice(self) -> Node:
        condition = self._level(0)
        if self._look() != "?":
            return condition
        self.place += 1
        one = self.choice()
        self._want(":")
        return Node("if", (condition, one, self.choice()))

    def _level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._one()
        found = self._level(level + 1)
        while True:
            operator = self._look()
            if operator in _LEVELS[level]:
                self.place += 1
                found = Node(operator, (found, self._level(level + 1)))
            elif operator == "in" and _LEVELS[level] is COMPARING:
                self.place += 1
                found = Node("in", (found, *self._list()))
            else:
                return found

    def _list(self) -> tuple[Node, ...]:
        self._want("[")
        found = [self.choice()]
        while self._look() == ",":
            self.place += 1
            found.append(self.choice())
        self._want("]")
        return tuple(found)

    def _one(self) -> Node:
        kind, text = self._next()
        if kind == "number":
            return Node("value", value=Decimal(text))
        if kind == "text":
            return Node("value", value=text[1:-1])
        if text == "-":
            return Node("negative", (self._one(),))
        if text == "(":
            found = self.choice()
            if self._look() == "??":
                self.place += 1
                found = Node("else", (found, self.choice()))
            self._want(")")
            return found
        if kind != "name":
            raise Unreadable(f"{self.source!r}: {text!r} does not belong there")
        if text in _WORDS:
            return Node("value", value=_WORDS[text])
        if text == "not":
            return Node("not", (self._bracket(),))
        if text == "abs":
            return Node("abs", (self._bracket(),))
        if text in _CALLS:
            self._want("(")
            found = Node(text, self._list())
            self._want(")")
            return found
        if self._look() == "(":
            raise Unreadable(f"{self.source!r}: {text} may not be called")
        return Node("name", value=text)

    def _bracket(self) -> Node:
        self._want("(")
        found = self.choice()
        self._want(")")
        return found
