"""Files in a folder: read in order and once, refused with a reason, and nothing outside of the folder is touched."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from openpyxl import Workbook

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import SYSTEM
from yiwang.platform.catalog.imports.formats import tables
from yiwang.platform.sharing import runner, scores, sweep
from yiwang.platform.sharing.acts import feeds
from yiwang.platform.sharing.connectors import Source
from yiwang.platform.sharing.models import BadRow, Dataset, Feed, Run
from yiwang.platform.sharing.plugins import file_drop
from yiwang.platform.sharing.plugins.file_drop import folder_of
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.tests.sources import feed_of, held, read

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
CARS = dataset(
    code="test_cars",
    key=("plate",),
    items=(item("plate", required=True), item("brand"), item("bought_on", kind=FieldKind.DATE)),
)
HEAD = "subject,plate,brand,bought_on\n"


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def cars(testville: None, db: None) -> Dataset:
    return published(CARS)


@pytest.fixture
def folder(cars: Dataset, settings: Any, tmp_path: Path) -> Path:
    settings.YIWANG_FEED_DIR = tmp_path / "drop"
    found = tmp_path / "drop" / "339901-amr" / "test_cars"
    found.mkdir(parents=True)
    return found


@pytest.fixture
def feed(cars: Dataset, folder: Path) -> Feed:
    return drop_feed(cars)


def drop_feed(cars: Dataset, **more: Any) -> Feed:
    return feed_of(cars, "file_drop", settings={"quiet": 0, "limit": 10}, **more)


def lines(first: int, last: int, brand: str = "红旗") -> str:
    return HEAD + "".join(f"某{number},浙C{number},{brand},2026/3/1\n" for number in range(first, last + 1))


def tree(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if not one.is_dir())


def again(feed: Feed) -> Feed:
    Feed.objects.update(next_at=NOON)
    return read(feed)


def why(folder: Path, name: str) -> str:
    return (folder / "refused" / f"{name}.txt").read_text()


def workbook(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_files_are_read_in_the_order_of_their_names_and_moved_away(cars: Dataset, feed: Feed, folder: Path) -> None:
    (folder / "2026-02.csv").write_text(lines(5, 30, "飞鸽"))
    (folder / "2026-01.csv").write_text(lines(1, 12))
    feed = read(feed)
    assert (feed.last_error, feed.failures) == ("", 0)
    assert len(held(cars)) == 30
    assert {one["brand"] for one in held(cars) if int(one["plate"][2:]) >= 5} == {"飞鸽"}
    assert tree(folder) == ["done/2026-01.csv", "done/2026-02.csv"]
    assert feed.token["file"] == "2026-02.csv"
    assert feed.token["line"] == 27
    assert feed.read_to == NOON
    assert (feed.next_at - NOON).total_seconds() == 5, "however seldom data come, the folder is looked into"


def test_a_row_that_was_not_taken_is_told_by_its_file_and_its_line_there(
    cars: Dataset, feed: Feed, folder: Path, sign_in: Callable[[str], Client]
) -> None:
    (folder / "a-330302199003070015.csv").write_text(lines(1, 14) + "某15,,红旗,2026/3/1\n")
    (folder / "b.csv").write_text(f"{HEAD}某1,浙C1,飞鸽,2026/3/1\n\n某2,,飞鸽,2026/3/1\n")
    assert read(feed).last_error == ""
    rows = scores.all_to_mend("test_cars", SYSTEM)
    assert [(one.file, one.line) for one in rows] == [("a-….csv", 16), ("b.csv", 4)], "a number stays in the folder"
    steward = sign_in("steward")
    page = steward.get("/desk/quality/test_cars/rows/").content.decode()
    assert "b.csv" in page
    assert "第 4 行" in page
    table = steward.get("/desk/quality/test_cars/rows.csv").content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[:2] for line in table] == [["文件", "行"], ["a-….csv", "16"], ["b.csv", "4"]]


def test_files_that_were_read_are_deleted_after_their_term(
    cars: Dataset, feed: Feed, folder: Path, settings: Any, tmp_path: Path
) -> None:
    (folder / "a.csv").write_text(lines(1, 2))
    (folder / "b.csv").write_text("nonsense")
    assert read(feed).last_error == ""
    kept = tmp_path / "kept.csv"
    kept.write_text("elsewhere")
    (folder / "done" / "link.csv").symlink_to(kept)
    (folder / "refused" / "own").mkdir()
    (folder / "waiting.csv.part").write_text(HEAD)
    (tmp_path / "drop" / "339901-amr" / "away").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "done").mkdir(parents=True)
    (tmp_path / "outside" / "done" / "theirs.csv").write_text("elsewhere")
    before = tree(folder)
    settings.YIWANG_FEED_KEEP_DAYS = 30
    today = datetime.now(UTC)
    with clock.at(today + timedelta(days=29)):
        sweep.forget_all()
    assert tree(folder) == before
    with clock.at(today + timedelta(days=31)):
        assert sweep.forget_all() == 4, "two files, one note why, one link"
        assert sweep.forget_all() == 0
    assert tree(folder) == ["waiting.csv.part"]
    assert kept.exists()
    assert (tmp_path / "outside" / "done" / "theirs.csv").exists()


def test_a_file_in_which_there_is_nothing_says_that_all_is_up_to_date(cars: Dataset, feed: Feed, folder: Path) -> None:
    assert read(feed).read_to is None, "no file says nothing"
    (folder / "a.csv").write_text(HEAD)
    feed = again(feed)
    assert (feed.read_to, feed.last_error) == (NOON, "")
    assert tree(folder) == ["done/a.csv"]
    assert not Run.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312"])
def test_encodings_are_found_out(cars: Dataset, feed: Feed, folder: Path, encoding: str) -> None:
    (folder / "a.csv").write_text(lines(1, 3).replace("\n", "\r\n"), encoding=encoding)
    assert read(feed).last_error == ""
    assert {one["brand"] for one in held(cars)} == {"红旗"}
    assert len(held(cars)) == 3


def test_a_workbook(cars: Dataset, feed: Feed, folder: Path) -> None:
    rows = [["subject", "plate", "brand", "bought_on", "at", None]]
    rows += [[f"某{n}", n, "红旗", date(2026, 3, 1), datetime(2026, 3, 1, 8), None] for n in range(1, 24)]  # noqa: DTZ001
    rows += [
        [None] * 6,
        ["某99", 99.0, "=1+1", "20260301", "2026-03-01 08:00", "too much"],
        ["某98", "", "", "", "", ""],
    ]
    (folder / "车辆.xlsx").write_bytes(workbook(rows))
    feed = read(feed)
    assert feed.last_error == ""
    assert len(held(cars)) == 23
    assert held(cars)[0] == {"plate": "1", "brand": "红旗", "bought_on": "2026-03-01"}
    assert sorted(row.faults for row in BadRow.objects.all()) == [
        [["plate", "required"]], [["subject", "required"], ["plate", "required"]],
    ]  # fmt: skip
    assert tree(folder) == ["done/车辆.xlsx"]


def test_columns_are_mapped(cars: Dataset, folder: Path) -> None:
    feed = drop_feed(cars, columns={"身份证号": "subject", "车牌": "plate", "备注": ""})
    (folder / "a.csv").write_text("身份证号,车牌,备注,颜色\n甲,浙C1,x,红\n")
    feed = read(feed)
    assert held(cars) == [{"plate": "浙C1"}]
    assert feed.drift == {"unknown": ["颜色"], "missing": ["bought_on", "brand"]}


# --- on from where it stopped ---


def test_a_file_goes_on_where_it_stopped(cars: Dataset, feed: Feed, folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(runner, "TURN", -1.0)  # one batch a turn
    (folder / "a.csv").write_text(lines(1, 25) + '某26,"浙\nC26",,\n\n某27,浙C27,,\n')
    for count, line in ((10, 11), (20, 21), (27, 30)):
        found = feeds.take_up("test_cars", early=True)
        assert found is not None
        runner.run(found, halt())
        feed.refresh_from_db()
        assert (len(held(cars)), feed.token["line"]) == (count, line)
        assert tree(folder) == ["a.csv"], "it is there until its last row is written, and a little longer"
    assert read(feed).last_error == ""
    assert tree(folder) == ["done/a.csv"]
    assert sum(run.read for run in Run.objects.all()) == 27


def halt() -> Any:
    import threading

    return threading.Event()


def test_another_file_under_the_same_name_begins_anew(cars: Dataset, feed: Feed, folder: Path) -> None:
    (folder / "a.csv").write_text(lines(1, 5))
    read(feed)
    (folder / "a.csv").write_text(lines(3, 8, "飞鸽"))
    again(feed)
    assert len(held(cars)) == 8
    assert [run.read for run in Run.objects.order_by("id")] == [5, 6]
    (folder / "a.csv").write_text(lines(3, 8, "飞鸽"))
    again(feed)
    assert [run.read for run in Run.objects.order_by("id")] == [5, 6], "the same again is not read again"
    kept = tree(folder)
    assert len(kept) == 3
    assert all(one.startswith("done/") for one in kept)


@pytest.mark.parametrize("how", ["write", "replace"])
def test_a_file_that_changes_while_it_is_read(
    cars: Dataset, feed: Feed, folder: Path, monkeypatch: Any, how: str
) -> None:
    (folder / "a.csv").write_text(lines(1, 5))
    truly = feeds.take_batch

    def meddle(*args: Any, **more: Any) -> Any:
        found = truly(*args, **more)
        if how == "write":
            with (folder / "a.csv").open("a") as file:
                file.write("某6,浙C6,,\n")
        else:
            (folder / "b.tmp").write_text(lines(7, 9))
            (folder / "b.tmp").rename(folder / "a.csv")
        monkeypatch.setattr(feeds, "take_batch", truly)
        return found

    monkeypatch.setattr(feeds, "take_batch", meddle)
    read(feed)
    assert "a.csv" in tree(folder), "what was not read is not moved away"
    feed = again(feed)
    assert feed.last_error == ""
    assert len(held(cars)) == (6 if how == "write" else 8)
    assert "a.csv" not in tree(folder)


def test_what_is_still_being_written_waits(cars: Dataset, folder: Path) -> None:
    for name in ("a.csv.part", "a.tmp", ".hidden.csv", "b.csv.filepart"):
        (folder / name).write_text(lines(1, 1))
    feed = read(drop_feed(cars))
    assert (feed.last_error, feed.read_to, held(cars)) == ("", None, [])
    (folder / "a.csv").write_text(lines(1, 1))
    os.utime(folder / "a.csv", (0, 0))
    feed = read(feed_of(cars, "file_drop", settings={"quiet": 30}))
    assert held(cars) == [], "its own time of change says nothing about when it came"
    assert len(tree(folder)) == 5


# --- refused ---

BAD: dict[str, tuple[bytes, str]] = {
    "utf16.csv": (HEAD.encode("utf-16"), "UTF-16"),
    "binary.csv": (bytes(range(256)) * 4, "编码"),
    "empty.csv": (b"", "空的"),
    "headless.csv": ("330102199001011234,浙C1\n".encode(), "缺少列：subject"),
    "twice.csv": (b"subject,plate,plate\n", "重复"),
    "quotes.csv": ((lines(1, 12) + '某13,"浙C13\n').encode(), "引号"),
    "notes.docx": (b"x", "只收"),
    "README": (b"x", "只收"),
    "broken.xlsx": (b"PK\x03\x04nonsense", "打不开"),
    "blank.xlsx": (workbook([]), "空的"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_refused_with_the_reason(cars: Dataset, feed: Feed, folder: Path, name: str) -> None:
    content, told = BAD[name]
    (folder / name).write_bytes(content)
    (folder / "z.csv").write_text(lines(50, 52))
    feed = read(feed)
    assert tree(folder) == sorted(["done/z.csv", f"refused/{name}", f"refused/{name}.txt"])
    assert told in why(folder, name)
    assert "330102199001011234" not in why(folder, name), "a table without a header has people in its first line"
    assert (feed.failures, feed.last_error) == (0, "")
    assert told in Run.objects.latest("id").error
    assert {one["plate"] for one in held(cars)} >= {"浙C50", "浙C51", "浙C52"}


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    return out.getvalue()


def entities() -> bytes:
    """A workbook whose sheet defines one entity by another, and that by a third."""
    out = io.BytesIO()
    laugh = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    with zipfile.ZipFile(io.BytesIO(workbook([["subject"], ["甲"]]))) as whole, zipfile.ZipFile(out, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = laugh.encode() + content.replace(b"<sheetData>", b"<sheetData>&c;")
            archive.writestr(name, content)
    return out.getvalue()


def with_parts(parts: dict[str, bytes], replaced: bytes | None = None) -> bytes:
    """A workbook with more parts, or with another sheet."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["subject", "plate"], ["某1", "浙C1"]]))) as whole,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in whole.namelist():
            sheet = name == "xl/worksheets/sheet1.xml" and replaced is not None
            archive.writestr(name, replaced if sheet else whole.read(name))
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def shared_strings() -> bytes:
    """The bomb is in the words, not in the sheet."""
    return with_parts({"xl/sharedStrings2.xml": b"<t>" + b"A" * 30_000_000 + b"</t>"})


def very_many_parts() -> bytes:
    return with_parts({f"xl/media/{number}.png": b"" for number in range(600)})


def liar() -> bytes:
    """A sheet that says it is small and unpacks to far more: the sizes in the directory are the attacker's."""
    content = bytearray(with_parts({}, replaced=b"<worksheet>" + b" " * 3_000_000))
    directory, found = content.rindex(b"PK\x05\x06"), 0
    place = int.from_bytes(content[directory + 16 : directory + 20], "little")
    while content[place : place + 4] == b"PK\x01\x02":
        length = int.from_bytes(content[place + 28 : place + 30], "little")
        if content[place + 46 : place + 46 + length] == b"xl/worksheets/sheet1.xml":
            content[place + 24 : place + 28] = (100).to_bytes(4, "little")
            found += 1
        more = (content[place + 30 : place + 32], content[place + 32 : place + 34])
        place += 46 + length + sum(int.from_bytes(one, "little") for one in more)
    assert found == 1
    return bytes(content)


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "sheet": (bomb, "压缩比"),
    "words": (shared_strings, "压缩比"),
    "parts": (very_many_parts, "解压后太大"),
    "liar": (liar, "打不开"),
    "entities": (entities, "打不开"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(cars: Dataset, feed: Feed, folder: Path, name: str) -> None:
    make, told = BOMBS[name]
    (folder / "a.xlsx").write_bytes(make())
    feed = read(feed)
    assert told in why(folder, "a.xlsx")
    assert (feed.failures, held(cars)) == (0, [])


SLIPS = ("../slipped.csv", "../../../slipped.csv", "/tmp/slipped.csv", "..\\slipped.csv", "xl/../../slipped.csv")


def test_parts_with_paths_outside_are_written_nowhere(cars: Dataset, feed: Feed, folder: Path, tmp_path: Path) -> None:
    """What is packed beside the sheet is never unpacked, wherever its name would lead."""
    (folder / "a.xlsx").write_bytes(with_parts(dict.fromkeys(SLIPS, lines(7, 9).encode())))
    feed = read(feed)
    assert feed.failures == 0
    assert [one["plate"] for one in held(cars)] == ["浙C1"]
    assert tree(folder) == ["done/a.xlsx"]
    assert not list(tmp_path.rglob("*slipped*"))
    assert not Path("/tmp/slipped.csv").exists()


def test_a_workbook_that_unpacks_to_too_much(cars: Dataset, feed: Feed, folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(tables, "MAX_UNPACKED", 1000)
    (folder / "a.xlsx").write_bytes(workbook([["subject"], ["甲"]]))
    read(feed)
    assert "解压后太大" in why(folder, "a.xlsx")
    monkeypatch.setattr(file_drop, "MAX_BYTES", 5)
    (folder / "b.csv").write_text(lines(1, 1))
    again(feed)
    assert "超过" in why(folder, "b.csv")


@pytest.mark.slow
def test_a_workbook_that_breaks_off_is_refused_and_what_came_before_stays(
    cars: Dataset, feed: Feed, folder: Path
) -> None:
    rows = [["subject", "plate"], *([f"某{n}", f"浙C{n}"] for n in range(2000))]
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(rows))) as whole, zipfile.ZipFile(out, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name)
            archive.writestr(name, content[: len(content) // 2] if "sheet1" in name else content)
    (folder / "a.xlsx").write_bytes(out.getvalue())
    feed = read(feed)
    assert feed.failures == 0
    assert "打不开" in why(folder, "a.xlsx")
    assert tree(folder) == ["refused/a.xlsx", "refused/a.xlsx.txt"]


def test_who_dies_after_it_was_told_does_not_tell_twice(
    cars: Dataset, feed: Feed, folder: Path, monkeypatch: Any
) -> None:
    (folder / "a.csv").write_text("x,y\n")

    def die(*_any: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    truly = file_drop._Folder.move
    monkeypatch.setattr(file_drop._Folder, "move", die)
    with pytest.raises(KeyboardInterrupt):
        read(feed)
    monkeypatch.setattr(file_drop._Folder, "move", truly)
    Feed.objects.update(claim=None, next_at=NOON)
    read(feed)
    assert tree(folder) == ["refused/a.csv", "refused/a.csv.txt"]
    assert "缺少列" in why(folder, "a.csv")
    run = Run.objects.get()
    assert run.error.count("缺少列") == 1


# --- outside ---


@pytest.mark.parametrize(
    "address",
    ["..", "../x", "/etc", "a/../b", "a//b", "a/", "done", "x/refused", ".", ".x", "a\x00b", "a\\b", "~", "a b"],
)
def test_paths_outside_are_refused(address: str) -> None:
    source = Source(CARS, address)
    assert [one.field for one in file_drop.FileDrop().check(source)] == ["address"]
    with pytest.raises(file_drop.Outside):
        folder_of(source)


def test_a_folder_lies_below_its_agencys(cars: Dataset, folder: Path, settings: Any) -> None:
    assert folder_of(Source(CARS)) == folder
    assert folder_of(Source(CARS, "车辆/2026")) == folder.parent / "车辆" / "2026"
    feed = read(drop_feed(cars, address="车辆/2026"))
    assert feed.last_error == ""
    assert (folder.parent / "车辆" / "2026").is_dir(), "what is missing is made"


def test_links_are_not_followed(cars: Dataset, feed: Feed, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(lines(1, 5))
    (folder / "a.csv").symlink_to(secret)
    (folder / "b.csv").symlink_to("/nowhere")
    (folder / "c").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.csv")
    feed = read(feed)
    assert (held(cars), feed.failures) == ([], 0)
    assert secret.read_text() == lines(1, 5)
    assert {one for one in tree(folder) if not one.startswith("refused/")} == set()
    assert "链接" in why(folder, "a.csv")


@pytest.mark.parametrize("which", ["agency", "feed", "done"])
def test_folders_that_are_links_are_not_entered(
    cars: Dataset, feed: Feed, folder: Path, tmp_path: Path, which: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "test_cars").mkdir(parents=True)
    (elsewhere / "a.csv").write_text(lines(1, 5))
    (elsewhere / "test_cars" / "a.csv").write_text(lines(1, 5))
    if which == "done":
        (folder / "a.csv").write_text(lines(1, 1))
        (folder / "done").symlink_to(elsewhere)
    else:
        place = folder.parent if which == "agency" else folder
        place.rename(tmp_path / "moved")
        place.symlink_to(elsewhere)
    before = tree(elsewhere)
    feed = read(feed)
    assert feed.failures == 1
    assert tree(elsewhere) == before
    assert len(held(cars)) == (1 if which == "done" else 0)


def test_names_that_are_no_text(cars: Dataset, feed: Feed, folder: Path) -> None:
    odd = os.fsencode(folder) + b"/\xff\xfe 330102199001011234.csv"
    with open(odd, "wb") as file:
        file.write(lines(1, 3).encode())
    with open(os.fsencode(folder) + b"/\xff.txt", "wb") as file:
        file.write(b"x")
    feed = read(feed)
    assert (feed.last_error, len(held(cars))) == ("", 3)
    assert "330102199001011234" not in Run.objects.get().error
