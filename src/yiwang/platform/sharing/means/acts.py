"""What makes comparisons: publishing a scheme (inside the loading of a pack), comparing a family, comparing it again."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _

from yiwang.kernel import clock, limits, timers
from yiwang.kernel.acts import Permission, act_on, current, event
from yiwang.kernel.codes import clean
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, FieldError, Key
from yiwang.platform.sharing import again, live, purposes
from yiwang.platform.sharing import queries as sharing
from yiwang.platform.sharing.acts.checking import note_checks
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.means import asking, queries, reporting
from yiwang.platform.sharing.means.documents import dump_report, dump_scheme, read_edition
from yiwang.platform.sharing.means.managers import COMPARERS
from yiwang.platform.sharing.means.models import Comparison, ConsentPaper, ConsentRequest, SchemeEdition
from yiwang.platform.sharing.means.rules import MOST_MEMBERS, assess, consent_faults
from yiwang.platform.sharing.means.types import ConsentState, ConsentWay, Member, Reply, Report, Scheme, SchemeView
from yiwang.platform.sharing.purposes import Purpose
from yiwang.platform.sharing.types import Outcome, Use
from yiwang.ui import store

COMPARED = event("sharing.compared", "A family was compared for a case.")
CONSENT_ASKED = event("sharing.consent_asked", "Somebody is asked to agree to be compared.")
AGAIN = "sharing.compare_again"
_DIGEST = re.compile("[0-9a-f]{64}")

CanCompare = Permission(
    name="compare families",
    kinds=frozenset({ActorKind.STAFF, ActorKind.CLIENT}),
    roles=COMPARERS,
    scope="data:check",
    provider=True,
)
CanAnswer = Permission(name="agree to be compared", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L3)
OnlySystem = Permission(name="system", kinds=frozenset())


def write_scheme(scheme: Scheme, *, by: Actor) -> SchemeView:
    """Publish a scheme (inside an act): unchanged, it keeps its edition; changed, it gets the next."""
    document = dump_scheme(scheme)
    digest = sha256_of(document)
    last = SchemeEdition.objects.filter(code=scheme.code).order_by("-number").first()
    if last is None or last.digest != digest:
        last = SchemeEdition.objects.create(
            code=scheme.code,
            number=last.number + 1 if last else 1,
            digest=digest,
            content=document,
            published_at=clock.now(),
            published_by=by.label,
        )
    return read_edition(last)


def _matter(ref: str, by: Actor) -> Purpose:
    found = purposes.find(str(ref))
    if found is None or not (by.has_role(COMPARERS, found.reach) or _is_agencys(by, found)):
        raise NotFound(_("没有这个正在办的件，或者不是您的部门办的。"))
    purposes.must_cover(by, found)
    return found


def _is_agencys(by: Actor, found: Purpose) -> bool:
    return by.kind is ActorKind.CLIENT and bool(by.agency) and found.reach.agency.startswith(by.agency)


@contextmanager
def _ask_ahead(ref: str, scheme: str, members: Sequence[Member], *, by: Actor) -> Iterator[None]:
    """Ask agencies' systems, which may take ``asking.TOTAL`` seconds, before the act's transaction."""
    purpose = _matter(ref, by)
    CanCompare.check(by, purpose)
    edition = queries.get_scheme(scheme)
    asked = _cleaned(purpose, edition, members)
    _check(purpose, edition, asked)
    with live.once():
        asking.ask_sources(_asked(purpose, edition, asked))
        yield


def _cleaned(purpose: Purpose, edition: SchemeView, members: Sequence[Member]) -> tuple[Member, ...]:
    """Return the members with their numbers as they are kept; who agreed on their own page did it on the day that is kept."""
    plain = tuple(replace(member, number=clean(member.number)) for member in members)
    days = _online(purpose, edition, plain)
    return tuple(
        replace(one, consent=replace(one.consent, on=days[one.number]))
        if one.consent.way is ConsentWay.ONLINE and one.number in days
        else one
        for one in plain
    )


def _online(purpose: Purpose, edition: SchemeView, members: Sequence[Member]) -> dict[str, date]:
    asked = any(member.consent.way is ConsentWay.ONLINE for member in members)
    return queries.agreed_online(purpose.case_id, edition.id) if asked else {}


def _asked(purpose: Purpose, edition: SchemeView, members: Sequence[Member]) -> asking.Asked:
    return asking.Asked(tuple(member.number for member in members), edition.scheme.wants, purpose.consumer)


@act_on("sharing.compare", _matter, permission=CanCompare, ahead=_ask_ahead)
def compare(purpose: Purpose, scheme: str, members: tuple[Member, ...], *, by: Actor, key: Key) -> uuid.UUID:
    """Compare a family for a running case: everybody whom the application names and who agreed, the applicant first.

    Every answer is written down as a check in the same transaction. What was not granted or is down is "not compared"; where
    something is down the comparison is made again later. Raises ``Invalid`` for another item's scheme and for consents that
    do not hold (each for itself: 个人信息保护法 art. 29), ``NotAllowed`` for somebody whom the application does not name.
    """
    edition = queries.get_scheme(scheme)
    asked = _cleaned(purpose, edition, members)
    _check(purpose, edition, asked)
    return _compare(purpose, edition, asked, asked_by=by.label).pk


def _check_item(purpose: Purpose, edition: SchemeView) -> None:
    if purpose.consumer.item not in edition.scheme.items:
        told = _("这个比对方案不能用在这个事项上。")
        raise Invalid(told, errors=(FieldError("scheme", told),))


def _check(purpose: Purpose, edition: SchemeView, members: Sequence[Member]) -> None:
    _check_item(purpose, edition)
    numbers = [member.number for member in members]
    if not 0 < len(numbers) <= MOST_MEMBERS or len(set(numbers)) < len(numbers):
        told = _("要核对 1 到 %(most)d 个家庭成员，每人一次。") % {"most": MOST_MEMBERS}
        raise Invalid(told, errors=(FieldError("members", told),))
    if not purpose.covers(numbers):
        raise NotAllowed(_("申请里没有提到这个人或单位，不能查。"), code="not-in-case")
    words = {
        "future": _("授权的日期还没有到。"),
        "other": _("在申请里同意的只有申请人本人，别的成年成员要自己在网上同意，或者签纸质授权书。"),
        "unsaid": _("申请人在申请里没有同意核对，要自己在网上同意，或者签纸质授权书。"),
        "online": _("这个人没有在网上同意。"),
        "paper": _("纸质授权书要有平台里存着的扫描件。"),
        "minor": _("未成年人要由监护人授权。"),
        "guardian": _("监护人要是一起核对的成年成员。"),
        "grown": _("成年人要本人授权。"),
    }
    signed = any(member.consent.way is ConsentWay.SIGNED for member in members)
    own = frozenset(purpose.own()) if signed else frozenset()
    online = _online(purpose, edition, members)
    agreed = queries.agrees(edition.scheme, purpose)
    faults = consent_faults(
        members, applicant=own, agreed=agreed, papers=_papers(members), online=online, today=clock.today()
    )
    wrong = [FieldError(f"members.{place}", words[word]) for place, word in faults]
    if wrong:
        raise Invalid(wrong[0].message, errors=tuple(wrong))


def _papers(members: Sequence[Member]) -> frozenset[str]:
    """Return which of the scans that are named as consents there are."""
    named = {member.consent.digest for member in members if member.consent.way is ConsentWay.PAPER}
    return frozenset(digest for digest in named if _DIGEST.fullmatch(digest) and store.exists(digest))


def _compare(
    purpose: Purpose,
    edition: SchemeView,
    members: Sequence[Member],
    *,
    asked_by: str,
    earlier: Comparison | None = None,
) -> Comparison:
    scheme, now, today = edition.scheme, clock.now(), clock.today()
    replies = asking.ask(_asked(purpose, edition, members))
    checks = _note(purpose, scheme, replies)
    family = reporting.family_of(members, replies, queries.declared_values(scheme, dict(purpose.declared)))
    attempt = earlier.attempt + 1 if earlier else 1
    report = reporting.write(
        edition,
        members,
        replies,
        checks,
        family,
        said=assess(scheme, family, today),
        at=now,
        today=today,
        asked_by=asked_by,
        attempt=attempt,
    )
    row = _row(purpose, edition, report, earlier)
    if row.again_at:
        timers.set_timer(AGAIN, row.pk, row.again_at)
    current().insert([row])
    current().insert([ConsentPaper(comparison=row, digest=digest) for digest in sorted(_papers(members))])
    current().detail |= {"case": str(purpose.case_id), "comparison": str(row.pk), "scheme": scheme.code}
    current().detail |= {"scheme_number": edition.number, "digest": row.digest, "lacking": row.lacking}
    current().emit(COMPARED, row, case=str(purpose.case_id), scheme=scheme.code, verdict=row.verdict)
    return row


def _row(purpose: Purpose, edition: SchemeView, report: Report, earlier: Comparison | None) -> Comparison:
    document = dump_report(report)
    down = any(source.outcome is Outcome.DOWN for source in report.sources)
    return Comparison(
        id=uuid7(),
        at=report.at,
        scheme_id=edition.id,
        case_id=purpose.case_id,
        case_number=purpose.number,
        title=purpose.title,
        application_id=purpose.application_id,
        party_id=purpose.party,
        item=purpose.consumer.item,
        agency_path=purpose.reach.agency,
        region=purpose.reach.region,
        level=purpose.reach.level,
        by=report.asked_by,
        verdict=report.verdict.value,
        contradictions=len(report.contradictions),
        lacking=sum(source.outcome in reporting.LOST for source in report.sources),
        attempt=report.attempt,
        again_at=again.next_at(report.at, report.attempt) if down else None,
        earlier=earlier,
        digest=sha256_of(document),
        report=document,
    )


def _note(purpose: Purpose, scheme: Scheme, replies: Sequence[Reply]) -> list[uuid.UUID]:
    """Write every answer down as a check, and count each grant for every member. Raises ``TooMany`` beyond a grant's rate."""
    fields = {want.dataset: want.fields for want in scheme.wants}
    times = Counter(reply.grant for reply in replies if reply.grant)
    for grant, rate in sharing.rates(times).items():
        limits.count(f"grant:{grant}", rate, 60, times[grant])
    uses = [
        Use(
            dataset=reply.dataset,
            dataset_name=reply.name or reply.dataset,
            provider=reply.agency,
            consumer=purpose.agency_name,
            consumer_path=purpose.reach.agency,
            item=purpose.consumer.item,
            fields=fields[reply.dataset],
            number=reply.number,
            source_at=reply.at,
            grant=reply.grant,
            outcome=reply.outcome,
            result=sha256_of([[dict(row.values), row.at] for row in reply.rows]),
        )
        for reply in replies
    ]
    return note_checks(
        uses,
        purpose=_("办理“%(name)s”：%(why)s") % {"name": purpose.title, "why": scheme.name},
        application=purpose.application_id,
        cases={purpose.consumer.item: purpose.case_id},
        party=purpose.party,
    )


def _lock(pk: uuid.UUID, by: Actor) -> Comparison:
    rows = Comparison.objects.visible_to(by).select_related("scheme")
    row: Comparison | None = rows.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None or Comparison.objects.filter(earlier=row).exists():
        raise NotFound(_("没有这份核对报告。"))
    return row


@contextmanager
def _ask_again_ahead(pk: uuid.UUID, *, by: Actor) -> Iterator[None]:
    row = Comparison.objects.visible_to(by).select_related("scheme").filter(pk=pk).first()
    purpose = purposes.find(str(row.case_id)) if row else None
    with live.once():
        if row and purpose:  # the act says what is wrong where they are not
            view, _later = queries.get_comparison(pk, by)
            edition = read_edition(row.scheme)
            if _still_agreed(purpose, edition, view.report.members):
                asking.ask_sources(_asked(purpose, edition, view.report.members))
        yield


def _still_agreed(purpose: Purpose, edition: SchemeView, members: Sequence[Member]) -> bool:
    online = _online(purpose, edition, members)
    return all(one.consent.way is not ConsentWay.ONLINE or one.number in online for one in members)


@act_on("sharing.compare_again", _lock, permission=OnlySystem, ahead=_ask_again_ahead)
def compare_again(row: Comparison, *, by: Actor, key: Key) -> uuid.UUID:
    """Compare the same family again by the same edition, because something was down. Raises ``NotFound`` where the case is
    not running any more, or somebody took back that they agree (个人信息保护法 art. 15).
    """
    purpose = purposes.find(str(row.case_id))
    if purpose is None:
        raise NotFound(_("没有这个正在办的件，或者不是您的部门办的。"))
    view, _later = queries.get_comparison(row.pk, by)
    edition = read_edition(row.scheme)
    if not _still_agreed(purpose, edition, view.report.members):
        raise NotFound(_("有人撤回了同意，不再核对。"))
    return _compare(purpose, edition, view.report.members, asked_by=row.by, earlier=row).pk


@act_on("sharing.ask_consents", _matter, permission=CanCompare)
def ask_consents(purpose: Purpose, scheme: str, *, by: Actor, key: Key) -> int:
    """Ask every grown person whom the application names to agree on their own page, and return how many are asked now.

    Nobody is asked twice for the same edition of a scheme, nor the applicant who agreed in the application. Raises ``Invalid``
    for another item's scheme.
    """
    edition, now = queries.get_scheme(scheme), clock.now()
    _check_item(purpose, edition)
    rows = [
        ConsentRequest(
            asked_at=now,
            asked_by=by.label,
            scheme_id=edition.id,
            case_id=purpose.case_id,
            title=purpose.title,
            applicant=str(purpose.declared.get("applicant_name", "")),
            agency_name=purpose.agency_name,
            agency_path=purpose.reach.agency,
            region=purpose.reach.region,
            level=purpose.reach.level,
            item=purpose.consumer.item,
            index=blind_index(number, SUBJECT),
            number=number,
        )
        for number in queries.to_ask(purpose, edition)
    ]
    current().insert(rows)
    current().detail |= {"case": str(purpose.case_id), "scheme": scheme, "asked": len(rows)}
    for row in rows:
        current().emit(CONSENT_ASKED, row, case=str(purpose.case_id))
    return len(rows)


def _lock_request(pk: uuid.UUID, by: Actor) -> ConsentRequest:
    row: ConsentRequest | None = ConsentRequest.objects.visible_to(by).select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有请您同意的这次核对。"))
    return row


@act_on("sharing.answer_consent", _lock_request, permission=CanAnswer)
def answer_consent(row: ConsentRequest, agrees: bool, *, by: Actor, key: Key) -> None:
    """Agree to be compared, or not; until the case is closed the answer may be changed (个人信息保护法 arts. 14, 15 and 29).

    Raises ``NotFound`` where the case is closed.
    """
    if purposes.find(str(row.case_id)) is None:
        raise NotFound(_("这件事已经办结，不用再答复。"))
    row.state = (ConsentState.AGREED if agrees else ConsentState.REFUSED).value
    row.answered_at = clock.now()
    row.save(update_fields=["state", "answered_at"])
    current().detail |= {"case": str(row.case_id), "agrees": agrees}


@timers.timer(AGAIN)
def ring_again(subject: uuid.UUID, key: str) -> None:
    """Ring when it is time to ask once more: as a job, since nobody is waited for inside a transaction."""
    from yiwang.platform.sharing import tasks

    tasks.compare_again.defer(comparison=str(subject), key=key)
