"""A small reader of OFD for tests: it shares no code with the writer, finds everything through the XML, and draws by Pillow.

It knows the structure of GB/T 33190-2016 as far as licences need it: the order and the attributes of every element that it
meets are checked against ``ORDER``, references must lead somewhere, ids must be unique, marks must lie on the page.
"""

from __future__ import annotations

import io
import math
import posixpath
import zipfile
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

NS = "{http://www.ofdspec.org/2016}"

# Element: required attributes, optional attributes, children in the order of the schema ("*": any order, any number).
ORDER: dict[str, tuple[str, str, str]] = {
    "OFD": ("Version DocType", "", "DocBody"),
    "DocBody": ("", "", "DocInfo DocRoot Signatures"),
    "DocInfo": ("", "", "DocID Title Author CreationDate ModDate Keywords Creator CustomDatas"),
    "Keywords": ("", "", "Keyword"),
    "CustomDatas": ("", "", "CustomData"),
    "CustomData": ("Name", "", ""),
    "Document": ("", "", "CommonData Pages Annotations Attachments"),
    "CommonData": ("", "", "MaxUnitID PageArea PublicRes DocumentRes"),
    "PageArea": ("", "", "PhysicalBox"),
    "Area": ("", "", "PhysicalBox"),
    "Pages": ("", "", "Page"),
    "Res": ("BaseLoc", "", "Fonts MultiMedias"),
    "MultiMedias": ("", "", "MultiMedia"),
    "MultiMedia": ("ID Type", "Format", "MediaFile"),
    "ImageObject": ("ID Boundary ResourceID", "CTM Alpha", ""),
    "Fonts": ("", "", "Font"),
    "Font": ("ID FontName", "FamilyName Bold Serif", "FontFile"),
    "Content": ("", "", "Layer"),
    "Layer": ("ID", "Type", "*"),
    "TextObject": ("ID Boundary Font Size", "CTM", "FillColor CGTransform TextCode"),
    "TextCode": ("X Y", "DeltaX", ""),
    "CGTransform": ("CodePosition", "CodeCount GlyphCount", "Glyphs"),
    "PathObject": ("ID Boundary", "LineWidth MiterLimit Stroke Fill", "StrokeColor FillColor AbbreviatedData"),
    "FillColor": ("Value", "Alpha", ""),
    "StrokeColor": ("Value", "Alpha", ""),
    "Annotations": ("", "", "Page"),
    "PageAnnot": ("", "", "Annot"),
    "Annot": ("ID Type Creator LastModDate", "Print ReadOnly", "Appearance"),
    "Appearance": ("Boundary", "", "*"),
    "Attachments": ("", "", "Attachment"),
    "Attachment": ("ID Name Format CreationDate Size Visible", "", "FileLoc"),
    "Signatures": ("", "", "MaxSignId Signature"),
    "SignedInfo": ("", "", "Provider SignatureMethod SignatureDateTime References StampAnnot Seal"),
    "Provider": ("ProviderName", "Version Company", ""),
    "References": ("CheckMethod", "", "Reference"),
    "Reference": ("FileRef", "", "CheckValue"),
    "StampAnnot": ("ID PageRef Boundary", "", ""),
    "Seal": ("", "", "BaseLoc"),
}


def name_of(element: ElementTree.Element) -> str:
    assert element.tag.startswith(NS), element.tag
    return element.tag.removeprefix(NS)


def proper(element: ElementTree.Element, parent: str = "") -> None:
    """Assert that an element and all below it are as the standard's schemas have them."""
    name = name_of(element)
    if name in {"Page", "Signature"}:  # four elements share these two names
        return _proper_shared(element, name, parent)
    if name in ORDER:
        required, optional, children = ORDER[name]
        _attributes(element, required, optional)
        _children(element, children)
    else:
        assert not element.attrib, (name, element.attrib)
        assert not len(element), name
    for child in element:
        proper(child, name)
    return None


def _proper_shared(element: ElementTree.Element, name: str, parent: str) -> None:
    shapes = {
        ("Page", ""): ("", "", "Area Content"),
        ("Page", "Pages"): ("ID BaseLoc", "", ""),
        ("Page", "Annotations"): ("PageID", "", "FileLoc"),
        ("Signature", ""): ("", "", "SignedInfo SignedValue"),
        ("Signature", "Signatures"): ("ID Type BaseLoc", "", ""),
    }
    required, optional, children = shapes[name, parent]
    _attributes(element, required, optional)
    _children(element, children)
    for child in element:
        proper(child, name)


def _attributes(element: ElementTree.Element, required: str, optional: str) -> None:
    given = set(element.attrib)
    assert set(required.split()) <= given <= set(required.split()) | set(optional.split()), (element.tag, given)


def _children(element: ElementTree.Element, order: str) -> None:
    found = [name_of(child) for child in element]
    if order == "*":
        assert set(found) <= {"TextObject", "PathObject", "ImageObject", "PageBlock", "CompositeObject"}
        return
    places = [order.split().index(name) for name in found]
    assert places == sorted(places), (element.tag, found)


@dataclass
class Glyph:
    letter: str
    number: int
    font: str
    x: float
    y: float


@dataclass
class Page:
    number: str
    width: float
    height: float
    text: str = ""
    glyphs: list[Glyph] = field(default_factory=list)
    picture: Image.Image = None  # type: ignore[assignment]
    images: list[tuple[str, tuple[float, ...]]] = field(default_factory=list)


class Reader:
    """Reads a file and draws its pages, ``scale`` pixels a millimetre; four times finer inside."""

    def __init__(self, content: bytes, scale: float = 4) -> None:
        self.zip = zipfile.ZipFile(io.BytesIO(content))
        assert self.zip.testzip() is None
        assert self.zip.namelist()[0] == "OFD.xml"
        self.scale, self.fine = scale, 3
        self.ids: list[int] = []
        self.roots: dict[str, ElementTree.Element] = {}
        root = self.part("OFD.xml")
        assert root.attrib == {"Version": "1.0", "DocType": "OFD"}
        body = root.find(f"{NS}DocBody")
        assert body is not None
        self.info = {name_of(one): one.text for one in body.find(f"{NS}DocInfo") or []}
        self.at = self.go("OFD.xml", body.findtext(f"{NS}DocRoot"))
        document = self.part(self.at)
        common = document.find(f"{NS}CommonData")
        assert common is not None
        self.fonts: dict[str, tuple[TTFont, bytes]] = {}
        self.pictures: dict[str, tuple[str, bytes]] = {}
        for one in [*common.findall(f"{NS}PublicRes"), *common.findall(f"{NS}DocumentRes")]:
            self._resources(self.go(self.at, one.text))
        self.pages = [self._page(one, common) for one in document.findall(f"{NS}Pages/{NS}Page")]
        self.watermarks = self._annotations(document.findtext(f"{NS}Annotations"))
        self.attachments = self._attachments(document.findtext(f"{NS}Attachments"))
        self.signatures = self.go("OFD.xml", body.findtext(f"{NS}Signatures"))
        assert len(self.ids) == len(set(self.ids))
        assert max(self.ids) <= int(common.findtext(f"{NS}MaxUnitID") or 0)

    def part(self, path: str) -> ElementTree.Element:
        root = ElementTree.fromstring(self.zip.read(path))
        proper(root)
        for one in root.iter():
            if "ID" in one.attrib and name_of(one) not in {"Attachment", "StampAnnot", "Signature"}:
                self.ids.append(int(one.attrib["ID"]))
        self.roots[path] = root
        return root

    def go(self, of: str, location: str | None) -> str:
        assert location
        path = location[1:] if location.startswith("/") else posixpath.normpath(f"{posixpath.dirname(of)}/{location}")
        path = path.lstrip("/")
        assert path in self.zip.namelist(), path
        return path

    def _resources(self, path: str) -> None:
        root = self.part(path)
        base = posixpath.join(posixpath.dirname(path), root.attrib["BaseLoc"], "x")
        for one in root.findall(f"{NS}Fonts/{NS}Font"):
            program = self.zip.read(self.go(base, one.findtext(f"{NS}FontFile")))
            self.fonts[one.attrib["ID"]] = TTFont(io.BytesIO(program)), program
        for one in root.findall(f"{NS}MultiMedias/{NS}MultiMedia"):
            assert one.attrib["Type"] == "Image"
            name = self.go(base, one.findtext(f"{NS}MediaFile"))
            self.pictures[one.attrib["ID"]] = one.attrib["Format"], self.zip.read(name)

    def _page(self, listed: ElementTree.Element, common: ElementTree.Element) -> Page:
        root = self.part(self.go(self.at, listed.attrib["BaseLoc"]))
        box = root.findtext(f"{NS}Area/{NS}PhysicalBox") or common.findtext(f"{NS}PageArea/{NS}PhysicalBox")
        left, top, width, height = map(float, str(box).split())
        assert (left, top) == (0, 0)
        page = Page(listed.attrib["ID"], width, height)
        unit = self.scale * self.fine
        page.picture = Image.new("RGB", (round(width * unit), round(height * unit)), "white")
        for layer in root.findall(f"{NS}Content/{NS}Layer"):
            for mark in layer:
                self._draw(page, mark)
        return page

    def _image(self, page: Page, mark: ElementTree.Element) -> None:
        """Lay a picture, which is a unit square, by its CTM on its boundary."""
        unit = self.scale * self.fine
        x, y, width, height = (float(one) for one in mark.attrib["Boundary"].split())
        a, b, c, d, e, f = map(float, mark.attrib["CTM"].split())
        assert (b, c, e, f) == (0, 0, 0, 0)
        assert (a, d) == (width, height)
        assert 0 <= x < x + width <= page.width
        assert 0 <= y < y + height <= page.height
        kind, content = self.pictures[mark.attrib["ResourceID"]]
        picture = Image.open(io.BytesIO(content))
        assert picture.format == kind
        picture = picture.convert("RGBA").resize((round(width * unit), round(height * unit)))
        page.picture.paste(picture, (round(x * unit), round(y * unit)), picture)
        page.images.append((mark.attrib["ResourceID"], (x, y, width, height)))

    def _draw(self, page: Page, mark: ElementTree.Element) -> None:
        if name_of(mark) == "ImageObject":
            self._image(page, mark)
            return
        draw = {"TextObject": self._text, "PathObject": self._path}[name_of(mark)]
        unit = self.scale * self.fine
        x, y, width, height = (float(one) for one in mark.attrib["Boundary"].split())
        assert width > 0
        assert height > 0
        assert -1 <= x <= page.width
        assert -1 <= y <= page.height
        corner = (
            max(0, int(x * unit)),
            max(0, int(y * unit)),
        )  # the mask is as large as the boundary, which cuts the mark
        mask = Image.new("L", (int((x + width) * unit) + 1 - corner[0], int((y + height) * unit) + 1 - corner[1]))
        for colour, part in draw(page, mark, mask, (x, y), corner):
            page.picture.paste(colour, corner, part)

    def _text(
        self, page: Page, mark: Any, mask: Image.Image, at: tuple[float, float], corner: tuple[int, int]
    ) -> list[Any]:
        font, program = self.fonts[mark.attrib["Font"]]
        size, unit = float(mark.attrib["Size"]), self.scale * self.fine
        a, b, c, d, e, f = map(float, mark.attrib.get("CTM", "1 0 0 1 0 0").split())
        order, cmap = font.getGlyphOrder(), font.getBestCmap()
        chosen = {
            int(one.attrib["CodePosition"]): int(str(one.findtext(f"{NS}Glyphs")))
            for one in mark.findall(f"{NS}CGTransform")
        }
        [code] = mark.findall(f"{NS}TextCode")
        x, y = float(code.attrib["X"]), float(code.attrib["Y"])
        steps = [float(one) for one in code.attrib.get("DeltaX", "").split()]
        assert len(steps) == len(code.text) - 1 or chosen
        upright = (a, b, c, d) == (1, 0, 0, 1)
        drawn = ImageFont.truetype(io.BytesIO(program), size * unit) if upright else None
        pen = ImageDraw.Draw(mask)
        for place, letter in enumerate(code.text):
            number = chosen.get(place, order.index(cmap[ord(letter)]) if ord(letter) in cmap else 0)
            page.glyphs.append(
                Glyph(letter, number, mark.attrib["Font"], at[0] + a * x + c * y + e, at[1] + b * x + d * y + f)
            )
            if drawn is not None:
                place_in_mask = (at[0] + x + e) * unit - corner[0], (at[1] + y + f) * unit - corner[1]
                pen.text(place_in_mask, letter, fill=255, font=drawn, anchor="ls")
            x += steps[place] if place < len(steps) else 0
        page.text += code.text
        return [(_rgb(mark, "FillColor"), _faded(mask, mark, "FillColor"))]

    def _path(
        self, page: Page, mark: Any, mask: Image.Image, at: tuple[float, float], corner: tuple[int, int]
    ) -> list[Any]:
        unit = self.scale * self.fine
        lines = [
            ([(x * unit - corner[0], y * unit - corner[1]) for x, y in line], closed)
            for line, closed in _lines(str(mark.findtext(f"{NS}AbbreviatedData")), at)
        ]
        result = []
        if mark.attrib.get("Fill") == "true":
            part = mask.copy()
            for line, _closed in lines:
                ImageDraw.Draw(part).polygon(line, fill=255)
            result.append((_rgb(mark, "FillColor"), part))
        if mark.attrib.get("Stroke", "true") == "true":
            part = mask.copy()
            wide = max(1, round(float(mark.attrib.get("LineWidth", "0.353")) * unit))
            for line, closed in lines:
                ImageDraw.Draw(part).line(line + line[:1] if closed else line, fill=255, width=wide)
            result.append((_rgb(mark, "StrokeColor"), part))
        return result

    def _annotations(self, location: str | None) -> str:
        if location is None:
            return ""
        path, text = self.go(self.at, location), ""
        for one in self.part(path).findall(f"{NS}Page"):
            assert one.attrib["PageID"] in {page.number for page in self.pages}
            for annotation in self.part(self.go(path, one.findtext(f"{NS}FileLoc"))):
                assert annotation.attrib["Type"] == "Watermark"
                text += "".join(code.text or "" for code in annotation.iter(f"{NS}TextCode"))
                assert all(int(one.attrib["Alpha"]) < 255 for one in annotation.iter(f"{NS}FillColor"))
        return text

    def _attachments(self, location: str | None) -> dict[str, bytes]:
        path = self.go(self.at, location)
        found = {}
        for one in self.part(path):
            inner = self.go(path, one.findtext(f"{NS}FileLoc"))
            found[posixpath.basename(inner)] = self.zip.read(inner)
        return found

    def sealed_picture(self) -> Image.Image:
        """Return the last page with the picture of the seal on it, at the scale asked for."""
        path = self.go(self.signatures, self.part(self.signatures).findall(f"{NS}Signature")[0].attrib["BaseLoc"])
        signature = self.part(path)
        stamp = signature.find(f"{NS}SignedInfo/{NS}StampAnnot")
        eseal = self.go(path, signature.findtext(f"{NS}SignedInfo/{NS}Seal/{NS}BaseLoc"))
        assert stamp is not None
        page = next(one for one in self.pages if one.number == stamp.attrib["PageRef"])
        picture = _picture(self.zip.read(eseal))
        x, y, width, height = map(float, stamp.attrib["Boundary"].split())
        whole = page.picture.resize(
            (round(page.width * self.scale), round(page.height * self.scale)), Image.Resampling.BOX
        )
        seal = Image.open(io.BytesIO(picture)).convert("RGBA")
        seal = seal.resize((round(width * self.scale), round(height * self.scale)), Image.Resampling.BOX)
        whole.paste(seal, (round(x * self.scale), round(y * self.scale)), seal)
        return whole


def _picture(eseal: bytes) -> bytes:
    """Find the picture in a seal by its place in the structure: SESeal / info / picture / data."""
    from asn1crypto.parser import parse

    def inside(content: bytes) -> list[bytes]:
        found = []
        while content:
            _class, _method, _tag, head, body, tail = parse(content)
            found.append(head + body + tail)
            content = content[len(head + body + tail) :]
        return found

    def opened(one: bytes) -> list[bytes]:
        return inside(parse(one)[4])

    info = opened(opened(eseal)[0])
    kind, data, _width, _height = opened(info[3])
    assert parse(kind)[4] == b"png"
    return bytes(parse(data)[4])


def _rgb(mark: Any, tag: str) -> tuple[int, ...]:
    return tuple(int(one) for one in mark.find(f"{NS}{tag}").attrib["Value"].split())


def _faded(mask: Image.Image, mark: Any, tag: str) -> Image.Image:
    alpha = int(mark.find(f"{NS}{tag}").attrib.get("Alpha", "255"))
    return mask if alpha == 255 else mask.point(lambda value: value * alpha // 255)


def _lines(data: str, at: tuple[float, float]) -> list[tuple[list[tuple[float, float]], bool]]:
    """Read the short form of a path (OFD 9.3): M, L, B and C; curves become short lines."""
    words, lines = data.split(), []
    while words:
        step = words.pop(0)
        if step == "C":
            lines[-1] = lines[-1][0], True
            continue
        count = {"M": 2, "L": 2, "B": 6}[step]
        numbers = [float(words.pop(0)) for _n in range(count)]
        points = [(numbers[n] + at[0], numbers[n + 1] + at[1]) for n in range(0, count, 2)]
        if step == "M":
            lines.append((points, False))
        elif step == "L":
            lines[-1][0].extend(points)
        else:
            start = lines[-1][0][-1]
            for n in range(1, 17):
                t = n / 16
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                hull = [start, *points]
                lines[-1][0].append(
                    (math.fsum(w * p[0] for w, p in zip(weights, hull, strict=True)),
                     math.fsum(w * p[1] for w, p in zip(weights, hull, strict=True)))
                )  # fmt: skip
    return lines
