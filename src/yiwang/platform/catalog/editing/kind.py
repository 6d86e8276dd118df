"""How items are edited: the parts of the form, the lists it offers, the acts that write."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from yiwang.kernel.types import Role
from yiwang.platform.catalog import acts, queries
from yiwang.platform.catalog.documents import DEFINITION
from yiwang.platform.catalog.labels import LABELS
from yiwang.platform.catalog.linting import LintFinding, lint
from yiwang.platform.catalog.managers import EDITORS
from yiwang.platform.catalog.types import Definition
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.kinds import Edited

LONG = frozenset(
    {
        "answer",
        "counter_flow",
        "hint",
        "note",
        "online_flow",
        "plain",
        "plain_en",
        "power_content",
        "power_division",
        "rights",
        "source_note",
        "standard",
        "text",
    }
)
SUGGESTED = {
    "agency": "agency",
    "Step.agency": "",  # a function, not an agency
    "centre": "centre",
    "element": "element",
    "by": "element",
    "Concerned.holder": "element",
    "licence_type": "licence_type",
    "sample": "file",
    "blank": "file",
    "flow_chart": "file",
}
GROUPS: dict[str, tuple[str, ...]] = {
    "basics": (
        "name",
        "short_name",
        "name_en",
        "plain",
        "plain_en",
        "basic_code",
        "task_code",
        "handle_code",
        "item_type",
        "level",
        "agency",
        "serves",
        "person_themes",
        "legal_themes",
        "local_person_themes",
        "local_legal_themes",
        "keywords",
        "local_basic_code",
        "local_task_code",
        "effective_on",
        "cancelled_on",
        "sample_only",
    ),
    "powers": (
        "legal_basis",
        "conditions",
        "body_nature",
        "power_source",
        "power_division",
        "power_content",
        "entrusted_by",
        "co_agencies",
        "accepting_body",
        "deciding_body",
        "quantity_limit",
        "intermediary",
    ),
    "papers": ("materials", "situations", "commitments"),
    "questions": ("form", "min_level"),
    "steps": (
        "case_type",
        "statutory_limit",
        "promised_limit",
        "process",
        "online_flow",
        "counter_flow",
        "flow_chart",
        "special_procedures",
        "decision_by_rule",
    ),
    "outcome": ("result", "fees"),
    "ways": (
        "channels",
        "places",
        "consult_phone",
        "complaint_phone",
        "consult_web",
        "consult_email",
        "consult_address",
        "complaint_web",
        "complaint_email",
        "complaint_address",
    ),
    "advice": (
        "faq",
        "mistakes",
        "rights",
        "reconsideration",
        "reconsideration_office",
        "lawsuit",
        "court",
    ),
}
"""The parts of the form, and the fields of a definition that each holds: together all of them."""
TABS = {
    "basics": _("基本信息"),
    "powers": _("依据与权限"),
    "papers": _("材料"),
    "questions": _("表单"),
    "steps": _("流程与时限"),
    "outcome": _("结果与收费"),
    "ways": _("渠道与地点"),
    "advice": _("问答与救济"),
}


def _lint(definition: Definition) -> list[LintFinding]:
    return list(lint(definition, queries.lint_context()))


def _lists() -> list[tuple[str, dict[str, str]]]:
    """Return what fields of these names may hold, code to label: the browser offers it while one types."""
    context = queries.lint_context()
    return [
        ("agency", {agency.code: agency.name for agency in directory.agencies()}),
        ("centre", {centre.code: centre.name for centre in directory.centres()}),
        ("element", {code: element.label for code, element in (context.elements or {}).items()}),
        ("licence_type", dict(context.licence_types or {})),
        ("file", dict.fromkeys(context.samples or {}, "")),
    ]


def _standing(row: Any) -> str:
    return str(_("外地的，只展示")) if row.sample_only else ""


ITEMS = Edited(
    namespace="item_editing",
    path="items",
    name=_("事项"),
    icon="doc-full",
    order=10,
    definition=DEFINITION,
    type=Definition,
    groups=GROUPS,
    tabs=TABS,
    labels=LABELS,
    long=LONG,
    suggested=SUGGESTED,
    lists=_lists,
    editors=EDITORS,
    publishers=frozenset({Role.ITEM_PUBLISHER}),
    lint=_lint,
    save_draft=acts.save_draft,
    publish=acts.publish_definition,
    withdraw=acts.suspend,
    reached=queries.editable_by,
    history=queries.edition_history,
    document=queries.edition_document,
    columns=(("agency.name", _("部门")), ("task_code", _("实施编码"))),
    searched=("task_code",),
    standing=_standing,
)
