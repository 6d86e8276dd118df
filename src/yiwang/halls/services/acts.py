"""At a counter: whom a clerk serves, and that they agreed to it."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel.acts import Permission, act, current
from yiwang.kernel.problems import Invalid, NotAllowed
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key, Party, PartyKind, Role
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.types import Standing

CanServe = Permission(name="serve", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.INTAKE}))


@act("services.begin_serving", permission=CanServe)
def begin_serving(person: str, kind: str, party: str, consent: bool, *, by: Actor, key: Key) -> None:
    """Begin to act for somebody who stands at the counter: themselves, or whom they may represent.

    Their consent to be looked up and acted for is recorded (个人信息保护法 art. 13). Raises ``Invalid`` without
    consent, ``NotAllowed`` for a party that the person may not represent.
    """
    if not consent:
        message = _("请先请来人同意查询和代办，再继续。")
        raise Invalid(message, errors=(FieldError("consent", message),))
    wanted = parse_party(kind, party)
    present = parse_party(PartyKind.PERSON, person)
    standing = standing_of(present, wanted)
    record = current()
    record.person_id, record.purpose = present.id, _("窗口接待")
    record.subject_kind, record.subject_id = f"identity.{wanted.kind}", str(wanted.id)
    record.detail |= {"consent": True, "basis": standing.basis}


def standing_of(present: Party, wanted: Party) -> Standing:
    """Return in what capacity who is present may act for a party. Raises ``NotAllowed``."""
    found = next((one for one in identity.standings(present.id) if one.party == wanted), None)
    if found is None:
        raise NotAllowed(_("来人现在不能代表这个主体。"))
    return found


def parse_party(kind: str, party: str) -> Party:
    """Read a party from its two parts. Raises ``Invalid``."""
    try:
        return Party(PartyKind(kind), uuid.UUID(party))
    except ValueError:
        raise Invalid(_("请选择为谁办理。"), errors=(FieldError("party", _("请选一个。")),)) from None
