"""An old database with data in it becomes today's: what was there is there, and what later versions keep beside it is filled.

The old one is the schema of the first version that had cases; every later migration runs on its data.
"""

import os
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_django
from django.db.models import NOT_PROVIDED

from yiwang.config.tests.database import FIRST, FIRST_VERSION, Copies

CASE, READY, DONE = (uuid.UUID(int=number) for number in (1, 2, 3))


@pytest.mark.slow
@pytest.mark.usefixtures("django_db_setup")
def test_an_old_database_with_data_becomes_todays(django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    assert Copies.present is not None
    with django_db_blocker.unblock(), Copies.present.apart(FIRST) as url:
        done = subprocess.run(
            [sys.executable, "-m", "yiwang.config.tests.test_upgrade"],
            check=False, env=os.environ | {"DATABASE_URL": url}, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]


def upgrade() -> None:
    """Put data into an old database, bring it up to date, look."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    fill(MigrationExecutor(connection).loader.project_state(FIRST_VERSION).apps)
    call_command("migrate", verbosity=0)
    look(connection)


def fill(apps: Any) -> None:
    """Put a city as it was into an old database: an item, an element, a case with two steps, a number that was allotted."""
    region = make(apps, "directory", "Region", code="339901", name="老区", level=4)
    agency = make(apps, "directory", "Agency", region=region, name="老局", path="/a/", uscc="11330000000000000X")
    item = make(apps, "catalog", "ServiceItem", name="老事项", basic_code="330199001000")
    implementation = make(apps, "catalog", "Implementation", item=item, agency=agency, current=None)
    edition = make(apps, "catalog", "Edition", implementation=implementation, content={"name": "老事项"})
    make(apps, "catalog", "DataElementRow", document={"code": "shop_name", "label": "店名", "kind": "text"})
    application = make(apps, "cases", "Application", number="A1", door="counter")
    case = make(
        apps, "cases", "Case", id=CASE, application=application, agency=agency, edition=edition,
        due_on=date(2026, 3, 9), decided_at=None, item_code="330199001000", handler_id=None,
    )  # fmt: skip
    make(apps, "cases", "Task", id=READY, case=case, state="ready", name="审查", role="reviewer", agency_path="/a/")
    make(apps, "cases", "Task", id=DONE, case=case, state="done", name="受理", role="intake", agency_path="/a/")
    apps.get_model("cases", "Serial").objects.create(scope="case:339901:20260302", last=41)


def make(apps: Any, app: str, name: str, /, **given: Any) -> Any:
    """Make a row; what it must have and nobody cares about is made up."""
    model = apps.get_model(app, name)
    for field in model._meta.concrete_fields:
        if field.name in given or field.attname in given or field.null or field.default is not NOT_PROVIDED:
            continue
        if field.is_relation:
            raise AssertionError(f"{name}.{field.name} has to be given")
        given[field.name] = made_up(field)
    return model.objects.create(**given)


def made_up(field: Any) -> Any:
    """Return a value that a column takes."""
    kind = field.get_internal_type()
    values: dict[str, Any] = {
        "UUIDField": uuid.uuid4(),
        "DateTimeField": datetime(2026, 3, 2, 1, tzinfo=UTC),
        "DateField": date(2026, 3, 2),
        "BooleanField": False,
        "BinaryField": uuid.uuid4().bytes * 2,
        "JSONField": {},
    }
    if kind in values:
        return values[kind]
    return uuid.uuid4().hex[: field.max_length or 32] if "Char" in kind or "Text" in kind else 1


def look(connection: Any) -> None:
    """See that everything is there, and what later versions keep beside it."""
    from django.core.management import call_command
    from django.db import DatabaseError, transaction

    from yiwang.kernel.models import Serial
    from yiwang.platform.cases.models import Case, InboxEntry, Task
    from yiwang.platform.catalog.models import DataElementEdition, DataElementRow, Edition, ElementDraft, ItemDraft

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    assert Serial.objects.get(scope="case:339901:20260302").last == 41
    assert Case.objects.get().pk == CASE
    assert set(Task.objects.values_list("pk", flat=True)) == {READY, DONE}
    entry = InboxEntry.objects.get()
    assert (entry.pk, entry.case_id, entry.due_on, entry.door) == (READY, CASE, date(2026, 3, 9), "counter")
    assert (entry.step, entry.item_code) == ("审查", "330199001000")
    assert ItemDraft.objects.get().title == "老事项"
    element = DataElementRow.objects.get()
    assert ElementDraft.objects.get().title == "店名"
    first = DataElementEdition.objects.get()
    assert (first.number, first.content, first.digest) == (1, element.document, element.draft_digest)
    for frozen in (Edition, DataElementEdition):
        try:
            with transaction.atomic():
                frozen.objects.update(digest="x" * 64)
        except DatabaseError:
            continue
        raise AssertionError(f"{frozen.__name__} may be changed")
    Task.objects.filter(pk=READY).update(state="done")
    assert not InboxEntry.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    django.setup()
    upgrade()
