"""What invented people hand in: something stands on it, it is marked, and it is taken like anybody's upload."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf import PdfReader

from yiwang.config import papers
from yiwang.ui import uploads

LINES = (("申请人", "演示餐饮有限公司"), ("办理事项", "食品经营许可新办"), ("经营场所", "演示路 20 号 1 层"))
ON = date(2026, 11, 3)


def paper(name: str) -> papers.Paper:
    return papers.Paper(name, "演示餐饮有限公司", LINES, ON)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("营业场所、仓库平面布局图", "plan"),
        ("无犯罪记录证明", "certificate"),
        ("经营场所使用证明（租赁合同、不动产权证）", "certificate"),
        ("占用范围图和疏导方案", "site"),
        ("从业人员名单", "sheet"),
        ("食品安全管理制度", "sheet"),
    ],
)
def test_a_document_says_what_the_application_says(name: str, shape: str) -> None:
    assert paper(name).shape == shape
    content = papers.draw(paper(name))

    taken = uploads.accept(SimpleUploadedFile(paper(name).file_name, content))

    assert (taken.media_type, taken.pages, taken.cautions) == ("application/pdf", 1, ())
    assert taken.name == f"{name}.pdf"
    assert taken.size < 60_000
    text = PdfReader(BytesIO(content)).pages[0].extract_text().replace("\n", "")
    for said in (name, papers.MARK, *(value for _label, value in LINES)):
        assert said.replace(" ", "") in text.replace(" ", "")


@pytest.mark.parametrize(("name", "shape"), [("店招效果图", "premises"), ("电子照片", "portrait")])
def test_a_photograph_is_a_picture(name: str, shape: str) -> None:
    assert paper(name).shape == shape
    content = papers.draw(paper(name))

    taken = uploads.accept(SimpleUploadedFile(paper(name).file_name, content))

    assert taken.media_type == "image/png"
    assert taken.size < 60_000
    colours = Image.open(BytesIO(content)).convert("RGB").getcolors(maxcolors=1_000_000)
    assert max(count for count, _colour in colours) < 0.6 * taken.width * taken.height


def test_the_same_paper_is_the_same_bytes() -> None:
    for name in ("从业人员名单", "电子照片"):
        first = papers.draw(paper(name))
        papers.draw.cache_clear()
        assert papers.draw(paper(name)) == first
