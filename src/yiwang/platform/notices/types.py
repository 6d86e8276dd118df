"""Messages as other rooms and pages see them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from yiwang.kernel.types import Party

DEFAULT_LANGUAGE = "zh-hans"


class Channel(StrEnum):
    """A way to a person besides the inbox, which always has the message."""

    SMS = "sms"
    MAIL = "mail"


class DeliveryState(StrEnum):
    """How a destination stands: still to be reached, reached, or given up."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Text:
    """What is said in one language. ``short`` is the SMS; places in braces are filled from the event."""

    title: str
    body: str
    short: str = ""


@dataclass(frozen=True, slots=True)
class TemplateSpec:
    """The words for one sort of message. Without ``short`` a language sends no SMS."""

    kind: str
    texts: dict[str, Text]
    channels: tuple[Channel, ...] = (Channel.SMS, Channel.MAIL)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose inbox it is, and how else they are reached (an organisation through its legal representative)."""

    party: Party
    language: str = DEFAULT_LANGUAGE
    sms: str = ""
    mail: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell. ``cause`` names the happening: nobody is told of the same one twice."""

    cause: str
    kind: str
    about: Party
    """Whose matter it is."""
    about_name: str
    recipients: tuple[Recipient, ...]
    values: dict[str, dict[str, str]]
    """Language to the values of the template's places."""
    link: str = ""
    at: datetime | None = None
    items: tuple[str, ...] = ()
    """Basic codes of the matter's items: a delegate for some items reads of those only."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message in an inbox.

    ``elsewhere`` names the principal when the matter is another's than the reader's.
    """

    id: uuid.UUID
    kind: str
    title: str
    body: str
    link: str
    created_at: datetime
    read_at: datetime | None
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person wants to be told besides the inbox, and in which language."""

    sms: bool = True
    mail: bool = True
    language: str = DEFAULT_LANGUAGE
    mail_to: str = ""
    """Where mail goes; empty until an address was confirmed."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """One channel's queue.

    How many wait (counted to a cap), since when the oldest, how many were given up.
    """

    channel: Channel
    waiting: str
    oldest: datetime | None
    given_up: str
    last_error: str = field(default="")
