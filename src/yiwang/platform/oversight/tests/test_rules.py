import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.platform.oversight import data, rules
from yiwang.platform.oversight.types import BadRatingState, Counts, Level

LEVELS = list(Level)


def counts(levels, *, services=0, due_bad=0, on_time=0, called=0):
    return Counts(services, dict(zip(LEVELS, levels, strict=True)), due_bad, on_time, called)


def test_the_worked_example():
    found = rules.figures(counts([60, 25, 10, 3, 2], services=200, due_bad=5, on_time=4, called=5))
    assert found.average == pytest.approx(4.38)
    assert found.good_rate == pytest.approx(0.95)
    assert found.score == pytest.approx(8.69)
    assert found.active_rate == pytest.approx(0.5)
    assert (found.rectify_on_time, found.callback_rate) == (0.8, 1.0)


def test_bad_ratings_whose_time_is_not_over_count_among_all_and_not_among_those_due():
    found = rules.figures(counts([60, 25, 10, 3, 2], services=200, due_bad=4, on_time=3, called=2))
    assert (found.rectify_on_time, found.callback_rate) == (0.6, 0.4)
    assert (found.rectify_on_time_due, found.callback_rate_due) == (0.75, 0.5)
    fresh = rules.figures(counts([60, 25, 10, 3, 2], services=200))
    assert (fresh.rectify_on_time, fresh.callback_rate) == (0, 0)
    assert (fresh.rectify_on_time_due, fresh.callback_rate_due) == (None, None)


def test_nothing_to_divide_by_is_no_figure():
    found = rules.figures(counts([0] * 5))
    assert found.ratings == 0
    assert {found.average, found.good_rate, found.active_rate, found.rectify_on_time, found.score} == {None}


@given(st.lists(st.integers(0, 50), min_size=5, max_size=5).filter(any))
def test_figures_are_those_of_every_rating_written_out(levels):
    points = [5 - index for index, count in enumerate(levels) for _ in range(count)]
    found = rules.figures(counts(levels, services=len(points)))
    assert found.average == pytest.approx(sum(points) / len(points))
    assert found.good_rate == pytest.approx(sum(point >= 3 for point in points) / len(points))
    assert found.active_rate == 1.0


def test_the_national_list_has_eight_reasons_a_level_with_their_own_first_digit():
    for level, reasons in data.reason_list().reasons.items():
        assert len(reasons) == 8
        assert {reason.code[0] for reason in reasons} == {str(rules.POINTS[level])}


@pytest.mark.parametrize(
    ("level", "reasons", "text", "wrong"),
    [
        (Level.SATISFIED, [], "", []),
        (Level.DISSATISFIED, [], " ", ["reason-missing"]),
        (Level.DISSATISFIED, [], "等太久", []),
        (Level.VERY_DISSATISFIED, ["110"], "", []),
        (Level.VERY_DISSATISFIED, ["207"], "", ["reason-unknown"]),
        (Level.SATISFIED, [], "字" * 501, ["text-long"]),
    ],
)
def test_what_makes_a_rating_complete(level, reasons, text, wrong):
    assert rules.faults(level, reasons, text, data.reason_list()) == wrong


def test_every_state_leads_to_an_end():
    ends = {BadRatingState.CLOSED, BadRatingState.REMOVED}
    assert {state for state in BadRatingState if not rules.TRANSITIONS[state]} == ends

    def reaches(state, seen=frozenset()):
        return state in ends or any(reaches(one, seen | {state}) for one in rules.TRANSITIONS[state] - seen)

    assert all(reaches(state) for state in BadRatingState)
