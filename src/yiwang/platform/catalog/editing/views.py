"""Wagtail's views over items: list, edit form with what the linter found, history, comparison of editions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, ObjectList, Panel, TabbedInterface
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column
from wagtail.models import WorkflowState
from wagtail.snippets.views.snippets import CreateView, EditView, HistoryView, IndexView, SnippetViewSet, UnpublishView

from yiwang.platform.catalog import acts, documents, queries
from yiwang.platform.catalog.comparing import Change, changes
from yiwang.platform.catalog.editing.access import NAMESPACE, acting
from yiwang.platform.catalog.editing.forms import ItemForm
from yiwang.platform.catalog.editing.models import ItemDraft
from yiwang.platform.catalog.labels import path_label
from yiwang.platform.catalog.linting import lint
from yiwang.platform.directory import queries as directory

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


class PartPanel(FieldPanel):  # type: ignore[misc]
    """One part of the definition; it is compared as a whole by ``FindingsPanel``."""

    def get_form_options(self) -> dict[str, Any]:
        """Claim the form's field of this name, which is no column of the table."""
        return {"fields": [self.field_name]}

    def get_comparison_class(self) -> None:
        """Nothing to compare by itself."""


class FindingsPanel(Panel):  # type: ignore[misc]
    """What the guide linter says of the draft, above the form; and the comparison of two drafts."""

    class BoundPanel(Panel.BoundPanel):  # type: ignore[misc]
        """The panel for one item."""

        template_name = "catalog/editing/findings.html"

        def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
            """Lint what editors see."""
            context: dict[str, Any] = super().get_context_data(parent_context)
            definition = getattr(self.form, "definition", None)
            if definition is None and self.instance.pk:
                definition = documents.DEFINITION.validate_python(self.instance.content)
            if definition is not None:
                context["findings"] = [
                    (path_label(tuple(finding.where.split("."))), finding)
                    for finding in lint(definition, queries.lint_context())
                ]
                context["own"] = bool(self.instance.pk) and self.instance.implementation.drafted_by == acting().id
            if self.instance.pk:
                context["editions_url"] = reverse(f"{NAMESPACE}:editions", args=[self.instance.pk])
                context["history_url"] = reverse(f"{NAMESPACE}:history", args=[self.instance.pk])
                context["sent_back"] = _sent_back(self.instance)
            context["lists"] = suggestions()
            return context

        def get_comparison(self) -> list[Callable[[Any, Any], Comparison]]:
            """Compare the whole documents."""
            return [Comparison]


class Comparison:
    """What differs between two drafts, as Wagtail's compare page wants it."""

    is_field = True
    is_child_relation = False

    def __init__(self, old: ItemDraft, new: ItemDraft) -> None:
        self.found = list(changes(old.content, new.content))

    def field_label(self) -> Any:
        """Name the row."""
        return _("内容")

    def has_changed(self) -> bool:
        """Tell whether anything differs."""
        return bool(self.found)

    def htmldiff(self) -> str:
        """Show old and new of every difference."""
        return format_html(
            "<dl>{}</dl>",
            format_html_join(
                "",
                '<dt>{}</dt><dd><span class="deletion">{}</span> <span class="addition">{}</span></dd>',
                ((path_label(change.path), shown(change.old), shown(change.new)) for change in self.found),
            ),
        )


def shown(value: Any) -> str:
    """Return a value of a document for reading."""
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, list):
        return "、".join(shown(part) for part in value)
    if isinstance(value, dict):
        return "；".join(shown(part) for part in value.values() if part not in (None, "", [], {}))
    return str(value)


def _sent_back(item: ItemDraft) -> Any:
    """Return the review that sent the draft back, with its reason, while nobody has handed it in again."""
    state = item.current_workflow_state
    if state is None or state.status != WorkflowState.STATUS_NEEDS_CHANGES:
        return None
    return state.current_task_state


STATES = {
    "draft": _("草稿"),
    "review": _("待审核"),
    "sent_back": _("退回修改"),
    "published": _("已发布"),
    "changed": _("已发布，有未发布的修改"),
    "suspended": _("已暂停"),
    "shown": _("外地的，只展示"),
}


def _state(item: ItemDraft) -> str:
    row = item.implementation
    if item.in_review:  # type: ignore[attr-defined]
        return str(STATES["review"])
    if item.is_sent_back:  # type: ignore[attr-defined]
        return str(STATES["sent_back"])
    if row.sample_only:
        return str(STATES["shown"])
    if row.state == "published" and item.has_unpublished_changes:
        return str(STATES["changed"])
    return str(STATES.get(row.state, row.state))


def suggestions() -> list[tuple[str, dict[str, str]]]:
    """Return what fields of these names may hold, code to label: the browser offers it while one types."""
    context = queries.lint_context()
    return [
        ("agency", {agency.code: agency.name for agency in directory.agencies()}),
        ("centre", {centre.code: centre.name for centre in directory.centres()}),
        ("element", {code: element.label for code, element in (context.elements or {}).items()}),
        ("licence_type", dict(context.licence_types or {})),
        ("file", dict.fromkeys(context.samples or {}, "")),
    ]


class ItemIndex(IndexView):  # type: ignore[misc]
    """The items that the editor's grants reach, what waits for review first."""

    default_ordering = None

    @cached_property
    def columns(self) -> list[Any]:
        """Leave out the boxes for bulk actions: there is none for items."""
        return [column for column in super().columns if not isinstance(column, BulkActionsCheckboxColumn)]


class _Saving:
    """What creating and editing share: the draft is written by our act, the revision by Wagtail, both or neither."""

    form: ItemForm
    request: HttpRequest

    def _write(self) -> ItemDraft:
        definition = self.form.definition
        assert definition is not None
        # A draft that is saved twice is the same draft, so that each time may have a key of its own.
        pk = acts.save_draft(definition, acts.EDITORS, by=acting(), key=uuid.uuid4().hex)
        return ItemDraft.objects.select_related("implementation").get(implementation_id=pk)


class ItemCreate(_Saving, CreateView):  # type: ignore[misc]
    """A new item begins as a draft."""

    def save_instance(self) -> ItemDraft:
        """Write the draft, keep its first revision."""
        row = self._write()
        row.document = row.implementation.draft
        self.new_revision = row.save_revision(user=self.request.user)
        return row


class ItemEdit(_Saving, EditView):  # type: ignore[misc]
    """Change an item's draft."""

    def save_instance(self) -> ItemDraft:
        """Write the draft and a revision."""
        with transaction.atomic():
            row = self._write()
            if row.pk != self.object.pk:
                raise Http404  # the codes of another item were typed in
            saved: ItemDraft = super().save_instance()
            return saved


class ItemHistory(HistoryView):  # type: ignore[misc]
    """Who saved, submitted and published when; without the filter, whose date fields need inline script."""

    filterset_class = None


class ItemUnpublish(UnpublishView):  # type: ignore[misc]
    """Take an item down: suspended by our act."""

    def unpublish(self) -> None:
        """Suspend it, and mark the row."""
        self.object.unpublish(user=self.request.user)


def editions(request: HttpRequest, pk: str) -> HttpResponse:
    """Show the editions of an item, and what changed between two of them."""
    row = get_object_or_404(ItemDraft.objects.select_related("implementation"), pk=pk)
    history = queries.edition_history(row.implementation_id)
    numbers = [entry.number for entry in history]
    new = _number(request.GET.get("new"), numbers, 0)
    old = _number(request.GET.get("old"), numbers, 1)
    found: list[Change] = []
    if old is not None and new is not None:
        views = {entry.number: entry for entry in history}
        before, after = (queries.edition_document(views[number].id) for number in (old, new))
        found = list(changes(before, after))
    context = {
        "item": row,
        "history": history,
        "old": old,
        "new": new,
        "changes": [(path_label(change.path), shown(change.old), shown(change.new)) for change in found],
        "edit_url": reverse(f"{NAMESPACE}:edit", args=[row.pk]),
    }
    return render(request, "catalog/editing/editions.html", context)


def _number(text: str | None, known: list[int], place: int) -> int | None:
    """Return a chosen edition's number, or the one that stands at a place of the history."""
    if text and text.isdecimal() and int(text) in known:
        return int(text)
    return known[place] if len(known) > place else None


def within_reach(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let an editor only come to items that their grants reach: every address of the viewset that names one."""

    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "pk" in kwargs and not (
            str(kwargs["pk"]).isdecimal()
            and ItemDraft.objects.filter(
                pk=kwargs["pk"],
                implementation__in=queries.editable_by(request.actor),  # type: ignore[attr-defined]
            ).exists()
        ):
            raise Http404
        return view(request, *args, **kwargs)

    return inner


class ItemViewSet(SnippetViewSet):  # type: ignore[misc]
    """Items in Wagtail's admin."""

    model = ItemDraft
    icon = "doc-full"
    menu_label = _("事项")
    add_to_admin_menu = True
    menu_order = 10
    admin_url_namespace = NAMESPACE
    base_url_path = "items"
    index_view_class = ItemIndex
    add_view_class = ItemCreate
    edit_view_class = ItemEdit
    unpublish_view_class = ItemUnpublish
    history_view_class = ItemHistory
    copy_view_enabled = False
    inspect_view_enabled = False
    list_per_page = 50
    list_display = (
        "title",
        Column("implementation.agency.name", label=_("部门")),
        Column("implementation.task_code", label=_("实施编码")),
        Column("state", label=_("状态"), accessor=_state),
        Column(
            "changed",
            label=_("草稿改于"),
            accessor=lambda item: date_format(item.implementation.changed_at, "Y-m-d H:i"),
        ),
    )
    search_fields = ("title", "implementation__task_code")
    search_backend_name = None
    edit_handler = TabbedInterface(
        [
            ObjectList([FindingsPanel(heading=_("检查结果")), PartPanel("basics")], heading=TABS["basics"]),
            *(ObjectList([PartPanel(group)], heading=heading) for group, heading in TABS.items() if group != "basics"),
        ],
        base_form_class=ItemForm,
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return what the editor's grants reach."""
        rows = ItemDraft.objects.filter(implementation__in=queries.editable_by(acting()))
        reviews = WorkflowState.objects.filter(
            base_content_type=ContentType.objects.get_for_model(ItemDraft),
            object_id=Cast(OuterRef("pk"), CharField()),
        )
        rows = rows.select_related("implementation__agency").annotate(
            in_review=Exists(reviews.filter(status=WorkflowState.STATUS_IN_PROGRESS)),
            is_sent_back=Exists(reviews.filter(status=WorkflowState.STATUS_NEEDS_CHANGES)),
        )
        return rows.order_by("-in_review", "-is_sent_back", "title", "pk")

    def get_urlpatterns(self) -> list[Any]:
        """Add the editions' page; check the reach before every address that names an item."""
        patterns = [*super().get_urlpatterns(), path("editions/<str:pk>/", editions, name="editions")]
        for pattern in patterns:
            pattern.callback = within_reach(pattern.callback)
        return patterns
