"""Handing the result over: by itself where it is electronic and nobody wants paper, else by a person."""

from __future__ import annotations

from yiwang.kernel import clock
from yiwang.kernel.acts import current
from yiwang.platform.cases import documents, engine, rules
from yiwang.platform.cases.events import DELIVERED
from yiwang.platform.cases.models import Case, Task
from yiwang.platform.cases.types import CaseResult, DocumentKind, Way
from yiwang.platform.catalog import queries as catalog


def hand_over(case: Case, way: Way, *, receiver: str = "", tracking: str = "") -> None:
    """Write down that the result reached the applicant, with its proof of delivery, and set the archive's timer."""
    now = clock.now()
    definition = catalog.get_edition(case.edition_id).definition
    case.delivered_at, case.delivered_by = now, way.value
    delivery = case.application.delivery
    documents.write(
        case.application,
        case,
        DocumentKind.DELIVERY,
        way=way.value,
        delivered="不予决定书" if case.result == CaseResult.REFUSED else definition.result.name,
        receiver=receiver or case.applicant_name,
        sender=current().by.label,
        tracking=tracking,
        address=delivery.get("address", "") if way is Way.MAIL else "",
        delivered_on=clock.legal_date(now),
    )
    engine.set_archive(case, now)
    current().emit(DELIVERED, case, way=way.value)


def by_itself(case: Case, task: Task) -> str | None:
    """Deliver electronically, unless the applicant wants the result at the window or by mail."""
    if rules.way_of(case.application.delivery) is not Way.ELECTRONIC:
        return None
    hand_over(case, Way.ELECTRONIC)
    return "pass"
