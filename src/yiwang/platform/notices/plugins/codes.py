"""One-time codes of identity go out by the SMS channel of this room: ``{"identity.code_sender": "notices"}``."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.plugins import Finding
from yiwang.kernel.problems import Unavailable
from yiwang.platform.identity.ports import CodeSender, code_senders
from yiwang.platform.notices.channels import NotReached, Refused, sms


@code_senders.register("notices")
class CodesBySms(CodeSender):
    """No row waits for it: a code that is late is worth nothing, so its job tries by itself, and soon."""

    label = gettext_lazy("短信渠道")

    def check_config(self) -> list[Finding]:
        """Look at the SMS channel."""
        return sms.check()

    def send(self, phone: str, text: str, key: str) -> None:
        """Send at once. A number that never works is dropped: nobody may learn that from the page."""
        try:
            sms.selected().send(phone, _("验证码"), text, key)
        except Refused:
            return
        except NotReached as problem:
            raise Unavailable(_("短信暂时发不出去，请过一会儿再试，或换一种方式。")) from problem
