"""The editors' pages beside the form: files in with their report, everything out, samples kept and shown."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pypdf import PdfWriter

from yiwang.kernel.acts import system_record
from yiwang.kernel.types import SYSTEM, Role
from yiwang.platform.catalog import documents, queries
from yiwang.platform.catalog.acts import publish_draft
from yiwang.platform.catalog.editing import pages
from yiwang.platform.catalog.editing.models import ItemDraft
from yiwang.platform.catalog.imports.exporting import write_csv
from yiwang.platform.catalog.models import Edition, Implementation, SampleFile
from yiwang.platform.catalog.tests.desk import made, signed_in
from yiwang.platform.catalog.tests.items import USCC, item
from yiwang.platform.catalog.types import Definition, Draft, Standing
from yiwang.platform.directory.models import Agency

IMPORT, FILES = "/editors/items-import/", "/editors/items-files/"


def table(*definitions: Definition) -> str:
    out = io.StringIO()
    write_csv(out, [Draft(documents.dump_definition(one), Standing("演示部门330302-amr", USCC)) for one in definitions])
    return out.getvalue()


def sent(client: Client, content: bytes, name: str = "items.csv", **more: Any) -> Any:
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, content), **more})


def pdf() -> bytes:
    out = io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(out)
    return out.getvalue()


def test_a_file_is_tried_then_brought_in(amr: Agency) -> None:
    editor = signed_in(amr, Role.ITEM_EDITOR, amr.path)
    tried = sent(editor, table(item(plain="必要时补交")).encode())
    page = tried.content.decode()
    assert tried.status_code == 200
    assert "试算结果" in page
    assert "写入这 1 行" in page
    assert Implementation.objects.count() == 0
    done = editor.post(IMPORT, {"action": "apply"})
    assert "导入结果" in done.content.decode()
    row = Implementation.objects.get()
    assert (row.draft["plain"], row.current_id) == ("必要时补交", None)
    again = editor.post(IMPORT, {"action": "apply"})
    assert (again.status_code, "请重新选择" in again.content.decode()) == (422, True)


def test_bad_rows_and_bad_files_are_told_on_the_page(amr: Agency) -> None:
    editor = signed_in(amr, Role.ITEM_EDITOR, amr.path)
    text = table(item(), item(task_code=f"{USCC}4330131902000", basic_code="330131902000"))
    broken = text.replace("330131902000", "33013190200", 1).encode()
    page = sent(editor, broken).content.decode()
    assert "拒绝的行" in page
    assert "<td>1</td>" in page
    for content, words in (
        (b"", "请选择一个文件"),
        (b"a,b\n1,2\n", "缺少列"),
        (text.encode("utf-16"), "UTF-16"),
        (bytes(range(256)) * 9, "认不出文件的编码"),
    ):
        assert words in sent(editor, content).content.decode()
    assert "看不出文件的格式" in sent(editor, text.encode(), "items.doc").content.decode()
    assert "写入这" in sent(editor, text.encode(), "items.doc", format="csv").content.decode()
    assert Implementation.objects.count() == 0


def test_a_page_waits_for_so_many_rows_only(amr: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_ROWS", 1)
    editor = signed_in(amr, Role.ITEM_EDITOR, amr.path)
    page = sent(editor, table(item(), item(plain="二"), item(plain="三")).encode()).content.decode()
    assert "文件有 3 行，一次最多 1 行" in page
    monkeypatch.setattr(pages, "LARGEST", 10)
    assert "文件超过" in sent(editor, table(item()).encode()).content.decode()


def test_an_editor_of_another_agency_brings_nothing_in(amr: Agency) -> None:
    stranger = signed_in(amr, Role.ITEM_EDITOR, "/330302/other/")
    page = sent(stranger, table(item()).encode()).content.decode()
    assert "not-allowed" in page
    assert "没有可以写入的新内容" in page
    stranger.post(IMPORT, {"action": "apply"})
    assert Implementation.objects.count() == 0


def test_what_goes_out_comes_in_again_unchanged(amr: Agency, shop: ItemDraft) -> None:
    editor = signed_in(amr, Role.ITEM_EDITOR)
    content = b"".join(editor.get("/editors/items-export/").streaming_content)
    assert content.startswith("\ufefftask_code".encode())
    page = sent(editor, content).content.decode()
    assert "没有可以写入的新内容" in page


def test_samples_are_kept_under_names_that_take_nobodys_place(amr: Agency) -> None:
    editor = signed_in(amr, Role.ITEM_EDITOR)
    page = editor.post(FILES, {"file": SimpleUploadedFile("平面图.pdf", pdf())}).content.decode()
    name = SampleFile.objects.get(name__startswith="uploads/").name
    assert name.endswith("-平面图.pdf")
    assert name in page
    assert b"".join(editor.get(f"{FILES}{name}").streaming_content) == pdf()
    refused = editor.post(
        FILES, {"file": SimpleUploadedFile("样表.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))}
    )
    assert refused.status_code == 422
    assert editor.post(FILES).status_code == 422


def test_an_edition_shows_its_files_as_they_were(amr: Agency, client: Client) -> None:
    draft = made(item(), published=True)
    edition = queries.current_edition(item().task_code)
    address = f"/guide-files/{edition.id}/result.pdf"
    before = b"".join(client.get(address).streaming_content)
    with system_record("test.sample"):
        from yiwang.platform.catalog.acts import write_sample
        from yiwang.ui import store

        write_sample("result.pdf", store.save(io.BytesIO(b"another")), "application/pdf", 7)
        publish_draft(Implementation.objects.get(pk=draft.implementation_id), "", by=SYSTEM)
    assert b"".join(client.get(address).streaming_content) == before == b"result.pdf"
    later = queries.current_edition(item().task_code)
    assert (later.number, later.digest != edition.digest) == (2, True)
    assert b"".join(client.get(f"/guide-files/{later.id}/result.pdf").streaming_content) == b"another"
    assert client.get(f"/guide-files/{edition.id}/blank.doc").status_code == 404
    assert Edition.objects.count() == 2


def test_only_editors_come_to_these_pages(amr: Agency) -> None:
    clerk = signed_in(amr, Role.INTAKE)
    for address in (IMPORT, FILES, "/editors/items-export/", f"{FILES}result.pdf"):
        assert clerk.get(address).status_code == 403
        assert Client().get(address).status_code == 302
