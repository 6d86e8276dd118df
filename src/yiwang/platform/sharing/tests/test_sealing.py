"""Checks are sealed with the audit trail: what is changed, removed or added behind its back is found."""

from __future__ import annotations

import uuid
from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from yiwang.kernel import audit
from yiwang.kernel.acts import system_record
from yiwang.kernel.ids import uuid7
from yiwang.platform.sharing import acts, sealing
from yiwang.platform.sharing.models import Check
from yiwang.platform.sharing.types import Use

TRIGGERS = ("append_only", "append_only_truncate")


def use(number: str) -> Use:
    return Use(
        dataset="population",
        dataset_name="人口信息",
        provider="测试市",
        consumer="测试消防",
        consumer_path="/x/",
        item="330103015000",
        fields=("?known", "age"),
        number=number,
        replaced=("户口簿",),
        result="x",
    )


@pytest.fixture(autouse=True)
def two_acts(testville: None, db: None) -> None:
    """Two acts write checks, one of them at two times."""
    for numbers in (("1", "2"), ("3",)):
        with system_record("test.check"):
            acts.note_checks([use(number) for number in numbers], purpose="测试")
            acts.note_checks([use(f"{numbers[0]}9")], purpose="再测试", application=uuid.uuid4())
            acts.note_checks([], purpose="没有")


def found() -> list[str]:
    return [one.message for one in sealing.verify()]


def forge(statement: str, *values: object) -> None:
    """Change the checks as the database's owner could."""
    with connection.cursor() as cursor:
        for name in TRIGGERS:
            cursor.execute(f"ALTER TABLE sharing_check DISABLE TRIGGER {name}")
        cursor.execute(statement, values)
        for name in TRIGGERS:
            cursor.execute(f"ALTER TABLE sharing_check ENABLE ALWAYS TRIGGER {name}")


def test_what_acts_wrote_agrees() -> None:
    assert Check.objects.count() == 5
    assert found() == []
    assert not [one.message for one in audit.verify() if "sharing_check" in one.message or "核验" in one.message]


@pytest.mark.parametrize(
    "change",
    [
        "actor = '别人'",
        "purpose = '别的'",
        "subject_index = '\\x00'",
        "fields = '{name}'",
        "outcome = 'none'",
        "at = at - interval '1 day'",
        "party_id = gen_random_uuid()",
        "replaced = '{}'",
        "actor_roles = 'decider'",
    ],
)
def test_a_changed_row_is_found(change: str) -> None:
    forge(f"UPDATE sharing_check SET {change} WHERE id = (SELECT id FROM sharing_check ORDER BY id LIMIT 1)")
    (told,) = found()
    assert "被改动" in told
    assert told in [one.message for one in audit.verify()]


def test_a_removed_row_is_found_and_a_whole_act_of_them() -> None:
    (row,) = Check.objects.order_by("id")[:1]
    forge("DELETE FROM sharing_check WHERE id = %s", row.pk)
    assert ["当时 2 次，现有 1 次" in one for one in found()] == [True]
    forge("DELETE FROM sharing_check WHERE batch = %s", row.batch)
    assert found() == ["2 次核验记录过，现在没有了"]


@pytest.mark.parametrize("batch", ["same", "none", "own"])
def test_an_added_row_is_found(batch: str) -> None:
    row = Check.objects.order_by("id").first()
    assert row is not None
    row.pk = uuid7()
    row.batch = {"same": row.batch, "none": None, "own": uuid.uuid4()}[batch]
    row.save(force_insert=True)
    assert len(found()) == 1


def test_the_table_is_guarded_like_the_trail() -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica; DELETE FROM sharing_check")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sharing_check DISABLE TRIGGER append_only")
    assert any("sharing_check" in one.message for one in audit.verify())


def test_what_was_there_before_is_sealed_as_a_whole() -> None:
    forge("UPDATE sharing_check SET batch = NULL")
    assert len(found()) == 2
    migration = import_module("yiwang.platform.sharing.migrations.0015_answers")
    with connection.schema_editor() as editor:
        migration.seal_what_is_there(apps, editor)
    assert [one for one in found() if "后来加的" in one or "被改动" in one] == []
    forge("UPDATE sharing_check SET actor = '别人' WHERE id = (SELECT id FROM sharing_check ORDER BY id LIMIT 1)")
    assert [one for one in found() if "被改动" in one]
