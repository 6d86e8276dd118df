"""What a decision does to a case, whoever takes it: a person, or the rule of an item that leaves no discretion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.acts import current
from yiwang.kernel.expressions import dependencies
from yiwang.platform.cases import documents, engine, publicity
from yiwang.platform.cases.events import DECIDED
from yiwang.platform.cases.held import tasks_of, unproved
from yiwang.platform.cases.models import Case, PostCheck, Task
from yiwang.platform.cases.types import CaseResult, CaseState, DocumentKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import field_spec, truth
from yiwang.platform.catalog.types import EditionView, FormField, ResultKind
from yiwang.platform.evidence.types import FactState
from yiwang.ui.reading import show_value

POST_CHECK_DAYS = 60
"""Working days after a decision on a commitment in which it is checked (浙江; STANDARDS 12.6)."""


def decide(case: Case, grant: bool, text: str, *, by_rule: bool = False) -> None:
    """Write a decision down: state, result, clock, document, and what has to be checked afterwards."""
    now = clock.now()
    definition = catalog.get_edition(case.edition_id).definition
    result = CaseResult.REFUSED
    if grant:
        result = CaseResult.ISSUED if definition.result.kind is not ResultKind.OTHER else CaseResult.GRANTED
    case.result, case.decision, case.decided_at = result.value, text, now
    engine.to_work(case)
    engine.move(case, CaseState.DECIDED)
    engine.stop_clock(case, now)
    case.deliver_by = engine.end_of_workdays(case.region, clock.legal_date(now), engine.DELIVER_DAYS)
    kind, content = _paper(case, grant, text)
    document = documents.write(case.application, case, kind, **content)
    if grant:
        publicity.publish(case, definition, document)
        _plan_post_checks(case)
    else:
        engine.give_up_renewal(case, text)
    current().emit(DECIDED, case, result=case.result, by_rule=by_rule)


def preview(case: Case, grant: bool, text: str) -> documents.Preview:
    """Return the document that a decision would make now; nothing is decided."""
    case.deliver_by = engine.end_of_workdays(case.region, clock.today(), engine.DELIVER_DAYS)
    kind, content = _paper(case, grant, text)
    return documents.preview(case, kind, **content)


def _paper(case: Case, grant: bool, text: str) -> tuple[DocumentKind, dict[str, Any]]:
    definition = catalog.get_edition(case.edition_id).definition
    return DocumentKind.DECISION if grant else DocumentKind.REFUSAL, {
        "text": text,
        "result_name": definition.result.name,
        "basis": [f"《{one.law}》{one.article}" for one in definition.legal_basis],
        "deliver_by": case.deliver_by,
    }


def by_rule(case: Case, task: Task) -> str | None:
    """Grant by the item's rule where the data suffice; anything else is left to a person.

    A refusal always is: its reasons have to be weighed and the applicant may be heard.
    """
    edition = catalog.get_edition(case.edition_id)
    rule = edition.definition.decision_by_rule
    if not rule or case.owing or case.recheck or any(one.outcome == "fail" for one in tasks_of(case)):
        return None
    facts = engine.facts_of(case.application)
    if truth(rule, facts) is not True:
        return None
    text = f"经系统核验，申请人符合本事项公布的法定条件（{_said(rule, edition, facts)}），依法准予。"
    decide(case, True, text, by_rule=True)
    task.opinion = text
    return "pass"


def _said(rule: str, edition: EditionView, facts: Mapping[str, Any]) -> str:
    """Tell in plain words the data on which a rule looked."""
    specs = [
        field_spec(edition.elements, FormField(name)) for name in sorted(dependencies(rule) & set(edition.elements))
    ]
    return "，".join(f"{spec.label}：{show_value(spec, facts.get(spec.name))}" for spec in specs)


def _plan_post_checks(case: Case) -> None:
    due_on = engine.end_of_workdays(case.region, clock.today(), POST_CHECK_DAYS)
    committed = unproved(case, FactState.COMMITTED)
    checks = [PostCheck(case=case, material=one.identity, due_on=due_on) for one in committed]
    if checks:
        PostCheck.objects.bulk_create(checks)
        engine.set_deadline(engine.POST_CHECK, case.id, due_on)
