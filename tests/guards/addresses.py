"""Which real object stands behind each address, and what is sent to it: nothing is guessed from a parameter's name alone."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from yiwang.doors.openapi.interface import api
from yiwang.kernel.acts import Act
from yiwang.platform.cases.desk import doable
from yiwang.platform.editing.access import opened_to

from .matrix import Route, routes
from .world import World

_APPLICANT = {
    "part": {"pk": "draft", "code": "=place"},
    "autosave": {"pk": "draft", "code": "=place"},
    "materials": {"pk": "draft"},
    "review": {"pk": "draft"},
    "discard": {"pk": "draft"},
    "file": {"pk": "draft", "file": "draft_file"},
    "application": {"pk": "running"},
    "correction": {"pk": "running_case"},
    "make_up": {"pk": "running"},
    "delivery": {"pk": "running"},
    "withdraw": {"pk": "running_case"},
    "navigator": {"code": "=shop"},
    "start_event": {"code": "=shop"},
    "item": {"task_code": "task_code"},
    "item_changes": {"task_code": "task_code"},
    "sample": {"task_code": "task_code", "material": "=result"},
    "start_item": {"task_code": "task_code"},
}
OBJECTS: dict[str, dict[str, str]] = {
    **{f"services:{name}": ids for name, ids in _APPLICANT.items()},
    **{f"serving:{name}": ids for name, ids in _APPLICANT.items()},
    "services:end_delegation": {"pk": "delegation"},
    "notices:message": {"pk": "message"},
    "oversight:rate": {"pk": "closed_case"},
    "licences:check": {"code": "check_code"},
    "licences:licence": {"pk": "licence"},
    "licences:file": {"pk": "licence"},
    "licences:copy": {"pk": "licence"},
    "licences:copy_file": {"pk": "licence", "copy": "copy"},
    "licences:type": {"code": "=food_licence"},
    "licences_desk:licence": {"pk": "licence"},
    "licences:offer": {"pk": "licence"},
    "licences:grant": {"pk": "licence"},
    **{
        name: {"pk": "showing"}
        for name in (
            "licences:showing",
            "licences:renew_code",
            "licences:showing_state",
            "licences:answer",
            "licences:take_back",
            "licences_desk:showing",
            "licences_desk:showing_state",
            "licences_desk:take_copy",
            "licences_desk:send_code",
            "licences_desk:consent",
        )
    },
    "licences_desk:taken_copy": {"pk": "showing", "copy": "taken"},
    "licences_desk:batch": {"pk": "batch"},
    "licences_desk:batch_state": {"pk": "batch"},
    "licences_desk:report": {"pk": "batch"},
    "licences_desk:template": {"code": "=food_licence"},
    "licences_desk:check_original": {"pk": "licence"},
    "licences_desk:scan": {"pk": "licence"},
    "licences_desk:issue": {"code": "=food_licence"},
    "papers_desk:scan": {"pk": "scan"},
    "papers_desk:state": {"pk": "scan"},
    "papers_desk:page": {"pk": "scan", "number": "=1"},
    "papers_desk:paper": {"pk": "paper"},
    "papers:shown": {"pk": "paper"},
    "papers:file": {"pk": "paper"},
    "licences_desk:change": {"pk": "licence"},
    "catalog:sample": {"edition": "edition", "name": "=samples/result-food_licence.pdf"},
    "item_file": {"name": "=samples/result-food_licence.pdf"},
    "documents:document": {"pk": "document"},
    "desk-documents:document": {"pk": "document"},
    "cases:application": {"pk": "submitted"},
    "cases:application_act": {"pk": "submitted"},
    "cases:receipt": {"pk": "submitted"},
    "cases:file": {"pk": "closed", "file": "closed_file"},
    "cases:in_hand": {"which": "=applicant"},
    "oversight_desk:bad_rating": {"pk": "bad"},
    "oversight_desk:contact": {"pk": "bad"},
    "oversight_desk:act": {"pk": "bad"},
    "oversight_desk:explain": {"pk": "running_case"},
    "oversight_desk:settle": {"pk": "alert"},
    "staff:member": {"pk": "member"},
    "staff:account_act": {"pk": "member"},
    "directory:agency": {"code": "=339901-amr"},
    "directory:centre": {"code": "=339901-centre"},
    "notices_desk:again": {"pk": "delivery"},
    "item_editing:revisions_compare": {"pk": "item_draft", "revision_id_a": "=earliest", "revision_id_b": "=latest"},
    "dataset_editing:revisions_compare": {
        "pk": "dataset_draft",
        "revision_id_a": "=earliest",
        "revision_id_b": "=latest",
    },
    "sharing_desk:grant": {"pk": "grant"},
    "sharing_desk:subscription": {"pk": "subscription"},
    "sharing_desk:objection": {"pk": "objection"},
    "sharing_desk:alert": {"pk": "reading_alert"},
    "sharing:ask_why": {"pk": "check"},
    "sharing:ask_why_read": {"seq": "read"},
    "sharing:object_to": {"code": "=legal_persons"},
    "sharing_desk:compare": {"pk": "running_case"},
    "sharing_desk:ask_consents": {"pk": "running_case"},
    "sharing:consent": {"pk": "consent"},
    "sharing_desk:comparison": {"pk": "comparison"},
    "sharing:base": {"code": "=legal_persons"},
    "sharing_desk:base": {"code": "=legal_persons"},
    "sharing:dataset": {"code": "=legal_persons"},
    "sharing_desk:dataset": {"code": "=legal_persons"},
    "element_editing:revisions_compare": {
        "pk": "element_draft",
        "revision_id_a": "=earliest",
        "revision_id_b": "=latest",
    },
    "sharing_desk:quality_of": {"code": "=legal_persons"},
    "sharing_desk:quality_rows": {"code": "=legal_persons"},
    "sharing_desk:feed": {"code": "=legal_persons"},
    "sharing_desk:past": {"code": "=legal_persons"},
    "sharing_desk:quality_table": {"code": "=legal_persons"},
    "ui:theme": {"version": "=0"},
    "ui:components-error": {"status": "=404"},
}
"""By name of the route: parameter and name of the object in ``World.ids``, or ``=`` and the value itself."""
OF_A_CASE = {"pk": "running_case"}
SLUGS: dict[str, tuple[str, ...]] = {
    "cases:act": tuple(dict.fromkeys(one.slug for one in doable.TABLE)),
    "cases:application_act": ("accept", "correct", "refuse", "originals", "extend"),
    "oversight_desk:act": ("take_up", "verify", "rectify", "review", "call_back"),
    "staff:account_act": ("open", "password", "factors", "unlock", "sign-out", "close", "reopen"),
}
"""Addresses that stand for several acts: a row for each."""
_NAMES = {
    "cases:act": "slug",
    "cases:application_act": "slug",
    "oversight_desk:act": "name",
    "staff:account_act": "name",
}
BODIES: dict[str, dict[str, str]] = {
    "cases:take_together": {"case": "running_case"},
    "identity:act_for": {"party": "firm"},
    "serving:begin": {"party": "firm", "person": "representative", "consent": "=yes"},
    "cases:keep_opinion": {"task": "task", "opinion": "=…"},
    "cases:plan_visit": {"planned_on": "=2026-03-26"},
}
"""What is sent where the object stands in the form; elsewhere a form is sent empty."""

FIRMS_OWN = frozenset(
    {
        "draft",
        "draft_file",
        "submitted",
        "submitted_case",
        "running",
        "running_case",
        "closed",
        "closed_case",
        "closed_file",
        "document",
        "licence",
        "copy",
        "showing",
        "taken",
        "bad",
        "alert",
        "message",
        "delivery",
        "delegation",
        "task",
        "service",
        "account",
        "representative",
        "firm_id",
        "comparison",
        "consent",
        "scan",
        "paper",
    }
)
"""Objects that belong to the firm's matters: nobody without a part in them may so much as know that they exist."""


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the table: what is asked for, and what of the world it is about."""

    row: str
    method: str
    path: str
    route: Route
    about: frozenset[str]
    body: Any = None
    files: bool = False
    """Whether a file is sent along."""


def pages(world: World) -> Iterator[Address]:
    """Yield every address outside of the API, with real objects, to be read and to be written to."""
    for route in routes():
        if not route.path.startswith("api/") and not is_closed(route):
            wanted = BODIES.get(route.name, {})
            for shown, path, about in _made(route, world):
                for method in ("GET", "POST"):
                    body = {name: _value(one, world) for name, one in wanted.items()}
                    of_body = set(wanted.values()) if method == "POST" else set()
                    yield Address(f"/{shown} {method}", method, path, route, frozenset(about | of_body), body)


def is_closed(route: Route) -> bool:
    """Tell whether it is one of Wagtail's own addresses, which ``guarded`` closes to everybody."""
    own = route.name == "editors"
    return route.path.startswith("editors/") and not own and not opened_to(route.pattern.name, route.names)


def _made(route: Route, world: World) -> Iterator[tuple[str, str, set[str]]]:
    """Yield the address as the table shows it, as it is asked for, and the objects it is about."""
    wanted = OBJECTS.get(route.name) or (OF_A_CASE if route.name.startswith("cases:") else {})
    slugs = SLUGS.get(route.name, ("",))
    for slug in slugs:
        kwargs: dict[str, Any] = {}
        about = set()
        for name in route.pattern.pattern.regex.groupindex:
            if slug and name == _NAMES[route.name]:
                kwargs[name] = slug
            elif name in wanted:
                kwargs[name] = _value(wanted[name], world)
                about.add(wanted[name])
            elif route.path.startswith("editors/"):
                kwargs[name] = world.ids[_drafts(route)] if name == "pk" else 1
            else:
                raise LookupError(f"{route.path}: say in OBJECTS what stands for {name}")
        shown = re.sub(rf"<\w+:{_NAMES.get(route.name, '-')}>", slug, route.path) if slug else route.path
        yield (
            shown.replace(" ", "_"),
            reverse(route.name, kwargs=kwargs) if route.pattern.name else f"/{route.path}",
            about,
        )


def _drafts(route: Route) -> str:
    if route.path.startswith("editors/elements"):
        return "element_draft"
    return "dataset_draft" if route.path.startswith("editors/datasets") else "item_draft"


def _value(name: str, world: World) -> Any:
    return name[1:] if name.startswith("=") else world.ids[name]


# --- the API ---

_JSON: dict[str, Any] = {
    "resolve": {"answers": {"place_region": "339901001"}, "known": True},
    "start_event": {
        "answers": {"place_region": "339901001", "has_licence": True, "shop_area": 9, "food_kinds": ["hot"]}
    },
    "start_item": {"answers": {"place_region": "339901001"}},
    "save_answers": {"answers": {"shop_area": 130}},
    "add_file": {"material": "floor_plan"},
    "set_material": {"material": "food_safety_rules", "state": "committed"},
    "answer_correction": {"answers": {}},
    "resubmit": {"answers": {}},
    "withdraw": {"reason": "不办了"},
    "withdraw_all": {"reason": "不办了"},
    "choose_delivery": {"way": "window"},
    "verify": {"check_code": "0000000000"},
    "issue": {
        "type": "food_licence",
        "holder": {"name": "测试小吃有限公司", "number": "91339901MADEM0011Y"},
        "values": {"name": "测试小吃有限公司"},
    },
    "change": {"values": {"place": "测试市河街 20 号"}},
    "operate": {"operation": "hold", "reason": "测试"},
    "take_up": {"code": "000000000000", "purpose": "测试"},
    "copy_shown": {"licence": "00000000-0000-7000-8000-000000000000"},
    "rate": {"level": "satisfied"},
    "object_as_agency": {"subject": "91339901MADEM0011Y", "text": "和执照不一致"},
    "publish": {
        "events": [
            {
                "id": "guard",
                "subject": "91339901MADEM0011Y",
                "at": "2026-03-02T08:00:00+08:00",
                "data": {"uscc": "91339901MADEM0011Y", "name": "测试", "kind": "name", "changed_on": "2026-03-02"},
            }
        ]
    },
}
_FILES = {"add_file", "begin_import", "verify_file"}
_OF_OPERATION = {
    "application": "running",
    "documents": "closed",
    "withdraw_all": "running",
}


def operations(world: World) -> Iterator[Address]:
    """Yield every operation of the API with a body that fits."""
    for route in routes():
        if not route.path.startswith("api/v1/") or route.name in {"openapi", "openapi_docs", "api:api-root"}:
            continue
        view = api_views()[route.path.removeprefix("api/v1/")]
        for operation in view.operations:
            for method in operation.methods:
                name = operation.view_func.__name__
                path, about = _filled(route, name, world)
                yield Address(
                    f"/{route.path} {method}",
                    method,
                    path,
                    route,
                    frozenset(about),
                    _JSON.get(name, {}),
                    name in _FILES,
                )


def api_views() -> dict[str, Any]:
    """Return Ninja's views by the address below the API."""
    found = {}
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            found[re.sub(r"\{(\w+:)?(\w+)\}", r"<\2>", path).lstrip("/")] = view
    return found


def _code(path: str) -> str:
    if "/topics/" in path:
        return "=amr.firm_changed"
    return "=legal_persons" if "/datasets/" in path else "=shop"


def _filled(route: Route, operation: str, world: World) -> tuple[str, set[str]]:
    given = {
        "task_code": "task_code",
        "code": _code(route.path),
        "edition_id": "edition",
        "application_id": _OF_OPERATION.get(operation, "draft"),
        "case_id": "running_case",
        "licence_id": "licence",
        "showing_id": "showing",
        "batch_id": "batch",
        "copy_id": "taken",
        "file_id": "draft_file",
        "service_id": "service",
        "comparison_id": "comparison",
        "check_id": "check",
        "objection_id": "objection",
    }
    if "/licence-types/" in route.path:
        given["code"] = "=food_licence"
    path, about = route.path, set()
    for name in re.findall(r"<(?:\w+:)?(\w+)>", route.path):
        path = re.sub(rf"<(?:\w+:)?{name}>", str(_value(given[name], world)), path)
        about.add(given[name])
    return f"/{path}", about


def key() -> str:
    """Return a key for one write."""
    return uuid.uuid4().hex


# --- acts ---

_TARGETS: dict[str, str] = {
    "cases.accept_all": "submitted",
    "cases.accept": "submitted_case",
    "cases.check_original": "submitted",
    "cases.deem_accepted": "submitted",
    "cases.extend_joint": "running",
    "cases.make_document": "document",
    "cases.withdraw_all": "running",
    "catalog.": "implementation",
    "directory.": "member",
    "identity.give_up_delegation": "delegation",
    "identity.revoke_delegation": "delegation",
    "identity.pass_face_check": "representative",
    "identity.verify_person": "representative",
    "identity.raise_organisation": "firm_id",
    **dict.fromkeys(
        (
            "licences.renew_code",
            "licences.agree",
            "licences.decline",
            "licences.take_back",
            "licences.take_copy",
            "licences.agree_at_counter",
        ),
        "showing",
    ),
    "licences.": "licence",
    **dict.fromkeys(("papers.check", "papers.refuse", "papers.take_back"), "paper"),
    "papers.": "scan",
    "notices.mark_read": "message",
    "notices.send_again": "delivery",
    "openapi.": "client",
    **dict.fromkeys(
        (
            "sharing.pass_grant",
            "sharing.return_grant",
            "sharing.grant",
            "sharing.refuse_grant",
            "sharing.appeal_grant",
            "sharing.settle_grant",
            "sharing.uphold_refusal",
            "sharing.revoke_grant",
            "sharing.withdraw_grant",
            "sharing.go_on_in_silence",
            "sharing.end_grant",
        ),
        "grant",
    ),
    **dict.fromkeys(
        (
            "sharing.pass_subscription",
            "sharing.return_subscription",
            "sharing.approve_subscription",
            "sharing.extend_subscription",
            "sharing.revoke_subscription",
            "sharing.expire_subscription",
            "sharing.refuse_subscription",
            "sharing.pause_subscription",
            "sharing.resume_subscription",
            "sharing.end_subscription",
            "sharing.replay_events",
            "sharing.renew_secret",
        ),
        "subscription",
    ),
    "sharing.retry_event": "held",
    "sharing.skip_event": "held",
    "sharing.publish_events": "topic",
    "sharing.tell_topic": "topic",
    "sharing.check_again": "reask",
    "sharing.forget_answers": "reask",
    "sharing.check": "running_case",
    "sharing.answer_objection": "objection",
    "sharing.note_late_objection": "objection",
    "sharing.look_for_correction": "objection",
    **dict.fromkeys(
        ("sharing.ask_about_alert", "sharing.explain_alert", "sharing.close_alert", "sharing.note_late_alert"),
        "reading_alert",
    ),
    "sharing.compare_again": "comparison",
    "sharing.compare": "running_case",
    "sharing.ask_consents": "running_case",
    "sharing.answer_consent": "consent",
    "sharing.switch_feed": "feed",
    "sharing.take_batch": "feed",
    "sharing.": "dataset",
    "oversight.rate": "service",
    "oversight.default_rating": "service",
    "oversight.settle": "alert",
    "oversight.": "bad",
}
"""What each act is tried on: by its name, or by the beginning of it; of the cases, what its loader loads."""
_BY_LOADER = {
    "CaseQuerySet.lock": "running_case",
    "ApplicationQuerySet.lock": "draft",
    "own_account": "account",
    "_account": "staff_account",
}


def target_of(act: Act[Any, Any]) -> str:
    """Return the name of the object that an act with a target is tried on. Raises LookupError for a new one."""
    for name, found in _TARGETS.items():
        if act.name == name or (name.endswith(".") and act.name.startswith(name)):
            return found
    loader = getattr(act.on, "__qualname__", "")
    if loader not in _BY_LOADER:
        raise LookupError(f"{act.name}: say in addresses what it is tried on")
    return _BY_LOADER[loader]
