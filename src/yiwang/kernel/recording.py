"""What an act leaves behind, collected while it runs and written when it is over.

Rows that the act added and changed, its audit entry, its events, its timers and the answer of its key go to the database in
one statement: a round trip costs more than a row.
"""

from __future__ import annotations

import contextvars
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from django.db.models import Model
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from procrastinate.tasks import Task
from pydantic_core import to_jsonable_python

from yiwang.kernel.ids import uuid7
from yiwang.kernel.rows import Batch
from yiwang.kernel.types import Actor, PartyKind

T = TypeVar("T")


@dataclass(slots=True)
class Record:
    """What is being done: filled by the act, written when it is over."""

    act: str
    by: Actor
    at: datetime
    subject_kind: str = ""
    subject_id: str = ""
    application_id: uuid.UUID | None = None
    case_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None
    purpose: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    timers: dict[tuple[str, uuid.UUID], datetime | None] = field(default_factory=dict)
    """Timers set, or taken back (``None``), by kind and subject (``kernel.timers``)."""
    new: dict[type[Model], dict[Any, Model]] = field(default_factory=dict)
    changed: dict[type[Model], dict[Any, tuple[Model, set[str]]]] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    """What was read for the whole of the act (``once``)."""
    last: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What is done at the end of the act, still in its transaction: locks that everybody wants are taken late."""

    def finish(self) -> None:
        """Do what was left for the end."""
        for work in self.last.values():
            work()

    def insert(self, rows: Iterable[Model]) -> None:
        """Let new rows, which have their keys, be written with the record: until then nobody can read them."""
        for row in rows:
            self.new.setdefault(type(row), {})[row.pk] = row

    def update(self, row: Model, *fields: str) -> None:
        """Let a row (or these of its fields) be written with the record: as it is at the end of the act.

        Whoever needs the row meanwhile must hold this very instance.
        """
        if row.pk in self.new.get(type(row), ()):
            return
        kept = self.changed.setdefault(type(row), {}).setdefault(row.pk, (row, set()))
        if kept[0] is not row:
            raise RuntimeError(f"{row._meta.label} {row.pk} is changed in two instances: one would undo the other")
        kept[1].update(fields or (one.attname for one in row._meta.concrete_fields if not one.primary_key))

    def later(self, task: Task[..., Any, ...], **arguments: Any) -> None:
        """Put a job on the queue, in the act's own transaction: it begins after commit, or never was."""
        self.jobs.append(task.configure().make_new_job(**arguments))

    def about(self, subject: Any) -> None:
        """Name the subject: a model instance and, where it has them, case, application and principal; or what stands for
        a matter of another room (``case_id``, ``application_id``).
        """
        if not hasattr(subject, "_meta"):
            self.subject_kind, self.subject_id = "case", str(subject.case_id)
            self.case_id, self.application_id = subject.case_id, subject.application_id
            return
        self.subject_kind = subject._meta.label_lower
        self.subject_id = str(subject.pk)
        self.application_id = getattr(subject, "application_id", self.application_id)
        label = subject._meta.model_name
        if label == "application":
            self.application_id = subject.pk
        elif label == "case":
            self.case_id = subject.pk
        else:
            self.case_id = getattr(subject, "case_id", self.case_id)
        principal = getattr(subject, "principal", None)
        if principal is not None:
            self.person_id = principal.id

    def emit(self, name: str, subject: Any = None, **payload: Any) -> None:
        """Announce an event. It must stand in the catalogue of events; its payload holds no personal data."""
        if name not in EVENTS:
            raise LookupError(f"event {name!r} is not in the catalogue")
        kind, pk = (subject._meta.label_lower, str(subject.pk)) if subject is not None else ("", "")
        self.events.append((name, kind, pk, payload))


in_hand: contextvars.ContextVar[Record | None] = contextvars.ContextVar("act", default=None)


def current() -> Record:
    """Return the record of the act that is running (only inside an act)."""
    record = in_hand.get()
    if record is None:
        raise RuntimeError("no act is running: what changes the world stands in an act")
    return record


def once(name: str, read: Callable[[], T]) -> T:
    """Return what ``read`` gives, read once in an act; outside of acts each time."""
    record = in_hand.get()
    if record is None:
        return read()
    if name not in record.memory:
        record.memory[name] = read()
    return cast(T, record.memory[name])


def running() -> bool:
    """Tell whether an act is running."""
    return in_hand.get() is not None


EVENTS: dict[str, str] = {}
"""The closed catalogue of events: name and what it means."""


def event(name: str, meaning: str) -> str:
    """Enter an event in the catalogue and return its name."""
    if name in EVENTS:
        raise ValueError(f"event {name!r} is declared twice")
    EVENTS[name] = meaning
    return name


AUDIT = (
    "(at, xid, kind, name, actor_kind, actor_id, actor_label, actor_agency, principal_kind, principal_id,"
    " delegation_id, door, request_id, subject_kind, subject_id, application_id, case_id, person_id, purpose, detail)"
    " VALUES (%s, pg_current_xact_id()::text::bigint, %s, %s, %s, %s, %s, %s, %s, %s,"
    " %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


def audit_values(record: Record, kind: str) -> list[Any]:
    """Return the values of an audit entry, in the order of ``AUDIT``."""
    by = record.by
    person = record.person_id
    if person is None and by.principal is not None and by.principal.kind is PartyKind.PERSON:
        person = by.principal.id
    return [
        record.at,
        kind,
        record.act,
        by.kind.value,
        by.id,
        by.label,
        by.agency,
        by.principal.kind.value if by.principal else "",
        by.principal.id if by.principal else None,
        by.delegation,
        by.door.value,
        by.request_id,
        record.subject_kind,
        record.subject_id,
        record.application_id,
        record.case_id,
        person,
        record.purpose or by.purpose,
        json.dumps(to_jsonable_python(record.detail), ensure_ascii=False),
    ]


def write(record: Record, scope: str, key: str, answer: Any) -> None:
    """Write rows, audit entry, events, timers and the key's answer in one statement."""
    if record.jobs:
        app.job_manager.batch_defer_jobs(record.jobs)
    batch = Batch()
    for rows in record.new.values():
        batch.insert(rows.values())
    _write_changed(batch, record)
    batch.add(f"INSERT INTO kernel_auditentry {AUDIT}", audit_values(record, "act"))
    if record.events:
        batch.add_lines(
            "INSERT INTO kernel_event (xid, id, at, name, subject_kind, subject_id, payload) VALUES",
            "(pg_current_xact_id()::text::bigint, %s, %s, %s, %s, %s, %s)",
            [
                (uuid7(), record.at, name, kind, pk, json.dumps(to_jsonable_python(payload), ensure_ascii=False))
                for name, kind, pk, payload in record.events
            ],
        )
    write_timers(batch, record.timers)
    if key:
        batch.add(
            "UPDATE kernel_idempotencykey SET result = %s WHERE scope = %s AND key = %s",
            [json.dumps(answer, ensure_ascii=False), scope, key],
        )
    batch.send()


def _write_changed(batch: Batch, record: Record) -> None:
    for changed in record.changed.values():
        alike: dict[frozenset[str], list[Model]] = {}
        for row, fields in changed.values():
            alike.setdefault(frozenset(fields), []).append(row)
        for wanted, rows in alike.items():
            batch.update(rows, sorted(wanted))


def write_timers(batch: Batch, timers: Mapping[tuple[str, uuid.UUID], datetime | None]) -> None:
    """Add timers that are set or taken back (``None``) to what is written."""
    due = [(kind, subject, at) for (kind, subject), at in timers.items() if at is not None]
    if due:
        batch.add_lines(
            "INSERT INTO kernel_timer (kind, subject_id, due_at, failures, error) VALUES",
            "(%s, %s, %s, 0, '')",
            due,
            "ON CONFLICT (kind, subject_id) DO UPDATE SET due_at = EXCLUDED.due_at, fired_at = NULL,"
            " failures = 0, error = '', retry_at = NULL",
        )
    off = [key for key, at in timers.items() if at is None]
    if off:
        batch.add_lines(
            "DELETE FROM kernel_timer WHERE fired_at IS NULL AND (kind, subject_id) IN (", "(%s, %s)", off, ")"
        )
