"""The materials of the one form: files, commitments, what is made up later."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from yiwang.halls.services.doors import applicant, to
from yiwang.halls.services.pages.draft import (
    Draft,
    find_draft,
    guide_url,
    material_row,
    of_draft,
    parts_of,
    progress_of,
    to_give,
)
from yiwang.kernel.types import Actor
from yiwang.platform.cases import acts
from yiwang.platform.cases import queries as cases
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.evidence.types import FactState
from yiwang.ui import uploads


@applicant
@of_draft
def materials(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Show and take the materials: files, commitments, what is made up later."""
    pk = draft.view.id
    actor: Actor = request.actor  # type: ignore[attr-defined]
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = _take_materials(request, draft, actor)
        if not errors and "leave" in request.POST:
            return to(request, "my")
        if not errors and "_step" not in request.POST:
            return to(request, "review", pk)
        draft = find_draft(request, pk) or draft
    rows = [material_row(draft, name, errors) for name in draft.resolution.materials]
    return render(
        request,
        "services/materials.html",
        {
            "application": draft.view,
            "rows": [row for row in rows if row["ask"]],
            "known": [row for row in rows if not row["ask"]],
            "files": cases.files_of(pk),
            "parts": parts_of(request, draft, "materials", wrong=len(errors)),
            "guide_url": guide_url(request, draft),
            "errors": [{"target": f"file-{index}", "message": message} for index, message in _indexed(rows, errors)],
            "page_errors": bool(errors),
            "barred": draft.resolution.barred,
            "commitments": _commitments(draft.editions),
            "key": uuid.uuid4().hex,
            "progress": progress_of(draft),
            "section": "apply",
        },
        status=422 if errors else 200,
    )


def _indexed(rows: list[dict[str, Any]], errors: Mapping[str, str]) -> list[tuple[int, str]]:
    asked = [row for row in rows if row["ask"]]
    return [
        (index, errors[row["fact"].material]) for index, row in enumerate(asked, 1) if row["fact"].material in errors
    ]


def _commitments(editions: list[EditionView]) -> list[Any]:
    return [one for edition in editions for one in edition.definition.commitments]


def _take_materials(request: HttpRequest, draft: Draft, actor: Actor) -> dict[str, str]:
    errors: dict[str, str] = {}
    step = request.POST.get("_step", "")
    pk = draft.view.id
    key = request.POST.get("key", "")
    if step.startswith("remove:"):
        acts.remove_file(pk, uuid.UUID(step.removeprefix("remove:")), by=actor, key=f"{key}:{step}")
        return {}
    asked = [name for name, fact in draft.resolution.materials.items() if to_give(fact)]
    for index, name in enumerate(asked, 1):
        fact = draft.resolution.materials[name]
        way = request.POST.get(f"way-{index}", "")
        taken, refused = uploads.received(request, f"file-{index}")
        if refused:
            errors[name] = _("；").join(refused)
        for file in taken:
            acts.add_file(pk, name, asdict(file), by=actor, key=f"{key}:{index}:{file.digest}")
        if taken or refused:
            continue
        if way in ("committed", "deferred") and way != fact.state.value:
            acts.set_material(pk, name, fact.name, way, by=actor, key=uuid.uuid4().hex)
        elif way == "file" and fact.state in (FactState.COMMITTED, FactState.DEFERRED):
            acts.set_material(pk, name, fact.name, "ask", by=actor, key=uuid.uuid4().hex)
    return errors
