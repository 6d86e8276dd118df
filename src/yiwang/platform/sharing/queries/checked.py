"""Checks: who asked about whom and why, and which papers that made needless."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Func, IntegerField, Q, Sum, TextField
from django.utils.translation import gettext as _

from yiwang.kernel import paging
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Party, Role
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Check
from yiwang.platform.sharing.types import (
    CheckView,
    Outcome,
)


class ArrayLen(Func):
    """How many elements an array has."""

    function = "cardinality"
    output_field = IntegerField()


class Unnest(Func):
    """Each element of an array, a row of its own."""

    function = "unnest"
    output_field = TextField()


def checks_of(party: Party | None, numbers: Sequence[str], after: str = "", size: int = 30) -> paging.Page[CheckView]:
    """Return the checks in a party's matters (if it is known here) and those about these numbers in anybody's, newest
    first.
    """
    found = paging.page(Check.objects.filter(_about(party, numbers)), ("-at", "-id"), size, after=after)
    return paging.Page([check_view(row) for row in found.items], found.next, found.previous)


def papers_replaced(party: Party) -> int:
    """Return how many papers checks made needless in a party's matters."""
    rows = Check.objects.filter(party_id=party.id).exclude(replaced=[])
    return int(rows.aggregate(count=Sum(ArrayLen("replaced")))["count"] or 0)


def papers_replaced_since(start: datetime, size: int = 10) -> tuple[int, list[tuple[str, int]]]:
    """Return how many papers checks made needless since then in the whole city, and which the most."""
    papers = Check.objects.filter(at__gte=start).exclude(replaced=[]).annotate(paper=Unnest("replaced"))
    counts = Counter(papers.values_list("paper", flat=True).iterator(chunk_size=5000))
    return sum(counts.values()), counts.most_common(size)


def check_view(row: Check) -> CheckView:
    """Return a check as its subject sees it."""
    return CheckView(
        id=row.pk,
        at=row.at,
        dataset=row.dataset,
        dataset_name=row.dataset_name,
        provider=row.provider,
        consumer=row.consumer,
        actor=row.actor,
        actor_kind=row.actor_kind,
        actor_roles=tuple(Role(one) for one in row.actor_roles.split(",") if one),
        purpose=row.purpose,
        item=row.item,
        application_id=row.application_id,
        case_id=row.case_id,
        fields=tuple(row.fields),
        outcome=Outcome(row.outcome),
        source_at=row.source_at,
        replaced=tuple(row.replaced),
        party_id=row.party_id,
    )


def _about(party: Party | None, numbers: Sequence[str]) -> Q:
    of_them = Q(subject_index__in=[blind_index(number, SUBJECT) for number in numbers])
    return of_them | Q(party_id=party.id) if party else of_them


def check_of(pk: uuid.UUID, party: Party | None, numbers: Sequence[str]) -> CheckView:
    """Return one check in a party's matters or about these numbers. Raises ``NotFound``."""
    row = Check.objects.filter(_about(party, numbers), pk=pk).first()
    if row is None:
        raise NotFound(_("没有这次核验。"))
    return check_view(row)
