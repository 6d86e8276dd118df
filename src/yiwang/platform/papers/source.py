"""Kept papers as a source of evidence: scanned once at a window, compared with the original there, used again.

Only what a clerk has checked counts (信息分级 B, 国办函〔2016〕108号); what was only scanned is asked for again.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel import clock
from yiwang.platform.evidence.sources import Answers, Known, Paths, Source, Subject, sources
from yiwang.platform.papers import queries

NAME = "papers"
_PAPER = "material:"


@sources.register(NAME)
class KeptPapers(Source):
    """Paths: ``material:NAME``, the shared name of a paper."""

    label = gettext_lazy("数据服务窗口存的材料")

    def answer(self, subject: Subject, paths: Paths) -> Answers:
        """One query: the latest checked paper of each name."""
        wanted = {path.removeprefix(_PAPER) for path in paths if path.startswith(_PAPER)}
        answers = Answers()
        for paper in queries.kept(subject.principal, wanted):
            told = _("数据服务窗口 %(day)s 核对过原件") % {"day": clock.legal_date(paper.checked_at).isoformat()}
            answers.known[f"{_PAPER}{paper.identity}"] = Known(True, told, paper.checked_at, ref=f"{NAME}:{paper.id}")
        return answers
