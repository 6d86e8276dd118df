"""How datasets are edited: the parts of the form, the lists it offers, the acts that write."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yiwang.kernel.types import Role
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.kinds import Edited
from yiwang.platform.sharing import acts, queries
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.labels import LABELS
from yiwang.platform.sharing.linting import lint
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.platform.sharing.types import DatasetDefinition, LintFinding

GROUPS: dict[str, tuple[str, ...]] = {
    "basics": (
        "name",
        "name_en",
        "code",
        "summary",
        "summary_en",
        "agency",
        "subject",
        "classification",
        "domain",
        "tags",
        "base_store",
        "format",
        "processing",
        "level",
        "region",
        "guiding",
        "covers_from",
        "covers_to",
        "related",
    ),
    "columns": ("items", "key", "rules"),
    "sharing": (
        "sharing",
        "condition",
        "methods",
        "basis",
        "network",
        "openness",
        "open_condition",
        "cycle",
        "retention_months",
    ),
    "services": ("proof", "answers", "service_items", "no_items_reason"),
}
TABS = {
    "basics": _("基本信息"),
    "columns": _("信息项"),
    "sharing": _("共享与开放"),
    "services": _("关联事项"),
}


def _lint(definition: DatasetDefinition) -> list[LintFinding]:
    return lint(definition, queries.lint_context())


def _lists() -> list[tuple[str, dict[str, str]]]:
    return [
        ("agency", {agency.code: agency.name for agency in directory.agencies()}),
        ("class", catalog.code_table("data_classes")),
        ("domain", catalog.code_table("data_domains")),
        ("format", catalog.code_table("data_formats")),
        ("guiding", catalog.code_table("guiding_departments")),
        ("element", {code: element.label for code, element in catalog.elements().items()}),
        ("dataset", queries.names()),
    ]


DATASETS = Edited(
    namespace="dataset_editing",
    path="datasets",
    name=_("数据集"),
    icon="table",
    order=40,
    definition=DEFINITION,
    type=DatasetDefinition,
    groups=GROUPS,
    tabs=TABS,
    labels=LABELS,
    long=frozenset({"summary", "summary_en", "condition", "open_condition", "no_items_reason", "note", "expression"}),
    suggested={
        "agency": "agency",
        "classification": "class",
        "domain": "domain",
        "format": "format",
        "guiding": "guiding",
        "element": "element",
    },
    lists=_lists,
    editors=STEWARDS,
    publishers=frozenset({Role.DATA_OFFICE}),
    lint=_lint,
    save_draft=acts.save_draft,
    publish=acts.publish_definition,
    withdraw=acts.withdraw,
    reached=queries.editable_by,
    history=queries.edition_history,
    document=queries.edition_document,
    columns=(("agency.name", _("提供方")), ("code", _("代码"))),
    searched=("code", "resource_code"),
)
