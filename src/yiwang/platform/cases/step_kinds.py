"""The kinds of step that cases itself knows, and which of them are done by themselves."""

from __future__ import annotations

from yiwang.kernel.types import Role
from yiwang.platform.cases import changing, checking, deciding, delivering, engine, queries
from yiwang.platform.cases.kinds import Kind, register
from yiwang.platform.cases.models import Case, Task
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import StepKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.licences import acts as licences


def _issue(case: Case, task: Task) -> str | None:
    result = catalog.get_edition(case.edition_id).definition.result
    values = engine.facts_of(case.application)
    changed = changing.change(case, result, values)
    replaced = changing.end(case, result, values)
    if not result.licence_type:
        return "pass" if result.changes or result.ends else "skip"
    if case.renews_id is not None:
        photo = queries.photograph(case.application_id, result.licence_type)
        case.licence_id = licences.renew_inside(case.renews_id, values=values, photo=photo, case_id=case.id)
        return "pass"
    if changed is not None:
        case.licence_id = changed
        return "pass"
    agency = directory.agencies_by_id([case.agency_id])[case.agency_id]
    case.licence_id = licences.issue_inside(
        type_code=result.licence_type,
        holder=case.principal,
        holder_name=case.applicant_name,
        issuer=agency,
        values=values,
        replaces=replaced,
        photo=queries.photograph(case.application_id, result.licence_type),
        case_id=case.id,
    )
    return "pass"


def register_all() -> None:
    """Enter the kinds (called once when the room is loaded)."""
    register(StepKind.INTAKE, Kind(Role.INTAKE))
    register(StepKind.PRE_REVIEW, Kind(Role.REVIEWER))
    register(StepKind.REVIEW, Kind(Role.REVIEWER))
    register(StepKind.SITE_VISIT, Kind(Role.INSPECTOR))
    register(StepKind.EXPERT_REVIEW, Kind(Role.REVIEWER))
    register(StepKind.DECISION, Kind(Role.DECIDER, deciding.by_rule))
    register(StepKind.ISSUE, Kind(Role.ISSUER, _issue))
    register(StepKind.DELIVER, Kind(Role.ISSUER, delivering.by_itself))
    register(StepKind.AUTO_CHECK, Kind(Role.REVIEWER, checking.by_itself))
