"""``resolve``: for a whole application, in a fixed and small number of queries, what is known and what must be asked."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import Party, PartyKind
from yiwang.platform.catalog.rules import field_spec, merged_form, truth
from yiwang.platform.catalog.types import (
    DataElement,
    EditionView,
    FormField,
    Material,
    MaterialKind,
    Necessity,
    Satisfier,
    SatisfierKind,
)
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence import rules
from yiwang.platform.evidence.sources import Answers, Known, Paths, Subject, sources
from yiwang.platform.evidence.types import Fact, FactState, MaterialFact, Resolution
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.types import OrganisationView, PersonView
from yiwang.platform.sharing.types import Consumer, Outcome, Use
from yiwang.ui import values

DISHONESTY = "serious_dishonesty.?listed"
"""What is asked of the list of the seriously dishonest (严重失信主体名单): the word of whoever stands on it is not taken for a
paper (国办发〔2020〕42号). A pack that has no such question bars nobody.
"""
_COMPARED = {FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY, FieldKind.BOOLEAN}
_SOURCES = {
    SatisfierKind.LICENCE: "licences",
    SatisfierKind.DATASET: "datasets",
    SatisfierKind.EARLIER: "earlier",
}


def resolve(
    principal: Party | None,
    editions: Sequence[EditionView],
    answers: Mapping[str, Any],
    *,
    waits_for: Mapping[str, Sequence[str]] | None = None,
    given: Mapping[str, FactState] | None = None,
    disputed: frozenset[str] = frozenset(),
    agent: uuid.UUID | None = None,
    barred: Callable[[], str] = lambda: "",
) -> Resolution:
    """Resolve an application.

    ``principal`` may be ``None``: somebody who looks at a guide without signing in; then nothing is known.
    ``answers`` are what the person typed; they stand above every source when ``disputed`` names the element
    (浙江省保障"最多跑一次"改革规定: the applicant's own material counts).
    ``agent`` is the person who acts (经办人), where that is somebody.
    ``given`` says how materials stand that the person has dealt with (files, commitments, deferrals).
    ``barred`` is asked, where something could be committed or deferred, why the party may do neither; the list of the
    seriously dishonest is asked here.
    """
    elements: dict[str, DataElement] = {}
    for edition in editions:
        elements |= edition.elements
    wanted, materials = _wanted(editions)
    answered = _ask_sources(principal, agent, wanted) if principal else {}
    known_values = {
        code: fact.value
        for code, element in elements.items()
        if (fact := _fact(element, answers, answered, disputed)).state is FactState.KNOWN
    }
    everything = known_values | dict(answers)
    form = merged_form(editions, everything)
    facts = {
        spec.name: _fact(elements[spec.name], answers, answered, disputed)
        for section in form
        for spec in section.fields
    }
    codes = {edition.definition.basic_code for edition in editions}
    needed = materials(everything)
    distrust = (barred() or _distrust(answered)) if any(map(_promises, needed.values())) else ""
    stand = {
        name: _material(name, users, codes, answered, given or {}, trusted=not distrust)
        for name, users in needed.items()
    }
    down = {source for answer in answered.values() for source in answer.down.values()}
    report = rules.burden(editions, everything, waits_for or {}, facts, stand)
    said = answered["datasets"].known | answered["datasets"].absent if "datasets" in answered else {}
    return Resolution(facts, stand, tuple(sorted(down)), distrust, report, said, form)


def uses(resolution: Resolution, editions: Sequence[EditionView], only: Collection[str] | None = None) -> list[Use]:
    """Return which datasets stand for a datum or a paper of each item: one use for each item and dataset.

    ``only`` names the data and papers that are meant; without it, all.
    """
    said = resolution.datasets
    found: dict[tuple[str, str], tuple[EditionView, list[str], list[str]]] = {}
    for edition in editions:
        for path, paper in _answered(resolution, edition, only):
            key = (edition.definition.basic_code, path.partition(".")[0])
            _edition, paths, papers = found.setdefault(key, (edition, [], []))
            paths.append(path)
            papers += [paper] if paper else []
        if only is None and DISHONESTY in said and _decided(said[DISHONESTY], resolution, edition):
            listing = (edition.definition.basic_code, DISHONESTY.partition(".")[0])
            _edition, paths, _papers = found.setdefault(listing, (edition, [], []))
            if DISHONESTY not in paths:
                paths.append(DISHONESTY)
    made = []
    for (item, dataset), (edition, paths, papers) in found.items():
        first = said[paths[0]]
        provider, _dot, name = first.source_name.partition(" · ")
        made.append(
            Use(
                dataset=dataset,
                dataset_name=name,
                provider=provider,
                consumer=edition.agency_short or edition.agency_name,
                consumer_path=edition.agency_path,
                item=item,
                fields=tuple(dict.fromkeys(path.partition(".")[2] for path in paths)),
                number=first.number,
                source_at=first.at,
                grant=first.grant,
                replaced=tuple(papers),
                outcome=Outcome.NONE if paths[0] == DISHONESTY and not first.value else Outcome.FOUND,
                result=sha256_of([said[path].value for path in paths]),
            )
        )
    return made


def _decided(listed: Known, resolution: Resolution, edition: EditionView) -> bool:
    """Tell whether the list of the seriously dishonest decided something: a word was taken for a paper, or was not."""
    papers = [resolution.materials.get(one.identity) for one in edition.definition.materials]
    return bool(listed.value) or any(one and one.state in (FactState.COMMITTED, FactState.DEFERRED) for one in papers)


def _answered(resolution: Resolution, edition: EditionView, only: Collection[str] | None) -> Iterator[tuple[str, str]]:
    """Yield the path of a dataset that stands for each datum, and for each paper with the paper's name."""
    said = resolution.datasets

    def stands(name: str, one: Fact | MaterialFact | None) -> bool:
        known = one is not None and one.state is FactState.KNOWN and one.source == "datasets"
        return known and (only is None or name in only)

    for code, element in edition.elements.items():
        if stands(code, resolution.facts.get(code)):
            wanted = (one.path for one in element.sources if one.source == "datasets")
            yield next(path for path in wanted if _stands(said, path)), ""
    for material in edition.definition.materials:
        if stands(material.identity, resolution.materials.get(material.identity)):
            wanted = (one.ref for one in material.satisfied_by if one.kind is SatisfierKind.DATASET)
            yield next(ref for ref in wanted if _stands(said, ref)), material.name


def _stands(said: Mapping[str, Known], path: str) -> bool:
    """Tell whether a dataset's answer stands for something: a value, or a yes."""
    return path in said and (bool(said[path].value) or not _is_question(path))


def _is_question(ref: str) -> bool:
    return ".?" in ref


def _promises(users: Sequence[tuple[str, Material]]) -> bool:
    """Tell whether a material may be met by a word alone: a commitment, or a promise to bring it later."""
    return _committable(users) or _deferrable(users)


def _committable(users: Sequence[tuple[str, Material]]) -> bool:
    return any(satisfier.kind is SatisfierKind.COMMITMENT for _code, one in users for satisfier in one.satisfied_by)


def _deferrable(users: Sequence[tuple[str, Material]]) -> bool:
    return all(one.necessity is not Necessity.REQUIRED for _code, one in users)


def _distrust(answered: Mapping[str, Answers]) -> str:
    """Return why the party's word is not taken; a list that cannot be asked bars nobody."""
    listed = answered["datasets"].known.get(DISHONESTY) if "datasets" in answered else None
    if listed is None:
        return ""
    return _("按%(source)s的记录，您在严重失信名单上。修复信用以前不能承诺或者容缺，请上传材料。") % {
        "source": listed.source_name
    }


def _wanted(editions: Sequence[EditionView]) -> Any:
    """Return the paths to ask of each source, each with who needs it, and a function that lists materials once answers
    are known.
    """
    paths: dict[str, dict[str, list[Consumer]]] = {}
    functions = directory.functions()

    def want(source: str, path: str, consumer: Consumer) -> None:
        paths.setdefault(source, {}).setdefault(path, []).append(consumer)

    for edition in editions:
        definition = edition.definition
        consumer = Consumer(functions.get(definition.agency, ""), edition.region, definition.basic_code)
        for element in edition.elements.values():
            for source in element.sources:
                want(source.source, source.path, consumer)
        for material in definition.materials:
            promised = material.necessity is Necessity.DEFERRABLE
            for satisfier in material.satisfied_by:
                if satisfier.kind is SatisfierKind.LICENCE or _is_proof(satisfier):
                    want(_SOURCES[satisfier.kind], satisfier.ref, consumer)
                elif satisfier.kind is SatisfierKind.EARLIER:
                    want("earlier", f"material:{satisfier.ref or material.identity}", consumer)
                promised = promised or satisfier.kind is SatisfierKind.COMMITMENT
            if promised:
                want("datasets", DISHONESTY, consumer)

    def needed(everything: Mapping[str, Any]) -> dict[str, list[tuple[str, Material]]]:
        found: dict[str, list[tuple[str, Material]]] = {}
        for edition in editions:
            for material in edition.definition.materials:
                if truth(material.when, everything) is not False:
                    found.setdefault(material.identity, []).append((edition.definition.basic_code, material))
        return found

    return paths, needed


def _ask_sources(principal: Party, agent: uuid.UUID | None, wanted: Mapping[str, Paths]) -> dict[str, Answers]:
    subject = subject_of(principal, agent)
    return {name: sources.get(name).answer(subject, paths) for name, paths in wanted.items() if name in set(sources)}


def subject_of(principal: Party, agent: uuid.UUID | None = None) -> Subject:
    """Return whom the sources are asked about: the person, or the organisation with its legal representative."""
    now = clock.now()
    if principal.kind is PartyKind.PERSON:
        person = identity.get_person(principal.id)
        return Subject(principal, (person.number,), (principal,), _of_person(person), {}, _acting(agent, person), now)
    organisation, head = identity.organisation_with_head(principal.id)
    numbers = (organisation.uscc, *((head.number,) if head else ()))
    parties = (principal, *((head.party,) if head else ()))
    return Subject(
        principal, numbers, parties, _of_person(head) if head else {}, _of_organisation(organisation, head),
        _acting(agent, head), now,
    )  # fmt: skip


def _acting(agent: uuid.UUID | None, known: PersonView | None) -> dict[str, Any]:
    if agent is None:
        return {}
    return _of_person(known if known and known.id == agent else identity.get_person(agent))


def _of_person(person: PersonView) -> dict[str, Any]:
    return {
        "name": person.name,
        "number": person.number,
        "document_type": person.document_type.value,
        "phone": person.phone,
        "sex": person.sex,
        "born_on": person.born_on.isoformat() if person.born_on else "",
        "region": person.region,
        "address": person.address,
    }


def _of_organisation(organisation: OrganisationView, head: PersonView | None) -> dict[str, Any]:
    return {
        "name": organisation.name,
        "uscc": organisation.uscc,
        "kind": organisation.kind.value,
        "address": organisation.address,
        "region": organisation.region,
        "established_on": organisation.established_on.isoformat() if organisation.established_on else "",
        "legal_representative_name": organisation.legal_representative_name,
        "legal_representative_number": head.number if head else "",
        "legal_representative_phone": head.phone if head else "",
    }


def _fact(
    element: DataElement, answers: Mapping[str, Any], answered: Mapping[str, Answers], disputed: frozenset[str]
) -> Fact:
    given = answers.get(element.code)
    has_given = given not in (None, "", [])
    down = ""
    if element.code not in disputed:
        for source in element.sources:
            answer = answered.get(source.source)
            if answer is None:
                continue
            known = answer.known.get(source.path)
            if known is not None:
                return _known(element, source.source, known)
            down = down or answer.down.get(source.path, "")
    if has_given:
        return Fact(element.code, FactState.GIVEN, given)
    if down:
        return Fact(element.code, FactState.DEGRADED, source_name=down)
    return Fact(element.code, FactState.ASK)


def _known(element: DataElement, source: str, known: Known) -> Fact:
    value = _typed(element, known.value)
    return Fact(element.code, FactState.KNOWN, value, source, known.source_name, known.at, known.basis, known.ref)


def _typed(element: DataElement, value: Any) -> Any:
    """Return a source's value as its element holds it: many sources give numbers and truth as text, conditions and
    rules compare them. What cannot be read so stays as it is.
    """
    if isinstance(value, str) and element.kind in _COMPARED:
        with contextlib.suppress(values.Wrong):
            return values.plain(values.parse(field_spec({element.code: element}, FormField(element.code)), value))
    return value


def _is_proof(satisfier: Satisfier) -> bool:
    """Tell whether it asks a dataset a yes-or-no question: neither a record nor a value says what a paper would."""
    return satisfier.kind is SatisfierKind.DATASET and _is_question(satisfier.ref)


def _material(
    name: str,
    users: Sequence[tuple[str, Material]],
    codes: set[str],
    answered: Mapping[str, Answers],
    given: Mapping[str, FactState],
    *,
    trusted: bool,
) -> MaterialFact:
    material = users[0][1]
    common: dict[str, Any] = {
        "material": name,
        "name": material.name,
        "items": tuple(dict.fromkeys(code for code, _material in users)),
        "kind": material.kind.value,
        "may_commit": trusted and _committable(users),
        "may_defer": trusted and _deferrable(users),
        "optional": all(one.necessity is Necessity.OPTIONAL for _code, one in users),
    }
    if name in given:
        return MaterialFact(state=given[name], **common)
    if material.kind is MaterialKind.FORM:
        return MaterialFact(state=FactState.KNOWN, ref="form", source_name=_("网上填的这张表"), **common)
    down = why = ""
    for satisfier in material.satisfied_by:
        if satisfier.kind is SatisfierKind.DATASET and not _is_proof(satisfier):
            continue
        if satisfier.kind is SatisfierKind.RESULT and satisfier.ref in codes:
            return MaterialFact(state=FactState.LATER, ref=satisfier.ref, **common)
        path = satisfier.ref
        source = _SOURCES.get(satisfier.kind, "")
        if satisfier.kind is SatisfierKind.EARLIER:
            path = f"material:{satisfier.ref or name}"
        answer = answered.get(source)
        if answer is None:
            continue
        known = answer.known.get(path)
        if known is not None:
            return MaterialFact(
                state=FactState.KNOWN,
                ref=known.ref,
                source=source,
                source_name=known.source_name,
                at=known.at,
                **common,
            )
        down = down or answer.down.get(path, "")
        why = why or _why(answer.absent.get(path))
    if down:
        return MaterialFact(state=FactState.DEGRADED, source_name=down, **common)
    return MaterialFact(state=FactState.ASK, why=why, **common)


def _why(answer: Known | None) -> str:
    if answer is None:
        return ""
    told = {"source": answer.source_name, "asked": answer.asked}
    if answer.value is None:
        return _("%(source)s答不了“%(asked)s”，请您自己交。") % told
    return _("%(source)s对“%(asked)s”的答复是“否”，不能代替这份材料，请您自己交。") % told
