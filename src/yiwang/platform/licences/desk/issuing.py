"""Issue and change at the desk: an agency's own types, each with the form that its fields make."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec
from yiwang.kernel.problems import NotAllowed, NotFound, Problem
from yiwang.kernel.types import PartyKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import FormField
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences import acts, queries
from yiwang.platform.licences.desk.finding import ROLES
from yiwang.platform.licences.portal.parts import who
from yiwang.platform.licences.types import LicenceTypeSpec
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm

ABOUT = {"holder_number", "holder_name", "joint", "number", "valid_to", "associated"}
"""Fields of the form that are not what the licence says."""
NUMBERS = {PartyKind.PERSON: FieldKind.CITIZEN_ID, PartyKind.ORGANISATION: FieldKind.USCC}
MOST_JOINT = 9


@staff(*ROLES)
def choose(request: HttpRequest) -> HttpResponse:
    """Choose which of the agency's own types to issue."""
    by = who(request)
    context = {"section": "licences", "types": queries.own_types(by), "agency": directory.agency_of(by)}
    return render(request, "licences/desk_choose.html", context)


@staff(*ROLES)
def issue(request: HttpRequest, code: str) -> HttpResponse:
    """Issue a licence of one of the agency's own types, without a case."""
    acts.issuer_of(who(request), code)
    spec = queries.licence_type(code)
    number = FieldSpec(
        "holder_number", _("持证主体的号码"), NUMBERS[spec.holder], hint=_("公民身份号码或者统一社会信用代码")
    )
    specs = [
        number,
        FieldSpec("holder_name", _("持证主体"), FieldKind.TEXT, max_length=160),
        _joint(spec, _("没有就不填。")),
        *_fields(spec),
        FieldSpec("number", _("证照编号"), FieldKind.TEXT, required=False, max_length=80, hint=_("不填就自动编号。")),
        FieldSpec("valid_to", _("有效期至"), FieldKind.DATE, required=False, hint=_("不填就按这种证照的期限。")),
        FieldSpec(
            "associated",
            _("转入前的电子证照标识"),
            FieldKind.TEXT,
            required=False,
            max_length=120,
            hint=_("从外地转入的才填；填了就按转入办理。"),
        ),
    ]
    form = SpecForm(specs, request.POST if request.method == "POST" else None)

    def done(values: dict[str, Any]) -> uuid.UUID:
        holder = acts.Holder(values["holder_name"], Secret(values["holder_number"]))
        more: dict[str, Any] = {
            "joint": _holders(values),
            "number": values.get("number") or "",
            "valid_to": values.get("valid_to"),
            "by": who(request),
            "key": form.key,
        }
        if values.get("associated"):
            return acts.transfer_in(code, holder, _said(values), values["associated"], **more)
        return acts.issue(code, holder, _said(values), **more)

    return _answered(request, form, done, {"spec": spec})


@staff(*ROLES)
def change(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change what a licence says: a new version, the one before stays to be seen."""
    by = who(request)
    found = queries.get_licence(pk, by)
    spec = queries.licence_type(found.type_slug)
    specs = [
        FieldSpec("holder_name", _("持证主体"), FieldKind.TEXT, max_length=160, hint=_("只有改了名称才改这里。")),
        _joint(spec, _("不变就不填；填了就换成这里的全部。")),
        *_fields(spec),
    ]
    initial = found.fields | {"holder_name": found.holder_name}
    form = SpecForm(specs, request.POST if request.method == "POST" else None, initial=initial)

    def done(values: dict[str, Any]) -> uuid.UUID:
        return acts.change(
            pk,
            values=_said(values),
            holder_name=values["holder_name"],
            joint=_holders(values) or None,
            by=by,
            key=form.key,
        )

    return _answered(request, form, done, {"spec": spec, "licence": found})


def _answered(
    request: HttpRequest, form: SpecForm, done: Callable[[dict[str, Any]], uuid.UUID], context: dict[str, Any]
) -> HttpResponse:
    sent = form.is_bound and not form.is_step
    if sent and form.is_valid():
        try:
            return redirect("licences_desk:licence", done(form.values))
        except (NotAllowed, NotFound):
            raise
        except Problem as problem:
            form.add_errors(problem.errors, str(problem.detail))
    context |= {"section": "licences", "form": form}
    return render(request, "licences/desk_issue.html", context, status=422 if sent else 200)


def _joint(spec: LicenceTypeSpec, hint: str) -> FieldSpec:
    columns = (
        FieldSpec("name", _("姓名或名称"), FieldKind.TEXT, max_length=160),
        FieldSpec("number", _("号码"), NUMBERS[spec.holder]),
    )
    return FieldSpec(
        "joint",
        _("共同持证人"),
        FieldKind.TABLE,
        required=False,
        hint=hint,
        columns=columns,
        max_rows=MOST_JOINT,
    )


def _fields(spec: LicenceTypeSpec) -> list[FieldSpec]:
    """Return a field for each line of the licence: as its data element is asked for elsewhere, or plain text."""
    elements = catalog.elements()
    found = []
    for one in spec.fields:
        asked = FieldSpec(one.name, one.label, FieldKind.TEXT, max_length=400)
        if one.element in elements and elements[one.element].kind not in {FieldKind.FILE, FieldKind.TABLE}:
            asked = field_spec(elements, FormField(one.element))
        found.append(replace(asked, name=one.name, label=one.label, label_en=one.label_en, required=False))
    return found


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in ABOUT and value not in (None, "", [])}


def _holders(values: dict[str, Any]) -> list[acts.Holder]:
    return [acts.Holder(one["name"], Secret(one["number"])) for one in values.get("joint") or ()]
