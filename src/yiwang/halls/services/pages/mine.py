"""My space beside the applications: whom I trust, who acted for me, who looked at my data, my firms."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.halls.services.pages import done
from yiwang.kernel import clock
from yiwang.kernel.acts import record_read
from yiwang.kernel.codes import mask_name
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid, Problem
from yiwang.kernel.types import Actor, AssuranceLevel, FieldError, Party, PartyKind
from yiwang.platform.cases import queries as cases
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory.labels import ROLES
from yiwang.platform.identity import acts, queries, rules, trail
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.types import DelegationView
from yiwang.platform.sharing import acts as sharing_acts
from yiwang.platform.sharing import labels as sharing_labels
from yiwang.platform.sharing import queries as sharing
from yiwang.platform.sharing.types import Ward
from yiwang.ui import dates
from yiwang.ui.entry import signed_in
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link
from yiwang.ui.templatetags.ui import said


def links() -> list[Link]:
    """Return what else belongs to my space, for its front page."""
    return [
        Link(_("我的账号"), reverse("identity:account"), icon="user"),
        Link(_("委托"), reverse("services:delegations"), icon="share"),
        Link(_("我的单位"), reverse("services:organisations"), icon="org"),
        Link(_("我存的材料"), reverse("papers:listed"), icon="file"),
        Link(_("谁替我办过"), reverse("services:acted"), icon="history"),
        Link(_("谁看过我的数据"), reverse("services:access"), icon="eye"),
    ]


def _actor(request: HttpRequest) -> Actor:
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


@signed_in()
def delegations(request: HttpRequest) -> HttpResponse:
    """List the delegations that my principal gave, and those that I hold."""
    who = _actor(request)
    assert who.id is not None
    assert who.principal is not None
    may_give = queries.may_represent(who.id, who.principal)
    given = queries.delegations_given(who.principal) if may_give else []
    held = queries.delegations_held(who.id)
    names = catalog.item_names({code for one in (*given, *held) for code in one.items})
    context = {
        "principal": queries.party_name(who.principal),
        "given": [_line(one, names) for one in given],
        "held": [_line(one, names) for one in held],
        "may_give": may_give,
        "key": uuid.uuid4().hex,
        "section": "my",
    }
    return render(request, "services/delegations.html", context)


def _line(one: DelegationView, known: dict[str, str]) -> dict[str, Any]:
    if one.revoked_at is not None:
        state, tone = _("已收回"), "line"
    elif one.expires_at <= clock.now():
        state, tone = _("已到期"), "line"
    else:
        state, tone = _("有效"), "green"
    names = [known.get(code, code) for code in one.items]
    return {"view": one, "state": state, "tone": tone, "open": tone == "green", "names": names}


@signed_in(AssuranceLevel.L3)
def grant(request: HttpRequest) -> HttpResponse:
    """Give a delegation: to whom, for what, until when, with or without signing."""
    who = _actor(request)
    assert who.id is not None
    assert who.principal is not None
    if not queries.may_represent(who.id, who.principal):
        return redirect("services:delegations")
    latest = rules.delegation_latest(clock.today())
    yes_no = (
        Option("sign", _("可以替我签名、提交和领取")),
        Option("fill", _("只能替我填，由我自己提交")),
    )
    scopes = (Option("all", _("所有事项")), Option("some", _("只办下面这些")))
    events = tuple(Option(one.code, said(one, "name")) for one in catalog.life_events())
    specs = [
        FieldSpec("name", _("受托人姓名"), FieldKind.TEXT, max_length=60),
        FieldSpec("contact", _("受托人的手机号或证件号"), FieldKind.TEXT, max_length=40, sensitive=True,
                  hint=_("要和对方在本平台登记的一致")),
        FieldSpec("scope", _("委托办什么"), FieldKind.CHOICE, options=scopes),
        FieldSpec("events", _("一件事"), FieldKind.CHOICES, options=events, required=False,
                  hint=_("只办一部分时选；包括其中的每个事项")),
        FieldSpec("items", _("单个事项"), FieldKind.LONG_TEXT, required=False,
                  hint=_("只办一部分时填；一行一个事项名称")),
        FieldSpec("sign", _("能不能签名"), FieldKind.CHOICE, options=yes_no),
        FieldSpec("last_day", _("到哪天为止"), FieldKind.DATE,
                  hint=_("最晚 %(day)s") % {"day": dates.said(latest, "date")}),
    ]  # fmt: skip
    form = SpecForm(specs, request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                _grant(form, who)
            except Problem as problem:
                form.add_errors(problem.errors, str(problem.detail))
                status = problem.status
            else:
                return redirect("services:delegations")
    context = {"form": form, "principal": queries.party_name(who.principal), "section": "my"}
    return render(request, "services/delegate.html", context, status=status)


def _grant(form: SpecForm, who: Actor) -> None:
    given = form.values
    items: set[str] = set()
    if given["scope"] == "some":
        for code in given["events"]:
            items |= {item.basic_code for item in catalog.get_life_event(code).items}
        unknown = []
        for name in filter(None, (line.strip() for line in (given["items"] or "").splitlines())):
            found = {one.definition.basic_code for one in catalog.find_by_name(name) if one.definition.name == name}
            items |= found
            if not found:
                unknown.append(name)
        if unknown:
            message = _("没有找到这些事项：%(names)s") % {"names": "、".join(unknown)}
            raise Invalid(_("请核对事项。"), errors=(FieldError("items", message),))
        if not items:
            raise Invalid(_("请核对事项。"), errors=(FieldError("items", _("请至少选一件事或写一个事项")),))
    acts.grant_delegation(
        Secret(given["name"]),
        Secret(given["contact"]),
        sorted(items),
        given["sign"] == "sign",
        given["last_day"],
        by=who,
        key=form.key,
    )


@require_POST
@signed_in()
def end_delegation(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back a delegation that one gave, or give up one that one holds."""
    who, key = _actor(request), request.POST.get("key", "")
    act = acts.give_up_delegation if request.POST.get("do") == "give_up" else acts.revoke_delegation
    act(pk, by=who, key=key)
    return redirect("services:delegations")


@signed_in()
def acted(request: HttpRequest) -> HttpResponse:
    """Show what others did in my principal's name."""
    who = _actor(request)
    assert who.id is not None
    assert who.principal is not None
    if not queries.may_represent(who.id, who.principal):
        return redirect("services:delegations")
    try:
        page = trail.acted_by_others(who.id, who.principal, request.GET.get("after", ""))
    except BadCursor:
        return redirect("services:acted")
    names = queries.delegate_names([one.delegation for one in page.entries if one.delegation])
    rows = [
        (one, names.get(one.delegation, one.actor) if one.delegation else one.actor, done.said(one.name))
        for one in page.entries
    ]
    context = {"rows": rows, "next": page.next, "principal": queries.party_name(who.principal), "section": "my"}
    return render(request, "services/acted.html", context)


@signed_in()
def access(request: HttpRequest) -> HttpResponse:
    """Show who read my principal's data: agency, number, purpose, matter and time (个人信息保护法 art. 44)."""
    who = _actor(request)
    assert who.id is not None
    assert who.principal is not None
    if not queries.may_represent(who.id, who.principal):
        return redirect("services:delegations")
    checks = request.GET.get("show") != "people"
    after = request.GET.get("after", "")
    ward = _ward(request, who)
    party, known_by = who.principal, queries.numbers_of(who.principal) if not ward else (ward.number,)
    if ward:
        party = sharing.party_of(ward)
        detail = {"guardianship": str(ward.id)}
        record_read(who, name="services.read_ward", person=party and party.id, purpose=_("监护人查看"), detail=detail)
    context: dict[str, Any] = {"tabs": _access_tabs(ward), "tab": "checks" if checks else "people", "section": "my"}
    try:
        context |= _checks(who, party, known_by, after) if checks else _reads(who, party, after)
    except BadCursor:
        return redirect("services:access")
    context |= {"ward": ward, "wards": sharing.wards(who.id), "oneself": who.principal.id == who.id}
    return render(request, "services/access.html", context)


def _ward(request: HttpRequest, who: Actor) -> Ward | None:
    """Return the child whose readings are asked for, if one is. Raises ``NotFound`` for another's, or one of age."""
    given = request.GET.get("child", "")
    return sharing.get_ward(given, who) if given else None


@signed_in(AssuranceLevel.L3)
def children(request: HttpRequest) -> HttpResponse:
    """Find out from the registers whether I am a child's guardian, and go on to who looked at the child's data."""
    who = _actor(request)
    assert who.id is not None
    sharing_acts.check_oneself(who)
    spec = FieldSpec("number", _("孩子的公民身份号码"), FieldKind.CITIZEN_ID, sensitive=True)
    form = SpecForm([spec], request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            found = sharing_acts.confirm_guardianship(Secret(form.values["number"]), by=who, key=form.key)
        except Problem as problem:
            if problem.status == 401:
                raise
            form.add_errors(problem.errors, str(problem.detail))
        else:
            if found:
                return redirect(f"{reverse('services:access')}?child={found}")
            told = _(
                "登记的资料里没有说您是这个孩子的父母或监护人。资料不对，可以去出生医学证明的签发机构或民政部门更正。"
            )
            form.add_errors((FieldError("number", told),), told)
    context = {"form": form, "wards": sharing.wards(who.id), "section": "my"}
    return render(request, "services/children.html", context, status=422 if form.is_bound else 200)


def _access_tabs(ward: Ward | None) -> list[Link]:
    here = reverse("services:access")
    whose = f"?child={ward.id}" if ward else ""
    people = f"{whose}&show=people" if whose else "?show=people"
    return [Link(_("部门核验了什么"), f"{here}{whose}", "checks"), Link(_("谁打开看过"), f"{here}{people}", "people")]


def _reads(who: Actor, party: Party | None, after: str) -> dict[str, Any]:
    if party is None:  # a child whom this platform does not know: nobody can have opened it
        return {"rows": [], "next": ""}
    page = trail.reads_of(party, after)
    numbers = cases.numbers_of(who, [one.case_id for one in page.entries if one.case_id])
    elements = catalog.elements() if any(one.shown for one in page.entries) else {}
    rows = [
        {
            "one": one,
            "roles": [ROLES[role] for role in one.roles],
            "opened": done.opened(one.name),
            "shown": elements.get(one.shown),
            "case": numbers.get(one.case_id) if one.case_id else None,
        }
        for one in page.entries
    ]
    return {"rows": rows, "next": page.next}


def _checks(who: Actor, party: Party | None, known_by: Sequence[str], after: str) -> dict[str, Any]:
    """Return the checks of a party's matters, and about its own number in anybody's."""
    page = sharing.checks_of(party, known_by, after)
    labels = sharing.column_labels(one.dataset for one in page.items)
    numbers = cases.numbers_of(who, [one.case_id for one in page.items if one.case_id])
    items = catalog.item_names({one.item for one in page.items})
    rows = [
        {
            "one": one,
            "roles": [ROLES[role] for role in one.actor_roles],
            "item": items.get(one.item) or sharing_labels.RIGHTS.get(one.item, ""),
            "own": bool(party and one.application_id and one.party_id == party.id),
            "columns": [_asked(labels.get(one.dataset, {}), name) for name in one.fields],
            "case": numbers.get(one.case_id) if one.case_id else None,
        }
        for one in page.items
    ]
    return {"checks": rows, "next": page.next, "saved": sharing.papers_replaced(party) if party else 0}


def _asked(labels: Mapping[str, str], name: str) -> str:
    """Return what was asked, in words: a column, a yes-or-no question, or whether there is a record."""
    if not name:
        return str(_("有没有记录"))
    told = labels.get(name) or labels.get(name.removeprefix("?")) or name.removeprefix("?")
    return _("是不是：%(asked)s") % {"asked": told} if name.startswith("?") else told


@signed_in()
def organisations(request: HttpRequest) -> HttpResponse:
    """List the firms that I stand for; register one whose legal representative I am."""
    who = _actor(request)
    assert who.id is not None
    specs = [
        FieldSpec("uscc", _("统一社会信用代码"), FieldKind.USCC),
        FieldSpec("name", _("单位全称"), FieldKind.TEXT, max_length=160),
    ]
    form = SpecForm(specs, request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                acts.register_organisation(form.values["uscc"], form.values["name"], by=who, key=form.key)
            except Problem as problem:
                if problem.status == 401:
                    raise
                form.add_errors(problem.errors, str(problem.detail))
                status = problem.status
            else:
                return redirect("services:organisations")
    firms = [one for one in queries.standings(who.id) if one.party.kind is PartyKind.ORGANISATION]
    context = {
        "firms": firms,
        "me": mask_name(queries.get_person(who.id).name),
        "form": form,
        "section": "my",
        "principal": who.principal,
    }
    return render(request, "services/organisations.html", context, status=status)
