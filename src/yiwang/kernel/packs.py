"""Packs: a city as data. YAML and CSV checked against the rooms' own types, errors with file and line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import TypeAdapter, ValidationError

from yiwang.kernel.digest import sha256_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a pack."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class PackError(Exception):
    """The pack has faults; all of them are in ``faults``."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


# libyaml's parser, where PyYAML was built with it, is some ten times quicker than the one in Python.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """SafeLoader that remembers where every mapping and list began."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    made: dict[str, Any] = {}
    lines: dict[Any, int] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in made:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
        made[key] = loader.construct_object(value_node, deep=True)
        lines[key] = key_node.start_mark.line + 1
    return _Lined(made, lines, node.start_mark.line + 1)


def _sequence(loader: _Loader, node: yaml.SequenceNode) -> list[Any]:
    return _LinedList(
        [loader.construct_object(child, deep=True) for child in node.value],
        [child.start_mark.line + 1 for child in node.value],
    )


class _Lined(dict[str, Any]):
    def __init__(self, values: dict[str, Any], lines: dict[Any, int], line: int) -> None:
        super().__init__(values)
        self.lines = lines
        self.line = line


class _LinedList(list[Any]):
    def __init__(self, values: list[Any], lines: list[int]) -> None:
        super().__init__(values)
        self.lines = lines


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_SEQUENCE_TAG, _sequence)
# Codes such as 339901 and 000131012000 are text: only true/false and null are read as anything else.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag.endswith((":bool", ":null", ":merge"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass
class Pack:
    """An opened pack. Faults are gathered, so that one run tells all."""

    root: Path
    faults: list[Fault] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the pack's folder name."""
        return self.root.name

    def digest(self) -> str:
        """Return the content hash of every file: the same digest need not be loaded again."""
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        return sha256_of([[str(path.relative_to(self.root)), path.read_bytes().hex()] for path in files])

    def fault(self, path: Path, line: int, message: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(str(path.relative_to(self.root.parent)), line, message))

    def yaml(self, path: Path) -> Any:
        """Read one YAML file; a syntax error is a fault and gives ``None``."""
        try:
            return yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 (a SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            self.fault(path, mark.line + 1 if mark else 1, str(error.problem or error))
        except UnicodeDecodeError as error:
            self.fault(path, 1, f"not UTF-8: {error}")
        return None

    def files(self, pattern: str) -> list[Path]:
        """Return the files that match, in order of name."""
        return sorted(self.root.glob(pattern))

    def rows(self, pattern: str, kind: type[T]) -> Iterator[T]:
        """Read lists of ``kind`` from every file that matches (``elements/*.yaml``)."""
        for path in self.files(pattern):
            yield from self.listed(path, kind)

    def listed(self, path: Path, kind: type[T]) -> Iterator[T]:
        """Read a list of ``kind`` from one file."""
        content = self.yaml(path)
        if content is None:
            return
        if not isinstance(content, list):
            self.fault(path, 1, "a list is expected here")
            return
        for index, row in enumerate(content):
            made = self.make(path, row, kind, line=content.lines[index])  # type: ignore[attr-defined]
            if made is not None:
                yield made

    def make(self, path: Path, row: Any, kind: type[T], *, line: int = 1) -> T | None:
        """Check one document against ``kind``; what is wrong becomes faults with their lines."""
        try:
            return cast(T, _adapter(kind).validate_python(row, extra="forbid"))
        except ValidationError as error:
            for problem in error.errors():
                where = ".".join(str(part) for part in problem["loc"])
                self.fault(path, _line(row, problem["loc"], line), f"{where}: {problem['msg']}")
            return None

    def csv(self, name: str, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
        """Read a CSV file with these columns; yields line number and row."""
        path = self.root / name
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if missing := set(columns) - set(reader.fieldnames or ()):
                self.fault(path, 1, f"columns are missing: {', '.join(sorted(missing))}")
                return
            for row in reader:
                yield reader.line_num, row

    def stop_if_faulty(self) -> None:
        """Raise ``PackError`` with everything found so far."""
        if self.faults:
            raise PackError(self.faults)


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def _line(row: Any, loc: tuple[Any, ...], line: int) -> int:
    for part in loc:
        in_list = isinstance(row, _LinedList) and isinstance(part, int) and part < len(row)
        if in_list or (isinstance(row, _Lined) and part in row):
            line, row = row.lines[part], row[part]
        elif isinstance(row, _Lined):
            return row.line if line == 1 else line
        else:
            break
    return line
