"""What everything is called that somebody may do in another's name: the account's own page tells it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from yiwang.platform.cases.labels import ACTS as CASES
from yiwang.platform.oversight.labels import ACTS as OVERSIGHT

ACTS: dict[str, Any] = {
    **CASES,
    **OVERSIGHT,
    "sharing.confirm_guardianship": _("核实监护关系"),
    "sharing.object_to_check": _("问为什么看数据"),
    "sharing.object_to_read": _("问为什么打开信息"),
    "sharing.answer_consent": _("答复是否同意核对"),
    "sharing.object_to_data": _("说数据不对"),
    "identity.add_passkey": _("添加通行密钥"),
    "identity.add_totp": _("添加动态口令"),
    "identity.change_password": _("改密码"),
    "identity.check_code": _("核对验证码"),
    "identity.check_password": _("核对密码"),
    "identity.check_totp": _("核对动态口令"),
    "identity.end_all_sessions": _("退出所有登录"),
    "identity.end_session": _("退出一处登录"),
    "identity.give_up_delegation": _("不再代办"),
    "identity.grant_delegation": _("委托他人"),
    "identity.pass_face_check": _("人脸核验"),
    "identity.raise_organisation": _("提高单位认证等级"),
    "identity.register": _("注册账号"),
    "identity.register_organisation": _("登记单位"),
    "identity.remove_factor": _("删除通行密钥或动态口令"),
    "identity.reset_password": _("重设密码"),
    "identity.revoke_delegation": _("收回委托"),
    "identity.send_code": _("发送验证码"),
    "identity.sign_in": _("登录"),
    "identity.sign_out": _("退出登录"),
    "identity.verify_person": _("核验身份"),
    "licences.agree": _("同意查看证照"),
    "licences.copy": _("制作证照复制件"),
    "licences.decline": _("不同意查看证照"),
    "licences.grant": _("授权部门查看证照"),
    "licences.offer": _("出示证照"),
    "licences.renew_code": _("更换出示码"),
    "licences.take_back": _("收回证照的查看授权"),
    "papers.take_back": _("收回存的材料"),
    "notices.ask_mail": _("登记邮箱"),
    "notices.choose": _("选择通知方式"),
    "notices.confirm_mail": _("确认邮箱"),
    "notices.mark_all_read": _("消息全部标为已读"),
    "notices.mark_read": _("查看消息"),
}

READS: dict[str, Any] = {
    "cases.read": _("办件：表单、材料和经过"),
    "cases.read_application": _("申请：表单和材料"),
    "cases.read_document": _("一份文书"),
    "cases.read_file": _("一份上传的材料"),
    "identity.find_for_counter": _("姓名和账号状态"),
    "licences.read": _("电子证照"),
    "oversight.read_contact": _("联系方式"),
    "papers.read": _("存的材料"),
    "services.read_client": _("窗口代办时的信息"),
    "services.read_ward": _("谁看过孩子的数据"),
    "sharing.read_comparison": _("家庭经济状况核对报告"),
    "sharing.read_objection": _("提出的异议"),
    "sharing.read_past": _("某一天的数据记录"),
}
"""What was opened by a reading, by its name."""


def opened(name: str) -> str:
    """Return what a reading opened; readings by agencies' own systems have one word."""
    return str(READS.get(name, _("部门系统读取的信息")))


def said(name: str) -> str:
    """Return what an act is called; what only staff do, at a counter in somebody's presence, has one word."""
    return str(ACTS.get(name, _("窗口办理")))
