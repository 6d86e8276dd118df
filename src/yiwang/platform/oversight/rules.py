"""Ratings: states, figures, what makes a rating complete. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from yiwang.platform.oversight.types import BadRatingState, Counts, Figures, Level, ReasonList

S = BadRatingState

TRANSITIONS: dict[BadRatingState, frozenset[BadRatingState]] = {
    S.RECEIVED: frozenset({S.VERIFYING}),
    S.VERIFYING: frozenset({S.VALID, S.INVALID}),
    S.VALID: frozenset({S.RECTIFYING}),
    S.RECTIFYING: frozenset({S.FED_BACK}),
    S.FED_BACK: frozenset({S.CALLED_BACK}),
    S.CALLED_BACK: frozenset({S.SECOND_RATING}),
    S.SECOND_RATING: frozenset({S.CLOSED}),
    S.INVALID: frozenset({S.APPEAL_REVIEW}),
    S.APPEAL_REVIEW: frozenset({S.REMOVED, S.KEPT}),
    S.KEPT: frozenset({S.RECTIFYING}),
    S.REMOVED: frozenset(),
    S.CLOSED: frozenset(),
}
"""STANDARDS 7.4. A rating that a review kept is put right like any other."""

POINTS: dict[Level, int] = {
    Level.VERY_SATISFIED: 5,
    Level.SATISFIED: 4,
    Level.FAIRLY_SATISFIED: 3,
    Level.DISSATISFIED: 2,
    Level.VERY_DISSATISFIED: 1,
}
WEIGHTS: dict[Level, int] = {
    Level.VERY_SATISFIED: 10,
    Level.SATISFIED: 8,
    Level.FAIRLY_SATISFIED: 6,
    Level.DISSATISFIED: 3,
    Level.VERY_DISSATISFIED: 0,
}
TEXT_LENGTH = 500


def may_go(old: BadRatingState, new: BadRatingState) -> bool:
    """Tell whether a bad rating may go from one state to the other."""
    return new in TRANSITIONS[old]


def faults(level: Level, reasons: Iterable[str], text: str, known: ReasonList) -> list[str]:
    """Return codes of what is wrong with a rating.

    ``reason-missing``: a bad one needs a reason or words; ``reason-unknown``: a reason of another level or
    list;
    ``text-long``.
    """
    given = list(reasons)
    found = []
    if level.bad and not given and not text.strip():
        found.append("reason-missing")
    if set(given) - {reason.code for reason in known.reasons[level]}:
        found.append("reason-unknown")
    if len(text) > TEXT_LENGTH:
        found.append("text-long")
    return found


def figures(counts: Counts) -> Figures:
    """Return the public indicators.

    Averages over ratings that people gave, never over defaults (STANDARDS 7.4). The rates of bad ratings are over all of
    them, and once more over those whose time is over: what came in yesterday cannot be put right yet.
    """
    ratings = sum(counts.levels.values())
    good = sum(count for level, count in counts.levels.items() if not level.bad)
    bad = ratings - good
    return Figures(
        ratings=ratings,
        average=_ratio(sum(POINTS[level] * count for level, count in counts.levels.items()), ratings),
        good_rate=_ratio(good, ratings),
        active_rate=_ratio(ratings, counts.services),
        rectify_on_time=_ratio(counts.rectified_on_time, bad),
        callback_rate=_ratio(counts.called_back, bad),
        rectify_on_time_due=_ratio(counts.rectified_on_time, counts.due_bad),
        callback_rate_due=_ratio(counts.called_back, counts.due_bad),
        score=_ratio(sum(WEIGHTS[level] * count for level, count in counts.levels.items()), ratings),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
