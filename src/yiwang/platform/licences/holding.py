"""Who holds a licence: found by number, known here or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.kernel.codes import CodeError, parse_citizen_id, parse_uscc
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Party, PartyKind
from yiwang.platform.identity import queries as identity
from yiwang.platform.licences.types import Joint, LicenceTypeSpec


def by_number(kind: PartyKind, number: str) -> tuple[str, Party | None, str]:
    """Return a number as it is kept, and who has it here under which name, if anybody. Raises CodeError."""
    if kind is PartyKind.PERSON:
        number = parse_citizen_id(number).value
        person = identity.find_person(number)
        return number, Party(kind, person.id) if person else None, person.name if person else ""
    number = parse_uscc(number).value
    firm = identity.find_organisation(number)
    return number, Party(kind, firm.id) if firm else None, firm.name if firm else ""


def joint_in(spec: LicenceTypeSpec, values: Mapping[str, Any]) -> list[Joint]:
    """Return whom an application names as holding a licence of this type together with the applicant.

    Somebody is found by number only where the name is theirs: nobody gets a licence by another's slip of the pen.
    """
    found = []
    for where in spec.joint:
        for row in (values.get(where.rows) or ()) if where.rows else (values,):
            name = str(row.get(where.name) or "").strip()
            if not name:
                continue
            try:
                number, party, known = by_number(spec.holder, str(row.get(where.number) or ""))
            except CodeError:
                number, party, known = "", None, ""
            found.append(Joint(name, party, number) if known in {"", name} else Joint(name))
    return found


def index_of(kind: PartyKind, number: str) -> bytes:
    """Return the blind index by which a holder is found when they become known here."""
    return blind_index(number, "citizen_id" if kind is PartyKind.PERSON else "uscc")
