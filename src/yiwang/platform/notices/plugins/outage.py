"""A channel that is always down.

Proves that a message waits for its channel and nobody waits for the message.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yiwang.platform.notices import channels
from yiwang.platform.notices.channels import NotReached, Sender


@channels.sms.register("outage")
@channels.mail.register("outage")
class OutageSender(Sender):
    """Never reaches anybody."""

    label = _("中断的渠道")

    def send(self, to: str, title: str, text: str, key: str) -> None:
        """Fail."""
        raise NotReached("the channel is down")
