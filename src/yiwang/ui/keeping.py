"""Files that no row refers to any more are deleted, at night (个人信息保护法 art. 47).

A file lies in the store once, however many rows of however many rooms name it; only all rooms together know that nobody
does. Each says which columns name files (``held_in``), or answers itself (``held_by``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Model

from yiwang.kernel.compiled import AnyOf  # noqa: F401 - the lookup

from . import store

log = logging.getLogger(__name__)
Ask = Callable[[list[str]], Iterable[str]]

AGE = timedelta(days=2)
"""A file was saved, or saved again, that long ago before it is looked at: a form may be under way with it."""
NIGHTS = 8
"""Nights in which the whole store is gone through once."""
BATCH = 500

columns: set[tuple[type[Model], str]] = set()
"""Which columns name files."""
_asked: list[Ask] = []


def held_in(model: type[Model], *fields: str) -> None:
    """Say that these columns of a model, each of which has an index or few rows, name files by their digests."""
    columns.update((model, field) for field in fields)


def held_by(ask: Ask) -> Ask:
    """Let a function say which of some files its room refers to, where no column names them: asked last, for what is left."""
    _asked.append(ask)
    return ask


def held(digests: list[str]) -> set[str]:
    """Return which of these files anybody refers to."""
    found: set[str] = set()
    for model, field in columns:
        named = model._default_manager.exclude(**{field: ""})  # as the partial indexes say
        found.update(named.filter(**{f"{field}__any": digests}).values_list(field, flat=True))
    for ask in _asked:
        if left := [one for one in digests if one not in found]:
            found.update(ask(left))
    return found


def sweep(now: datetime) -> int:
    """Delete what nobody refers to in this night's part of the store; return how many files."""
    gone, old = 0, _old(now)
    while digests := list(islice(old, BATCH)):
        kept = held(digests)
        for digest in digests:
            if digest not in kept and store.saved_at(digest) < now - AGE:  # nobody saved it again meanwhile
                store.delete(digest)
                gone += 1
    log.info("store.swept", extra={"files": gone})
    return gone


def _old(now: datetime) -> Iterator[str]:
    return (
        digest for digest in store.stored(now.date().toordinal() % NIGHTS, NIGHTS) if store.saved_at(digest) < now - AGE
    )
