"""The consistency rules of STANDARDS 3.6, numbers 1 to 9 (10 stands in ``limits``, 11 in ``words``), and that of what
becomes of licences that are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from yiwang.platform.catalog.linting.findings import LintContext, LintFinding
from yiwang.platform.catalog.rules import used_files
from yiwang.platform.catalog.types import LICENSING, CaseType, Definition, ResultKind, ServiceObject, StepKind

LICENSING_STEPS = 5
FULL_DEPTH = frozenset(range(1, 8))
_EXAMINING = frozenset(
    {StepKind.PRE_REVIEW, StepKind.REVIEW, StepKind.SITE_VISIT, StepKind.EXPERT_REVIEW, StepKind.AUTO_CHECK}
)
_LEGAL = frozenset(
    {
        ServiceObject.ENTERPRISE,
        ServiceObject.INSTITUTION,
        ServiceObject.SOCIAL_ORGANISATION,
        ServiceObject.UNINCORPORATED,
    }
)
_PHONE = re.compile(r"0\d{2,3}[-－ ]?\d{5,8}(?:[-转]\d{1,6})?|[48]00[- ]?\d{3}[- ]?\d{4}", re.ASCII)


def check(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Check rules 1 to 9."""
    yield from _case_type(definition)
    yield from _result(definition, context)
    yield from _concerned(definition, context)
    yield from _visits(definition)
    yield from _fees(definition)
    yield from _phones(definition)
    yield from _themes(definition, context)
    yield from _licensing(definition)
    yield from _places(definition, context)
    yield from _files(definition, context)


def _case_type(definition: Definition) -> Iterator[LintFinding]:
    """Rule 1: on the spot means 即办件 and 即审即办; otherwise 承诺件 and 前审后批."""
    if not definition.name.strip():
        yield LintFinding("name", "name", _("事项要有名称。"))
    immediate = definition.case_type is CaseType.IMMEDIATE
    if (definition.promised_limit.value == 0) != immediate:
        yield LintFinding(
            "3.6.1",
            "case_type",
            _("承诺时限为当场办结的应为即办件，其余为承诺件。"),
            _("改为承诺件") if immediate else _("改为即办件"),
        )
    if immediate:
        for index, step in enumerate(definition.process):
            if step.days > 0:
                yield LintFinding("3.6.1", f"process.{index}.days", _("即办件即审即办，环节不占工作日。"), _("改为 0"))
    elif definition.process and not any(step.kind in _EXAMINING for step in definition.process):
        yield LintFinding(
            "3.6.1",
            "process",
            _("承诺件前审后批，流程里应有审查环节。"),
            _("在决定前加一个审查环节"),
            blocks=False,
        )


def _result(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Rules 2 and 9: the kind of result goes by its name, and a named result has a sample."""
    result = definition.result
    expected = None
    if result.name.endswith("证"):
        expected = ResultKind.LICENCE
    elif result.name.endswith(("文", "批复")):
        expected = ResultKind.APPROVAL
    if expected is not None and result.kind is not expected:
        yield LintFinding(
            "3.6.2",
            "result.kind",
            _("结果名称以“证”结尾的为证照（出证办结），以“文”或“批复”结尾的为批文。"),
            _("改为证照") if expected is ResultKind.LICENCE else _("改为批文"),
        )
    if result.name and not result.sample:
        yield LintFinding("3.6.9", "result.sample", _("有结果名称的要附结果样本。"), _("上传一份样本"))
    if result.kind is ResultKind.LICENCE and not result.licence_type:
        yield LintFinding(
            "result.type",
            "result.licence_type",
            _("没有对应的证照类型，下次办事不能免交。"),
            _("选一个证照类型"),
            blocks=False,
        )
    if result.licence_type and context.licence_types is not None and result.licence_type not in context.licence_types:
        yield LintFinding("unknown.licence_type", "result.licence_type", _("没有这种证照类型。"))


def _concerned(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """What becomes of licences that are there is said of known types, done by one step, and never left to a rule alone
    where they are somebody else's.
    """
    result = definition.result
    own = [
        name
        for name in ("changes", "ends")
        if result.licence_type in {one.licence_type for one in getattr(result, name)}
    ]
    if len(own) + result.renews > 1:
        yield LintFinding("result.concerned", f"result.{own[0]}", _("同一种证照只能延续、变更、注销换发其中一样。"))
    if (result.renews or result.changes or result.ends) and not any(
        step.kind == StepKind.ISSUE for step in definition.process
    ):
        yield LintFinding(
            "result.concerned",
            "process",
            _("延续、变更或者注销证照，流程里要有制证发证的环节。"),
            _("在决定后加一个制证发证环节"),
        )
    asked = {field.element for section in definition.form for field in section.fields}
    for name in ("changes", "ends"):
        for index, one in enumerate(getattr(result, name)):
            where = f"result.{name}.{index}"
            if not one.licence_type or (
                context.licence_types is not None and one.licence_type not in context.licence_types
            ):
                yield LintFinding("unknown.licence_type", f"{where}.licence_type", _("没有这种证照类型。"))
            for part, element in (("by", one.by), ("holder", one.holder)):
                if element and element not in asked:
                    yield LintFinding("result.concerned", f"{where}.{part}", _("表单里没有这个数据项，认不出证照。"))
            if one.holder and (name == "changes" or definition.decision_by_rule):
                yield LintFinding(
                    "result.concerned",
                    f"{where}.holder",
                    _("别人的证照不能变更；注销的，要由人决定，不能由规则自动决定。"),
                )


def _visits(definition: Definition) -> Iterator[LintFinding]:
    """Rules 3 and 4: visits, their reason, and what is done online."""
    channels = definition.channels
    if channels.visits < 0:
        yield LintFinding("3.6.3", "channels.visits", _("到现场次数不能是负数。"))
    if channels.visits > 0 and not channels.visits_reason.strip():
        yield LintFinding("3.6.3", "channels.visits_reason", _("要到现场的，说明为什么。"))
    if channels.visits == 0 and channels.visits_reason.strip():
        yield LintFinding("3.6.3", "channels.visits_reason", _("不用到现场的，不写到现场的原因。"))
    if channels.visits == 0 and not channels.online and not channels.mail_in:
        yield LintFinding("3.6.3", "channels.mail_in", _("不用到现场又不能网上办的，要能邮寄申请。"), _("开通邮寄申请"))
    depth = frozenset(channels.depth)
    if depth >= FULL_DEPTH and channels.visits != 0:
        yield LintFinding("3.6.4", "channels.visits", _("全程网办的事项不用到现场。"), _("改为 0 次"))
    if not channels.online and depth - {1}:
        yield LintFinding("3.6.4", "channels.depth", _("不能网上办的，网办深度只能是互联网咨询。"))
    if not depth <= frozenset(range(1, 10)):
        yield LintFinding("3.6.4", "channels.depth", _("网上办理深度是 1 至 9。"))


def _fees(definition: Definition) -> Iterator[LintFinding]:
    """Rule 5: what a charge needs; no charge, no payment online."""
    for index, fee in enumerate(definition.fees):
        for name, text, message in (
            ("name", fee.name, _("收费要写明项目。")),
            ("basis", fee.basis, _("收费要写明依据。")),
            ("standard", fee.standard, _("收费要写明标准。")),
        ):
            if not text.strip():
                yield LintFinding("3.6.5", f"fees.{index}.{name}", message)
        if fee.reducible and not fee.reduction.strip():
            yield LintFinding("3.6.5", f"fees.{index}.reduction", _("可以减免的，写明谁可以减免。"), blocks=False)
    if definition.fees and not definition.channels.pay_online:
        yield LintFinding(
            "3.6.5", "channels.pay_online", _("要收费的事项应能网上缴费。"), _("开通网上缴费"), blocks=False
        )
    if not definition.fees and definition.channels.pay_online:
        yield LintFinding("3.6.5", "channels.pay_online", _("不收费的事项不写网上缴费。"), _("改为否"))


def _phones(definition: Definition) -> Iterator[LintFinding]:
    """Rule 6: a number to ask and another to complain, both with area code."""
    for name in ("consult_phone", "complaint_phone"):
        text: str = getattr(definition, name).strip()
        if not text:
            yield LintFinding("3.6.6", name, _("要有电话。"))
        elif not _PHONE.search(text):
            yield LintFinding("3.6.6", name, _("电话要带区号。"), _("区号-号码"))
    one, other = (re.sub(r"\D", "", phone) for phone in (definition.consult_phone, definition.complaint_phone))
    if one and one == other:
        yield LintFinding("3.6.6", "complaint_phone", _("咨询电话和投诉电话不能是同一个。"))


def _themes(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Rule 7: whom it serves and the themes agree."""
    if not definition.serves:
        yield LintFinding("3.6.7", "serves", _("要写明服务对象。"))
        return
    person, legal = ServiceObject.PERSON in definition.serves, bool(_LEGAL & set(definition.serves))
    if person and not definition.person_themes:
        yield LintFinding("3.6.7", "person_themes", _("服务自然人的，要选自然人主题。"))
    if definition.person_themes and not person:
        yield LintFinding("3.6.7", "person_themes", _("不服务自然人的，不选自然人主题。"))
    if legal and not definition.legal_themes:
        yield LintFinding("3.6.7", "legal_themes", _("服务法人的，要选法人主题。"))
    if definition.legal_themes and not legal:
        yield LintFinding("3.6.7", "legal_themes", _("不服务法人的，不选法人主题。"))
    for name, known in (("person_themes", context.person_themes), ("legal_themes", context.legal_themes)):
        if known is None:
            continue
        for index, code in enumerate(getattr(definition, name)):
            if code not in known:
                yield LintFinding("unknown.theme", f"{name}.{index}", _("主题表里没有这个代码。"))


def _licensing(definition: Definition) -> Iterator[LintFinding]:
    """Rule 8: a licensing item answers a question and shows its steps (受理 审核 审批 办结 送达)."""
    if definition.item_type != LICENSING:
        return
    if not definition.faq:
        yield LintFinding("3.6.8", "faq", _("许可事项至少要有一个常见问题。"))
    if len(definition.process) < LICENSING_STEPS:
        yield LintFinding("3.6.8", "process", _("许可事项的流程至少要有 5 个环节。"), _("受理、审核、审批、办结、送达"))


def _places(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    for index, place in enumerate(definition.places):
        if place.centre and context.centres is not None and place.centre not in context.centres:
            yield LintFinding("unknown.centre", f"places.{index}.centre", _("没有这个政务服务中心。"))
        if not place.centre and not place.address:
            yield LintFinding("places", f"places.{index}.address", _("不在政务服务中心的，要写地址。"))
    if definition.channels.in_centre and not definition.places:
        yield LintFinding(
            "places", "places", _("说进驻了大厅，却没有写在哪里。"), _("选一个政务服务中心"), blocks=False
        )


def _files(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """A file that is named must be there: nobody can open a name."""
    if context.samples is None:
        return
    for where, name in used_files(definition):
        if name not in context.samples:
            yield LintFinding("unknown.sample", where, _("没有叫“%(name)s”的样本文件。") % {"name": name}, _("先上传"))
