"""Words for acts, levels, states and alerts, shared by pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from yiwang.platform.oversight.types import AlertKind, BadRatingState, Level, Near

ACTS: dict[str, Any] = {
    "oversight.rate": _("评价服务"),
    "oversight.take_up": _("开始核实差评"),
    "oversight.verify": _("核实差评"),
    "oversight.review": _("复核差评"),
    "oversight.rectify": _("整改差评"),
    "oversight.call_back": _("回访评价人"),
}
LEVELS: dict[Level, Any] = {
    Level.VERY_SATISFIED: _("非常满意"),
    Level.SATISFIED: _("满意"),
    Level.FAIRLY_SATISFIED: _("基本满意"),
    Level.DISSATISFIED: _("不满意"),
    Level.VERY_DISSATISFIED: _("非常不满意"),
}
STATES: dict[BadRatingState, Any] = {
    BadRatingState.RECEIVED: _("待核实"),
    BadRatingState.VERIFYING: _("核实中"),
    BadRatingState.VALID: _("属实"),
    BadRatingState.RECTIFYING: _("整改中"),
    BadRatingState.FED_BACK: _("待回访"),
    BadRatingState.CALLED_BACK: _("已回访"),
    BadRatingState.SECOND_RATING: _("等再次评价"),
    BadRatingState.CLOSED: _("已办结"),
    BadRatingState.INVALID: _("不属实"),
    BadRatingState.APPEAL_REVIEW: _("待复核"),
    BadRatingState.REMOVED: _("已剔除"),
    BadRatingState.KEPT: _("维持"),
}
ALERTS: dict[AlertKind, Any] = {
    AlertKind.SECOND_APPLICATION: _("短期内再次来办同一件事"),
    AlertKind.SECOND_VISIT: _("同一件事跑窗口不止承诺的次数"),
    AlertKind.VERIFY_LATE: _("差评逾期未核实"),
    AlertKind.RECTIFY_LATE: _("差评逾期未整改"),
}
NEAR: dict[Near, Any] = {Near.OVER: _("已超时"), Near.DAY: _("一个工作日内"), Near.SOON: _("快到期")}
