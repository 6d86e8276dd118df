"""Who the site belongs to: names, seal, statutory lines and the city's colours, as a pack gives them.

The design system knows no city. ``settings.UI_SITE`` names a function without arguments that returns the
``Site``; it is called once
for each page, so it should answer from memory.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

THEME_TOKENS = ("brand", "brand-deep", "brand-night", "brand-soft", "brand-tint", "seal", "seal-tint")
"""Tokens that a city may set.

The rest belongs to the design system: lights, ink and focus mean the same everywhere.
"""

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_ON_WHITE = {"brand": 4.5, "brand-deep": 7.0, "brand-night": 7.0, "seal": 4.5}
"""Least contrast with white: these carry white text, or are text on paper (WCAG 2.2, 1.4.3)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A statutory badge of the footer: its words and where it leads."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """The site's identity.

    ``seal`` is four characters, read from the top right downwards, then the left column.
    """

    name: str = "一网"
    name_en: str = "Yiwang"
    subtitle: str = "一体化政务服务平台"
    subtitle_en: str = "One network for public services"
    region: str = "示例市"
    seal: str = "一网通办"
    lines: tuple[str, ...] = ()
    """Statutory lines of the footer, as the city words them."""
    lines_en: tuple[str, ...] = ()
    host: str = ""
    """Body in charge, 主办."""
    undertaker: str = ""
    """Body that runs it, 承办."""
    site_code: str = ""
    """Government site identification code, 政府网站标识码."""
    icp: str = ""
    police: str = ""
    hotline: str = "12345"
    marks: tuple[Mark, ...] = ()
    art: tuple[str, ...] = ()
    """SVG paths of a drawing beside the search on the front page, in a box of 400 by 232."""
    theme: dict[str, str] = field(default_factory=dict)
    demo: bool = True
    """Says in the footer that all data are invented."""


def current() -> Site:
    """Return the site of this installation."""
    global _last  # noqa: PLW0603 (one value, replaced as a whole)
    _last = import_string(getattr(settings, "UI_SITE", "yiwang.ui.site.default"))()
    return _last


_last: Site | None = None


def remembered() -> Site:
    """Return the site as a page last saw it, without asking anybody: error pages work when nothing else does."""
    return _last or Site()


@lru_cache(maxsize=1)
def default() -> Site:
    """Return a site without a city, for tests and an empty installation."""
    return Site()


def contrast_with_white(colour: str) -> float:
    """Return the WCAG contrast ratio of a ``#rrggbb`` colour with white: 1 to 21."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def theme_errors(theme: dict[str, str]) -> list[str]:
    """Return what is wrong with a pack's theme, one sentence each; an empty list if it can be used."""
    errors = []
    for name, colour in theme.items():
        if name not in THEME_TOKENS:
            errors.append(f"主题里不能改 {name}，可以改的有：{'、'.join(THEME_TOKENS)}。")
        elif not _COLOUR.fullmatch(colour):
            errors.append(f"{name} 要写成 #rrggbb（小写），现在是 {colour}。")
        elif contrast_with_white(colour) < _ON_WHITE.get(name, 1.0):
            least = _ON_WHITE[name]
            errors.append(f"{name} {colour} 与白色的对比度只有 {contrast_with_white(colour):.1f}，至少要 {least}。")
    return errors


def theme_css(theme: dict[str, str]) -> str:
    """Return the theme as a sheet that sets tokens only; empty without a theme.

    Raises ValueError for a bad theme.
    """
    errors = theme_errors(theme)
    if errors:
        raise ValueError(" ".join(errors))
    if not theme:
        return ""
    lines = "".join(f"--yw-{name}:{colour};" for name, colour in theme.items())
    return f":root{{{lines}}}\n"


def theme_version(theme: dict[str, str]) -> str:
    """Return a short content hash, so that browsers may keep the sheet for ever."""
    return hashlib.sha256(repr(sorted(theme.items())).encode()).hexdigest()[:12]
