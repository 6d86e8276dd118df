"""What a session knows: the account, how surely it signed in, and for whom it acts. Checked anew at every request."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import login as django_login
from django.contrib.auth import logout as django_logout
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from yiwang.kernel import clock
from yiwang.kernel.limits import client_address
from yiwang.kernel.types import ANONYMOUS, Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import acts, again, factors, queries, rules
from yiwang.platform.identity.models import Account
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.types import PersonView, Standing

LEVEL, WAY, ACTING, FACTOR, SERVING = "level", "way", "acting_for", "second_factor", "serving"
BEGAN, SEEN, DUTY = "began", "seen", "duty"
PASSWORD_DUTY, FACTOR_DUTY = "password", "factor"
"""What must be done before anything else: ``DUTY`` holds one of these."""
STAFF_BACKEND = "yiwang.platform.identity.store.AccountBackend"
_TOUCH = 60
"""Seconds between two notes that a session is alive: a write a minute, not one a page."""


@dataclass(frozen=True, slots=True)
class Served:
    """Whom a clerk serves: for whom (``name``), and who stands at the counter (``present``)."""

    name: str
    present: str


def sign_in(
    request: HttpRequest, account: Account, way: AssuranceLevel, *, method: str = "demo", second_factor: bool = False
) -> None:
    """Begin a session: a new key, the level reached, acting as oneself.

    ``way`` is what this way of signing in proves; the person's own checks cap it.
    """
    django_login(request, account, backend=STAFF_BACKEND)
    session, now = request.session, clock.now()
    for name in (ACTING, SERVING, DUTY):
        session.pop(name, None)
    acting = again.resume(request, account.pk)
    if acting:  # as before the session ended; checked anew at every request
        session[ACTING] = acting
    checked = account.person.checked_level if account.person else AssuranceLevel.L3
    session.update({
        LEVEL: int(rules.reached(way, checked)),
        WAY: int(way),
        FACTOR: second_factor,
        BEGAN: now.isoformat(),
        SEEN: now.isoformat(),
    })  # fmt: skip
    duty = _duty(account, second_factor=second_factor)
    if duty and method != "demo":
        session[DUTY] = duty
    _record(request, account, method)


def raise_level(request: HttpRequest, way: AssuranceLevel, *, method: str, second_factor: bool | None = None) -> None:
    """After a step-up: a higher level under a new session key, everything else stays."""
    account = Account.objects.select_related("person").get(pk=request.user.pk)
    session = request.session
    session[WAY] = max(int(way), session.get(WAY, 0))
    checked = account.person.checked_level if account.person else AssuranceLevel.L3
    session[LEVEL] = int(rules.reached(AssuranceLevel(session[WAY]), checked))
    if second_factor is not None:
        session[FACTOR] = second_factor
    renew(request, account, method=method)


def renew(request: HttpRequest, account: Account, *, method: str) -> None:
    """Go on under a new session key, after a step-up or a new password: an old key is worth nothing."""
    before = str(request.session.session_key)
    update_session_auth_hash(request, account)
    request.user = account
    acts.sign_out(account.pk, Secret(before), by=_actor(request), key=f"out:{uuid.uuid4()}")
    _record(request, account, method)


def _duty(account: Account, *, second_factor: bool) -> str:
    old = account.is_staff and rules.password_is_old(account.password_changed_at, clock.now())
    if account.must_change_password or old:
        return PASSWORD_DUTY
    if account.is_staff and not second_factor and not settings.YIWANG_DEMO:
        return FACTOR_DUTY
    return ""


def duty_done(request: HttpRequest) -> None:
    """Look again at what must be done first, after a password was changed or a factor registered."""
    account = Account.objects.get(pk=request.user.pk)
    duty = _duty(account, second_factor=bool(request.session.get(FACTOR)))
    if duty and request.session.get(DUTY):
        request.session[DUTY] = duty
    else:
        request.session.pop(DUTY, None)


def _record(request: HttpRequest, account: Account, method: str) -> None:
    session = request.session
    session.save()
    request.actor = _actor(request)  # type: ignore[attr-defined]
    if request.actor.kind is ActorKind.ANONYMOUS:  # type: ignore[attr-defined]
        return
    acts.record_session(
        account.pk,
        Secret(str(session.session_key)),
        way=method,
        level=session[LEVEL],
        second_factor=bool(session[FACTOR]),
        device=device(request.headers.get("User-Agent", "")),
        address=Secret(client_address(request)),
        by=request.actor,  # type: ignore[attr-defined]
        key=f"in:{uuid.uuid4()}",
    )


def device(agent: str) -> str:
    """Return browser and system in two words, for the owner's list of sessions."""
    browsers = {
        "MicroMessenger": "微信",
        "Edg/": "Edge",
        "Firefox/": "Firefox",
        "Chrome/": "Chrome",
        "Safari/": "Safari",
    }
    systems = {
        "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS",
        "Linux": "Linux",
    }  # fmt: skip
    found = [next((name for mark, name in marks.items() if mark in agent), "") for marks in (browsers, systems)]
    return " · ".join(one for one in found if one)


def sign_out(request: HttpRequest) -> None:
    """End the session with everything in it: a shared desk shows nothing to the next person."""
    actor = actor_of(request)
    if actor.kind in (ActorKind.PERSON, ActorKind.STAFF):
        key = Secret(str(request.session.session_key))
        acts.sign_out(request.user.pk, key, by=actor, key=f"out:{uuid.uuid4()}")
    django_logout(request)


def actor_of(request: HttpRequest) -> Actor:
    """Make the actor of a request. An idle session, or one that is too old, is over."""
    if not request.user.is_authenticated:
        return _anonymous(request)
    now = clock.now()
    began, seen = (datetime.fromisoformat(request.session.get(name) or now.isoformat()) for name in (BEGAN, SEEN))
    if now - seen > rules.IDLE or now - began > rules.SESSION_MAX:
        again.end_session(request, request.session.get(ACTING))
        return _anonymous(request)
    if (now - seen).total_seconds() > _TOUCH:
        request.session[SEEN] = now.isoformat()
    return _actor(request)


def _anonymous(request: HttpRequest) -> Actor:
    return Actor(kind=ANONYMOUS.kind, request_id=_request_id(request))


def _actor(request: HttpRequest) -> Actor:
    account = request.user
    staff = directory.staff_of_account(account.pk) if account.is_staff else None
    if staff is not None:
        member, grants = staff
        second = bool(request.session.get(FACTOR))
        return Actor(
            kind=ActorKind.STAFF,
            id=member.id,
            label=member.label,
            level=AssuranceLevel.L3,
            door=Door.DESK,
            # Nobody holds a role on a password alone: level 3 protection wants two factors, one of them cryptographic.
            grants=grants if second or settings.YIWANG_DEMO else (),
            agency=member.agency_path,
            request_id=_request_id(request),
            second_factor=second,
            **_for_client(request),
        )
    if account.person_id is None:
        return _anonymous(request)
    return _person_actor(request, account.person_id, AssuranceLevel(request.session.get(LEVEL, 0)))


def _person_actor(request: HttpRequest, person: uuid.UUID, level: AssuranceLevel) -> Actor:
    me = Party(PartyKind.PERSON, person)
    standing = None
    wanted = _party(request.session.get(ACTING))
    if wanted is not None and wanted != me:
        standing = next((one for one in queries.standings(person) if one.party == wanted), None)
        if standing is None:  # expired or taken back: the session falls back to oneself at once
            request.session.pop(ACTING, None)
            request.delegation_ended = True  # type: ignore[attr-defined]
    if standing is None:
        return Actor(
            kind=ActorKind.PERSON,
            id=person,
            label="申请人",
            principal=me,
            level=level,
            door=Door.PORTAL,
            request_id=_request_id(request),
        )
    return Actor(
        kind=ActorKind.PERSON,
        id=person,
        label="申请人" if standing.delegation is None else "经办人",
        principal=standing.party,
        delegation=standing.delegation,
        level=min(level, standing.level),
        door=Door.PORTAL,
        request_id=_request_id(request),
        items=standing.items,
        may_sign=standing.may_sign,
    )


def act_for(request: HttpRequest, party: Party) -> bool:
    """Change for whom the session acts; False if the person may not."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.id is None or party not in [standing.party for standing in queries.standings(actor.id)]:
        return False
    request.session[ACTING] = [party.kind.value, str(party.id)]
    return True


def serve(request: HttpRequest, standing: Standing | None, person: PersonView | None = None) -> None:
    """At a counter: note for whom the clerk acts now (with consent) and who stands there, or nobody any more."""
    if standing is None or person is None:
        request.session.pop(SERVING, None)
        return
    request.session[SERVING] = {
        "party": [standing.party.kind.value, str(standing.party.id)],
        "name": standing.name,
        "person": str(person.id),
        "present": person.name,
        "delegated": standing.delegation is not None,
    }


def served(request: HttpRequest) -> Served | None:
    """Return whom the clerk serves now, by name, for the frame of every page."""
    kept = request.session.get(SERVING)
    return Served(kept["name"], kept["present"]) if kept else None


def _for_client(request: HttpRequest) -> dict[str, Any]:
    """Return what serving somebody adds to a clerk as an actor: what their standing does not cover, the clerk cannot do.

    A person for themselves needs no look; any other standing is looked up anew, as for the person at the portal.
    """
    kept = request.session.get(SERVING)
    if not kept:
        return {}
    party = _party(kept["party"])
    if party == Party(PartyKind.PERSON, uuid.UUID(kept["person"])):
        return {"principal": party}
    assert party is not None
    standing = queries.standing(uuid.UUID(kept["person"]), party, delegated=kept.get("delegated", False))
    if standing is None:  # expired or taken back meanwhile
        request.session.pop(SERVING, None)
        return {}
    return {
        "principal": party,
        "delegation": standing.delegation,
        "items": standing.items,
        "may_sign": standing.may_sign,
    }


def has_factor(request: HttpRequest) -> bool:
    """Tell whether the account in the session has a second factor of its own."""
    return factors.has(request.user.pk)


def _party(kept: Any) -> Party | None:
    if not kept:
        return None
    return Party(PartyKind(kept[0]), uuid.UUID(kept[1]))


def _request_id(request: HttpRequest) -> str:
    return str(getattr(request, "request_id", ""))
