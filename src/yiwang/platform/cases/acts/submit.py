"""Handing in: one application becomes one case for each item."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.db.models import Value
from django.utils.translation import gettext as _
from pydantic_core import to_jsonable_python

from yiwang.kernel import clock, serials
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.codes import build_case_number, new_query_code, parse_task_code
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import Invalid, NotAllowed
from yiwang.kernel.types import Actor, ActorKind, Door, FieldError, Key, PartyKind
from yiwang.platform.cases import checking, documents, earlier, engine, renewing
from yiwang.platform.cases.acts.after import broken_promise
from yiwang.platform.cases.acts.draft import only_draft
from yiwang.platform.cases.events import SUBMITTED
from yiwang.platform.cases.models import Application, ApplicationFile, ApplicationMaterial, Case, JointVisit
from yiwang.platform.cases.permissions import CanApply
from yiwang.platform.cases.types import ApplicationState, CaseState, DocumentKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence import queries as evidence
from yiwang.platform.evidence.types import FactState, MaterialFact, Resolution
from yiwang.platform.licences import acts as licences

_HANDED_IN = (
    "number",
    "query_code",
    "state",
    "version",
    "submitted_at",
    "changed_at",
    "expires_on",
    "tell_on",
    "facts",
    "burden",
)
"""What handing in changes of the application itself."""


@act_on("cases.submit", Application.objects.lock, permission=CanApply, ready=only_draft)
def submit(application: Application, *, by: Actor, key: Key) -> str:
    """Hand the application in. Returns its number.

    Raises ``Invalid`` with every field and material that is missing or wrong; the draft stays as it is.
    """
    planned = [(uuid.UUID(row["edition"]), tuple(row["after"])) for row in application.plan]
    views = catalog.get_editions([pk for pk, _after in planned])
    editions = [views[pk] for pk, _after in planned]
    waits_for = {views[pk].definition.basic_code: after for pk, after in planned}
    _check_level(by, editions)
    said, files = dealt_with(application)
    resolution = _resolve(application, editions, waits_for, said | files)
    _check_complete(application, resolution)
    now = clock.now()
    day = clock.legal_date(now)
    application.query_code = new_query_code()
    application.state = ApplicationState.SUBMITTED.value
    application.submitted_at = application.changed_at = now
    application.expires_on = None
    application.tell_on = engine.end_of_workdays(application.region, day, engine.TELL_DAYS)
    application.facts = to_jsonable_python(resolution.facts)
    application.burden = to_jsonable_python(resolution.burden)
    application.version += 1
    cases = _cases(application, editions, waits_for, resolution)
    _write(application, cases)
    _write_materials(application, resolution, replaces=bool(said))
    earlier.take_over(application, resolution)
    licences.record_uses(
        _licences_used(resolution),
        purpose=_("办理“%(name)s”") % {"name": application.title},
        application_id=application.id,
    )
    checking.note_checks(
        application, evidence.uses(resolution, editions), {case.item_code: case.id for case, _edition in cases}
    )
    tell_by = application.tell_on
    documents.write(
        application,
        None,
        DocumentKind.RECEIPT,
        matters=[edition.definition.known_as for edition in editions],
        materials=[
            [material.name, material.state.value]
            for material in resolution.materials.values()
            if material.state not in (FactState.NEEDLESS, FactState.ASK)
        ],
        received_on=day,
        tell_by=tell_by,
    )
    engine.set_deadline(engine.DEEMED, application.id, tell_by)
    current().emit(SUBMITTED, application, cases=len(editions), life_event=application.life_event)
    _number(application, cases, day)
    return application.number


_DEALT_WITH = Compiled(
    lambda: (
        ApplicationMaterial.objects.filter(application_id=Slot("application"))
        .values_list("identity", "state")
        .union(
            ApplicationFile.objects.filter(application_id=Slot("application"), removed_at=None).values_list(
                "identity", Value("")
            ),
            all=True,
        )
    )
)


def dealt_with(application: Application) -> tuple[dict[str, FactState], dict[str, FactState]]:
    """Return what was said of the materials of a draft, and for which of them there are files; one query."""
    rows = _DEALT_WITH(application=application.pk)
    return {name: FactState(state) for name, state in rows if state}, {
        name: FactState.GIVEN for name, state in rows if not state
    }


def resolve_draft(
    application: Application, editions: list[EditionView], waits_for: dict[str, tuple[str, ...]]
) -> Resolution:
    """Return how everything of a draft stands: sources, answers, files, commitments."""
    said, files = dealt_with(application)
    return _resolve(application, editions, waits_for, said | files)


def _resolve(
    application: Application,
    editions: list[EditionView],
    waits_for: dict[str, tuple[str, ...]],
    given: dict[str, FactState],
) -> Resolution:
    answers = dict(application.answers)
    disputed = frozenset(answers.pop("_disputed", ()))
    return evidence.resolve(
        application.principal,
        editions,
        answers,
        waits_for=waits_for,
        given=given,
        disputed=disputed,
        agent=_who_acts(application),
        barred=lambda: broken_promise(application.principal),
    )


def _who_acts(application: Application) -> uuid.UUID | None:
    """Return the person who acts (经办人): at a counter a natural person stands there themselves, the clerk only types."""
    if application.door in (Door.PORTAL, Door.COMMAND):
        return application.agent_id
    by_themselves = application.door == Door.DESK and application.principal_kind == PartyKind.PERSON
    return application.principal_id if by_themselves else None


def _check_level(by: Actor, editions: list[EditionView]) -> None:
    if not by.may_sign:
        raise NotAllowed(_("给您的委托不包括代签和提交，填好后请委托人本人提交。"), code="may-not-sign")
    needed = max(edition.definition.min_level for edition in editions)
    if by.kind is ActorKind.PERSON and by.level < needed:
        from yiwang.kernel.problems import NeedsSignIn

        raise NeedsSignIn(_("这件事要更高的认证等级，请先完成认证。"), code="step-up-needed", level=int(needed))


def _check_complete(application: Application, resolution: Resolution) -> None:
    errors = checking.wrong_answers(application.answers, resolution)
    errors += [
        FieldError(f"material:{name}", _missing(material))
        for name, material in resolution.materials.items()
        if material.state is FactState.ASK and not material.optional
    ]
    errors += [
        FieldError(
            f"material:{name}",
            resolution.barred or _("“%(name)s”不能承诺或者容缺，请现在上传。") % {"name": material.name},
        )
        for name, material in resolution.materials.items()
        if (material.state is FactState.DEFERRED and not material.may_defer)
        or (material.state is FactState.COMMITTED and not material.may_commit)
    ]
    if errors:
        raise Invalid(_("还有 %(count)d 处要改，改好才能提交。") % {"count": len(errors)}, errors=tuple(errors))


def _missing(material: MaterialFact) -> str:
    if material.may_commit or material.may_defer:
        return _("还缺“%(name)s”。请上传，或选择承诺、容缺后补。") % {"name": material.name}
    return _("还缺“%(name)s”，请上传。") % {"name": material.name}


def _cases(
    application: Application,
    editions: list[EditionView],
    waits_for: dict[str, tuple[str, ...]],
    resolution: Resolution,
) -> list[tuple[Case, EditionView]]:
    assert application.submitted_at is not None
    agencies = {
        agency.path: agency for agency in directory.agencies_by_path({edition.agency_path for edition in editions})
    }
    cases: list[tuple[Case, EditionView]] = []
    materials = {name: (one.state, one.items) for name, one in resolution.materials.items()}
    facts = {code: {"state": fact.state} for code, fact in resolution.facts.items()}
    for position, edition in enumerate(editions):
        definition = edition.definition
        waits = list(waits_for.get(definition.basic_code, ()))
        case = Case(
            application=application,
            position=position,
            edition_id=edition.id,
            item_code=definition.basic_code,
            name=definition.known_as,
            agency_id=agencies[edition.agency_path].id,
            agency_path=edition.agency_path,
            region=edition.region,
            level=definition.level,
            query_code=new_query_code(),
            principal_kind=application.principal_kind,
            principal_id=application.principal_id,
            applicant_name=application.applicant_name,
            state=(CaseState.WAITING if waits else CaseState.SUBMITTED).value,
            waits_for=waits,
            tell_by=None if waits else application.tell_on,
            recheck=checking.degraded(edition, facts, materials),
            received_at=application.submitted_at,
        )
        cases.append((case, edition))
    return cases


def _write(application: Application, cases: list[tuple[Case, EditionView]]) -> None:
    joint = {step.joint for _case, edition in cases for step in edition.definition.process if step.joint}
    visits = {name: JointVisit(application=application, name=name) for name in sorted(joint)}
    renewing.apply(case for case, _edition in cases)
    record = current()
    record.update(application, *_HANDED_IN)
    record.insert(visits.values())
    record.insert(case for case, _edition in cases)
    record.insert(task for case, edition in cases for task in engine.plan_steps(case, edition, visits))


def _number(application: Application, cases: list[tuple[Case, EditionView]], day: date) -> None:
    """Give everything its number, as late as can be: everybody who hands in today waits for the same series."""
    own = f"application:{day}"
    scopes = [f"case:{edition.definition.task_code}:{day}" for _case, edition in cases]
    allotted = serials.allot_many([own, *scopes])
    application.number = f"{application.region[:6]}{day:%Y%m%d}{allotted[own].pop():06d}"
    for (case, edition), scope in zip(cases, scopes, strict=True):
        task_code = parse_task_code(edition.definition.task_code, allow_pseudo=True)
        case.number = str(build_case_number(task_code, day, allotted[scope].pop(0)))


def _write_materials(application: Application, resolution: Resolution, *, replaces: bool) -> None:
    rows: list[ApplicationMaterial] = []
    for name, material in resolution.materials.items():
        rows.append(
            ApplicationMaterial(
                application=application,
                identity=name,
                name=material.name,
                state=material.state.value,
                items=list(material.items),
                ref=material.ref,
                source_name=material.source_name,
                trust=_trust(material),
            )
        )
    if replaces:
        application.materials.all().delete()
    current().insert(rows)


def _licences_used(resolution: Resolution) -> set[str]:
    """Return the identifiers of the licences that stand for a datum or a paper: their holder sees that they were used."""
    found = [fact.ref for fact in resolution.facts.values() if fact.state is FactState.KNOWN]
    found += [one.ref for one in resolution.materials.values() if one.state is FactState.KNOWN]
    return {ref.removeprefix("licence:") for ref in found if ref.startswith("licence:")}


def _trust(material: MaterialFact) -> str:
    marks: dict[Any, str] = {FactState.GIVEN: "C", FactState.COMMITTED: "D"}
    return checking.trust_of(material) if material.state is FactState.KNOWN else marks.get(material.state, "")
