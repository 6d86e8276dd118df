"""Processes as BPMN 2.0 (ISO/IEC 19510): read from and written to the subset that a process of ours can say.

The subset: one process with start and end events, tasks (task, userTask, serviceTask, manualTask, businessRuleTask),
parallel gateways, exclusive gateways whose flows carry conditions (at most one flow may be the default), and sequence
flows. No circles. What a step has beyond that (its kind, its days, its joint name) stands in attributes of a namespace
of ours, so that other tools keep it.

A step with a condition is written as an exclusive gateway around it: either the step, or past it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as Tree

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from yiwang.platform.cases import rules
from yiwang.platform.catalog.types import Step, StepKind

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
OURS = "urn:yiwang:process"

_TASKS = {
    "task": StepKind.REVIEW,
    "userTask": StepKind.REVIEW,
    "manualTask": StepKind.SITE_VISIT,
    "serviceTask": StepKind.AUTO_CHECK,
    "businessRuleTask": StepKind.DECISION,
}
"""Tasks, and the kind of step that one is where nothing else is said."""
_TAGS = {StepKind.AUTO_CHECK: "serviceTask", StepKind.SITE_VISIT: "manualTask"}
_IGNORED = {"documentation", "extensionElements", "laneSet", "textAnnotation", "association", "dataObject",
            "dataObjectReference", "ioSpecification"}  # fmt: skip
"""What says nothing about the order of steps."""


class BpmnError(ValueError):
    """The file is no BPMN, or outside of the subset; the message names the element."""


def write(steps: Sequence[Step], name: str = "process") -> str:
    """Write a process as BPMN. Raises ``ValueError`` if the steps are no graph (``rules.check_graph``)."""
    rules.check_graph([rules.Node(step.code, step.after) for step in steps])
    return _Writer(steps, name).text()


def read(text: str | bytes) -> tuple[Step, ...]:
    """Read a process; the steps come in an order in which each stands after those it waits for.

    Needless waits are left out: a step that waits for B, which waits for A, need not say that it waits for A. Raises
    ``BpmnError``.
    """
    try:
        root = fromstring(text)
    except (Tree.ParseError, DefusedXmlException, ValueError) as error:
        raise BpmnError(f"this is not well-formed XML that may be read: {error}") from None
    if root.tag != f"{{{BPMN}}}definitions":
        raise BpmnError(f"the root element is {_local(root.tag)}, not BPMN 2.0 definitions")
    processes = root.findall(f"{{{BPMN}}}process")
    if len(processes) != 1:
        raise BpmnError(f"there are {len(processes)} processes; one is wanted")
    return _Reader(processes[0]).steps()


# Writing


class _Writer:
    def __init__(self, steps: Sequence[Step], name: str) -> None:
        self.steps = steps
        self.followers: dict[str, list[str]] = {step.code: [] for step in steps}
        for step in steps:
            for before in dict.fromkeys(step.after):
                self.followers[before].append(step.code)
        self.root = Tree.Element(f"{{{BPMN}}}definitions", {"targetNamespace": OURS})
        self.process = Tree.SubElement(
            self.root, f"{{{BPMN}}}process", {"id": "process", "name": name, "isExecutable": "true"}
        )

    def text(self) -> str:
        for prefix, uri in (("bpmn", BPMN), ("xsi", XSI), ("yw", OURS)):
            Tree.register_namespace(prefix, uri)
        self._node("startEvent", "start")
        first = [step for step in self.steps if not step.after]
        last = [step for step in self.steps if not self.followers[step.code]]
        source = "start"
        if len(first) != 1:
            self._node("parallelGateway", "start.fork")
            self._flow("start", "start.fork")
            source = "start.fork"
        for step in self.steps:
            self._step(step)
        for step in first:
            self._flow(source, f"{step.code}.in")
        for step in self.steps:
            for follower in self.followers[step.code]:
                self._flow(f"{step.code}.out", f"{follower}.in")
        target = "end"
        self._node("endEvent", "end")
        if len(last) != 1:
            self._node("parallelGateway", "end.join")
            self._flow("end.join", "end")
            target = "end.join"
        for step in last:
            self._flow(f"{step.code}.out", target)
        return self._tidied()

    def _step(self, step: Step) -> None:
        """Write a step between two points, ``in`` and ``out``, with what joins, forks or passes it by."""
        ours = {"kind": str(step.kind), "days": str(step.days), "joint": step.joint, "agency": step.agency,
                "nameEn": step.name_en}  # fmt: skip
        attributes = {f"{{{OURS}}}{key}": value for key, value in ours.items() if value not in ("", "0")}
        self._node(_TAGS.get(StepKind(step.kind), "userTask") if step.kind in set(StepKind) else "userTask",
                   step.code, name=step.name, **attributes)  # fmt: skip
        here = f"{step.code}.in"
        self._node("parallelGateway", here)
        if step.when:
            self._node("exclusiveGateway", f"{step.code}.if", default=f"{step.code}.past")
            self._node("exclusiveGateway", f"{step.code}.fi")
            self._flow(here, f"{step.code}.if")
            self._flow(f"{step.code}.if", step.code, when=step.when)
            self._flow(step.code, f"{step.code}.fi")
            self._flow(f"{step.code}.if", f"{step.code}.fi", name=f"{step.code}.past")
            last = f"{step.code}.fi"
        else:
            self._flow(here, step.code)
            last = step.code
        self._node("parallelGateway", f"{step.code}.out")
        self._flow(last, f"{step.code}.out")

    def _node(self, tag: str, code: str, **attributes: str) -> None:
        Tree.SubElement(self.process, f"{{{BPMN}}}{tag}", {"id": code, **attributes})

    def _flow(self, source: str, target: str, *, when: str = "", name: str = "") -> None:
        flow = Tree.SubElement(
            self.process,
            f"{{{BPMN}}}sequenceFlow",
            {"id": name or f"{source}--{target}", "sourceRef": source, "targetRef": target},
        )
        if when:
            condition = Tree.SubElement(
                flow, f"{{{BPMN}}}conditionExpression", {f"{{{XSI}}}type": "bpmn:tFormalExpression"}
            )
            condition.text = when

    def _tidied(self) -> str:
        """Take out the gateways that join and fork nothing."""
        for gateway in list(self.process.findall(f"{{{BPMN}}}parallelGateway")):
            code = gateway.get("id")
            flows = self.process.findall(f"{{{BPMN}}}sequenceFlow")
            into = [flow for flow in flows if flow.get("targetRef") == code]
            out = [flow for flow in flows if flow.get("sourceRef") == code]
            if len(into) == 1 and len(out) == 1:
                into[0].set("targetRef", out[0].get("targetRef", ""))
                self.process.remove(gateway)
                self.process.remove(out[0])
        Tree.indent(self.root)
        return Tree.tostring(self.root, encoding="unicode", xml_declaration=True)


# Reading


@dataclass(frozen=True, slots=True)
class _Flow:
    source: str
    target: str
    when: str
    code: str


@dataclass(slots=True)
class _Element:
    tag: str
    code: str
    name: str
    attributes: Mapping[str, str]
    default: str = ""
    into: list[_Flow] = field(default_factory=list)
    out: list[_Flow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Before:
    """What lies before a point: the nearest steps, and the conditions under which one gets there."""

    steps: frozenset[str]
    conditions: tuple[tuple[str, str], ...]
    """Exclusive gateway and condition, outermost first."""


class _Reader:
    def __init__(self, process: Tree.Element) -> None:
        self.elements: dict[str, _Element] = {}
        flows: list[_Flow] = []
        for child in process:
            tag = _local(child.tag)
            if tag in _IGNORED:
                continue
            code = child.get("id") or ""
            if not code or code in self.elements:
                raise BpmnError(f"{tag} has no id, or shares it: {code!r}")
            if tag == "sequenceFlow":
                flows.append(self._flow(child, code))
            elif tag in _TASKS or tag in ("startEvent", "endEvent", "parallelGateway", "exclusiveGateway"):
                self._check_plain(child, tag, code)
                self.elements[code] = _Element(
                    tag, code, child.get("name") or code, child.attrib, child.get("default") or ""
                )
            else:
                raise BpmnError(
                    f"{tag} {code} is outside of the subset (tasks, start, end, parallel and exclusive gateways)"
                )
        for flow in flows:
            for end in (flow.source, flow.target):
                if end not in self.elements:
                    raise BpmnError(f"flow {flow.code} goes to {end}, which is not there")
            self.elements[flow.source].out.append(flow)
            self.elements[flow.target].into.append(flow)
        self._check_shape()

    def steps(self) -> tuple[Step, ...]:
        """Return the steps."""
        points: dict[str, _Before] = {}
        found: dict[str, Step] = {}
        for element in self._in_order():
            before = self._meet(element, [self._along(points, flow) for flow in element.into])
            if element.tag in _TASKS:
                found[element.code] = self._step(element, before)
                before = _Before(frozenset({element.code}), before.conditions)
            points[element.code] = before
        return tuple(_reduced(found.values()))

    def _along(self, points: Mapping[str, _Before], flow: _Flow) -> _Before:
        before, source = points[flow.source], self.elements[flow.source]
        if source.tag != "exclusiveGateway" or len(source.out) < 2:
            return before
        condition = flow.when
        if flow.code == source.default:
            others = [f"({one.when})" for one in source.out if one.code != flow.code]
            condition = f"not({' or '.join(others)})"
        return _Before(before.steps, (*before.conditions, (source.code, condition)))

    def _meet(self, element: _Element, ways: list[_Before]) -> _Before:
        if not ways:
            return _Before(frozenset(), ())
        steps = frozenset[str]().union(*(way.steps for way in ways))
        shared: list[tuple[str, str]] = []
        for pairs in zip(*(way.conditions for way in ways), strict=False):
            if len(set(pairs)) > 1:
                break
            shared.append(pairs[0])
        if element.tag != "exclusiveGateway" and any(len(way.conditions) != len(shared) for way in ways):
            raise BpmnError(
                f"{element.tag} {element.code} joins branches of an exclusive gateway that were not merged before"
            )
        return _Before(steps, tuple(shared))

    def _step(self, element: _Element, before: _Before) -> Step:
        ours = {
            key: element.attributes.get(f"{{{OURS}}}{key}", "") for key in ("kind", "days", "joint", "agency", "nameEn")
        }
        conditions = [condition for _gateway, condition in before.conditions]
        when = conditions[0] if len(conditions) == 1 else " and ".join(f"({one})" for one in conditions)
        return Step(
            code=element.code,
            name=element.name,
            kind=ours["kind"] or _TASKS[element.tag].value,
            name_en=ours["nameEn"],
            after=tuple(sorted(before.steps)),
            when=when,
            days=_number(element.code, ours["days"]),
            joint=ours["joint"],
            agency=ours["agency"],
        )

    @staticmethod
    def _flow(child: Tree.Element, code: str) -> _Flow:
        condition = child.find(f"{{{BPMN}}}conditionExpression")
        when = (condition.text or "").strip() if condition is not None else ""
        return _Flow(child.get("sourceRef") or "", child.get("targetRef") or "", when, code)

    @staticmethod
    def _check_plain(child: Tree.Element, tag: str, code: str) -> None:
        for inner in child:
            name = _local(inner.tag)
            if name not in _IGNORED | {"incoming", "outgoing"}:
                raise BpmnError(f"{tag} {code} has {name}, which is outside of the subset")

    def _check_shape(self) -> None:
        for element in self.elements.values():
            into, out = len(element.into), len(element.out)
            if element.tag == "startEvent" and (into or not out):
                raise BpmnError(f"start event {element.code} needs flows out of it and none into it")
            if element.tag == "endEvent" and (out or not into):
                raise BpmnError(f"end event {element.code} needs flows into it and none out of it")
            if element.tag not in ("startEvent", "endEvent") and not (into and out):
                raise BpmnError(f"{element.tag} {element.code} is not connected on both sides")
            if element.tag in _TASKS and into > 1:
                raise BpmnError(f"{element.tag} {element.code} has {into} flows into it: join them by a gateway")
            if element.tag == "exclusiveGateway" and out > 1:
                bare = [flow.code for flow in element.out if not flow.when and flow.code != element.default]
                if bare:
                    raise BpmnError(
                        f"exclusive gateway {element.code}: flow {bare[0]} has no condition and is not the default"
                    )
            elif any(flow.when for flow in element.out):
                raise BpmnError(
                    f"{element.tag} {element.code}: conditions stand only on the flows of exclusive gateways"
                )
        starts = [one.code for one in self.elements.values() if one.tag == "startEvent"]
        if len(starts) != 1:
            raise BpmnError(f"there are {len(starts)} start events; one is wanted")

    def _in_order(self) -> list[_Element]:
        """Return the elements, each after those that lead to it."""
        order: list[_Element] = []
        placed: set[str] = set()
        left = list(self.elements.values())
        while left:
            ready = [one for one in left if all(flow.source in placed for flow in one.into)]
            if not ready:
                raise BpmnError(f"the process goes round in a circle at {left[0].tag} {left[0].code}")
            order += ready
            placed |= {one.code for one in ready}
            left = [one for one in left if one.code not in placed]
        return order


def _reduced(steps: Iterable[Step]) -> list[Step]:
    """Leave out needless waits (the transitive reduction of the graph)."""
    ordered = list(steps)
    above: dict[str, set[str]] = {}
    kept = []
    for step in ordered:
        through = set[str]().union(*(above[before] for before in step.after))
        above[step.code] = through | set(step.after)
        kept.append(_with_after(step, tuple(before for before in step.after if before not in through)))
    return kept


def _with_after(step: Step, after: tuple[str, ...]) -> Step:
    from dataclasses import replace

    return replace(step, after=after)


def _number(code: str, text: str) -> int:
    if text and not text.isdigit():
        raise BpmnError(f"task {code}: days is {text!r}, not a number")
    return int(text or 0)


def _local(tag: str) -> str:
    namespace, _brace, name = tag.rpartition("}")
    return name if namespace in (f"{{{BPMN}", "") else tag
