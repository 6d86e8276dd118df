"""Everything that reads ratings and supervision."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.calendar import CalendarTable, Unit
from yiwang.kernel.codes import mask_name
from yiwang.kernel.paging import Page, page
from yiwang.kernel.problems import NotFound
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor, Party, PartyKind
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.permissions import CanCoordinate
from yiwang.platform.cases.types import ApplicationView, CaseView
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.oversight import data, rules
from yiwang.platform.oversight.acts.rate import next_attempt
from yiwang.platform.oversight.models import Alert, BadRating, Explanation, Service
from yiwang.platform.oversight.types import (
    AlertKind,
    AlertView,
    BadRatingState,
    BadRatingView,
    Counts,
    ExplanationView,
    Figures,
    FiguresRow,
    Level,
    Near,
    ServiceKind,
    ServiceView,
)

WINDOW = timedelta(days=365)
"""The public figures are about services of the last year."""
_KEPT = 600
SIZE = 20
_LONG_AGO = date(2000, 1, 1)
Span = tuple[date, date]


def services_of(case: uuid.UUID, by: Actor) -> list[ServiceView]:
    """Return what can be rated, or was, in a case that the actor may see; latest first."""
    rows = Service.objects.visible_to(by).filter(case_id=case).prefetch_related("ratings__handling")
    return [_service(row) for row in rows.order_by("-number")]


def _service(row: Service) -> ServiceView:
    given = [rating for rating in row.ratings.all() if not rating.is_default]
    latest = max(given, key=lambda rating: rating.attempt, default=None)
    return ServiceView(
        row.id,
        row.case_id,
        row.number,
        ServiceKind(row.kind),
        row.name,
        row.done_at,
        next_attempt(row),
        Level(latest.level) if latest else None,
    )


def ratable_cases(ids: Iterable[uuid.UUID], by: Actor) -> set[uuid.UUID]:
    """Return which of these cases the actor may rate now; two queries."""
    rows = Service.objects.visible_to(by).filter(case_id__in=list(ids)).prefetch_related("ratings__handling")
    return {row.case_id for row in rows if next_attempt(row)}


# --- figures ---


@dataclass(frozen=True, slots=True)
class PublicFigures:
    """The public page: the city, by agency, by item; as of an instant."""

    at: datetime
    total: FiguresRow
    agencies: list[FiguresRow]
    items: list[FiguresRow]


def public_figures() -> PublicFigures:
    """Return the figures of the last year, counted anew every ten minutes; one query for them all."""
    return remembered("oversight.figures", lambda: count_figures(clock.now() - WINDOW), _KEPT)


_LEVEL_COLUMNS = ", ".join(f"count(*) FILTER (WHERE r.counts AND r.level = '{level.value}')" for level in Level)
_FIGURES = f"""
    SELECT GROUPING(s.agency_path), GROUPING(s.item_code), s.agency_path, s.item_code, max(s.name), count(*),
           count(*) FILTER (WHERE b.due), count(*) FILTER (WHERE b.due AND b.on_time),
           count(*) FILTER (WHERE b.due AND b.called_back_at IS NOT NULL), {_LEVEL_COLUMNS}
    FROM oversight_service s
    LEFT JOIN LATERAL (
        SELECT id, level, NOT is_default AND removed_at IS NULL AS counts
        FROM oversight_rating WHERE service_id = s.id AND attempt = 1
    ) r ON true
    LEFT JOIN LATERAL (
        SELECT called_back_at, rectified_at IS NOT NULL OR coalesce(rectify_due, verify_due) < %(today)s AS due,
               (rectified_at AT TIME ZONE 'Asia/Shanghai')::date <= rectify_due AS on_time
        FROM oversight_badrating WHERE rating_id = r.id AND r.counts
    ) b ON true
    WHERE s.done_at >= %(since)s
    GROUP BY GROUPING SETS ((s.agency_path), (s.item_code), ())
"""  # noqa: S608 (only names of our own enum are put in)


def count_figures(since: datetime) -> PublicFigures:
    """Count the figures of services since then.

    First ratings count: a second one shows what rectifying did, and must not embellish what was.
    """
    small = data.parameters().small
    with connection.cursor() as sql:
        sql.execute(_FIGURES, {"since": since, "today": clock.today()})
        rows = sql.fetchall()
    names = {agency.path: agency.name for agency in directory.agencies_by_path({row[2] for row in rows if row[2]})}
    total = FiguresRow("", 0, None)
    agencies: list[FiguresRow] = []
    items: list[FiguresRow] = []
    for not_agency, not_item, path, _code, name, services, due, on_time, called, *levels in rows:
        counts = Counts(services, dict(zip(Level, levels, strict=True)), due, on_time, called)
        figures = published(counts, small)
        if not not_agency:
            agencies.append(FiguresRow(names.get(path, path), services, figures))
        elif not not_item:
            items.append(FiguresRow(name, services, figures))
        else:
            total = FiguresRow("", services, figures)
    return PublicFigures(clock.now(), total, _ordered(agencies), _ordered(items))


def published(counts: Counts, small: int) -> Figures | None:
    """Return the figures, or nothing where they would point at persons."""
    figures = rules.figures(counts)
    return figures if figures.ratings >= small else None


def _ordered(rows: list[FiguresRow]) -> list[FiguresRow]:
    """Put those with figures first, the worst of them on top: that is where a reader looks."""
    return sorted(rows, key=lambda row: (row.figures is None, row.figures.average if row.figures else 0, row.name))


# --- bad ratings ---


def bad_ratings(by: Actor, *, closed: bool = False, after: str = "") -> tuple[list[BadRatingView], Page[BadRating]]:
    """Return bad ratings that the actor answers for or watches, oldest first, with their page."""
    rows = BadRating.objects.visible_to(by).filter(closed_at__isnull=not closed)
    order = ("-received_at",) if closed else ("received_at",)
    found = page(rows.select_related("rating__service"), order, SIZE, after=after)
    return _bad_views(found.items), found


def get_bad_rating(pk: uuid.UUID, by: Actor) -> BadRatingView:
    """Return one bad rating."""
    row = BadRating.objects.visible_to(by).select_related("rating__service").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这条差评。"))
    return _bad_views([row])[0]


def _bad_views(rows: list[BadRating]) -> list[BadRatingView]:
    names = {
        agency.path: agency.short_name
        for agency in directory.agencies_by_path({row.rating.service.agency_path for row in rows})
    }
    words = {reason.code: reason.label for one in data.reason_list().reasons.values() for reason in one}
    ended = [row.rating.service_id for row in rows if row.closed_at]
    again = Service.objects.filter(ratings__attempt=2, pk__in=ended).values_list("pk", "ratings__level")
    seconds = dict(again) if ended else {}
    today = clock.today()
    views = []
    for row in rows:
        service, state = row.rating.service, BadRatingState(row.state)
        verifying = state in (BadRatingState.RECEIVED, BadRatingState.VERIFYING)
        due = row.verify_due if verifying else row.rectify_due
        waits = verifying or state is BadRatingState.RECTIFYING
        views.append(
            BadRatingView(
                id=row.id,
                case_id=service.case_id,
                name=service.name,
                agency_name=names.get(service.agency_path, ""),
                level=Level(row.rating.level),
                reasons=tuple(words.get(code, code) for code in row.rating.reasons),
                text=row.rating.text or "",
                state=state,
                received_at=row.received_at,
                due_on=due if waits else None,
                late=bool(waits and due and due < today),
                finding=row.finding,
                measures=row.measures,
                appeal=row.appeal,
                call_back=row.call_back or "",
                second=Level(seconds[service.id]) if service.id in seconds else None,
            )
        )
    return views


@dataclass(frozen=True, slots=True)
class RaterContact:
    """Whom a supervisor calls back; the caller logs the reading."""

    person: uuid.UUID
    name: str
    phone: str


def rater_contact(pk: uuid.UUID, by: Actor) -> RaterContact:
    """Return how the rater is reached; a firm whose system rated, through its legal representative."""
    row = BadRating.objects.visible_to(by).select_related("rating__service").filter(pk=pk).first()
    if row is None or row.rating.rater_id is None:
        raise NotFound(_("没有找到这条差评。"))
    principal = row.principal
    rater = principal if row.rating.rater_id == principal.id else Party(PartyKind.PERSON, row.rating.rater_id)
    contact = identity.find_contact(rater)
    if contact is None:
        raise NotFound(_("这个单位没有登记联系人。"))
    return RaterContact(contact.person, mask_name(identity.get_person(contact.person).name), contact.phone)


# --- supervision ---


def span(how: Near, calendar: CalendarTable) -> Span:
    """Return the first and the last due day of what is so near: for the lists below, which share it."""
    today = clock.today()
    days = calendar.holidays("", provisional=True)
    tomorrow = days.due(today, 1, Unit.WORKDAY)
    spans = {
        Near.OVER: (_LONG_AGO, today - timedelta(days=1)),
        Near.DAY: (today, tomorrow),
        Near.SOON: (
            tomorrow + timedelta(days=1),
            days.due(today, data.parameters().near_days, Unit.WORKDAY),
        ),
    }
    return spans[how]


def near(by: Actor, span: Span, calendar: CalendarTable, after: str = "") -> tuple[list[CaseView], str, list[CaseView]]:
    """Return the undecided cases that passed their limit or come near it, with the next cursor; and those of which it was
    not told in time whether they are accepted, or must be soon (行政许可法 art. 32).
    """
    return cases.near_limit(by, *span, calendar, after=after, size=SIZE)


def joint_near(by: Actor, span: Span, calendar: CalendarTable) -> list[ApplicationView]:
    """Return the applications whose joint limit passed or comes near, the nearest first, a page full: for who acts for
    the government over the bodies.
    """
    return cases.joint_near(by, *span, calendar, size=SIZE) if by.has_role(CanCoordinate.roles) else []


def explained(ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return which of these cases were explained in public."""
    return set(Explanation.objects.filter(case_id__in=list(ids)).values_list("case_id", flat=True))


def explanations(after: str = "") -> tuple[list[ExplanationView], Page[Explanation]]:
    """Return the public explanations, latest first."""
    found = page(Explanation.objects.all(), ("-at",), SIZE, after=after)
    names = {
        agency.path: agency.name for agency in directory.agencies_by_path({row.agency_path for row in found.items})
    }
    return [
        ExplanationView(row.name, names.get(row.agency_path, ""), row.due_on, row.text, row.at) for row in found.items
    ], found


def alerts(by: Actor) -> list[AlertView]:
    """Return the open alerts that lie within the actor's reach, latest first, a page full."""
    rows = list(Alert.objects.visible_to(by).filter(settled_at=None).order_by("-raised_at")[:SIZE])
    names = {agency.path: agency.short_name for agency in directory.agencies_by_path({row.agency_path for row in rows})}
    return [
        AlertView(
            row.id,
            AlertKind(row.kind),
            row.name,
            names.get(row.agency_path, ""),
            row.case_id,
            row.earlier_case_id,
            row.raised_at,
        )
        for row in rows
    ]
