"""What changes messages: telling, sending, reading, wishes."""

from __future__ import annotations

import base64
import json
import logging
import uuid
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from yiwang.kernel import clock, limits
from yiwang.kernel.acts import Permission, act, act_on
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.remembered import forget
from yiwang.kernel.sealed import SealBroken, key_ring
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Denial, FieldError, Key, Role
from yiwang.platform.identity.secret import Secret
from yiwang.platform.notices import rules, tasks
from yiwang.platform.notices.channels import REGISTRIES, NotReached, Refused
from yiwang.platform.notices.models import Delivery, Message, Preference
from yiwang.platform.notices.queries import unread_key
from yiwang.platform.notices.templates import get_template
from yiwang.platform.notices.types import Channel, DeliveryState, Notice, Preferences, Recipient, TemplateSpec

log = logging.getLogger(__name__)
MAIL_LIFE = timedelta(days=1)
"""How long a link confirms an address."""
MAIL_PLACE = "notices.mail_to"
LANGUAGES = frozenset({"zh-hans", "en"})
GIVE_WAY = 3
"""So many failures one after the other, and a channel is left alone until the next run."""

CanRead = Permission(name="read messages", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L1, own=True)
CanChoose = Permission(name="choose channels", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L1)
CanOperate = Permission(
    name="operate channels", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.SYSTEM_ADMIN})
)


def tell(notice: Notice) -> int:
    """Put a notice into its recipients' inboxes and queue what goes outside; returns how many are new.

    Only subscribers call this, inside the delivery of an event; told again, it does nothing.
    """
    spec = get_template(notice.kind)
    made = sum(_tell_one(notice, spec, recipient) for recipient in notice.recipients)
    if made:
        tasks.wake()
    return made


def _tell_one(notice: Notice, spec: TemplateSpec, recipient: Recipient) -> bool:
    language, text = rules.choose(spec, recipient.language)
    values = notice.values[language]
    title, body = rules.fill(text.title, values), rules.fill(text.body, values)
    now = clock.now()
    message, made = Message.objects.get_or_create(
        cause=notice.cause,
        recipient_id=recipient.party.id,
        defaults={
            "kind": notice.kind,
            "recipient_kind": recipient.party.kind.value,
            "about_kind": notice.about.kind.value,
            "about_id": notice.about.id,
            "language": language,
            "items": list(notice.items),
            "content": {"title": title, "body": body, "about": notice.about_name},
            "link": notice.link,
            "created_at": notice.at or now,
        },
    )
    if not made:
        return False
    outside = {Channel.SMS: (recipient.sms, text.short), Channel.MAIL: (recipient.mail, body)}
    Delivery.objects.bulk_create(
        Delivery(
            message=message,
            channel=channel.value,
            destination=destination,
            text=rules.fill(words, values),
            next_try_at=now,
            created_at=now,
        )
        for channel, (destination, words) in outside.items()
        if channel in spec.channels and destination and words
    )
    forget(unread_key(message.principal))
    return True


def send_due(limit: int = 500) -> int:
    """Send what is due, oldest first; returns how many were sent.

    Each row is taken in a transaction of its own that already notes the next try, so the call outside holds
    no lock, and
    a process that dies on the way loses nothing: the row comes due again, under the same key.
    """
    sent = 0
    failures = dict.fromkeys(REGISTRIES, 0)
    for _turn in range(limit):
        open_channels = [channel for channel, count in failures.items() if count < GIVE_WAY]
        row = _take(open_channels)
        if row is None:
            break
        channel = Channel(row.channel)
        if _send(row):
            sent += 1
            failures[channel] = 0
        else:
            failures[channel] += 1
    return sent


def _take(open_channels: list[Channel]) -> Delivery | None:
    now = clock.now()
    with transaction.atomic():
        row: Delivery | None = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("message")
            .filter(state=DeliveryState.WAITING, next_try_at__lte=now, channel__in=open_channels)
            .order_by("next_try_at")
            .first()
        )
        if row is None:
            return None
        row.tries += 1
        row.next_try_at = now + rules.pause(row.tries)
        row.save(update_fields=["tries", "next_try_at"])
    return row


def _send(row: Delivery) -> bool:
    """Send one row and note what came of it; true unless the channel seems to be down."""
    content = row.message.content
    try:
        REGISTRIES[Channel(row.channel)].selected().send(
            row.destination or "", content["title"], row.text or "", str(row.id)
        )
    except Refused as problem:
        row.state, row.error = DeliveryState.GIVEN_UP.value, str(problem)[:200]
    except Exception as problem:  # whatever it is: one message that breaks its plugin must not hold up the others
        row.error = (str(problem) if isinstance(problem, NotReached) else type(problem).__name__)[:200]
        if not isinstance(problem, NotReached):
            log.exception("notices.plugin_failed", extra={"channel": row.channel})
        if rules.gives_up(row.created_at, clock.now()):
            row.state = DeliveryState.GIVEN_UP.value
        row.save(update_fields=["state", "error"])
        return False
    else:
        row.state, row.sent_at, row.error = DeliveryState.SENT.value, clock.now(), ""
    row.save(update_fields=["state", "sent_at", "error"])
    return row.state == DeliveryState.SENT


def _lock(pk: uuid.UUID, by: Actor) -> Message:
    row = Message.objects.visible_to(by).select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这条消息。"))
    return row


@act_on("notices.mark_read", _lock, permission=CanRead)
def mark_read(message: Message, *, by: Actor, key: Key) -> None:
    """Note that a message was read; the first time counts."""
    if message.read_at is None:
        message.read_at = clock.now()
        message.save(update_fields=["read_at"])
        forget(unread_key(message.principal))


@act("notices.mark_all_read", permission=CanRead)
def mark_all_read(*, by: Actor, key: Key) -> int:
    """Note that everything in the inbox was read. Returns how many were not."""
    count = Message.objects.visible_to(by).filter(read_at=None).update(read_at=clock.now())
    if by.principal is not None:
        forget(unread_key(by.principal))
    return count


@act("notices.choose", permission=CanChoose)
def choose(wishes: Preferences, *, by: Actor, key: Key) -> None:
    """Choose channels and language; the inbox always stays. Raises ``Invalid`` for an unknown language.

    Without ``mail_to`` the address is forgotten; a new one is taken by ``ask_mail`` and ``confirm_mail`` only.
    """
    if wishes.language not in LANGUAGES:
        raise Invalid(_("请选一种语言。"), errors=(FieldError("language", _("没有这种语言。")),))
    row, _made = Preference.objects.select_for_update().get_or_create(person_id=by.id)
    row.sms, row.mail, row.language = wishes.sms, wishes.mail, wishes.language
    if not wishes.mail_to:
        row.mail_to = ""
    row.save()


@act("notices.ask_mail", permission=CanChoose)
def ask_mail(address: Secret, *, by: Actor, key: Key) -> None:
    """Send a mail whose link confirms the address, within a day. Raises ``Invalid`` and ``TooMany`` (5 a day)."""
    to = address.reveal().strip()
    try:
        validate_email(to)
    except ValidationError:
        raise Invalid(_("请检查邮箱。"), errors=(FieldError("mail_to", _("邮箱写得不对，请检查。")),)) from None
    limits.count(f"mail:{by.id}", 5, 86_400)
    until = clock.now() + MAIL_LIFE
    token = key_ring().seal(json.dumps([str(by.id), to, until.isoformat()]).encode(), MAIL_PLACE)
    link = (
        f"{settings.BASE_URL}/my/messages/settings/?{urlencode({'confirm': base64.urlsafe_b64encode(token).decode()})}"
    )
    text = _("请点下面的链接，确认这是您的邮箱；一天内有效。不是您本人操作的，不用管这封邮件。\n\n%(link)s") % {
        "link": link
    }
    tasks.ask_by_mail_soon(to, _("确认邮箱"), text, key)


@act("notices.confirm_mail", permission=CanChoose)
def confirm_mail(token: str, *, by: Actor, key: Key) -> None:
    """Have mail sent to the address to which this token was sent. Raises ``Invalid``."""
    to = mail_of(token, by)
    if not to:
        raise Invalid(_("这个链接不对或者过期了，请重新填一次邮箱。"))
    Preference.objects.update_or_create(person_id=by.id, defaults={"mail_to": to, "mail": True})


def mail_of(token: str, by: Actor) -> str:
    """Return the address that a token confirms for this person; nothing where it is no good."""
    try:
        person, to, until = json.loads(key_ring().open(base64.urlsafe_b64decode(token), MAIL_PLACE))
    except (SealBroken, ValueError):
        return ""
    return to if person == str(by.id) and datetime.fromisoformat(until) > clock.now() else ""


def lost(row: Delivery) -> Denial | None:
    """Only what was given up is sent anew."""
    if row.state != DeliveryState.GIVEN_UP:
        return Denial("not-lost", _("这条消息还在发送，或已经送达。"))
    return None


def _lock_delivery(pk: uuid.UUID, by: Actor) -> Delivery:
    row = Delivery.objects.select_for_update().filter(pk=pk).first()
    if row is None or by.kind not in (ActorKind.STAFF, ActorKind.SYSTEM):
        raise NotFound(_("没有这条消息。"))
    return row


@act_on("notices.send_again", _lock_delivery, permission=CanOperate, ready=lost)
def send_again(row: Delivery, *, by: Actor, key: Key) -> None:
    """Put a destination that was given up back into the queue, with its patience renewed."""
    row.state, row.tries, row.error = DeliveryState.WAITING.value, 0, ""
    row.created_at = row.next_try_at = clock.now()
    row.save(update_fields=["state", "tries", "error", "created_at", "next_try_at"])
    tasks.wake()
