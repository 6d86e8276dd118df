"""Checks: who asked about whom and why, and which papers that made needless."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Func, IntegerField, Q, Sum, TextField
from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from yiwang.kernel import paging
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, Party, Role
from yiwang.platform.sharing import purposes
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Check, Reask
from yiwang.platform.sharing.types import (
    AskedCheck,
    CheckView,
    LaterAnswer,
    Outcome,
)

LATER = TypeAdapter(LaterAnswer)


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
        earlier=row.earlier,
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


def get_check(pk: uuid.UUID, by: Actor) -> AskedCheck:
    """Return a check that the actor's own agency made for a case that is running, with the answer that came later. Raises
    ``NotFound``, and ``NotAllowed`` for a client that is not let in for the item.
    """
    row = Check.objects.filter(pk=pk, consumer_path__startswith=by.agency).first() if by.agency else None
    purpose = purposes.find(str(row.case_id)) if row and row.case_id else None
    if row is None or purpose is None:
        raise NotFound(_("没有这次核验。"))
    purposes.must_cover(by, purpose)
    asked = AskedCheck(
        check=row.pk, case=purpose.case_id, dataset=row.dataset, asked_at=row.at, outcome=Outcome(row.outcome)
    )
    reask = Reask.objects.filter(pk=row.batch).first() if row.outcome == Outcome.DOWN else None
    if reask is None:
        return asked
    later = reask.answers.get(str(pk))
    return replace(
        asked,
        again_at=reask.again_at if pk in reask.left else None,
        later=LATER.validate_python(later) if later else None,
    )
