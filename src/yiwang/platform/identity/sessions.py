"""What a session knows: the account, how surely it signed in, and for whom it acts. Checked anew at every request."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth import login as django_login
from django.contrib.auth import logout as django_logout
from django.http import HttpRequest

from yiwang.kernel.types import ANONYMOUS, Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries
from yiwang.platform.identity.models import Account

LEVEL, ACTING, FACTOR, SERVING = "level", "acting_for", "second_factor", "serving"
STAFF_BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in(request: HttpRequest, account: Account, level: AssuranceLevel, *, second_factor: bool = False) -> None:
    """Begin a session: a new key, the level reached, acting as oneself."""
    django_login(request, account, backend=STAFF_BACKEND)
    request.session[LEVEL] = int(level)
    request.session[FACTOR] = second_factor
    request.session.pop(ACTING, None)
    request.session.pop(SERVING, None)


def sign_out(request: HttpRequest) -> None:
    """End the session with everything in it: a shared desk shows nothing to the next person."""
    django_logout(request)


def actor_of(request: HttpRequest) -> Actor:
    """Make the actor of a request."""
    account = request.user
    if not account.is_authenticated:
        return Actor(kind=ANONYMOUS.kind, request_id=_request_id(request))
    staff = directory.staff_of_account(account.pk) if account.is_staff else None
    level = AssuranceLevel(request.session.get(LEVEL, 0))
    if staff is not None:
        member, grants = staff
        return Actor(
            kind=ActorKind.STAFF,
            id=member.id,
            label=f"{member.agency_name} {member.number}",
            level=AssuranceLevel.L3,
            door=Door.DESK,
            grants=grants,
            agency=member.agency_path,
            principal=_party(request.session.get(SERVING)),
            request_id=_request_id(request),
            second_factor=bool(request.session.get(FACTOR)),
        )
    if account.person_id is None:
        return Actor(kind=ANONYMOUS.kind, request_id=_request_id(request))
    return _person_actor(request, account.person_id, level)


def _person_actor(request: HttpRequest, person: uuid.UUID, level: AssuranceLevel) -> Actor:
    me = Party(PartyKind.PERSON, person)
    principal, delegation = me, None
    wanted = _party(request.session.get(ACTING))
    if wanted is not None and wanted != me:
        standing = next((one for one in queries.standings(person) if one.party == wanted), None)
        if standing is None:
            request.session.pop(ACTING, None)  # expired or taken back: the session falls back to oneself at once
        else:
            principal, delegation = standing.party, standing.delegation
    return Actor(
        kind=ActorKind.PERSON,
        id=person,
        label="申请人" if delegation is None else "经办人",
        principal=principal,
        delegation=delegation,
        level=level,
        door=Door.PORTAL,
        request_id=_request_id(request),
    )


def act_for(request: HttpRequest, party: Party) -> bool:
    """Change for whom the session acts; False if the person may not."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.id is None or party not in [standing.party for standing in queries.standings(actor.id)]:
        return False
    request.session[ACTING] = [party.kind.value, str(party.id)]
    return True


def serve(request: HttpRequest, party: Party | None) -> None:
    """At a counter: note whom the clerk serves now (with consent), or nobody any more."""
    if party is None:
        request.session.pop(SERVING, None)
    else:
        request.session[SERVING] = [party.kind.value, str(party.id)]


def _party(kept: Any) -> Party | None:
    if not kept:
        return None
    return Party(PartyKind(kept[0]), uuid.UUID(kept[1]))


def _request_id(request: HttpRequest) -> str:
    return str(getattr(request, "request_id", ""))
