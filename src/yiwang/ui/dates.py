"""Days and instants in words, in the reader's language: ``11月30日（周一）``, ``Mon 30 Nov``."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yiwang.kernel import clock
from yiwang.kernel.calendar import Unit

from .values import is_english

FORMS = {
    "day": ("n月j日", "j M"),
    "weekday": ("n月j日", "D j M"),
    "date": ("Y年n月j日", "j F Y"),
    "time": ("n月j日 H:i", "j M, H:i"),
    "datetime": ("Y年n月j日 H:i", "j F Y, H:i"),
    "instant": ("Y年n月j日 H:i:s", "j F Y, H:i:s"),
}
"""Name of a form to its format in Chinese and in English."""
_WEEKDAYS = "一二三四五六日"


def said(moment: date | datetime | None, form: str = "day") -> str:
    """Say a day or an instant (in the city's time) in one of FORMS, or ``lately``: with the time only if it is of today,
    with the year only if it is of another, as ``time`` too. Nothing for none. Raises KeyError for another form.
    """
    if moment is None:
        return ""
    if isinstance(moment, datetime) and is_aware(moment):
        moment = localtime(moment)
    if form == "lately":
        today = clock.today()
        if isinstance(moment, datetime) and moment.date() == today:
            return _("今日 %(time)s") % {"time": date_format(moment, "H:i")}
        form = "day" if moment.year == today.year else "date"
    if form == "time" and moment.year != clock.today().year:
        form = "datetime"
    chinese, english = FORMS[form]
    if is_english():
        return date_format(moment, english)
    words = date_format(moment, chinese)
    return f"{words}（周{_WEEKDAYS[moment.weekday()]}）" if form == "weekday" else words


def first_day(*units: Unit) -> str:
    """Say on which day after its event a period of these units is first counted (民法典 art. 201)."""
    if Unit.WORKDAY not in units:
        return _("第二天")
    if all(one is Unit.WORKDAY for one in units):
        return _("下一个工作日")
    return _("下一个工作日（按自然日或者月算的，从第二天）")


def period(number: int, unit: Unit) -> str:
    """Say how long something takes, in the unit in which it is counted."""
    if unit is Unit.WORKDAY:
        words = ngettext("%(n)s 个工作日", "%(n)s 个工作日", number)
    elif unit is Unit.DAY:
        words = ngettext("%(n)s 个自然日", "%(n)s 个自然日", number)
    else:
        words = ngettext("%(n)s 个月", "%(n)s 个月", number)
    return words % {"n": number}
