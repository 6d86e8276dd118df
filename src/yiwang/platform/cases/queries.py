"""Everything that reads applications and cases, returning types."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from yiwang.kernel import clock, holidays
from yiwang.kernel.calendar import CalendarTable, Holidays, Unit
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.paging import BadCursor, page
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, ActorKind, Door, FieldError, Party
from yiwang.platform.cases import checking, engine, moving, paying, rules
from yiwang.platform.cases.labels import act_label
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
from yiwang.platform.cases.types import (
    ApplicationState,
    ApplicationView,
    CaseResult,
    CaseState,
    CaseView,
    CorrectionView,
    DocumentKind,
    DocumentView,
    FeeView,
    FileView,
    HistoryEntry,
    JointClock,
    MaterialView,
    MoveView,
    Point,
    PostCheckView,
    SpecialProcedureView,
    Stage,
    TaskState,
    TaskView,
)
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState, Resolution
from yiwang.platform.licences import queries as licences


def get_application(pk: uuid.UUID, by: Actor) -> ApplicationView:
    """Return an application with its cases (three queries)."""
    row = Application.objects.visible_to(by).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这份申请。"))
    table = holidays.table()
    return application_view(row, case_views(row.cases.order_by("position"), table), table)


def applications(by: Actor, states: Iterable[ApplicationState] | None = None) -> list[ApplicationView]:
    """Return the principal's applications, latest first, with their cases; drafts too."""
    rows = Application.objects.visible_to(by).order_by("-changed_at")
    if states is not None:
        rows = rows.filter(state__in=list(states))
    found = list(rows[:100])
    cases: dict[uuid.UUID, list[CaseView]] = {}
    for view in case_views(Case.objects.filter(application__in=found).order_by("position")):
        cases.setdefault(view.application_id, []).append(view)
    return [application_view(row, cases.get(row.id, [])) for row in found]


def applications_for(party: Party, by: Actor) -> list[ApplicationView]:
    """Return what a clerk may see of the party they serve, latest first, their own drafts too."""
    rows = Application.objects.visible_to(by).filter(principal_kind=party.kind, principal_id=party.id)
    found = list(rows.order_by("-changed_at")[:50])
    cases: dict[uuid.UUID, list[CaseView]] = {}
    for view in case_views(Case.objects.filter(application__in=found).order_by("position")):
        cases.setdefault(view.application_id, []).append(view)
    return [application_view(row, cases.get(row.id, [])) for row in found]


def application_view(
    row: Application, cases: Sequence[CaseView], calendar: CalendarTable | None = None
) -> ApplicationView:
    """Make the view of a row; with the calendar it says how the joint clock stands."""
    return ApplicationView(
        id=row.id,
        number=row.number,
        query_code=row.query_code,
        title=row.title,
        state=ApplicationState(row.state),
        principal=row.principal,
        applicant_name=row.applicant_name,
        agent_name=row.agent_name,
        region=row.region,
        life_event=row.life_event,
        version=row.version,
        answers=row.answers,
        edition_ids=tuple(uuid.UUID(step["edition"]) for step in row.plan),
        created_at=row.created_at,
        changed_at=row.changed_at,
        submitted_at=row.submitted_at,
        expires_on=row.expires_on,
        due_on=row.due_on,
        cases=tuple(cases),
        joint_due_on=row.joint_due_on,
        joint=_joint(row, calendar) if calendar else None,
        delivery=row.delivery,
        title_en=row.title_en,
        door=row.door,
        agent_id=row.agent_id if row.door != Door.DESK else None,
    )


def _joint(row: Application, calendar: CalendarTable) -> JointClock | None:
    value = engine.joint_clock(row)
    if value is None or value.stopped_on is not None:
        return None
    today, days = clock.today(), calendar.holidays(row.region, provisional=True)
    light = clock.light(value, today, days)
    return JointClock(row.joint_due_on, light, clock.remaining(value, today, days), value.extension)


def joint_near(by: Actor, since: date, until: date, calendar: CalendarTable, size: int) -> list[ApplicationView]:
    """Return the applications whose joint clock runs out in these days (both included), the nearest first, without
    their cases.
    """
    rows = Application.objects.visible_to(by).filter(
        closed_at=None, clock__stopped_on=None, joint_due_on__gte=since, joint_due_on__lte=until
    )
    return [application_view(row, (), calendar) for row in rows.order_by("joint_due_on", "id")[:size]]


def ids_of_visible(by: Actor) -> Iterable[uuid.UUID]:
    """Return the ids of the cases that the actor may see, as a query that is not carried out yet."""
    return Case.objects.visible_to(by).values_list("pk", flat=True)


def applications_of(by: Actor, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the application of each of these cases and applications, of those that are the actor's principal's; one query."""
    if by.principal is None:
        return {}
    rows = Case.objects.visible_to(by).filter(Q(pk__in=ids) | Q(application_id__in=ids))
    rows = rows.filter(principal_kind=by.principal.kind, principal_id=by.principal.id)
    return {pk: to for case, to in rows.values_list("pk", "application_id") for pk in (case, to)}


def find_item(case: uuid.UUID) -> tuple[str, str] | None:
    """Return the name and code of the service item of a case, or nothing."""
    return Case.objects.filter(pk=case).values_list("name", "item_code").first()


def case_views(rows: Any, calendar: CalendarTable | None = None) -> list[CaseView]:
    """Make views of cases: one query for the cases, one for their agencies, one for the calendar if it is not given."""
    found = list(rows)
    agencies = directory.agencies_by_id({row.agency_id for row in found})
    table = (calendar or holidays.table()) if found else None
    today = clock.today()
    views = []
    for row in found:
        value = engine.read_clock(row)
        days = table.holidays(row.region, provisional=True) if table else None
        running = value is not None and row.closed_at is None and row.decided_at is None
        views.append(
            CaseView(
                id=row.id,
                number=row.number,
                query_code=row.query_code,
                application_id=row.application_id,
                edition_id=row.edition_id,
                name=row.name,
                item_code=row.item_code,
                agency_name=agencies[row.agency_id].name,
                agency_short=agencies[row.agency_id].short_name,
                agency_path=row.agency_path,
                state=CaseState(row.state),
                result=CaseResult(row.result) if row.result else None,
                version=row.version,
                received_at=row.received_at,
                accepted_at=row.accepted_at,
                due_on=row.due_on,
                statutory_due_on=row.statutory_due_on,
                decided_at=row.decided_at,
                closed_at=row.closed_at,
                light=clock.light(value, today, days) if running and value and days else None,
                days_left=clock.remaining(value, today, days) if running and value and days else None,
                track=rules.track(value, today, days) if value and days else "",
                promised=value.limit if value else 0,
                promised_days=clock.limit_days(value) if value else 0,
                extension=value.extension if value else 0,
                limit_days=clock.total(value, days) if value and days else 0,
                unit=value.unit if value else Unit.WORKDAY,
                provisional=row.provisional,
                conditional=row.owing and row.closed_at is None,
                applicant_name=row.applicant_name,
                handler=row.handler_label,
                licence_id=row.licence_id,
                handler_id=row.handler_id,
                tell_by=row.tell_by,
                conditional_due_on=row.conditional_due_on,
                deliver_by=row.deliver_by,
                deliver_left=_deliver_left(row, today, days),
                recheck=row.recheck,
                reason=row.reason,
            )
        )
    return views


def _deliver_left(row: Case, today: date, days: Holidays | None) -> int | None:
    if row.deliver_by is None or row.delivered_at is not None or row.archived_at is not None or days is None:
        return None
    left = days.workdays_between(today, row.deliver_by)
    return left if today <= row.deliver_by else min(left, -1)


def plan_move(pk: uuid.UUID, by: Actor) -> MoveView | None:
    """Return what moving a case to the newest edition of its item would mean; nothing where it has that one.

    The dry run of ``acts.move_edition``: nothing is changed.
    """
    _row, plan = moving.look(pk, by)
    return plan.view() if plan else None


def get_case(pk: uuid.UUID, by: Actor) -> CaseView:
    """Return one case that the actor may see."""
    rows = case_views(Case.objects.visible_to(by).filter(pk=pk))
    if not rows:
        raise NotFound(_("没有找到这个办件。"))
    return rows[0]


def tasks_of(cases: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[TaskView]]:
    """Return the steps of cases, in order; one query."""
    found: dict[uuid.UUID, list[TaskView]] = {}
    rows = Task.objects.filter(case_id__in=list(cases)).select_related("visit").order_by("case_id", "position")
    for row in rows:
        found.setdefault(row.case_id, []).append(task_view(row))
    return found


def task_view(row: Task) -> TaskView:
    """Make the view of a step (its visit is read)."""
    return TaskView(
        id=row.id,
        step=row.step,
        name=row.name,
        kind=row.kind,
        role=row.role,
        state=TaskState(row.state),
        assignee=row.assignee_label,
        ready_at=row.ready_at,
        done_at=row.done_at,
        done_by=row.done_by,
        outcome=row.outcome,
        opinion=row.opinion,
        joint=row.visit.name if row.visit else "",
        planned_on=row.visit.planned_on if row.visit else None,
        officers=tuple(row.officers),
        agency_path=row.agency_path,
        draft=row.draft,
        draft_by=row.draft_by,
        draft_at=row.draft_at,
    )


def corrections_of(
    cases: Iterable[uuid.UUID], *, only_open: bool = False, shown: Iterable[CaseView] = ()
) -> list[CorrectionView]:
    """Return the corrections of cases, oldest first; one query, and one for the agencies of cases that are not shown."""
    rows = Correction.objects.filter(case_id__in=list(cases)).select_related("case").order_by("asked_at")
    if only_open:
        rows = rows.filter(state="open")
    found = list(rows)
    names = {one.id: one.agency_short for one in shown}
    others = directory.agencies_by_id({row.case.agency_id for row in found if row.case_id not in names})
    return [
        CorrectionView(
            id=row.id,
            case_id=row.case_id,
            case_name=row.case.name,
            agency_name=names.get(row.case_id) or others[row.case.agency_id].short_name,
            points=tuple(Point(**point) for point in row.points),
            asked_at=row.asked_at,
            due_on=row.due_on,
            state=row.state,
            stage=Stage(row.stage),
            note=row.note,
        )
        for row in found
    ]


def files_of(application: uuid.UUID) -> dict[str, list[FileView]]:
    """Return the files of an application by material; one query."""
    found: dict[str, list[FileView]] = {}
    for row in ApplicationFile.objects.filter(application_id=application, removed_at=None, task=None).order_by(
        "added_at"
    ):
        found.setdefault(row.identity, []).append(_file(row))
    return found


def photograph(application: uuid.UUID, licence_type: str) -> str:
    """Return the digest of the photograph that a licence of this type would bear: the newest picture that was given for the
    material which the type names, or nothing.
    """
    material = licences.licence_type(licence_type).photo if licence_type else ""
    if not material:
        return ""
    given = ApplicationFile.objects.filter(
        application_id=application, identity=material, task=None, removed_at=None, scan="clean",
        media_type__in=("image/jpeg", "image/png"),
    )  # fmt: skip
    return given.order_by("-added_at").values_list("digest", flat=True).first() or ""


def find_file(application: uuid.UUID, file: uuid.UUID, by: Actor) -> tuple[FileView, uuid.UUID, str] | None:
    """Return a file of an application that the actor may see, photographs of its visits too, whose matter it is, and
    what people call it: its material's name, else its own.
    """
    row = ApplicationFile.objects.filter(pk=file, application_id=application, removed_at=None).first()
    owner = Application.objects.visible_to(by).filter(pk=application).values_list("principal_id", flat=True).first()
    if row is None or owner is None:
        return None
    named = ApplicationMaterial.objects.filter(application_id=application, identity=row.identity)
    return _file(row), owner, named.values_list("name", flat=True).first() or row.name


def _file(row: ApplicationFile) -> FileView:
    return FileView(
        id=row.id,
        material=row.identity,
        name=row.name,
        digest=row.digest,
        media_type=row.media_type,
        size=row.size,
        pages=row.pages,
        scan=row.scan,
        trust=row.trust,
        added_at=row.added_at,
        added_by=row.added_by,
    )


def materials_of(application: uuid.UUID) -> list[MaterialView]:
    """Return the materials of a handed-in application with their files; two queries."""
    files = files_of(application)
    rows = Application.objects.get(pk=application).materials.order_by("name")
    return [
        MaterialView(
            identity=row.identity,
            name=row.name,
            state=FactState(row.state),
            items=tuple(row.items),
            ref=row.ref,
            source_name=row.source_name,
            trust=row.trust,
            made_up_at=row.made_up_at,
            files=tuple(files.get(row.identity, ())),
            checked_by=row.checked_by,
        )
        for row in rows
    ]


def facts_of(application: uuid.UUID) -> dict[str, dict[str, Any]]:
    """Return the facts on which the application was handed in, with their sources."""
    facts: dict[str, dict[str, Any]] = Application.objects.get(pk=application).facts
    return facts


def documents_of(application: uuid.UUID) -> list[DocumentView]:
    """Return the numbered documents of an application and its cases, oldest first."""
    return [
        DocumentView(row.id, DocumentKind(row.kind), row.number, _(row.title), row.created_at, row.case_id)
        for row in Document.objects.filter(application_id=application).order_by("created_at")
    ]


def find_document(pk: uuid.UUID, by: Actor) -> DocumentView | None:
    """Return a document of an application or case that the actor may see, or nothing.

    Who sees a case sees its documents and the application's receipt; never those of another agency's case.
    """
    row = Document.objects.filter(pk=pk).first()
    if row is None:
        return None
    if row.case_id is not None:
        seen = Case.objects.visible_to(by).filter(pk=row.case_id).exists()
    else:
        seen = Application.objects.visible_to(by).filter(pk=row.application_id).exists()
    if not seen:
        return None
    return DocumentView(
        row.id, DocumentKind(row.kind), row.number, _(row.title), row.created_at, row.case_id, row.digest
    )


def principal_of_document(document: uuid.UUID) -> uuid.UUID:
    """Return the id of whose matter a document is about, for the log of reads."""
    principal: uuid.UUID = Document.objects.values_list("application__principal_id", flat=True).get(pk=document)
    return principal


def procedures_of(cases: Iterable[uuid.UUID]) -> list[SpecialProcedureView]:
    """Return the special procedures and extensions of cases, oldest first; one query."""
    return [
        SpecialProcedureView(
            id=row.id,
            case_id=row.case_id,
            kind=row.kind,
            name=row.name,
            basis=row.basis,
            reason=row.reason,
            started_at=row.started_at,
            expected_on=row.expected_on,
            ended_at=row.ended_at,
            result=row.result,
            applied_by=row.applied_by,
        )
        for row in SpecialProcedure.objects.filter(case_id__in=list(cases)).order_by("started_at")
    ]


def procedures_open_to(case: uuid.UUID, by: Actor) -> list[tuple[str, str, int]]:
    """Return code, name and usual days of the special procedures that a case may go through, for the desk's choice."""
    view = get_case(case, by)
    published = [
        (one.code, one.name, one.days) for one in catalog.get_edition(view.edition_id).definition.special_procedures
    ]
    if all(code != "hearing" for code, _name, _days in published):
        published.append(("hearing", _("听证"), 0))
    return published


def fees_of(cases: Iterable[CaseView]) -> dict[uuid.UUID, tuple[FeeView, ...]]:
    """Return how the fees of cases stand, where there are any: one query, none if no item has fees.

    What ended without a decision owes nothing: then only what was paid or waived is told.
    """
    views = list(cases)
    editions = catalog.get_editions({one.edition_id for one in views})
    published = {one.id: fees for one in views if (fees := editions[one.edition_id].definition.fees)}
    if not published:
        return {}
    rows: dict[uuid.UUID, list[Payment]] = {pk: [] for pk in published}
    for row in Payment.objects.filter(case_id__in=list(published)).defer("payer"):
        rows[row.case_id].append(row)
    ended = {one.id for one in views if one.closed_at is not None and one.decided_at is None}
    found = {pk: rules.fees(fees, paying.payment_views(rows[pk])) for pk, fees in published.items()}
    return {
        pk: told
        for pk, fees in found.items()
        if (told := tuple(one for one in fees if pk not in ended or one.paid or one.waived))
    }


def post_checks_of(cases: Iterable[uuid.UUID]) -> list[PostCheckView]:
    """Return the checks of commitments, nearest to their limit first; one query."""
    return [
        PostCheckView(
            id=row.id,
            case_id=row.case_id,
            material=row.material,
            due_on=row.due_on,
            state=row.state,
            opinion=row.opinion,
            checked_at=row.checked_at,
            checked_by=row.checked_by,
        )
        for row in PostCheck.objects.filter(case_id__in=list(cases)).order_by("due_on", "id")
    ]


def handlers_for(by: Actor) -> list[uuid.UUID]:
    """Return whose cases a member of staff looks after today: their own, and those of colleagues who are away and whose
    deputy they are.
    """
    return [] if by.id is None else [by.id, *directory.standing_in_for(by.id)]


def history_of(application: uuid.UUID, cases: Iterable[uuid.UUID] = ()) -> list[HistoryEntry]:
    """Return what was done on an application and its cases, latest first, from the audit trail."""
    rows = AuditEntry.objects.filter(application_id=application, kind="act").order_by("-seq")
    wanted = set(cases)
    return [
        HistoryEntry(row.at, row.name, act_label(row.name), row.actor_label, row.case_id, row.detail)
        for row in rows[:200]
        if not wanted or row.case_id is None or row.case_id in wanted
    ]


def editions_of(view: ApplicationView) -> list[EditionView]:
    """Return the editions that an application is pinned to, in its order."""
    found = catalog.get_editions(view.edition_ids)
    return [found[pk] for pk in view.edition_ids]


def draft_state(pk: uuid.UUID, by: Actor) -> tuple[ApplicationView, list[EditionView], Any]:
    """Return a draft with its editions and how everything of it stands (``evidence.resolve``)."""
    from yiwang.platform.cases.acts.submit import resolve_draft

    row = Application.objects.visible_to(by).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这份申请。"))
    view = application_view(row, ())
    editions = editions_of(view)
    waits = {
        edition.definition.basic_code: tuple(step["after"]) for edition, step in zip(editions, row.plan, strict=True)
    }
    return view, editions, resolve_draft(row, editions, waits)


def wrong_answers(view: ApplicationView, resolution: Resolution) -> list[FieldError]:
    """Return every datum of a draft that is missing, or whose value does not fit it, as handing in would tell."""
    return checking.wrong_answers(view.answers, resolution)


def find_by_number(number: str, code: str) -> ApplicationView | CaseView | None:
    """Return the application or case with this number, if the query code fits; else nothing."""
    wanted = code.strip().upper().replace("-", "")
    row = Application.objects.filter(number=number).exclude(number="").first()
    if row is not None and row.query_code == wanted:
        return application_view(row, case_views(row.cases.order_by("position")))
    found = case_views(Case.objects.filter(number=number, query_code=wanted))
    return found[0] if found else None


def application_page(
    by: Actor, *, state: str = "", after: str = "", size: int = 50
) -> tuple[list[ApplicationView], str]:
    """Return a page of the principal's applications, latest first, with their cases, and the cursor of the next.

    A fixed number of queries. Raises ``BadCursor``.
    """
    rows = Application.objects.visible_to(by)
    if state:
        rows = rows.filter(state=state)
    found = page(rows, ("-id",), size, after=after)
    cases: dict[uuid.UUID, list[CaseView]] = {}
    for view in case_views(Case.objects.filter(application__in=found.items).order_by("position")):
        cases.setdefault(view.application_id, []).append(view)
    return [application_view(row, cases.get(row.id, [])) for row in found.items], found.next


def numbers_of(by: Actor, cases: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[str, uuid.UUID]]:
    """Return number and application of those of the cases that the actor may see; one query."""
    rows = Case.objects.visible_to(by).filter(pk__in=list(cases)).values_list("pk", "number", "application_id")
    return {pk: (number, application) for pk, number, application in rows}


def received_between(since: datetime, before: datetime, size: int) -> Iterator[list[uuid.UUID]]:
    """Return the ids of cases received from ``since`` to before ``before``, in batches."""
    rows = Case.objects.filter(received_at__gte=since, received_at__lt=before).order_by("id")
    batch: list[uuid.UUID] = []
    for pk in rows.values_list("pk", flat=True).iterator(chunk_size=size):
        batch.append(pk)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def running_on_older_editions(edition: EditionView) -> list[uuid.UUID]:
    """Return the undecided cases of an edition's item that are pinned to another edition, oldest first."""
    rows = Case.objects.filter(
        item_code=edition.definition.basic_code, agency_path=edition.agency_path, state__in=rules.OPEN
    )
    return list(rows.exclude(edition_id=edition.id).order_by("received_at").values_list("pk", flat=True))


def near_limit(
    by: Actor, since: date, until: date, calendar: CalendarTable, *, after: str, size: int
) -> tuple[list[CaseView], str, list[CaseView]]:
    """Return undecided cases that fall due in these days (both included), the nearest first, and the next cursor; with them,
    a page full, those of which it must be told in these days whether they are accepted.

    Raises ``BadCursor``.
    """
    visible = Case.objects.visible_to(by)
    rows = visible.filter(closed_at__isnull=True, decided_at__isnull=True, due_on__gte=since, due_on__lte=until)
    if after:
        due, pk = _place(after)
        rows = rows.filter(Q(due_on__gt=due) | Q(due_on=due, id__gt=pk))
    undecided = list(rows.order_by("due_on", "id")[: size + 1])
    before = visible.filter(state__in=sorted(rules.BEFORE_ACCEPTANCE), tell_by__gte=since, tell_by__lte=until)
    untold = list(before.order_by("tell_by", "id")[:size])
    more, undecided = len(undecided) > size, undecided[:size]
    views = case_views([*undecided, *untold], calendar)
    found, tell = views[: len(undecided)], views[len(undecided) :]
    return found, f"{found[-1].due_on}|{found[-1].id}" if more else "", tell


def _place(cursor: str) -> tuple[date, uuid.UUID]:
    due, _bar, pk = cursor.partition("|")
    try:
        return date.fromisoformat(due), uuid.UUID(pk)
    except ValueError as error:
        raise BadCursor from error


def counter_days(application: uuid.UUID) -> list[date]:
    """Return the days on which somebody stood at a counter for an application: a clerk acted on the applicant's behalf."""
    rows = AuditEntry.objects.filter(
        application_id=application, kind="act", door=Door.DESK, actor_kind=ActorKind.STAFF, principal_id__isnull=False
    )
    return sorted({clock.legal_date(at) for at in rows.values_list("at", flat=True)})


def earlier_case(principal: Party, item_code: str, since: datetime, before: datetime) -> uuid.UUID | None:
    """Return the party's latest case of an item that was received in this time, if there is one."""
    rows = Case.objects.filter(
        principal_kind=principal.kind,
        principal_id=principal.id,
        item_code=item_code,
        received_at__gte=since,
        received_at__lt=before,
    )
    return rows.order_by("-received_at").values_list("id", flat=True).first()
