"""The life of a grant (共享授权) as a table: who moves it from where to where. Pure.

REQUEST → CHECKED (data office) → [unconditional: GRANTED] | PROVIDER → GRANTED | REFUSED(reason) → COORDINATION
(政务数据共享条例, 国令第809号; STANDARDS 10.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

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


def covers(grant: Allowance, consumer: Consumer, today: date) -> bool:
    """Tell whether a grant in force holds for whoever asks: the same function in the region, the item, the day."""
    return (
        grant.function == consumer.function
        and consumer.region.startswith(grant.region)
        and consumer.item in grant.items
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
