"""Identity at the desk: people at the counter, staff and their accounts, absences, the audit trail."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.kernel import audit
from yiwang.kernel.acts import CATALOGUE
from yiwang.kernel.codes import clean, mask_id, mask_name, mask_phone
from yiwang.kernel.fields import FieldKind, Option
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Problem
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, Role
from yiwang.platform.directory import acts as directory
from yiwang.platform.directory import queries as people
from yiwang.platform.directory.desk import field, posted, take
from yiwang.platform.directory.labels import ROLES
from yiwang.platform.identity import acts, queries, trail
from yiwang.platform.identity.counter import find_for_counter
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.types import AccountView, DocumentType
from yiwang.ui.addresses import address, neighbours
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link

app_name = "staff"

DOCUMENTS = {
    DocumentType.CITIZEN_ID: lambda: _("居民身份证"),
    DocumentType.PASSPORT: lambda: _("护照"),
    DocumentType.HK_MACAU_PERMIT: lambda: _("港澳居民来往内地通行证"),
    DocumentType.TAIWAN_PERMIT: lambda: _("台湾居民来往大陆通行证"),
    DocumentType.FOREIGN_RESIDENCE: lambda: _("外国人永久居留身份证"),
}


def links(actor: Actor) -> list[Link]:
    """Return the entries of the desk's rail that the actor may follow."""
    found = []
    if actor.has_role({Role.INTAKE}):
        found.append(Link(_("当面登记"), address("staff:people"), "people"))
    if actor.has_role({Role.SECURITY_ADMIN}):
        found.append(Link(_("人员和岗位"), address("staff:members"), "members"))
    if actor.has_role({Role.AUDIT_ADMIN}):
        found.append(Link(_("审计日志"), address("staff:audit"), "audit"))
    return [*found, Link(_("请假和代班"), address("staff:absence"), "absence")]


def _actor(request: HttpRequest) -> Actor:
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


# --- The counter ---


@staff(Role.INTAKE)
def counter(request: HttpRequest) -> HttpResponse:
    """Find a person by document (the read is logged), or register one who stands here."""
    documents = tuple(Option(kind.value, label()) for kind, label in DOCUMENTS.items())
    document = field("document", _("证件类型"), FieldKind.CHOICE, options=documents)
    number = field("number", _("证件号码"), max_length=40, sensitive=True)
    find_specs = [document, number, field("purpose", _("为什么查"), max_length=100, example=_("代办老年优待证"))]
    agreed = (Option("yes", _("本人在场，已出示证件并签字同意")),)
    accounts = (Option("yes", _("同时开通网上账号（初始密码当面交给本人）")),)
    register_specs = [
        document,
        number,
        field("name", _("姓名"), max_length=60),
        field("phone", _("手机号"), required=False, max_length=20, hint=_("本人的；没有可以不填")),
        field("consent", _("本人同意"), FieldKind.CHOICES, options=agreed),
        field("account", _("网上账号"), FieldKind.CHOICES, required=False, options=accounts),
    ]
    do = request.POST.get("do", "")
    typed = request.POST if do else None
    initial = {"document": DocumentType.CITIZEN_ID.value}
    find_form = SpecForm(find_specs, typed if do == "find" else None, prefix="q", initial=initial)
    form = SpecForm(register_specs, typed if do == "register" else None, prefix="r", initial=initial)
    by, shown, password = _actor(request), None, ""
    found: list[Any] = []

    def find(values: dict[str, Any]) -> None:
        found.append(find_for_counter(DocumentType(values["document"]), values["number"], values["purpose"], by=by))

    def register(values: dict[str, Any]) -> None:
        found.extend(
            acts.register_at_counter(
                Secret(values["name"]),
                values["document"],
                Secret(values["number"]),
                Secret(values["phone"]),
                consent="yes" in values["consent"],
                open_account="yes" in values["account"],
                by=by,
                key=form.key,
            )
        )

    ok = (do == "find" and take(find_form, find)) or (do == "register" and take(form, register))
    if ok and do == "find":
        shown = found[0]
    elif ok:
        shown, password = queries.get_person(found[0]), found[1].reveal()
    context = {
        "find_form": find_form,
        "form": form,
        "asked": ok,
        "registered": ok and do == "register",
        "password": password,
        "person": {
            "name": mask_name(shown.name),
            "number": mask_id(shown.number),
            "phone": mask_phone(shown.phone) if shown.phone else "",
            "level": shown.checked_level,
        }
        if shown
        else None,
        "section": "people",
    }
    return render(request, "identity/desk_people.html", context, status=422 if do and not ok else 200)


# --- The security administrator: staff, roles, accounts ---


@staff(Role.SECURITY_ADMIN)
def members(request: HttpRequest) -> HttpResponse:
    """List staff with roles and how their accounts stand."""
    words, here = request.GET.get("q", "").strip(), address("staff:members")
    try:
        page = people.staff_list(_actor(request), words, request.GET.get("after", ""), request.GET.get("before", ""))
    except BadCursor:
        return redirect(here)
    accounts = queries.staff_accounts([one.account for one in page.items if one.account])
    rows = [(one, accounts.get(one.account), [ROLES[Role(role)] for role in one.view.roles]) for one in page.items]
    context = {
        "rows": rows,
        "q": words,
        **neighbours(here, page, q=words),
        "section": "members",
    }
    return render(request, "identity/desk_members.html", context)


def _member_specs(new: bool) -> list[Any]:
    first = [field("number", _("工号"), max_length=20)] if new else []
    return [
        *first,
        field("name", _("姓名"), max_length=60, hint=_("只给同事看；群众看到的是工号")),
        field("agency", _("部门代码"), max_length=40),
        field("centre", _("大厅代码"), required=False, max_length=40),
        field("counter", _("窗口号"), required=False, max_length=10),
    ]


@staff(Role.SECURITY_ADMIN)
def new_member(request: HttpRequest) -> HttpResponse:
    """Enter a member of staff."""
    form = SpecForm(_member_specs(new=True), posted(request))
    made: list[uuid.UUID] = []

    def save(values: dict[str, Any]) -> None:
        made.append(directory.save_staff(**values, by=_actor(request), key=form.key))

    if take(form, save):
        return redirect("staff:member", pk=made[0])
    context = {"form": form, "title": _("新增工作人员"), "section": "members", "back": address("staff:members")}
    return render(request, "directory/form.html", context, status=422 if form.is_bound else 200)


def _role_specs() -> list[Any]:
    roles = tuple(Option(role.value, str(label)) for role, label in ROLES.items())
    columns = (
        field("role", _("岗位"), FieldKind.CHOICE, options=roles),
        field("agency", _("部门代码"), required=False, max_length=40, hint=_("空着是本部门，* 是不限")),
        field("region", _("区划代码"), required=False, max_length=12, hint=_("空着不限")),
        field("level", _("层级"), FieldKind.INTEGER, required=False, min=0, max=6, hint=_("空着不限")),
        field("items", _("事项基本编码"), required=False, max_length=400, hint=_("用空格分开，空着不限")),
    )
    return [field("roles", _("岗位和范围"), FieldKind.TABLE, required=False, columns=columns, max_rows=20)]


@staff(Role.SECURITY_ADMIN)
def member(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a member of staff: who they are, what they are trusted with, their account."""
    return _member_page(request, pk, secret="")


def _member_page(request: HttpRequest, pk: uuid.UUID, *, secret: str, error: str = "") -> HttpResponse:
    one = people.get_staff(pk, _actor(request))
    do = request.POST.get("do", "")
    codes = {agency.path: agency.code for agency in people.agencies_by_path({grant.agency for grant in one.grants})}
    base = {"name": one.view.name, "agency": one.agency, "centre": one.centre, "counter": one.counter}
    rows = [
        {
            "role": grant.role.value,
            "agency": codes.get(grant.agency, "*") if grant.agency else "*",
            "region": grant.region,
            "level": grant.level or None,
            "items": " ".join(sorted(grant.items)),
        }
        for grant in one.grants
    ]
    typed = request.POST
    form = SpecForm(_member_specs(new=False), typed if do == "base" else None, prefix="b", initial=base)
    is_roles = do == "roles" or typed.get("r-roles-rows") is not None
    roles = SpecForm(_role_specs(), typed if is_roles else None, prefix="r", initial={"roles": rows})
    own = field("number", _("公民身份号码"), FieldKind.CITIZEN_ID, required=False, sensitive=True,
                hint=_("只留一个不能还原的索引，用来发现有人查自己的数据；空着就是去掉"))  # fmt: skip
    number = SpecForm([own], typed if do == "number" else None, prefix="n")
    by = _actor(request)

    def save_number(values: dict[str, Any]) -> None:
        index = blind_index(clean(values["number"]), "citizen_id").hex() if values["number"] else ""
        directory.note_own_number(pk, index, by=by, key=number.key)

    def save(values: dict[str, Any]) -> None:
        directory.save_staff(one.view.number, **values, by=by, key=form.key)

    def save_roles(values: dict[str, Any]) -> None:
        wanted = [{**row, "items": (row["items"] or "").split()} for row in values["roles"] or []]
        directory.set_roles(pk, wanted, by=by, key=roles.key)

    if take(form, save) or take(roles, save_roles) or take(number, save_number):
        return redirect("staff:member", pk=pk)
    account = queries.staff_accounts([one.account])[one.account] if one.account else None
    context = {
        "one": one,
        "form": form,
        "roles": roles,
        "number": number,
        "number_known": one.view.id in people.own_indexes([one.view.id]),
        "account": account,
        "sessions": queries.sessions_of(one.account, "") if one.account else [],
        "self": one.view.id == by.id,
        "account_acts": _account_acts(account) if account else [],
        "secret": secret,
        "error": error,
        "page_errors": bool(error),
        "key": uuid.uuid4().hex,
        "section": "members",
    }
    wrong = error or (form.is_bound and form.errors) or roles.shown_errors or number.shown_errors
    return render(request, "identity/desk_member.html", context, status=422 if wrong else 200)


def _account_acts(account: AccountView) -> list[tuple[str, str]]:
    """Return the acts that can be done to an account, with their words."""
    found = [("sign-out", _("让它全部退出")), ("password", _("换初始密码")), ("factors", _("清除第二重验证"))]
    if account.locked_until:
        found.append(("unlock", _("解锁")))
    return [*found, ("close", _("停用账号")) if account.is_active else ("reopen", _("恢复账号"))]


@require_POST
@staff(Role.SECURITY_ADMIN)
def account_act(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    """Do one of the acts on somebody's account; a new first password is shown once."""
    one = people.get_staff(pk, _actor(request))
    by, key, secret = _actor(request), request.POST.get("key", ""), ""
    try:
        if name == "open" and one.account is None:
            secret = acts.open_staff_account(pk, request.POST.get("login", "").strip(), by=by, key=key).reveal()
        elif one.account is None:
            return redirect("staff:member", pk=pk)
        elif name == "password":
            secret = acts.reset_staff_password(one.account, by=by, key=key).reveal()
        elif name == "factors":
            acts.reset_staff_factors(one.account, by=by, key=key)
        elif name == "unlock":
            acts.unlock_account(one.account, by=by, key=key)
        elif name == "sign-out":
            acts.end_sessions_of_staff(one.account, by=by, key=key)
        elif name in {"close", "reopen"}:
            acts.set_staff_active(one.account, name == "reopen", by=by, key=key)
    except Problem as problem:
        told = "；".join(str(error.message) for error in problem.errors) or str(problem.detail)
        return _member_page(request, pk, secret="", error=told)
    return _member_page(request, pk, secret=secret) if secret else redirect("staff:member", pk=pk)


# --- Absence ---


@staff()
def absence(request: HttpRequest) -> HttpResponse:
    """Note one's own absence and who stands in; a dispatcher or the security administrator may for others."""
    by = _actor(request)
    assert by.id is not None
    me = people.get_staff(by.id)
    specs = [
        field("first", _("从哪天起"), FieldKind.DATE),
        field("last", _("到哪天止（含）"), FieldKind.DATE),
        field(
            "deputy", _("代班人的工号"), required=False, max_length=20, hint=_("同一部门在岗的同事；管理员岗位不能代")
        ),
    ]
    do = request.POST.get("do", "")
    initial = {"first": me.absent_from, "last": me.absent_until, "deputy": me.deputy}
    form = SpecForm(specs, request.POST if do == "set" else None, initial=initial)

    def save(values: dict[str, Any]) -> None:
        directory.set_absence(me.view.id, values["first"], values["last"], values["deputy"], by=by, key=form.key)

    if do == "end":
        directory.set_absence(me.view.id, None, None, "", by=by, key=request.POST.get("key", ""))
    if do == "end" or take(form, save):
        return redirect("staff:absence")
    context = {"form": form, "me": me, "key": uuid.uuid4().hex, "section": "absence"}
    return render(request, "identity/desk_absence.html", context, status=422 if do else 200)


# --- The audit administrator ---


@staff(Role.AUDIT_ADMIN)
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Read the audit trail by filters, newest first; verify its seals."""
    get = request.GET
    filters = trail.TrailFilters(
        kind=get.get("kind", "") if get.get("kind") in {"act", "read", "denied"} else "",
        name=get.get("name", "").strip(),
        actor=get.get("actor", "").strip(),
        subject=get.get("subject", "").strip(),
        first=_day(get.get("first", "")),
        last=_day(get.get("last", "")),
    )
    try:
        page = trail.search(filters, _actor(request), get.get("after", ""))
    except BadCursor:
        return redirect("staff:audit")
    kept = {name: value for name, value in get.items() if name != "after" and value}
    findings = list(audit.verify()) if request.method == "POST" else None
    context = {
        "page": page,
        "filters": get,
        "next": f"?{urlencode(kept | {'after': page.next})}" if page.next else "",
        "names": sorted(CATALOGUE),
        "findings": findings,
        "section": "audit",
    }
    return render(request, "identity/desk_audit.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


urlpatterns = [
    path("people/", counter, name="people"),
    path("staff/", members, name="members"),
    path("staff/new/", new_member, name="new_member"),
    path("staff/<uuid:pk>/", member, name="member"),
    path("staff/<uuid:pk>/account/<slug:name>/", account_act, name="account_act"),
    path("absence/", absence, name="absence"),
    path("audit/", audit_trail, name="audit"),
]
