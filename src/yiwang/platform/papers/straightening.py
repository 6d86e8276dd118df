"""Straightening a page: by what angle its lines of text lean, and the page turned back.

Where lines of text lie level, rows of ink and rows of paper alternate sharply; at any other angle they blur into each other. So
the page, made small and reduced to its ink, is turned to and fro, and the angle at which neighbouring rows differ most is the
right one (projection profile).
"""

from __future__ import annotations

from array import array
from io import BytesIO

from PIL import Image, ImageChops, ImageFilter, ImageOps

SIDE = 800
"""Longest side, in pixels, of the picture on which the angle is looked for: 0.1° is more than a pixel there."""
WIDEST = 10.0
"""Degrees to either side that are tried: a page that leans further was laid in wrong, and a clerk turns it."""
LEAST = 0.15
"""Degrees below which a page is left as it is: turning costs sharpness."""
_STEPS = (1.0, 0.25, 0.05)
_INK = 32
"""How much darker than what is around it, of 255, a pixel of ink is."""
_CLEAR = 1.3
"""How much sharper the best angle is than the middle one, at least, where there are lines of text at all."""
MOST_PIXELS = 25_000_000
QUALITY = 88
SMALL = 480
"""Longest side of a page's small picture, in pixels."""


def skew(image: Image.Image) -> float:
    """Return by how many degrees to the left a page must be turned for its lines to lie level; 0 if that is not clear."""
    ink = _ink(image)
    middle, found = 0.0, {}
    for step, span in zip(_STEPS, (WIDEST, *_STEPS), strict=False):
        count = round(span / step)
        found |= {
            angle: _sharpness(ink, angle) for n in range(-count, count + 1) if (angle := middle + n * step) not in found
        }
        middle = max(found, key=found.__getitem__)
        if step == _STEPS[0]:
            ordered = sorted(found.values())
            if not ordered[-1] or ordered[-1] < _CLEAR * ordered[len(ordered) // 2] or abs(middle) >= WIDEST:
                return 0.0
    return round(middle, 2)


def _ink(image: Image.Image) -> Image.Image:
    """Return where the ink is: what is darker than its surroundings, so that a shadow on a photograph is none."""
    small = image.convert("L")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    around = small.filter(ImageFilter.BoxBlur(12))
    ink = ImageChops.subtract(around, small).point(lambda value: 255 if value > _INK else 0)
    return ink.convert("F")


def _sharpness(ink: Image.Image, angle: float) -> float:
    turned = ink.rotate(angle, Image.Resampling.NEAREST) if angle else ink
    rows = array("f", turned.resize((1, ink.height), Image.Resampling.BOX).tobytes())
    return sum((rows[n] - rows[n - 1]) ** 2 for n in range(1, len(rows)))


def upright(image: Image.Image) -> Image.Image:
    """Return a picture as it was taken: turned as the camera noted (EXIF), on white paper, in grey or colour, not too large."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = image.point(lambda value: value / 256).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("L" if image.mode in {"1", "L"} else "RGB")
    if (pixels := image.width * image.height) > MOST_PIXELS:
        factor = (MOST_PIXELS / pixels) ** 0.5
        image = image.resize(
            (max(1, int(image.width * factor)), max(1, int(image.height * factor))), Image.Resampling.BOX
        )
    return image


def turned(image: Image.Image, quarters: int, *, straight: bool = True) -> tuple[Image.Image, float]:
    """Return a page turned to the left by quarters of a circle and then straightened, and the degrees of the latter."""
    if quarters % 4:
        image = image.rotate(90 * (quarters % 4), expand=True)
    angle = skew(image) if straight else 0.0
    if abs(angle) < LEAST:
        return image, 0.0
    white = 255 if image.mode == "L" else (255, 255, 255)
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=white), angle


def jpeg(image: Image.Image) -> BytesIO:
    """Return a page as JPEG."""
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    out.seek(0)
    return out


def small(content: bytes) -> bytes:
    """Return a page's JPEG as a small one, to be looked at beside others."""
    with Image.open(BytesIO(content), formats=["JPEG"]) as image:
        image.draft(image.mode, (SMALL, SMALL))  # decoded at an eighth, a quarter, a half: much sooner than whole
        image.thumbnail((SMALL, SMALL))
        return jpeg(image).getvalue()
