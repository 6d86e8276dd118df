"""What stands on a licence: texts, paths and pictures with their places in millimetres, read out of the PDF that Typst drew.

Typst writes a small, regular part of PDF. Whatever else turns up is refused (``Unreadable``): a mark that we do not
understand must not silently be missing in the other file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from pypdf.generic import DictionaryObject

MILLIMETRE = 25.4 / 72
"""Millimetres in a point."""

Matrix = tuple[float, float, float, float, float, float]
T = TypeVar("T")
Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge; the origin is the page's upper left corner."""


class Unreadable(ValueError):
    """Something in the PDF that is not understood."""


@dataclass(frozen=True, slots=True)
class Font:
    """A font as it lies in the PDF: its program knows glyphs by number only."""

    name: str
    program: bytes
    letters: dict[int, str]
    """What each glyph stands for."""
    widths: dict[int, float]
    """Advance of each glyph in thousandths of the size."""


@dataclass(frozen=True, slots=True)
class Text:
    """Letters in one font, size and direction. ``matrix`` turns and moves them; ``places`` are theirs before that."""

    font: int
    size: float
    matrix: Matrix
    letters: tuple[str, ...]
    glyphs: tuple[int, ...]
    places: tuple[float, ...]
    width: float
    fill: Colour
    alpha: int

    @property
    def upright(self) -> bool:
        """Whether it is only moved, not turned."""
        return all(abs(one - other) < 1e-6 for one, other in zip(self.matrix[:4], (1, 0, 0, 1), strict=True))


@dataclass(frozen=True, slots=True)
class Path:
    """Lines and curves: steps of ``M``, ``L``, ``B`` (two controls and an end) and ``C`` (close) with their points."""

    steps: tuple[tuple[str, tuple[float, ...]], ...]
    fill: Colour | None
    stroke: Colour | None
    width: float
    miter: float
    alpha: int
    clip: Box | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a file of ``kind`` JPEG or PNG; a JPEG is, byte for byte, the one that was given to Typst."""

    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture, by its number, in its box."""

    picture: int
    box: Box
    alpha: int


Mark = Text | Path | Placed


@dataclass(frozen=True, slots=True)
class Face:
    """Pages of one size and the fonts and pictures that they use, by number."""

    width: float
    height: float
    pages: tuple[tuple[Mark, ...], ...]
    fonts: tuple[Font, ...]
    pictures: tuple[Picture, ...] = ()


@dataclass(slots=True)
class _State:
    """The graphics state of PDF, as far as Typst uses it."""

    matrix: Matrix
    fill: Colour = (0, 0, 0)
    stroke: Colour = (0, 0, 0)
    alpha: float = 1.0
    width: float = 1.0
    miter: float = 10.0
    clip: Box | None = None

    def copy(self) -> _State:
        return _State(self.matrix, self.fill, self.stroke, self.alpha, self.width, self.miter, self.clip)


def read(pdf: bytes) -> Face:
    """Read every page. Raises Unreadable."""
    from pypdf import PdfReader
    from pypdf.generic import ContentStream

    reader = PdfReader(BytesIO(pdf))
    fonts, pictures = _Numbered(_font), _Numbered(_picture)
    pages = []
    width, height = (float(side) for side in reader.pages[0].mediabox[2:])
    for page in reader.pages:
        hand = _Hand(page["/Resources"].get_object(), fonts, pictures, height)  # type: ignore[arg-type]
        for operands, operator in ContentStream(page.get_contents(), reader).operations:
            hand.do(operator.decode(), operands)
        pages.append(tuple(hand.marks))
    return Face(width * MILLIMETRE, height * MILLIMETRE, tuple(pages), tuple(fonts.found), tuple(pictures.found))


def multiplied(first: Matrix, then: Matrix) -> Matrix:
    """Return the matrix that does ``first``, then ``then``."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return where a point comes to lie."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


@dataclass
class _Numbered(Generic[T]):
    """The fonts or the pictures of a document, each once."""

    read: Callable[[Any], T]
    found: list[T] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)

    def number(self, reference: Any) -> int:
        if reference.idnum not in self._numbers:
            self._numbers[reference.idnum] = len(self.found)
            self.found.append(self.read(reference.get_object()))
        return self._numbers[reference.idnum]


_LETTER = re.compile(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>")


def _font(entry: DictionaryObject) -> Font:
    inner = entry["/DescendantFonts"][0].get_object()  # type: ignore[index]
    descriptor = inner["/FontDescriptor"].get_object()
    letters = entry["/ToUnicode"].get_object().get_data()  # type: ignore[union-attr]
    if "/FontFile2" not in descriptor or inner["/CIDToGIDMap"] != "/Identity" or b"beginbfrange" in letters:
        raise Unreadable(f"font {inner['/BaseFont']}")
    named = {
        int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in _LETTER.findall(letters)
    }
    name = str(inner["/BaseFont"]).lstrip("/").partition("+")[2]
    return Font(name, descriptor["/FontFile2"].get_object().get_data(), named, _widths(list(inner["/W"])))


_CHANNELS = {1: "L", 3: "RGB"}


def _picture(entry: Any) -> Picture:
    """Read a picture; its colours are grey or sRGB of eight bits, as Typst writes them."""
    if entry["/Subtype"] != "/Image" or entry["/BitsPerComponent"] != 8:
        raise Unreadable(f"object {entry['/Subtype']}")
    if entry["/Filter"] == "/DCTDecode" and "/SMask" not in entry:
        return Picture("JPEG", bytes(entry._data))
    if entry["/Filter"] != "/FlateDecode":
        raise Unreadable(f"picture {entry['/Filter']}")
    from PIL import Image

    size, data = (int(entry["/Width"]), int(entry["/Height"])), entry.get_data()
    mode = _CHANNELS.get(len(data) // (size[0] * size[1]))
    if mode is None:
        raise Unreadable("colours of a picture")
    drawn = Image.frombytes(mode, size, data)
    if "/SMask" in entry:
        drawn.putalpha(Image.frombytes("L", size, entry["/SMask"].get_object().get_data()))
    out = BytesIO()
    drawn.save(out, "PNG")
    return Picture("PNG", out.getvalue())


def _widths(rows: list[Any]) -> dict[int, float]:
    """Read PDF's list of widths: ``first last width`` or ``first [width …]``."""
    found: dict[int, float] = {}
    while rows:
        first, then = int(rows.pop(0)), rows.pop(0)
        if isinstance(then, list):
            found |= {first + at: float(width) for at, width in enumerate(then)}
        else:
            found |= dict.fromkeys(range(first, int(then) + 1), float(rows.pop(0)))
    return found


class _Hand:
    """Carries out the operators of one page and notes the marks that they make."""

    def __init__(
        self, resources: DictionaryObject, fonts: _Numbered[Font], pictures: _Numbered[Picture], height: float
    ) -> None:
        self.marks: list[Mark] = []
        self._resources = resources
        self._fonts, self._pictures = fonts, pictures
        k = MILLIMETRE
        self._now = _State((k, 0, 0, -k, 0, height * k))
        self._kept: list[_State] = []
        self._steps: list[tuple[str, tuple[float, ...]]] = []
        self._clipping = False
        self._text: Matrix = (1, 0, 0, 1, 0, 0)
        self._font, self._size = 0, 0.0

    def do(self, operator: str, given: list[Any]) -> None:
        """Carry out one operator. Raises Unreadable for one that is not known."""
        if operator in _IGNORED:
            return
        act = _ACTS.get(operator)
        if act is None:
            raise Unreadable(f"operator {operator}")
        act(self, *given)

    def keep(self) -> None:
        self._kept.append(self._now.copy())

    def back(self) -> None:
        self._now = self._kept.pop()

    def turn(self, *matrix: Any) -> None:
        self._now.matrix = multiplied(tuple(float(one) for one in matrix), self._now.matrix)  # type: ignore[arg-type]

    def see_through(self, name: str) -> None:
        entry = self._resources["/ExtGState"][name].get_object()  # type: ignore[index]
        if set(entry) - {"/Type", "/ca", "/CA"}:
            raise Unreadable(f"graphics state {dict(entry)}")
        self._now.alpha = float(entry.get("/ca", self._now.alpha))

    def fill_with(self, *parts: Any) -> None:
        self._now.fill = _colour(parts)

    def stroke_with(self, *parts: Any) -> None:
        self._now.stroke = _colour(parts)

    def wide(self, width: Any) -> None:
        self._now.width = float(width)

    def mitred(self, limit: Any) -> None:
        self._now.miter = float(limit)

    def step(self, letter: str, *points: Any) -> None:
        numbers = [float(one) for one in points]
        moved_points: list[float] = []
        for at in range(0, len(numbers), 2):
            moved_points += moved(self._now.matrix, numbers[at], numbers[at + 1])
        self._steps.append((letter, tuple(moved_points)))

    def clip(self) -> None:
        self._clipping = True

    def paint(self, *, fill: bool, stroke: bool) -> None:
        now = self._now
        if self._clipping:  # only the frame of a picture is cut out: its box says all
            now.clip = _within(bounds(self._steps), now.clip)
        if self._steps and (fill or stroke):
            a, b, c, d, _e, _f = now.matrix
            self.marks.append(
                Path(
                    tuple(self._steps),
                    now.fill if fill else None,
                    now.stroke if stroke else None,
                    now.width * math.sqrt(abs(a * d - b * c)),
                    now.miter,
                    round(now.alpha * 255),
                    now.clip,
                )
            )
        self._steps, self._clipping = [], False

    def lay(self, *matrix: Any) -> None:
        self._text = tuple(float(one) for one in matrix)  # type: ignore[assignment]

    def choose(self, name: str, size: Any) -> None:
        self._font = self._fonts.number(self._resources["/Font"].raw_get(name))  # type: ignore[union-attr]
        self._size = float(size)

    def mode(self, kind: Any) -> None:
        if int(kind) != 0:
            raise Unreadable(f"text drawn in mode {kind}")

    def place(self, name: str) -> None:
        """Lay a picture on the unit square, as the matrix has it; one that is turned or cut is not understood."""
        a, b, c, d, e, f = self._now.matrix
        box = e, f + d, e + a, f
        if abs(b) > 1e-6 or abs(c) > 1e-6 or a <= 0 or d >= 0 or _within(box, self._now.clip) != box:
            raise Unreadable("a picture that is turned or cut")
        number = self._pictures.number(self._resources["/XObject"].raw_get(name))  # type: ignore[union-attr]
        self.marks.append(Placed(number, box, round(self._now.alpha * 255)))

    def write(self, what: Any) -> None:
        font = self._fonts.found[self._font]
        matrix = multiplied(multiplied((1, 0, 0, -1, 0, 0), self._text), self._now.matrix)
        scale = math.hypot(matrix[0], matrix[1])
        unit = self._size * scale / 1000
        letters, glyphs, places, at = [], [], [], 0.0
        for part in what if isinstance(what, list) else [what]:
            if isinstance(part, int | float):
                at -= float(part) * unit
                continue
            raw = part.original_bytes
            for start in range(0, len(raw), 2):
                glyph = int.from_bytes(raw[start : start + 2], "big")
                if not glyph or not font.letters.get(glyph):
                    raise Unreadable(f"glyph {glyph} of {font.name} stands for no letter")
                letters.append(font.letters[glyph])
                glyphs.append(glyph)
                places.append(at)
                at += font.widths[glyph] * unit
        a, b, c, d, e, f = matrix
        self.marks.append(
            Text(
                self._font, self._size * scale, (a / scale, b / scale, c / scale, d / scale, e, f),
                tuple(letters), tuple(glyphs), tuple(places), at, self._now.fill, round(self._now.alpha * 255),
            )
        )  # fmt: skip


def _colour(parts: tuple[Any, ...]) -> Colour:
    if len(parts) not in {1, 3}:
        raise Unreadable(f"colour {parts}")
    three = parts if len(parts) == 3 else parts * 3
    red, green, blue = (round(float(part) * 255) for part in three)
    return red, green, blue


def bounds(steps: list[tuple[str, tuple[float, ...]]] | tuple[tuple[str, tuple[float, ...]], ...]) -> Box:
    """Return the box around all points of a path."""
    across = [point[at] for _letter, point in steps for at in range(0, len(point), 2)]
    down = [point[at] for _letter, point in steps for at in range(1, len(point), 2)]
    return min(across), min(down), max(across), max(down)


def _within(box: Box, other: Box | None) -> Box:
    if other is None:
        return box
    return max(box[0], other[0]), max(box[1], other[1]), min(box[2], other[2]), min(box[3], other[3])


_IGNORED = {"BDC", "BMC", "EMC", "BT", "ET", "cs", "CS", "ri"}
"""Marks of structure, and colour spaces: Typst's are sRGB and grey, told apart by how many numbers a colour has."""
_ACTS: dict[str, Any] = {
    "q": _Hand.keep,
    "Q": _Hand.back,
    "cm": _Hand.turn,
    "gs": _Hand.see_through,
    "scn": _Hand.fill_with,
    "SCN": _Hand.stroke_with,
    "w": _Hand.wide,
    "M": _Hand.mitred,
    "m": lambda hand, *points: hand.step("M", *points),
    "l": lambda hand, *points: hand.step("L", *points),
    "c": lambda hand, *points: hand.step("B", *points),
    "h": lambda hand: hand.step("C"),
    "W": _Hand.clip,
    "n": lambda hand: hand.paint(fill=False, stroke=False),
    "f": lambda hand: hand.paint(fill=True, stroke=False),
    "S": lambda hand: hand.paint(fill=False, stroke=True),
    "B": lambda hand: hand.paint(fill=True, stroke=True),
    "Do": _Hand.place,
    "Tr": _Hand.mode,
    "Tf": _Hand.choose,
    "Tm": _Hand.lay,
    "Tj": _Hand.write,
    "TJ": _Hand.write,
}
