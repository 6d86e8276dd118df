"""Everything about one case on one page, in a fixed number of queries however much there is."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DecimalField, OuterRef, Q, TextField
from django.db.models.functions import Cast, JSONObject
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from yiwang.kernel import holidays
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import SealedTextField
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases import paying
from yiwang.platform.cases.held import keep
from yiwang.platform.cases.models import (
    Application,
    ApplicationFile,
    ApplicationMaterial,
    Case,
    Correction,
    Document,
    Payment,
    PostCheck,
    SpecialProcedure,
    Task,
)
from yiwang.platform.cases.queries import application_view, case_views, history_of, task_view
from yiwang.platform.cases.shown import FactRow, Lamp, fact_rows, lamp_of
from yiwang.platform.cases.types import (
    ApplicationView,
    CaseView,
    CorrectionView,
    DocumentKind,
    DocumentView,
    FeeView,
    FileView,
    HistoryEntry,
    MaterialView,
    PaymentView,
    Point,
    TaskState,
    TaskView,
)
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import EditionView, StepKind
from yiwang.platform.evidence.types import FactState

_UNSEEN = frozenset({"cases.keep_opinion"})
"""Acts that are no event of the matter."""
HISTORY = 12
"""Lines of the history that the page shows at once."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A colleague's finished step, in whichever case of the application; ``photos`` were taken on the spot."""

    task: TaskView
    case: CaseView
    mine: bool
    """Whether it belongs to the case that the page is about."""
    photos: tuple[FileView, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case with all that an official decides on. ``row`` and ``application`` are for the acts' own checks only."""

    row: Case
    application: Application
    view: CaseView
    lamp: Lamp
    edition: EditionView
    facts: tuple[FactRow, ...]
    materials: tuple[MaterialView, ...]
    tasks: tuple[TaskView, ...]
    opinions: tuple[Opinion, ...]
    corrections: tuple[CorrectionView, ...]
    documents: tuple[DocumentView, ...]
    history: tuple[HistoryEntry, ...]
    more_history: int
    siblings: tuple[tuple[CaseView, Lamp], ...]
    visit: uuid.UUID | None
    fees: tuple[FeeView, ...]
    payments: tuple[PaymentView, ...]

    def ready(self, by: Actor) -> tuple[TaskView, ...]:
        """Return the steps that wait for this actor."""
        return tuple(
            task
            for task in self.tasks
            if task.state is TaskState.READY
            and by.has_role({Role(task.role)}, replace(self.row.reach, agency=task.agency_path))
        )

    @property
    def to_check_again(self) -> tuple[FactRow, ...]:
        """Return the facts whose source was down."""
        return tuple(row for row in self.facts if row.state == FactState.DEGRADED)

    @property
    def checked(self) -> int:
        """Return how many facts a source vouches for."""
        return sum(1 for row in self.facts if row.state == FactState.KNOWN)


def case_file(pk: uuid.UUID, by: Actor, *, history: int = HISTORY) -> CaseFile:
    """Return a case that the actor may see with everything about it (seven queries).

    The acts' checks find steps and corrections already read. Raises ``NotFound``.
    """
    seen = Case.objects.visible_to(by).filter(pk=pk)
    rows = list(
        Case.objects.filter(application_id__in=seen.values("application_id"))
        .select_related("application")
        .annotate(
            papers=ArraySubquery(_papers()),
            stops=ArraySubquery(_rows_json(SpecialProcedure)),
            promises=ArraySubquery(_rows_json(PostCheck)),
            asked=ArraySubquery(_rows_json(Correction)),
            paid=ArraySubquery(_rows_json(Payment)),
        )
        .order_by("position")
    )
    row = next((one for one in rows if one.pk == pk), None)
    if row is None:
        raise NotFound(_("没有找到这个办件。"))
    views = {view.id: view for view in case_views(rows)}
    view = views[pk]
    edition = catalog.get_edition(view.edition_id)
    tasks = _tasks(rows)
    own = tasks.get(pk, [])
    for name, model, given in (
        ("procedures", SpecialProcedure, row.stops),  # type: ignore[attr-defined]
        ("post_checks", PostCheck, row.promises),  # type: ignore[attr-defined]
        ("corrections", Correction, row.asked),  # type: ignore[attr-defined]
        ("payments", Payment, row.paid),  # type: ignore[attr-defined]
    ):
        keep(row, name, (_from_json(model, one) for one in given))
    handed_in = row.application.submitted_at
    lines = [
        one
        for one in history_of(view.application_id, [pk])
        if one.name not in _UNSEEN and (one.name == "cases.submit" or handed_in is None or one.at >= handed_in)
    ]
    return CaseFile(
        row=row,
        application=row.application,
        view=view,
        lamp=lamp_of(view),
        edition=edition,
        facts=tuple(fact_rows(edition, row.application.facts)),
        materials=tuple(_materials(view.application_id, view.item_code)),
        tasks=tuple(task_view(task) for task in own),
        opinions=tuple(_opinions(tasks, views, pk)),
        corrections=tuple(_correction(row, one) for one in row.corrections.all()),
        documents=tuple(_document(paper) for paper in row.papers),  # type: ignore[attr-defined]
        history=tuple(lines[:history]),
        more_history=max(len(lines) - history, 0),
        siblings=tuple((one, lamp_of(one)) for one in views.values() if one.id != pk),
        fees=paying.fees_of(row),
        payments=tuple(paying.entries_of(row)),
        visit=next((task.visit_id for task in own if task.visit_id and task.state != TaskState.SKIPPED), None),
    )


def _rows_json(model: Any) -> Any:
    """Return a subquery of a case's rows as JSON; no amount becomes a float."""
    rows = model.objects.filter(case_id=OuterRef("pk")).order_by("id")
    return rows.values(
        json=JSONObject(
            **{
                one.attname: Cast(one.attname, TextField()) if isinstance(one, DecimalField) else one.attname
                for one in model._meta.concrete_fields
            }
        )
    )


def _papers() -> Any:
    return (
        Document.objects.filter(Q(case_id=None) | Q(case_id=OuterRef("pk")), application_id=OuterRef("application_id"))
        .order_by("created_at")
        .values(
            json=JSONObject(
                id="id",
                kind="kind",
                number="number",
                title="title",
                created_at="created_at",
                case_id="case_id",
                digest="digest",
            )
        )
    )


def files_json(**where: Any) -> Any:
    """Return a subquery of files as JSON, oldest first."""
    return (
        ApplicationFile.objects.filter(removed_at=None, **where)
        .order_by("added_at")
        .values(
            json=JSONObject(
                id="id",
                material="identity",
                name="name",
                digest="digest",
                media_type="media_type",
                size="size",
                pages="pages",
                scan="scan",
                trust="trust",
                added_at="added_at",
                added_by="added_by",
            )
        )
    )


def read_file(data: dict[str, Any]) -> FileView:
    """Read a file back from JSON."""
    return FileView(**data | {"id": uuid.UUID(data["id"]), "added_at": _instant(data["added_at"])})


def _from_json(model: Any, data: dict[str, Any]) -> Any:
    fields = {one.attname: one for one in model._meta.concrete_fields}
    return model(**{name: _value(fields[name], value) for name, value in data.items()})


def _value(field: Any, value: Any) -> Any:
    if isinstance(field, SealedTextField):  # bytes, which JSON writes as \x and hexadecimal digits
        return field.from_db_value(value and bytes.fromhex(value[2:]), None, None)
    return field.to_python(value)


def _instant(text: str) -> datetime:
    found = parse_datetime(text)
    assert found is not None
    return found


def _tasks(rows: Iterable[Case]) -> dict[uuid.UUID, list[Task]]:
    """Return the steps of the cases with their photographs, and put them where ``case.tasks.all()`` finds them."""
    found: dict[uuid.UUID, list[Task]] = {row.pk: [] for row in rows}
    tasks = (
        Task.objects.filter(case_id__in=list(found))
        .select_related("visit")
        .annotate(pictures=ArraySubquery(files_json(task_id=OuterRef("pk"))))
        .order_by("case_id", "position")
    )
    for task in tasks:
        found[task.case_id].append(task)
    for row in rows:
        keep(row, "tasks", found[row.pk])
    return found


def _opinions(tasks: dict[uuid.UUID, list[Task]], views: dict[uuid.UUID, CaseView], pk: uuid.UUID) -> list[Opinion]:
    done = [
        task
        for found in tasks.values()
        for task in found
        if task.done_at and (task.opinion or task.officers) and (task.case_id == pk or task.kind == StepKind.SITE_VISIT)
    ]
    done.sort(key=lambda task: task.done_at)
    return [
        Opinion(
            task_view(task),
            views[task.case_id],
            task.case_id == pk,
            tuple(read_file(photo) for photo in task.pictures),  # type: ignore[attr-defined]
        )
        for task in done
    ]


def _materials(application: uuid.UUID, item: str = "") -> list[MaterialView]:
    rows = (
        ApplicationMaterial.objects.filter(application_id=application, items__contains=[item] if item else [])
        .exclude(state=FactState.NEEDLESS)
        .annotate(given=ArraySubquery(files_json(application_id=application, identity=OuterRef("identity"))))
        .order_by("name")
    )
    views = [material_view(row, (read_file(one) for one in row.given)) for row in rows]
    return sorted(views, key=lambda one: not one.files)


def material_view(row: ApplicationMaterial, files: Iterable[FileView]) -> MaterialView:
    """Make the view of a material."""
    return MaterialView(
        identity=row.identity,
        name=row.name,
        state=FactState(row.state),
        items=tuple(row.items),
        ref=row.ref,
        source_name=row.source_name,
        trust=row.trust,
        made_up_at=row.made_up_at,
        files=tuple(files),
        checked_by=row.checked_by,
    )


def _correction(row: Case, correction: Any) -> CorrectionView:
    return CorrectionView(
        id=correction.id,
        case_id=row.pk,
        case_name=row.name,
        agency_name="",
        points=tuple(Point(**point) for point in correction.points),
        asked_at=correction.asked_at,
        due_on=correction.due_on,
        state=correction.state,
    )


def _document(paper: dict[str, Any]) -> DocumentView:
    return DocumentView(
        uuid.UUID(paper["id"]),
        DocumentKind(paper["kind"]),
        paper["number"],
        _(paper["title"]),
        _instant(paper["created_at"]),
        uuid.UUID(paper["case_id"]) if paper["case_id"] else None,
        paper["digest"],
    )


@dataclass(frozen=True, slots=True)
class ApplicationFileView:
    """One application with all that a counter needs. ``row`` and ``rows`` are for the acts' own checks only."""

    row: Application
    rows: dict[uuid.UUID, Case]
    view: ApplicationView
    materials: tuple[MaterialView, ...]
    facts: tuple[FactRow, ...]
    elements: dict[str, frozenset[str]]
    """By item, the data elements of its form."""

    def concerns(self, target: str, case: CaseView) -> bool:
        """Tell whether a thing to correct belongs to a case."""
        kind, _colon, name = target.partition(":")
        if kind == "material":
            return any(one.identity == name and case.item_code in one.items for one in self.materials)
        return name in self.elements[case.item_code]


def application_file(pk: uuid.UUID, by: Actor) -> ApplicationFileView:
    """Return an application that the actor may see with everything about it (six queries). Raises ``NotFound``."""
    row = Application.objects.visible_to(by).filter(pk=pk).prefetch_related("cases__corrections").first()
    if row is None:
        raise NotFound(_("没有找到这份申请。"))
    rows = sorted(row.cases.all(), key=lambda one: one.position)
    editions = catalog.get_editions({one.edition_id for one in rows})
    table = holidays.table()
    facts: dict[str, FactRow] = {}
    elements: dict[str, frozenset[str]] = {}
    for one in rows:
        found = fact_rows(editions[one.edition_id], row.facts)
        elements[one.item_code] = frozenset(fact.element for fact in found)
        facts |= {fact.element: fact for fact in found if fact.element not in facts}
    return ApplicationFileView(
        row=row,
        rows={one.pk: one for one in rows},
        view=application_view(row, case_views(rows, table), table),
        materials=tuple(_materials(pk)),
        facts=tuple(facts.values()),
        elements=elements,
    )


@dataclass(frozen=True, slots=True)
class Party:
    """One agency's part of a visit: its case, its step, and the photographs it took."""

    case: CaseView
    task: TaskView
    photos: tuple[FileView, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """A site visit as one of its agencies sees it: its own step, and everybody's."""

    file: CaseFile
    own: TaskView
    parties: tuple[Party, ...]


def read_visit(file: CaseFile) -> Visit | None:
    """Return the visit of a case: all steps that share it, or its own alone; nothing if there is none (a query)."""
    own = next((task for task in file.tasks if task.kind == StepKind.SITE_VISIT), None)
    if own is None:
        return None
    where = Q(visit_id=file.visit) if file.visit else Q(pk=own.id)
    tasks = (
        Task.objects.filter(where)
        .select_related("visit")
        .annotate(pictures=ArraySubquery(files_json(task_id=OuterRef("pk"))))
        .order_by("case__position")
    )
    views = {file.view.id: file.view} | {one.id: one for one, _lamp in file.siblings}
    return Visit(
        file,
        own,
        tuple(
            Party(views[task.case_id], task_view(task), tuple(read_file(one) for one in task.pictures))
            for task in tasks
        ),
    )
