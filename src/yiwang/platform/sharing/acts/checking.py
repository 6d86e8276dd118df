"""Checks are written down where they are made: inside the act that uses the answer, or by the act that only asks."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import current
from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import blind_index
from yiwang.platform.sharing.models import Check
from yiwang.platform.sharing.queries import SUBJECT
from yiwang.platform.sharing.types import Use


def note_checks(
    uses: Iterable[Use],
    *,
    purpose: str,
    application: uuid.UUID | None = None,
    cases: Mapping[str, uuid.UUID] | None = None,
    party: uuid.UUID | None = None,
) -> list[uuid.UUID]:
    """Write checks with the record of the act that runs: no statement of their own. Returns their identities.

    ``cases`` by item; ``party`` is whose matter it is: they see the checks beside whoever the number is of.
    """
    now, by = clock.now(), current().by.label or _("系统")
    rows = [
        Check(
            id=uuid7(),
            at=now,
            dataset=use.dataset,
            dataset_name=use.dataset_name,
            provider=use.provider,
            consumer=use.consumer,
            consumer_path=use.consumer_path,
            actor=by,
            purpose=purpose[:400],
            item=use.item,
            application_id=application,
            case_id=(cases or {}).get(use.item),
            subject_index=blind_index(use.number, SUBJECT),
            party_id=party,
            fields=list(use.fields),
            outcome=use.outcome.value,
            source_at=use.source_at,
            result=blind_index(use.result, "values") if use.result else b"",
            grant_id=use.grant,
            replaced=list(use.replaced),
        )
        for use in uses
    ]
    current().insert(rows)
    return [row.id for row in rows]
