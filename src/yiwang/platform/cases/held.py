"""What an act holds of a matter: its cases and their steps, each read once.

The application is locked first (``managers``), so nobody outside changes them. Inside, whoever changes one holds the
same instance as everybody else, and all of them are written together at the end of the act (``Record.update``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, prefetch_related_objects

if TYPE_CHECKING:
    from yiwang.platform.cases.models import Application, Case, Task


def cases_of(application: Application) -> list[Case]:
    """Return the cases of a locked application, in order."""
    model: Any = application._meta.get_field("cases").related_model
    prefetch_related_objects([application], Prefetch("cases", model.objects.select_for_update().order_by("position")))
    return list(application.cases.all())


def tasks_of(case: Case) -> list[Task]:
    """Return the steps of a case that is held, in order."""
    model: Any = case._meta.get_field("tasks").related_model
    prefetch_related_objects([case], Prefetch("tasks", model.objects.order_by("position")))
    return list(case.tasks.all())


def keep(row: Any, name: str, found: Iterable[Any]) -> None:
    """Put rows where ``row.NAME.all()`` finds them."""
    kept = getattr(row, name).all()
    kept._result_cache = list(found)
    kept._prefetch_done = True
    row.__dict__.setdefault("_prefetched_objects_cache", {})[name] = kept
