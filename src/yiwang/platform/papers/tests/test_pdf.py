"""Foreign PDFs: pages as pictures, and what might do harm is an error of that PDF alone."""

from __future__ import annotations

import io

import pytest
import typst
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NumberObject

from yiwang.platform.papers import pdf


def written(writer: PdfWriter) -> io.BytesIO:
    out = io.BytesIO()
    writer.write(out)
    out.seek(0)
    return out


def test_pages_are_counted_and_drawn_and_their_text_comes_along() -> None:
    pages = b"#page(width: 1in, height: 2in)[]#page(width: 2in, height: 1in, margin: 2mm)[Health certificate]"
    content = typst.compile(pages, format="pdf")
    assert pdf.count(io.BytesIO(content)) == 2
    drawn, text = pdf.page(io.BytesIO(content), 2)
    with Image.open(io.BytesIO(drawn)) as image:
        assert image.size == (400, 200)
    assert "Health certificate" in text


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\ntrailer<</Root 1 0 R>>\n%%EOF"])
def test_what_is_broken_is_said(content: bytes) -> None:
    with pytest.raises(pdf.Unreadable):
        pdf.count(io.BytesIO(content))


def test_a_locked_one_is_said() -> None:
    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    writer.encrypt("secret")
    with pytest.raises(pdf.Unreadable, match="locked"):
        pdf.count(written(writer))


def test_one_page_that_is_named_ten_thousand_times_is_counted() -> None:
    writer = PdfWriter()
    page = writer.add_blank_page(72, 72).indirect_reference
    tree = writer.root_object["/Pages"].get_object()
    tree[NameObject("/Kids")] = ArrayObject([page] * 10_000)
    tree[NameObject("/Count")] = NumberObject(1)
    assert pdf.count(written(writer)) == pdf.MOST_PAGES + 1


def test_a_tree_that_grows_without_end_is_cut() -> None:
    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    tree = writer.root_object["/Pages"].get_object()
    itself = writer.root_object.raw_get("/Pages")
    tree[NameObject("/Kids")] = ArrayObject([*tree["/Kids"], *[itself] * 10])
    assert pdf.count(written(writer)) == pdf.MOST_PAGES + 1


def test_a_giant_page_is_drawn_small_and_one_without_a_size_is_an_error() -> None:
    writer = PdfWriter()
    writer.add_blank_page(14400, 14400)
    nowhere = writer.add_blank_page(72, 72)
    nowhere[NameObject("/MediaBox")] = ArrayObject([FloatObject(0)] * 4)
    content = written(writer)
    drawn, _text = pdf.page(content, 1)
    with Image.open(io.BytesIO(drawn)) as image:
        assert image.width * image.height <= 1.01 * pdf.MOST_PIXELS
    content.seek(0)
    with pytest.raises(pdf.Unreadable):
        pdf.page(content, 2)


def test_a_picture_of_giant_size_inside_ends_only_that_page() -> None:
    writer = PdfWriter()
    page = writer.add_blank_page(72, 72)
    picture = DictionaryObject(
        {NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Image")}
    )
    picture |= {
        NameObject("/Width"): NumberObject(200_000),
        NameObject("/Height"): NumberObject(200_000),
        NameObject("/ColorSpace"): NameObject("/DeviceGray"),
        NameObject("/BitsPerComponent"): NumberObject(8),
    }
    from pypdf.generic import StreamObject

    stream = StreamObject()
    stream.update(picture)
    stream.set_data(b"\0" * 100)
    drawing = StreamObject()
    drawing.set_data(b"q 72 0 0 72 0 0 cm /I Do Q")
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/XObject"): DictionaryObject({NameObject("/I"): writer._add_object(stream)})}
    )
    page[NameObject("/Contents")] = writer._add_object(drawing)
    content = written(writer)
    assert pdf.count(content) == 1
    content.seek(0)
    try:
        drawn, _text = pdf.page(content, 1)
    except pdf.Unreadable:
        return
    with Image.open(io.BytesIO(drawn)) as image:
        assert image.size == (200, 200)
