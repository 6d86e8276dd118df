import io
import json
import uuid
from collections.abc import Callable
from typing import Any

import ofdkit
import pytest
from PIL import Image, ImageChops, ImageFilter
from pypdf import PdfReader

from yiwang.platform.licences import acts, checking, drawing, queries, signing
from yiwang.platform.licences.models import Licence, LicenceCopy
from yiwang.platform.licences.ofd import face, fonts, package
from yiwang.platform.licences.ofd.licence import sealed
from yiwang.platform.licences.signing import Seal
from yiwang.platform.licences.tests.conftest import AMR
from yiwang.platform.licences.tests.ofd_reader import Reader
from yiwang.platform.licences.tests.test_document import paper
from yiwang.platform.licences.types import LicenceKind, ShownField, Verdict
from yiwang.ui import store, typst

Issue = Callable[..., Licence]
LONG = tuple(
    ShownField(f"第{number}项 & <“值”>", "Field", ("上海市／温州 fi ffi AVAW 1,234.56 ㎡ café",))
    for number in range(30)
)


def made(**changes: Any) -> bytes:
    about = {"certificate_number": "JY1", "extend_info": {"名 称": ["甲", {"乙": None}]}}
    return sealed(paper(**changes), number=uuid.uuid4(), issuer_code=AMR.uscc, metadata=about)


def squeezed(text: str) -> list[str]:
    return sorted("".join(text.split()))


def difference(one: Image.Image, other: Image.Image, *, blur: int = 2) -> tuple[float, int]:
    """Return the mean and the largest difference of grey, after a blur: two rasterisers never draw the same edges."""
    soft = ImageFilter.GaussianBlur(blur)
    left, right = (picture.convert("L").filter(soft) for picture in (one, other))
    found = ImageChops.difference(left, right)
    counts = found.histogram()
    return sum(value * count for value, count in enumerate(counts)) / sum(counts), int(found.getextrema()[1])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(LicenceKind))
def test_another_reader_sees_the_face_of_the_pdf(kind: LicenceKind) -> None:
    content = made(kind=kind)
    drawn = Reader(content).sealed_picture()
    wanted = Image.open(io.BytesIO(typst.picture(drawing.TEMPLATE, drawing._data(paper(kind=kind)), ppi=4 * 25.4)))
    assert drawn.size == wanted.size
    mean, most = difference(drawn, wanted.convert("RGB"))
    assert mean < 1.5
    assert most < 64
    blank = difference(Image.new("RGB", drawn.size, "white"), wanted.convert("RGB"))
    assert blank[1] > 150, "the measure would see a mark that is missing"


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(LicenceKind))
@pytest.mark.parametrize("fields", [LONG[:4], LONG])
def test_every_character_is_text_and_no_glyph_is_missing(kind: LicenceKind, fields: Any) -> None:
    about = {"kind": kind, "fields": fields, "across": "仅用于演示"}
    reader = Reader(made(**about))
    pdf = PdfReader(io.BytesIO(drawing.draw(paper(**about, seal=""))))
    assert len(reader.pages) == len(pdf.pages)
    for page, other in zip(reader.pages, pdf.pages, strict=True):
        everything = page.text + (reader.watermarks if len(reader.pages) == 1 else "")
        if len(reader.pages) == 1:
            assert squeezed(everything) == squeezed(other.extract_text())
        assert all(glyph.number for glyph in page.glyphs)
        assert all(0 <= glyph.x <= page.width and 0 <= glyph.y <= page.height for glyph in page.glyphs)
    said = "".join(page.text for page in reader.pages)
    for field in fields:
        for part in (field.label, *field.lines):
            assert "".join(part.split()) in "".join(said.split())
    assert "仅用于演示" in reader.watermarks
    assert "仅用于演示" not in said


def test_a_reader_that_others_wrote_reads_it() -> None:
    document = ofdkit.open(io.BytesIO(made(photo=photo())))
    text = document.pages[0].text()
    for said in ("演示许可证", "编号 No. JY1", "演示餐饮有限公司", "2026年11月17日", "abcdefghij0123456789"):
        assert said in text
    assert document.info.custom_data["certificate_identifier"] == paper().identifier
    assert not document.warnings


def test_fonts_stand_alone() -> None:
    reader = Reader(made())
    assert {font["name"].getDebugName(4) for font, _program in reader.fonts.values()} >= {"NotoSerifSC-Bold"}
    for font, program in reader.fonts.values():
        assert len(program) < 60_000, "a subset"
        assert font.getGlyphOrder()[0] == ".notdef"
        for code, name in font.getBestCmap().items():
            assert font.getGlyphID(name)
            assert code == 32 or font["glyf"][name].numberOfContours, chr(code)


def test_metadata_is_attached() -> None:
    attached = Reader(made()).attachments
    assert json.loads(attached["certificate.json"])["certificate_number"] == "JY1"
    assert '<item name="certificate_number">JY1</item>' in attached["certificate.xml"].decode()


def photo(kind: str = "JPEG", mode: str = "RGB") -> bytes:
    """Return a face of sorts: bright in the middle, dark at the edge, green on one side."""
    grey = Image.radial_gradient("L").resize((250, 350))
    bands = {"L": [grey], "RGB": [grey, grey.transpose(Image.Transpose.ROTATE_180), grey.point(lambda one: one // 3)]}
    bands["RGBA"] = [*bands["RGB"], grey.point(lambda one: 255 - one)]
    out = io.BytesIO()
    Image.merge(mode, bands[mode]).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGB"), ("PNG", "L"), ("PNG", "RGBA")]
)
def test_a_photograph_is_a_picture_in_the_file(kind: str, mode: str) -> None:
    given = photo(kind, mode)
    reader = Reader(made(photo=given))
    [(number, (_x, _y, width, height))] = reader.pages[0].images
    found_kind, found = reader.pictures[number]
    assert found_kind == kind
    if kind == "JPEG":
        assert found == given
    assert Image.open(io.BytesIO(found)).tobytes() == Image.open(io.BytesIO(given)).tobytes()
    assert height / width == pytest.approx(35 / 25, rel=1e-3)


@pytest.mark.parametrize("kind", list(LicenceKind))
def test_another_reader_sees_the_photograph_where_the_pdf_has_it(kind: LicenceKind) -> None:
    given = paper(kind=kind, photo=photo())
    drawn = Reader(made(kind=kind, photo=given.photo)).sealed_picture()
    wanted = Image.open(io.BytesIO(typst.picture(drawing.TEMPLATE, drawing._data(given), ppi=4 * 25.4))).convert("RGB")
    mean, most = difference(drawn, wanted)
    assert mean < 1.5
    assert most < 64
    without = Reader(made(kind=kind)).sealed_picture()
    assert difference(without, wanted)[0] > 1.5, "the measure would see that it is missing"


def test_without_a_photograph_there_are_no_pictures() -> None:
    reader = Reader(made())
    assert not reader.pictures
    assert "Doc_0/DocumentRes.xml" not in reader.zip.namelist()


def test_a_changed_byte_of_a_photograph_is_found() -> None:
    given = photo()
    content = made(photo=given)
    assert signing.inspect(content).seal is Seal.GOOD
    parts = package.unpacked(content)
    [name] = [one for one in parts if parts[one] == given]
    spoilt = bytearray(given)
    spoilt[len(spoilt) // 2] ^= 1
    assert signing.inspect(package.packed(parts | {name: bytes(spoilt)})).seal is Seal.BROKEN


def test_a_picture_that_is_turned_or_cut_is_refused() -> None:
    hand = face._Hand({}, face._Numbered(face._font), face._Numbered(face._picture), 100)  # type: ignore[arg-type]
    hand.turn(0, 1, -1, 0, 0, 0)
    with pytest.raises(face.Unreadable, match="turned or cut"):
        hand.place("/x0")


def test_a_mark_that_is_not_understood_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = drawing.draw(paper())
    monkeypatch.delitem(face._ACTS, "S")
    with pytest.raises(face.Unreadable, match="operator S"):
        face.read(pdf)


def test_a_ligature_gets_a_place_and_its_glyph() -> None:
    font = face.Font("Demo-Bold", b"", {1: "f", 2: "fi", 3: "f"}, {1: 500, 2: 900, 3: 500})
    mark = face.Text(0, 4, (1, 0, 0, 1, 10, 20), ("f", "fi", "f"), (1, 2, 3), (0, 2, 5.6), 7.6, (0, 0, 0), 255)
    hand = package._Hand(face.Face(100, 100, (), (font,)), [7], [], [fonts.glyph_of(font)], package._Ids())
    codes = [
        (one.findtext(f"{{{package.NAMESPACE}}}TextCode"), one.findtext(f".//{{{package.NAMESPACE}}}Glyphs"))
        for one in hand.drawn([mark])
    ]
    assert codes == [("f", None), ("fi", "2"), ("f", "3")]


def test_the_container_is_what_was_written_and_nothing_else() -> None:
    content = made()
    parts = package.unpacked(content)
    assert package.packed(parts) == content
    for spoilt in (
        content + b"x",
        b"x" + content,
        content[:-1],
        content.replace(b"Doc_0/Res", b"Doc_9/Res", 1),
        b"PK\x03\x04",
    ):
        with pytest.raises(package.Damaged):
            package.unpacked(spoilt)


def test_issue_makes_both_files(issue: Issue) -> None:
    licence = issue()
    acts.make_once(licence.id)
    view = queries.find_by_check_code(licence.check_code)
    assert view is not None
    with store.open_file(view.ofd_digest) as file:
        content = file.read()
    found = checking.of_file(content)
    assert found.verdict is Verdict.VALID
    assert [line.ok for line in found.checks] == [True, True, True, True]
    assert found.checks[0].detail == f"{AMR.name}电子印章（演示）"
    assert found.checks[1].detail == view.ofd_digest
    metadata = json.loads(Reader(content).attachments["certificate.json"])
    assert metadata["certificate_identifier"] == licence.identifier
    assert metadata["extend_info"] == licence.fields
    assert "status" not in metadata
    assert checking._named_in(content[:900] + content[901:]).check_code == licence.check_code  # type: ignore[union-attr]


def test_a_licence_bears_its_holders_photograph_in_both_files(issue: Issue) -> None:
    large = Image.radial_gradient("L").resize((1400, 1000)).convert("RGB")
    out = io.BytesIO()
    exif = large.getexif()
    exif[0x0112], exif[0x010F] = 6, "Camera that tells"  # lies on its side, and says more than is wanted
    large.save(out, "JPEG", exif=exif)
    licence = issue(photo=store.save(out))
    acts.make_once(licence.id)
    view = queries.find_by_check_code(licence.check_code)
    assert view is not None
    with store.open_file(view.ofd_digest) as file:
        reader = Reader(file.read())
    [(kind, found)] = reader.pictures.values()
    printed = Image.open(io.BytesIO(found))
    assert (kind, printed.size) == ("JPEG", (590, 826))
    assert b"Camera" not in found
    with store.open_file(view.digest) as file:
        assert found in file.read(), "the same in the PDF"


def test_a_licence_from_before_gets_its_ofd(issue: Issue) -> None:
    licence = issue()
    acts.make_once(licence.id)
    Licence.objects.filter(pk=licence.pk).update(ofd_digest="")
    view = queries.find_by_check_code(licence.check_code)
    assert view is not None
    digest = acts.ofd_of(view)
    with store.open_file(digest) as file:
        assert signing.inspect(file.read()).seal is Seal.GOOD
    assert queries.find_by_digest(digest).id == licence.id  # type: ignore[union-attr]
    assert acts.ofd_of(queries.find_by_digest(digest)) == digest  # type: ignore[arg-type]


def test_a_copy_is_annotated(issue: Issue) -> None:
    from yiwang.kernel.types import Actor, ActorKind

    licence = issue()
    holder = Actor(kind=ActorKind.PERSON, id=licence.holder_id, principal=licence.principal, label="持证人")
    copy = LicenceCopy.objects.get(pk=acts.copy(licence.id, "办理贷款", 30, by=holder, key="1"))
    with store.open_file(copy.ofd_digest) as file:
        content = file.read()
    reader = Reader(content)
    assert "仅用于办理贷款" in reader.watermarks
    assert json.loads(reader.attachments["certificate.json"])["annotation"]["cause"] == "办理贷款"
    found = checking.of_file(content)
    assert found.verdict is Verdict.VALID
    assert found.copy is not None
    assert found.copy.id == copy.pk
