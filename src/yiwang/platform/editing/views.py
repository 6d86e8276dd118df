"""Wagtail's views over drafts: list, edit form with what the check found, history, comparison of editions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
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
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import CreateView, EditView, HistoryView, IndexView, SnippetViewSet, UnpublishView

from yiwang.platform.editing.access import acting
from yiwang.platform.editing.comparing import Change, changes
from yiwang.platform.editing.drafts import Draft
from yiwang.platform.editing.forms import DraftForm, form_of
from yiwang.platform.editing.kinds import Edited, edit, kind_of
from yiwang.platform.editing.types import DESK

STATES = {
    "draft": _("草稿"),
    "review": _("待审核"),
    "sent_back": _("退回修改"),
    "published": _("已发布"),
    "changed": _("已发布，有未发布的修改"),
    "suspended": _("已暂停"),
}


class PartPanel(FieldPanel):  # type: ignore[misc]
    """One part of the definition; it is compared as a whole by ``FindingsPanel``."""

    def get_form_options(self) -> dict[str, Any]:
        """Claim the form's field of this name, which is no column of the table."""
        return {"fields": [self.field_name]}

    def get_comparison_class(self) -> None:
        """Nothing to compare by itself."""


class FindingsPanel(Panel):  # type: ignore[misc]
    """What the check says of the draft, above the form; and the comparison of two drafts."""

    class BoundPanel(Panel.BoundPanel):  # type: ignore[misc]
        """The panel for one thing."""

        template_name = "editing/findings.html"

        def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
            """Check what editors see."""
            context: dict[str, Any] = super().get_context_data(parent_context)
            kind = kind_of(self.instance)
            definition = getattr(self.form, "definition", None)
            if definition is None and self.instance.pk:
                definition = kind.definition.validate_python(self.instance.content)
            if definition is not None:
                context["findings"] = [
                    (kind.labels.path_label(tuple(finding.where.split("."))), finding)
                    for finding in kind.lint(definition)
                ]
                context["own"] = bool(self.instance.pk) and self.instance.own
            if self.instance.pk:
                context["editions_url"] = reverse(f"{kind.namespace}:editions", args=[self.instance.pk])
                context["history_url"] = reverse(f"{kind.namespace}:history", args=[self.instance.pk])
                context["sent_back"] = _sent_back(self.instance)
            context["lists"] = kind.lists()
            return context

        def get_comparison(self) -> list[Callable[[Any, Any], Comparison]]:
            """Compare the whole documents."""
            return [Comparison]


class Comparison:
    """What differs between two drafts, as Wagtail's compare page wants it."""

    is_field = True
    is_child_relation = False

    def __init__(self, old: Draft, new: Draft) -> None:
        self.labels = kind_of(new).labels
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
                ((self.labels.path_label(change.path), shown(change.old), shown(change.new)) for change in self.found),
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


def _sent_back(draft: Any) -> Any:
    """Return the review that sent the draft back, with its reason, while nobody has handed it in again."""
    state = draft.current_workflow_state
    if state is None or state.status != WorkflowState.STATUS_NEEDS_CHANGES:
        return None
    return state.current_task_state


def _state(draft: Any) -> str:
    row = draft.thing
    if draft.in_review:
        return str(STATES["review"])
    if draft.is_sent_back:
        return str(STATES["sent_back"])
    if special := kind_of(draft).standing(row):
        return special
    if row.state == "published" and draft.has_unpublished_changes:
        return str(STATES["changed"])
    return str(STATES.get(row.state, row.state))


class DraftIndex(IndexView):  # type: ignore[misc]
    """The drafts that the editor's grants reach, what waits for review first."""

    default_ordering = None

    @cached_property
    def columns(self) -> list[Any]:
        """Leave out the boxes for bulk actions: there is none for drafts."""
        return [column for column in super().columns if not isinstance(column, BulkActionsCheckboxColumn)]


class _Saving:
    """What creating and editing share: the draft is written by our act, the revision by Wagtail, both or neither."""

    form: DraftForm
    model: type[Draft]
    request: HttpRequest

    def _write(self) -> Draft:
        # A draft that is saved twice is the same draft, so that each time may have a key of its own.
        pk = kind_of(self.model).save_draft(self.form.definition, DESK, by=acting(), key=uuid.uuid4().hex)
        rows = self.model._default_manager.select_related(self.model.ROW)
        return rows.get(**{f"{self.model.ROW}_id": pk})


class DraftCreate(_Saving, CreateView):  # type: ignore[misc]
    """A new thing begins as a draft."""

    def save_instance(self) -> Draft:
        """Write the draft, keep its first revision."""
        row = self._write()
        row.document = row.thing.draft
        self.new_revision = row.save_revision(user=self.request.user)
        return row


class DraftEdit(_Saving, EditView):  # type: ignore[misc]
    """Change a draft."""

    def save_instance(self) -> Draft:
        """Write the draft and a revision."""
        with transaction.atomic():
            row = self._write()
            if row.pk != self.object.pk:
                raise Http404  # the codes of another thing were typed in
            saved: Draft = super().save_instance()
            return saved


class DraftHistory(HistoryView):  # type: ignore[misc]
    """Who saved, submitted and published when; without the filter, whose date fields need inline script."""

    filterset_class = None


class DraftUnpublish(UnpublishView):  # type: ignore[misc]
    """Take a thing down: withdrawn by our act."""

    def unpublish(self) -> None:
        """Withdraw it, and mark the row."""
        self.object.unpublish(user=self.request.user)


def editions(request: HttpRequest, pk: str, *, model: type[Draft]) -> HttpResponse:
    """Show the editions of a thing, and what changed between two of them."""
    row = get_object_or_404(model._default_manager.select_related(model.ROW), pk=pk)
    kind = kind_of(model)
    history = kind.history(row.thing.pk)
    numbers = [entry.number for entry in history]
    new = _number(request.GET.get("new"), numbers, 0)
    old = _number(request.GET.get("old"), numbers, 1)
    found: list[Change] = []
    if old is not None and new is not None:
        views = {entry.number: entry for entry in history}
        before, after = (kind.document(views[number].id) for number in (old, new))
        found = list(changes(before, after))
    context = {
        "item": row,
        "history": history,
        "old": old,
        "new": new,
        "changes": [(kind.labels.path_label(change.path), shown(change.old), shown(change.new)) for change in found],
        "edit_url": reverse(f"{kind.namespace}:edit", args=[row.pk]),
    }
    return render(request, "editing/editions.html", context)


def _number(text: str | None, known: list[int], place: int) -> int | None:
    """Return a chosen edition's number, or the one that stands at a place of the history."""
    if text and text.isdecimal() and int(text) in known:
        return int(text)
    return known[place] if len(known) > place else None


def _within_reach(view: Callable[..., HttpResponse], model: type[Draft]) -> Callable[..., HttpResponse]:
    """Let an editor only come to drafts that their grants reach: every address of the viewset that names one."""

    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "pk" in kwargs and not (
            str(kwargs["pk"]).isdecimal()
            and model._default_manager.filter(
                pk=kwargs["pk"],
                **{f"{model.ROW}__in": kind_of(model).reached(request.actor)},  # type: ignore[attr-defined]
            ).exists()
        ):
            raise Http404
        return view(request, *args, **kwargs)

    return inner


class DraftViewSet(SnippetViewSet):  # type: ignore[misc]
    """Drafts of one kind in Wagtail's admin."""

    model: type[Draft]
    add_to_admin_menu = True
    index_view_class = DraftIndex
    add_view_class = DraftCreate
    edit_view_class = DraftEdit
    unpublish_view_class = DraftUnpublish
    history_view_class = DraftHistory
    copy_view_enabled = False
    inspect_view_enabled = False
    list_per_page = 50
    search_backend_name = None

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return what the editor's grants reach."""
        kind = kind_of(self.model)
        rows = self.model._default_manager.filter(**{f"{self.model.ROW}__in": kind.reached(acting())})
        reviews = WorkflowState.objects.filter(
            base_content_type=ContentType.objects.get_for_model(self.model),
            object_id=Cast(OuterRef("pk"), CharField()),
        )
        rows = rows.select_related(self.model.ROW, *(f"{self.model.ROW}__{name}" for name in kind.related)).annotate(
            in_review=Exists(reviews.filter(status=WorkflowState.STATUS_IN_PROGRESS)),
            is_sent_back=Exists(reviews.filter(status=WorkflowState.STATUS_NEEDS_CHANGES)),
        )
        return rows.order_by("-in_review", "-is_sent_back", "title", "pk")

    def get_urlpatterns(self) -> list[Any]:
        """Add the editions' page; check the reach before every address that names a draft."""
        compare = path("editions/<str:pk>/", partial(editions, model=self.model), name="editions")
        patterns = [*super().get_urlpatterns(), compare]
        for pattern in patterns:
            pattern.callback = _within_reach(pattern.callback, self.model)
        return patterns


def register(model: type[Draft], kind: Edited) -> None:
    """Put a kind on the editors' desk."""
    edit(model._meta.label_lower, kind)
    (first, heading), *others = kind.tabs.items()
    viewset = type(
        f"{model.__name__}ViewSet",
        (DraftViewSet,),
        {
            "model": model,
            "icon": kind.icon,
            "menu_label": kind.name,
            "menu_order": kind.order,
            "admin_url_namespace": kind.namespace,
            "base_url_path": kind.path,
            "list_display": (
                "title",
                *(Column(f"{model.ROW}.{column}", label=label) for column, label in kind.columns),
                Column("state", label=_("状态"), accessor=_state),
                Column("changed", label=_("草稿改于"), accessor=_changed),
            ),
            "search_fields": ("title", *(f"{model.ROW}__{name}" for name in kind.searched)),
            "edit_handler": TabbedInterface(
                [
                    ObjectList([FindingsPanel(heading=_("检查结果")), PartPanel(first)], heading=heading),
                    *(ObjectList([PartPanel(group)], heading=name) for group, name in others),
                ],
                base_form_class=form_of(kind),
            ),
        },
    )
    register_snippet(viewset)


def _changed(draft: Draft) -> str:
    return date_format(draft.thing.changed_at, "Y-m-d H:i")
