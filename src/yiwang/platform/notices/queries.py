"""Everything that reads messages."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel.paging import Page, more_than, page
from yiwang.kernel.problems import NotFound
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor, Party, PartyKind
from yiwang.platform.identity import queries as identity
from yiwang.platform.notices.models import Delivery, Message, Preference
from yiwang.platform.notices.types import (
    Channel,
    DeliveryState,
    MessageView,
    Preferences,
    QueueState,
    Recipient,
)

SIZE = 20
_KEPT = 15
"""Seconds that a count of unread messages is kept."""


def unread_key(party: Party) -> str:
    """Return the name under which a party's count is kept."""
    return f"notices.unread:{party.id}"


def unread(by: Actor) -> int:
    """Return how many messages of the party acted for are unread, counted to 100; kept for some seconds."""
    if by.principal is None:
        return 0
    name = ":".join([unread_key(by.principal), *sorted(by.items)])
    unread = Message.objects.visible_to(by).filter(read_at__isnull=True)
    return remembered(name, unread[:100].count, _KEPT)


def inbox(
    by: Actor, *, only_unread: bool = False, after: str = "", before: str = ""
) -> tuple[list[MessageView], Page[Message]]:
    """Return one page of the inbox, latest first, with its cursors; one query."""
    rows = Message.objects.visible_to(by)
    if only_unread:
        rows = rows.filter(read_at__isnull=True)
    found = page(rows, ("-id",), SIZE, after=after, before=before)
    return [_view(row) for row in found.items], found


def get_message(pk: uuid.UUID, by: Actor) -> MessageView:
    """Return one message of the inbox."""
    row = Message.objects.visible_to(by).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这条消息。"))
    return _view(row)


def _view(row: Message) -> MessageView:
    content = row.content
    elsewhere = content.get("about", "") if row.about_id != row.recipient_id else ""
    return MessageView(
        row.id, row.kind, content["title"], content["body"], row.link, row.created_at, row.read_at, elsewhere
    )


def preferences(person: uuid.UUID) -> Preferences:
    """Return how a person wants to be told."""
    row = Preference.objects.filter(pk=person).first()
    return Preferences(row.sms, row.mail, row.language, row.mail_to or "") if row else Preferences()


def queues() -> list[QueueState]:
    """Return how each channel's queue stands: four small queries a channel, whatever its length."""
    found = []
    for channel in Channel:
        waiting = Delivery.objects.filter(channel=channel, state=DeliveryState.WAITING)
        given_up = Delivery.objects.filter(channel=channel, state=DeliveryState.GIVEN_UP)
        oldest = waiting.order_by("created_at").first()
        found.append(
            QueueState(
                channel,
                str(more_than(waiting)),
                oldest.created_at if oldest else None,
                str(more_than(given_up)),
                oldest.error if oldest else "",
            )
        )
    return found


def lost(limit: int = 50) -> list[Delivery]:
    """Return destinations that were given up, latest first; to whom and what stays sealed."""
    rows = Delivery.objects.filter(state=DeliveryState.GIVEN_UP).select_related("message")
    return list(rows.defer("destination", "text", "message__content").order_by("channel", "-created_at")[:limit])


def recipients(about: Party, agent: uuid.UUID | None) -> tuple[Recipient, ...]:
    """Return the principal and, where another acts for them, that person; a telephone is rung once."""
    parties = [about]
    if agent is not None and agent != about.id:
        parties.append(Party(PartyKind.PERSON, agent))
    found: list[Recipient] = []
    seen: set[str] = set()
    for party in parties:
        one = _recipient(party)
        found.append(
            Recipient(
                party,
                one.language,
                "" if one.sms in seen else one.sms,
                "" if one.mail in seen else one.mail,
            )
        )
        seen |= {one.sms, one.mail}
    return tuple(found)


def _recipient(party: Party) -> Recipient:
    contact = identity.find_contact(party)
    if contact is None:
        return Recipient(party)
    wish = Preference.objects.filter(pk=contact.person).first() or Preference(person_id=contact.person)
    return Recipient(party, wish.language, contact.phone if wish.sms else "", (wish.mail_to or "") if wish.mail else "")
