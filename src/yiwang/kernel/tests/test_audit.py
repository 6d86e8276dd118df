"""The sealed trail, changed on purpose in every way that the database's owner could think of."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from io import StringIO
from itertools import product
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import UUIDField

from yiwang.kernel import audit, events
from yiwang.kernel.acts import Permission, act, current, event
from yiwang.kernel.digest import canonical, sm3_hex
from yiwang.kernel.models import AuditBlock, AuditEntry, Event, EventCursor
from yiwang.kernel.tests.waiting import soon
from yiwang.kernel.types import Actor, ActorKind, Key

NOTED = event("kernel_test.noted", "Something was noted in a test.")
ANYBODY = Permission(name="test", kinds=frozenset({ActorKind.PERSON}))
SOMEBODY = Actor(kind=ActorKind.PERSON, id=uuid.uuid4(), label="申请人")
heard: list[str] = []
pytestmark = pytest.mark.django_db(transaction=True)


@act("kernel_test.note", permission=ANYBODY)
def note(what: str, *, by: Actor, key: Key) -> None:
    """Note something and announce it."""
    current().detail["what"] = what
    current().emit(NOTED, what=what)


@events.subscribe("kernel_test.noted", NOTED)
def hear(happening: events.Happening) -> None:
    """Remember."""
    heard.append(happening.payload["what"])


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """Keep the heads of each test apart."""
    settings.YIWANG_STATE_DIR = tmp_path
    heard.clear()


def trail(*words):
    """Note words, a block each."""
    for word in words:
        note(word, by=SOMEBODY, key=uuid.uuid4().hex)
        assert soon(audit.seal) == 1


@pytest.fixture
def sealed():
    """Three entries in three blocks, and nothing wrong with them."""
    trail("one", "two", "three")
    assert list(audit.verify()) == []


def switch(how):
    with connection.cursor() as cursor:
        for table in audit.GUARDED:
            cursor.execute(f"ALTER TABLE {table} {how} TRIGGER append_only")


def forge(*statements):
    """Change the trail as the database's owner could: without the triggers, which are back afterwards."""
    switch("DISABLE")
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    switch("ENABLE ALWAYS")


def found(**more):
    """Return block and message of every finding."""
    return [(one.block, one.message) for one in audit.verify(**more)]


def number_of(word):
    return AuditEntry.objects.get(detail__what=word).seq


@contextmanager
def undone():
    """Take back whatever is forged inside: a fresh trail for each change would cost a database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_trail_refuses_every_change(sealed):
    orders = ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE")
    for table, order in product(audit.GUARDED, orders):
        column = "xid_from" if table == "kernel_auditblock" else "name"
        refused = pytest.raises(DatabaseError, match="append only")
        with undone(), connection.cursor() as cursor, refused, transaction.atomic():
            cursor.execute(order.format(table, column, column))
    assert found() == []


TWO = "WHERE detail->>'what' = 'two'"
GONE, CHANGED = "记录被改动：封存 1 条，现有 0 条", "记录被改动：封存 1 条，现有 1 条"


def changed_columns():
    """Yield a change of each column of an entry."""
    other = {
        "seq": ("seq + 1000", {(2, CHANGED)}),
        "xid": ("xid + 1000000", {(2, GONE)}),
        "at": ("at + interval '1 microsecond'", {(2, CHANGED)}),
        "detail": ("""detail || '{"more": 1}'""", {(2, CHANGED)}),
    }
    for field in AuditEntry._meta.concrete_fields:
        value = f"'{uuid.uuid4()}'" if isinstance(field, UUIDField) else f"{field.name} || 'x'"
        value, told = other.get(field.name, (value, {(2, CHANGED)}))
        yield f"another {field.name}", [f"UPDATE kernel_auditentry SET {field.name} = {value} {TWO}"], told


def added_entries():
    """Yield an entry put in later, wherever it may be put."""
    columns = ", ".join(one.name for one in AuditEntry._meta.concrete_fields if one.name not in {"seq", "xid"})
    stray = "1 条记录不在任何一块里，而那段时间已经封存"
    more = "记录被改动：封存 1 条，现有 2 条"
    for seq, xid, told in (
        ("seq + 1000", "xid", (2, more)),
        ("seq + 1000", "0", (1, more)),
        ("-5", "xid", (0, stray)),
        ("seq + 1000", "-5", (0, stray)),
    ):
        copied = f"INSERT INTO kernel_auditentry (seq, xid, {columns}) SELECT {seq}, {xid}, {columns}"
        yield f"added at {seq}, {xid}", [f"{copied} FROM kernel_auditentry {TWO}"], {told}


def removed_entries():
    """Yield each entry removed, and two that changed places."""
    for number, word in enumerate(("one", "two", "three"), 1):
        yield f"without {word}", [f"DELETE FROM kernel_auditentry WHERE detail->>'what' = '{word}'"], {(number, GONE)}
    first, last = number_of("one"), number_of("three")
    steps = ((first, -1), (last, first), (-1, last))
    moved = [f"UPDATE kernel_auditentry SET seq = {to} WHERE seq = {was}" for was, to in steps]
    yield "changed places", moved, {(1, CHANGED), (3, CHANGED)}


def changed_blocks():
    """Yield a change of each column of a block that means something, and each block but the last removed."""
    for column in ("seq_floor", "xid_from", "xid_to", "entries", "previous", "digest", "seal"):
        value = "repeat('a', 64)" if column in {"previous", "digest", "seal"} else f"{column} - 1"
        yield f"block with another {column}", [f"UPDATE kernel_auditblock SET {column} = {value} WHERE number = 2"], {2}
    for number in (1, 2):
        told = {(number + 1, f"缺第 {number} 块")}
        yield f"without block {number}", [f"DELETE FROM kernel_auditblock WHERE number = {number}"], told


def test_any_change_of_the_sealed_trail_is_found_where_it_is(sealed):
    changes = [*changed_columns(), *added_entries(), *removed_entries(), *changed_blocks()]
    assert len(changes) > 35
    for name, statements, told in changes:
        with undone():
            forge(*statements)
            seen = set(found())
            blocks = {block for block, _message in seen}
            assert told <= seen | blocks, f"{name}: {seen}"
    assert found() == []


def test_an_end_cut_off_with_its_blocks_is_found_by_the_heads_that_were_kept(sealed):
    noted = audit.kept_heads()[-1]
    for kept in (2, 1, 0):
        words = ", ".join(f"'{word}'" for word in ("one", "two", "three")[kept:])
        gone = [(number, "封存过，现在没有了") for number in range(kept + 1, 4)]
        with undone():
            forge(
                f"DELETE FROM kernel_auditblock WHERE number > {kept}",
                f"DELETE FROM kernel_auditentry WHERE detail->>'what' IN ({words})",
                "DELETE FROM kernel_event",
            )
            assert found() == gone
            with mock.patch.object(audit, "kept_heads", list):
                assert found() == [], "this is what nothing inside of the database can tell"
                assert found(heads=[noted]) == gone[-1:]


def test_a_chain_made_anew_to_fit_is_found_by_its_seals(sealed):
    """Somebody with the database but without the key changes an entry, then every digest after it."""
    statements = ["UPDATE kernel_auditentry SET actor_label = 'somebody else' WHERE detail->>'what' = 'two'"]
    forge(*statements)
    previous, statements = AuditBlock.objects.get(number=1).digest, []
    for block in AuditBlock.objects.filter(number__gt=1).order_by("number"):
        block.previous = previous
        previous, _entries = audit._digest(block)
        statements.append(
            f"UPDATE kernel_auditblock SET previous = '{block.previous}', digest = '{previous}' WHERE number = {block.number}"
        )
    forge(*statements)
    assert {message for _block, message in found()} == {"封条不是本系统加盖的", "不是当时封存的那一块"}


def test_a_trail_made_anew_with_the_key_is_found_by_the_heads_that_were_kept(sealed, settings):
    forge("DELETE FROM kernel_auditblock", "DELETE FROM kernel_auditentry WHERE detail->>'what' = 'two'")
    heads = audit.heads_file()
    kept = heads.read_text()
    assert soon(audit.seal, 2) == 2
    heads.write_text(kept)
    assert {message for _block, message in found()} >= {"不是当时封存的那一块"}


def test_triggers_that_are_off_are_found(sealed):
    switch("DISABLE")
    assert len(found()) == len(audit.GUARDED)
    switch("ENABLE")
    assert len(found()) == len(audit.GUARDED), "a session that declares itself a replica would pass them"
    switch("ENABLE ALWAYS")
    assert found() == []


def test_an_entry_removed_before_it_was_sealed_is_missed_by_its_event(sealed):
    note("four", by=SOMEBODY, key="k4")
    assert found() == []
    forge("DELETE FROM kernel_auditentry WHERE detail->>'what' = 'four'")
    assert found() == [(0, "1 件事发生过却没有记录：尚未封存的记录被删")]


def test_a_block_is_made_of_what_there_is(sealed):
    """An auditor can recompute it with nothing but SM3 and the rows; where nothing is new, there is none."""
    block = AuditBlock.objects.get(number=2)
    row = AuditEntry.objects.filter(detail__what="two").values().get()
    head = f"{block.previous}|2|{block.seq_floor}|{block.xid_from}|{block.xid_to}"
    assert block.digest == sm3_hex(f"{head}\n{sm3_hex(canonical(row))}".encode())
    assert audit.seal() == 0
    assert AuditBlock.objects.count() == 3
    lines = [json.loads(line) for line in audit.heads_file().read_text().splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3]
    assert lines[1]["digest"] == block.digest


def command(*arguments):
    out, code = StringIO(), 0
    try:
        call_command("audit", *arguments, stdout=out)
    except SystemExit as ended:
        code = ended.code
    return code, out.getvalue()


def test_the_command_tells_and_fails(sealed):
    code, head = command("head")
    assert head.strip() == f"3:{AuditBlock.objects.get(number=3).digest}"
    assert command("verify", "--head", head.strip()) == (0, "3 blocks, 3 entries, 4 heads kept, 0 findings\n")
    forge("DELETE FROM kernel_auditentry WHERE detail->>'what' = 'two'")
    code, told = command("verify")
    assert code == 1
    assert "block 2: 记录被改动" in told


def test_after_a_restore_into_a_new_cluster_the_old_is_kept_and_the_new_is_sealed(monkeypatch, sealed):
    """A new cluster counts its transactions from the beginning: what was sealed, was left over and is new stay apart."""
    note("left over", by=SOMEBODY, key="k4")
    far = 10**12
    forge(
        *(f"UPDATE {table} SET xid = xid + {far}" for table in ("kernel_auditentry", "kernel_event")),
        "DELETE FROM kernel_auditblock",
        f"UPDATE kernel_eventcursor SET xid = xid + {far} WHERE subscriber = 'kernel_test.noted'",
    )
    audit.heads_file().unlink()
    with monkeypatch.context() as old_cluster:
        left_over = AuditEntry.objects.get(detail__what="left over").xid
        old_cluster.setattr(audit, "horizon", lambda: (left_over, left_over + 1))
        assert audit.seal() == 3
    note("new", by=SOMEBODY, key="k5")
    assert found() == [], "what the new cluster wrote is not taken for the old one's"
    assert soon(audit.seal, 2) == 2
    assert list(AuditBlock.objects.order_by("number").values_list("entries", flat=True)) == [3, 1, 1]
    assert found() == []
    trail("later")
    assert found() == []
    for word in ("one", "left over", "new", "later"):
        forge(f"UPDATE kernel_auditentry SET actor_label = 'x' || actor_label WHERE detail->>'what' = '{word}'")
        assert found() != [], word
        forge(f"UPDATE kernel_auditentry SET actor_label = substr(actor_label, 2) WHERE detail->>'what' = '{word}'")


def test_a_trail_that_was_never_sealed_is_sealed_after_a_restore():
    note("old", by=SOMEBODY, key="k1")
    forge(*(f"UPDATE {table} SET xid = xid + 1000000" for table in ("kernel_auditentry", "kernel_event")))
    note("new", by=SOMEBODY, key="k2")
    assert soon(audit.seal, AuditEntry.objects.count()) == AuditEntry.objects.count()
    assert audit.seal() == 0
    assert found() == []
    forge("UPDATE kernel_auditentry SET actor_label = 'x' || actor_label WHERE detail->>'what' = 'old'")
    assert found() != []


@pytest.mark.parametrize("cursor", ["ahead", "behind"])
def test_after_a_restore_the_old_events_come_once_and_then_the_new(cursor):
    """A new cluster counts its transactions from the beginning, and in time comes to the old ones' numbers."""
    note("before", by=SOMEBODY, key="k1")
    soon(events.deliver_all)
    note("left over", by=SOMEBODY, key="k2")
    far = 10**6
    forge(f"UPDATE kernel_event SET xid = xid + {far}")
    delivered = Event.objects.get(payload__what="before").xid
    read = delivered + 1 if cursor == "ahead" else 1
    EventCursor.objects.filter(subscriber="kernel_test.noted").update(xid=read, xid_to=0, seq=0)
    note("new", by=SOMEBODY, key="k3")
    once_more = ["before"] if cursor == "behind" else []
    soon(events.deliver_all, len(once_more) + 2)
    assert heard == ["before", *once_more, "left over", "new"]

    forge(f"UPDATE kernel_event SET xid = xid - {far} WHERE xid > {far}")  # as if as many transactions had come
    EventCursor.objects.filter(subscriber="kernel_test.noted").update(xid=0)
    note("newer", by=SOMEBODY, key="k4")
    soon(lambda: events.deliver_all() and "newer" in heard)
    assert heard.count("left over") == 1
    assert heard[-1] == "newer"


def test_after_a_restore_into_a_cluster_that_has_counted_further_everything_goes_on(sealed):
    """Where all old numbers are below the new cluster's own, windows go on: nothing is sealed or delivered twice."""
    soon(events.deliver_all)
    note("left over", by=SOMEBODY, key="k4")
    with connection.cursor() as sql:  # the new cluster was busy with other things
        for _other in range(20):
            sql.execute("SELECT pg_current_xact_id()")
    assert found() == []
    note("new", by=SOMEBODY, key="k5")
    assert soon(audit.seal, 2) == 2
    soon(events.deliver_all, 2)
    assert heard == ["one", "two", "three", "left over", "new"]
    assert AuditBlock.objects.count() == 4
    assert found() == []


def test_a_restore_between_the_last_row_and_a_readers_place_tells_again_and_loses_nothing(sealed):
    """All old rows are below the new cluster's numbers, a cursor is above: what is old and new looks alike, so a subscriber
    is told everything above its floor once more, in order, and then goes on as usual.
    """
    soon(events.deliver_all)
    assert heard == ["one", "two", "three"]
    EventCursor.objects.filter(subscriber="kernel_test.noted").update(xid=10**12, xid_to=0, seq=0)
    note("new", by=SOMEBODY, key="k4")
    soon(lambda: events.deliver_all() and "new" in heard)
    assert heard == ["one", "two", "three", "one", "two", "three", "new"]
    note("newer", by=SOMEBODY, key="k5")
    soon(lambda: events.deliver_all() and "newer" in heard)
    assert heard[-2:] == ["new", "newer"]


def test_a_restore_between_the_last_row_and_the_last_block_seals_what_is_new_once(monkeypatch):
    """The old cluster's last block reached further than its last row, and the new one has counted past that row only."""
    note("old", by=SOMEBODY, key="k1")
    far = 10**12
    with monkeypatch.context() as old_cluster:
        old_cluster.setattr(audit, "horizon", lambda: (far, far))
        assert audit.seal() == AuditEntry.objects.count()
    assert found() == []
    note("new", by=SOMEBODY, key="k2")
    assert found() == [], "what is new is not taken for something put into the sealed block"
    assert soon(audit.seal) == 1
    assert audit.seal() == 0
    assert found() == []
    trail("later")
    assert found() == []
    for word in ("old", "new", "later"):
        forge(f"UPDATE kernel_auditentry SET actor_label = 'x' || actor_label WHERE detail->>'what' = '{word}'")
        assert found() != [], word
        forge(f"UPDATE kernel_auditentry SET actor_label = substr(actor_label, 2) WHERE detail->>'what' = '{word}'")
