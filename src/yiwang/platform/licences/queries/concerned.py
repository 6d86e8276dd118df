"""Which licences a grant changes or ends, found by whose they are and what they say; and what it makes of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Q

from yiwang.kernel import clock
from yiwang.kernel.codes import CodeError, parse_licence_id
from yiwang.kernel.types import Party
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.licences import rules
from yiwang.platform.licences.holding import by_number
from yiwang.platform.licences.models import Licence, held
from yiwang.platform.licences.queries.held import fields_of, status_of, view
from yiwang.platform.licences.queries.kinds import licence_type, spec_of
from yiwang.platform.licences.types import Following, LicenceStatus, LicenceTypeSpec, LicenceView, Operation
from yiwang.platform.licences.words import shown_fields

CHANGEABLE = frozenset({LicenceStatus.VALID})
ENDABLE = frozenset({LicenceStatus.VALID, LicenceStatus.HELD, LicenceStatus.OTHER})
"""What is held (暂扣) or set aside is still there, and ends with what it stands for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which licences are meant: of a type, of a holder, in one of these states; with ``saying`` only those whose number,
    identifier or one of whose fields is that.
    """

    type_code: str
    holder: Party
    states: Collection[LicenceStatus]
    saying: Any = None


def in_force(*wanted: Wanted) -> list[list[LicenceView]]:
    """Return, for each that is wanted, the licences that are meant, oldest first. One query, and none for none."""
    rows = _rows(wanted)
    return [[view(row) for row in rows if _is_meant(one, row)] for one in wanted]


def foreseen(
    wanted: Sequence[Wanted], values: Mapping[str, Any], renewed: uuid.UUID | None = None
) -> tuple[list[list[Following]], Following | None]:
    """Return the same with the versions that a change with these values would make of them now, and that which a renewal
    would make of the licence ``renewed``: nothing, if it cannot be renewed. One query, and none for none.
    """
    rows = _rows(wanted, renewed)
    longer = next((row for row in rows if row.pk == renewed and rules.after(Operation.RENEW, status_of(row))), None)
    return (
        [[_following(row, Operation.CHANGE, values) for row in rows if _is_meant(one, row)] for one in wanted],
        _following(longer, Operation.RENEW, values) if longer else None,
    )


def changed_by(
    spec: LicenceTypeSpec, old: Licence, values: Mapping[str, Any], holder_name: str = ""
) -> tuple[dict[str, Any], str]:
    """Return the values and the holder's name with which a change that was applied for makes the next version.

    A field says what the type's ``changed_by`` says, if that is said; the holder is called by their new name, where a field
    has said the name.
    """
    found = dict(values)
    for field in spec.fields:
        new = found.get(field.changed_by) if field.changed_by else None
        if new not in (None, ""):
            found[field.element or field.name] = new
            if old.fields.get(field.name) == old.holder_name:
                holder_name = holder_name or str(new)
    return found, holder_name


def following(
    spec: LicenceTypeSpec,
    old: Licence,
    operation: Operation,
    values: Mapping[str, Any],
    *,
    holder_name: str = "",
    valid_to: date | None = None,
) -> dict[str, Any]:
    """Return in what the version after a renewal or a change differs from the one before, by attribute."""
    today = clock.today()
    identifier = parse_licence_id(old.identifier).next_version()
    found = {
        "identifier": str(identifier),
        "version": identifier.version,
        "associated": old.identifier,
        "holder_name": holder_name or old.holder_name,
        "issued_on": today,
        "valid_from": old.valid_from,
        "valid_to": old.valid_to,
        "fields": old.fields | fields_of(spec, values),
    }
    if operation is Operation.RENEW:
        usual = rules.next_term(old.valid_from, old.valid_to, today, spec.validity_months)
        found |= {"valid_from": today, "valid_to": rules.term_end(valid_to, usual)}
    return found


def _following(row: Licence, operation: Operation, values: Mapping[str, Any]) -> Following:
    spec, name = spec_of(row.type_id, row.type.document), ""
    if operation is Operation.CHANGE:
        values, name = changed_by(spec, row, values)
    old = view(row)
    new = replace(old, **following(spec, row, operation, values, holder_name=name))
    before, after = (
        {one.label: rules.public_text("；".join(one.lines)) for one in shown_fields(spec, fields, catalog.elements())}
        for fields in (old.fields, new.fields)
    )
    lines = tuple((label, before.get(label, ""), after.get(label, "")) for label in rules.changed(new, old))
    return Following(old, new, lines)


def _rows(wanted: Sequence[Wanted], pk: uuid.UUID | None = None) -> list[Licence]:
    if not wanted and pk is None:
        return []
    where = Q(pk=pk) if pk else Q()
    for one in wanted:
        where |= held(one.holder) & Q(type_id=one.type_code, status__in=[state.value for state in one.states])
    return list(Licence.objects.filter(where).select_related("type").order_by("issued_on", "id"))


def _is_meant(one: Wanted, row: Licence) -> bool:
    holders = {row.holder_id, *row.joint}
    if row.type_id != one.type_code or row.holder_kind != one.holder.kind or one.holder.id not in holders:
        return False
    if status_of(row) not in one.states:
        return False
    if one.saying is None:
        return True
    said = _plain(one.saying)
    return bool(said) and said in {_plain(say) for say in (row.number, row.identifier, *row.fields.values())}


def holder_by_number(type_code: str, number: str) -> Party | None:
    """Return who has this number and may hold licences of this type, or nothing."""
    try:
        return by_number(licence_type(type_code).holder, number)[1]
    except CodeError:
        return None


def _plain(value: Any) -> str:
    return str(value).strip().upper() if isinstance(value, (str, int)) else ""
