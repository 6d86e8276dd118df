"""Bringing rows in: what may land, as what, and what is said about it. Runs inside the act ``catalog.import_items``."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from yiwang.kernel import codes
from yiwang.kernel.problems import Problem
from yiwang.platform.catalog import documents, queries
from yiwang.platform.catalog.imports.formats import MAX_ROWS, Body, FileRefused, Refused, Row, Tables, registry
from yiwang.platform.catalog.imports.report import Note, NoteLevel, Report, Tally
from yiwang.platform.catalog.linting import LintContext, lint
from yiwang.platform.catalog.types import Definition
from yiwang.platform.directory import acts as directory_acts
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import AgencyView

_SHOWN_FINDINGS = 10


class _Undo(Exception):
    """Takes back a dry run."""


class _RowRefused(ValueError):
    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Land(Protocol):
    """Writes one item and tells whether that changed anything."""

    def __call__(
        self, definition: Definition, source: str, context: LintContext, *, guid: uuid.UUID | None, in_force: bool
    ) -> bool:
        """``guid``: the id that a new record takes; ``in_force``: whether it may be shown as published elsewhere."""


def bring_in(path: Path, name: str, format_name: str, *, apply: bool, land: Land, most: int = MAX_ROWS) -> Report:
    """Import a file, or try to: a dry run does everything and takes it back, so its report is the real one.

    A file of more than ``most`` rows is refused before anything of it is read.
    """
    tally = Tally()
    form = registry.get(format_name)
    try:
        if (count := form.count(path)) > most:
            told = {"count": f"{count:,}", "most": f"{most:,}"}
            raise FileRefused("rows", _("文件有 %(count)s 行，一次最多 %(most)s 行，请分成几个文件。") % told)
        with transaction.atomic():
            _Landing(tally, f"import:{format_name}", land).all(form.rows(path, _tables()))
            if not apply:
                raise _Undo
    except _Undo:
        pass
    except FileRefused as refusal:
        tally = Tally(notes=[Note(refusal.row, "", NoteLevel.REJECTED, refusal.reason, str(refusal))])
    return tally.report(name, format_name, applied=apply)


def _tables() -> Tables:
    persons, legal = (
        {label: code for code, label in queries.code_table(table).items()}
        for table in ("person_themes", "legal_themes")
    )
    return Tables(persons, legal)


class _Landing:
    """One import: the tally, what was seen of the file, what is known of the directory."""

    def __init__(self, tally: Tally, source: str, land: Land) -> None:
        self.tally = tally
        self.source = source
        self.land = land
        self.context: LintContext = queries.lint_context()
        self.seen: dict[str, int] = {}
        self.agencies: dict[str, AgencyView] = {}

    def all(self, rows: Iterator[Row | Refused]) -> None:
        """Bring in every row, each in its savepoint."""
        for row in rows:
            self.tally.read += 1
            try:
                if isinstance(row, Refused):
                    raise _RowRefused(row.reason, row.message)
                with transaction.atomic():
                    changed, notes = self._one(row)
            except _RowRefused as refusal:
                self._refuse(row, refusal.reason, str(refusal))
            except Problem as problem:
                told = "；".join(error.message for error in problem.errors) or str(problem.detail)
                self._refuse(row, problem.code, told)
            except DatabaseError:
                self._refuse(row, "database", _("这一行存不进数据库，可能有内容太长。"))
            else:
                self.tally.landed += 1
                self.tally.unchanged += not changed
                self.tally.warned += bool(notes)
                self.tally.note(
                    *(Note(row.number, row.code, NoteLevel.WARNING, reason, text) for reason, text in notes)
                )

    def _refuse(self, row: Row | Refused, reason: str, message: str) -> None:
        self.tally.rejected += 1
        self.tally.note(Note(row.number, row.code, NoteLevel.REJECTED, reason, message))

    def _one(self, row: Row) -> tuple[bool, list[tuple[str, str]]]:
        if row.code in self.seen:
            raise _RowRefused("twice", _("编码与第 %(row)d 行重复。") % {"row": self.seen[row.code]})
        self.seen[row.code] = row.number
        notes = list(row.notes)
        document = row.document
        _check_codes(document, notes)
        agency = self._agency(row.body, document, notes)
        elsewhere = row.elsewhere or agency.external
        document |= {"agency": agency.code, "sample_only": elsewhere}
        _limits(document, notes)
        definition = _definition(document)
        found = [finding for finding in lint(definition, self.context) if finding.blocks]
        notes += [
            (f"lint.{finding.rule}", f"{finding.where}：{finding.message}") for finding in found[:_SHOWN_FINDINGS]
        ]
        if len(found) > _SHOWN_FINDINGS:
            more = len(found) - _SHOWN_FINDINGS
            notes.append(("lint", _("还有 %(count)d 处不符合办事指南规范。") % {"count": more}))
        changed = self.land(definition, self.source, self.context, guid=_guid(row.guid), in_force=row.in_force)
        return changed, notes

    def _agency(self, body: Body, document: dict[str, Any], notes: list[tuple[str, str]]) -> AgencyView:
        """Find the body among the city's agencies; make a record for one from elsewhere."""
        found = self.agencies.get(body.uscc) or directory.find_agency_by_uscc(body.uscc)
        if found is None:
            if not body.name:
                raise _RowRefused("agency", _("不知道是哪个部门的事项。"))
            found = directory_acts.write_external_agency(
                name=body.name,
                uscc=body.uscc,
                region=body.region,
                region_name=body.region_name,
                level=int(document["level"]),
            )
        if found.external and body.uscc not in self.agencies:
            notes.append(("agency.external", _("“%(name)s”不是本市的部门，只展示，不受理。") % {"name": found.name}))
        self.agencies[body.uscc] = found
        return found


def _guid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _check_codes(document: dict[str, Any], notes: list[tuple[str, str]]) -> None:
    """Refuse what is no item code at all; warn of bodies without a credit code and of handling items."""
    task, handle = document.get("task_code", ""), document.get("handle_code", "")
    try:
        parsed = codes.parse_task_code(task, allow_pseudo=True)
        if handle:
            codes.parse_handle_code(handle, allow_pseudo=True)
    except codes.CodeError as error:
        raise _RowRefused("code", str(error)) from None
    if parsed.basic.is_parent:
        raise _RowRefused("code.parent", _("末三位是 00Y 的编码只是分组，不能实施。"))
    if parsed.pseudo_body:
        notes.append(("code.pseudo", _("实施编码的前 18 位不是统一社会信用代码。")))
    if handle:
        notes.append(("code.handle", _("33 位编码按业务办理项读入。")))
    document["level"] = int(parsed.level) if not document.get("level") else document["level"]


def _limits(document: dict[str, Any], notes: list[tuple[str, str]]) -> None:
    """Fill a limit that was not published from the other one; without both it stands as "on the spot", noted."""
    statutory, promised = document["statutory_limit"], document["promised_limit"]
    for limit, other, name in ((statutory, promised, _("法定")), (promised, statutory, _("承诺"))):
        if limit.get("value") is None:
            text = _("没有公布%(name)s办结时限。") % {"name": name}
            notes.append(("limit.none", text))
            limit |= {"value": other.get("value") or 0, "unit": other.get("unit", "workday")}
            limit.setdefault("note", text)


def _definition(document: dict[str, Any]) -> Definition:
    text = json.dumps(document, ensure_ascii=False, default=str)
    if "\\u0000" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _RowRefused("characters", _("含有不能保存的字符。"))
    try:
        return documents.DEFINITION.validate_python(document)
    except ValidationError as error:
        told = "；".join(
            f"{'.'.join(str(part) for part in problem['loc'])}：{problem['msg']}" for problem in error.errors()[:5]
        )
        raise _RowRefused("content", told) from None
