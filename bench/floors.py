"""Floors: bare Django views in the same server, for what the platform's own views are compared with.

``insert`` writes what handing in an application writes, row for row and column for column, by plain ORM calls in one
transaction. It signs nobody in, checks nothing, asks no source, locks nothing beforehand, computes nothing: what it
writes was learnt from an application that was handed in by the act. Values that must be unique are made up.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from yiwang.kernel.ids import uuid7
from yiwang.kernel.models import AuditEntry, Event, IdempotencyKey, Serial, Timer
from yiwang.platform.cases.models import Application, ApplicationMaterial, Case, Document, JointVisit, Task
from yiwang.platform.licences.models import LicenceUse
from yiwang.platform.sharing.models import Check
from yiwang.ui.entry import public

JOB = "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args) VALUES (%s, %s, %s, %s)"


@public
def hello(request: HttpRequest) -> HttpResponse:
    """Answer with a word."""
    return HttpResponse("hello")


@csrf_exempt
@public
def insert(request: HttpRequest, like: uuid.UUID, pk: uuid.UUID) -> HttpResponse:
    """Write for the draft ``pk`` what was written when ``like`` was handed in."""
    pattern = learn(like)
    pattern.write(pk)
    return HttpResponse(status=302, headers={"Location": f"/applications/{pk}/"})


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one handed-in application left in the database."""

    application: Application
    visits: list[JointVisit]
    cases: list[Case]
    tasks: list[Task]
    materials: list[ApplicationMaterial]
    documents: list[Document]
    uses: list[LicenceUse]
    checks: list[Check]
    timers: list[Timer]
    audit: list[AuditEntry]
    events: list[Event]
    key: IdempotencyKey
    serials: list[str]
    job: tuple[str, str, int, dict[str, Any]]
    replaces: bool
    """Whether the draft had rows of materials, which handing in replaces."""

    def write(self, pk: uuid.UUID) -> None:
        """Write it again for another draft."""
        visits = {row.pk: _again(row, application_id=pk) for row in self.visits}
        cases = {row.pk: _again(row, application_id=pk, number=uuid.uuid4().hex) for row in self.cases}

        def of_case(row: Any) -> uuid.UUID | None:
            return cases[row.case_id].pk if row.case_id else None

        tasks = [
            _again(row, case_id=of_case(row), visit_id=visits[row.visit_id].pk if row.visit_id else None)
            for row in self.tasks
        ]
        documents = [
            _again(row, application_id=pk, case_id=of_case(row), number=uuid.uuid4().hex) for row in self.documents
        ]
        name, queue, priority, arguments = self.job
        with transaction.atomic():
            _again(self.application, id=pk, number=uuid.uuid4().hex).save(force_update=True)
            IdempotencyKey.objects.bulk_create([_again(self.key, id=None, key=uuid.uuid4().hex)])
            JointVisit.objects.bulk_create(visits.values())
            Case.objects.bulk_create(cases.values())
            Task.objects.bulk_create(tasks)
            if self.replaces:
                ApplicationMaterial.objects.filter(application_id=pk).delete()
            ApplicationMaterial.objects.bulk_create([_again(row, application_id=pk) for row in self.materials])
            Document.objects.bulk_create(documents)
            LicenceUse.objects.bulk_create([_again(row, application_id=pk) for row in self.uses])
            Check.objects.bulk_create(
                [
                    _again(row, application_id=pk, case_id=of_case(row), xid=row._meta.get_field("xid").db_default)
                    for row in self.checks
                ]
            )
            Timer.objects.bulk_create([_again(row, id=None, subject_id=pk) for row in self.timers])
            AuditEntry.objects.bulk_create(
                [_again(row, seq=None, application_id=pk, subject_id=str(pk)) for row in self.audit]
            )
            Event.objects.bulk_create([_again(row, seq=None, id=uuid7(), subject_id=str(pk)) for row in self.events])
            with connection.cursor() as sql:
                sql.execute(JOB, [queue, name, priority, json.dumps(arguments)])
            Serial.objects.filter(scope__in=self.serials).update(last=F("last") + 1)


@lru_cache
def learn(like: uuid.UUID) -> Pattern:
    """Read what was written when an application was handed in; once for a process."""
    application = Application.objects.get(pk=like)
    audit = list(AuditEntry.objects.filter(application_id=like, name="cases.submit"))
    documents = list(Document.objects.filter(application=like))
    cases = list(Case.objects.filter(application=like))
    key = IdempotencyKey.objects.filter(scope__startswith="cases.submit|", result=application.number).earliest("at")
    with connection.cursor() as sql:
        sql.execute("SELECT task_name, queue_name, priority, args FROM procrastinate_jobs ORDER BY id DESC LIMIT 1")
        name, queue, priority, arguments = sql.fetchone()
    return Pattern(
        application=application,
        visits=list(application.visits.all()),  # type: ignore[attr-defined]
        cases=cases,
        tasks=list(Task.objects.filter(case__application=like)),
        materials=list(application.materials.all()),  # type: ignore[attr-defined]
        documents=documents,
        uses=list(LicenceUse.objects.filter(application_id=like)),
        checks=list(Check.objects.filter(application_id=like)),
        timers=list(Timer.objects.filter(subject_id=like)),
        audit=audit,
        events=list(Event.objects.filter(subject_id=str(like))),
        key=key,
        serials=_serials(application, cases),
        job=(name, queue, priority, arguments),
        replaces=any(row.state in ("committed", "deferred") for row in application.materials.all()),  # type: ignore[attr-defined]
    )


def _serials(application: Application, cases: list[Case]) -> list[str]:
    """Return the series of which handing in takes a number: the application's, its receipt's, one for each case."""
    wanted = ["application:", f"document:{application.region[:6]}:receipt:"]
    found = list(Serial.objects.values_list("scope", flat=True))
    scopes = [next(one for one in found if one.startswith(prefix)) for prefix in wanted]
    return scopes + [one for one in found if one.startswith("case:")][: len(cases)]


def _again(row: Any, **changes: Any) -> Any:
    """Return another row like this one: the values stay, the key is new unless it is given."""
    made = copy(row)
    made._state = copy(row._state)
    made._state.fields_cache = {}
    if "id" not in changes and isinstance(row._meta.pk, models.UUIDField):
        made.pk = uuid7()
    for name, value in changes.items():
        setattr(made, name, value)
    return made


Written = dict[str, int]


def rows_written(work: Callable[[], Any]) -> Written:
    """Return by table how many rows a piece of work adds: a floor must add as many as what it is compared with."""
    before = _count_all()
    work()
    after = _count_all()
    return {table: after[table] - before[table] for table in after if after[table] != before[table]}


def _count_all() -> Written:
    with connection.cursor() as sql:
        sql.execute("SELECT relname FROM pg_stat_user_tables")
        names = [row[0] for row in sql.fetchall()]
        columns = ", ".join(f'(SELECT count(*) FROM "{name}")' for name in names)
        sql.execute(f"SELECT {columns}")
        return dict(zip(names, sql.fetchone(), strict=True))
