"""Messages that go no further than this machine.

A line on the console, the whole in a file of the state directory.
"""

from __future__ import annotations

import json
import logging
import os
from typing import ClassVar

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from yiwang.kernel import clock
from yiwang.kernel.plugins import Finding, Level
from yiwang.platform.notices import channels
from yiwang.platform.notices.channels import Sender

log = logging.getLogger(__name__)


class DemoSender(Sender):
    """Writes ``outbox/CHANNEL.jsonl``."""

    label = _("演示：写入文件")
    name: ClassVar[str]

    def check_config(self) -> list[Finding]:
        """Warn wherever somebody might wait for a real message."""
        if settings.YIWANG_DEMO:
            return []
        return [Finding(Level.ERROR, _("演示渠道不会真的发出消息。"))]

    def send(self, to: str, title: str, text: str, key: str) -> None:
        """Append one line; the console shows the words, not the destination."""
        folder = settings.YIWANG_STATE_DIR / "outbox"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = {"at": clock.now().isoformat(), "to": to, "title": title, "text": text, "key": key}
        descriptor = os.open(folder / f"{self.name}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        log.info("notices.demo_sent", extra={"channel": self.name, "text": text})


@channels.sms.register("demo")
class DemoSms(DemoSender):
    """SMS of the demo."""

    name = "sms"


@channels.mail.register("demo")
class DemoMail(DemoSender):
    """Mail of the demo."""

    name = "mail"
