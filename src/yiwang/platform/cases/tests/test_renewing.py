"""延续: granted, refused, taken back, and what the law does where nobody decides in time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from yiwang.kernel import timers
from yiwang.kernel.types import SYSTEM, Role
from yiwang.platform.cases import acts
from yiwang.platform.cases.tests.conftest import (
    FOOD,
    accepted,
    at,
    case_of,
    decide,
    edition_of,
    fresh,
    key,
    officer,
    republish,
    submit,
)
from yiwang.platform.licences import queries as licences
from yiwang.platform.licences.types import LicenceStatus

PLAN = {"target": "material:floor_plan", "label": "店内平面图", "message": "没有标面积。"}


@pytest.fixture
def licence(food):
    """Return a food licence that its holder wants to keep."""
    decide(food)
    republish(FOOD, result=replace(edition_of(FOOD).definition.result, renews=True))
    return licences.get_licence(fresh(food).licence_id, SYSTEM)


def before(licence, days):
    """Let it be so many days before the licence runs out."""
    return at(licence.valid_to - timedelta(days=days))


def status(licence):
    return licences.get_licence(licence.id, SYSTEM).status


def ring(day, deliver):
    with at(day, 9):
        while timers.ring_due():
            pass
        deliver("cases.renewals")


def test_a_grant_lengthens_the_licence(owner, licence):
    with before(licence, 60):
        case = case_of(accepted(owner, FOOD), FOOD)
        assert case.renews_id == licence.id
        decide(case)
        new = licences.get_licence(fresh(case).licence_id, SYSTEM)
        assert (new.number, new.version) == (licence.number, licence.version + 1)
        assert new.valid_to > licence.valid_to
        assert status(licence) is LicenceStatus.EXPIRED


@pytest.mark.parametrize("how", ["refuse", "withdraw", "not accepted"])
def test_without_a_grant_it_runs_to_its_end(owner, licence, how, deliver):
    with before(licence, 60):
        case = case_of(submit(owner, FOOD), FOOD)
        if how == "withdraw":
            acts.withdraw(case.pk, by=owner, key=key())
        elif how == "not accepted":
            acts.refuse_acceptance(case.pk, "条件已变。", by=officer(case, Role.REVIEWER), key=key())
        else:
            acts.accept(case.pk, by=officer(case, Role.INTAKE), key=key())
            decide(case, grant=False)
        assert status(licence) is LicenceStatus.VALID
    ring(licence.valid_to + timedelta(days=1), deliver)
    assert status(licence) is LicenceStatus.EXPIRED
    assert fresh(case).licence_id is None


@pytest.mark.parametrize("stage", ["working", "suspended", "supplement"])
def test_nobody_decided_before_it_ran_out_so_it_counts_as_renewed(owner, licence, stage, deliver, events):
    with before(licence, 31):
        case = case_of(submit(owner, FOOD), FOOD)
    with before(licence, 5):
        if stage == "supplement":
            case.tell_by = None
            case.save()
            acts.request_correction(case.pk, [PLAN], by=officer(case, Role.REVIEWER), key=key())
        else:
            acts.accept(case.pk, by=officer(case, Role.INTAKE), key=key())
        if stage == "suspended":
            acts.suspend(case.pk, "lab_test", "送检。", licence.valid_to, by=officer(case, Role.REVIEWER), key=key())
    ring(licence.valid_to + timedelta(days=1), deliver)
    case = fresh(case)
    assert (case.result, case.state) == ("issued", "delivered")
    assert "第五十条" in case.decision
    new = licences.get_licence(case.licence_id, SYSTEM)
    with at(licence.valid_to + timedelta(days=1)):
        assert (new.number, status(new)) == (licence.number, LicenceStatus.VALID)
    assert "case.decided" in events(case)
    assert not case.tasks.filter(state__in=["ready", "waiting"]).exists()
    deliver("cases.renewals")
    assert fresh(case).version == case.version, "told twice, done once"


def test_applied_for_too_late_it_runs_out_and_a_case_goes_on(owner, licence, deliver):
    with before(licence, 5):
        case = case_of(accepted(owner, FOOD), FOOD)
    ring(licence.valid_to + timedelta(days=1), deliver)
    assert (status(licence), fresh(case).decided_at) == (LicenceStatus.EXPIRED, None)
