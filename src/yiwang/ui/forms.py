"""Web forms from field specs: read what was posted, say plainly what is wrong, show everything again.

    form = SpecForm(specs, request.POST, request.FILES, initial=draft, show=evaluate)
    if form.is_valid(): act(form.values, key=form.key)
    return render(request, "…", {"form": form})

``show`` evaluates a ``show_when`` expression against plain values; hidden fields are neither asked nor kept.
Nothing here needs
script: a table grows and shrinks, files are removed, and conditions are re-evaluated by plain posts
(``form.is_step``); with script the same
posts come from htmx and only the fields are drawn again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.types import FieldError

from . import uploads, values

Show = Callable[[str, Mapping[str, Any]], bool]

STEP = "_step"
"""Name of buttons that change the form without sending it.

``add:TABLE``, ``drop:TABLE:ROW``, ``remove:FIELD:DIGEST``, ``save``.
"""

SELECT_FROM = 7
"""From this many options on, a choice is a select."""

INLINE_UP_TO = 4
"""Up to this many short options stand on one line."""

AUTOCOMPLETE = {
    "name": "name",
    "email": "email",
    "mobile": "tel",
    "phone": "tel",
    "address": "street-address",
    "postcode": "postal-code",
    "birthday": "bday",
    "company_name": "organization",
    "org_name": "organization",
}
"""Last part of a datum's name to the browser's token (WCAG 2.2, 1.3.5)."""

_INPUT_MODES = {
    FieldKind.INTEGER: "numeric",
    FieldKind.DECIMAL: "decimal",
    FieldKind.MONEY: "decimal",
    FieldKind.PHONE: "tel",
}
_WIDTHS = {
    FieldKind.INTEGER: "6",
    FieldKind.DECIMAL: "6",
    FieldKind.MONEY: "10",
    FieldKind.PHONE: "20",
    FieldKind.CITIZEN_ID: "20",
    FieldKind.USCC: "20",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One option as shown."""

    id: str
    value: str
    label: str
    hint: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three inputs of a date."""

    id: str
    name: str
    label: str
    value: str
    width: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its fields and the button that drops it."""

    number: int
    cells: tuple[FieldView, ...]
    drop: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field as the template draws it.

    ``look`` names the partial: input, text, date, choices, select, file or table.
    """

    spec: FieldSpec
    id: str
    name: str
    label: str
    look: str
    hint: str = ""
    error: str = ""
    value: str = ""
    unit: str = ""
    width: str = ""
    input_mode: str = ""
    autocomplete: str = ""
    max_length: int = 0
    options: tuple[Choice, ...] = ()
    inline: bool = False
    multiple: bool = False
    parts: tuple[Part, ...] = ()
    rows: tuple[Row, ...] = ()
    files: tuple[Any, ...] = ()
    accept: str = ""
    used_for: str = ""
    optional: bool = False
    full: bool = False
    columns: tuple[str, ...] = field(default=())

    @property
    def describedby(self) -> str:
        """Return the ids of hint and error, for ``aria-describedby``."""
        ids = (f"{self.id}-hint" if self.hint else "", f"{self.id}-error" if self.error else "")
        return " ".join(one for one in ids if one)

    @property
    def target(self) -> str:
        """Return the id that a link in the error summary leads to: the first thing that can be mended."""
        if self.parts:
            return next((part.id for part in self.parts if part.wrong), self.parts[0].id)
        if self.look == "choices" and self.options:
            return self.options[0].id
        if self.rows:
            return self.rows[0].cells[0].target
        return self.id


@dataclass(frozen=True, slots=True)
class ShownError:
    """One line of the error summary: the same sentence as beside the field, and where it leads."""

    target: str
    message: str


class SpecForm:
    """A form over field specs.

    ``data`` and ``files`` are what was posted (None before that); ``initial`` what is known or was saved, by
    field name, plain or
    parsed; for a FILE field the list of stored files (anything with ``name``, ``digest`` and ``size``).
    """

    def __init__(
        self,
        specs: Sequence[FieldSpec],
        data: QueryDict | None = None,
        files: Any = None,
        *,
        initial: Mapping[str, Any] | None = None,
        show: Show | None = None,
        prefix: str = "f",
        limits: uploads.Limits = uploads.DEFAULT,
    ) -> None:
        self.all_specs = tuple(specs)
        self.data = data
        self.files = files
        self.initial = dict(initial or {})
        self.prefix = prefix
        self.limits = limits
        self._show = show
        self._extra: dict[str, str] = {}
        self.general: list[str] = []
        """Errors of the act as a whole, shown on top only."""

    # --- What was posted
    # -----------------------------------------------------------------------------------------

    @property
    def is_bound(self) -> bool:
        """Say whether something was posted."""
        return self.data is not None

    @cached_property
    def key(self) -> str:
        """Return the idempotency key: the posted one, else a new one."""
        posted = self.data.get("key", "") if self.data is not None else ""
        return posted if 0 < len(posted) <= 64 else uuid.uuid4().hex

    @cached_property
    def step(self) -> tuple[str, ...]:
        """Return what a button asked for: its name, the field, the row or file.

        Empty if the form was sent.
        """
        asked = self.data.get(STEP, "") if self.data is not None else ""
        return (*asked.split(":", 2), "", "")[:3] if asked else ()

    @property
    def is_step(self) -> bool:
        """Say whether the post only changes the form (add a row, remove a file, save).

        Show it again without errors.
        """
        return bool(self.step)

    @cached_property
    def raw(self) -> dict[str, Any]:
        """Return what to show in every field: what was typed if it was posted, else the initial value."""
        return {spec.name: self._raw(spec, self._name(spec)) for spec in self.all_specs}

    def _name(self, spec: FieldSpec) -> str:
        return f"{self.prefix}-{spec.name}"

    def _raw(self, spec: FieldSpec, name: str) -> Any:
        data = self.data
        if data is None:
            return self._initial(spec)
        if spec.kind is FieldKind.DATE:
            return {part: data.get(f"{name}-{part}", "") for part in "ymd"}
        if spec.kind is FieldKind.CHOICES:
            return data.getlist(name)
        if spec.kind is FieldKind.FILE:
            return self._kept_files(spec)
        if spec.kind is FieldKind.TABLE:
            return self._posted_rows(spec, name)
        return data.get(name, "")

    def _initial(self, spec: FieldSpec) -> Any:
        value = self.initial.get(spec.name)
        if spec.kind is FieldKind.DATE and value:
            day = value if isinstance(value, date) else date.fromisoformat(value)
            return {"y": str(day.year), "m": str(day.month), "d": str(day.day)}
        return value

    def _kept_files(self, spec: FieldSpec) -> list[Any]:
        kept = list(self.initial.get(spec.name) or [])
        if self.step[:2] == ("remove", spec.name):
            kept = [file for file in kept if file.digest != self.step[2]]
        return kept

    def _posted_rows(self, spec: FieldSpec, name: str) -> list[dict[str, Any]]:
        data = self.data or QueryDict()
        count = data.get(f"{name}-rows", "0")
        limit = spec.max_rows or values.MAX_ROWS
        number = min(int(count), limit) if count.isascii() and count.isdigit() and len(count) < 5 else 0
        rows = [
            {column.name: self._raw(column, f"{name}-{row}-{column.name}") for column in spec.columns}
            for row in range(number)
        ]
        if self.step[:2] == ("add", spec.name) and len(rows) < limit:
            rows.append({})
        if self.step[:2] == ("drop", spec.name):
            rows = [row for number, row in enumerate(rows) if str(number) != self.step[2]]
        return rows

    # --- What is asked, and whether it is right
    # --------------------------------------------------------------------

    @cached_property
    def _loose(self) -> dict[str, Any]:
        """Return every value that can be parsed, for conditions; what is wrong or missing is None."""
        loose = {}
        for spec in self.all_specs:
            try:
                loose[spec.name] = values.plain(values.parse(_leaf(spec), self.raw[spec.name]))
            except values.Wrong:
                loose[spec.name] = None
        return {
            **{name: values.plain(value) for name, value in self.initial.items() if name not in loose},
            **loose,
        }

    @cached_property
    def specs(self) -> tuple[FieldSpec, ...]:
        """Return the fields that are asked now. A condition sees only fields that are shown themselves."""
        if self._show is None:
            return self.all_specs
        shown = {spec.name for spec in self.all_specs}
        # Each round settles at least one more field, because conditions have no cycles.
        for _round in range(len(self.all_specs) + 1):
            named = {spec.name for spec in self.all_specs}
            seen = {name: value for name, value in self._loose.items() if name in shown or name not in named}
            now = {spec.name for spec in self.all_specs if not spec.show_when or self._show(spec.show_when, seen)}
            if now == shown:
                break
            shown = now
        return tuple(spec for spec in self.all_specs if spec.name in shown)

    @cached_property
    def _parsed(self) -> tuple[dict[str, Any], dict[str, values.Wrong]]:
        good: dict[str, Any] = {}
        wrong: dict[str, values.Wrong] = {}
        for spec in self.specs:
            try:
                good[spec.name] = self._parse(spec)
            except values.Wrong as error:
                wrong[spec.name] = error
        return good, wrong

    def _parse(self, spec: FieldSpec) -> Any:
        if spec.kind is not FieldKind.FILE:
            return values.parse(spec, self.raw[spec.name])
        taken, refused = self.uploads.get(spec.name, ((), ()))
        if refused:
            raise values.Wrong(_("；").join(refused))
        return values.parse(spec, [*self.raw[spec.name], *taken])

    @cached_property
    def uploads(self) -> dict[str, tuple[tuple[uploads.Upload, ...], tuple[str, ...]]]:
        """Return, by FILE field, the files that were taken and the refusals.

        Keep the taken ones in the draft even if other fields are wrong: a browser cannot send them again by
        itself.
        """
        result = {}
        for spec in self.specs:
            if spec.kind is FieldKind.FILE and self.files is not None:
                result[spec.name] = self._take(spec, self.files.getlist(self._name(spec)))
        return result

    def _take(
        self, spec: FieldSpec, posted: Iterable[UploadedFile]
    ) -> tuple[tuple[uploads.Upload, ...], tuple[str, ...]]:
        taken: list[uploads.Upload] = []
        refused: list[str] = []
        kept = len(self.raw[spec.name])
        for file in posted:
            if kept + len(taken) >= self.limits.max_files:
                refused.append(_("最多 %(limit)s 个文件，请合并后再传") % {"limit": self.limits.max_files})
                break
            try:
                taken.append(uploads.accept(file, self.limits))
            except uploads.Refused as error:
                refused.append(error.message)
        return tuple(taken), tuple(refused)

    def is_valid(self) -> bool:
        """Say whether the form was sent and every shown field is right."""
        return self.is_bound and not self.is_step and not self.errors

    @property
    def errors(self) -> dict[str, str]:
        """Return the sentence of every wrong field, in field order; a step shows none."""
        if not self.is_bound or self.is_step:
            return {}
        wrong = {name: error.message for name, error in self._parsed[1].items()} | self._extra
        return {spec.name: wrong[spec.name] for spec in self.specs if spec.name in wrong}

    def add_errors(self, errors: Iterable[FieldError], detail: str = "") -> None:
        """Take over what an act refused.

        Errors of fields that are not here, and ``detail``, are shown on top.
        """
        names = {spec.name for spec in self.specs}
        for error in errors:
            if error.field in names:
                self._extra[error.field] = str(error.message)
            else:
                self.general.append(str(error.message))
        if detail and not self._extra and not self.general:
            self.general.append(detail)

    @property
    def values(self) -> dict[str, Any]:
        """Return the parsed values of the shown fields; those that are wrong are absent."""
        return dict(self._parsed[0])

    @property
    def plain(self) -> dict[str, Any]:
        """Return the values as JSON holds them, files left out."""
        kinds = {spec.name: spec.kind for spec in self.specs}
        return {n: values.plain(v) for n, v in self._parsed[0].items() if kinds[n] is not FieldKind.FILE}

    @cached_property
    def draft(self) -> dict[str, Any]:
        """Return what to save of an unfinished form.

        Every shown value that can be read, required or not, files left out.
        """
        shown = {spec.name for spec in self.specs if spec.kind is not FieldKind.FILE}
        return {name: value for name, value in self._loose.items() if name in shown and value not in (None, "", [])}

    # --- How it looks
    # ------------------------------------------------------------------------------------------------

    @property
    def fields(self) -> tuple[FieldView, ...]:
        """Return the shown fields for the template."""
        errors = self.errors
        views = []
        for spec in self.specs:
            view = _view(spec, self._name(spec), self.raw[spec.name], errors.get(spec.name, ""), self.limits)
            wrong = self._parsed[1].get(spec.name) if spec.name in errors else None
            views.append(_point(view, wrong) if wrong else view)
        return tuple(views)

    @property
    def shown_errors(self) -> tuple[ShownError, ...]:
        """Return the lines of the error summary.

        General ones first, then in field order, each wrong cell of a table.
        """
        if not self.is_bound:
            return ()
        lines = [ShownError("", message) for message in self.general]
        for view in self.fields:
            cells = [cell for row in view.rows for cell in row.cells if cell.error]
            lines += [ShownError(one.target, one.error) for one in (cells or [view]) if one.error]
        return tuple(lines)

    @property
    def shape(self) -> str:
        """Return a word that changes when other fields are asked.

        So that a saved draft knows what to draw again.
        """
        return ".".join(str(number) for number, spec in enumerate(self.all_specs) if spec in self.specs)

    @property
    def shape_changed(self) -> bool:
        """Say whether the page that posted showed other fields than are asked now."""
        return self.is_bound and (self.data or {}).get("_shape") != self.shape


def _leaf(spec: FieldSpec) -> FieldSpec:
    return replace(spec, required=False, columns=tuple(_leaf(column) for column in spec.columns))


def _view(spec: FieldSpec, name: str, raw: Any, error: str, limits: uploads.Limits) -> FieldView:
    """Prepare one field for its partial."""
    kind = spec.kind
    base = FieldView(
        spec=spec,
        id=name,
        name=name,
        label=values.label_of(spec),
        look="input",
        hint=_hint(spec, limits),
        error=error,
        used_for=_(" · ").join(spec.used_for),
        optional=not spec.required,
    )
    if kind is FieldKind.DATE:
        return replace(base, look="date", parts=_date_parts(name, raw or {}, bool(error)))
    if kind is FieldKind.BOOLEAN:
        chosen = {True: "true", False: "false"}.get(raw, raw) if isinstance(raw, bool) else raw
        options = (Option("true", _("是")), Option("false", _("否")))
        return replace(base, look="choices", options=_options(name, options, {chosen}), inline=True)
    if kind in {FieldKind.CHOICE, FieldKind.REGION} and spec.options:
        chosen = {str(raw or "")}
        options = _options(name, spec.options, chosen)
        if kind is FieldKind.REGION or len(options) >= SELECT_FROM:
            return replace(base, look="select", options=options)
        short = len(options) <= INLINE_UP_TO and all(len(o.label) <= 8 and not o.hint for o in options)
        return replace(base, look="choices", options=options, inline=short)
    if kind is FieldKind.CHOICES:
        return replace(
            base,
            look="choices",
            options=_options(name, spec.options, {str(v) for v in raw or ()}),
            multiple=True,
        )
    if kind is FieldKind.FILE:
        endings = ",".join(uploads.ENDINGS[one] for one in limits.types)
        return replace(base, look="file", files=tuple(raw or ()), accept=endings, multiple=True, full=True)
    if kind is FieldKind.TABLE:
        labels = tuple(values.label_of(column) for column in spec.columns)
        return replace(base, look="table", rows=_rows(spec, name, raw or [{}], limits), columns=labels, full=True)
    text = str(values.plain(raw)) if raw is not None else ""
    if kind is FieldKind.LONG_TEXT:
        return replace(base, look="text", value=text, max_length=spec.max_length)
    last = spec.name.rpartition(".")[2]
    return replace(
        base,
        value=text,
        unit=spec.unit or (_("元") if kind is FieldKind.MONEY else ""),
        width=_WIDTHS.get(kind, ""),
        input_mode=_INPUT_MODES.get(kind, ""),
        autocomplete="off" if spec.sensitive else AUTOCOMPLETE.get(last, ""),
    )


def _hint(spec: FieldSpec, limits: uploads.Limits) -> str:
    parts = [values.hint_of(spec)]
    if spec.kind is FieldKind.FILE:
        parts.append(_("PDF、JPG、PNG，每个不超过 %(size)s") % {"size": uploads.megabytes(limits.max_size)})
    if spec.kind is FieldKind.CHOICES and not parts[0]:
        parts.append(_("可多选"))
    if spec.example and spec.kind not in {FieldKind.FILE, FieldKind.TABLE}:
        parts.append(_("例：%(example)s") % {"example": spec.example})
    return _("。").join(part.rstrip("。.") for part in parts if part)


def _options(name: str, options: Iterable[Option], chosen: set[Any]) -> tuple[Choice, ...]:
    return tuple(
        Choice(f"{name}-{number}", option.value, values.label_of(option), option.hint, option.value in chosen)
        for number, option in enumerate(options)
    )


def _date_parts(name: str, raw: Mapping[str, str], wrong: bool) -> tuple[Part, ...]:
    names = (("y", _("年"), "4"), ("m", _("月"), "2"), ("d", _("日"), "2"))
    return tuple(
        Part(f"{name}-{part}", f"{name}-{part}", label, raw.get(part, ""), width, wrong) for part, label, width in names
    )


def _rows(spec: FieldSpec, name: str, rows: list[dict[str, Any]], limits: uploads.Limits) -> tuple[Row, ...]:
    return tuple(
        Row(
            number + 1,
            tuple(
                _view(column, f"{name}-{number}-{column.name}", _cell(column, row.get(column.name)), "", limits)
                for column in spec.columns
            ),
            f"drop:{spec.name}:{number}",
        )
        for number, row in enumerate(rows)
    )


def _cell(column: FieldSpec, raw: Any) -> Any:
    """Return a table's value as its input shows it: a saved date in three parts."""
    if column.kind is FieldKind.DATE and isinstance(raw, str | date) and raw:
        day = raw if isinstance(raw, date) else date.fromisoformat(raw)
        return {"y": str(day.year), "m": str(day.month), "d": str(day.day)}
    return raw


def _point(view: FieldView, wrong: values.Wrong) -> FieldView:
    """Mark the part of a date, or the cell of a table, that is wrong."""
    if wrong.part and view.parts:
        parts = tuple(replace(part, wrong=part.id.endswith(f"-{wrong.part}")) for part in view.parts)
        return replace(view, parts=parts)
    if wrong.cells:
        told = {(cell.row, cell.column): cell.message for cell in wrong.cells}
        rows = tuple(
            replace(
                row,
                cells=tuple(replace(cell, error=told.get((number, cell.spec.name), "")) for cell in row.cells),
            )
            for number, row in enumerate(view.rows)
        )
        return replace(view, rows=rows, error="")
    return view
