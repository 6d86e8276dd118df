"""The parts of an OFD document (GB/T 33190-2016): XML in the order of its schemas, fonts, pictures, attachments, one
container.

The container is plain: files in order, not compressed, no times. The same parts make the same bytes, so a check can ask
whether a container holds anything but them (``unpacked`` refuses it if it does).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import pairwise
from xml.etree import ElementTree

from yiwang.platform.licences.ofd import fonts
from yiwang.platform.licences.ofd.face import Box, Face, Mark, Path, Placed, Text, bounds

NAMESPACE = "http://www.ofdspec.org/2016"
ROOT = "Doc_0"
ABOVE, BELOW, BESIDE = 1.15, 0.45, 0.5
"""Room around letters, in sizes: a mark is cut off at its boundary."""
LARGEST = 64 * 1024 * 1024
"""Most bytes in a container, all parts together."""

ElementTree.register_namespace("ofd", NAMESPACE)


class Damaged(ValueError):
    """This is no container as we write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the document says of itself."""

    number: str
    """Number of the document: 32 hexadecimal digits."""
    title: str
    author: str
    made: datetime
    keywords: tuple[str, ...] = ()
    said: Mapping[str, str]
    """Pairs for programs that read no attachment."""
    attached: Mapping[str, bytes]
    """Attachments by file name."""


def element(tag: str, *inside: ElementTree.Element | str, **attributes: object) -> ElementTree.Element:
    """Make an element of the standard's namespace; attributes that are ``None`` are left out."""
    made = ElementTree.Element(f"{{{NAMESPACE}}}{tag}", {k: str(v) for k, v in attributes.items() if v is not None})
    for one in inside:
        if isinstance(one, str):
            made.text = one
        else:
            made.append(one)
    return made


def xml(root: ElementTree.Element) -> bytes:
    """Write a part."""
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="utf-8")


def number(value: float) -> str:
    """Write a length in millimetres, to a tenth of a micrometre."""
    return f"{value:.4f}".rstrip("0").rstrip(".") if round(value, 4) else "0"


def numbers(values: Iterable[float]) -> str:
    """Write several."""
    return " ".join(number(value) for value in values)


class _Ids:
    """Numbers of objects, each once in the document."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


@dataclass(frozen=True, slots=True)
class Document:
    """A document without seal: its parts by path, the ids of its pages in order."""

    parts: dict[str, bytes]
    pages: tuple[int, ...]


def document(face: Face, about: About) -> Document:
    """Make the parts of a document. What is drawn see-through becomes a watermark annotation (加注件)."""
    ids = _Ids()
    made: dict[str, bytes] = {}
    font_ids = [ids.next() for _font in face.fonts]
    listed = []
    for at, font in enumerate(face.fonts):
        made[f"{ROOT}/Res/font_{at}.ttf"] = fonts.alone(font)
        listed.append(
            element(
                "Font",
                element("FontFile", f"font_{at}.ttf"),
                ID=font_ids[at], FontName=font.name, FamilyName=font.name.partition("-")[0],
                Bold="true" if fonts.is_bold(font) else None, Serif="true" if fonts.is_serif(font) else None,
            )
        )  # fmt: skip
    picture_ids = [ids.next() for _picture in face.pictures]
    shown = []
    for at, picture in enumerate(face.pictures):
        name = f"picture_{at}.{'jpg' if picture.kind == 'JPEG' else 'png'}"
        made[f"{ROOT}/Res/{name}"] = picture.content
        shown.append(
            element("MultiMedia", element("MediaFile", name), ID=picture_ids[at], Type="Image", Format=picture.kind)
        )
    known = [fonts.glyph_of(font) for font in face.fonts]
    pages, page_ids, annotated = [], [], []
    for at, marks in enumerate(face.pages):
        page, hand = ids.next(), _Hand(face, font_ids, picture_ids, known, ids)
        layer = element("Layer", *hand.drawn(mark for mark in marks if mark.alpha == 255), Type="Body", ID=ids.next())
        made[f"{ROOT}/Pages/Page_{at}/Content.xml"] = xml(
            element("Page", element("Area", _physical(face)), element("Content", layer))
        )
        page_ids.append(page)
        pages.append(element("Page", ID=page, BaseLoc=f"Pages/Page_{at}/Content.xml"))
        if noted := hand.drawn(mark for mark in marks if mark.alpha < 255):
            made[f"{ROOT}/Annots/Page_{at}/Annotation.xml"] = xml(_watermark(face, about, noted, ids))
            annotated.append(element("Page", element("FileLoc", f"Page_{at}/Annotation.xml"), PageID=page))
    made[f"{ROOT}/PublicRes.xml"] = xml(element("Res", element("Fonts", *listed), BaseLoc="Res"))
    if shown:
        made[f"{ROOT}/DocumentRes.xml"] = xml(element("Res", element("MultiMedias", *shown), BaseLoc="Res"))
    if annotated:
        made[f"{ROOT}/Annots/Annotations.xml"] = xml(element("Annotations", *annotated))
    made |= _attachments(about)
    made[f"{ROOT}/Document.xml"] = xml(
        element(
            "Document",
            element(
                "CommonData",
                element("MaxUnitID", str(ids.last)),
                element("PageArea", _physical(face)),
                element("PublicRes", "PublicRes.xml"),
                *([element("DocumentRes", "DocumentRes.xml")] if shown else []),
            ),
            element("Pages", *pages),
            *([element("Annotations", "Annots/Annotations.xml")] if annotated else []),
            element("Attachments", "Attachs/Attachments.xml"),
        )
    )
    made["OFD.xml"] = xml(_root(about))
    return Document(made, tuple(page_ids))


def packed(made: Mapping[str, bytes]) -> bytes:
    """Put parts into a container, ``OFD.xml`` first."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as container:
        for name in sorted(made, key=lambda one: (one != "OFD.xml", one)):
            entry = zipfile.ZipInfo(name)
            entry.create_system = 0  # else it would depend on the machine
            container.writestr(entry, made[name])
    return out.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    """Return the parts of a container. Raises Damaged if it is none, or holds anything else, be it one byte."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as container:
            entries = container.infolist()
            if sum(entry.file_size for entry in entries) > min(LARGEST, len(content)):
                raise Damaged("more is announced than there is")  # ours is not compressed: this one is a bomb
            made = {entry.filename: container.read(entry) for entry in entries}
    except Damaged:
        raise
    except Exception as error:  # whatever a stranger's file does to the reader
        raise Damaged(str(error)) from error
    if packed(made) != content:
        raise Damaged("the container is not as it was written")
    return made


def _physical(face: Face) -> ElementTree.Element:
    return element("PhysicalBox", numbers((0, 0, face.width, face.height)))


def _root(about: About) -> ElementTree.Element:
    day = about.made.date().isoformat()
    return element(
        "OFD",
        element(
            "DocBody",
            element(
                "DocInfo",
                element("DocID", about.number),
                element("Title", about.title),
                element("Author", about.author),
                element("CreationDate", day),
                element("ModDate", day),
                element("Keywords", *(element("Keyword", word) for word in about.keywords)),
                element("Creator", "yiwang"),
                element("CustomDatas", *(element("CustomData", said, Name=name) for name, said in about.said.items())),
            ),
            element("DocRoot", f"{ROOT}/Document.xml"),
            element("Signatures", f"{ROOT}/Signs/Signatures.xml"),
        ),
        Version="1.0",
        DocType="OFD",
    )


def _attachments(about: About) -> dict[str, bytes]:
    made = {f"{ROOT}/Attachs/{name}": content for name, content in about.attached.items()}
    listed = [
        element(
            "Attachment",
            element("FileLoc", name),
            ID=f"attachment{at}", Name=name.rpartition(".")[0], Format=name.rpartition(".")[2].upper(),
            CreationDate=about.made.isoformat(timespec="seconds"), Size=number(len(content) / 1024), Visible="false",
        )
        for at, (name, content) in enumerate(about.attached.items())
    ]  # fmt: skip
    made[f"{ROOT}/Attachs/Attachments.xml"] = xml(element("Attachments", *listed))
    return made


def _watermark(face: Face, about: About, marks: list[ElementTree.Element], ids: _Ids) -> ElementTree.Element:
    look = element("Appearance", *marks, Boundary=numbers((0, 0, face.width, face.height)))
    annotation = element(
        "Annot", look,
        ID=ids.next(), Type="Watermark", Creator=about.author, LastModDate=about.made.date().isoformat(),
        Print="true", ReadOnly="true",
    )  # fmt: skip
    return element("PageAnnot", annotation)


class _Hand:
    """Writes the marks of a page."""

    def __init__(
        self, face: Face, font_ids: list[int], picture_ids: list[int], known: list[dict[str, int]], ids: _Ids
    ) -> None:
        self._face, self._font_ids, self._picture_ids = face, font_ids, picture_ids
        self._known, self._ids = known, ids

    def drawn(self, marks: Iterable[Mark]) -> list[ElementTree.Element]:
        """Return the elements of marks, in their order."""
        return [one for mark in marks for one in self._drawn(mark)]

    def _drawn(self, mark: Mark) -> list[ElementTree.Element]:
        if isinstance(mark, Text):
            return self._texts(mark)
        return [self._picture(mark) if isinstance(mark, Placed) else self._path(mark)]

    def _texts(self, mark: Text) -> list[ElementTree.Element]:
        """One object; a glyph for several letters (a ligature) cuts the run, as it needs a place of its own."""
        runs: list[list[int]] = [[]]
        for at, letter in enumerate(mark.letters):
            if len(letter) == 1:
                runs[-1].append(at)
            else:
                runs += [[at], []]
        return [self._text(mark, run) for run in runs if run]

    def _text(self, mark: Text, run: list[int]) -> ElementTree.Element:
        places = [mark.places[at] for at in run]
        if mark.upright:
            x, y = mark.matrix[4] + places[0], mark.matrix[5]
            left, top = x - BESIDE * mark.size, y - ABOVE * mark.size
            wide = mark.width - places[0] + 2 * BESIDE * mark.size
            boundary, start, turned = (left, top, wide, (ABOVE + BELOW) * mark.size), (x - left, y - top), None
        else:
            boundary, start = (0, 0, self._face.width, self._face.height), (places[0], 0)
            turned = " ".join([*(f"{one:.6f}" for one in mark.matrix[:4]), *map(number, mark.matrix[4:])])
        steps = [after - before for before, after in pairwise(places)]
        return element(
            "TextObject",
            _colour("FillColor", mark.fill, mark.alpha),
            *self._glyphs(mark, run),
            element(
                "TextCode", "".join(mark.letters[at] for at in run),
                X=number(start[0]), Y=number(start[1]), DeltaX=numbers(steps) if steps else None,
            ),
            ID=self._ids.next(), Boundary=numbers(boundary), CTM=turned,
            Font=self._font_ids[mark.font], Size=number(mark.size),
        )  # fmt: skip

    def _glyphs(self, mark: Text, run: list[int]) -> list[ElementTree.Element]:
        """Name the glyphs that the font's own table of letters would not give."""
        return [
            element(
                "CGTransform", element("Glyphs", str(mark.glyphs[at])),
                CodePosition=place, CodeCount=len(mark.letters[at]), GlyphCount=1,
            )
            for place, at in enumerate(run)
            if self._known[mark.font].get(mark.letters[at]) != mark.glyphs[at]
        ]  # fmt: skip

    def _picture(self, mark: Placed) -> ElementTree.Element:
        """The unit square that a picture is, as large as its boundary."""
        left, top, right, low = mark.box
        return element(
            "ImageObject",
            ID=self._ids.next(), Boundary=numbers((left, top, right - left, low - top)),
            CTM=numbers((right - left, 0, 0, low - top, 0, 0)), ResourceID=self._picture_ids[mark.picture],
            Alpha=mark.alpha if mark.alpha < 255 else None,
        )  # fmt: skip

    def _path(self, mark: Path) -> ElementTree.Element:
        left, top, right, low = self._boundary(mark)
        inside = []
        for letter, points in mark.steps:
            inside += [letter, *(number(one - (top if at % 2 else left)) for at, one in enumerate(points))]
        return element(
            "PathObject",
            *([_colour("StrokeColor", mark.stroke, mark.alpha)] if mark.stroke else []),
            *([_colour("FillColor", mark.fill, mark.alpha)] if mark.fill else []),
            element("AbbreviatedData", " ".join(inside)),
            ID=self._ids.next(), Boundary=numbers((left, top, right - left, low - top)),
            LineWidth=number(mark.width), MiterLimit=number(mark.miter),
            Stroke="true" if mark.stroke else "false", Fill="true" if mark.fill else "false",
        )  # fmt: skip

    def _boundary(self, mark: Path) -> Box:
        """Room for the lines' width and corners, cut by the clip."""
        room = mark.width * 1.5 if mark.stroke else 0.01
        left, top, right, low = bounds(mark.steps)
        box = left - room, top - room, right + room, low + room
        if mark.clip is None:
            return box
        return (
            max(box[0], mark.clip[0]),
            max(box[1], mark.clip[1]),
            min(box[2], mark.clip[2]),
            min(box[3], mark.clip[3]),
        )


def _colour(tag: str, colour: tuple[int, int, int], alpha: int) -> ElementTree.Element:
    return element(tag, Value=" ".join(map(str, colour)), Alpha=alpha if alpha < 255 else None)
