"""What agencies may ask the shared store for: a running case, about the people that its application names."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from yiwang.kernel.codes import CodeError, clean, parse_citizen_id, parse_uscc
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.types import Reach
from yiwang.platform.cases.engine import facts_of
from yiwang.platform.cases.models import Case
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence import queries as evidence
from yiwang.platform.sharing.purposes import Purpose
from yiwang.platform.sharing.types import Consumer

NUMBER = 18
"""Length of a citizen id and of a social credit code."""


def _running() -> QuerySet[Case]:
    return Case.objects.select_related("application", "agency").filter(closed_at=None)


_BY_ID = Compiled(lambda: _running().filter(pk=Slot("pk")))
_BY_NUMBER = Compiled(lambda: _running().filter(number=Slot("number")))


def find(ref: str) -> Purpose | None:
    """Return a running case by identity or number."""
    try:
        row = _BY_ID.first(pk=uuid.UUID(ref))
    except ValueError:
        row = _BY_NUMBER.first(number=ref)
    if row is None:
        return None
    application = row.application
    return Purpose(
        case_id=row.pk,
        number=row.number,
        title=row.name,
        consumer=Consumer(directory.functions().get(row.agency.code, ""), row.region, row.item_code),
        agency_name=row.agency.short_name or row.agency.name,
        application_id=application.pk,
        party=application.principal.id,
        named=frozenset(map(clean, (*_numbers(application.facts), *_numbers(application.answers)))),
        own=lambda: map(clean, evidence.subject_of(application.principal).numbers),
        reach=Reach(row.agency_path, row.region, row.level, row.item_code),
        declared=application.answers | facts_of(application),
    )


def _numbers(value: Any) -> Iterator[str]:
    """Yield every text in an application that is a person's or an organisation's number."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _numbers(part)
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part)
    elif isinstance(value, str) and len(value) == NUMBER:
        for parse in (parse_citizen_id, parse_uscc):
            with contextlib.suppress(CodeError):
                parse(value)
                yield value
                return
