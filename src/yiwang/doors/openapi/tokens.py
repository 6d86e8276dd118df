"""From a token to an actor: which client calls, with what scopes, for whom."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from oauth2_provider.models import get_access_token_model
from oauth2_provider.scopes import BaseScopes

from yiwang.doors.openapi.models import Client
from yiwang.kernel import limits
from yiwang.kernel.api import SCOPES
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import NeedsSignIn, NotAllowed, TooMany
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.types import DelegationView

DELEGATION = "Yiwang-Delegation"
"""Header that names the delegation by which the client acts for somebody else."""
RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
"""How the client's rate stands: requests a minute, those left, seconds until it begins anew."""
FAILURES_A_MINUTE = 30
"""How many bad tokens one address may show in a minute."""


class ClientScopes(BaseScopes):  # type: ignore[misc]
    """A client gets the scopes that it is registered with, no others; all of them if it asks for none."""

    def get_all_scopes(self) -> dict[str, str]:
        """Return every scope with its meaning."""
        return SCOPES

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return what this client may ask for."""
        row = Client.objects.filter(credentials=application, closed_at=None).first() if application else None
        return list(row.scopes) if row else []

    def get_default_scopes(self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any) -> list[str]:
        """Return what this client gets without asking."""
        return self.get_available_scopes(application, request)


_TOKEN = Compiled(
    lambda: (
        get_access_token_model()
        .objects.filter(token_checksum=Slot("checksum"))
        .select_related("application__registration__agency")
    )
)


def actor_of(request: HttpRequest) -> Actor:
    """Make the actor of an API request; a session's cookie counts for nothing here.

    One query, two with a delegation.

    Raises ``NeedsSignIn`` for a token that is unknown or over, ``NotAllowed`` for a delegation that cannot be
    used, ``TooMany`` beyond the client's rate.
    """
    request_id = str(getattr(request, "request_id", ""))
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        return Actor(kind=ActorKind.ANONYMOUS, door=Door.OPENAPI, request_id=request_id)
    row = _TOKEN.first(checksum=hashlib.sha256(token.strip().encode()).hexdigest())
    client: Client | None = getattr(row.application, "registration", None) if row is not None else None
    if row is None or client is None or client.closed_at is not None or row.is_expired():
        limits.count(f"api-token:{limits.client_address(request)}", FAILURES_A_MINUTE, 60)
        raise NeedsSignIn(_("访问令牌无效或已过期，请重新取一个。"), code="token-invalid")
    try:
        request.rate = limits.count(f"api:{client.id}", client.per_minute, 60)  # type: ignore[attr-defined]
    except TooMany as refused:
        request.rate = limits.Use(client.per_minute, 0, refused.more["retry_after"])  # type: ignore[attr-defined]
        raise
    return _actor(request, client, frozenset(row.scope.split()), request_id)


def tell_rate(request: HttpRequest, response: HttpResponse) -> None:
    """Put on the answer how the client's rate stands, where a client called."""
    use: limits.Use | None = getattr(request, "rate", None)
    if use is not None:
        for name, value in zip(RATE_HEADERS, (use.limit, use.left, use.reset), strict=True):
            response.headers[name] = str(value)


def _actor(request: HttpRequest, client: Client, scopes: frozenset[str], request_id: str) -> Actor:
    principal = Party(PartyKind.ORGANISATION, client.organisation_id) if client.organisation_id else None
    named = request.headers.get(DELEGATION, "")
    delegation = _delegation(client, named) if named else None
    return Actor(
        kind=ActorKind.CLIENT,
        id=client.id,
        label=client.name,
        principal=delegation.grantor if delegation else principal,
        delegation=delegation.id if delegation else None,
        items=_items(client, delegation),
        may_sign=delegation.may_sign if delegation else True,
        level=AssuranceLevel.L3,
        door=Door.OPENAPI,
        agency=client.agency.path if client.agency else "",
        scopes=scopes,
        purpose=client.purpose,
        request_id=request_id,
    )


def _items(client: Client, delegation: DelegationView | None) -> frozenset[str]:
    """Return what both the client's purpose and the delegation cover; empty does not narrow."""
    sets = [frozenset(one) for one in (client.items, delegation.items if delegation else ()) if one]
    covered: frozenset[str] = frozenset.intersection(*sets) if sets else frozenset()
    if sets and not covered:
        raise NotAllowed(_("这份委托的事项不在客户端登记的用途之内。"), code="outside-delegation")
    return covered


def _delegation(client: Client, named: str) -> DelegationView:
    held = identity.delegations_held(client.agent_id) if client.agent_id else []
    found = next((one for one in held if str(one.id) == named.lower()), None)
    if found is None:
        raise NotAllowed(
            _("这份委托不存在、已到期或已收回，或者不是委托给这个客户端的经办人。"),
            code="delegation-not-valid",
        )
    return found
