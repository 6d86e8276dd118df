"""Chinese words for states, results and acts, shared by every page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from yiwang.platform.cases.types import ApplicationState, CaseResult, CaseState, FeeState, Way

STATES: dict[CaseState, Any] = {
    CaseState.SUBMITTED: _("待受理"),
    CaseState.WAITING: _("等前一件办完"),
    CaseState.PRE_REVIEW: _("预审中"),
    CaseState.RETURNED: _("预审退回"),
    CaseState.SUPPLEMENT: _("待补正"),
    CaseState.ACCEPTED: _("已受理"),
    CaseState.CONDITIONAL: _("容缺受理"),
    CaseState.NOT_ACCEPTED: _("不予受理"),
    CaseState.NO_SUPPLEMENT: _("补正不来办结"),
    CaseState.ACCEPTANCE_REVOKED: _("撤销受理"),
    CaseState.IN_PROCESS: _("办理中"),
    CaseState.SUSPENDED: _("暂停计时"),
    CaseState.DECIDED: _("已决定"),
    CaseState.FORWARDED: _("转报办结"),
    CaseState.WITHDRAWN: _("已撤回"),
    CaseState.VOID: _("作废"),
    CaseState.CLOSED: _("已办结"),
    CaseState.DELIVERED: _("已送达"),
    CaseState.ARCHIVED: _("已归档"),
}
APPLICATION_STATES: dict[ApplicationState, Any] = {
    ApplicationState.DRAFT: _("草稿"),
    ApplicationState.SUBMITTED: _("待受理"),
    ApplicationState.ACCEPTED: _("办理中"),
    ApplicationState.CLOSED: _("全部办结"),
    ApplicationState.WITHDRAWN: _("已撤回"),
}
RESULTS: dict[CaseResult, Any] = {
    CaseResult.ISSUED: _("出证办结"),
    CaseResult.RETURNED: _("退回办结"),
    CaseResult.REFUSED: _("不予许可"),
    CaseResult.GRANTED: _("准予"),
    CaseResult.VOIDED: _("作废办结"),
    CaseResult.DELETED: _("删除办结"),
    CaseResult.FORWARDED: _("转报办结"),
    CaseResult.NO_SUPPLEMENT: _("补正不来办结"),
    CaseResult.NOT_ACCEPTED: _("不予受理"),
    CaseResult.NORMAL: _("办结"),
    CaseResult.WITHDRAWN: _("申请人撤回"),
    CaseResult.REVOKED: _("撤销受理"),
}
DOORS: dict[str, Any] = {
    "portal": _("网上"),
    "desk": _("窗口"),
    "kiosk": _("自助终端"),
    "openapi": _("接口"),
    "command": _("批量"),
}
ROLES: dict[str, Any] = {
    "reviewer": _("待审查"),
    "inspector": _("待踏勘"),
    "decider": _("待决定"),
    "issuer": _("待发证"),
}
"""What a list of steps that wait for a role is called."""
ACTS: dict[str, Any] = {
    "cases.start_draft": _("开始填表"),
    "cases.save_answers": _("保存草稿"),
    "cases.set_material": _("选择材料的办法"),
    "cases.add_file": _("上传材料"),
    "cases.remove_file": _("删除材料"),
    "cases.submit": _("提交申请"),
    "cases.accept": _("受理"),
    "cases.accept_all": _("一次受理全部办件"),
    "cases.deem_renewed": _("逾期未决定，视为准予延续"),
    "cases.deem_accepted": _("逾期未告知，视为受理"),
    "cases.request_correction": _("一次性告知补正"),
    "cases.answer_correction": _("提交补正"),
    "cases.lapse_correction": _("逾期未补正"),
    "cases.take": _("接手办理"),
    "cases.complete_step": _("完成环节"),
    "cases.plan_visit": _("约定踏勘日期"),
    "cases.record_visit": _("记录现场踏勘"),
    "cases.decide": _("作出决定"),
    "cases.choose_delivery": _("选择领取方式"),
    "cases.pre_review": _("开始预审"),
    "cases.return_application": _("预审退回"),
    "cases.resubmit": _("重新提交"),
    "cases.refuse_acceptance": _("不予受理"),
    "cases.revoke_acceptance": _("撤销受理"),
    "cases.lapse_conditional": _("容缺材料逾期，撤销受理"),
    "cases.offer_hearing": _("告知听证权利"),
    "cases.suspend": _("启动特别程序"),
    "cases.resume": _("特别程序结束，恢复计时"),
    "cases.extend": _("延长期限"),
    "cases.extend_joint": _("延长并联办理期限"),
    "cases.take_over": _("接手同事的办件"),
    "cases.reassign": _("改派"),
    "cases.recheck": _("重新核验数据"),
    "cases.check_by_hand": _("人工核验"),
    "cases.move_edition": _("换成新版办事指南"),
    "cases.recount": _("按新日历重算期限"),
    "cases.withdraw": _("撤回办件"),
    "cases.withdraw_all": _("撤回申请"),
    "cases.forward": _("转报"),
    "cases.void": _("作废"),
    "cases.deliver": _("送达"),
    "cases.check_commitment": _("核查承诺"),
    "cases.repair_credit": _("信用修复"),
    "cases.warn_of_commitment": _("承诺逾期未核查"),
    "cases.record_payment": _("登记缴费"),
    "cases.reverse_payment": _("冲正缴费"),
    "cases.waive_fee": _("减免收费"),
    "cases.revoke_waiver": _("撤销减免"),
    "cases.archive": _("归档"),
    "cases.discard": _("删除草稿"),
    "cases.make_document": _("制作文书"),
    "cases.keep_opinion": _("保存意见草稿"),
    "cases.check_original": _("核对原件"),
    "cases.add_photo": _("上传现场照片"),
}


_WHO = (gettext_noop("申请人"), gettext_noop("经办人"), gettext_noop("系统"))
"""Who acted, as the audit trail writes it: pages say it in the reader's language."""


def act_label(name: str) -> str:
    """Return what an act is called on a page."""
    return str(ACTS.get(name, name))


WAYS: dict[Way, Any] = {
    Way.ELECTRONIC: _("电子送达"),
    Way.WINDOW: _("窗口领取"),
    Way.MAIL: _("邮寄"),
}
FEE_STATES: dict[FeeState, Any] = {
    FeeState.DUE: _("未缴"),
    FeeState.PART: _("没缴清"),
    FeeState.PAID: _("已缴"),
    FeeState.WAIVED: _("已减免"),
}
