"""What grants reach, as a condition on rows: ``RoleGrant.covers`` in the database, one for all rooms."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import or_

from django.db.models import Q

from yiwang.kernel.types import Actor, Role, RoleGrant

HANDLING = frozenset(
    {Role.INTAKE, Role.REVIEWER, Role.INSPECTOR, Role.DECIDER, Role.DISPATCHER, Role.ISSUER, Role.SUPERVISOR}
)
"""Roles that deal with people's matters; administrators and editors are none of them."""


def reached(
    actor: Actor,
    roles: Collection[Role],
    *,
    agency: str,
    region: str,
    level: str = "",
    item: str = "",
    helpers: str = "",
) -> Q:
    """Return which rows the actor's grants of these roles reach; the columns are named by keyword.

    ``helpers`` is an array of the paths of further agencies that take part. A grant that is narrowed by something the
    rows do not have reaches none of them.
    """

    def condition(grant: RoleGrant) -> Q:
        whose = Q(**{f"{agency}__startswith": grant.agency}) if grant.agency else Q()
        if whose and helpers:
            whose |= Q(**{f"{helpers}__contains": [grant.agency]}) & ~Q(**{helpers: []})  # as the partial index says
        wanted = {
            f"{region}__startswith": grant.region,
            level: grant.level,
            f"{item}__in": sorted(grant.items),
        }
        # A grant over everything is a condition too: an empty one would be forgotten beside others.
        return (whose & Q(**{column: value for column, value in wanted.items() if value})) or ~Q(pk__in=[])

    conditions = [
        condition(grant)
        for grant in actor.grants
        if grant.role in roles and (level or not grant.level) and (item or not grant.items)
    ]
    return reduce(or_, conditions) if conditions else Q(pk__in=[])
