"""What measuring changes: the day's score, and which records wait to be mended."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act_on, current, event
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, Key
from yiwang.platform.sharing import quality
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import QUALITY, BadRow, Dataset, QualityScore, Record, Run
from yiwang.platform.sharing.rules import Fault, percent
from yiwang.platform.sharing.types import Measure, RunState

MEASURED = event("sharing.measured", "The quality of a dataset was measured.")
OnlySystem = Permission(name="system", kinds=frozenset())
_AT_ONCE = 500
"""Records that are written at once."""
KEPT = timedelta(days=400)
"""How long scores are kept: a year, and the month it is compared with."""
_MEND = """
    UPDATE sharing_badrow bad SET mended_at = %(now)s FROM sharing_run run
    WHERE run.id = bad.run_id AND run.connector = %(connector)s AND bad.dataset_id = %(dataset)s AND bad.mended_at IS NULL
      AND NOT EXISTS (
        SELECT FROM sharing_record one WHERE one.dataset_id = bad.dataset_id AND one.subject_index = bad.subject_index
          AND one.own = bad.own AND one.valid_to IS NULL AND one.id = ANY(%(wrong)s)
      )
"""


def _published(pk: uuid.UUID, by: Actor) -> Dataset:
    rows = Dataset.objects.visible_to(by).select_related("agency", "current").select_for_update(of=("self",))
    row = rows.filter(pk=pk, current__isnull=False).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


@act_on("sharing.measure", _published, permission=OnlySystem)
def note_measure(row: Dataset, found: Measure, *, by: Actor, key: Key) -> Decimal:
    """Keep what ``quality.measure`` counted as the day's score, and let faulty records wait to be mended.

    The counting goes before the act: it takes long and writes nothing, and a transaction that writes for so long would hold
    up every event. Who is measured again on the same day has the later score.
    """
    now, today = clock.now(), clock.today()
    QualityScore.objects.update_or_create(
        dataset=row,
        day=today,
        defaults={
            "measured_at": now,
            "rows": found.rows,
            "expected": found.expected,
            "filled": found.filled,
            "sound": found.sound,
            "columns": dict(found.columns),
            "faults": [list(fault) for fault in found.faults],
            "completeness": None if found.completeness is None else percent(found.completeness),
            "accuracy": None if found.accuracy is None else percent(found.accuracy),
            "timeliness": found.timeliness,
            "score": found.score,
        },
    )
    QualityScore.objects.filter(dataset=row, day__lt=today - KEPT).delete()
    Dataset.objects.filter(pk=row.pk).update(quality=found.score, measured_at=now)
    _let_wait(row, found.wrong)
    current().detail |= {"dataset": row.code, "rows": found.rows, "sound": found.sound, "score": str(found.score)}
    current().emit(MEASURED, row, dataset=row.code, day=today.isoformat(), score=str(found.score))
    return found.score


def _let_wait(row: Dataset, wrong: Mapping[int, tuple[Fault, ...]]) -> None:
    """Close what is no longer wrong or no longer there; keep what waits already, with its faults of today; add the rest."""
    now = clock.now()
    given = {"now": now, "connector": QUALITY, "dataset": row.pk, "wrong": list(wrong)}
    with connection.cursor() as sql:
        sql.execute(_MEND, given)
    waiting = quality.open_rows(row)
    told = BadRow.objects.in_bulk(waiting.values())
    changed: list[BadRow] = []
    for record, bad in waiting.items():
        if told[bad].faults != _plain(wrong[record]):
            told[bad].faults = _plain(wrong[record])
            changed.append(told[bad])
    BadRow.objects.bulk_update(changed, ["faults"], batch_size=500)
    fresh = [record for record in wrong if record not in waiting]
    if fresh:
        run = Run.objects.create(
            dataset=row,
            connector=QUALITY,
            by=current().by.label,
            state=RunState.DONE.value,
            began_at=now,
            ended_at=now,
            read=len(fresh),
            rejected=len(fresh),
        )
        BadRow.objects.bulk_create(_bad(row, run, wrong, fresh), batch_size=500)


def _bad(row: Dataset, run: Run, wrong: Mapping[int, tuple[Fault, ...]], fresh: list[int]) -> Iterator[BadRow]:
    for begin in range(0, len(fresh), _AT_ONCE):
        # Whose record has ended since it was counted has nothing to be mended.
        records = list(Record.objects.filter(pk__in=fresh[begin : begin + _AT_ONCE], valid_to=None).order_by("pk"))
        numbers = _numbers({bytes(record.subject_index) for record in records})
        for record in records:
            number = numbers.get(bytes(record.subject_index))
            yield BadRow(
                run=run,
                dataset=row,
                line=0,
                subject_index=record.subject_index,
                own=record.own,
                faults=_plain(wrong[record.pk]),
                values=({"subject": number} if number else {}) | record.values,
                at=run.began_at,
            )


def _numbers(subjects: set[bytes]) -> dict[bytes, str]:
    """Return the numbers behind the indexes of subjects, as far as any record of theirs has it in a column.

    A record itself keeps only the index; whoever brought it in has to be told which of their rows is meant.
    """
    editions = Dataset.objects.filter(current__isnull=False).values_list("pk", "current__content__definition__items")
    columns = {
        pk: [item["name"] for item in items if item["kind"] in (FieldKind.CITIZEN_ID, FieldKind.USCC)]
        for pk, items in editions
    }
    found: dict[bytes, str] = {}
    rows = Record.objects.filter(
        subject_index__in=subjects, valid_to=None, dataset__in=[pk for pk in columns if columns[pk]]
    )
    for index, dataset, values in rows.values_list("subject_index", "dataset_id", "values").iterator(chunk_size=500):
        for name in columns[dataset] if bytes(index) not in found else ():
            value = values.get(name)
            if isinstance(value, str) and blind_index(value, SUBJECT) == bytes(index):
                found[bytes(index)] = value
    return found


def _plain(faults: tuple[Fault, ...]) -> list[list[str]]:
    return [list(fault) for fault in faults]
