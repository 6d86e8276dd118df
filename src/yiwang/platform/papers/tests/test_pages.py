"""The window's pages and the owner's: the whole way through a browser, with what is typed wrongly."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pypdf import PdfWriter

from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import Actor
from yiwang.platform.identity.models import Organisation, Person
from yiwang.platform.papers import acts
from yiwang.platform.papers.models import Page, Paper, Scan
from yiwang.platform.papers.tests.conftest import PAPER, jpeg, kept, key, pdf, scanned, small, stored

DESK = "/desk/papers/"
MOST = 12
"""Queries that a page of the desk may take, knowing who asks included."""


def up(content: bytes, name: str = "扫描.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def work() -> None:
    while acts.work_on():
        pass


@pytest.fixture
def desk(owner: Actor, sign_in: Callable[[str], Client]) -> Client:
    return sign_in("intake")


@pytest.fixture
def number(owner: Actor) -> str:
    found = Person.objects.get(pk=owner.id).number
    assert found
    return found


def test_from_the_scanner_to_the_owner_and_back(
    desk: Client, owner: Actor, number: str, sign_in: Callable[[str], Client]
) -> None:
    assert "还没有扫描过" in text(desk.get(DESK))
    page = Image.new("L", (60, 80), 120)
    files = [up(pdf(page, page), "两页.pdf"), up(small())]
    sent = desk.post(DESK, {"document": "citizen_id", "number": number, "files": files, "key": key()})
    assert sent.status_code == 302, text(sent)
    scan = sent.headers["Location"]
    assert "做好 0 页，一共 3 页" in text(desk.get(scan))
    assert "HX-Refresh" not in desk.get(f"{scan}state/?done=0").headers
    work()
    assert desk.get(f"{scan}state/?done=0").headers["HX-Refresh"] == "true"
    shown = text(desk.get(scan))
    assert "第 2 份" in shown
    assert "3 页待编目" in text(desk.get(DESK))
    for size in ("", "?small"):
        answer = desk.get(f"{scan}pages/1{size}")
        with Image.open(io.BytesIO(b"".join(answer) if answer.streaming else answer.content)) as image:
            assert image.format == "JPEG"
        assert answer.headers["Cache-Control"] == "private, no-store"
    body = {
        "begins": ["1", "3"],
        "key": key(),
        "name-1": "从业人员健康证明",
        "number-1": "TS-9",
        "until-1": "2027-05-01",
    }
    turned = desk.post(scan, body | {"_step": "turn:3:left"})
    assert turned.status_code == 200
    assert 'value="TS-9"' in text(turned)
    assert Page.objects.get(number=3).turned == 90
    assert desk.post(scan, body | {"key": key()}).status_code == 302
    paper = Paper.objects.get()
    assert (paper.identity, paper.pages, paper.number) == (PAPER, [1, 2], "TS-9")
    assert "待核对原件" in text(desk.get(scan))
    here = f"{DESK}{paper.pk}/"
    assert "和原件一致" in text(desk.get(here))
    assert desk.post(here, {"do": "check", "key": key()}).status_code == 302
    again = desk.post(here, {"do": "check", "key": key()})
    assert again.status_code == 422
    assert "有 1 处要改" in text(again)
    mine = sign_in("rep")
    assert "从业人员健康证明" in text(mine.get("/my/papers/"))
    own = f"/my/papers/{paper.pk}/"
    assert "核对过原件" in text(mine.get(own))
    assert mine.get(f"{own}file").headers["Content-Type"] == "application/pdf"
    assert "数据服务窗口核对材料：从业人员健康证明" in text(mine.get("/my/access/?show=people"))
    assert mine.post(own, {"key": key()}).status_code == 302
    assert "本人已收回" in text(mine.get(own))
    twice = mine.post(own, {"key": key()})
    assert twice.status_code == 422
    assert "有 1 处要改" in text(twice)
    Paper.objects.update(digest="")
    gone = text(mine.get(own))
    assert "内容已按期删除" in gone
    assert "<aside" not in gone, "nothing to open or to take back"
    assert desk.get(here).status_code == 404
    assert desk.get(f"{scan}pages/1").status_code == 404


def test_looking_is_noted_once_for_a_scan(desk: Client, owner: Actor, clerk: Actor) -> None:
    pk = scanned(owner, clerk, stored(small()), stored(small(9)))
    for path in ("", "pages/1", "pages/2?small"):
        assert desk.get(f"{DESK}scans/{pk}/{path}").status_code == 200
    assert AuditEntry.objects.filter(kind="read", name="papers.read", person_id=owner.id).count() == 1


def bomb() -> bytes:
    from pypdf.generic import ArrayObject, NameObject, NumberObject

    writer, out = PdfWriter(), io.BytesIO()
    page = writer.add_blank_page(72, 72).indirect_reference
    tree = writer.root_object["/Pages"].get_object()
    tree[NameObject("/Kids")] = ArrayObject([page] * 5000)
    tree[NameObject("/Count")] = NumberObject(1)
    writer.write(out)
    return out.getvalue()


def locked() -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(72, 72)
    writer.encrypt("secret")
    writer.write(out)
    return out.getvalue()


def wide() -> bytes:
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lambda: b"%PDF-1.4 broken", "不完整"),
        (locked, "加了密码"),
        (bomb, "超过 200 页"),
        (wide, "像素"),
        (lambda: b"<html><script>alert(1)</script></html>", "不是 PDF、JPG 或 PNG"),
        (lambda: b"", "空的"),
    ],
)
def test_what_might_do_harm_is_told_beside_the_field(desk: Client, number: str, content: Any, told: str) -> None:
    good = up(small(), "好的.jpg")
    answer = desk.post(
        DESK, {"document": "citizen_id", "number": number, "files": [good, up(content(), "坏.pdf")], "key": key()}
    )
    assert answer.status_code == 422
    shown = text(answer)
    assert told in shown
    assert 'id="s-files-error"' in shown
    assert f'value="{number}"' in shown
    mark = re.search(r'name="_kept-files" value="([^"]+)" checked', shown)
    assert mark, "the good one is not lost"
    again = {"document": "citizen_id", "number": number, "_kept-files": mark[1], "key": key()}
    assert desk.post(DESK, again).status_code == 302
    assert Scan.objects.get().total == 1


@pytest.mark.parametrize(
    ("document", "typed", "told"),
    [
        ("citizen_id", "", "请输入证件号码"),
        ("citizen_id", "330302199003070018", "身份"),
        ("passport", "E99999999", "还没有这个人"),
        ("uscc", "91339901MADEM0099X", "代码"),
    ],
)
def test_somebody_unknown_is_told_and_the_files_stay(desk: Client, document: str, typed: str, told: str) -> None:
    answer = desk.post(DESK, {"document": document, "number": typed, "files": [up(small())], "key": key()})
    assert answer.status_code == 422
    shown = text(answer)
    assert told in shown
    assert 'id="s-number-error"' in shown
    assert "_kept-files" in shown
    assert f'value="{document}" selected>' in shown
    assert not Scan.objects.exists()


def test_papers_of_a_firm_and_of_who_is_served(desk: Client, owner: Actor, number: str) -> None:
    firm = Organisation.objects.filter(active=True).earliest("uscc")
    assert (
        desk.post(DESK, {"document": "uscc", "number": firm.uscc, "files": [up(small())], "key": key()}).status_code
        == 302
    )
    assert Scan.objects.get().party_id == firm.pk
    desk.post("/desk/serve/party/", {"document": "citizen_id", "number": number})
    serve = {"person": str(owner.id), "party": f"person:{owner.id}", "consent": "yes", "key": key()}
    assert desk.post("/desk/serve/begin/", serve).status_code == 302
    assert "存到正在接待的" in text(desk.get(DESK))
    assert desk.post(DESK, {"number": firm.uscc, "files": [up(small())], "key": key()}).status_code == 302
    assert Scan.objects.latest("began_at").party_id == owner.id


def test_what_is_typed_wrongly_for_a_paper_stays(desk: Client, owner: Actor, clerk: Actor) -> None:
    pk = scanned(owner, clerk, stored(small()), stored(small(9)))
    page = f"{DESK}scans/{pk}/"
    body = {"begins": ["1", "2"], "key": key()}
    assert "请至少给一份" in text(desk.post(page, body))
    wrong = desk.post(page, body | {"name-1": "没有这种", "number-2": "7", "until-1": "2027-01-01"})
    assert wrong.status_code == 422
    shown = text(wrong)
    assert "请从目录里选一个材料名称" in shown
    assert "请写材料名称" in shown
    assert 'value="没有这种"' in shown
    bad = desk.post(page, body | {"name-1": "从业人员健康证明", "until-1": "2027-02-30"})
    assert "日期读不懂" in text(bad)
    redone = desk.post(page, body | {"begins": ["1"], "name-1": "从业人员健康证明"})
    assert redone.status_code == 200, "how the pages are divided changed: the clerk looks again"
    assert not Paper.objects.exists()
    paper = kept(owner, clerk, check=False)
    assert "以前存过的，不用再扫" in text(desk.get(page))
    assert desk.post(f"{DESK}{paper}/", {"do": "refuse", "reason": "", "key": key()}).status_code == 422
    assert desk.post(f"{DESK}{paper}/", {"do": "refuse", "reason": "缺页", "key": key()}).status_code == 302


def test_pages_take_a_fixed_number_of_queries(desk: Client, owner: Actor, clerk: Actor) -> None:
    pk = scanned(owner, clerk, *(stored(small(shade)) for shade in range(0, 200, 20)))
    kept(owner, clerk)
    for path in (DESK, f"{DESK}scans/{pk}/", f"{DESK}{Paper.objects.get().pk}/"):
        desk.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(path).status_code == 200
        assert len(captured) <= MOST, "\n".join(one["sql"][:160] for one in captured)


def test_too_many_scans_are_slowed_down(desk: Client, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yiwang.platform.papers.desk.SCANS_AN_HOUR", 1)
    assert desk.post(DESK, {"key": key()}).status_code == 422
    assert desk.post(DESK, {"key": key()}).status_code == 429


def test_a_photograph_is_a_page_too(desk: Client, number: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = jpeg(Image.new("RGB", (80, 60), "navy"), exif=exif)
    desk.post(DESK, {"document": "citizen_id", "number": number, "files": [up(photo)], "key": key()})
    work()
    assert Page.objects.get().fault == ""
