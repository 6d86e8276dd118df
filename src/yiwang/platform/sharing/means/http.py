"""Comparisons for machines: an agency's system compares for a running case of its agency, and reads the report."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from yiwang.kernel.acts import record_read
from yiwang.kernel.api import IdempotencyKey, Needs, actor_of
from yiwang.platform.sharing import purposes
from yiwang.platform.sharing.means import acts, queries
from yiwang.platform.sharing.means.rules import MOST_MEMBERS
from yiwang.platform.sharing.means.types import Consent, ConsentState, ConsentWay, Member, Preliminary, Weight
from yiwang.platform.sharing.types import Outcome

router = Router(tags=["数据共享"])
CHECK = Needs("data:check")
Number = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{6,18}$")]


class ConsentIn(Schema):
    """Who agreed when and how: ``signed`` only the applicant, where the application says so; others ``online`` on their own
    page (the platform knows the day), or by a ``paper`` whose scan it keeps, named by its SHA-256; a minor by the number of
    the ``guardian``.
    """

    way: ConsentWay
    on: date
    by: str = Field("", pattern=r"^([0-9A-Za-z]{6,18})?$", description="监护人的公民身份号码")
    digest: str = Field(
        "", pattern=r"^([0-9a-f]{64})?$", description="纸质授权书扫描件的 SHA-256，平台里要存着这个文件"
    )


class MemberIn(Schema):
    """A member of the family, the applicant first."""

    number: Number
    name: str = Field("", max_length=60)
    consent: ConsentIn


class AskIn(Schema):
    """For which running case, by which scheme."""

    case: Annotated[str, Field(pattern=r"^[0-9A-Za-z\-]{1,60}$", description="办件标识或编号")]
    scheme: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")]


class CompareIn(AskIn):
    """For which running case, by which scheme, whom."""

    members: list[MemberIn] = Field(min_length=1, max_length=MOST_MEMBERS)


class AskedOut(Schema):
    """What somebody said who was asked to agree on their own page."""

    number: str
    scheme: str
    state: ConsentState
    asked_at: datetime
    answered_at: datetime | None


class SourceOut(Schema):
    """A dataset: found, none (no record), down, or refused (not granted); the last two were not compared."""

    dataset: str
    name: str
    agency: str
    outcome: Outcome
    at: datetime | None
    records: int


class LineOut(Schema):
    """A fact: what was declared, what was found; ``null``: not declared, not compared."""

    fact: str
    label: str
    label_en: str
    unit: str
    found: str | None
    declared: str | None
    differs: bool | None


class EvidenceOut(Schema):
    """Where a contradiction shows: dataset, place of the member (from 0), and the check that found it."""

    dataset: str
    member: int
    at: datetime | None
    check: uuid.UUID


class ContradictionOut(Schema):
    """What speaks against the declaration, why, and on what law."""

    code: str
    level: Weight
    name: str
    name_en: str
    why: str
    why_en: str
    basis: str
    members: list[int]
    evidence: list[EvidenceOut]


class UnseenOut(Schema):
    """A contradiction that could not be looked for, because data were missing."""

    code: str
    name: str
    name_en: str


class ComparisonOut(Schema):
    """A report. It decides nothing: a reviewer does. ``again_at``: when it is made again because something was down."""

    id: uuid.UUID
    case: uuid.UUID
    scheme: str
    number: int
    at: datetime
    digest: str
    verdict: Preliminary
    reason: str
    reason_en: str
    contradictions: list[ContradictionOut]
    not_looked_at: list[UnseenOut]
    lines: list[LineOut]
    sources: list[SourceOut]
    attempt: int
    again_at: datetime | None
    later: uuid.UUID | None


@router.post("/comparisons", auth=CHECK, response=ComparisonOut, operation_id="compare_family", summary="经济状况核对")
def compare(request: HttpRequest, body: CompareIn, key: IdempotencyKey) -> dict[str, Any]:
    """Compare those whom a running case of the caller's agency names and who agreed; every answer is written down for them."""
    members = tuple(
        Member(number=one.number, name=one.name, consent=Consent(**one.consent.dict())) for one in body.members
    )
    return _out(request, acts.compare(body.case, body.scheme, members, by=actor_of(request), key=key))  # type: ignore[arg-type]


@router.post(
    "/comparisons/consents",
    auth=CHECK,
    response=list[AskedOut],
    operation_id="ask_consents",
    summary="请家庭成员本人在网上同意核对",
)
def ask_consents(request: HttpRequest, body: AskIn, key: IdempotencyKey) -> list[dict[str, Any]]:
    """Ask the grown people whom a running case names and who were not asked yet; return what all have said so far."""
    by = actor_of(request)
    acts.ask_consents(body.case, body.scheme, by=by, key=key)  # type: ignore[arg-type]
    purpose = purposes.find(body.case)
    asked = queries.consents_of_case(purpose.case_id, by) if purpose else []
    return [
        {name: getattr(one, name) for name in ("number", "state", "asked_at", "answered_at")}
        | {"scheme": one.scheme.code}
        for one in asked
    ]


@router.get(
    "/comparisons/{comparison_id}", auth=CHECK, response=ComparisonOut, operation_id="comparison", summary="核对报告"
)
def comparison(request: HttpRequest, comparison_id: uuid.UUID) -> dict[str, Any]:
    """Return a report; that it was read is written down."""
    return _out(request, comparison_id)


def _out(request: HttpRequest, pk: uuid.UUID) -> dict[str, Any]:
    by = actor_of(request)
    view, later = queries.get_comparison(pk, by)
    record_read(
        by,
        name="sharing.read_comparison",
        person=view.party,
        purpose=_("办理：%(name)s") % {"name": view.title},
        case=view.case_id,
        application=view.application_id,
        detail={"comparison": str(pk)},
    )
    report = view.report
    copied = ("scheme", "number", "at", "verdict", "reason", "reason_en", "contradictions", "not_looked_at", "lines")
    return {name: getattr(report, name) for name in copied} | {
        "id": view.id,
        "case": view.case_id,
        "digest": view.digest,
        "sources": report.sources,
        "attempt": view.attempt,
        "again_at": view.again_at,
        "later": later,
    }
