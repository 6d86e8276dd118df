"""Papers given once: checked against the original, they are used again; licences that are used say so to their holder."""

from datetime import timedelta

import pytest

from yiwang.kernel import clock
from yiwang.platform.cases import acts, queries
from yiwang.platform.cases.models import Application
from yiwang.platform.cases.tests.conftest import FOOD, clerk, draft, fill, key, person, submit
from yiwang.platform.evidence.types import FactState
from yiwang.platform.licences import queries as licences

PAPER = "staff_health"


def stands(pk, by):
    return queries.draft_state(pk, by)[2].materials[PAPER]


def check(application):
    acts.check_original(application.pk, PAPER, True, by=clerk(application), key=key())


def test_a_checked_paper_is_known_and_its_file_goes_along(owner):
    first = submit(owner, FOOD)
    check(first)
    second = draft(owner, FOOD)
    fact = stands(second, owner)
    assert (fact.state, fact.source, first.number in fact.source_name) == (FactState.KNOWN, "earlier", True)
    assert fact.at == first.submitted_at
    fill(second, owner)
    acts.submit(second, by=owner, key=key())
    application = Application.objects.get(pk=second)
    row = application.materials.get(identity=PAPER)
    assert (row.state, row.trust) == (FactState.KNOWN, "B")
    mine, before = (one.files.get(identity=PAPER) for one in (application, first))
    assert (mine.digest, mine.trust, mine.pk != before.pk) == (before.digest, "B", True)


def test_what_was_only_uploaded_is_asked_again(owner):
    submit(owner, FOOD)
    assert stands(draft(owner, FOOD), owner).state is FactState.ASK


def test_a_check_taken_back_counts_no_more(owner):
    first = submit(owner, FOOD)
    check(first)
    acts.check_original(first.pk, PAPER, False, by=clerk(first), key=key())
    assert stands(draft(owner, FOOD), owner).state is FactState.ASK


def test_an_old_paper_is_asked_again(owner):
    check(submit(owner, FOOD))
    with clock.at(clock.now() + timedelta(days=800)):
        assert stands(draft(owner, FOOD), owner).state is FactState.ASK


def test_a_paper_is_its_giver_s_only(owner):
    check(submit(owner, FOOD))
    other = person("测试创业戊")
    assert stands(draft(other, FOOD), other).state is FactState.ASK


def test_a_new_file_takes_the_old_one_s_place(owner):
    check(submit(owner, FOOD))
    second = draft(owner, FOOD)
    acts.add_file(
        second, PAPER, {"name": "新.png", "digest": "f" * 64, "media_type": "image/png", "size": 1}, by=owner, key=key()
    )
    assert stands(second, owner).state is FactState.GIVEN


@pytest.mark.parametrize("item", [FOOD])
def test_the_holder_reads_for_what_a_licence_was_used(owner, item):
    application = submit(owner, item)
    used = [
        (one.name, use.purpose)
        for one in licences.wallet(owner)
        for use in licences.uses(one.id, owner)
        if use.operation is None
    ]
    assert used
    assert {purpose for _name, purpose in used} == {f"办理“{application.title}”"}
