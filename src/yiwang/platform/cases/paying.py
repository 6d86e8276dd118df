"""What is to pay for a case, and what was paid or waived: the item's fees with the entries about them."""

from __future__ import annotations

from collections.abc import Iterable

from yiwang.platform.cases import rules
from yiwang.platform.cases.models import Case, Payment
from yiwang.platform.cases.types import FeeView, PaymentKind, PaymentView
from yiwang.platform.catalog import queries as catalog


def entries_of(case: Case) -> list[PaymentView]:
    """Return the entries about the fees of a case, oldest first (a query, unless they are read already)."""
    return payment_views(case.payments.all())


def fees_of(case: Case) -> tuple[FeeView, ...]:
    """Return how the fees of a case stand; an item without fees costs no query."""
    published = catalog.get_edition(case.edition_id).definition.fees
    return rules.fees(published, entries_of(case)) if published else ()


def payment_views(rows: Iterable[Payment]) -> list[PaymentView]:
    """Make views of the entries of one case."""
    found = sorted(rows, key=lambda row: (row.at, row.pk))
    taken_back = {row.reverses_id for row in found}
    return [
        PaymentView(
            id=row.pk,
            fee=row.fee,
            kind=PaymentKind(row.kind),
            slip=row.slip,
            amount=row.amount,
            at=row.at,
            taken_by=row.taker_label,
            reason=row.reason,
            reverses=row.reverses_id,
            reversed=row.pk in taken_back,
        )
        for row in found
    ]
