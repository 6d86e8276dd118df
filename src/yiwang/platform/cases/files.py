"""Documents to read and keep: the same PDF for the applicant and for staff who may see the case."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.translation import gettext as _

from yiwang.kernel.acts import record_read
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.cases import acts, queries
from yiwang.platform.cases.types import DocumentView
from yiwang.ui import store
from yiwang.ui.entry import signed_in, staff


@signed_in()
def mine(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Give the applicant, or whoever acts for them, a document of their matter."""
    return _give(_found(pk, request.actor))  # type: ignore[attr-defined]


@staff()
def of_case(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Give staff who may see the case one of its documents; the read is logged."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = _found(pk, actor)
    record_read(
        actor,
        name="cases.read_document",
        person=queries.principal_of_document(pk),
        purpose=_("查看文书：%(number)s") % {"number": view.number},
        case=view.case_id,
        detail={"document": str(pk)},
    )
    return _give(view)


def _found(pk: uuid.UUID, by: Actor) -> DocumentView:
    view = queries.find_document(pk, by)
    if view is None:
        raise NotFound(_("没有找到这份文书。"))
    return view


def _give(view: DocumentView) -> HttpResponseBase:
    digest = view.digest or acts.make_once(view.id)
    return store.download(digest, name=f"{view.title} {view.number}.pdf", media_type="application/pdf", inline=True)


portal = ([path("documents/<uuid:pk>/", mine, name="document")], "documents")
desk = ([path("documents/<uuid:pk>/", of_case, name="document")], "desk-documents")
