"""Pieces of public pages, drawn once and kept: the same words for every reader, as long as what they tell stays as it is.

A piece is drawn without the request: neither who reads nor their session can get into it. Of the request only the door
is known, so that links stay within it. It is kept by this process, under the stamp of what is public (``kernel.stamps``),
so a new edition, a new address or a new name is seen by the next reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from django.core.cache import caches
from django.http import HttpRequest
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from yiwang.kernel import stamps

from . import names as names_
from .context import markup_language

_seen: dict[str, str] = {}
"""The stamp under which something was drawn last."""


def drawn(
    request: HttpRequest, template: str, names: Iterable[str], values: Callable[[], dict[str, Any]]
) -> SafeString:
    """Return a template with values, out of memory where it was drawn before.

    ``names`` tell which of its kind it is: everything that ``values`` depends on besides what is public, and the language.
    """
    door = request.resolver_match.namespace if request.resolver_match else ""
    stamp = stamps.value()
    key = ":".join((stamp, template, door, get_language() or "", *names))
    kept: SafeString | None = caches["pages"].get(key)
    if kept is None:
        if stamp != _seen.get("stamp"):
            _seen["stamp"] = stamp
            names_.forget()
        kept = _draw(template, door, values())
        caches["pages"].set(key, kept)
    return kept


def _draw(template: str, door: str, values: dict[str, Any]) -> SafeString:
    found: Any = get_template(template)
    whole = Context({"lang": markup_language()} | values)
    whole.request = SimpleNamespace(current_app=door)  # type: ignore[attr-defined] - where ``{% url %}`` looks for the door
    drawn_: SafeString = found.template.render(whole)
    return drawn_
