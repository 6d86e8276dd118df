"""What an act holds of a matter: its cases and their steps, each read once.

The application is locked first (``managers``), so nobody outside changes them. Inside, whoever changes one holds the
same instance as everybody else, and all of them are written together at the end of the act (``Record.update``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from yiwang.kernel.compiled import Compiled, Slot
from yiwang.platform.evidence.types import FactState

if TYPE_CHECKING:
    from yiwang.platform.cases.models import Application, ApplicationMaterial, Case, Task


def _case_rows() -> QuerySet[Case]:
    from yiwang.platform.cases.models import Case  # whose managers import this module

    return Case.objects.select_for_update().filter(application_id=Slot("application")).order_by("position")


def _task_rows() -> QuerySet[Task]:
    from yiwang.platform.cases.models import Task

    return Task.objects.filter(case_id=Slot("case")).order_by("position")


def _unproved_rows() -> QuerySet[ApplicationMaterial]:
    from yiwang.platform.cases.models import ApplicationMaterial

    rows = ApplicationMaterial.objects.filter(application_id=Slot("application"), state=Slot("state"))
    return rows.filter(made_up_at=None, items__any_of=Slot("items")).order_by("pk")


_CASES, _TASKS, _UNPROVED = Compiled(_case_rows), Compiled(_task_rows), Compiled(_unproved_rows)


def cases_of(application: Application) -> list[Case]:
    """Return the cases of a locked application, in order."""
    return _held(application, "cases", _CASES)


def tasks_of(case: Case) -> list[Task]:
    """Return the steps of a case that is held, in order."""
    return _held(case, "tasks", _TASKS)


def unproved(case: Case, state: FactState) -> list[ApplicationMaterial]:
    """Return the materials of a case that were committed or deferred and did not come yet."""
    return _UNPROVED(application=case.application_id, state=state.value, items=[case.item_code])


def _held(row: Application | Case, name: str, query: Compiled) -> list[Any]:
    if name not in row.__dict__.get("_prefetched_objects_cache", {}):
        owner = type(row)._meta.model_name or ""
        found = query(**{owner: row.pk})
        for one in found:
            setattr(one, owner, row)
        keep(row, name, found)
    return list(getattr(row, name).all())


def keep(row: Any, name: str, found: Iterable[Any]) -> None:
    """Put rows where ``row.NAME.all()`` finds them."""
    kept = getattr(row, name).all()
    kept._result_cache = list(found)
    kept._prefetch_done = True
    row.__dict__.setdefault("_prefetched_objects_cache", {})[name] = kept
