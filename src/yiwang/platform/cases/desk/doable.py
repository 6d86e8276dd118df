"""Acts that may be done here: one small table from which the case page draws its buttons and forms.

A row names the act, what its button says, its kind and key, and the fields that become the act's arguments by name. An
act that may not be done is absent, and a line says why. Acts on a case that the table does not know are shown all the
same, with fields made from their signature: a new act needs a row only to look its best.
"""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_type_hints

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from yiwang.kernel import clock
from yiwang.kernel.acts import CATALOGUE, Act
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.types import Actor, ActorKind, Denial
from yiwang.platform.cases.casefile import CaseFile
from yiwang.platform.cases.labels import act_label
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.permissions import CanDispatch
from yiwang.platform.cases.shown import FactRow
from yiwang.platform.cases.types import FeeView, MaterialView, PaymentKind, TaskView, Way
from yiwang.platform.catalog.types import StepKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.ui.forms import SpecForm

Words = str | Promise

OPINION = "opinion"
"""Acts that take the opinion written on the page."""

GIVEN_BY_PAGE = frozenset({"step", "version", "by", "key"})
"""Arguments that the page knows by itself."""


@dataclass(frozen=True, slots=True)
class Doable:
    """One act as a button; ``variant`` tells two buttons of one act apart.

    ``text`` names the argument that takes the page's opinion; ``fixed`` are arguments that the button stands for;
    ``wants`` says whether it belongs here at all (a step of another kind is no refusal worth telling).
    """

    act: str
    label: Words
    kind: str = "second"
    key: str = ""
    variant: str = ""
    text: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[FieldSpec, ...] = ()
    hint: Words = ""
    wants: Callable[[CaseFile, Actor], TaskView | bool | None] | None = None
    warns: Callable[[CaseFile], str] | None = None
    """Says what should be thought of before; the button works all the same."""
    preview: str = ""
    """``yes`` or ``no``: the decision that can be looked at before."""
    rare: bool = False
    """Whether it stands folded away under the others."""
    tell: bool = False
    """Whether the page says why, when it may not be done now."""
    points: bool = False
    """Whether it asks for points to correct, drawn by the page."""

    @property
    def slug(self) -> str:
        """Its name in addresses and ids."""
        name = self.act.partition(".")[2].replace("_", "-")
        return f"{name}-{self.variant}" if self.variant else name


@dataclass(frozen=True, slots=True)
class Shown:
    """A button with its form, ready to draw."""

    doable: Doable
    step: str
    form: SpecForm | None
    open: bool
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be done, and why some of it may not."""

    opinion: tuple[Shown, ...]
    others: tuple[Shown, ...]
    rare: tuple[Shown, ...]
    points: tuple[Shown, ...]
    denied: tuple[tuple[Words, str], ...]
    step: TaskView | None
    """The step of mine that is written on."""

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.opinion or self.others or self.rare or self.points)


def _review(case: CaseFile, by: Actor) -> TaskView | None:
    special = (StepKind.DECISION, StepKind.SITE_VISIT, StepKind.DELIVER)
    return next((task for task in case.ready(by) if task.kind not in special), None)


def _nobodys(case: CaseFile, by: Actor) -> bool:
    return case.row.handler_id is None


def _a_colleagues(case: CaseFile, by: Actor) -> bool:
    return case.row.handler_id not in (None, by.id)


def _may_pass_on(case: CaseFile, by: Actor) -> bool:
    return case.row.handler_id == by.id or CanDispatch.allows(by, case.row)


def _served(case: CaseFile, by: Actor) -> bool:
    return by.principal is not None and by.principal == case.row.principal


def _unpaid(case: CaseFile) -> str:
    owed = [
        _("%(fee)s还差 %(left)s 元") % {"fee": one.name, "left": f"{one.left:.2f}"} for one in case.fees if one.left
    ]
    return _("还没缴清：%(owed)s。") % {"owed": _("，").join(owed)} if owed else ""


TABLE: tuple[Doable, ...] = (
    Doable("cases.recheck", later("重查数据源"), "", "r"),
    Doable("cases.accept", later("受理"), "", "g"),
    Doable("cases.pre_review", later("开始预审"), "second"),
    Doable("cases.complete_step", later("通过"), "", "g", "pass", "opinion", {"outcome": "pass"}, wants=_review),
    Doable(
        "cases.complete_step", later("不通过"), "second", "f", "fail", "opinion", {"outcome": "fail"}, wants=_review
    ),
    Doable("cases.decide", later("准予"), "", "g", "grant", "text", {"grant": True}, preview="yes", tell=True),
    Doable("cases.decide", later("不予"), "stop", "d", "refuse", "text", {"grant": False}, preview="no", tell=True),
    Doable("cases.deliver", later("登记送达"), "", "s", warns=_unpaid),
    Doable("cases.record_payment", later("登记缴费"), "second"),
    Doable("cases.waive_fee", later("减免收费"), "second", hint=later("不写金额，就是把还没缴的全部减免。"), rare=True),
    Doable(
        "cases.reverse_payment",
        later("冲正缴费"),
        "second",
        hint=later("记错的缴费不改，用一笔相反的冲掉，再重新登记。"),
        rare=True,
    ),
    Doable("cases.revoke_waiver", later("撤销减免"), "second", rare=True),
    Doable("cases.request_correction", later("一次性告知补正"), "second", "b", points=True, tell=True),
    Doable("cases.return_application", later("预审退回"), "second", points=True),
    Doable("cases.resume", later("恢复计时"), "", "c"),
    Doable("cases.suspend", later("特别程序，暂停计时"), "second", "c"),
    Doable("cases.offer_hearing", later("告知听证权利"), "second", rare=True),
    Doable("cases.extend", later("延长期限（只能一次）"), "second", "e", tell=True),
    Doable("cases.check_commitment", later("核查承诺"), "second", "h"),
    Doable("cases.repair_credit", later("登记信用修复"), "second", rare=True),
    Doable("cases.check_by_hand", later("数据源仍不通，人工核验"), "second", rare=True),
    Doable("cases.take", later("我来办"), "second", "t", wants=_nobodys),
    Doable("cases.take_over", later("接手同事的办件"), "second", "t", wants=_a_colleagues),
    Doable("cases.reassign", later("转交同事"), "second", "m", wants=_may_pass_on, rare=True),
    Doable("cases.forward", later("转报别的部门"), "second", rare=True),
    Doable("cases.withdraw", later("替申请人撤回"), "second", wants=_served, rare=True),
    Doable("cases.refuse_acceptance", later("不予受理"), "stop"),
    Doable("cases.revoke_acceptance", later("撤销容缺受理"), "stop", rare=True),
    Doable("cases.void", later("作废"), "stop", rare=True),
)
"""In the order in which the page shows them."""

_ELSEWHERE = frozenset(
    {
        "cases.plan_visit",
        "cases.record_visit",
        "cases.add_photo",
        "cases.answer_correction",
        "cases.resubmit",
        "cases.keep_opinion",
        "cases.move_edition",
    }
)
"""Acts on a case that have a page of their own."""

_SHORT = frozenset({"approval", "to", "receiver", "tracking", "slip", "payer"})
"""Arguments of one line."""
_MOST_DAYS = {"cases.extend": clock.EXTENSION_MAX, "cases.extend_joint": clock.JOINT_EXTENSION_MAX}
_LABELS: dict[str, Words] = {
    "reason": later("理由和依据"),
    "text": later("内容"),
    "opinion": later("意见"),
    "note": later("说明"),
    "basis": later("依据"),
    "days": later("工作日数"),
    "approval": later("本级人民政府负责人批准的文号"),
    "day": later("日期"),
    "day_on": later("日期"),
    "until": later("到哪一天"),
    "procedure": later("特别程序"),
    "to": later("交给谁"),
    "way": later("送达方式"),
    "receiver": later("签收人"),
    "tracking": later("邮件单号（邮寄时写）"),
    "material": later("承诺的材料"),
    "kept": later("承诺属实吗"),
    "finding": later("怎样核验，结果如何"),
    "result": later("特别程序的结果"),
    "expected_on": later("预计结束日期（听证是举行的日期）"),
    "asked_on": later("哪天申请听证的（听证才填）"),
    "interest": later("涉及谁的什么重大利益"),
    "fee": later("收费项目"),
    "slip": later("缴款单号"),
    "amount": later("金额"),
    "payer": later("缴款人（不写就是申请人）"),
    "entry": later("哪一笔"),
    "entered_wrongly": later("只是录错，要删除"),
}


def choices(
    case: CaseFile, by: Actor, *, failed: str = "", data: QueryDict | None = None, errors: Any = None
) -> Choices:
    """Return what the actor may do on this case now; the form of ``failed`` holds what was posted and what was wrong."""
    opinion: list[Shown] = []
    others: list[Shown] = []
    rare: list[Shown] = []
    points: list[Shown] = []
    denied: dict[str, tuple[Words, str]] = {}
    step: TaskView | None = None
    for doable in (*TABLE, *_unlisted()):
        act = CATALOGUE.get(doable.act)
        if act is None or not _of_staff(act, by):
            continue
        wanted = doable.wants(case, by) if doable.wants else True
        if not wanted:
            continue
        denial = act.denial(case.row, by)
        if denial is not None:
            if doable.tell and _worth_telling(denial):
                denied.setdefault(denial.message, (doable.label, denial.message))
            continue
        found = wanted if isinstance(wanted, TaskView) else None
        if doable.text and found is None:
            found = next((task for task in case.ready(by) if task.kind == StepKind.DECISION), None)
        mine = doable.slug == failed
        form = _form(doable, act, case, data if mine else None)
        if form is not None and mine and errors:
            form.add_errors(errors)
        warning = doable.warns(case) if doable.warns else ""
        shown = Shown(doable, found.step if found else "", form, mine, warning)
        if doable.points:
            points.append(shown)
        elif doable.text:
            step = step or found
            opinion.append(shown)
        else:
            (rare if doable.rare else others).append(shown)
    if not any((opinion, others, rare, points)) and not denied:
        denied[""] = ("", _("这个办件现在不等您的岗位。"))
    return Choices(tuple(opinion), tuple(others), tuple(rare), tuple(points), tuple(denied.values()), step)


def find(slug: str) -> Doable | None:
    """Return the row, or the made-up row, of a slug."""
    return next((one for one in (*TABLE, *_unlisted()) if one.slug == slug), None)


def arguments(doable: Doable, case: CaseFile, data: QueryDict) -> dict[str, Any]:
    """Read the act's arguments from what was posted. Raises ``Unreadable`` with the form, if a field is wrong."""
    act = CATALOGUE[doable.act]
    names = set(inspect.signature(act.body).parameters)
    given: dict[str, Any] = dict(doable.fixed)
    if doable.text:
        given[doable.text] = data.get(OPINION, "")
    if "step" in names:
        given["step"] = data.get("step", "")
    if "version" in names:
        given["version"] = posted_version(data)
    form = _form(doable, act, case, data)
    if form is not None:
        if not form.is_valid():
            raise Unreadable
        given |= form.values
    hints = get_type_hints(act.body)
    return {name: _as(hints.get(name), value) for name, value in given.items() if name in names}


def _as(hint: Any, value: Any) -> Any:
    """Return a form's value as the act's argument: a field left empty is no text, not no value."""
    if hint is str and value is None:
        return ""
    return uuid.UUID(value) if hint is uuid.UUID and value else value


def posted_version(data: QueryDict) -> int | None:
    """Return the version of the case that the page showed."""
    return int(data["version"]) if data.get("version", "").isdigit() else None


class Unreadable(Exception):
    """A field of the act's form is wrong; the page shows it."""


def posted_points(data: QueryDict) -> list[dict[str, str]]:
    """Read the points to correct: those with words."""
    named = zip(data.getlist("target"), data.getlist("label"), data.getlist("message"), strict=False)
    return [
        {"target": target, "label": label, "message": message.strip()}
        for target, label, message in named
        if message.strip() and target.partition(":")[0] in ("field", "material")
    ]


@dataclass(frozen=True, slots=True)
class PointField:
    """One thing that a correction can name, with what was typed about it."""

    id: str
    target: str
    label: str
    message: str = ""


def named_points(
    materials: Sequence[MaterialView], facts: Sequence[FactRow], data: QueryDict | None = None, prefix: str = "point"
) -> list[PointField]:
    """Return what a correction can name: the materials and the data that the applicant gave."""
    typed = {one["target"]: one["message"] for one in posted_points(data)} if data else {}
    given = (FactState.GIVEN, FactState.COMMITTED, FactState.DEFERRED)
    targets = [(f"material:{one.identity}", one.name) for one in materials if one.state in given]
    targets += [(f"field:{row.element}", row.label) for row in facts if row.state == FactState.GIVEN]
    return [
        PointField(f"{prefix}-{number}", target, label, typed.get(target, ""))
        for number, (target, label) in enumerate(targets, 1)
    ]


def _form(doable: Doable, act: Act[Any, Any], case: CaseFile, data: QueryDict | None) -> SpecForm | None:
    specs = [_with_options(doable.act, spec, case) for spec in doable.fields or made(doable, act)]
    return SpecForm(specs, data, prefix=doable.slug) if specs else None


def made(doable: Doable, act: Act[Any, Any]) -> list[FieldSpec]:
    """Make fields from the act's signature, for arguments that nothing else gives."""
    if doable.points:
        return []
    hints = get_type_hints(act.body)
    specs = []
    for number, parameter in enumerate(inspect.signature(act.body).parameters.values()):
        name = parameter.name
        if number == 0 or name in GIVEN_BY_PAGE or name in doable.fixed or name == doable.text:
            continue
        required = parameter.default is inspect.Parameter.empty
        spec = _spec(name, hints.get(name), required=required)
        if spec is not None:
            most = _MOST_DAYS.get(act.name) if name == "days" else None
            specs.append(replace(spec, hint=_("最多 %(most)d 个工作日") % {"most": most}) if most else spec)
    return specs


def _spec(name: str, kind: Any, *, required: bool) -> FieldSpec | None:
    kinds = {
        str: FieldKind.TEXT if name in _SHORT else FieldKind.LONG_TEXT,
        uuid.UUID: FieldKind.TEXT,
        int: FieldKind.INTEGER,
        bool: FieldKind.BOOLEAN,
        Decimal: FieldKind.MONEY,
        date: FieldKind.DATE,
    }
    kind = next((one for one in get_args(kind) if one is not NoneType), kind)
    found = kinds.get(kind)
    if found is None:
        return None
    spec = FieldSpec(
        name, str(_LABELS.get(name, name)), found, required=required, max_length=1000 if kind is str else 0
    )
    return replace(spec, min=Decimal(1)) if kind is int else spec


def _with_options(act: str, spec: FieldSpec, case: CaseFile) -> FieldSpec:
    """Give a field the choices that it stands for in this act."""
    options: list[Option] = []
    if (act, spec.name) == ("cases.suspend", "procedure"):
        published = [Option(one.code, one.name) for one in case.edition.definition.special_procedures]
        hearing = [] if any(one.value == "hearing" for one in published) else [Option("hearing", _("听证"))]
        options = published + hearing
    elif (act, spec.name) == ("cases.reassign", "to"):
        found = directory.colleagues(case.view.agency_path)
        options = [Option(str(one.id), f"{one.number} · {one.agency_name}") for one in found]
    elif (act, spec.name) == ("cases.deliver", "way"):
        options = [Option(Way.WINDOW, _("窗口领取")), Option(Way.MAIL, _("邮寄"))]
    elif (act, spec.name) == ("cases.check_commitment", "material"):
        open_ = [one.material for one in case.row.post_checks.all() if one.state == "open"]
        options = [Option(one, one) for one in open_]
    elif spec.name == "fee":
        options = [
            Option(one.name, one.name, hint=_owed(one))
            for one in case.fees
            if one.left != 0 and (one.reducible or act != "cases.waive_fee")
        ]
    elif spec.name == "entry":
        kind = PaymentKind.WAIVED if act == "cases.revoke_waiver" else PaymentKind.PAID
        options = [
            Option(
                str(one.id), _("%(fee)s %(amount)s 元") % {"fee": one.fee, "amount": f"{one.amount:.2f}"}, hint=one.slip
            )
            for one in case.payments
            if one.kind is kind and one.stands
        ]
    return replace(spec, kind=FieldKind.CHOICE, options=tuple(options), max_length=0) if options else spec


def _owed(fee: FeeView) -> str:
    return fee.standard if fee.left is None else _("还差 %(left)s 元") % {"left": f"{fee.left:.2f}"}


def _unlisted() -> list[Doable]:
    listed = {one.act for one in TABLE} | _ELSEWHERE
    return [
        Doable(name, act_label(name))
        for name, act in CATALOGUE.items()
        if name.startswith("cases.") and name not in listed and act.on == Case.objects.lock
    ]


def _of_staff(act: Act[Any, Any], by: Actor) -> bool:
    return ActorKind.STAFF in act.permission.kinds and by.has_role(act.permission.roles)


def _worth_telling(denial: Denial) -> bool:
    return denial.code not in ("not-allowed", "sign-in-needed")
