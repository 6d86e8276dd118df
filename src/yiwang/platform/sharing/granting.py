"""The life of a grant (共享授权) as a table: who moves it from where to where. Pure.

REQUEST → CHECKED (data office) → [unconditional: GRANTED] | PROVIDER → GRANTED | REFUSED(reason) → COORDINATION
(政务数据共享条例, 国令第809号; STANDARDS 10.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from yiwang.kernel.calendar import add_months
from yiwang.platform.sharing.types import Allowance, Consumer, GrantMove, GrantState, Side

MOVES: dict[GrantMove, tuple[frozenset[GrantState], Side]] = {
    GrantMove.PASS: (frozenset({GrantState.REQUESTED}), Side.OFFICE),
    GrantMove.RETURN: (frozenset({GrantState.REQUESTED}), Side.OFFICE),
    GrantMove.GRANT: (frozenset({GrantState.PROVIDER}), Side.PROVIDER),
    GrantMove.REFUSE: (frozenset({GrantState.PROVIDER}), Side.PROVIDER),
    GrantMove.APPEAL: (frozenset({GrantState.REFUSED}), Side.CONSUMER),
    GrantMove.SETTLE: (frozenset({GrantState.COORDINATION}), Side.OFFICE),
    GrantMove.UPHOLD: (frozenset({GrantState.COORDINATION}), Side.OFFICE),
    GrantMove.REVOKE: (frozenset({GrantState.GRANTED}), Side.PROVIDER),
    GrantMove.WITHDRAW: (
        frozenset({GrantState.REQUESTED, GrantState.PROVIDER, GrantState.COORDINATION, GrantState.GRANTED}),
        Side.CONSUMER,
    ),
}
"""From which states a move is possible, and whose it is. The data office may revoke what a provider may."""


def possible(state: GrantState, side: Side) -> list[GrantMove]:
    """Return what one side may do with a grant now, in the table's order."""
    return [
        move
        for move, (states, whose) in MOVES.items()
        if state in states and (whose is side or (move is GrantMove.REVOKE and side is Side.OFFICE))
    ]


RENEWING = timedelta(days=60)
"""How long before its end a grant may be renewed, and its agency is told: more than a request can take in silence."""
UNDER_WAY = frozenset({GrantState.REQUESTED, GrantState.PROVIDER, GrantState.COORDINATION, GrantState.GRANTED})
"""States of a renewal beside which there is no second one; what was refused may be asked for anew."""


def renewable(state: GrantState, expires_on: date | None, today: date) -> bool:
    """Tell whether a grant is in force and ends soon."""
    return state is GrantState.GRANTED and expires_on is not None and today <= expires_on <= today + RENEWING


def term(months: int, today: date, renewed_until: date | None) -> tuple[date | None, date]:
    """Return when a grant that is agreed to today begins (nothing: at once) and its last day.

    A renewal takes over on the day after the last of the grant that it renews, and counts from there: nobody loses by asking
    in time. Where that is over, it is a grant like any other.
    """
    if renewed_until is None or renewed_until < today:
        return None, add_months(today, months)
    return renewed_until + timedelta(days=1), add_months(renewed_until, months)


def covers(grant: Allowance, consumer: Consumer, today: date) -> bool:
    """Tell whether a grant in force holds for whoever asks: the same function in the region, the item, the day."""
    return (
        grant.function == consumer.function
        and consumer.region.startswith(grant.region)
        and consumer.item in grant.items
        and (grant.begins_on is None or grant.begins_on <= today)
        and (grant.expires_on is None or today <= grant.expires_on)
    )


def allowing(grants: Iterable[Allowance], field: str, consumers: Sequence[Consumer], today: date) -> Allowance | None:
    """Return the first grant by which one of the consumers may have a column; ``""`` asks whether there is a record,
    which any grant allows.
    """
    for grant in grants:
        if (not field or field in grant.fields) and any(covers(grant, consumer, today) for consumer in consumers):
            return grant
    return None


CITY = 3
"""Exercising level of a city."""


def region_of(region: str, level: int) -> str:
    """Return the beginning of the region codes that a grant to an agency covers: a city's body asks for its counties too."""
    return region[:4] if level == CITY else region
