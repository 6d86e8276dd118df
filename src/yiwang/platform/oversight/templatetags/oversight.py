"""How shares are written."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """Write a share as a percentage with at most one decimal; a dash where there is none."""
    return "—" if share is None else f"{share * 100:.1f}".removesuffix(".0") + "%"
