"""States, the graph of steps against an independent engine, BPMN."""

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from SpiffWorkflow import TaskState as SpiffState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser

from yiwang.platform.cases import bpmn, rules
from yiwang.platform.cases.bpmn import BpmnError
from yiwang.platform.cases.rules import Node
from yiwang.platform.cases.types import CaseResult, CaseState, RatingStatus, TaskState
from yiwang.platform.catalog.types import Step

S = CaseState
CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
"""A busy machine is no fault of the property."""
logging.getLogger("spiff").setLevel(logging.ERROR)

# STANDARDS 4.3, written down once more by hand: whoever changes the table changes this as well.
ARROWS = """
submitted > pre_review accepted conditional not_accepted supplement withdrawn void waiting
waiting > submitted accepted withdrawn void not_accepted
pre_review > returned accepted conditional not_accepted supplement withdrawn void
returned > submitted withdrawn void
supplement > submitted no_supplement withdrawn void
conditional > accepted in_process suspended acceptance_revoked forwarded withdrawn void
accepted > in_process suspended decided forwarded withdrawn void
in_process > suspended decided forwarded withdrawn void acceptance_revoked
suspended > in_process conditional withdrawn void acceptance_revoked no_supplement
decided > closed
forwarded > closed
not_accepted > closed
no_supplement > closed
acceptance_revoked > closed
withdrawn > closed
void > closed
closed > delivered archived
delivered > archived
archived >
"""
ALLOWED = {
    (old.strip(), new)
    for line in ARROWS.strip().splitlines()
    for old, news in [line.split(">")]
    for new in news.split()
}


@pytest.mark.parametrize("old", list(S))
@pytest.mark.parametrize("new", list(S))
def test_every_pair_of_states(old, new):
    assert rules.may_go(old, new) == ((old.value, new.value) in ALLOWED)


def test_from_everywhere_there_is_a_way_to_the_archive():
    for state in S:
        reached, left = {state}, [state]
        while left:
            for after in rules.TRANSITIONS[left.pop()] - reached:
                reached.add(after)
                left.append(after)
        assert S.ARCHIVED in reached


def test_the_rating_interface_knows_three_values():
    assert {rules.rating_status(state) for state in S} == set(RatingStatus)
    assert rules.rating_status(S.ACCEPTED) is RatingStatus.WAITING
    assert rules.rating_status(S.IN_PROCESS) is RatingStatus.IN_HAND
    assert rules.rating_status(S.DELIVERED) is RatingStatus.FINISHED


def test_closing_results_have_the_digits_of_each_province():
    assert [rules.GUANGDONG[r] for r in (CaseResult.ISSUED, CaseResult.RETURNED, CaseResult.VOIDED)] == ["0", "1", "2"]
    assert rules.GUANGDONG[CaseResult.NO_SUPPLEMENT] == rules.SHANDONG[CaseResult.NO_SUPPLEMENT] == "5"
    assert rules.GUANGDONG_NEWER[CaseResult.REFUSED] == "7"
    assert (rules.SHANDONG[CaseResult.ISSUED], rules.SHANDONG[CaseResult.REFUSED]) == ("0", "1")
    assert rules.SHANDONG[CaseResult.NOT_ACCEPTED] == "6"
    assert CaseResult.FORWARDED not in rules.SHANDONG


# Graphs


@st.composite
def graphs(draw, kinds=("review", "auto_check", "site_visit")):
    """Steps in an order that respects what they wait for: branches, joins, conditions."""
    steps = []
    for index in range(draw(st.integers(1, 8))):
        codes = [step.code for step in steps]
        after = draw(st.lists(st.sampled_from(codes), unique=True, max_size=3)) if codes else []
        when = f"c{index} == true" if draw(st.booleans()) else ""
        steps.append(Step(f"s{index}", f"环节{index}", draw(st.sampled_from(kinds)), after=tuple(after), when=when))
    return tuple(steps)


def reduced(steps):
    return {step.code: step for step in bpmn._reduced(steps)}


def nodes(steps, truths):
    return [Node(s.code, s.after, truths.get(s.code, True)) for s in steps]


def run(steps, truths, choose):
    """Do the steps in some order; give what was ready at each moment."""
    graph, states = nodes(steps, truths), {}
    while True:
        states = rules.advance(graph, states)
        ready = sorted(code for code, state in states.items() if state is TaskState.READY)
        yield ready
        if not ready:
            assert rules.finished(states)
            return
        states[choose(ready)] = TaskState.DONE


@given(graphs(), st.data())
@settings(max_examples=100, **CALM)
def test_every_step_comes_after_those_it_waits_for_and_the_end_is_reached(steps, data):
    rules.check_graph(nodes(steps, {}))
    truths = {s.code: data.draw(st.booleans()) for s in steps if s.when}
    order = []
    for ready in run(steps, truths, lambda found: order.append(data.draw(st.sampled_from(found))) or order[-1]):
        assert len(set(ready)) == len(ready)
    assert set(order) == {s.code for s in steps if truths.get(s.code, True)}
    for step in steps:
        for before in step.after:
            if step.code in order and before in order:
                assert order.index(before) < order.index(step.code)


@given(graphs(), st.data())
@settings(max_examples=50, **CALM)
def test_advancing_twice_changes_nothing_more(steps, data):
    graph = nodes(steps, {s.code: data.draw(st.booleans()) for s in steps})
    once = rules.advance(graph, {})
    assert rules.advance(graph, once) == once


def test_a_graph_that_cannot_end_is_refused():
    for wrong, what in (
        ([Node("a", ("b",)), Node("b", ("a",))], "circle"),
        ([Node("a", ("a",))], "circle"),
        ([Node("a", ("x",))], "not there"),
        ([Node("a", ()), Node("a", ())], "twice"),
    ):
        with pytest.raises(ValueError, match=what):
            rules.check_graph(wrong)


# An independent engine


def spiff(steps, truths):
    """Start SpiffWorkflow on our BPMN. Conditions become plain names of Python."""
    text = bpmn.write(steps)
    for step in steps:
        text = text.replace(f">{step.when}<", f">c_{step.code}<") if step.when else text
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(text.encode()))
    workflow = BpmnWorkflow(parser.get_spec("process"), {})
    workflow.task_tree.data.update({f"c_{code}": value for code, value in truths.items()})
    return workflow


@pytest.mark.slow
@given(graphs(kinds=("review",)), st.data())
@settings(max_examples=210, **CALM)
def test_the_same_steps_are_ready_as_in_spiffworkflow(steps, data):
    truths = {s.code: data.draw(st.booleans(), label=s.code) for s in steps if s.when}
    codes = {s.code for s in steps}
    workflow = spiff(steps, truths)

    def tasks_of_theirs():
        for _round in range(200):
            waiting = [t for t in workflow.get_tasks(state=SpiffState.READY) if t.task_spec.bpmn_id not in codes]
            if not waiting:
                break
            for task in waiting:
                task.run()
            workflow.do_engine_steps()
        return {t.task_spec.bpmn_id: t for t in workflow.get_tasks(state=SpiffState.READY)}

    theirs = tasks_of_theirs()

    def choose(ready):
        chosen = data.draw(st.sampled_from(ready))
        theirs[chosen].run()
        return chosen

    for ready in run(steps, truths, choose):
        theirs.clear()
        theirs.update(tasks_of_theirs())
        assert sorted(theirs) == ready
    assert workflow.is_completed()


# BPMN


@given(graphs())
@settings(max_examples=100, **CALM)
def test_what_is_written_is_read_back(steps):
    read = {step.code: step for step in bpmn.read(bpmn.write(steps))}
    wanted = reduced(steps)
    assert set(read) == set(wanted)
    for code, step in wanted.items():
        assert set(read[code].after) == set(step.after)
        assert (read[code].name, read[code].kind, read[code].when) == (step.name, step.kind, step.when)


def test_everything_a_step_has_is_kept():
    step = Step("visit", "联合踏勘", "site_visit", "Visit", ("intake",), "area > 300", 2, "opening", "fire")
    first = Step("intake", "受理", "intake")
    assert bpmn.read(bpmn.write([first, step])) == (first, step)


def document(body, tag="definitions"):
    return f'<{tag} xmlns="{bpmn.BPMN}" xmlns:xsi="{bpmn.XSI}"><process id="p">{body}</process></{tag}>'


def flows(*pairs):
    found = []
    for index, (source, target, *when) in enumerate(pairs):
        inner = f"<conditionExpression>{when[0]}</conditionExpression>" if when else ""
        found.append(f'<sequenceFlow id="f{index}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>')
    return "".join(found)


ENDS = '<startEvent id="s"/><endEvent id="e"/>'


def test_a_process_drawn_elsewhere():
    body = (
        ENDS
        + '<userTask id="a" name="受理"/><userTask id="b" name="简易"/><task id="c" name="审查"/>'
        + '<manualTask id="d" name="踏勘"/>'
        + '<serviceTask id="z" name="核验"/><exclusiveGateway id="x" default="f2"/><exclusiveGateway id="y"/>'
        + flows(
            ("s", "a"),
            ("a", "x"),
            ("x", "b"),
            ("x", "c", "big"),
            ("c", "d"),
            ("d", "y"),
            ("b", "y"),
            ("y", "z"),
            ("z", "e"),
        )
    )
    found = {step.code: step for step in bpmn.read(document(body))}
    assert found["b"].when == "not((big))"
    assert found["c"].when == found["d"].when == "big"
    assert found["d"].kind == "site_visit"
    assert found["z"].kind == "auto_check"
    assert set(found["z"].after) == {"b", "d"}
    assert found["z"].when == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<a", "well-formed"),
        ("<a/>", "not BPMN"),
        ('<!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>', "well-formed"),
        (f'<definitions xmlns="{bpmn.BPMN}"/>', "0 processes"),
        (document(ENDS + '<userTask id="a"/>' + flows(("s", "a"))), "not connected|needs flows"),
        (document(ENDS + '<inclusiveGateway id="g"/>' + flows(("s", "g"), ("g", "e"))), "inclusiveGateway g is outside"),
        (document(ENDS + '<subProcess id="g"/>' + flows(("s", "g"), ("g", "e"))), "subProcess g is outside"),
        (document(ENDS + '<startEvent id="t"><timerEventDefinition/></startEvent>'), "timerEventDefinition"),
        (document(ENDS + flows(("s", "q"))), "not there"),
        (document('<endEvent id="e"/><userTask id="a"/>' + flows(("a", "a"), ("a", "e"))), "start events|circle|flows into"),
        (
            document(ENDS + '<parallelGateway id="g"/><userTask id="a"/><parallelGateway id="h"/>'
                     + flows(("s", "g"), ("g", "a"), ("a", "h"), ("h", "g"), ("h", "e"))),
            "circle",
        ),
        (
            document(ENDS + '<exclusiveGateway id="x"/><userTask id="a"/><userTask id="b"/><exclusiveGateway id="y"/>'
                     + flows(("s", "x"), ("x", "a", "c"), ("x", "b"), ("a", "y"), ("b", "y"), ("y", "e"))),
            "no condition",
        ),
        (
            document(ENDS + '<exclusiveGateway id="x" default="f2"/><userTask id="a"/><userTask id="b"/><parallelGateway id="y"/>'
                     + flows(("s", "x"), ("x", "a", "c"), ("x", "b"), ("a", "y"), ("b", "y"), ("y", "e"))),
            "not merged",
        ),
        (document(ENDS + '<userTask id="a"/>' + flows(("s", "a", "c"), ("a", "e"))), "only on the flows"),
        (document(ENDS + '<userTask id="a"/><userTask id="a"/>'), "shares it"),
    ],
)  # fmt: skip
def test_what_is_outside_of_the_subset_is_named(text, says):
    with pytest.raises(BpmnError, match=says):
        bpmn.read(text)


def test_a_circle_is_not_written():
    with pytest.raises(ValueError, match="circle"):
        bpmn.write([Step("a", "甲", "review", after=("b",)), Step("b", "乙", "review", after=("a",))])
