import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from pypdf import PdfReader
from pypdf.generic import ContentStream

from yiwang.kernel.plugins import Level, registries
from yiwang.platform.licences import acts, checking, drawing, making, signing
from yiwang.platform.licences.models import Licence
from yiwang.platform.licences.plugins import demo
from yiwang.platform.licences.signing import Seal, signatures
from yiwang.platform.licences.tests.conftest import AMR, enter_type, spec
from yiwang.platform.licences.types import CheckKind, LicenceField, LicenceKind, ShownField, Verdict
from yiwang.ui import store, typst

Issue = Callable[..., Licence]


def paper(**changes: Any) -> drawing.Paper:
    base: dict[str, Any] = {
        "kind": LicenceKind.CERTIFICATE,
        "title": "演示许可证",
        "title_en": "Demo licence",
        "number": "JY1",
        "statement": "准予从事下列活动。",
        "fields": (ShownField("名称", "Name", ("演示餐饮有限公司",)),),
        "issuer": AMR.name,
        "issued_on": "2026年11月17日",
        "identifier": "1.2.156.3005.2.1110000000DEM03148003.1133030200DEM1317Y.20261117000000001.001.H",
        "check_url": "http://127.0.0.1:8000/verify/abcdefghij0123456789",
        "seal": "演示印章",
    }
    return drawing.Paper(**(base | changes))


def text_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def glyphs(pdf: bytes) -> list[int]:
    """Return the glyph numbers of everything written in a PDF whose fonts use two bytes a letter."""
    found = []
    reader = PdfReader(BytesIO(pdf))
    for page in reader.pages:
        for operands, operator in ContentStream(page.get_contents(), reader).operations:
            if operator not in {b"Tj", b"TJ"}:
                continue
            for part in operands[0] if operator == b"TJ" else operands:
                if not isinstance(part, int | float):
                    raw = part.original_bytes
                    found += [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
    return found


def fonts(pdf: bytes) -> dict[str, bool]:
    """Return every font of a PDF and whether its program is inside."""
    found = {}
    for page in PdfReader(BytesIO(pdf)).pages:
        for reference in page["/Resources"]["/Font"].values():  # type: ignore[index, union-attr]
            inner = reference.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            found[str(inner["/BaseFont"])] = any(f"/FontFile{n}" in descriptor for n in ("", "2", "3"))
    return found


@pytest.mark.parametrize("kind", list(LicenceKind))
def test_fonts_are_inside_and_no_glyph_is_missing(kind: LicenceKind) -> None:
    pdf = drawing.draw(paper(kind=kind))
    inside = fonts(pdf)
    assert any("NotoSerifSC" in name for name in inside)
    assert all(inside.values())
    assert all("Noto" in name for name in inside)
    drawn = glyphs(pdf)
    assert len(drawn) > 50
    assert 0 not in drawn, "glyph 0 is .notdef"
    assert len(PdfReader(BytesIO(pdf)).pages) == 1


def test_a_letter_that_no_font_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    strange = paper(title="演示\U00031350许可证")  # an ideograph of extension H
    with pytest.raises(typst.MissingGlyph, match=r"U\+31350") as refused:
        drawing.draw(strange)
    assert refused.value.letters == {"\U00031350"}
    # PDF/A is the second lock: it refuses a letter that would be drawn as .notdef.
    monkeypatch.setattr(typst, "_letters", lambda data: set())
    with pytest.raises(RuntimeError, match="could not be displayed"):
        drawing.draw(strange)


@pytest.mark.parametrize("count", [4, 8, 11])
def test_an_ordinary_licence_stands_on_one_sheet(count: int) -> None:
    lines = tuple(ShownField(f"演示项目{number}", "Demonstration field", ("演示内容",)) for number in range(count))
    for title in ("证", "公众聚集场所投入使用、营业前消防安全检查合格证"):
        for kind in (LicenceKind.CERTIFICATE, LicenceKind.APPROVAL, LicenceKind.PROOF, LicenceKind.DOCUMENT):
            drawn = paper(kind=kind, title=title, fields=lines, statement="根据演示条例，准予从事下列演示活动。")
            assert len(PdfReader(BytesIO(drawing.draw(drawn))).pages) == 1, (kind, title)


@pytest.mark.slow
def test_long_values_lists_and_tables() -> None:
    rows = tuple((f"演示品{n}", "一等" * 12, str(n)) for n in range(30))
    fields = (
        ShownField("名称", "Name", ("演示餐饮有限公司" * 20,)),
        ShownField("多行", "Lines", ("第一行", "第二行")),
        ShownField("品种", "Kinds", columns=("品名", "规格", "数量"), rows=rows),
    )
    for kind in LicenceKind:
        pdf = drawing.draw(paper(kind=kind, fields=fields))
        text = text_of(pdf)
        assert text.count("演示餐饮有限公司") == 20
        assert "第一行" in text
        assert "演示品29" in text
        reader = PdfReader(BytesIO(pdf))
        assert len(reader.pages) > 1
        assert "电子证照标识" in reader.pages[-1].extract_text(), "the foot stands on the last page"


def test_markup_in_a_value_is_text() -> None:
    hostile = '#read("/etc/passwd") $x$ *b* [c] \\ "q" `d`'
    text = text_of(drawing.draw(paper(fields=(ShownField("名称", "Name", (hostile,)),))))
    assert "".join(hostile.split()) in text


def test_the_document_says_what_was_issued(issue: Issue) -> None:
    licence = issue()
    with store.open_file(acts.make_once(licence.id)) as file:
        pdf = file.read()
    text = text_of(pdf)
    for said in (
        "演示食品经营许可证",
        licence.number,
        licence.identifier,
        "演示路18号1层",
        AMR.name,
        "没有法律效力",
    ):
        assert "".join(said.split()) in text
    assert checking._named_in(pdf[:1000] + pdf[1001:]).check_code == licence.check_code  # type: ignore[union-attr]
    field = PdfReader(BytesIO(pdf)).get_fields()["Seal1"]  # type: ignore[index]
    assert field["/FT"] == "/Sig"
    left, low, right, high = drawing.seal_box(LicenceKind.CERTIFICATE)
    assert right - left == pytest.approx(116, abs=1)
    assert right < 297 * drawing.MILLIMETRE
    assert 0 < low < high


def test_preview_is_marked_and_unsigned(food: Any) -> None:
    pdf = making.preview("demo_food", {"name": "演示餐饮有限公司"}, "演示餐饮有限公司", AMR)
    assert "预览" in text_of(pdf)
    assert signing.inspect(pdf).seal is Seal.NONE


def signed(issue: Issue, **changes: Any) -> tuple[Licence, bytes]:
    licence = issue(**changes)
    with store.open_file(acts.make_once(licence.id)) as file:
        return licence, file.read()


def test_the_very_file_is_valid(issue: Issue) -> None:
    _licence, pdf = signed(issue)
    found = checking.of_file(pdf)
    assert found.verdict is Verdict.VALID
    assert [line.ok for line in found.checks] == [True, True, True, True]
    signature = found.checks[0]
    assert signature.kind is CheckKind.SIGNATURE
    assert signature.detail == f"{AMR.name}电子印章（演示）"


@pytest.mark.slow
def test_every_tampered_byte_is_found(issue: Issue) -> None:
    licence, pdf = signed(issue)
    for at in range(40, len(pdf), len(pdf) // 40):
        other = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
        found = checking.of_file(other)
        assert found.verdict in {Verdict.TAMPERED, Verdict.UNKNOWN_ISSUER}, at
        # A changed byte inside the certificate makes another signer of it; either way it is not believed.
        assert found.licence is None or found.licence.check_code == licence.check_code
    text = pdf.replace(b"%%EOF", b"%%EOF\n% more", 1)
    assert checking.of_file(text).verdict is Verdict.TAMPERED
    assert checking.of_file(pdf + b"\n%%EOF\n").verdict is Verdict.TAMPERED
    assert checking.of_file(pdf[:-60]).verdict is Verdict.TAMPERED
    assert checking.of_file(pdf[:9000]).verdict is Verdict.UNKNOWN, "nothing in this half says what it was"


def test_an_incremental_update_is_found(issue: Issue) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    _licence, pdf = signed(issue)
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer.root["/Changed"] = generic.pdf_name("/Yes")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    assert checking.of_file(out.getvalue()).verdict is Verdict.TAMPERED


def test_another_signer_is_not_believed(issue: Issue, tmp_path: Path) -> None:
    licence, _pdf = signed(issue)
    key = ec.generate_private_key(ec.SECP256R1())
    name = demo._name("演示冒充者", "1133030200DEM1317Y")
    certificate = demo._certificate(name, key.public_key(), name, key, authority=False)
    forged = _signed_by(key, certificate, making.check_url(licence.check_code), tmp_path)
    assert signing.inspect(forged).seal is Seal.STRANGER
    found = checking.of_file(forged)
    assert found.verdict is Verdict.UNKNOWN_ISSUER
    stranger = _signed_by(key, certificate, "http://127.0.0.1:8000/nothing", tmp_path)
    assert checking.of_file(stranger).verdict is Verdict.UNKNOWN_ISSUER


def _signed_by(key: Any, certificate: Any, url: str, folder: Path) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf

    content = pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, BestAvailableEncryption(b"x"))
    signer = SimpleSigner.load_pkcs12_data(content, other_certs=[], passphrase=b"x")
    out = BytesIO()
    sign_pdf(
        IncrementalPdfFileWriter(BytesIO(drawing.draw(paper()))),
        PdfSignatureMetadata(field_name="Seal1", contact_info=url),
        signer=signer,
        output=out,
    )
    return out.getvalue()


def test_our_seal_on_something_else_is_not_the_licence(issue: Issue) -> None:
    licence, _pdf = signed(issue)
    other = signing.sign(
        drawing.draw(paper()),
        issuer_code=AMR.uscc,
        issuer_name=AMR.name,
        identifier=licence.identifier,
        check_url=making.check_url(licence.check_code),
        box=(1, 1, 9, 9),
    )
    assert signing.inspect(other).seal is Seal.GOOD
    assert checking.of_file(other).verdict is Verdict.TAMPERED


@pytest.mark.parametrize("content", [b"", b"x", b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF\n", b"\xff\xd8\xff" * 50])
def test_any_file_gets_an_answer(db: None, content: bytes) -> None:
    assert checking.of_file(content).verdict is Verdict.UNKNOWN


def test_a_person_is_masked(issue: Issue, firm: Any) -> None:
    enter_type(spec(code="demo_card", type_code="1110000000DEM03148009", number_format="{region}{serial:012}"))
    licence, pdf = signed(
        issue, type_code="demo_card", holder=None, holder_name="演示人甲", number="330302199306115318",
        values={"name": "演示人甲"},
    )  # fmt: skip
    licence.holder_kind = "person"
    licence.save()
    shown = checking.of_file(pdf).licence
    assert shown is not None
    assert (shown.holder_name, shown.number, shown.fields) == ("演***", "330302********5318", ())


def test_file_plugin(settings: Any, tmp_path: Path) -> None:
    assert {"demo", "file", "outage"} <= set(signatures)
    assert "licences.signature" in registries()
    settings.YIWANG_PLUGINS = {"licences.signature": "file"}
    assert [finding.level for finding in signatures.check()] == [Level.ERROR]
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name, name = demo._name("演示另一根"), demo._name("演示局印章")
    root = demo._certificate(root_name, root_key.public_key(), root_name, root_key, authority=True)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = demo._certificate(name, key.public_key(), root_name, root_key, authority=False)
    seals = tmp_path / "seals"
    seals.mkdir()
    (seals / f"{AMR.uscc}.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(b"x", key, leaf, None, BestAvailableEncryption(b"secret"))
    )
    (tmp_path / "roots.pem").write_bytes(root.public_bytes(Encoding.PEM))
    settings.YIWANG_SIGNATURE_FILE = str(seals)
    settings.YIWANG_SIGNATURE_PASSWORD = "wrong"
    assert [finding.level for finding in signatures.check()] == [Level.ERROR]
    settings.YIWANG_SIGNATURE_PASSWORD = "secret"
    settings.YIWANG_SIGNATURE_ROOTS = str(tmp_path / "roots.pem")
    assert signatures.check() == []
    pdf = signing.sign(
        drawing.draw(paper()),
        issuer_code=AMR.uscc,
        issuer_name=AMR.name,
        identifier="x",
        check_url="x",
        box=(1, 1, 9, 9),
    )
    assert (signing.inspect(pdf).seal, signing.inspect(pdf).signer) == (Seal.GOOD, "演示局印章")
    settings.YIWANG_PLUGINS = {}
    assert signing.inspect(pdf).seal is Seal.STRANGER


def test_the_longest_names_leave_room_for_the_longest_signature(
    issue: Issue, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "ROOT_NAME", "演" * (demo.LONGEST_NAME // 3))
    settings.YIWANG_STATE_DIR = tmp_path
    _licence, pdf = signed(issue)
    assert signing.inspect(pdf).seal is Seal.GOOD
    found = re.search(rb"/Contents <([0-9A-F]+?)(0*)>", pdf)
    assert found
    assert len(found[2]) // 2 > 512 - 72, "of RSA with 4096 bits, instead of the elliptic curve here"


def test_demo_keys_never_sign_in_production(settings: Any) -> None:
    settings.YIWANG_DEMO = False
    assert [finding.level for finding in signatures.check()] == [Level.ERROR]
    with pytest.raises(Exception, match="演示印章"):
        signatures.selected().signer(AMR.uscc, AMR.name)


def test_words(db: None) -> None:
    from yiwang.kernel.fields import FieldKind, Option
    from yiwang.platform.catalog.types import DataElement
    from yiwang.platform.licences.words import shown_fields

    elements = {
        "kinds": DataElement(
            code="kinds",
            label="项目",
            kind=FieldKind.CHOICES,
            options=(Option("hot", "热食"), Option("cold", "冷食")),
        ),
        "area": DataElement(code="area", label="面积", kind=FieldKind.DECIMAL, unit="㎡"),
        "item": DataElement(code="item", label="品名", kind=FieldKind.TEXT),
    }
    one = spec(fields=tuple(LicenceField(n, n, element=n) for n in ("kinds", "area", "born", "ok", "rows", "empty")))
    values = {
        "kinds": ["hot", "cold", "other"],
        "area": "98.6",
        "born": "2026-11-07",
        "ok": True,
        "rows": [{"item": "甲", "area": 1}, {"item": "乙"}],
        "empty": "",
    }
    shown = {field.label: field for field in shown_fields(one, values, elements)}
    assert shown["kinds"].lines == ("热食、冷食、other",)
    assert shown["area"].lines == ("98.6 ㎡",)
    assert shown["born"].lines == ("2026年11月7日",)
    assert shown["ok"].lines == ("是",)
    assert (shown["rows"].columns, shown["rows"].rows) == (("品名", "面积"), (("甲", "1 ㎡"), ("乙", "")))
    assert "empty" not in shown
    assert not re.search("{|}", "".join(shown["rows"].rows[0]))
