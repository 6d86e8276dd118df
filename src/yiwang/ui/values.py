"""From what was typed to a value: one parser for every kind of field, for pages, counters and the API alike.

``parse`` returns the value or raises ``Wrong`` with a sentence that says what to do. It is forgiving about
form (full-width
digits, spaces, thousands separators, 元) and strict about meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yiwang.kernel import codes
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.types import FieldError

MAX_TEXT = 200
MAX_LONG_TEXT = 4000
MAX_DIGITS = 15
"""What a JSON number holds exactly."""
MAX_ROWS = 200

CHOOSES = {FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.BOOLEAN}


@dataclass(frozen=True, slots=True)
class CellError:
    """One wrong cell of a table: row from 0, the column's name, the sentence."""

    row: int
    column: str
    message: str


class Wrong(ValueError):
    """A value cannot be taken; the message is for the person.

    ``part`` names the input of a date that is wrong; ``cells`` every wrong cell of a table.
    """

    def __init__(self, message: str, *, part: str = "", cells: tuple[CellError, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.part = part
        self.cells = cells


def is_english() -> bool:
    """Say whether the reader chose English."""
    return (get_language() or "").startswith("en")


def label_of(spec: FieldSpec | Option) -> str:
    """Return the label in the reader's language."""
    return spec.label_en if is_english() and spec.label_en else spec.label


def hint_of(spec: FieldSpec) -> str:
    """Return the hint in the reader's language."""
    return spec.hint_en if is_english() and spec.hint_en else spec.hint


def missing(spec: FieldSpec) -> str:
    """Say that a required field is empty, as what to do."""
    label = label_of(spec)
    if label.endswith(("？", "?")):
        return _("请回答“%(label)s”") % {"label": label}
    if spec.kind in CHOOSES or spec.kind is FieldKind.REGION:
        return _("请选择%(label)s") % {"label": label}
    if spec.kind is FieldKind.FILE:
        return _("请上传%(label)s") % {"label": label}
    if spec.kind is FieldKind.TABLE:
        return _("请至少填写一行%(label)s") % {"label": label}
    return _("请填写%(label)s") % {"label": label}


def parse(spec: FieldSpec, raw: Any) -> Any:
    """Return the value of what was typed; None (or an empty list) if nothing was.

    Raises Wrong if it is missing though required, or not acceptable. Values: str, int, Decimal (decimal and
    money), date, bool,
    list of str (choices), list of dict (table).
    """
    value = _PARSERS[spec.kind](spec, raw)
    if value in (None, "", []) and spec.required:
        raise Wrong(missing(spec))
    return value


def check(specs: Sequence[FieldSpec], data: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """Parse a whole set of raw values, such as an API's.

    Returns the values and every error, in field order.
    """
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for spec in specs:
        try:
            values[spec.name] = parse(spec, data.get(spec.name))
        except Wrong as wrong:
            cells = [FieldError(f"{spec.name}.{c.row}.{c.column}", c.message) for c in wrong.cells]
            errors.extend(cells or [FieldError(spec.name, wrong.message)])
    return values, errors


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: dates ISO 8601, numbers as numbers (conditions compare them)."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def _tidy(raw: Any) -> str:
    """Return typed text in composed form without what cannot be seen."""
    text = unicodedata.normalize("NFC", str(raw or ""))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})


def _text(spec: FieldSpec, raw: Any) -> str | None:
    text = " ".join(_tidy(raw).split()) if spec.kind is not FieldKind.LONG_TEXT else _tidy(raw).strip()
    limit = spec.max_length or (MAX_LONG_TEXT if spec.kind is FieldKind.LONG_TEXT else MAX_TEXT)
    if len(text) > limit:
        raise Wrong(
            _("%(label)s最多 %(limit)s 个字，您填了 %(length)s 个，请删去 %(over)s 个")
            % {"label": label_of(spec), "limit": limit, "length": len(text), "over": len(text) - limit}
        )
    if text and spec.pattern and not re.fullmatch(spec.pattern, text):
        if spec.example:
            raise Wrong(_("%(label)s请照这个样子填：%(example)s") % {"label": label_of(spec), "example": spec.example})
        raise Wrong(_("%(label)s的写法不对，请看输入框上方的说明") % {"label": label_of(spec)})
    return text or None


def _digits(raw: Any) -> str:
    """Return a number as typed, half-width, without separators, currency signs and units of money."""
    text = unicodedata.normalize("NFKC", str(raw if raw is not None else "")).strip()
    return re.sub(r"[\s,_¥元]", "", text)


def _number(spec: FieldSpec, raw: Any, decimals: int) -> Decimal | None:
    text = _digits(raw)
    label = label_of(spec)
    if spec.unit:
        text = text.removesuffix(unicodedata.normalize("NFKC", spec.unit))
    if not text:
        return None
    if not re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)", text, re.ASCII):
        raise Wrong(_("%(label)s请只填数字，例如 %(example)s") % {"label": label, "example": spec.example or "12"})
    try:
        value = Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern lets nothing else through
        raise Wrong(_("%(label)s请只填数字，例如 %(example)s") % {"label": label, "example": "12"}) from None
    if len(text) > MAX_DIGITS + 2:
        raise Wrong(_("%(label)s太长，请核对是否多输了数字") % {"label": label})
    if -_exponent(value) > decimals:
        if decimals == 0:
            raise Wrong(_("%(label)s请填整数，您填的是 %(value)s") % {"label": label, "value": text})
        raise Wrong(
            _("%(label)s最多 %(decimals)s 位小数，您填的是 %(value)s")
            % {"label": label, "decimals": decimals, "value": text}
        )
    _within(spec, value, text)
    return value


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _within(spec: FieldSpec, value: Decimal, text: str) -> None:
    low = Decimal(0) if spec.min is None and spec.kind is FieldKind.MONEY else spec.min
    words = {"label": label_of(spec), "unit": spec.unit and f" {spec.unit}", "value": text}
    if low is not None and value < low:
        raise Wrong(_("%(label)s不能小于 %(limit)s%(unit)s，您填的是 %(value)s") % {**words, "limit": plain(low)})
    if spec.max is not None and value > spec.max:
        raise Wrong(_("%(label)s不能大于 %(limit)s%(unit)s，您填的是 %(value)s") % {**words, "limit": plain(spec.max)})


def _integer(spec: FieldSpec, raw: Any) -> int | None:
    value = _number(spec, raw, 0)
    return None if value is None else int(value)


def _decimal(spec: FieldSpec, raw: Any) -> Decimal | None:
    return _number(spec, raw, spec.decimals)


def _money(spec: FieldSpec, raw: Any) -> Decimal | None:
    return _number(spec, raw, spec.decimals or 2)


def _date(spec: FieldSpec, raw: Any) -> date | None:
    """Parse a date given as ``{"y", "m", "d"}``, as ISO text, or as a date."""
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str):
        found = re.fullmatch(r"\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*", unicodedata.normalize("NFKC", raw))
        if raw.strip() and not found:
            raise Wrong(_("%(label)s请按“年、月、日”填写，例如 2026 年 3 月 2 日") % {"label": label_of(spec)})
        raw = dict(zip("ymd", found.groups(), strict=True)) if found else {}
    parts = {part: _digits((raw or {}).get(part)) for part in "ymd"}
    if not any(parts.values()):
        return None
    names = {"y": _("年"), "m": _("月"), "d": _("日")}
    for part, text in parts.items():
        if not text:
            raise Wrong(_("%(label)s还缺“%(part)s”") % {"label": label_of(spec), "part": names[part]}, part=part)
        if not re.fullmatch(r"\d{1,4}", text, re.ASCII):
            raise Wrong(
                _("%(label)s的“%(part)s”请只填数字") % {"label": label_of(spec), "part": names[part]},
                part=part,
            )
    if len(parts["y"]) != 4:
        raise Wrong(_("%(label)s的“年”要写 4 位，例如 2026") % {"label": label_of(spec)}, part="y")
    try:
        value = date(int(parts["y"]), int(parts["m"]), int(parts["d"]))
    except ValueError:
        words = {"label": label_of(spec), "y": parts["y"], "m": parts["m"], "d": parts["d"]}
        raise Wrong(_("%(label)s：没有 %(y)s 年 %(m)s 月 %(d)s 日这一天，请核对") % words) from None
    if not 1850 <= value.year <= 2200:
        raise Wrong(
            _("%(label)s的“年”请核对，您填的是 %(year)s") % {"label": label_of(spec), "year": value.year},
            part="y",
        )
    return value


def _boolean(spec: FieldSpec, raw: Any) -> bool | None:
    if isinstance(raw, bool):
        return raw
    answer = {"true": True, "false": False, "": None}.get(str(raw or "").lower(), ...)
    if answer is ...:
        raise Wrong(_("%(label)s请选“是”或“否”") % {"label": label_of(spec)})
    return answer  # type: ignore[return-value]


def _choice(spec: FieldSpec, raw: Any) -> str | None:
    value = str(raw or "").strip()
    if value and value not in {option.value for option in spec.options}:
        raise Wrong(_("%(label)s请从列出的里面选一个") % {"label": label_of(spec)})
    return value or None


def _choices(spec: FieldSpec, raw: Any) -> list[str]:
    given = [str(one) for one in ([raw] if isinstance(raw, str) else raw or []) if str(one)]
    allowed = {option.value for option in spec.options}
    if not set(given) <= allowed:
        raise Wrong(_("%(label)s请从列出的里面选") % {"label": label_of(spec)})
    return [option.value for option in spec.options if option.value in given]


def _code(parser: Callable[[str], Any]) -> Callable[[FieldSpec, Any], str | None]:
    def parse_code(spec: FieldSpec, raw: Any) -> str | None:
        text = _tidy(raw).strip()
        if not text:
            return None
        try:
            return str(parser(text))
        except codes.CodeError as error:
            raise Wrong(str(error).rstrip("。.")) from None

    return parse_code


def _region(spec: FieldSpec, raw: Any) -> str | None:
    return _choice(spec, raw) if spec.options else _code(codes.parse_region)(spec, raw)


def _file(spec: FieldSpec, raw: Any) -> list[Any]:
    return list(raw or [])


def _table(spec: FieldSpec, raw: Any) -> list[dict[str, Any]]:
    """Parse rows; those left blank are skipped, and every wrong cell is told at once."""
    filled = [(number, row) for number, row in enumerate(raw or []) if any(not _blank(value) for value in row.values())]
    limit = spec.max_rows or MAX_ROWS
    if len(filled) > limit:
        words = {"label": label_of(spec), "limit": limit, "rows": len(filled)}
        raise Wrong(_("%(label)s最多 %(limit)s 行，您填了 %(rows)s 行") % words)
    rows = []
    wrong = []
    for number, row in filled:
        values = {}
        for column in spec.columns:
            try:
                values[column.name] = parse(column, row.get(column.name))
            except Wrong as error:
                words = {"label": label_of(spec), "row": number + 1, "message": error.message}
                message = _("%(label)s第 %(row)s 行：%(message)s") % words
                wrong.append(CellError(number, column.name, message))
        rows.append(values)
    if wrong:
        raise Wrong(wrong[0].message, cells=tuple(wrong))
    return rows


def _blank(value: Any) -> bool:
    """Say whether nothing was typed; a date's three inputs count as one."""
    return not any(value.values()) if isinstance(value, Mapping) else value in (None, "", [])


_PARSERS: dict[FieldKind, Callable[[FieldSpec, Any], Any]] = {
    FieldKind.TEXT: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.ADDRESS: _text,
    FieldKind.INTEGER: _integer,
    FieldKind.DECIMAL: _decimal,
    FieldKind.MONEY: _money,
    FieldKind.DATE: _date,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.CHOICE: _choice,
    FieldKind.CHOICES: _choices,
    FieldKind.CITIZEN_ID: _code(codes.parse_citizen_id),
    FieldKind.USCC: _code(codes.parse_uscc),
    FieldKind.PHONE: _code(codes.parse_phone),
    FieldKind.REGION: _region,
    FieldKind.FILE: _file,
    FieldKind.TABLE: _table,
}
