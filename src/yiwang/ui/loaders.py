"""Templates are read once for each language, so that what stands in them as it is need not be translated when drawn."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.base import Origin
from django.template.loaders import cached
from django.utils.translation import get_language


class Loader(cached.Loader):
    """Django's cached loader, with a template of its own for each language; see ``ui.templatetags.worded``."""

    def cache_key(self, template_name: str, skip: Sequence[Origin] | None = None) -> str:
        """Return under what a template is kept."""
        return f"{get_language()} {super().cache_key(template_name, skip)}"  # type: ignore[arg-type]
