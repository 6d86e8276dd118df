"""Papers of an earlier time, as a source of evidence: given once, checked against the original, used again.

They came with an earlier application, or a window scanned them to be kept (``papers``). Only what a clerk has checked counts
(信息分级 B, 国办函〔2016〕108号); what was only uploaded or scanned is asked for again.
"""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel import clock
from yiwang.kernel.ids import uuid7
from yiwang.platform.cases import kept
from yiwang.platform.cases.models import Application, ApplicationFile, ApplicationMaterial
from yiwang.platform.evidence.sources import Answers, Known, Paths, Source, Subject, sources
from yiwang.platform.evidence.types import FactState, Resolution
from yiwang.platform.papers import queries as papers

NAME = "earlier"
_PAPER = "material:"
_REF = f"{NAME}:"


@sources.register(NAME)
class EarlierPapers(Source):
    """Paths: ``material:NAME``, the shared name of a paper."""

    label = gettext_lazy("以前交过的材料")

    def answer(self, subject: Subject, paths: Paths) -> Answers:
        """One query: the latest checked paper of each name, and of those that are kept and those of applications the kept one."""
        wanted = {path.removeprefix(_PAPER) for path in paths if path.startswith(_PAPER)}
        rows = ApplicationMaterial.objects.filter(
            identity__in=wanted,
            state=FactState.GIVEN,
            trust="B",
            application__principal_kind=subject.principal.kind,
            application__principal_id=subject.principal.id,
            application__submitted_at__gte=subject.checked_at - papers.KEPT,
        ).order_by("identity", "-application__submitted_at")
        given = rows.distinct("identity").values_list(
            "identity", "application_id", "application__number", "application__submitted_at"
        )
        answers = Answers()
        for identity, pk, number, at in given.union(papers.kept(subject.principal, wanted), all=True):
            path = f"{_PAPER}{identity}"
            if not number:
                told = _("数据服务窗口 %(day)s 核对过原件") % {"day": clock.legal_date(at).isoformat()}
                answers.known[path] = Known(True, told, at, ref=f"{kept.REF}{pk}")
            elif path not in answers.known:
                told = _("%(number)s 里交过，窗口核对过原件") % {"number": number}
                answers.known[path] = Known(True, told, at, ref=f"{_REF}{pk}")
        return answers


def take_over(application: Application, resolution: Resolution) -> None:
    """Put the files of papers of an earlier time into the application that uses them, where its agencies can open them."""
    for name, material in resolution.materials.items():
        if material.state is not FactState.KNOWN or not material.ref.startswith(_REF):
            continue
        before = uuid.UUID(material.ref.removeprefix(_REF))
        files = ApplicationFile.objects.filter(application_id=before, identity=name, task=None, removed_at=None)
        for file in files.order_by("added_at"):
            file.pk, file.application, file.added_by = uuid7(), application, material.source_name[:120]
            file.save(force_insert=True)
    kept.take_over(application, resolution)
