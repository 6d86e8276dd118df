"""One-time codes by the city's own SMS: what ``notices.sms`` is set to brings them, at once and past the queue."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.plugins import Finding
from yiwang.kernel.problems import Unavailable
from yiwang.platform.identity.ports import CodeSender, code_senders
from yiwang.platform.notices import channels
from yiwang.platform.notices.channels import NotReached, Refused


@code_senders.register("sms")
class SmsCodes(CodeSender):
    """Codes go the way of all messages."""

    label = gettext_lazy("短信验证码")

    def check_config(self) -> list[Finding]:
        """Tell what the channel's plugin tells."""
        return channels.sms.selected().check_config()

    def send(self, phone: str, text: str) -> str:
        """Send it; a code that comes late is worth nothing, so there is no second try."""
        try:
            channels.sms.selected().send(phone, "", text, uuid.uuid4().hex)
        except (NotReached, Refused):
            raise Unavailable(_("短信没有发出去，请过一会儿再试，或换一种登录方式。")) from None
        return ""
