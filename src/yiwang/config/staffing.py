"""Who of the staff does a step: found by role and reach, so that a journey works in any pack."""

from __future__ import annotations

from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Reach, Role, RoleGrant
from yiwang.platform.cases.types import CaseView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import StaffView


class Staff:
    """The city's staff, read once for each role."""

    def __init__(self) -> None:
        self._by_role: dict[Role, list[tuple[StaffView, tuple[RoleGrant, ...]]]] = {}

    def who(self, role: Role, reach: Reach) -> Actor:
        """Return a member of staff with this role who reaches the object. Raises LookupError."""
        if role not in self._by_role:
            self._by_role[role] = directory.staff_with(role)
        for member, grants in self._by_role[role]:
            if any(grant.role is role and grant.covers(reach) for grant in grants):
                return Actor(
                    kind=ActorKind.STAFF,
                    id=member.id,
                    label=member.label,
                    level=AssuranceLevel.L3,
                    door=Door.COMMAND,
                    grants=grants,
                    agency=member.agency_path,
                    second_factor=True,
                )
        raise LookupError(f"nobody with role {role} reaches {reach}")


def staff_for(role: Role, reach: Reach) -> Actor:
    """Return a member of staff with this role who reaches the object. Raises LookupError."""
    return Staff().who(role, reach)


def reach_of(case: CaseView) -> Reach:
    """Return where a case lies."""
    edition = catalog.get_edition(case.edition_id)
    return Reach(case.agency_path, edition.region, edition.definition.level, case.item_code)
