"""Imports: the report is right, nothing is half imported, the same file again changes nothing."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import uuid
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from yiwang.kernel.codes import uscc_check
from yiwang.kernel.problems import NotAllowed, NotFound
from yiwang.kernel.types import SYSTEM, Actor, Role
from yiwang.platform.catalog import acts, documents, queries
from yiwang.platform.catalog.imports import columns
from yiwang.platform.catalog.imports.exporting import HEADER, write_csv
from yiwang.platform.catalog.imports.formats import FileRefused, SourceFile, format_for
from yiwang.platform.catalog.imports.reading import MAX_LINE, encoding_of, is_formula, lines, neutral, plain, records_in
from yiwang.platform.catalog.imports.report import MAX_NOTES, Note, NoteLevel, Report, Tally
from yiwang.platform.catalog.models import Edition, Implementation
from yiwang.platform.catalog.tests import city
from yiwang.platform.catalog.tests.items import BASIC, USCC, item
from yiwang.platform.catalog.tests.strategies import definitions
from yiwang.platform.catalog.types import Definition, Draft, Standing
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.models import Agency

INVENTED = Path(__file__).parent / "data" / "guangdong_invented.jsonl"
_NAME = Path("shared/data/items/guangdong_sample_400.jsonl")
REAL = next((above / _NAME for above in Path(__file__).parents if (above / _NAME).exists()), _NAME)
BODY = Standing("演示部门330302-amr", USCC)


def bring(path: Path, *, apply: bool = True, by: Actor = SYSTEM, format_name: str = "") -> Report:
    source = SourceFile.of(path)
    return acts.import_items(source, format_name or format_for(path), apply, by=by, key=str(uuid.uuid4()))


def reasons(report: Report, level: NoteLevel = NoteLevel.REJECTED) -> Counter[str]:
    return Counter(note.reason for note in report.notes if note.level is level)


def table(path: Path, *definitions: Definition, **cells: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_csv(file, [Draft(documents.dump_definition(definition), BODY) for definition in definitions])
    if cells:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row | cells for row in csv.DictReader(file)]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return path


def other(number: int, **changes: Any) -> Definition:
    basic = f"3301319{number:02d}000"
    return item(**{"basic_code": basic, "task_code": f"{USCC}4{basic}"} | changes)


# --- Guangdong ---


def test_invented_guangdong_rows_land_or_are_refused_with_reasons(amr: Agency) -> None:
    report = bring(INVENTED)
    assert (report.read, report.landed, report.rejected) == (10, 5, 5)
    assert reasons(report) == {"twice": 1, "code": 1, "code.parent": 1, "columns": 1, "json": 1}
    assert reasons(report, NoteLevel.WARNING) >= Counter(
        {"limit.none": 3, "limit.unread": 1, "code.handle": 1, "code.pseudo": 2, "theme": 1}
    )
    assert {(note.row, note.reason) for note in report.notes} >= {
        (4, "code.pseudo"),
        (6, "twice"),
        (10, "json"),
    }


def test_rows_from_elsewhere_are_shown_but_never_applied_for(amr: Agency) -> None:
    bring(INVENTED)
    rows = Implementation.objects.select_related("agency", "current")
    assert rows.count() == 5
    assert all(row.sample_only and row.current_id and row.agency.external for row in rows)
    assert {row.pseudo_body for row in rows} == {True, False}
    assert [view.definition.name for view in queries.find_by_name("演示事项甲")] == ["演示事项甲"]
    assert queries.editions_in("440000", ["440101901001"]) == {}
    assert [found.code for found in directory.agencies()] == [amr.code]


def test_what_was_said_is_kept(amr: Agency) -> None:
    bring(INVENTED)
    (view,) = queries.find_by_name("演示事项甲")
    told = view.definition
    assert (told.statutory_limit.value, told.promised_limit.value) == (20, 5)
    assert [condition.text for condition in told.conditions] == ["有固定场所。", "有专门人员。"]
    assert [material.name for material in told.materials] == ["申请表", "营业执照"]
    assert (told.person_themes, told.legal_themes) == (("035",), ("005",))
    assert told.places[0].address == "演示市演示路1号"
    (without,) = queries.find_by_name("演示事项乙")
    assert without.definition.statutory_limit.note


@pytest.mark.skipif(not REAL.exists(), reason="real data lies outside the project")
@pytest.mark.slow
def test_real_guangdong_guides_all_land(amr: Agency) -> None:
    report = bring(REAL)
    assert (report.read, report.landed, report.rejected) == (400, 400, 0)
    assert reasons(report, NoteLevel.WARNING)["limit.none"] >= 200
    again = bring(REAL)
    assert again.unchanged == 400
    assert Edition.objects.count() == 400


# --- Once and wholly ---


@pytest.mark.parametrize("path", [INVENTED, None])
def test_importing_again_changes_nothing(amr: Agency, tmp_path: Path, path: Path | None) -> None:
    source = path or table(tmp_path / "items.csv", other(1), other(2))
    first = bring(source)
    before = list(Implementation.objects.order_by("task_code").values_list("task_code", "draft_digest", "changed_at"))
    again = bring(source)
    assert (again.landed, again.unchanged) == (first.landed, first.landed)
    assert first.unchanged == 0
    assert before == list(
        Implementation.objects.order_by("task_code").values_list("task_code", "draft_digest", "changed_at")
    )


def test_a_dry_run_reports_the_same_and_writes_nothing(amr: Agency) -> None:
    tried = bring(INVENTED, apply=False)
    assert Implementation.objects.count() == 0
    assert Agency.objects.filter(external=True).count() == 0
    done = bring(INVENTED)
    assert replace(tried, applied=True) == done


def test_a_file_that_breaks_in_the_middle_leaves_nothing(amr: Agency, tmp_path: Path) -> None:
    path = table(tmp_path / "items.csv", other(1), other(2))
    path.write_bytes(path.read_bytes() + b"\xff\xff\xff")
    report = bring(path)
    assert reasons(report) == {"encoding": 1}
    assert report.read == 0
    assert Implementation.objects.count() == 0


def test_an_editor_imports_only_what_their_grant_reaches(amr: Agency, tmp_path: Path) -> None:
    path = table(tmp_path / "items.csv", other(1))
    report = bring(path, by=city.staff(Role.ITEM_EDITOR, agency_path="/330302/another/"))
    assert reasons(report) == {"not-allowed": 1}
    assert Implementation.objects.count() == 0
    assert bring(path, by=city.staff(Role.ITEM_EDITOR, agency_path=amr.path)).landed == 1
    with pytest.raises(NotAllowed):
        bring(path, by=city.staff(Role.INTAKE))


def test_an_own_item_lands_as_a_draft(amr: Agency, tmp_path: Path) -> None:
    report = bring(table(tmp_path / "items.csv", other(1, faq=())))
    assert reasons(report, NoteLevel.WARNING) == {"lint.3.6.8": 1}
    row = Implementation.objects.get()
    assert (row.state, row.current_id, row.sample_only) == ("draft", None, False)
    with pytest.raises(NotFound):
        queries.current_edition(row.task_code)


# --- CSV and XLSX ---


def test_csv_comes_back_the_same(amr: Agency, tmp_path: Path) -> None:
    first, second = tmp_path / "one.csv", tmp_path / "two.csv"
    table(first, other(1), other(2, plain='多行\n说明，带“引号”"和,逗号', keywords=("a,b", "=c")))
    assert bring(first).landed == 2
    call_command("items", "export", str(second), stdout=io.StringIO())
    assert without(second, "row_guid", "transact_addr", "transact_time") == without(
        first, "row_guid", "transact_addr", "transact_time"
    )


def without(path: Path, *columns: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: text for name, text in row.items() if name not in columns} for row in csv.DictReader(file)]


text = st.text(st.sampled_from("甲乙=+-@'\"，,[]{}\n 1无a"), max_size=8).map(str.strip)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(
    definitions(
        text,
        st.integers(0, 99),
        power_source=st.just("2"),
        cross_region=st.sampled_from(["", "national"]),
        depth=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    )
)
def test_every_definition_survives_the_columns(drawn: Definition) -> None:
    file = io.StringIO()
    write_csv(file, [Draft(documents.dump_definition(drawn), BODY)])
    file.seek(1)
    (cells,) = csv.DictReader(file)
    read = columns.read_row({name: plain(value) for name, value in cells.items()})
    assert documents.DEFINITION.validate_python(read | {"agency": drawn.agency}) == drawn


@given(st.text())
def test_no_exported_cell_is_a_formula_and_each_comes_back(cell: str) -> None:
    assert not is_formula(neutral(cell))
    assert plain(neutral(cell)) == cell


def test_formulas_are_told_and_kept_as_text(amr: Agency, tmp_path: Path) -> None:
    path = table(tmp_path / "items.csv", other(1), x_plain='=HYPERLINK("http://x.invalid")')
    report = bring(path)
    assert reasons(report, NoteLevel.WARNING) == {"formula": 1}
    assert Implementation.objects.get().draft["plain"] == '=HYPERLINK("http://x.invalid")'
    out = tmp_path / "out.csv"
    call_command("items", "export", str(out), stdout=io.StringIO())
    assert "'=HYPERLINK" in out.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_are_found_out(amr: Agency, tmp_path: Path, encoding: str) -> None:
    path = table(tmp_path / "items.csv", other(1))
    path.write_bytes(path.read_text(encoding="utf-8-sig").encode(encoding))
    assert encoding_of(path) == encoding
    assert bring(path).landed == 1
    assert Implementation.objects.get().draft["name"] == "演示小店经营许可"


@pytest.mark.parametrize(
    "raw", ["甲乙".encode("utf-16"), b"\x00\x01\x02", b"\xff\xff", "caf\xe9 \x81".encode("latin-1")]
)
def test_other_encodings_are_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes(raw)
    with pytest.raises(FileRefused) as caught:
        encoding_of(path)
    assert caught.value.reason == "encoding"


def test_missing_columns_refuse_the_file_and_are_named(amr: Agency, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("task_code,task_name\nx,y\n", encoding="utf-8")
    report = bring(path)
    assert (report.read, report.rejected) == (0, 0)
    (note,) = report.notes
    assert note.reason == "columns"
    assert "catalog_code" in note.message


def test_a_duplicate_in_the_file_is_refused_with_the_first_row(amr: Agency, tmp_path: Path) -> None:
    report = bring(table(tmp_path / "items.csv", other(1), other(1, plain="又一个")))
    assert (report.landed, report.rejected) == (1, 1)
    assert "2" in report.notes[0].message


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"anticipate_day": "很快"}, "cell"),
        ({"server_type": "8"}, "cell"),
        ({"by_law": "{"}, "cell"),
        ({"materials": '[{"is_need": "7"}]'}, "cell"),
        ({"materials": '[{"material_name": "甲", "material_kind": "没有这种"}]'}, "content"),
        ({"use_level": "99999"}, "database"),
        ({"dept_code": "", "dept_name": ""}, "agency"),
        ({"task_code": "", "task_handle_item": ""}, "code"),
    ],
)
def test_bad_cells_refuse_the_row(amr: Agency, tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    path = table(tmp_path / "items.csv", other(1), **cells)
    report = bring(path)
    assert reasons(report) == {reason: 1}
    assert Implementation.objects.count() == 0


@pytest.mark.slow
def test_a_line_of_fifty_megabytes_is_refused_in_little_memory(amr: Agency, tmp_path: Path) -> None:
    path = table(tmp_path / "items.csv", other(1), other(2))
    with path.open("rb") as file:
        header, *rest = file.read().split(b"\r\n")
    with path.open("wb") as file:
        file.write(header + b"\r\n" + rest[0] + b"\r\n")
        for _piece in range(50):
            file.write(b"x" * 1_048_576)
        file.write(b"\r\n" + rest[1] + b"\r\n")
    tracemalloc.start()
    try:
        report = bring(path)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (report.landed, reasons(report)) == (2, {"line.long": 1})
    assert report.notes[0].row == 3
    assert peak < 12 * 1_048_576


@pytest.mark.slow
@pytest.mark.parametrize("name", ["items.csv", "items.jsonl"])
def test_a_million_rows_are_counted_and_refused_before_any_is_read(amr: Agency, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(",".join(HEADER).encode() + b"\n")
        for _piece in range(100):
            file.write(b'1,"two\nlines"\n' * 10_000)
    tracemalloc.start()
    try:
        report = bring(path)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (report.read, report.landed, reasons(report)) == (0, 0, {"rows": 1})
    assert ("1,000,000" if name.endswith("csv") else "2,000,001") in report.notes[0].message
    assert peak < 20 * 1_048_576
    assert Implementation.objects.count() == 0


def test_a_sheet_of_too_many_rows_is_refused_before_any_is_read(amr: Agency, tmp_path: Path) -> None:
    path = tmp_path / "items.xlsx"
    book = Workbook(write_only=True)
    sheet = book.create_sheet("items")
    for number in range(300):
        sheet.append([number])
    book.save(path)
    report = acts.import_items(SourceFile.of(path), "xlsx", True, 100, by=SYSTEM, key="once")
    assert (report.read, reasons(report)) == (0, {"rows": 1})


@given(st.lists(st.sampled_from([b"a,b", b'"x', b'y"', b'""', b"\n", b"\r\n"]), max_size=30))
def test_records_are_counted_as_they_are_read(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("count") / "x.csv"
    path.write_bytes(b"".join(pieces))
    quoted, ends, last = False, 0, b""
    for byte in path.read_bytes():
        quoted ^= byte == ord('"')
        ends += byte == ord("\n") and not quoted
        last = bytes([byte])
    assert records_in(path) == ends + (last not in (b"", b"\n"))


def test_long_lines_of_json_too(amr: Agency, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    first = INVENTED.read_text(encoding="utf-8").splitlines()[0]
    path.write_text(f'{first}\n"{"x" * (MAX_LINE + 10)}"\n', encoding="utf-8")
    report = bring(path)
    assert (report.landed, reasons(report)) == (1, {"line.long": 1})


def test_an_open_quotation_mark_is_told(amr: Agency, tmp_path: Path) -> None:
    path = table(tmp_path / "items.csv", other(1))
    path.write_bytes(path.read_bytes() + b'a,"b\r\nc,d\r\n')
    report = bring(path)
    assert (report.landed, reasons(report)) == (1, {"quotes": 1})


@given(st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), max_size=6))
def test_lines_are_split_as_bytes_are(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("lines") / "x"
    ascii_pieces = [bytes(byte & 0x7F for byte in piece).replace(b"\n", b"") for piece in pieces]
    path.write_bytes(b"\n".join(ascii_pieces))
    read = [line.text for line in lines(path, "utf-8")]
    expected = [piece.decode() for piece in ascii_pieces]
    while expected and not expected[-1]:
        expected.pop()
        break
    assert read == expected


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def cells_of(definition: Definition) -> dict[str, str]:
    cells = columns.write_row(documents.dump_definition(definition))
    return cells | {"dept_name": BODY.agency_name, "dept_code": BODY.agency_uscc}


def test_a_workbook_with_sheets_of_children(amr: Agency, tmp_path: Path) -> None:
    wanted = other(1)
    cells = cells_of(wanted)
    children = {
        name: [["task_code", *(column.name for column in known)]]
        + [
            [wanted.task_code, *(columns.cell(row.get(column.name, "")) for column in known)]
            for row in json.loads(cells.pop(name) or "[]")
        ]
        for name, known in columns.CHILDREN.items()
    }
    path = workbook(tmp_path / "items.xlsx", items=[list(cells), list(cells.values())], **children)
    report = bring(path)
    assert report.notes == ()
    assert documents.DEFINITION.validate_python(Implementation.objects.get().draft) == wanted


def test_a_bad_child_refuses_its_item_only(amr: Agency, tmp_path: Path) -> None:
    rows = [cells_of(other(number)) for number in (1, 2)]
    for row in rows:
        row.pop("fees")
    fees = [["task_code", "fee_name", "is_desc"], [other(1).task_code, "工本费", "也许"]]
    path = workbook(tmp_path / "x.xlsx", items=[list(rows[0]), *(list(row.values()) for row in rows)], fees=fees)
    report = bring(path)
    assert (report.landed, reasons(report)) == (1, {"cell": 1})


def test_bombs_are_refused_before_they_go_off(amr: Agency, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    assert reasons(bring(path)) == {"bomb": 1}
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(600):
            archive.writestr(f"{number}", b"")
    assert reasons(bring(path)) == {"bomb": 1}
    path.write_bytes(b"PK no zip")
    assert reasons(bring(path)) == {"xlsx": 1}


def test_an_unknown_body_of_a_table_becomes_an_external_agency(amr: Agency, tmp_path: Path) -> None:
    uscc = "11330109MA00DEM0X"
    uscc += uscc_check(uscc)
    definition = other(1, task_code=f"{uscc}4330131901000", basic_code=BASIC)
    path = table(tmp_path / "items.csv", definition, dept_code=uscc, dept_name="演示外地局")
    report = bring(path)
    assert reasons(report, NoteLevel.WARNING) == {"agency.external": 1}
    row = Implementation.objects.select_related("agency").get()
    assert (row.agency.name, row.agency.external, row.sample_only) == ("演示外地局", True, True)


# --- Pack items, formats, the command ---


def test_an_item_of_a_pack(amr: Agency, tmp_path: Path) -> None:
    document = documents.dump_definition(item())
    for name in ("task_code", "agency", "level", "places", "consult_phone", "complaint_phone"):
        document.pop(name)
    path = tmp_path / "shop.yaml"
    path.write_text(json.dumps(document | {"bodies": [{"agency": "330302-amr"}]}, ensure_ascii=False), encoding="utf-8")
    assert bring(path).landed == 1
    assert Implementation.objects.get().task_code == item().task_code
    path.write_text("name: 甲\nbodies:\n- {agency: nobody}\n", encoding="utf-8")
    assert reasons(bring(path)) == {"pack": 1}
    path.write_text("a: &a [x]\nb: [*a, *a]\n", encoding="utf-8")
    assert reasons(bring(path)) == {"alias": 1}
    path.write_text("a: [", encoding="utf-8")
    assert reasons(bring(path)) == {"yaml": 1}


def test_an_unknown_ending_needs_a_format(tmp_path: Path) -> None:
    with pytest.raises(FileRefused):
        format_for(tmp_path / "items.doc")


def test_notes_are_bounded() -> None:
    tally = Tally()
    for _number in range(3):
        tally.note(*(Note(1, "", NoteLevel.WARNING, "x", "") for _ in range(1_500)))
    report = tally.report("a", "csv", applied=False)
    assert (len(report.notes), report.more_notes) == (MAX_NOTES, 4_500 - MAX_NOTES)


def test_the_command_imports_lints_and_exports(amr: Agency, tmp_path: Path) -> None:
    path = table(tmp_path / "items.csv", other(1), other(2, faq=()))
    out = io.StringIO()
    call_command("items", "import", str(path), stdout=out)
    assert Implementation.objects.count() == 0
    call_command("items", "import", str(path), "--apply", stdout=out)
    assert Implementation.objects.count() == 2
    with pytest.raises(CommandError):
        call_command("items", "lint", "--all", stdout=out)
    assert "3.6.8" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("items", "import", str(tmp_path / "nothing.csv"), stdout=out)
    broken = tmp_path / "broken.csv"
    broken.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("items", "import", str(broken), stdout=out)


def test_the_header_names_every_column_once() -> None:
    assert len(set(HEADER)) == len(HEADER)
    assert columns.REQUIRED <= set(HEADER) <= columns.KNOWN
