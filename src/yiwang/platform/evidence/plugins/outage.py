"""A source that is always down: proves that a dead source never blocks anybody."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yiwang.platform.evidence.sources import Answers, Paths, Source, Subject, sources


@sources.register("outage")
class OutageSource(Source):
    """Every path is down."""

    label = _("中断的数据源")

    def answer(self, subject: Subject, paths: Paths) -> Answers:
        """Answer that nothing can be had now."""
        return Answers(down={path: str(self.label) for path in paths})
