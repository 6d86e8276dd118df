"""What the platform knows of the person and the organisation that are signed in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yiwang.platform.evidence.sources import Answers, Known, Paths, Source, Subject, sources


@sources.register("identity")
class IdentitySource(Source):
    """Paths: ``person.name``, ``organisation.uscc``, ``actor.phone`` (who acts, 经办人) and so on."""

    label = _("实名认证信息")

    def answer(self, subject: Subject, paths: Paths) -> Answers:
        """Answer from the subject itself: no query."""
        answers = Answers()
        records = {"person": subject.person, "organisation": subject.organisation, "actor": subject.actor}
        for path in paths:
            kind, _dot, name = path.partition(".")
            value = records.get(kind, {}).get(name)
            if value not in (None, ""):
                answers.known[path] = Known(value, str(self.label), subject.checked_at)
        return answers
