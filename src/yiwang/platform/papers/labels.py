"""What the pages say of kept papers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from yiwang.platform.papers.types import PaperState, PaperView, ScanState, ScanView

PAPER: dict[PaperState, Any] = {
    PaperState.SCANNED: gettext_lazy("待核对原件"),
    PaperState.CHECKED: gettext_lazy("核对过原件"),
    PaperState.REFUSED: gettext_lazy("已退回"),
    PaperState.WITHDRAWN: gettext_lazy("本人已收回"),
}
PAPER_TONE = {PaperState.SCANNED: "yellow", PaperState.CHECKED: "green", PaperState.REFUSED: "red"}


def paper(view: PaperView) -> tuple[PaperView, str, str]:
    """Return a paper as a line of a list: how far it may be relied on, with the tone of its tag."""
    return view, str(PAPER[view.state]), PAPER_TONE.get(view.state, "")


def scan(view: ScanView) -> tuple[str, str]:
    """Return how far a scan is in words, with the tone of its tag."""
    if view.state is ScanState.RUNNING:
        return _("正在处理 %(done)d/%(total)d 页") % {"done": view.done, "total": view.total}, "yellow"
    if view.loose:
        return ngettext("%(n)d 页待编目", "%(n)d 页待编目", view.loose) % {"n": view.loose}, "orange"
    if view.unchecked:
        return ngettext("%(n)d 份待核对", "%(n)d 份待核对", view.unchecked) % {"n": view.unchecked}, "yellow"
    return _("编完了"), "green"
