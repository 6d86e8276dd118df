"""Conditions and calculations that a city writes as data, in the ZEN language, evaluated on the server only.

ZEN does the work; around it stand the things that law needs and ZEN leaves open:

* *Unknown is not false.* To ZEN a missing datum is null: ``age == 18`` is then false, ``age > 18`` an
  error, and a decision table falls through to its last row. Here a missing datum makes the outcome unknown
  (None) and is named, as long as the outcome depends on it: ``a and b`` is false as soon as one of them is,
  whatever the other (Kleene). Whoever means "or nothing" writes ``age == null`` or ``age ?? 0``. Null
  counts as missing.
* *The same answer every time.* No random numbers, no present time (pass today's date as a datum), no hidden
  access to all data (``$root``), no assignments.
* *A bounded answer.* Length, depth, nesting of closures, ranges and lists are limited when an expression is
  compiled or its data bound, so that no expression runs for long; ZEN's regular expressions are linear.

Names are those of data elements: ASCII letters, digits, ``_``, dots between parts. Numbers come back as int
or Decimal, dates go in as ISO strings (``d(born_on).isBefore(d(today))``). ``len`` of a text counts UTF-8
bytes, three for a Chinese character: for lists use it freely, for texts do not.

A table is the content of a decision table node of the JSON Decision Model: ``hitPolicy`` (first or collect),
``inputs``, ``outputs``, ``rules``; an empty cell fits everything.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

import zen

MAX_LENGTH = 2_000
MAX_DEPTH = 32
MAX_CLOSURES = 2
MAX_ITEMS = 1_000
MAX_RULES = 2_000

_CLOSURES = frozenset({"all", "some", "none", "one", "filter", "map", "flatMap", "count"})
_FUNCTIONS = _CLOSURES | {
    *(
        "len",
        "contains",
        "flatten",
        "upper",
        "lower",
        "trim",
        "startsWith",
        "endsWith",
        "matches",
        "extract",
        "split",
    ),
    *("abs", "sum", "avg", "min", "max", "median", "mode", "floor", "ceil", "round", "trunc"),
    *("isNumeric", "string", "number", "bool", "type", "keys", "values", "d"),
}
_WORDS = frozenset({"and", "or", "not", "in", "true", "false", "null", "as"})
_TOKEN = re.compile(
    r"""(?P<space>[ \t\n]+)
      | (?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<mark>\.\.|\?\?|==|!=|<=|>=|[-+*/%^<>!?:.,()\[\]#$])""",
    re.VERBOSE,
)
_OPEN, _CLOSE = {"(": ")", "[": "]"}, frozenset(")]")
_COMPARING = frozenset({"==", "!=", "<", ">", "<=", ">=", "in", "??", "+", "-", "*", "/", "%", "^", "not"})


class ExpressionError(ValueError):
    """The expression cannot be used; ``position`` is the character where the fault was seen, None if not
    known.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out. ``value`` is None where it is unknown; then ``missing`` names the data that would
    decide it.

    ``used`` are the data that were looked at: they and the legal basis are the reason of a decision.
    """

    value: Any
    used: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        """Whether no datum is missing for it."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class Decision:
    """What a table says: the outputs of the rule that fired (a list of them for ``collect``), and which it
    was.

    ``rules`` are positions from 0, ``labels`` the rules' descriptions; both empty where nothing fits or it
    is unknown.
    """

    outcome: Outcome
    rules: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


# --- Compiling ---


class _Leaf:
    """A piece that ZEN evaluates whole: it is unknown if any datum is missing that it does not itself test
    for null.
    """

    __slots__ = ("flat", "guarded", "names", "program")

    def __init__(self, source: str, tokens: Sequence[_Token], unary: bool = False) -> None:
        self.names, self.guarded = _names(tokens)
        self.flat = not any("." in name for name in self.names)
        # Compiled, not validated: zen's validate_unary_expression refuses "< 50", which compiles and runs.
        try:
            self.program = (zen.compile_unary_expression if unary else zen.compile_expression)(source)
        except RuntimeError as error:
            raise _fault(str(error), tokens[0].at) from None

    def evaluate(self, data: _Data) -> Outcome:
        context: dict[str, Any] = {}
        missing = frozenset[str]()
        if self.flat:
            for name in self.names:
                value = context[name] = data.plain(name)
                if value is None and name not in self.guarded:
                    missing |= {name}
        else:
            missing = frozenset(name for name in self.names if not data.put(context, name) and name not in self.guarded)
        return Outcome(None, self.names, missing) if missing else Outcome(self.run(context), self.names)

    def run(self, context: dict[str, Any]) -> Any:
        try:
            return _number(self.program.evaluate(context))
        except RuntimeError as error:
            raise _fault(str(error)) from None


class _Not:
    __slots__ = ("inner",)

    def __init__(self, inner: _Node) -> None:
        self.inner = inner

    def evaluate(self, data: _Data) -> Outcome:
        outcome = self.inner.evaluate(data)
        truth = _truth(outcome.value)
        return Outcome(None if truth is None else not truth, outcome.used, outcome.missing)


class _Chain:
    """``and`` (decided by the first false) or ``or`` (decided by the first true)."""

    __slots__ = ("decisive", "parts")

    def __init__(self, decisive: bool, parts: list[_Node]) -> None:
        self.decisive = decisive
        self.parts = parts

    def evaluate(self, data: _Data) -> Outcome:
        used: frozenset[str] = frozenset()
        missing: frozenset[str] = frozenset()
        value: bool | None = not self.decisive
        for part in self.parts:
            outcome = part.evaluate(data)
            truth = _truth(outcome.value)
            if truth is self.decisive:
                return Outcome(truth, outcome.used if missing else used | outcome.used)
            used, missing = used | outcome.used, missing | outcome.missing
            if truth is None:
                value = None
        return Outcome(value, used, missing)


class _Choice:
    """``condition ? one : other``; unknown if the condition is."""

    __slots__ = ("condition", "one", "other")

    def __init__(self, condition: _Node, one: _Node, other: _Node) -> None:
        self.condition, self.one, self.other = condition, one, other

    def evaluate(self, data: _Data) -> Outcome:
        condition = self.condition.evaluate(data)
        truth = _truth(condition.value)
        if truth is None:
            return condition
        outcome = (self.one if truth else self.other).evaluate(data)
        return Outcome(outcome.value, condition.used | outcome.used, outcome.missing)


_Node = _Leaf | _Not | _Chain | _Choice


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A compiled expression. ``names`` are the data that it can ask for, whatever their values."""

    source: str
    names: frozenset[str]
    _root: _Node = field(repr=False)

    def evaluate(self, data: Mapping[str, Any]) -> Outcome:
        """Evaluate over data: nested, or flat with dotted names. Raises ExpressionError for values of a
        wrong type.
        """
        return self._root.evaluate(_Data(data))


@lru_cache(maxsize=4096)
def compile(source: str) -> Expression:
    """Check and compile an expression. Raises ExpressionError, where possible with the position."""
    tokens = _tokens(source)
    return Expression(source, _names(tokens)[0], _parse(source, tokens))


def evaluate(source: str, data: Mapping[str, Any]) -> Outcome:
    """Compile (once) and evaluate; see ``Expression.evaluate``."""
    return compile(source).evaluate(data)


def dependencies(source: str) -> frozenset[str]:
    """Return the names of the data that an expression can ask for."""
    return compile(source).names


def check_acyclic(expressions: Mapping[str, str]) -> list[str]:
    """Return the names in an order in which each comes after those its expression asks for.

    Names that have no expression of their own are plain data and stand outside. Raises ExpressionError that
    shows the way round, if there is one: ``a → b → a``.
    """
    parts: dict[str, list[str]] = {}
    for name in expressions:
        for whole in _wholes(name):
            parts.setdefault(whole, []).append(name)
    wanted = {
        # A datum (a) needs its computed parts (a.b), and a part (a.b) the computed datum (a) that it is in.
        name: sorted({other for asked in dependencies(source) for other in _computed(asked, expressions, parts)})
        for name, source in expressions.items()
    }
    done: list[str] = []
    state: dict[str, bool] = {}  # False: on the way, True: done
    for start, first in wanted.items():
        trail = [(start, iter(first))] if start not in state else []
        state.setdefault(start, False)
        while trail:
            name, rest = trail[-1]
            following = next(rest, None)
            if following is None:
                state[name] = True
                done.append(name)
                trail.pop()
            elif following not in state:
                state[following] = False
                trail.append((following, iter(wanted[following])))
            elif not state[following]:
                way = [step for step, _rest in trail]
                circle = [*way[way.index(following) :], following]
                raise ExpressionError("表达式循环引用：" + " → ".join(circle))
    return done


def _wholes(name: str) -> list[str]:
    """Return the data that a dotted name lies in, itself last: ``a``, ``a.b``, ``a.b.c``."""
    steps = name.split(".")
    return [".".join(steps[:length]) for length in range(1, len(steps) + 1)]


def _computed(name: str, known: Mapping[str, str], parts: Mapping[str, list[str]]) -> list[str]:
    return [whole for whole in _wholes(name) if whole in known] + parts.get(name, [])


# --- Decision tables ---


class Table:
    """A compiled decision table."""

    __slots__ = ("_collect", "_inputs", "_rules", "names")

    def __init__(self, content: Mapping[str, Any]) -> None:
        policy, rules = content.get("hitPolicy", "first"), content.get("rules", [])
        if policy not in {"first", "collect"}:
            raise ExpressionError(f"决策表的命中策略应为 first 或 collect，不能是 {policy}。")
        if len(rules) > MAX_RULES:
            raise ExpressionError(f"决策表的规则不能超过 {MAX_RULES} 条。")
        self._collect = policy == "collect"
        self._inputs = [(column["id"], _inputs(column.get("field", ""))) for column in content.get("inputs", [])]
        outputs = [(column["id"], column["field"]) for column in content.get("outputs", [])]
        self._rules = [self._rule(number, rule, outputs) for number, rule in enumerate(rules)]
        names: set[str] = set()
        for _id, subject in self._inputs:
            names |= subject.names if subject else frozenset()
        for cells, results, _label in self._rules:
            for leaf in [*(leaf for leaf in cells if leaf), *results.values()]:
                names |= leaf.names
        self.names = frozenset(names)

    def _rule(
        self, number: int, rule: Mapping[str, Any], outputs: Sequence[tuple[str, str]]
    ) -> tuple[list[_Leaf | None], dict[str, _Leaf], str]:
        try:
            cells = [_cell(str(rule.get(column) or ""), bool(subject)) for column, subject in self._inputs]
            results = {name: _Leaf(rule[column], _tokens(rule[column])) for column, name in outputs if rule.get(column)}
        except ExpressionError as error:
            raise ExpressionError(f"第 {number + 1} 条规则：{error}", error.position) from None
        return cells, results, str(rule.get("_description") or "")

    def decide(self, data: Mapping[str, Any]) -> Decision:
        """Find the rule that fits first (or all, for ``collect``).

        A rule whose fit is unknown makes the decision unknown, unless an earlier one fitted. Raises
        ExpressionError for values of a wrong type: ZEN's own tables would silently skip to another rule.
        """
        bound = _Data(data)
        subjects = [subject.evaluate(bound) if subject else None for _id, subject in self._inputs]
        used: frozenset[str] = frozenset()
        missing: frozenset[str] = frozenset()
        found: list[tuple[int, str, dict[str, Any]]] = []
        for number, (cells, results, label) in enumerate(self._rules):
            fit = _fit(cells, subjects, bound)
            used, missing = used | fit.used, missing | fit.missing
            if fit.value is None and not self._collect:
                break
            if fit.value:
                values = {name: leaf.evaluate(bound) for name, leaf in results.items()}
                for outcome in values.values():
                    used, missing = used | outcome.used, missing | outcome.missing
                found.append((number, label, {name: outcome.value for name, outcome in values.items()}))
                if not self._collect:
                    break
        if missing:
            return Decision(Outcome(None, used, missing))
        values_found = [values for _number, _label, values in found]
        value: Any = values_found if self._collect else next(iter(values_found), None)
        return Decision(Outcome(value, used), tuple(n for n, _l, _v in found), tuple(la for _n, la, _v in found))


@lru_cache(maxsize=512)
def _table(content: str) -> Table:
    return Table(json.loads(content))


def compile_table(content: Mapping[str, Any]) -> Table:
    """Check and compile a decision table, every cell of it. Raises ExpressionError that names the rule."""
    try:
        return _table(json.dumps(content, sort_keys=True))
    except (KeyError, TypeError, AttributeError) as error:
        raise ExpressionError(f"决策表的格式不对：{error}") from error


def decide(content: Mapping[str, Any], data: Mapping[str, Any]) -> Decision:
    """Compile (once) and decide; see ``Table.decide``."""
    return compile_table(content).decide(data)


def _inputs(source: str) -> _Leaf | None:
    return _Leaf(source, _tokens(source)) if source.strip() else None


def _cell(source: str, about: bool) -> _Leaf | None:
    if not source.strip():
        return None
    return _Leaf(source, _tokens(source, unary=about), unary=about)


def _fit(cells: Sequence[_Leaf | None], subjects: Sequence[Outcome | None], data: _Data) -> Outcome:
    used: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    for cell, subject in zip(cells, subjects, strict=True):
        if cell is None:
            continue
        about = subject.used | cell.names if subject else cell.names
        lacking = subject.missing if subject else frozenset()
        context: dict[str, Any] = {"$": _plain(subject.value)} if subject else {}
        lacking |= frozenset(n for n in cell.names if not data.put(context, n) and n not in cell.guarded)
        if not lacking and _truth(cell.run(context)) is not True:
            return Outcome(False, about if missing else used | about)
        used, missing = used | about, missing | lacking
    return Outcome(None if missing else True, used, missing)


# --- Reading ---


def _tokens(source: str, unary: bool = False) -> list[_Token]:
    """Split an expression and refuse what is unbounded, hidden or different every time. ``unary``: a
    table's cell.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"表达式不能超过 {MAX_LENGTH} 个字符。")
    tokens: list[_Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if not match:
            raise ExpressionError(f"第 {at + 1} 个字符“{source[at]}”不能用在表达式里。", at)
        if match.lastgroup != "space":
            tokens.append(_Token(str(match.lastgroup), match[0], at))
        at = match.end()
    if not tokens:
        raise ExpressionError("表达式是空的。", 0)
    _bounded(tokens, unary)
    return tokens


def _bounded(tokens: list[_Token], unary: bool) -> None:
    stack: list[tuple[str, bool, bool]] = []  # closing bracket, is a closure, is a range after "in"
    signs = 0
    for index, (kind, text, at) in enumerate(tokens):
        before = tokens[index - 1].text if index else ""
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        signs = signs + 1 if text in {"-", "+", "!", "not"} else 0
        if signs > MAX_DEPTH or len(stack) > MAX_DEPTH:
            raise ExpressionError(f"表达式嵌套不能超过 {MAX_DEPTH} 层。", at)
        if text in _OPEN:
            call = text == "(" and tokens[index - 1].kind == "name" and before not in _WORDS if index else False
            interval = before == "in" or (unary and not stack and before in {"", ","})
            stack.append((_OPEN[text], call and before in _CLOSURES, interval))
            if sum(closure for _close, closure, _interval in stack) > MAX_CLOSURES:
                raise ExpressionError(f"列表函数嵌套不能超过 {MAX_CLOSURES} 层。", at)
        elif text in _CLOSE:
            # An interval may be half open, "(1..3]", so brackets of either kind close it.
            if not stack or (stack[-1][0] != text and not stack[-1][2]):
                raise ExpressionError("括号不成对。", at)
            stack.pop()
        elif text == ".." and not (stack and stack[-1][2]):
            raise ExpressionError("区间只能用在 in 之后。", at)
        elif text == "$" and not unary:
            raise ExpressionError("这里不能用 $。", at)
        elif text == "#" and not any(closure for _close, closure, _interval in stack):
            raise ExpressionError("# 只能用在列表函数里。", at)
        elif kind == "name" and after == "(" and text not in _WORDS and before != ".":
            if text not in _FUNCTIONS:
                raise ExpressionError(f"没有函数 {text}。", at)
            if text == "d" and index + 2 < len(tokens) and tokens[index + 2].text == ")":
                raise ExpressionError("d() 需要一个日期；当天日期请作为数据传入。", at)
    if stack:
        raise ExpressionError("括号不成对。", tokens[-1].at)


def _names(tokens: Sequence[_Token]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the data names in a run of tokens, and those only ever compared with null or given a default."""
    names: set[str] = set()
    bare: set[str] = set()
    aliases = {tokens[i + 1].text for i, token in enumerate(tokens[:-1]) if token.text == "as"}
    index = 0
    while index < len(tokens):
        kind, text, _at = tokens[index]
        start = index
        index += 1
        if kind != "name" or text in _WORDS or (start and tokens[start - 1].text in {".", "as"}):
            continue
        if index < len(tokens) and tokens[index].text == "(":
            continue
        path = [text]
        while index + 1 < len(tokens) and tokens[index].text == "." and tokens[index + 1].kind == "name":
            if index + 2 < len(tokens) and tokens[index + 2].text == "(":
                break
            path.append(tokens[index + 1].text)
            index += 2
        if text in aliases:
            continue
        name = ".".join(path)
        names.add(name)
        following = [token.text for token in tokens[index : index + 2]]
        leading = [token.text for token in tokens[max(start - 2, 0) : start]]
        guarded = following[:1] == ["??"] or following in (["==", "null"], ["!=", "null"])
        if not guarded and leading not in (["null", "=="], ["null", "!="]):
            bare.add(name)
    return frozenset(names), frozenset(names - bare)


def _parse(source: str, tokens: list[_Token]) -> _Node:
    """Split at the connectives of the top level; what is between them goes to ZEN whole."""
    level = _level(tokens)
    if any(text == "?" for _i, text in level):
        return _parse_choice(source, tokens, level)
    words = {text for _i, text in level}
    if "??" in words and words & {"and", "or"}:
        raise ExpressionError("?? 与 and、or 同用时请加括号。", tokens[0].at)
    for word, decisive in (("or", True), ("and", False)):
        if word in words:
            return _Chain(decisive, [_parse(source, part) for part in _split(tokens, level, word)])
    if tokens[0].text in {"not", "!"} and len(tokens) > 1 and not any(t in _COMPARING for _i, t in level[1:]):
        return _Not(_parse(source, tokens[1:]))
    if tokens[0].text == "(" and len(tokens) > 2 and [i for i, _text in level] == [0, len(tokens) - 1]:
        return _parse(source, tokens[1:-1])
    last = tokens[-1]
    return _Leaf(source[tokens[0].at : last.at + len(last.text)], tokens)


def _parse_choice(source: str, tokens: list[_Token], level: list[tuple[int, str]]) -> _Node:
    first = next(i for i, text in level if text == "?")
    depth = 0
    for index, text in level:
        if text == "?":
            depth += 1
        elif text == ":":
            depth -= 1
            if depth == 0:
                pieces = (tokens[:first], tokens[first + 1 : index], tokens[index + 1 :])
                if all(pieces):
                    return _Choice(*(_parse(source, piece) for piece in pieces))
                break
    raise ExpressionError("条件式应写作“条件 ? 值 : 值”。", tokens[first].at)


def _level(tokens: list[_Token]) -> list[tuple[int, str]]:
    """Return position and text of the tokens outside of brackets, the outer brackets themselves included."""
    found: list[tuple[int, str]] = []
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "mark" and token.text in _CLOSE:
            depth -= 1
        if depth == 0:
            found.append((index, token.text if token.kind != "text" else ""))
        if token.kind == "mark" and token.text in _OPEN:
            depth += 1
    return found


def _split(tokens: list[_Token], level: list[tuple[int, str]], word: str) -> list[list[_Token]]:
    cuts = [-1, *(i for i, text in level if text == word), len(tokens)]
    parts = [tokens[a + 1 : b] for a, b in pairwise(cuts)]
    if not all(parts):
        raise ExpressionError(f"{word} 的两边都要有条件。", tokens[0].at)
    return parts


def _fault(told: str, offset: int = 0) -> ExpressionError:
    """Make an error of what ZEN told, without its stack trace."""
    line = told.split("\n", 1)[0]
    with contextlib.suppress(ValueError, KeyError, TypeError):
        line = str(json.loads(line)["source"])
    place = re.search(r"\((\d+), \d+\)| at (\d+)", line)
    position = int(place[1] or place[2]) + offset if place else None
    return ExpressionError(f"表达式有误：{line}", position)


# --- Values ---


class _Data:
    """Data bound for one evaluation."""

    __slots__ = ("data",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def plain(self, name: str) -> Any:
        """Return a datum as ZEN takes it; its name has no parts."""
        value = self.data.get(name)
        return value if type(value) is str else _plain(value)

    def put(self, context: dict[str, Any], name: str) -> bool:
        """Put a datum into ZEN's context; return False if it is missing."""
        value = self.data.get(name)
        parts = name.split(".")
        if value is None and len(parts) > 1:
            value = self.data
            for part in parts:
                value = value.get(part) if isinstance(value, Mapping) else None
        for part in parts[:-1]:
            inner = context.setdefault(part, {})
            if not isinstance(inner, dict):
                return value is not None  # the whole of it was put before
            context = inner
        context[parts[-1]] = _plain(value)
        return value is not None


def _plain(value: Any, depth: int = 0) -> Any:
    """Return a value as ZEN takes it."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        if abs(value) > 2**53:
            raise ExpressionError("数值超出可精确计算的范围。")
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, datetime, UUID)):
        return value.isoformat() if isinstance(value, date) else str(value)
    if depth > 8:
        raise ExpressionError("数据嵌套太深。")
    if isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Iterable):
        items = [_plain(item, depth + 1) for item in value]
        if len(items) > MAX_ITEMS:
            raise ExpressionError(f"列表不能超过 {MAX_ITEMS} 项。")
        return items
    raise ExpressionError(f"表达式不能用 {type(value).__name__} 类型的数据。")


def _number(value: Any) -> Any:
    """Return a value as Python's laws take it: whole numbers as int, others as Decimal."""
    if value is True or value is False:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, list):
        return [_number(item) for item in value]
    if isinstance(value, dict):
        return {key: _number(item) for key, item in value.items()}
    return value


def _truth(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise ExpressionError("条件的结果应为真或假。")


__all__: list[str] = [
    "Decision",
    "Expression",
    "ExpressionError",
    "Outcome",
    "Table",
    "check_acyclic",
    "compile",
    "compile_table",
    "decide",
    "dependencies",
    "evaluate",
]
