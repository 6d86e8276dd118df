"""Finding cases by what somebody at a desk has in hand: a number, a query code, a credit code, a name."""

from __future__ import annotations

import re

from django.db.models.functions import Reverse

from yiwang.kernel.codes import clean
from yiwang.kernel.types import Actor
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.queries import case_views
from yiwang.platform.cases.types import CaseView
from yiwang.platform.identity import queries as identity

FOUND = 50
"""Most cases that a search by words shows."""
_USCC = re.compile(r"[0-9A-Z]{18}")
_QUERY_CODE = re.compile(r"[0-9A-Z]{8}")


def search(by: Actor, words: str) -> list[CaseView]:
    """Return the cases, open or closed, whose number begins or ends with the words, whose query code or whose
    organisation's credit code they are, or whose applicant's name begins with them; latest first, at most ``FOUND``.
    Each way goes by its own index.
    """
    if not words:
        return []
    seen, code = Case.objects.visible_to(by), clean(words)
    ways = [
        seen.filter(number__startswith=code),
        seen.annotate(end=Reverse("number")).filter(end__startswith=code[::-1]),
        seen.filter(applicant_name__startswith=words),
        seen.filter(application__number=code),
    ]
    if _QUERY_CODE.fullmatch(code):
        ways.append(seen.filter(query_code=code))
    firm = identity.find_organisation(code) if _USCC.fullmatch(code) else None
    if firm is not None:
        ways.append(seen.filter(principal_id=firm.id))
    cut = [way.order_by().values("pk")[:FOUND] for way in ways]
    found = cut[0].union(*cut[1:])
    return case_views(Case.objects.filter(pk__in=[row["pk"] for row in found]).order_by("-received_at")[:FOUND])
