"""Small parts of the design as template tags.

A page has dozens of them, so they are plain functions, not templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from html import escape

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as plain_url
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from yiwang.kernel.calendar import Unit

from .. import addresses, assets, dates, names, shown, uploads, values

register = template.Library()

LAMPS = {
    "green": "ok",
    "yellow": "half",
    "orange": "warn",
    "red": "stop",
    "paused": "pause",
    "done": "ok",
}
"""Light to icon: colour, shape and words always together."""

TONES = ("", "line", "brand", "green", "yellow", "orange", "red", "seal")
SOURCES = {"known": ("", "ok"), "down": (" yw-src--down", "unlink"), "own": (" yw-src--own", "edit")}


class _Address(URLNode):
    """``{% url %}`` that remembers what it found, for a page has the same address for each line of a list."""

    def render(self, context: Context) -> str:
        if self.kwargs or self.asvar:
            return super().render(context)
        name, args = self.view_name.resolve(context), [arg.resolve(context) for arg in self.args]
        request = getattr(context, "request", None)
        try:
            door = request.current_app
        except AttributeError:
            door = getattr(getattr(request, "resolver_match", None), "namespace", None)
        found = addresses.address(name, *args, current_app=door)
        return escape(found) if context.autoescape else found


@register.tag
def url(parser: Parser, token: Token) -> URLNode:
    """Give the address of a page, as Django's tag does."""
    node = plain_url(parser, token)
    return _Address(node.view_name, node.args, node.kwargs, node.asvar)


@register.simple_tag
def asset(name: str) -> str:
    """Return the address of a built static file: ``{% asset "yiwang.css" %}``."""
    return assets.url(name)


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon; it is hidden from screen readers, so words must stand beside it."""
    extra = f" {css}" if css else ""
    return format_html(
        '<svg class="yw-i{}" aria-hidden="true" focusable="false"><use href="{}#i-{}"/></svg>',
        extra,
        assets.url("icons.svg"),
        name,
    )


@register.simple_tag
def options(pairs: Iterable[tuple[object, object]], chosen: object = "") -> SafeString:
    """Draw the options of a list to choose from: value and words of each; ``chosen`` is the value that is selected."""
    picked = format_html("{}", " selected")
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, picked if str(value) == str(chosen) else "", words) for value, words in pairs),
    )


@register.simple_tag
def lamp(light: str, words: str) -> SafeString:
    """Draw a time light: ``light`` is green, yellow, orange, red, paused or done.

    Raises KeyError for another.
    """
    return format_html('<span class="yw-lamp yw-lamp--{}">{}{}</span>', light, icon(LAMPS[light]), words)


@register.simple_tag
def tag(words: str, tone: str = "") -> SafeString:
    """Draw a tag; ``tone`` is one of TONES. Raises ValueError for another."""
    if tone not in TONES:
        raise ValueError(f"unknown tone of a tag: {tone}")
    return format_html('<span class="yw-tag{}">{}</span>', f" yw-tag--{tone}" if tone else "", words)


@register.simple_tag
def count(number: int | None, unit: str = "", *, quiet: bool = False) -> SafeString | str:
    """Draw a count, capped at 99+; nothing for none or zero. ``unit`` is said to screen readers only."""
    if not number:
        return ""
    shown = "99+" if number > 99 else str(number)
    said = format_html('<span class="yw-vh"> {}</span>', unit) if unit else ""
    return format_html('<span class="yw-count{}">{}{}</span>', " yw-count--quiet" if quiet else "", shown, said)


def beads_words(used: int, paused: int, promised: int, limit: str = "") -> str:
    """Say the beads in words; ``limit`` is the promise, if it is not in working days."""
    left = promised - used
    parts = [
        _("承诺 %(limit)s") % {"limit": limit or workdays(promised)},
        _("已用 %(n)s") % {"n": used},
    ]
    if paused:
        parts.append(_("暂停 %(n)s 天不计") % {"n": paused})
    parts.append(_("剩 %(n)s") % {"n": left} if left >= 0 else _("超 %(n)s") % {"n": -left})
    return _("，").join(parts)


def bead_classes(track: str, promised: int, statutory: int) -> list[str]:
    """Return the class of each bead, in order.

    ``track`` is the past, one letter a day that is counted: ``u`` counted, ``p`` suspended. Counted days beyond
    ``promised`` are over (``o``).
    What is left of the promise follows empty, its last day with a foot (``t``); then dashed (``l``) up to
    ``statutory``.
    """
    classes = []
    counted = 0
    for day in track:
        if day == "p":
            classes.append("p")
            continue
        counted += 1
        classes.append("o" if counted > promised else "u t" if counted == promised else "u")
    for number in range(counted + 1, promised + 1):
        classes.append("t" if number == promised else "")
    classes.extend("l" for _number in range(max(counted, promised), statutory))
    return classes


@lru_cache(maxsize=1024)
def _beads(track: str, promised: int, statutory: int) -> SafeString:
    return format_html_join(
        "", '<span class="{}"></span>', ((css,) for css in bead_classes(track, promised, statutory))
    )


@register.simple_tag
def beads(
    light: str, track: str, promised: int, statutory: int = 0, *, small: bool = False, words: str = "", limit: str = ""
) -> SafeString:
    """Draw a clock, one bead a day; see ``bead_classes``, and ``beads_words`` for ``limit``.

    Above 40 days there is no room: words only.
    """
    used = track.count("u")
    label = words or beads_words(used, track.count("p"), promised, limit)
    if max(len(track), promised) > 40:
        return format_html('<span class="yw-caption">{}</span>', label)
    drawn = _beads(track, promised, statutory)
    size = " yw-beads--small" if small else ""
    return format_html(
        '<div class="yw-beads yw-beads--{}{}" role="img" aria-label="{}">{}</div>', light, size, label, drawn
    )


@register.simple_tag
def source(words: str, url: str = "", link: str = "", state: str = "known") -> SafeString:
    """Draw where a fact comes from: ``words`` such as ``来自 市场监管局 · 今日 09:12``, and the way to
    object.

    ``state`` is known, down (the source is broken off) or own (the person's own word). Raises KeyError for
    another.
    """
    css, name = SOURCES[state]
    more = format_html(' · <a href="{}">{}</a>', url, link or _("有误？")) if url else ""
    return format_html('<span class="yw-src{}">{}{}{}</span>', css, icon(name), words, more)


@register.simple_tag
def bar(start: int, width: int, words: str = "", kind: str = "") -> SafeString:
    """Draw one bar of a parallel chart: from working day ``start``, ``width`` days long.

    ``kind`` as in the sheet.
    """
    css = f" yw-bar--{kind}" if kind else ""
    inner = format_html("<b>{}</b>", words) if kind == "pause" and words else words
    return format_html('<span class="yw-bar{} yw-c{} yw-w{}">{}</span>', css, start, width, inner)


@register.simple_tag
def trend(values: Sequence[float | None], words: str) -> SafeString:
    """Draw how a share went, day by day (``None``: not known), as a small line; ``words`` say it to screen readers."""
    return format_html(
        '<svg class="yw-trend" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="none">'
        '<path d="{}"/></svg>',
        *shown.TREND,
        words,
        shown.trend_path(values),
    )


@register.filter
def said(thing: object, name: str) -> str:
    """Say a thing's ``name`` in the reader's language: ``name_en`` in English, where the city's data have it."""
    english = getattr(thing, f"{name}_en", "") if values.is_english() else ""
    return str(english or getattr(thing, name, ""))


@register.filter
def named(name: str) -> str:
    """Say what the city's data name in Chinese by its English name, to who reads English; see ``ui.names``."""
    return names.named(name)


@register.filter
def when(moment: date | None, form: str = "day") -> str:
    """Say a day or an instant: ``{{ day|when:"weekday" }}``; see ``ui.dates``."""
    return dates.said(moment, form)


@register.filter
def first_day(unit: Unit) -> str:
    """Say on which day after its event a period of this unit is first counted."""
    return dates.first_day(unit)


@register.filter
def workdays(number: int) -> str:
    """Say a number of working days."""
    return dates.period(number, Unit.WORKDAY)


@register.filter
def file_size(size: int) -> str:
    """Say a number of bytes in KB or MB."""
    return uploads.megabytes(size)


@register.simple_tag
def qr(text: str, label: str, *, big: bool = False) -> SafeString:
    """Draw a QR code of an address; ``label`` says to screen readers what it is for."""
    import segno  # with its tables it is large, and few pages show a code

    rows = list(segno.make(text, error="m", micro=False).matrix)
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    side = len(rows) + 4
    return format_html(
        '<svg class="yw-qr{}" viewBox="-2 -2 {} {}" role="img" aria-label="{}"><path d="{}"/></svg>',
        " yw-qr--big" if big else "",
        side,
        side,
        label,
        path,
    )


@register.filter(name="get")
def get_item(mapping: dict[str, object], key: str) -> object:
    """Return an entry of a mapping, or nothing."""
    return mapping.get(key)
