"""Licences and what was done with them: the holder's, the agency's, the verifier's view."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Party, PartyKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.licences import ports, rules, words
from yiwang.platform.licences.models import Licence, LicenceCopy, LicenceUse, Showing, held
from yiwang.platform.licences.queries.kinds import licence_type, spec_of
from yiwang.platform.licences.types import (
    CopyView,
    HeldLicence,
    LicenceStatus,
    LicenceTypeSpec,
    LicenceUseView,
    LicenceView,
    Operation,
    ShowingState,
    ShownField,
    TrustLevel,
    Version,
)


def held_by(party: Party, types: Iterable[str] | None = None) -> list[LicenceView]:
    """Return the valid licences of a holder, newest first; one query."""
    rows = Licence.objects.filter(held(party), status=LicenceStatus.VALID)
    if types is not None:
        rows = rows.filter(type_id__in=list(types))
    found = (view(row) for row in rows.select_related("type").order_by("-issued_on", "-id"))
    return [licence for licence in found if licence.status is LicenceStatus.VALID]


_HELD = Compiled(
    lambda: (
        Licence.objects.filter(
            Q(holder_id__any=Slot("holders")) | (Q(joint__any_of=Slot("holders")) & ~Q(joint=[])),
            ~Q(trust=TrustLevel.C.value),
            status=LicenceStatus.VALID.value,
            type__code__any=Slot("types"),
        )
        .order_by("-issued_on", "-id")
        .values_list(
            "holder_kind",
            "holder_id",
            "joint",
            "valid_to",
            "renewal_applied_on",
            "type_id",
            "type__name",
            "number",
            "identifier",
            "issuer_name",
            "fields",
            "changed_at",
        )
    )
)


def newest_held(parties: Sequence[Party], types: Iterable[str]) -> dict[str, HeldLicence]:
    """Return, of each of these types, the newest valid licence of the first of the parties that has one; one query.

    What was only uploaded (C) is left out: a clerk has to check the original before it is used (国办函〔2016〕108号).
    """
    today = clock.today()
    found: dict[str, tuple[int, HeldLicence]] = {}
    for kind, holder, joint, valid_to, applied_on, *row in _HELD(
        holders=[one.id for one in parties], types=list(types)
    ):
        ranks = [
            parties.index(one) for one in (Party(PartyKind(kind), pk) for pk in (holder, *joint)) if one in parties
        ]
        if not ranks:
            continue
        if rules.effective(LicenceStatus.VALID, valid_to, applied_on, today) is not LicenceStatus.VALID:
            continue
        licence, rank = HeldLicence(*row), min(ranks)
        if licence.type_slug not in found or rank < found[licence.type_slug][0]:
            found[licence.type_slug] = rank, licence
    return {slug: licence for slug, (_rank, licence) in found.items()}


def wallet(by: Actor) -> list[LicenceView]:
    """Return the licences of the principal, whatever their state, newest first; versions that another one
    replaced are left out.
    """
    if by.principal is None:
        return []
    rows = Licence.objects.visible_to(by).filter(held(by.principal), next__isnull=True)
    return [view(row) for row in rows.select_related("type").order_by("-issued_on", "-id")]


def get_licence(pk: uuid.UUID, by: Actor) -> LicenceView:
    """Return one licence that the actor may see."""
    row = Licence.objects.visible_to(by).select_related("type").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这份证照。"))
    return view(row)


def find_by_check_code(code: str) -> LicenceView | None:
    """Return the licence behind a public verification address, or nothing."""
    return _one(check_code=code)


def find_by_numbers(identifier: str, number: str) -> LicenceView | None:
    """Return the licence with this identifier and, to keep strangers from trying, this number; or nothing."""
    return _one(identifier=identifier, number=number)


def find_by_identifier(identifier: str) -> LicenceView | None:
    """Return the licence with this identifier, or nothing: for whoever holds a file that names it."""
    return _one(identifier=identifier)


def find_by_number(type_code: str, number: str) -> LicenceView | None:
    """Return the latest version of the licence of this type with this number, or nothing."""
    row = Licence.objects.select_related("type").filter(type_id=type_code, number=number).order_by("-version").first()
    return view(row) if row else None


def find_by_digest(digest: str) -> LicenceView | None:
    """Return the licence whose signed file (PDF or OFD) this is, or nothing."""
    return _one(digest=digest) or _one(ofd_digest=digest)


def _one(**condition: str) -> LicenceView | None:
    # Nobody vouches yet for what was only scanned: to a verifier there is no such licence.
    rows = Licence.objects.select_related("type").exclude(Q(trust=TrustLevel.C.value) & ~Q(scan=""))
    row = rows.filter(**condition).first()
    return view(row) if row else None


SHOWN = 30


def search(words: str, by: Actor) -> list[LicenceView]:
    """Return licences that the actor may see, by whole number or identifier, or by how the holder's name begins."""
    rows = Licence.objects.visible_to(by).filter(
        Q(number=words) | Q(identifier=words.upper()) | Q(holder_name__startswith=words)
    )
    return [view(row) for row in rows.select_related("type").order_by("-changed_at", "-id")[:SHOWN]]


def latest(by: Actor) -> list[LicenceView]:
    """Return the licences that the actor may see and that were issued or changed last."""
    rows = Licence.objects.visible_to(by).select_related("type").order_by("-changed_at", "-id")
    return [view(row) for row in rows[:SHOWN]]


def versions(pk: uuid.UUID, by: Actor) -> list[Version]:
    """Return every version of a licence that the actor may see with what it changed, newest first."""
    mine = Licence.objects.visible_to(by)
    named = {name: OuterRef(name) for name in ("type_id", "issuer_code", "serial")}
    made = LicenceUse.objects.filter(licence=OuterRef("pk"), operation__in=_BEGINS).order_by("at", "id")
    rows = list(
        mine.filter(Exists(mine.filter(pk=pk, **named)))
        .annotate(made=Subquery(made.values("operation")[:1]))
        .select_related("type")
        .order_by("-version")
    )
    if not rows:
        raise NotFound(_("没有找到这份证照。"))
    views = [view(row) for row in rows]
    return [
        Version(one, Operation(row.made or Operation.ISSUE), rules.changed(one, before) if before else ())
        for one, row, before in zip(views, rows, [*views[1:], None], strict=True)
    ]


_BEGINS = (Operation.ISSUE, Operation.RENEW, Operation.CHANGE, Operation.TRANSFER_IN)
"""Operations that a version begins with."""


def uses(pk: uuid.UUID, by: Actor, limit: int = 50) -> list[LicenceUseView]:
    """Return who used a licence and for what, and what was done to it, newest first."""
    mine = Licence.objects.visible_to(by).filter(pk=pk)
    rows = list(LicenceUse.objects.filter(licence__in=mine).order_by("-at", "-id")[:limit])
    if not rows and not mine.exists():
        raise NotFound(_("没有找到这份证照。"))
    return [
        LicenceUseView(
            row.at,
            row.purpose,
            row.user_label,
            Operation(row.operation) if row.operation else None,
            row.case_id,
            row.application_id,
            row.showing_id,
        )
        for row in rows
    ]


def opened_by(log: Iterable[LicenceUseView], by: Actor) -> tuple[set[uuid.UUID], dict[uuid.UUID, uuid.UUID]]:
    """Return of what a use log names that which the actor may open: showings, and applications by themselves and by their
    cases. Two queries at most.
    """
    lines = list(log)
    shown = {one.showing_id for one in lines if one.showing_id}
    matters = {pk for one in lines for pk in (one.case_id, one.application_id) if pk}
    return (
        set(Showing.objects.visible_to(by).filter(pk__in=shown).values_list("pk", flat=True)) if shown else set(),
        ports.applications_of(by, matters) if matters else {},
    )


def find_copy(digest: str) -> tuple[LicenceView, CopyView] | None:
    """Return the annotated copy that this file is, with its licence; or nothing."""
    rows = LicenceCopy.objects.select_related("licence__type", "showing")
    row = rows.filter(digest=digest).first() or rows.filter(ofd_digest=digest).first()
    if row is None:
        return None
    taken_back = row.showing is not None and row.showing.state == ShowingState.REVOKED
    return view(row.licence), replace(copy_view(row), taken_back=taken_back)


def copies(pk: uuid.UUID, by: Actor, limit: int = 20) -> list[CopyView]:
    """Return the annotated copies of a licence that the actor may see, newest first."""
    rows = LicenceCopy.objects.filter(licence__in=Licence.objects.visible_to(by).filter(pk=pk)).order_by("-made_at")
    return [copy_view(row) for row in rows[:limit]]


def get_copy(licence: uuid.UUID, pk: uuid.UUID, by: Actor) -> CopyView:
    """Return one annotated copy of a licence that the actor may see."""
    row = LicenceCopy.objects.filter(pk=pk, licence__in=Licence.objects.visible_to(by).filter(pk=licence)).first()
    if row is None:
        raise NotFound(_("没有找到这份副本。"))
    return copy_view(row)


def copy_view(row: LicenceCopy) -> CopyView:
    """Make the view of a copy."""
    return CopyView(
        row.id, row.cause, row.made_at, row.made_by, row.expires_on, row.case_id, row.digest, row.ofd_digest
    )


def not_in_force() -> Iterator[tuple[str, LicenceStatus, date]]:
    """Return the identifier, state and since when of every licence that is not in force today, in pieces."""
    today = clock.today()
    ended = Q(valid_to__lt=today) | ~Q(status=LicenceStatus.VALID)
    rows = Licence.objects.filter(ended).order_by("identifier")
    for row in rows.only("identifier", "status", "valid_to", "renewal_applied_on", "changed_at").iterator(2000):
        status = status_of(row)
        if status is not LicenceStatus.VALID:
            yield row.identifier, status, clock.legal_date(row.changed_at)


def of_cases(cases: Iterable[uuid.UUID]) -> dict[uuid.UUID, LicenceView]:
    """Return the licence that came out of each case, by case: the last made, where others were changed with it."""
    rows = Licence.objects.filter(case_id__in=list(cases)).select_related("type").order_by("id")
    return {row.case_id: view(row) for row in rows if row.case_id}


def shown(licence: LicenceView) -> tuple[ShownField, ...]:
    """Return what a licence says, in words."""
    return words.shown_fields(licence_type(licence.type_slug), licence.fields, catalog.elements())


def fields_of(spec: LicenceTypeSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a licence of this type says, by field, out of data elements or the type's own names."""
    found = {}
    for field in spec.fields:
        value = values.get(field.element) if field.element else None
        if value in (None, ""):
            value = values.get(field.name)
        if value not in (None, ""):
            found[field.name] = value
    return found


def status_of(row: Licence) -> LicenceStatus:
    """Return the status that the law gives a licence today."""
    return rules.effective(LicenceStatus(row.status), row.valid_to, row.renewal_applied_on, clock.today())


def view(row: Licence) -> LicenceView:
    """Make the view of a row (with its type joined)."""
    spec = spec_of(row.type_id, row.type.document)
    return LicenceView(
        id=row.id,
        identifier=row.identifier,
        type_code=row.type.type_code,
        type_slug=row.type_id,
        name=row.type.name,
        number=row.number,
        version=row.version,
        holder=row.principal,
        holder_kind=PartyKind(row.holder_kind),
        holder_name=row.holder_name,
        issuer_code=row.issuer_code,
        issuer_name=row.issuer_name,
        issued_on=row.issued_on,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        status=status_of(row),
        status_reason=row.status_reason,
        trust=TrustLevel(row.trust),
        fields=row.fields,
        labels={field.name: field.label for field in spec.fields},
        case_id=row.case_id,
        changed_at=row.changed_at,
        check_code=row.check_code,
        digest=row.digest,
        ofd_digest=row.ofd_digest,
        scan=row.scan,
        photo=row.photo,
        associated=row.associated,
        joint=tuple(Party(PartyKind(row.holder_kind), one) for one in row.joint),
        joint_names=tuple(row.joint_names),
    )
