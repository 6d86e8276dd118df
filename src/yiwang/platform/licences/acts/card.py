"""一卡通: the holder's social security card opens what they hold at a counter, once they agree."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from yiwang.kernel import limits
from yiwang.kernel.acts import Permission, act, act_on, current
from yiwang.kernel.problems import Invalid
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, Denial, FieldError, Key, PartyKind, Role
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.acts.signing import use_challenge
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences.acts.showing import (
    AGREED,
    ASKED,
    agency_of,
    agreed_inside,
    ask,
    asked,
    begin,
    purpose_of,
)
from yiwang.platform.licences.models import Card, Showing
from yiwang.platform.licences.queries import status_of
from yiwang.platform.licences.types import Consent, LicenceStatus, TrustLevel, Way

COUNTER = Permission(
    name="licences.counter", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.INTAKE, Role.ISSUER})
)
CARDS_A_MINUTE = 10
CHALLENGE = "showing"
"""What a one-time code is for by which a person agrees at a counter."""


@act("licences.read_card", permission=COUNTER)
def read_card(number: Secret, purpose: str, *, by: Actor, key: Key) -> uuid.UUID:
    """Read the card of somebody at the counter, and say what for: it waits for them to agree. Returns the showing's id.

    Raises Invalid for a card that is not known, is not in force or is nobody's here (which of these is not told), for one
    that nobody compared with the original, or without a purpose; TooMany from the eleventh card in a minute on.
    """
    limits.count(f"card:{by.id}", CARDS_A_MINUTE, 60)
    purpose, agency = purpose_of(purpose), agency_of(by)
    index = blind_index(number.reveal(), "card")
    card = Card.objects.select_related("licence__type").filter(number_index=index).first()
    holder = card.licence.principal if card is not None else None
    if (
        card is None
        or holder is None
        or holder.kind is not PartyKind.PERSON
        or status_of(card.licence) is not LicenceStatus.VALID
    ):
        message = _("没有这张卡，或者卡已经挂失、注销。请核对卡号。")
        raise Invalid(message, errors=(FieldError("card", message),))
    if card.licence.trust == TrustLevel.C:
        message = _("这张卡的信息是从纸质档案扫描来的，还没有核对原件，不能用来查看证照。请先核对原件。")
        raise Invalid(message, errors=(FieldError("card", message),))
    row = begin(Way.CARD, holder, None)
    ask(row, agency, purpose, by)
    row.save(force_insert=True)
    current().emit(ASKED, row, way=Way.CARD.value)
    return row.id


def _asked_by_card(showing: Showing) -> Denial | None:
    if showing.way != Way.CARD:
        return Denial("not-by-card", _("对方用手机出示的，请在手机上同意。"))
    return asked(showing)


@act_on("licences.agree_at_counter", Showing.objects.lock, permission=COUNTER, ready=_asked_by_card, announces=AGREED)
def agree_at_counter(
    showing: Showing, consent: Consent, challenge: uuid.UUID | None = None, *, by: Actor, key: Key
) -> datetime:
    """Note that the person at the counter agreed, for today: by a code sent to their telephone (``challenge``), or by
    signing, which the clerk puts on record. Returns when that ends.

    Raises NotFound for a code that was not passed, Invalid for one that was sent to another telephone.
    """
    if consent is Consent.MESSAGE:
        contact = identity.find_contact(showing.principal)
        passed = use_challenge(challenge, CHALLENGE) if challenge else None
        if passed is None or contact is None or passed.phone != contact.phone:
            message = _("验证码不是发到本人手机上的，请重新发送。")
            raise Invalid(message, errors=(FieldError("code", message),))
    elif consent is not Consent.SIGNATURE:
        raise Invalid(_("请选本人怎么同意的。"), errors=(FieldError("consent", _("请选本人怎么同意的。")),))
    current().detail["consent"] = consent.value
    current().purpose = showing.purpose
    return agreed_inside(showing, 0, consent)
