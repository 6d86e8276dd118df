"""The guide linter: a good item has no findings; each rule finds the item that breaks it, and where."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from yiwang.kernel.calendar import Unit
from yiwang.platform.catalog.linting import (
    RULES,
    LintContext,
    LintFinding,
    Severity,
    VagueWord,
    builtin_words,
    lint,
    lint_all,
    lint_life_event,
    merged_words,
)
from yiwang.platform.catalog.linting.limits import span
from yiwang.platform.catalog.tests.items import BASIC, CONTEXT, USCC, item
from yiwang.platform.catalog.tests.strategies import definitions
from yiwang.platform.catalog.types import (
    CaseType,
    Commitment,
    Concerned,
    Condition,
    Definition,
    Fee,
    FormField,
    FormSection,
    LifeEvent,
    LifeEventItem,
    LifeEventQuestion,
    Limit,
    MaterialForm,
    MaterialKind,
    MaterialSource,
    Place,
    Question,
    ResultKind,
    Satisfier,
    SatisfierKind,
    ServiceObject,
    Situation,
    Step,
)

GOOD = item()


def steps(*made: Step) -> dict[str, Any]:
    return {"process": made}


def material(**changes: Any) -> dict[str, Any]:
    return {"materials": (*GOOD.materials[:3], replace(GOOD.materials[3], **changes))}


def law(**changes: Any) -> dict[str, Any]:
    return {"legal_basis": (replace(GOOD.legal_basis[0], **changes),)}


def result(**changes: Any) -> dict[str, Any]:
    return {"result": replace(GOOD.result, **changes)}


def channels(**changes: Any) -> dict[str, Any]:
    return {"channels": replace(GOOD.channels, **changes)}


def satisfied(kind: SatisfierKind, ref: str) -> dict[str, Any]:
    return material(satisfied_by=(Satisfier(kind, ref),))


IN, REVIEW, DECIDE = GOOD.process[:3]
OWN = Concerned(GOOD.result.licence_type)
RULED = {"decision_by_rule": "area > 1"}

BAD: list[tuple[str, str, dict[str, Any]]] = [
    ("3.6.1", "case_type", {"promised_limit": Limit(0), "process": (IN, DECIDE)}),
    ("3.6.1", "case_type", {"case_type": CaseType.IMMEDIATE}),
    ("3.6.1", "process.1.days", {"case_type": CaseType.IMMEDIATE, "promised_limit": Limit(0)}),
    ("3.6.1", "process", steps(IN, replace(DECIDE, after=("intake",)))),
    ("3.6.2", "result.kind", result(kind=ResultKind.OTHER)),
    ("3.6.2", "result.kind", result(name="关于设立的批复")),
    ("3.6.2", "result.kind", result(name="准予公文")),
    ("3.6.3", "channels.visits_reason", channels(visits=1, depth=(1, 2))),
    ("3.6.3", "channels.visits_reason", channels(visits_reason="核验原件")),
    ("3.6.3", "channels.mail_in", channels(online=False, depth=(1,), mail_in=False)),
    ("3.6.3", "channels.visits", channels(visits=-1)),
    ("3.6.4", "channels.visits", channels(visits=1, visits_reason="核验原件")),
    ("3.6.4", "channels.depth", channels(online=False)),
    ("3.6.4", "channels.depth", channels(depth=(1, 12))),
    ("3.6.5", "fees.0.name", {"fees": (Fee("", "10元", "某办法"),)}),
    ("3.6.5", "fees.0.standard", {"fees": (Fee("工本费", "", "某办法"),)}),
    ("3.6.5", "fees.0.basis", {"fees": (Fee("工本费", "10元", " "),)}),
    ("3.6.5", "fees.0.reduction", {"fees": (replace(GOOD.fees[0], reducible=True),)}),
    ("3.6.5", "channels.pay_online", {"fees": ()}),
    ("3.6.5", "channels.pay_online", channels(pay_online=False)),
    ("3.6.6", "consult_phone", {"consult_phone": ""}),
    ("3.6.6", "consult_phone", {"consult_phone": "88961234"}),
    ("3.6.6", "complaint_phone", {"complaint_phone": "0577 00000001"}),
    ("3.6.7", "serves", {"serves": ()}),
    ("3.6.7", "person_themes", {"person_themes": ()}),
    ("3.6.7", "person_themes", {"serves": (ServiceObject.ENTERPRISE,)}),
    ("3.6.7", "legal_themes", {"legal_themes": ()}),
    ("3.6.7", "legal_themes", {"serves": (ServiceObject.PERSON,)}),
    ("3.6.8", "faq", {"faq": ()}),
    ("3.6.8", "process", steps(*GOOD.process[:4])),
    ("3.6.9", "result.sample", result(sample="")),
    ("3.6.10", "promised_limit.value", {"promised_limit": Limit(21)}),
    ("3.6.10", "promised_limit.value", {"promised_limit": Limit(20), "statutory_limit": Limit(20, Unit.DAY)}),
    ("3.6.10", "promised_limit.unit", {"promised_limit": Limit(20), "statutory_limit": Limit(1, Unit.MONTH)}),
    ("words.vague", "materials.3.hint", material(hint="另附其他材料")),
    ("words.vague", "faq.0.answer", {"faq": (Question("问", "必要时补交"),)}),
    ("words.vague", "conditions.0.text", {"conditions": (Condition("法律法规规定的其他条件"),)}),
    ("name", "name", {"name": " "}),
    ("limit", "promised_limit.value", {"promised_limit": Limit(-1)}),
    ("limit.plan", "process", {"promised_limit": Limit(4)}),
    ("limit.plan", "process", {"promised_limit": Limit(6, Unit.DAY)}),
    ("limit.plan", "process.0.days", steps(replace(IN, days=-1), REVIEW, *GOOD.process[2:])),
    ("code.basic", "basic_code", {"basic_code": "33013190100"}),
    ("code.basic", "basic_code", {"basic_code": "3301 31901000"}),
    ("code.parent", "basic_code", {"basic_code": "33013190100Y", "task_code": f"{USCC}433013190100Y"}),
    ("code.type", "item_type", {"item_type": "07"}),
    ("code.type", "item_type", {"item_type": "99"}),
    ("code.task", "task_code", {"task_code": f"{USCC[:17]}{'0' if USCC[17] != '0' else '1'}4{BASIC}"}),
    ("code.task", "task_code", {"task_code": f"{USCC}4330131901001"}),
    ("code.task", "task_code", {"task_code": f"TE440000GD030003VV4{BASIC}"}),
    ("code.level", "level", {"level": 3}),
    ("code.agency", "agency", {"agency": "nobody"}),
    ("code.handle", "handle_code", {"handle_code": f"{GOOD.task_code}0"}),
    ("code.handle", "handle_code", {"handle_code": f"{USCC}333013190100001"}),
    ("material.code", "materials.3.code", material(code="form")),
    ("material.name", "materials.3.name", material(name="")),
    ("material.copies", "materials.3.copies", material(copies=-1)),
    ("material.needless", "materials.3.satisfied_by", material(source=MaterialSource.GOVERNMENT)),
    ("material.needless", "materials.3.satisfied_by", material(name="居民身份证复印件")),
    (
        "material.blank",
        "materials.3.blank",
        material(name="登记表", kind=MaterialKind.FORM, form=MaterialForm.PAPER),
    ),
    ("commitment", "commitments.1.code", {"commitments": (*GOOD.commitments, Commitment("more", "承诺", "后果"))}),
    ("commitment", "commitments.0.text", {"commitments": (Commitment("premises", "", "后果"),)}),
    ("situation", "situations.0.materials.0", {"situations": (Situation("x", "情形", "owned", materials=("no",)),)}),
    ("situation", "situations.0.when", {"situations": (Situation("x", "情形", " "),)}),
    ("law", "legal_basis", {"legal_basis": ()}),
    ("law", "special_procedures.0.basis", {"special_procedures": (replace(GOOD.special_procedures[0], basis=""),)}),
    ("law.name", "legal_basis.0.law", law(law="")),
    ("law.article", "legal_basis.0.article", law(article="30条")),
    ("law.article", "legal_basis.0.article", law(article="", number="")),
    ("law.text", "legal_basis.0.text", law(text="")),
    ("law.marks", "legal_basis.0.law", law(law="《演示市场条例")),
    ("law.marks", "fees.0.basis", {"fees": (replace(GOOD.fees[0], basis="依据价格法》"),)}),
    ("process", "process", steps()),
    ("process.code", "process.1.code", steps(IN, IN, REVIEW, DECIDE, GOOD.process[3])),
    ("process.code", "process.0.name", steps(replace(IN, name=""), *GOOD.process[1:])),
    ("process.unknown", "process.0.after.0", steps(replace(IN, after=("start",)), *GOOD.process[1:])),
    ("process.cycle", "process", steps(replace(IN, after=("deliver",)), *GOOD.process[1:])),
    ("process.decision", "process", steps(IN, REVIEW, *(replace(IN, code=code) for code in "abc"))),
    (
        "process.decision",
        "process.3",
        steps(*GOOD.process[:3], replace(GOOD.process[3], after=("review",)), GOOD.process[4]),
    ),
    ("expression", "materials.3.when", material(when="area >")),
    ("expression", "decision_by_rule", {"decision_by_rule": "1 +* 2"}),
    ("expression.unknown", "materials.3.when", material(when="owned == true and size > 3")),
    ("form.twice", "form.1.fields.0.element", {"form": (*GOOD.form, FormSection("b", "乙", (FormField("area"),)))}),
    (
        "form.cycle",
        "form",
        {"form": (FormSection("a", "甲", (FormField("area", True, "owned"), FormField("owned", True, "area > 1"))),)},
    ),
    ("places", "places", {"places": ()}),
    ("places", "places.0.address", {"places": (Place(""),)}),
    ("result.type", "result.licence_type", result(licence_type="")),
    ("result.concerned", "process", result(renews=True) | steps(*(one for one in GOOD.process if one.kind != "issue"))),
    ("result.concerned", "result.changes", result(changes=(OWN,), ends=(OWN,))),
    ("result.concerned", "result.ends", result(renews=True, ends=(OWN,))),
    ("result.concerned", "result.ends.0.by", result(ends=(replace(OWN, by="never_asked"),))),
    ("result.concerned", "result.ends.0.holder", result(ends=(replace(OWN, holder="area"),)) | RULED),
    ("result.concerned", "result.changes.0.holder", result(changes=(replace(OWN, holder="area"),))),
    ("unknown.licence_type", "result.ends.0.licence_type", result(ends=(replace(OWN, licence_type="moon_permit"),))),
    ("unknown.licence_type", "result.changes.0.licence_type", result(changes=(Concerned(""),))),
    ("unknown.element", "form.0.fields.0.element", {"form": (FormSection("a", "甲", (FormField("height"),)),)}),
    ("unknown.licence_type", "result.licence_type", result(licence_type="moon_permit")),
    ("unknown.licence", "materials.3.satisfied_by.0.ref", satisfied(SatisfierKind.LICENCE, "moon_permit")),
    ("unknown.dataset", "materials.3.satisfied_by.0.ref", satisfied(SatisfierKind.DATASET, "moon.phase")),
    ("unknown.dataset", "materials.3.satisfied_by.0.ref", satisfied(SatisfierKind.DATASET, "leases")),
    ("unknown.dataset", "materials.3.satisfied_by.0.ref", satisfied(SatisfierKind.DATASET, "leases.number")),
    ("unknown.dataset", "materials.3.satisfied_by.0.ref", satisfied(SatisfierKind.DATASET, "leases.?ended")),
    ("unknown.commitment", "materials.3.satisfied_by.0.ref", satisfied(SatisfierKind.COMMITMENT, "moon")),
    ("unknown.result", "materials.3.satisfied_by.0.ref", satisfied(SatisfierKind.RESULT, "330131999000")),
    ("unknown.theme", "person_themes.0", {"person_themes": ("041",)}),
    ("unknown.sample", "result.sample", result(sample="no.pdf")),
    ("unknown.sample", "materials.3.blank", material(blank="no.pdf")),
    ("unknown.centre", "places.0.centre", {"places": (Place("moon"),)}),
    ("unknown.agency", "process.0.agency", steps(replace(IN, agency="moon"), *GOOD.process[1:])),
]  # fmt: skip


def found(definition: Definition, context: LintContext = CONTEXT) -> list[LintFinding]:
    return list(lint(definition, context))


def test_the_good_item_has_no_findings() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(("rule", "where", "changes"), BAD)
def test_each_rule_finds_what_breaks_it(rule: str, where: str, changes: dict[str, Any]) -> None:
    assert (rule, where) in {(finding.rule, finding.where) for finding in found(replace(GOOD, **changes))}


def test_every_rule_is_shown_and_every_finding_has_a_rule() -> None:
    assert {rule for rule, _where, _changes in BAD} == set(RULES)
    for _rule, _where, changes in BAD:
        assert {finding.rule for finding in found(replace(GOOD, **changes))} <= set(RULES)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "case_type": CaseType.IMMEDIATE,
            "promised_limit": Limit(0),
            "process": tuple(replace(step, days=0) for step in GOOD.process),
        },
        channels(visits=1, visits_reason="核验原件", depth=(1, 2, 3)),
        {"promised_limit": Limit(20), "statutory_limit": Limit(2, Unit.MONTH)},
        law(article="第三条、第五条第二款"),
        law(article="第一百二十条之一第（三）项"),
        law(article="第3条至第5条"),
        law(article="", number="演示发〔2020〕7号"),
        law(article="附件：第3项", number="演示发〔2020〕7号"),
        law(law="《演示市场条例》实施办法"),
        {"consult_phone": "0577-12345", "complaint_phone": "400 000 0000"},
        {"conditions": (Condition("企业和其他组织均可"),)},
        {"handle_code": f"{GOOD.task_code}01"},
        result(name="批准文", kind=ResultKind.APPROVAL, licence_type=""),
    ],
)
def test_these_are_all_right(changes: dict[str, Any]) -> None:
    definition = replace(GOOD, **changes)
    assert [finding for finding in found(definition) if finding.blocks] == []


def test_a_vague_word_is_told_with_position_and_suggestion() -> None:
    text = "带上身份证，必要时带户口簿"
    (finding,) = found(replace(GOOD, **material(hint=text)))
    assert finding.position is not None
    start, end = finding.position
    assert (text[start:end], finding.blocks) == ("必要时", False)
    assert finding.suggestion


def test_the_longest_vague_word_is_told_once() -> None:
    findings = found(replace(GOOD, **material(hint="法律法规规定的其他材料")))
    assert [(finding.position, finding.blocks) for finding in findings] == [((0, 9), True)]


def test_a_city_adds_changes_and_removes_words() -> None:
    city = [
        VagueWord("很快", "几个工作日内", Severity.ERROR),
        VagueWord("必要时", severity=Severity.IGNORE),
        VagueWord("窗口", but=("综合窗口",)),
    ]
    context = LintContext(words=merged_words(builtin_words(), city))
    answer = "很快，必要时到综合窗口或者窗口问"
    findings = [f for f in found(replace(GOOD, faq=(Question("问", answer),)), context) if f.rule == "words.vague"]
    assert [(answer[slice(*f.position)], f.position[0], f.blocks) for f in findings if f.position] == [
        ("很快", 0, True),
        ("窗口", 13, False),
    ]


def test_a_needless_paper_is_told_what_could_satisfy_it() -> None:
    shared = {"floor_plan": (Satisfier(SatisfierKind.DATASET, "leases.?current"),)}
    definition = replace(GOOD, **material(shared="floor_plan"))
    (finding,) = found(definition, replace(CONTEXT, shared=shared))
    assert finding.rule == "material.needless"
    assert "dataset:leases.?current" in finding.suggestion
    assert not finding.blocks


def test_what_was_published_elsewhere_never_blocks() -> None:
    definition = replace(GOOD, sample_only=True, task_code="X", process=(), legal_basis=(), name="")
    findings = found(definition)
    assert findings
    assert not any(finding.blocks for finding in findings)


def test_without_context_nothing_is_unknown() -> None:
    definition = replace(GOOD, agency="nobody", person_themes=("000",), **result(licence_type="moon_permit"))
    assert not any(finding.rule.startswith("unknown") for finding in found(definition, LintContext()))


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 24))
def test_spans_of_limits_keep_their_order(workdays: int, days: int, months: int) -> None:
    for limit in (Limit(workdays), Limit(days, Unit.DAY), Limit(months, Unit.MONTH)):
        fewest, most = span(limit)
        assert 0 <= fewest <= most
    assert span(Limit(workdays))[0] >= workdays
    assert span(Limit(workdays)) <= span(Limit(workdays + 1))


def event(**changes: Any) -> LifeEvent:
    good = LifeEvent(
        code="shop",
        name="开小店",
        questions=(LifeEventQuestion("area"), LifeEventQuestion("rent", show_when="area > 10")),
        items=(LifeEventItem(BASIC, "要有证", when="area > 20"),),
    )
    return replace(good, **changes)


@pytest.mark.parametrize(
    ("where", "changes"),
    [
        ("questions.0.element", {"questions": (LifeEventQuestion("height"),)}),
        ("questions.1.element", {"questions": (LifeEventQuestion("area"), LifeEventQuestion("area"))}),
        ("questions.0.show_when", {"questions": (LifeEventQuestion("area", show_when="rent >"),)}),
        ("items", {"items": ()}),
        ("items.0.basic_code", {"items": (LifeEventItem("330131999000", "要办"),)}),
        ("items.0.when", {"items": (LifeEventItem(BASIC, "要办", when="height > 2"),)}),
        ("items.0.after.0", {"items": (LifeEventItem(BASIC, "要办", after=("330131999000",)),)}),
        ("items", {"items": (LifeEventItem(BASIC, "要办", after=(BASIC,)),)}),
        ("items.0.because", {"items": (LifeEventItem(BASIC, ""),)}),
    ],
)
def test_life_events_are_linted_too(where: str, changes: dict[str, Any]) -> None:
    assert list(lint_life_event(event(), CONTEXT)) == []
    assert where in {finding.where for finding in lint_life_event(event(**changes), CONTEXT)}


words = st.text(st.sampled_from("第《》条一30必要时其他材料 >=()'\"a_.\x00\ud800"), max_size=8) | st.text(max_size=6)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, phases=[Phase.generate])
@given(definitions(words, st.integers(-9, 99) | st.integers()))
def test_the_linter_never_raises(definition: Definition) -> None:
    for finding in lint(definition, CONTEXT):
        assert finding.rule in RULES


@pytest.mark.slow
def test_eight_thousand_items_in_five_seconds() -> None:
    catalogue = [item(name=f"演示事项{number}", plain=f"第{number}个") for number in range(8_000)]
    start = time.process_time()
    counted = sum(1 for _ in lint_all(catalogue, CONTEXT))
    assert counted == 8_000
    assert time.process_time() - start < 5
