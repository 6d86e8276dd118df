"""存量证照数字化: nothing harmful comes in, each row is taken or told, a crash loses and doubles nothing, and nothing is used
before a clerk has seen the original.
"""

from __future__ import annotations

import csv
import io
import stat
import threading
import uuid
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image

from yiwang.kernel import clock
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.events import Happening
from yiwang.kernel.models import Event
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import SYSTEM, Actor, Party, PartyKind, Role
from yiwang.platform.directory.models import Agency
from yiwang.platform.identity.models import Person
from yiwang.platform.licences import acts, archive, checking, queries, subscribers, tasks
from yiwang.platform.licences.acts import history
from yiwang.platform.licences.models import Batch, Licence, RowFault
from yiwang.platform.licences.tests.conftest import AMR, enter_type, official, spec
from yiwang.platform.licences.tests.test_desk import at_desk
from yiwang.platform.licences.tests.test_life import agency, machine
from yiwang.platform.licences.types import LicenceField, TrustLevel, Verdict
from yiwang.ui import store

__all__ = ["agency"]
COLUMNS = ["证照编号", "持证主体", "证件号码", "发证日期", "有效期至", "扫描件", "共同持证人", "姓名", "地点"]
TYPE = "demo_old"
STEWARD = official(Role.DATA_STEWARD)


def number_of(serial: int) -> str:
    body = f"3303021990{serial % 12 + 1:02}{serial % 28 + 1:02}{serial % 1000:03}"
    return body + citizen_id_check(body)


def row(serial: int, **changes: str) -> dict[str, str]:
    base = {
        "证照编号": f"旧{serial:06}",
        "持证主体": f"演示老张{serial}",
        "证件号码": number_of(serial),
        "发证日期": "2018-05-11",
        "有效期至": "长期",
        "扫描件": "scans/one.jpg",
        "共同持证人": "",
        "姓名": f"演示老张{serial}",
        "地点": "演示路 1 号",
    }
    return base | changes


def picture(colour: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (colour, 90, 30)).save(buffer, "JPEG")
    return buffer.getvalue()


def packed(rows: list[dict[str, str]], scans: dict[str, bytes] | None = None, *, encoding: str = "utf-8-sig") -> bytes:
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("table.csv", table.getvalue().encode(encoding))
        for name, content in ({"scans/one.jpg": picture()} if scans is None else scans).items():
            file.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def old(agency: Agency) -> None:
    """The type that is taken over, of persons."""
    enter_type(
        spec(
            code=TYPE,
            type_code="1110000000DEM03148066",
            holder=PartyKind.PERSON,
            validity_months=0,
            fields=(LicenceField("name", "姓名", "Name"), LicenceField("place", "地点", "Place")),
        )
    )


def begin(content: bytes, by: Actor = STEWARD) -> uuid.UUID:
    return acts.begin_import(TYPE, store.save(io.BytesIO(content)), by=by, key=uuid.uuid4().hex)


def work() -> None:
    while acts.work_on():
        pass


# --- what is let in ---


def test_a_batch_comes_in_at_level_c_with_its_scans(old: None) -> None:
    known = Person.objects.create(
        name="演示老张1", number=number_of(1), number_index=blind_index(number_of(1), "citizen_id")
    )
    rows = [row(1), row(2, 有效期至="2030年1月2日", 共同持证人="演示甲、演示乙"), row(3, 发证日期="2018/5/11")]
    pk = begin(packed(rows))
    work()
    done = queries.get_batch(pk, STEWARD)
    assert (done.state.value, done.total, done.done, done.entered, done.refused) == ("done", 3, 3, 3, 0)
    first, second, third = Licence.objects.filter(type_id=TYPE).order_by("number")
    assert (first.trust, first.holder_id, first.holder_index) == ("C", known.pk, None)
    assert (second.holder_id, bytes(second.holder_index)) == (None, blind_index(number_of(2), "citizen_id"))
    assert (str(second.valid_to), second.joint_names) == ("2030-01-02", ["演示甲", "演示乙"])
    assert third.fields == {"name": "演示老张3", "place": "演示路 1 号"}
    assert store.exists(first.scan)
    assert first.digest == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'licences.make_document'")
        assert cursor.fetchone()[0] == 0


def test_what_spreadsheets_in_china_save_is_read(old: None) -> None:
    begin(packed([row(1)], encoding="gb18030"))
    work()
    assert Licence.objects.get().holder_name == "演示老张1"


def evil(name: str, content: bytes = b"x", mode: int = 0) -> bytes:
    buffer = io.BytesIO(packed([row(1)]))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as file:
        info = zipfile.ZipInfo("placeholder.jpg")
        info.compress_type = zipfile.ZIP_DEFLATED
        info.filename = name
        info.external_attr = mode << 16
        file.writestr(info, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"no archive",
        b"",
        packed([row(1)])[:-40],
        evil("../../etc/cron.d/evil.jpg"),
        evil("/etc/evil.jpg"),
        evil("C:evil.jpg"),
        evil("a/../../evil.jpg"),
        evil("link.jpg", b"/etc/passwd", stat.S_IFLNK | 0o777),
        evil("run.exe"),
        evil("second.csv"),
        evil("scans/one.jpg", picture(9)),
        evil("bomb.jpg", bytes(30 * 1024 * 1024)),
        evil("tight.jpg", bytes(8 * 1024 * 1024)),
        packed([]),
    ],
    ids=["text", "empty", "torn", "above", "root", "drive", "inside", "link", "program", "tables", "twice", "large", "tight",
         "no-rows"],
)  # fmt: skip
def test_what_might_do_harm_is_refused_before_it_is_read(old: None, content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        begin(content)
    assert refused.value.errors[0].field == "archive"
    assert not Batch.objects.exists()


def test_a_locked_archive_and_one_that_lies_about_its_sizes_are_refused(old: None) -> None:
    plain = packed([row(1)])
    locked = bytearray(plain)
    at = locked.rfind(b"PK\x01\x02")
    locked[at + 8] |= 1
    with pytest.raises(Invalid):
        begin(bytes(locked))
    with pytest.raises(archive.BadArchive):
        archive.Archive(io.BytesIO(packed([row(1)], {f"{n}.jpg": b"" for n in range(archive.MOST_ROWS + 1)})))


def test_a_table_without_its_columns_is_refused(old: None) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("table.csv", "证照编号,持证主体\n1,演示\n".encode())
    with pytest.raises(Invalid, match="证件号码"):
        begin(buffer.getvalue())


# --- what is wrong with a row ---


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"证照编号": ""}, "证照编号"),
        ({"持证主体": ""}, "持证主体"),
        ({"证件号码": "330302199003070018"}, "证件号码"),
        ({"发证日期": "去年"}, "发证日期"),
        ({"发证日期": "2018-02-30"}, "发证日期"),
        ({"发证日期": "2999-01-01"}, "发证日期"),
        ({"有效期至": "2017-01-01"}, "有效期至"),
        ({"扫描件": ""}, "扫描件"),
        ({"扫描件": "scans/none.jpg"}, "扫描件"),
        ({"扫描件": "scans/page.jpg"}, "扫描件"),
        ({"姓名": "", "地点": ""}, "姓名"),
        ({"地点": "长" * 401}, "地点"),
        ({"共同持证人": "演示甲、" + "长" * 161}, "共同持证人"),
        ({"地点": "演示路\x001 号"}, "地点"),
        ({"持证主体": "演示\x00老张"}, "持证主体"),
        ({"发证日期": "9999-12-31"}, "发证日期"),
    ],
)
def test_a_wrong_row_is_told_and_the_others_come_in(old: None, changes: dict[str, str], column: str) -> None:
    scans = {"scans/one.jpg": picture(), "scans/page.jpg": b"<html><script>alert(1)</script></html>"}
    pk = begin(packed([row(1), row(2, **changes), row(3)], scans))
    work()
    done = queries.get_batch(pk, STEWARD)
    assert (done.entered, done.refused) == (2, 1)
    assert [(one.line, one.column) for one in queries.faults(pk, STEWARD)] == [(3, column)]
    assert done.reasons[0][1] == 1


def test_the_report_is_a_table_to_mend_and_send_again(old: None) -> None:
    pk = begin(packed([row(1), row(2, 证件号码="=1+1"), row(3, 发证日期="?")]))
    work()
    text = "".join(queries.report(pk, STEWARD))
    found = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(one["证照编号"], one["证件号码"][:2]) for one in found] == [
        ("旧000002", "'="),
        ("旧000003", number_of(3)[:2]),
    ]
    assert found[1]["原因"].startswith("发证日期：")
    mended = [{name: one[name] for name in COLUMNS} | {"发证日期": "2018-01-01"} for one in found[1:]]
    begin(packed(mended))
    work()
    assert set(Licence.objects.values_list("number", flat=True)) == {"旧000001", "旧000003"}


def test_what_is_there_does_not_come_in_twice(old: None) -> None:
    begin(packed([row(1), row(1)]))
    begin(packed([row(1), row(2)]))
    work()
    assert Licence.objects.count() == 2
    assert set(RowFault.objects.values_list("column", flat=True)) == {"证照编号"}
    assert RowFault.objects.count() == 2


def test_somebody_else_s_name_for_a_known_number_is_no_match(old: None) -> None:
    Person.objects.create(name="演示别人", number=number_of(1), number_index=blind_index(number_of(1), "citizen_id"))
    begin(packed([row(1)]))
    work()
    assert RowFault.objects.get().column == "持证主体"


@pytest.mark.parametrize("written", ["长期", "9999-12-31", "9999年12月31日"])
def test_long_term_is_without_end_whatever_the_term_of_the_type(old: None, written: str) -> None:
    enter_type(
        spec(
            code="demo_term",
            type_code="1110000000DEM03148067",
            holder=PartyKind.PERSON,
            fields=(LicenceField("name", "姓名", "Name"), LicenceField("place", "地点", "Place")),
        )
    )
    content = packed([row(1, 有效期至=written), row(2, 有效期至="")])
    acts.begin_import("demo_term", store.save(io.BytesIO(content)), by=STEWARD, key="1")
    work()
    endless, usual = Licence.objects.order_by("number")
    assert endless.valid_to is None
    assert str(usual.valid_to) == "2023-05-10"


@pytest.fixture
def old_cards(agency: Agency) -> None:
    """A type whose number opens what its holder holds."""
    enter_type(
        spec(
            code=TYPE,
            type_code="1110000000DEM03148066",
            holder=PartyKind.PERSON,
            validity_months=0,
            card_field="place",
            fields=(LicenceField("name", "姓名", "Name"), LicenceField("place", "地点", "Place")),
        )
    )


@pytest.mark.parametrize("known", [True, False])
def test_somebody_else_s_card_is_told_and_the_others_come_in(old_cards: None, known: bool) -> None:
    if known:
        Person.objects.create(
            name="演示老张2", number=number_of(2), number_index=blind_index(number_of(2), "citizen_id")
        )
    rows = [row(serial, 地点=f"DEMO{serial}") for serial in range(1, 4)]
    pk = begin(packed([*rows, row(4, 地点="DEMO2"), row(5, 发证日期="?"), row(7)]))
    later = begin(packed([row(6, 地点="DEMO6")]))
    work()
    done = queries.get_batch(pk, STEWARD)
    assert (done.state.value, done.entered, done.refused) == ("done", 4, 2)
    assert [(one.line, one.column) for one in queries.faults(pk, STEWARD)] == [(5, "地点"), (6, "发证日期")]
    assert "卡号" in queries.faults(pk, STEWARD)[0].reason
    assert queries.get_batch(later, STEWARD).state.value == "done"
    assert Event.objects.filter(name="licence.issued").count() == 5


def test_what_nobody_foresaw_in_a_row_stops_neither_the_others_nor_later_batches(
    old: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk, later = begin(packed([row(1), row(2), row(3)])), begin(packed([row(4)]))
    made = history.issue_inside

    def too_long(**given: Any) -> uuid.UUID:
        if given["number"] == "旧000002":
            given["holder_name"] = "长" * 161
        return made(**given)

    monkeypatch.setattr(history, "issue_inside", too_long)
    work()
    done = queries.get_batch(pk, STEWARD)
    assert (done.state.value, done.entered, done.refused) == ("done", 2, 1)
    assert queries.faults(pk, STEWARD)[0].reason.startswith("这一行")
    assert queries.get_batch(later, STEWARD).state.value == "done"
    assert Event.objects.filter(name="licence.issued").count() == 3


# --- crash and go on ---


def test_a_turn_that_fails_leaves_nothing_behind(old: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "TURN", 10)
    pk = begin(packed([row(number) for number in range(25)]))
    acts.work_on()
    enter, calls = history._enter, []

    def dying(*args: Any, **more: Any) -> None:
        calls.append(1)
        if len(calls) == 5:
            raise RuntimeError("the power went")
        enter(*args, **more)

    monkeypatch.setattr(history, "_enter", dying)
    with pytest.raises(RuntimeError):
        acts.work_on()
    assert (queries.get_batch(pk, STEWARD).done, Licence.objects.count()) == (10, 10)
    monkeypatch.setattr(history, "_enter", enter)
    work()
    assert (queries.get_batch(pk, STEWARD).entered, Licence.objects.count()) == (25, 25)


def test_an_archive_that_is_gone_breaks_its_batch_and_no_other(old: None) -> None:
    gone, kept = begin(packed([row(1)])), begin(packed([row(2)]))
    Batch.objects.filter(pk=gone).update(archive="0" * 64)
    work()
    assert queries.get_batch(gone, STEWARD).state.value == "broken"
    assert queries.get_batch(kept, STEWARD).state.value == "done"


def test_a_batch_of_an_agency_that_is_gone_stops_no_other(old: None) -> None:
    gone, kept = begin(packed([row(1)])), begin(packed([row(2)]))
    Batch.objects.filter(pk=gone).update(agency_path="/330300/no-more/")
    work()
    assert (Batch.objects.get(pk=gone).state, Batch.objects.get(pk=kept).state) == ("broken", "done")


def test_what_waits_is_taken_over_without_a_pause_until_the_worker_stops(
    old: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "TURN", 10)
    pk, stop = begin(packed([row(number) for number in range(25)])), threading.Event()
    stop.set()
    tasks.take_over(stop)
    assert queries.get_batch(pk, STEWARD).done == 0
    stop.clear()
    tasks.take_over(stop)
    assert queries.get_batch(pk, STEWARD).state.value == "done"


@pytest.mark.parametrize(("megabytes", "taken"), [(964, True), (2048, True), (2049, False)])
def test_ten_thousand_licences_with_their_scans_fit_through_the_door(
    old: None, monkeypatch: pytest.MonkeyPatch, megabytes: int, taken: bool
) -> None:
    file = SimpleUploadedFile("a.zip", packed([row(1)]))
    file.size = megabytes * 1024 * 1024
    if taken:
        assert store.exists(acts.taken_in(TYPE, file, by=STEWARD))
        return
    with pytest.raises(Invalid, match="2 GB"):
        acts.taken_in(TYPE, file, by=STEWARD)


# --- who may ---


def test_only_who_keeps_the_agency_s_data_brings_in_its_own_types(old: None) -> None:
    content = packed([row(1)])
    for by in (
        official(Role.ISSUER),
        official(Role.DATA_STEWARD, agency="/330300/elsewhere/"),
        machine(AMR.path, "data:write"),
    ):
        with pytest.raises(NotAllowed):
            begin(content, by)
    enter_type(spec(code="demo_school", type_code="1110000000DEM0058P001", issued_by=("education",)))
    with pytest.raises(NotAllowed):
        acts.begin_import("demo_school", store.save(io.BytesIO(content)), by=STEWARD, key="1")
    pk = begin(content, machine())
    with pytest.raises(NotFound):
        queries.get_batch(pk, official(Role.DATA_STEWARD, agency="/330300/elsewhere/"))
    assert queries.get_batch(pk, machine()).total == 1


# --- C becomes B ---


@pytest.fixture
def scanned(old: None) -> Licence:
    """Return a licence that was digitised, of somebody known."""
    Person.objects.create(name="演示老张1", number=number_of(1), number_index=blind_index(number_of(1), "citizen_id"))
    begin(packed([row(1)]))
    work()
    return Licence.objects.get()


def test_nothing_rests_on_a_scan_until_a_clerk_saw_the_original(scanned: Licence) -> None:
    party = Party(PartyKind.PERSON, scanned.holder_id)
    mine = Actor(kind=SYSTEM.kind.PERSON, id=scanned.holder_id, principal=party, level=SYSTEM.level)
    assert queries.newest_held([party], [TYPE]) == {}
    assert checking.by_code(scanned.check_code).verdict is Verdict.UNKNOWN
    for refused in (
        lambda: acts.copy(scanned.pk, "演示", 7, by=mine, key="1"),
        lambda: acts.offer(scanned.pk, by=mine, key="2"),
        lambda: acts.make_once(scanned.pk),
    ):
        with pytest.raises(NotNow):
            refused()
    acts.check_original(scanned.pk, by=official(Role.INTAKE), key="3")
    assert queries.newest_held([party], [TYPE])[TYPE].number == scanned.number
    assert acts.make_document(scanned.pk, by=SYSTEM, key="4")
    assert checking.by_code(scanned.check_code).verdict is Verdict.VALID
    assert queries.get_licence(scanned.pk, mine).trust is TrustLevel.B
    assert acts.copy(scanned.pk, "演示", 7, by=mine, key="5")
    with pytest.raises(NotNow):
        acts.check_original(scanned.pk, by=official(Role.INTAKE), key="6")


def test_only_its_agency_checks_it(scanned: Licence) -> None:
    with pytest.raises(NotFound):
        acts.check_original(scanned.pk, by=official(Role.INTAKE, agency="/330300/elsewhere/"), key="1")
    with pytest.raises(NotAllowed):
        acts.check_original(scanned.pk, by=machine(), key="2")


def test_who_comes_later_finds_theirs(old: None) -> None:
    begin(packed([row(1), row(2)]))
    work()
    person = Person.objects.create(
        name="演示老张2", number=number_of(2), number_index=blind_index(number_of(2), "citizen_id")
    )
    happening = Happening(1, clock.now(), "identity.known", str(person.pk), {"kind": "person"})
    subscribers.link(happening)
    subscribers.link(happening)
    assert [one.number for one in queries.held_by(Party(PartyKind.PERSON, person.pk))] == ["旧000002"]
    assert Licence.objects.filter(holder_id=None).count() == 1


# --- at the desk ---


def test_the_steward_sends_sees_and_fetches(old: None) -> None:
    Agency.objects.filter(code=AMR.code).delete()
    desk: Client = at_desk(Role.DATA_STEWARD)
    page = "/desk/licences/history/"
    assert f"{page}template/{TYPE}.csv" in desk.get(page).content.decode()
    head = desk.get(f"{page}template/{TYPE}.csv").content.decode("utf-8-sig")
    assert head.strip().split(",") == COLUMNS
    wrong = desk.post(page, {"type": TYPE, "key": "1", "archive": SimpleUploadedFile("a.zip", b"x")})
    assert wrong.status_code == 422
    assert "ZIP" in wrong.content.decode()
    content = packed([row(1), row(2, 发证日期="?")])
    sent = desk.post(page, {"type": TYPE, "key": "2", "archive": SimpleUploadedFile("a.zip", content)})
    batch = sent.headers["Location"]
    assert "0%" in desk.get(batch).content.decode()
    assert "HX-Refresh" not in desk.get(f"{batch}state/?done=0").headers
    work()
    assert desk.get(f"{batch}state/?done=0").headers["HX-Refresh"] == "true"
    shown = desk.get(batch).content.decode()
    assert "100%" in shown
    assert "日期读不懂" in shown
    assert "旧000002" in b"".join(desk.get(f"{batch}faults.csv").streaming_content).decode()  # type: ignore[attr-defined]
    issuer = at_desk(Role.ISSUER)
    licence = Licence.objects.get()
    waiting = f"/desk/licences/unchecked/?batch={batch.rstrip('/').rpartition('/')[2]}"
    assert licence.number in issuer.get(waiting).content.decode()
    assert issuer.get(f"/desk/licences/{licence.pk}/scan").headers["Content-Type"] == "image/jpeg"
    issuer.post(f"/desk/licences/{licence.pk}/original/", {"key": "1"})
    licence.refresh_from_db()
    assert licence.trust == "B"
    assert Event.objects.filter(name="licence.original_checked").count() == 1
