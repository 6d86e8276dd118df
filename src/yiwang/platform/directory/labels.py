"""Words for what the directory holds."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yiwang.kernel.types import Role
from yiwang.platform.directory.types import CounterKind

ROLES = {
    Role.INTAKE: _("窗口受理"),
    Role.REVIEWER: _("审查"),
    Role.INSPECTOR: _("现场核查"),
    Role.DECIDER: _("决定"),
    Role.DISPATCHER: _("调度"),
    Role.ISSUER: _("发证"),
    Role.ITEM_EDITOR: _("事项编辑"),
    Role.ITEM_PUBLISHER: _("事项发布"),
    Role.SUPERVISOR: _("督查"),
    Role.DATA_STEWARD: _("数据管理"),
    Role.DATA_OFFICE: _("数据主管"),
    Role.SYSTEM_ADMIN: _("系统管理员"),
    Role.SECURITY_ADMIN: _("安全管理员"),
    Role.AUDIT_ADMIN: _("审计管理员"),
}
COUNTERS = {CounterKind.GENERAL: _("综合窗口"), CounterKind.SPECIAL: _("专门窗口"), CounterKind.ADVICE: _("咨询台")}
