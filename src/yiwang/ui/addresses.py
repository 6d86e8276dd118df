"""Addresses of pages: ``reverse``, asked once for each page and not once for each line of a list.

A page's address with another id is the same text with another id, so an id is put into an address already known.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from yiwang.kernel.paging import Page

_ANY = uuid.UUID("7a1e5c00-0000-8000-8000-00000000000a")
"""Stands for every id in an address that is kept."""
_WRITTEN = str(_ANY)


def address(name: str, *args: Any, current_app: str | None = None) -> str:
    """Return the address of a page, as ``reverse`` does. Raises NoReverseMatch."""
    if not args:
        return _reversed(name, current_app)
    found = _reversed(name, current_app, *(_ANY if type(arg) is uuid.UUID else arg for arg in args))
    for arg in args:
        if type(arg) is uuid.UUID:
            found = found.replace(_WRITTEN, str(arg), 1)
    return found


@lru_cache(maxsize=2048, typed=True)
def _reversed(name: str, current_app: str | None, *args: Any) -> str:
    return reverse(name, args=args, current_app=current_app)


def neighbours(here: str, found: Page[Any], **kept: str) -> dict[str, str]:
    """Return the addresses of the pages before and after one, as ``c-pager`` takes them; ``kept`` stands in both."""
    ways = {"previous": ("before", found.previous), "next": ("after", found.next)}
    return {name: f"{here}?{urlencode(kept | {way: cursor})}" if cursor else "" for name, (way, cursor) in ways.items()}
