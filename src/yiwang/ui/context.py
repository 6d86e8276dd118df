"""What every page knows: the site, the edition, the language of its markup."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from . import site
from .preferences import Edition

_MARKUP_LANGUAGE = {"zh-hans": "zh-CN", "en": "en"}
"""Language tags that screen readers know best."""


def markup_language() -> str:
    """Return the reader's language as markup names it."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    return _MARKUP_LANGUAGE.get(language, language)


def page(request: HttpRequest, known: site.Site | None = None) -> dict[str, Any]:
    """Add ``site``, ``lang`` and the like to templates.

    The edition is ``page_edition``: a guide's page has an ``edition`` of its own, the published one.
    """
    current = known or site.current()
    language = translation.get_language() or settings.LANGUAGE_CODE
    english = language == "en"
    return {
        "site": current,
        "site_name": current.name_en if english else current.name,
        "site_subtitle": current.subtitle_en if english else current.subtitle,
        "site_lines": (current.lines_en if english else ()) or current.lines,
        "theme_version": site.theme_version(current.theme) if current.theme else "",
        "page_edition": getattr(request, "edition", Edition.STANDARD).value,
        "lang": markup_language(),
    }
