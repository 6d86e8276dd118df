"""What the states of subscriptions and held events are called."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yiwang.platform.sharing.events.types import HeldState, Method, SubscriptionState

STATES: dict[SubscriptionState, str | Promise] = {
    SubscriptionState.REQUESTED: _("等数据主管审核"),
    SubscriptionState.CHECKED: _("等发布方同意"),
    SubscriptionState.REFUSED: _("没有同意"),
    SubscriptionState.ACTIVE: _("推送中"),
    SubscriptionState.PAUSED: _("已暂停"),
    SubscriptionState.QUARANTINED: _("已隔离"),
    SubscriptionState.ENDED: _("已结束"),
}
HELD: dict[HeldState, str | Promise] = {
    HeldState.DUE: _("会自动再发"),
    HeldState.WAITING: _("排在后面"),
    HeldState.REFUSED: _("等人处理"),
}
METHODS: dict[Method, str | Promise] = {
    Method.HMAC: _("HMAC-SHA256（各自的密钥）"),
    Method.JWS: _("JWS（平台公开的公钥）"),
}
