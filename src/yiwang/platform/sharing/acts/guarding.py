"""Guardians (监护人): whoever stands in the registers as a minor's parent or guardian may see who looked at the child's data.

民法典 arts. 23 and 27, 个人信息保护法 arts. 31, 44 and 45. What the platform knows is what the city's registers say under the
child's number (``guardianship.yaml``: birth certificates, children in care). They are asked under a grant like any other, for the
item ``GUARDIANSHIP`` which is no service item, and each asking is a check that the child's page shows. A guardianship that a
court took away is known only when its register says so; a confirmation therefore counts for a month.
"""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import clock, expressions, limits
from yiwang.kernel.acts import Permission, act, current
from yiwang.kernel.codes import CodeError, age_on, parse_citizen_id
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.problems import Invalid
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, FieldError, Key, PartyKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.secret import Secret
from yiwang.platform.sharing import queries
from yiwang.platform.sharing.acts.checking import note_checks
from yiwang.platform.sharing.acts.objecting import check_oneself
from yiwang.platform.sharing.documents import GUARDIAN_SOURCE
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Guardianship, GuardianSourceRow
from yiwang.platform.sharing.rules import ADULT
from yiwang.platform.sharing.types import Answer, Consumer, GuardianSource, Outcome, Use

GUARDIANSHIP = "guardianship"
"""What a grant names in the place of an item, so that registers may be asked who a child's guardians are."""
TRIES = 20
"""Children that somebody may ask about in a day."""
CanConfirm = Permission(name="see a child's readings", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L3)


@act("sharing.confirm_guardianship", permission=CanConfirm)
def confirm_guardianship(number: Secret, *, by: Actor, key: Key) -> uuid.UUID | None:
    """Ask the registers whether one is guardian of the minor with this number; return the guardianship, or nothing if no
    register says so. The asking is written down either way.

    Raises ``Invalid`` for a wrong number and somebody of age, ``NotAllowed`` for an agent or an organisation, ``TooMany``.
    """
    assert by.principal is not None
    assert by.id is not None
    check_oneself(by)
    try:
        child = parse_citizen_id(number.reveal(), today=clock.today())
    except CodeError:
        raise _wrong(_("请填正确的公民身份号码。")) from None
    if by.principal.kind is not PartyKind.PERSON:
        raise _wrong(_("请用本人的身份来核实，不能用单位的。"))
    if age_on(child.born_on, clock.today()) >= ADULT:
        raise _wrong(_("已满十八周岁，只有本人能看。"))
    limits.count(f"guardian:{by.id}", TRIES, 24 * 3600)
    mine = identity.numbers_of(by.principal)[0]
    sources = [GUARDIAN_SOURCE.validate_python(row.definition) for row in GuardianSourceRow.objects.order_by("dataset")]
    answers, uses = _asked(child.value, sources)
    note_checks(uses, purpose=_("核实监护关系，让监护人看谁看过孩子的数据"))
    names = [
        str((answers[one.dataset].values or {}).get(one.name) or "")
        for one in sources
        if one.dataset in answers and _is_guardian(mine, one, answers[one.dataset])
    ]
    current().detail |= {"found": bool(names), "checks": len(uses)}
    if not names:
        return None
    row, _made = Guardianship.objects.update_or_create(
        person_id=by.id,
        index=blind_index(child.value, SUBJECT),
        defaults={
            "number": child.value,
            "name": next(filter(None, names), ""),
            "born_on": child.born_on,
            "confirmed_at": clock.now(),
        },
    )
    return row.pk


def _asked(number: str, sources: list[GuardianSource]) -> tuple[dict[str, Answer], list[Use]]:
    """Ask every register under the grant of the agency that keeps the platform."""
    agencies = {one.agency: directory.get_agency(one.agency) for one in sources}
    wanted = {
        one.dataset: {
            column: [Consumer(agencies[one.agency].function, agencies[one.agency].region, GUARDIANSHIP)]
            for column in _columns(one)
        }
        for one in sources
    }
    answers = queries.ask([number], wanted) if wanted else {}
    uses = []
    for one in sources:
        answer = answers.get(one.dataset)
        if answer is None:
            continue
        outcome = Outcome.FOUND if answer.values is not None else Outcome.NONE
        if not set(_columns(one)) <= set(answer.fields):
            outcome = Outcome.REFUSED
        elif not answer.available:
            outcome = Outcome.DOWN
        agency = agencies[one.agency]
        uses.append(
            Use(
                dataset=one.dataset,
                dataset_name=answer.name,
                provider=answer.agency,
                consumer=agency.short_name or agency.name,
                consumer_path=agency.path,
                item=GUARDIANSHIP,
                fields=_columns(one),
                number=number,
                source_at=answer.at,
                grant=next(iter(answer.fields.values()), None),
                outcome=outcome,
                result=sha256_of([outcome.value, answer.values if outcome is Outcome.FOUND else None]),
            )
        )
    found = {use.dataset: answers[use.dataset] for use in uses if use.outcome is Outcome.FOUND}
    return found, uses


def _columns(one: GuardianSource) -> tuple[str, ...]:
    asked = expressions.compile(one.when).names if one.when else frozenset()
    return tuple(dict.fromkeys((*one.guardians, *([one.name] if one.name else []), *sorted(asked))))


def _is_guardian(number: str, one: GuardianSource, answer: Answer) -> bool:
    values = dict(answer.values or {})
    holds = not one.when or expressions.evaluate(one.when, values).value is True
    return bool(number) and holds and number in {values.get(column) for column in one.guardians}


def _wrong(message: str) -> Invalid:
    return Invalid(message, errors=(FieldError("number", message),))


def write_guardian_sources(sources: list[GuardianSource]) -> None:
    """Replace where it stands who a child's guardians are (inside the loading of a pack)."""
    GuardianSourceRow.objects.all().delete()
    GuardianSourceRow.objects.bulk_create(
        GuardianSourceRow(dataset=one.dataset, definition=GUARDIAN_SOURCE.dump_python(one, mode="json"))
        for one in sources
    )
