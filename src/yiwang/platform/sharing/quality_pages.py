"""Quality at the desk: agencies and datasets ranked, one dataset in full, and the rows that wait to be mended."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yiwang.kernel import clock, codes
from yiwang.kernel.acts import record_read
from yiwang.kernel.types import Actor
from yiwang.platform.catalog.imports.reading import neutral
from yiwang.platform.sharing import feed_queries, quality, scores
from yiwang.platform.sharing.labels import CHOICES, DIMENSIONS, FAULTS, OWN_COLUMNS
from yiwang.platform.sharing.managers import STEWARDS, WATCHING
from yiwang.platform.sharing.rules import PROMISES
from yiwang.platform.sharing.types import CrossRule, DatasetDefinition, RankedDataset, ScoreView
from yiwang.ui.dates import said as said_day
from yiwang.ui.entry import staff
from yiwang.ui.frame import Link
from yiwang.ui.shown import lines
from yiwang.ui.templatetags.ui import said

SPANS = {"30": 30, "90": 90, "365": 365}
"""Days over which one may look back."""
TOLD = 3
"""Faults that a line of the list tells."""


def _actor(request: HttpRequest) -> Actor:
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


@staff(*STEWARDS, *WATCHING)
def ranking(request: HttpRequest) -> HttpResponse:
    """Rank agencies, best first, or datasets, worst first, with what is wrong."""
    by = _actor(request)
    watching = by.has_role(WATCHING)
    which = request.GET.get("show", "")
    which = which if which in ("agencies", "datasets") else "agencies" if watching else "datasets"
    here = reverse("sharing_desk:quality")
    context: dict[str, Any] = {
        "tabs": [
            Link(_("部门排名"), f"{here}?show=agencies", "agencies"),
            Link(_("数据集，差的在前"), f"{here}?show=datasets", "datasets"),
        ],
        "tab": which,
        "weights": [(DIMENSIONS[one], weight) for one, weight in quality.weights().items()],
        "days": scores.DAYS,
        "section": "quality",
    }
    if which == "agencies":
        ranked = scores.agencies(by)
        context["agencies"] = [(1 + sum(b.score > one.score for b in ranked), one, *trend(one.days)) for one in ranked]
    else:
        agency = request.GET.get("agency", "")[:60]
        page = scores.datasets(by, agency, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
        rules = scores.cross_rules(one.code for one in page.items)
        context["datasets"] = [(one, wrong(one, rules), *trend(one.days)) for one in page.items]
        for way, edge in (("previous", "before"), ("next", "after")):
            cursor = getattr(page, way)
            asked = {"show": which, "agency": agency, edge: cursor}
            context[way] = (
                f"{here}?{urlencode({name: value for name, value in asked.items() if value})}" if cursor else ""
            )
        context["agency"] = page.items[0].agency_name if agency and page.items else ""
    return render(request, "sharing/quality.html", context)


@staff(*STEWARDS, *WATCHING)
def one(request: HttpRequest, code: str) -> HttpResponse:
    """Show the quality of one dataset: now, over time, by column and by rule."""
    by = _actor(request)
    row = scores.get(code, by)
    definition = scores.definition_of(row)
    span = request.GET.get("days", "")
    span = span if span in SPANS else "30"
    past = scores.history(row.pk, SPANS[span])
    newest = scores.newest(row.pk)
    mine = by.has_role(STEWARDS, row.reach)
    here = reverse("sharing_desk:quality_of", args=[code])
    context = {
        "dataset": definition,
        "agency": row.agency.short_name or row.agency.name,
        "now": newest,
        "refreshed": refreshed(definition, row.refreshed_at),
        "tabs": [
            Link(ngettext("%(n)d 天", "%(n)d 天", n) % {"n": n}, f"{here}?days={n}", name) for name, n in SPANS.items()
        ],
        "tab": span,
        "past": [(day, score) for day, score in reversed(past.items()) if score],
        "chart": _chart(past),
        "columns": _columns(definition, newest) if newest else [],
        "rules": _told_rules(definition, newest, scores.cross_rules([code])) if newest else [],
        "mine": mine,
        "waiting": scores.waiting(row.pk, by) if mine else None,
        "section": "quality",
    }
    return render(request, "sharing/quality_of.html", context)


@staff(*STEWARDS)
def rows(request: HttpRequest, code: str) -> HttpResponse:
    """List the rows of one's own dataset that wait to be mended; of personal numbers only the ends are shown."""
    by = _actor(request)
    row = scores.get_own(code, by)
    definition = scores.definition_of(row)
    page = scores.to_mend(code, by, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    rules = scores.cross_rules([code])
    sensitive = {item.name for item in definition.items if item.sensitive}
    here = reverse("sharing_desk:quality_rows", args=[code])

    def shown(key: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [
            (label_of(definition, name), codes.mask_id(str(value)) if name in sensitive else str(value))
            for name, value in key.items()
            if value is not None
        ]

    context = {
        "dataset": definition,
        "rows": [
            (one, shown(one.key), [fault_words(definition, rules, name, word) for name, word in one.faults])
            for one in page.items
        ],
        "previous": f"{here}?{urlencode({'before': page.previous})}" if page.previous else "",
        "next": f"{here}?{urlencode({'after': page.next})}" if page.next else "",
        "section": "quality",
    }
    return render(request, "sharing/quality_rows.html", context)


@staff(*STEWARDS)
def table(request: HttpRequest, code: str) -> HttpResponse:
    """Give the rows to mend to their source: where they stood, what it finds them by, what is wrong; it is logged.

    The source finds a row by the dataset's own key, in the source's own words for its columns; where there is none, by the
    subject, of whose number only the ends are shown.
    """
    by = _actor(request)
    definition = scores.definition_of(scores.get_own(code, by))
    rules = scores.cross_rules([code])
    theirs = feed_queries.source_columns(code)
    found = scores.all_to_mend(code, by)
    out = io.StringIO()
    sheet = csv.writer(out)
    key = definition.key or ("subject",)
    files = any(one.file for one in found)
    sheet.writerow(
        [*([_("文件")] if files else ()), _("行"), *(neutral(theirs.get(name, name)) for name in key), _("问题")]
    )
    for one in found:
        values = {"subject": one.subject, **one.key}
        told = _("；").join(fault_words(definition, rules, name, word) for name, word in one.faults)
        place = [*([neutral(one.file)] if files else ()), one.line or ""]
        sheet.writerow([*place, *(neutral(str(values.get(name) or "")) for name in key), neutral(told)])
    detail = {"dataset": code, "rows": len(found)}
    record_read(by, name="sharing.rows_to_mend", person=None, purpose=_("交来源改正"), detail=detail)
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{code}-rows.csv"'
    return answer


def trend(days: tuple[Decimal | None, ...]) -> tuple[list[float | None], str, str]:
    """Return how a score went: for the small line, in words for who does not see it, and in short beside it."""
    known = [one for one in days if one is not None]
    drawn = [None if one is None else float(one) for one in days]
    if len(known) < 2:
        return drawn, _("还只测过一次") if known else _("最近没有测过"), ""
    first, last = known[0], known[-1]
    told = {"first": first, "last": last, "by": abs(last - first)}
    if last == first:
        return drawn, _("从 %(first)s 到 %(last)s，没有变") % told, _("持平")
    if last > first:
        return drawn, _("从 %(first)s 到 %(last)s，升了 %(by)s") % told, _("升 %(by)s") % told
    return drawn, _("从 %(first)s 到 %(last)s，降了 %(by)s") % told, _("降 %(by)s") % told


def label_of(definition: DatasetDefinition, name: str) -> str:
    """Return what a column is called; one that is no longer there, by its name."""
    found = next((item for item in definition.items if item.name == name), None)
    return said(found, "label") if found else str(OWN_COLUMNS.get(name, name))


def fault_words(definition: DatasetDefinition, rules: Mapping[str, CrossRule], name: str, word: str) -> str:
    """Say a fault: which column, and what is wrong with it; for a rule, what the rule says."""
    head, _colon, code = word.partition(":")
    if not code:
        return _("%(column)s：%(fault)s") % {"column": label_of(definition, name), "fault": FAULTS.get(word, word)}
    own = next((rule for rule in definition.rules if rule.code == code), None)
    rule = own if head == "rule" else rules.get(code)
    return _("%(fault)s：%(rule)s") % {"fault": FAULTS[head], "rule": said(rule, "name") if rule else code}


def wrong(one: RankedDataset, rules: Mapping[str, CrossRule]) -> list[str]:
    """Say what is wrong with a dataset, the worst first."""
    found = []
    if one.newest.timeliness < 100:
        found.append(refreshed(one.definition, one.refreshed_at))
    if not one.newest.rows:
        found.append(_("没有记录"))
    for name, word, number in one.newest.faults[:TOLD]:
        found.append(f"{fault_words(one.definition, rules, name, word)}{_rows_said(number)}")
    return found


def _rows_said(number: int) -> str:
    return ngettext("（%(n)d 行）", "（%(n)d 行）", number) % {"n": number}


def refreshed(definition: DatasetDefinition, at: Any) -> str:
    """Say when data last came, and how long after the promise that is."""
    cycle = str(CHOICES[type(definition.cycle)][definition.cycle])
    if at is None:
        return _("承诺%(cycle)s更新，还没有来过数据") % {"cycle": cycle}
    late = (clock.now() - at - PROMISES[definition.cycle]).days
    told = {"cycle": cycle, "at": said_day(at, "time"), "late": late}
    if late > 0:
        return _("承诺%(cycle)s更新，上次是 %(at)s，晚了 %(late)d 天") % told
    return _("承诺%(cycle)s更新，上次是 %(at)s") % told


def _chart(past: Mapping[Any, ScoreView | None]) -> Any:
    def series(name: str) -> list[float | None]:
        found = [one and getattr(one, name) for one in past.values()]
        return [None if value is None else float(value) for value in found]

    told = [one for one in past.values() if one]
    if not told:
        return None
    words = _("得分从 %(first)s 到 %(last)s；每天的数字在下面的表里") % {"first": told[0].score, "last": told[-1].score}
    names = [(str(label), one.value) for one, label in DIMENSIONS.items()]
    drawn = [(label, series(name)) for label, name in [*names, (_("得分"), "score")]]
    days = list(past)
    return lines(drawn, words=words, first=said_day(days[0]), last=said_day(days[-1]))


def _columns(definition: DatasetDefinition, now: ScoreView) -> list[tuple[Any, str, list[str]]]:
    """Return every column with in how many rows it is filled and what is wrong in it."""
    found = []
    for item in definition.items:
        filled = now.columns.get(item.name)
        share = f"{Decimal(filled * 1000 // now.rows).scaleb(-1)}%" if filled is not None and now.rows else "—"
        told = [
            f"{FAULTS.get(word, word)}{_rows_said(number)}"
            for name, word, number in now.faults
            if name == item.name and ":" not in word
        ]
        found.append((item, share, told))
    return found


def _told_rules(
    definition: DatasetDefinition, now: ScoreView, rules: Mapping[str, CrossRule]
) -> list[tuple[str, str, int]]:
    """Return every rule that is asked, own ones first: what it says, of what sort it is, in how many rows it is broken."""
    broken = {word: number for _name, word, number in now.faults if ":" in word}
    own = [(said(rule, "name"), _("本数据集"), broken.get(f"rule:{rule.code}", 0)) for rule in definition.rules]
    cross = [(said(rule, "name"), _("跨数据集"), broken.get(f"cross:{code}", 0)) for code, rule in rules.items()]
    return [*own, *cross]


urlpatterns = [
    path("quality/", ranking, name="quality"),
    path("quality/<slug:code>/", one, name="quality_of"),
    path("quality/<slug:code>/rows/", rows, name="quality_rows"),
    path("quality/<slug:code>/rows.csv", table, name="quality_table"),
]
