"""Words for values of the catalogue."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from yiwang.kernel.calendar import Unit
from yiwang.platform.catalog.types import Limit

register = template.Library()


@register.filter
def limit(value: Limit) -> str:
    """Say a period: on the spot, or a number with its unit."""
    if value.value == 0:
        return _("当场办结")
    words = {
        Unit.WORKDAY: _("%(n)d 个工作日"),
        Unit.DAY: _("%(n)d 个自然日"),
        Unit.MONTH: _("%(n)d 个月"),
    }
    return words[value.unit] % {"n": value.value}
