"""The catalogues of one language as one dictionary.

Django keeps the catalogue of every application apart, and looks for a sentence in one after the other, twice in each. Chinese
is the key itself and stands in none of them: every sentence of a page would be looked for in all of them in vain.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import trans_real

_NUMBERS = range(200)


def join_all() -> None:
    """Join the catalogues of every language of the site; call it before the processes fork, so they share them."""
    for language, _name in settings.LANGUAGES:
        join(language)


def join(language: str) -> bool:
    """Join the catalogues of a language; what is found for a sentence stays the same.

    Catalogues that count differently can't be joined: then nothing is done, and false returned.
    """
    translation: Any = trans_real.translation(language)
    parts = list(_parts(translation))
    if len({tuple(plural(n) for n in _NUMBERS) for _catalogue, plural in parts}) > 1:
        return False
    whole: dict[Any, str] = {}
    for catalogue, _plural in reversed(parts):
        whole |= catalogue
    translation._catalog._catalogs = [whole]
    translation._catalog._plurals = [translation.plural]
    translation._fallback = None
    return True


def _parts(translation: Any) -> Any:
    """Yield catalogue and plural rule of a translation and of those it falls back to, the first to be asked first."""
    while translation is not None:
        found = translation._catalog
        yield from (
            zip(found._catalogs, found._plurals, strict=True)
            if hasattr(found, "_catalogs")
            else [(found, translation.plural)]
        )
        translation = translation._fallback
