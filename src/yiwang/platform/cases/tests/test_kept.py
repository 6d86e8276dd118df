"""Papers that a window keeps: checked, they are used by what their owner applies for; taken back, they are asked for again."""

import uuid
from dataclasses import replace

from yiwang.kernel.types import SYSTEM, Role
from yiwang.platform.cases import acts as cases
from yiwang.platform.cases import queries as drafts
from yiwang.platform.cases.models import Application
from yiwang.platform.cases.tests.conftest import FOOD, case_of, draft, fill, key, officer, person, republish, submit
from yiwang.platform.cases.tests.conftest import clerk as counter
from yiwang.platform.cases.types import CaseState
from yiwang.platform.catalog.types import Material, MaterialKind, Satisfier, SatisfierKind
from yiwang.platform.evidence.types import FactState
from yiwang.platform.papers import acts, queries
from yiwang.platform.papers.tests.conftest import PAPER, clerk, kept
from yiwang.platform.sharing.models import Dataset
from yiwang.ui import store

__all__ = ["clerk"]


def stands(pk, by):
    return drafts.draft_state(pk, by)[2].materials[PAPER]


def test_a_checked_paper_is_used_by_the_next_application_and_its_owner_reads_so(owner, clerk):
    paper = kept(owner, clerk, number="TS1")
    pk = draft(owner, FOOD)
    fact = stands(pk, owner)
    assert (fact.state, fact.source) == (FactState.KNOWN, "earlier")
    assert fact.source_name == "数据服务窗口 2026-03-02 核对过原件"
    fill(pk, owner)
    cases.submit(pk, by=owner, key=key())
    application = Application.objects.get(pk=pk)
    row, file = application.materials.get(identity=PAPER), application.files.get(identity=PAPER)
    assert (row.state, row.trust, file.trust) == (FactState.KNOWN, "B", "B")
    assert file.digest == queries.get_paper(paper, owner).digest
    cases.accept_all(pk, by=counter(application), key=key())
    case = case_of(application, FOOD)
    assert case.state == CaseState.ACCEPTED
    assert drafts.find_file(pk, file.pk, officer(case, Role.REVIEWER)) is not None
    (use,) = queries.uses(paper)
    assert (use.application_id, use.title) == (pk, application.title)


def test_another_clerk_who_serves_its_owner_need_not_ask_for_it(owner, clerk):
    paper = kept(owner, clerk)
    other = replace(clerk, id=uuid.uuid4(), label="另一个窗口", principal=owner.principal)
    pk = draft(other, FOOD)
    assert stands(pk, other).state is FactState.KNOWN
    fill(pk, other)
    cases.submit(pk, by=other, key=key())
    assert Application.objects.get(pk=pk).files.get(identity=PAPER).added_by == "数据服务窗口 2026-03-02 核对过原件"
    assert [use.application_id for use in queries.uses(paper)] == [pk]


def test_what_was_only_scanned_or_refused_or_taken_back_is_asked_for(owner, clerk):
    pk = draft(owner, FOOD)
    paper = kept(owner, clerk, check=False)
    assert stands(pk, owner).state is FactState.ASK
    acts.check(paper, by=clerk, key=key())
    assert stands(pk, owner).state is FactState.KNOWN
    acts.take_back(paper, by=owner, key=key())
    assert stands(pk, owner).state is FactState.ASK
    refused = kept(owner, clerk)
    acts.refuse(refused, "不是这个人的", by=clerk, key=key())
    assert stands(pk, owner).state is FactState.ASK


def test_what_a_source_that_was_down_did_not_say_may_come_from_a_kept_paper_later(owner, clerk):
    paper = Material(
        "health",
        "从业人员健康证明",
        MaterialKind.PROOF,
        shared=PAPER,
        satisfied_by=(
            Satisfier(SatisfierKind.DATASET, "population.?known"),
            Satisfier(SatisfierKind.EARLIER, PAPER),
        ),
    )
    republish(FOOD, materials=(paper,))
    Dataset.objects.update(available=False)
    application = submit(owner, FOOD)
    assert application.materials.get(identity=PAPER).state == FactState.DEGRADED
    kept(owner, clerk)
    cases.recheck(case_of(application, FOOD).pk, by=SYSTEM, key=key())
    row = application.materials.get(identity=PAPER)
    assert (row.state, row.trust) == (FactState.KNOWN, "B")
    assert application.files.get(identity=PAPER).trust == "B"


def test_a_kept_paper_stays_when_a_draft_that_had_it_too_is_thrown_away(
    owner, clerk, django_capture_on_commit_callbacks
):
    paper = queries.get_paper(kept(owner, clerk), owner)
    pk = draft(owner, FOOD)
    stored = {"name": "a.pdf", "digest": paper.digest, "media_type": "application/pdf", "size": 1}
    cases.add_file(pk, PAPER, stored, by=owner, key=key())
    with django_capture_on_commit_callbacks(execute=True):
        cases.discard(pk, by=owner, key=key())
    assert store.exists(paper.digest)


def test_it_is_its_owner_s_only(owner, clerk):
    kept(owner, clerk)
    other = person("测试创业戊")
    assert stands(draft(other, FOOD), other).state is FactState.ASK
