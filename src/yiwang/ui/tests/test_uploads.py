import io
import struct
import zlib
from contextlib import suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from yiwang.ui import store, uploads
from yiwang.ui.plugins.demo import test_signature as eicar
from yiwang.ui.uploads import Caution, Refused, Scan, accept, clean_name

from .samples import archive, jpeg, packed, pdf, png


def upload(content, name="图.pdf", **more):
    return accept(SimpleUploadedFile(name, content), **more)


def refused(content, name="图.pdf", **more):
    with pytest.raises(Refused) as error:
        upload(content, name, **more)
    assert name.rpartition(".")[0][:5] in error.value.message
    return error.value.code


@pytest.fixture(autouse=True)
def _files(folder):
    """Every test here stores files."""


@pytest.mark.parametrize(
    ("content", "name", "kept", "media_type"),
    [
        (pdf(pages=3), "图.pdf", "图.pdf", "application/pdf"),
        (jpeg(), "图.jpeg", "图.jpeg", "image/jpeg"),
        (png(), "图.png", "图.png", "image/png"),
        (png(), "图.jpg", "图.png", "image/png"),
        (jpeg(), "图.pdf", "图.jpg", "image/jpeg"),
        (pdf(), "图.exe", "图.exe.pdf", "application/pdf"),
        (pdf(), "图", "图.pdf", "application/pdf"),
    ],
)
def test_the_content_decides_what_a_file_is(content, name, kept, media_type):
    taken = upload(content, name)
    assert (taken.name, taken.media_type, taken.size, taken.scan) == (
        kept,
        media_type,
        len(content),
        Scan.CLEAN,
    )
    assert store.open_file(taken.digest).read() == content


def test_pages_and_pixels_are_counted():
    assert upload(pdf(pages=3)).pages == 3
    taken = upload(jpeg((41, 31)), "图.jpg")
    assert (taken.width, taken.height, taken.is_image) == (41, 31, True)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "空.pdf", "empty"),
        (b"MZ\x90\x00" + b"\0" * 100, "程序.pdf", "type"),
        (b"<html><script>alert(1)</script>", "网页.jpg", "type"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 100, "后门.heic", "type"),
        (archive(), "压缩.zip", "type"),
        (b"GIF89a" + b"\0" * 30, "动图.png", "type"),
        (b"junk" + pdf(), "前面有.pdf", "type"),
        (pdf(tail=archive()), "夹带.pdf", "broken"),
        (pdf()[:-8], "半截.pdf", "broken"),
        (pdf(pages=0), "没页.pdf", "broken"),
        (pdf(pages=501), "太厚.pdf", "pages"),
        (pdf(b"<< /Filter /Standard >>", b"<< /Encrypt 4 0 R >>"), "上锁.pdf", "locked"),
        (png()[:-20], "半截.png", "broken"),
        (png() + archive(), "夹带.png", "polyglot"),
        (jpeg() + archive(), "夹带.jpg", "polyglot"),
        (jpeg() + b"<?php system($_GET[0]); ?>", "夹带.jpg", "polyglot"),
        (jpeg() + b"\n<SCRIPT>alert(1)</SCRIPT>", "夹带.jpg", "polyglot"),
        (jpeg() + pdf(), "夹带.jpg", "polyglot"),
    ],
)
def test_what_is_refused(content, name, code):
    assert refused(content, name) == code


def test_people_are_told_the_way_out_for_what_telephones_and_offices_make():
    with pytest.raises(Refused, match="导出为 JPG"):
        upload(b"\0\0\0\x18ftypheic" + b"\0" * 100, "后门.heic")
    with pytest.raises(Refused, match="解压后逐个上传"):
        upload(archive(), "材料.zip")


def test_a_picture_that_a_telephone_appended_may_stay():
    assert upload(jpeg() + jpeg((9, 9)), "图.jpg").width == 40


def test_a_file_above_the_limit_is_refused_before_it_is_read():
    class Unread(io.BytesIO):
        def read(self, *args):
            raise AssertionError("was read")

    file = SimpleUploadedFile("大.pdf", b"x")
    file.file, file.size = Unread(), 21 * uploads.MEGABYTE
    with pytest.raises(Refused, match="21 MB，超过 20 MB"):
        accept(file)


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_picture_bomb_is_refused_without_unpacking_it():
    size = 60_000
    bomb = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 1, 0, 0, 0, 0))
    bomb += _chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + _chunk(b"IEND", b"")
    assert refused(bomb, "炸弹.png") == "bomb"


def test_a_pdf_bomb_is_refused_without_unpacking_it_whole():
    assert refused(pdf(packed(b"\0" * (40 * uploads.MEGABYTE))), "炸弹.pdf") == "bomb"


def test_a_broken_object_list_is_refused():
    broken = b"<< /Type /ObjStm /Filter /FlateDecode >>\nstream\nnot packed\nendstream"
    assert refused(pdf(broken), "坏的.pdf") == "broken"


@pytest.mark.parametrize(
    ("part", "caution"),
    [
        (b"<< /S /JavaScript /JS (app.alert(1)) >>", Caution.SCRIPT),
        (b"<< /S /J#61vaScript >>", Caution.SCRIPT),
        (packed(b"4 0 << /S /JavaScript >>"), Caution.SCRIPT),
        (packed(b"4 0 << /S /Java#53cript >>", escape=True), Caution.SCRIPT),
        (b"<< /Type /EmbeddedFile >>", Caution.ATTACHMENT),
        (b"<< /S /Launch /F (cmd.exe) >>", Caution.LAUNCH),
    ],
)
def test_what_hides_in_a_pdf_is_flagged(part, caution):
    assert upload(pdf(part)).cautions == (caution,)


def test_a_pdf_that_is_an_archive_as_well_is_flagged():
    tail = archive(comment=b"\nstartxref\n0\n%%EOF")
    assert upload(pdf()[:-6] + tail).cautions == (Caution.ATTACHMENT,)


def test_a_plain_pdf_has_no_flag():
    assert upload(pdf(b"<< /Names 3 0 R /Title (JavaScript) >>")).cautions == ()


@pytest.mark.parametrize("at", [0, 5, 64 * 1024 - 10, 64 * 1024 + 1])
def test_a_virus_is_found_wherever_it_lies(at):
    part = b"<< /Length 1 >>\nstream\n" + b"x" * at + eicar() + b"\nendstream"
    assert refused(pdf(part), "病毒.pdf") == "virus"


def test_a_scanner_that_is_down_refuses_nothing_and_is_made_up_for(settings):
    settings.YIWANG_PLUGINS = {"ui.virus_scan": "outage"}
    taken = upload(pdf(b"<< /A (%s) >>" % eicar()))
    assert taken.scan is Scan.UNSCANNED
    assert uploads.rescan(taken.digest) is Scan.UNSCANNED
    settings.YIWANG_PLUGINS = {"ui.virus_scan": "demo"}
    with pytest.raises(Refused) as error:
        uploads.rescan(taken.digest)
    assert error.value.code == "virus"
    assert uploads.rescan(upload(pdf()).digest) is Scan.CLEAN


def test_a_large_file_on_disk_is_taken_like_a_small_one():
    file = TemporaryUploadedFile("图.pdf", "application/pdf", 0, None)
    file.write(pdf())
    file.size = file.tell()
    assert accept(file).pages == 1


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\照片\\图.jpg", "图.jpg"),
        ("图\u202egpj.exe", "图gpj.exe"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("", "文件"),
        ("...", "文件"),
        (".pdf", "文件.pdf"),
        ("图" * 300 + ".pdf", "图" * 80 + ".pdf"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
    ],
)
def test_names_are_cleaned(raw, clean):
    assert clean_name(raw) == clean


@given(st.text(max_size=300))
def test_a_clean_name_is_safe_anywhere(raw):
    name = clean_name(raw)
    assert name
    assert len(name) <= 90
    assert not set(name) & set('/\\<>:"|?*\x00\r\n\u202e')
    assert name not in {".", ".."}
    assert clean_name(name) == name


@given(st.binary(max_size=2000), st.sampled_from([b"", b"%PDF-1.4\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
def test_rubbish_is_refused_with_a_sentence_never_with_a_crash(content, start):
    file = io.BytesIO(start + content)
    with suppress(Refused):
        kind = uploads.recognise(file, "x")
        uploads.inspect_pdf(file, "x") if kind.endswith("pdf") else uploads.inspect_image(file, "x", kind)
