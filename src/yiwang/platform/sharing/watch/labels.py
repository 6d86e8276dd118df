"""What states of alerts and readings are called."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yiwang.platform.sharing.watch.types import AlertState

STATES: dict[AlertState, str | Promise] = {
    AlertState.OPEN: _("待过问"),
    AlertState.ASKED: _("等部门说明"),
    AlertState.ANSWERED: _("部门已说明"),
    AlertState.EXPLAINED: _("理由成立"),
    AlertState.WRONG: _("违规"),
}
TONES = {
    AlertState.OPEN: "orange",
    AlertState.ASKED: "orange",
    AlertState.ANSWERED: "orange",
    AlertState.EXPLAINED: "green",
    AlertState.WRONG: "red",
}
READINGS: dict[str, str | Promise] = {
    "cases.read": _("打开办件"),
    "cases.read_application": _("打开申请"),
    "cases.read_document": _("打开文书"),
    "cases.read_file": _("打开材料"),
    "identity.find_for_counter": _("按证件号码查人"),
    "licences.read": _("打开证照"),
    "oversight.read_contact": _("查看联系方式"),
    "services.read_client": _("打开来办事的人"),
    "sharing.read_comparison": _("打开核对报告"),
}
"""By the name in the audit trail; what has no word here stands by its name."""
