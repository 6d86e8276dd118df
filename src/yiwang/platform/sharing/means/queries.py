"""What there is of schemes and comparisons."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.paging import Page, page
from yiwang.kernel.problems import NotFound
from yiwang.kernel.remembered import remembered
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.means.documents import REPORT, read_edition
from yiwang.platform.sharing.means.models import Comparison, ConsentRequest, SchemeEdition
from yiwang.platform.sharing.means.rules import ADULT, MOST_MEMBERS, age
from yiwang.platform.sharing.means.types import (
    ComparisonLine,
    ComparisonView,
    ConsentState,
    ConsentView,
    Declaring,
    Preliminary,
    Scheme,
    SchemeView,
    Value,
)
from yiwang.platform.sharing.purposes import Purpose

_NUMBERS = frozenset({FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY})


def schemes() -> list[SchemeView]:
    """Return the schemes in force: of each code the newest edition."""
    rows = SchemeEdition.objects.order_by("code", "-number").distinct("code")
    return [read_edition(row) for row in rows]


def schemes_for(item: str) -> list[SchemeView]:
    """Return the schemes that may be used for an item."""
    return [one for one in schemes() if item in one.scheme.items]


def has_scheme(item: str) -> bool:
    """Tell whether there is a scheme for an item; at most a minute old."""
    return item in remembered(
        "sharing.compared_items", lambda: {one for view in schemes() for one in view.scheme.items}
    )


def get_scheme(code: str) -> SchemeView:
    """Return the scheme of this code that is in force. Raises ``NotFound``."""
    row = SchemeEdition.objects.filter(code=code).order_by("-number").first()
    if row is None:
        raise NotFound(_("没有这个比对方案。"))
    return read_edition(row)


def declared_values(scheme: Scheme, said: dict[str, Any]) -> dict[str, Value]:
    """Return what was declared of each fact, as rules compare it; ``said`` by data element."""
    return {one.fact: plain(said.get(one.element), one) for one in scheme.declared if one.element}


def plain(value: Any, one: Declaring) -> Value:
    """Return a declared value as its kind; what cannot be read was not declared."""
    if value in (None, ""):
        return None
    if one.kind in _NUMBERS:
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return None
    return str(value)


def agrees(scheme: Scheme, purpose: Purpose) -> bool:
    """Tell whether the applicant says in the application that they agree to be compared by this scheme."""
    return bool(scheme.consent) and purpose.declared.get(scheme.consent) is True


def agreed_online(case: uuid.UUID, edition: uuid.UUID) -> dict[str, date]:
    """Return who agreed on their own page to be compared for a case by this edition, by number, and the day."""
    rows = ConsentRequest.objects.filter(case_id=case, scheme_id=edition, state=ConsentState.AGREED)
    return {row.number: clock.legal_date(row.answered_at) for row in rows if row.answered_at}


def to_ask(purpose: Purpose, edition: SchemeView) -> list[str]:
    """Return the numbers of the grown people whom an application names who neither agreed in it nor were asked before."""
    agreed = frozenset(purpose.own()) if agrees(edition.scheme, purpose) else frozenset()
    asked = set(
        ConsentRequest.objects.filter(case_id=purpose.case_id, scheme_id=edition.id).values_list("index", flat=True)
    )
    today = clock.today()
    grown = sorted(one for one in purpose.numbers - agreed if (age(one, today) or 0) >= ADULT)
    return [one for one in grown[:MOST_MEMBERS] if blind_index(one, SUBJECT) not in asked]


def consents_of_case(case: uuid.UUID, by: Actor) -> list[ConsentView]:
    """Return who was asked to agree for a case that the actor handles, and what they said."""
    rows = ConsentRequest.objects.visible_to(by).filter(case_id=case).select_related("scheme").order_by("id")
    return [_consent(row) for row in rows]


def my_consents(by: Actor, *, after: str = "") -> Page[ConsentView]:
    """Return the comparisons that somebody is, or was, asked to agree to, newest first. Raises ``BadCursor``."""
    found = page(ConsentRequest.objects.visible_to(by).select_related("scheme"), ("-id",), 30, after=after)
    return Page([_consent(row) for row in found.items], found.next)


def get_consent(pk: uuid.UUID, by: Actor) -> ConsentView:
    """Return one request to agree. Raises ``NotFound``."""
    row = ConsentRequest.objects.visible_to(by).select_related("scheme").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有请您同意的这次核对。"))
    return _consent(row)


def _consent(row: ConsentRequest) -> ConsentView:
    return ConsentView(
        id=row.pk,
        state=ConsentState(row.state),
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        number=row.number,
        agency_name=row.agency_name,
        title=row.title,
        applicant=row.applicant,
        case_id=row.case_id,
        edition=row.scheme_id,
        scheme=read_edition(row.scheme).scheme,
    )


def of_case(case: uuid.UUID, by: Actor) -> list[ComparisonLine]:
    """Return the last twenty comparisons made for a case that the actor may see, newest first."""
    rows = Comparison.objects.visible_to(by).filter(case_id=case).order_by("-at", "-id")
    found = rows.values_list("id", "at", "verdict", "scheme__content__name", "scheme__content__name_en")[:20]
    return [
        ComparisonLine(id=pk, at=at, name=name, name_en=name_en, verdict=Preliminary(verdict))
        for pk, at, verdict, name, name_en in found
    ]


def get_comparison(pk: uuid.UUID, by: Actor) -> tuple[ComparisonView, uuid.UUID | None]:
    """Return a comparison, and the later one where it was made again. Raises ``NotFound``."""
    row = Comparison.objects.visible_to(by).select_related("scheme").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份核对报告。"))
    later = Comparison.objects.filter(earlier=row).values_list("pk", flat=True).first()
    return _view(row), later


def _view(row: Comparison) -> ComparisonView:
    return ComparisonView(
        id=row.pk,
        at=row.at,
        case_id=row.case_id,
        case_number=row.case_number,
        title=row.title,
        scheme=row.scheme.code,
        verdict=Preliminary(row.verdict),
        contradictions=row.contradictions,
        lacking=row.lacking,
        attempt=row.attempt,
        again_at=row.again_at,
        digest=row.digest,
        party=row.party_id,
        application_id=row.application_id,
        report=REPORT.validate_python(row.report),
    )
