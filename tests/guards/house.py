"""What holds the house up, as checks over its source: each yields what is wrong, with the place.

A check takes a ``House``, the tree of a source folder, so that the same check can be shown a planted violation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LAYERS = ("platform", "halls", "doors")
READERS = frozenset(
    {"queries", "portal", "desk", "http", "rules", "types", "pages", "kiosk", "display", "feed_queries", "feed_desk"}
)
"""Modules, or packages, that read and never write."""
_TEXT = frozenset({".py", ".html", ".yaml", ".yml", ".txt", ".css", ".js", ".json", ".typ", ".toml", ".svg"})


@dataclass(frozen=True)
class Module:
    """A file of Python code, parsed; ``parts`` is its place below the source folder."""

    parts: tuple[str, ...]
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The code."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the code."""
        return list(ast.walk(self.tree))

    @property
    def room(self) -> str:
        """``platform.cases``; the layer alone where it has no rooms."""
        return ".".join(self.parts[: 2 if self.parts[0] in LAYERS else 1]).removesuffix(".py")

    @property
    def role(self) -> str:
        """What the file is within its room: ``acts`` also for ``acts/accept.py``."""
        inside = self.parts[2 if self.parts[0] in LAYERS else 1 :]
        return inside[0].removesuffix(".py") if inside else ""

    def at(self, node: ast.AST) -> str:
        """Name a place in it."""
        return f"{'/'.join(self.parts)}:{getattr(node, 'lineno', 1)}"

    def imports(self) -> Iterator[tuple[ast.AST, str]]:
        """Yield every module that it imports, and every name that it imports from one."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node, one.name) for one in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = ".".join(["yiwang", *self.parts[: -node.level]]) if node.level else ""
                module = ".".join(one for one in (base, node.module or "") if one)
                yield node, module
                yield from ((node, f"{module}.{one.name}") for one in node.names)

    def calls(self) -> Iterator[ast.Call]:
        """Yield every call."""
        return (node for node in self.nodes if isinstance(node, ast.Call))


class House:
    """The source below a folder, without its tests and migrations."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def files(self) -> list[Path]:
        """Every file of text that belongs to the source."""
        skipped = {"tests", "migrations", "locale", "static", "node_modules", "__pycache__"}
        found = (one for one in self.root.rglob("*") if one.suffix in _TEXT and one.is_file())
        return sorted(one for one in found if skipped.isdisjoint(one.relative_to(self.root).parts))

    @cached_property
    def modules(self) -> list[Module]:
        """Every module."""
        code = (one for one in self.files if one.suffix == ".py")
        return [Module(one.relative_to(self.root).parts, one.read_text()) for one in code]


Check = Callable[[House], Iterator[str]]
CHECKS: dict[str, Check] = {}


def check(of: Check) -> Check:
    """Enter a check in the list of those that every change must pass."""
    CHECKS[of.__name__] = of
    return of


# --- words ---


@check
def undocumented(house: House) -> Iterator[str]:
    """Every module, public class, public function and method says what it is."""
    for module in house.modules:
        if not ast.get_docstring(module.tree) and module.text.strip():
            yield f"{'/'.join(module.parts)}: module"
        yield from _undocumented(module, module.tree.body, nested=False)


def _undocumented(module: Module, body: list[ast.stmt], *, nested: bool) -> Iterator[str]:
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        settings = nested and isinstance(node, ast.ClassDef)  # Meta, Media …
        if not node.name.startswith("_") and not settings and not ast.get_docstring(node) and not _overload(node):
            yield f"{module.at(node)} {node.name}"
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _undocumented(module, node.body, nested=True)


def _overload(node: ast.AST) -> bool:
    return any(
        "overload" in ast.unparse(one) or "setter" in ast.unparse(one) for one in getattr(node, "decorator_list", ())
    )


@check
def untold(house: House) -> Iterator[str]:
    """The package of each room tells its story: a line of what it is, then how it works."""
    for module in house.modules:
        place = module.parts[:-1]
        if module.parts[-1] != "__init__.py" or len(place) != (2 if place and place[0] in LAYERS else 1):
            continue
        told = ast.get_docstring(module.tree) or ""
        if "\n\n" not in told or len(told.split()) < 30:
            yield f"{'/'.join(module.parts)}: {len(told.split())} words"


@check
def cities(house: House) -> Iterator[str]:
    """A city is data: no code, template or style names one."""
    named = re.compile(r"温州|wenzhou|3303\d\d", re.IGNORECASE)
    for path in house.files:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if found := named.search(line):
                yield f"{path.relative_to(house.root)}:{number} {found.group()}"


# --- rooms ---


@check
def foreign_models(house: House) -> Iterator[str]:
    """Another room's models are private: not imported, not fetched by name, not read in SQL.

    The kernel is no room: on its tables (trail, events, calendar) all rooms stand.
    """
    rooms = {one.room for one in house.modules if one.parts[0] in LAYERS and len(one.parts) > 2}
    tables = {room.rpartition(".")[2]: room for room in rooms} | {"kernel": "kernel"}
    sql = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO|TABLE)\s+\"?(" + "|".join(sorted(tables)) + r")_[a-z]")
    for module in house.modules:
        for node, name in module.imports():
            found = re.match(r"yiwang\.((?:platform|halls|doors)\.\w+)(?:\.\w+)*\.models$", name)
            if found and found[1] != module.room:
                yield f"{module.at(node)} imports {name}"
        for node in module.nodes:
            hit = sql.search(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
            if hit and tables[hit[1]] not in (module.room, "kernel"):
                yield f"{module.at(node)} reads tables of {tables[hit[1]]}"
            own = module.room.rpartition(".")[2]
            named = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("get_model")
            if named and not (node.args and re.match(rf"'{own}\b", ast.unparse(node.args[0]))):  # type: ignore[attr-defined]
                yield f"{module.at(node)} fetches a model by name"


@check
def foreign_keys(house: House) -> Iterator[str]:
    """Foreign keys to another room name the model by string."""
    for module in house.modules:
        own = {node.name for node in module.nodes if isinstance(node, ast.ClassDef)}
        for call in module.calls():
            kind = ast.unparse(call.func).rpartition(".")[2]
            if kind not in {"ForeignKey", "OneToOneField", "ManyToManyField"} or not call.args:
                continue
            target = call.args[0]
            if isinstance(target, ast.Name) and target.id not in own and not _imported_from(module, target.id):
                yield f"{module.at(call)} {target.id}"


def _imported_from(module: Module, name: str) -> bool:
    inside = f"yiwang.{module.room}."
    return any(one.startswith(inside) and one.endswith(f".{name}") for _node, one in module.imports())


# --- who may do what ---


@check
def drawing_acts(house: House) -> Iterator[str]:
    """Acts change the world and draw nothing."""
    drawing = ("django.shortcuts", "django.template", "django.http", "yiwang.ui.forms", "yiwang.ui.errors")
    for module in house.modules:
        if module.role == "acts":
            yield from (
                f"{module.at(node)} imports {name}" for node, name in module.imports() if name.startswith(drawing)
            )


@check
def writing_readers(house: House) -> Iterator[str]:
    """Queries, pages, rules and types write nothing: not through the ORM, not in SQL, not as a job."""
    orm = {"save", "create", "bulk_create", "bulk_update", "update_or_create", "get_or_create", "delete", "defer_async"}
    query = re.compile(r"\.(objects|filter|exclude|select_for_update|all)\b")
    sql = re.compile(r"^\s*(INSERT|UPDATE|DELETE|TRUNCATE|ALTER|CREATE)\s")
    for module in house.modules:
        if module.parts[0] not in LAYERS or module.role not in READERS:
            continue
        for call in module.calls():
            target = ast.unparse(call.func)
            name = target.rpartition(".")[2]
            job = name == "defer" and not call.args  # the ORM's names columns, a job takes keywords
            writes = name in orm or job or (name == "update" and query.search(target))
            if writes and "." in target and not re.match(r"(cache|router|form|store|self|forms?)\b", target):
                yield f"{module.at(call)} {target}"
        for node in module.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and sql.match(node.value):
                yield f"{module.at(node)} {node.value.split()[0]}"


@check
def acting_readers(house: House) -> Iterator[str]:
    """Queries know no act; rules and types know no acts, queries or models at all."""
    acts = {
        ".".join(["yiwang", *module.parts[:-1], module.parts[-1].removesuffix(".py"), node.name])
        for module in house.modules
        for node in module.tree.body
        if any(re.match(r"act(_on)?\(", ast.unparse(mark)) for mark in getattr(node, "decorator_list", ()))
    }
    for module in house.modules:
        if module.parts[0] in LAYERS and module.role in {"queries", "rules", "types"}:
            for node, name in module.imports():
                pure = module.role != "queries"
                known = re.match(r"yiwang\..*\b(acts|queries|models)\b" if pure else r"yiwang\..*\bacts$", name)
                if known or name in acts:
                    yield f"{module.at(node)} imports {name}"


@check
def hidden_logic(house: House) -> Iterator[str]:
    """No logic in signals or in ``save()``: what happens stands in an act."""
    for module in house.modules:
        for node, name in module.imports():
            if re.match(r"django\.(db\.models\.signals|dispatch)|django\.core\.signals", name):
                yield f"{module.at(node)} imports {name}"
        for node in module.nodes:
            if isinstance(node, ast.ClassDef) and any("models.Model" in ast.unparse(one) for one in node.bases):
                for one in node.body:
                    if isinstance(one, ast.FunctionDef) and one.name in {"save", "delete"}:
                        yield f"{module.at(one)} {node.name}.{one.name}"


@check
def unsafe_markup(house: House) -> Iterator[str]:
    """No inline script, style or handler, and nothing that is passed by the escaping."""
    inline = re.compile(
        r"<style\b|\sstyle\s*=\s*[\"']|\son(?!ce\b)[a-z]+\s*=\s*[\"']|\|\s*safe\b|autoescape\s+off|javascript:"
        r"|<script(?![^>]*\bsrc\s*=)[^>]*>",
        re.IGNORECASE,
    )
    for path in house.files:
        if path.suffix == ".html":
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if found := inline.search(line):
                    yield f"{path.relative_to(house.root)}:{number} {found.group().strip()}"
    for module in house.modules:
        for call in module.calls():
            if (name := ast.unparse(call.func).rpartition(".")[2]) in {"mark_safe", "SafeString"}:
                yield f"{module.at(call)} {name}"


# --- what is set in motion must arrive ---


def _marked(house: House, name: str) -> Iterator[tuple[Module, ast.AST, list[ast.Call]]]:
    """Yield every function decorated by a call of this name, with all its decorators that are calls."""
    for module in house.modules:
        for node in module.nodes:
            marks = [one for one in getattr(node, "decorator_list", ()) if isinstance(one, ast.Call)]
            if any(ast.unparse(one.func).rpartition(".")[2] == name for one in marks):
                yield module, node, marks


@check
def idle_tasks(house: House) -> Iterator[str]:
    """Every task is put on its queue by somebody, or comes round by itself."""
    deferred = re.compile(r"(?:^|\.)(\w+)\.(?:defer|defer_async|configure|batch_defer)$")
    calls = [call for module in house.modules for call in module.calls()]
    used = {found[1] for call in calls if (found := deferred.search(ast.unparse(call.func)))}
    used |= {ast.unparse(call.args[0]).rpartition(".")[2] for call in calls if _is_later(call)}
    for module, node, marks in _marked(house, "task"):
        name = getattr(node, "name", "")
        if name not in used and not any(ast.unparse(one.func).endswith(".periodic") for one in marks):
            yield f"{module.at(node)} {name}"


def _is_later(call: ast.Call) -> bool:
    """Tell whether the call has the act in hand put a task on its queue."""
    return bool(call.args) and ast.unparse(call.func).endswith(".later")


@check
def idle_timers(house: House) -> Iterator[str]:
    """Every kind of timer that rings is set somewhere."""
    calls = (call for module in house.modules for call in module.calls())
    setting = " ".join(ast.unparse(one) for one in calls if re.search(r"(timer|deadline)$", ast.unparse(one.func)))
    for module, node, marks in _marked(house, "timer"):
        kind = ast.unparse(marks[-1].args[0])
        if len(re.findall(rf"\b{re.escape(kind.rpartition('.')[2])}\b", setting)) < 2:  # once by the decorator itself
            yield f"{module.at(node)} {kind}"


@check
def idle_events(house: House) -> Iterator[str]:
    """Every event in the catalogue is announced by something, not only imported or listened for."""
    used: set[str] = set()
    for module in house.modules:
        heard = {
            id(inner)
            for call in module.calls()
            if ast.unparse(call.func).rpartition(".")[2] == "subscribe"
            for inner in ast.walk(call)
        }
        used |= {
            node.id if isinstance(node, ast.Name) else node.attr
            for node in module.nodes
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in heard
        }
    for module in house.modules:
        for node in module.nodes:
            value = node.value if isinstance(node, ast.Assign) else None
            if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] == "event":
                yield from (
                    f"{module.at(node)} {ast.unparse(one)}" for one in node.targets if ast.unparse(one) not in used
                )
