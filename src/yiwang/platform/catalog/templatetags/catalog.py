"""Words for values of the catalogue."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.platform.catalog import particulars as shown
from yiwang.platform.catalog import queries
from yiwang.platform.catalog.types import EditionView, Limit
from yiwang.ui import dates

register = template.Library()


@register.simple_tag
def sample_url(edition: EditionView, name: str) -> str:
    """Return the address of a file that an edition shows; nothing if it has none of this name."""
    return reverse("catalog:sample", args=[edition.id, name]) if name in edition.files else ""


@register.inclusion_tag("catalog/particulars.html")
def particulars(edition: EditionView) -> dict[str, Any]:
    """Show every element that the edition holds, folded up."""
    tables = {name: queries.kept_table(name) for name in ("item_types", "person_themes", "legal_themes")}
    return {"edition": edition, "sections": shown.particulars(edition, tables)}


@register.filter
def limit(value: Limit) -> str:
    """Say a period: on the spot, or a number with its unit."""
    if value.value == 0:
        return _("当场办结")
    return dates.period(value.value, value.unit)
