"""What datasets say of a subject, as far as those who need it may have it; and by what records are found."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import FilteredRelation, OuterRef, Q
from django.db.models.functions import JSONObject

from yiwang.kernel import clock
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.sealed import blind_index
from yiwang.platform.sharing import granting
from yiwang.platform.sharing.inspecting import SUBJECT
from yiwang.platform.sharing.models import Dataset, Grant
from yiwang.platform.sharing.types import (
    Allowance,
    Answer,
    Consumer,
    GrantState,
)

_ASKED = Compiled(
    lambda: (
        Dataset.objects.filter(code__any=Slot("codes"), current__isnull=False)
        .annotate(
            record=FilteredRelation(
                "records",
                condition=Q(records__subject_index__any=Slot("keys"), records__valid_to__isnull=True),
            ),
            allowed=ArraySubquery(
                Grant.objects.filter(
                    dataset=OuterRef("pk"), state=GrantState.GRANTED.value, function__any=Slot("functions")
                ).values(
                    json=JSONObject(
                        id="id",
                        function="function",
                        region="region",
                        items="items",
                        fields="fields",
                        expires_on="expires_on",
                    )
                )
            ),
        )
        .values_list(
            "code",
            "record__subject_index",
            "name",
            "agency__short_name",
            "agency__name",
            "basis",
            "available",
            "record__values",
            "record__at",
            "allowed",
        )
    )
)


def ask(numbers: Sequence[str], wanted: Mapping[str, Mapping[str, Sequence[Consumer]]]) -> dict[str, Answer]:
    """Return what datasets say of a subject that is known by these numbers, as far as those who need it may have it.

    ``wanted`` names for each dataset its columns with who needs them; the column ``""`` asks whether there is a record,
    which any grant of the dataset allows. What nobody has a grant for is not in the answer's ``fields``. Of several
    numbers the first that has a record counts, of several records the newest. One query.
    """
    keys = [blind_index(number, SUBJECT) for number in numbers]
    functions = {one.function for fields in wanted.values() for consumers in fields.values() for one in consumers}
    today = clock.today()
    found: dict[str, tuple[int, float, Answer]] = {}
    rows = _ASKED(codes=sorted(wanted), keys=keys, functions=sorted(functions))
    for code, index, name, short, agency, basis, available, values, at, allowed in rows:
        rank = keys.index(bytes(index)) if index is not None else len(keys)
        age = -at.timestamp() if at else 0.0
        if code in found and found[code][:2] <= (rank, age):
            continue
        grants = [_allowance(one) for one in allowed]
        fields = {
            field: given.id
            for field, consumers in wanted[code].items()
            if (given := granting.allowing(grants, field, consumers, today)) is not None
        }
        found[code] = (
            rank,
            age,
            Answer(
                code,
                name,
                short or agency,
                basis,
                available,
                fields,
                values,
                at,
                numbers[rank] if rank < len(keys) else "",
            ),
        )
    return {code: answer for code, (_rank, _age, answer) in found.items()}


def _allowance(one: Mapping[str, Any]) -> Allowance:
    return Allowance(
        id=uuid.UUID(one["id"]),
        function=one["function"],
        region=one["region"],
        items=tuple(one["items"]),
        fields=tuple(one["fields"]),
        expires_on=one["expires_on"] and date.fromisoformat(one["expires_on"]),
    )


def own_index(key: Sequence[str], values: dict[str, Any]) -> bytes:
    """Return what tells a record from its subject's others in the dataset; empty without a key of its own."""
    return blind_index(sha256_of([values.get(name) for name in key]), "own") if key else b""


def values_index(values: dict[str, Any]) -> bytes:
    """Return what tells these values from others without saying what they are."""
    return blind_index(sha256_of(values), "values")


def rates(grants: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return how many checks a minute each grant allows; one query, none for none."""
    wanted = list(grants)
    return dict(Grant.objects.filter(pk__in=wanted).values_list("id", "per_minute")) if wanted else {}
