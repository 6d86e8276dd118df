"""What the holder's valid e-licences say (国令第716号 art. 10: an e-licence is as good as the paper)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yiwang.platform.evidence.sources import Answers, Known, Paths, Source, Subject, sources
from yiwang.platform.licences import queries as licences


@sources.register("licences")
class LicenceSource(Source):
    """Paths: ``licence_type.field``; ``licence_type`` alone asks for the licence itself."""

    label = _("电子证照库")

    def answer(self, subject: Subject, paths: Paths) -> Answers:
        """One query: the organisation's licences stand before its representative's."""
        wanted = list(paths)
        held = licences.newest_held(subject.parties, {path.partition(".")[0] for path in wanted})
        answers = Answers()
        for path in wanted:
            slug, _dot, name = path.partition(".")
            licence = held.get(slug)
            if licence is None:
                continue
            value = licence.fields.get(name) if name else licence.number
            if name == "number":
                value = licence.number
            if value not in (None, "", []):
                answers.known[path] = Known(
                    value,
                    f"{licence.issuer_name} · {licence.name}",
                    licence.changed_at,
                    ref=f"licence:{licence.identifier}",
                )
        return answers
