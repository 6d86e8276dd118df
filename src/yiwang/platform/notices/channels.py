"""Ways out of the house: SMS and mail, each a plugin that takes one message or says why not."""

from __future__ import annotations

from yiwang.kernel.plugins import Plugin, Registry
from yiwang.platform.notices.types import Channel


class NotReached(Exception):
    """The other end did not take it now.

    It is tried again. The text goes into a log: no destination in it.
    """


class Refused(Exception):
    """The other end will never take this one: a wrong number, a closed mailbox."""


class Sender(Plugin):
    """Sends to one destination. ``key`` is the same at each try, so that the other end can drop repeats."""

    def send(self, to: str, title: str, text: str, key: str) -> None:
        """Send, within ten seconds. Raises NotReached or Refused."""
        raise NotImplementedError


sms: Registry[Sender] = Registry("notices.sms")
mail: Registry[Sender] = Registry("notices.mail")
REGISTRIES: dict[Channel, Registry[Sender]] = {Channel.SMS: sms, Channel.MAIL: mail}
