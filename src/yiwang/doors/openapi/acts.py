"""Registering and closing clients of the API."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import get_access_token_model, get_application_model

from yiwang.doors.openapi.models import Client
from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act, act_on, current
from yiwang.kernel.api import SCOPES
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key, Role

CanRegister = Permission(
    name="register API clients", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.SECURITY_ADMIN})
)


def _lock(pk: uuid.UUID, by: Actor) -> Client:
    row = Client.objects.select_for_update().filter(pk=pk, closed_at=None).first()
    if row is None:
        raise NotFound(_("没有这个接口客户端。"))
    return row


@act("openapi.register_client", permission=CanRegister)
def register_client(
    name: str,
    client_id: str,
    secret: str,
    scopes: list[str],
    purpose: str,
    *,
    items: Sequence[str] = (),
    agency: uuid.UUID | None = None,
    organisation: uuid.UUID | None = None,
    agent: uuid.UUID | None = None,
    per_minute: int = 600,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Register a system of an agency or of a firm. Returns its id.

    The caller draws ``client_id`` and ``secret``: the answer of an act is kept, and a secret must not be.
    ``purpose`` stands in the record of all that it does; ``items`` (basic codes) limits what it may handle.
    Raises ``Invalid`` for an unknown scope, without a purpose, or unless exactly one owner is named.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise Invalid(_("没有这样的权限。"), errors=(FieldError("scopes", "、".join(unknown)),))
    if not purpose.strip():
        raise Invalid(_("请写明用途。"), errors=(FieldError("purpose", _("请写明这个客户端用来做什么")),))
    if (agency is None) == (organisation is None):
        raise Invalid(_("客户端要么属于一个部门，要么属于一个单位。"))
    model = get_application_model()
    application = model.objects.create(
        name=name,
        client_id=client_id,
        client_secret=secret,
        client_type=model.CLIENT_CONFIDENTIAL,
        authorization_grant_type=model.GRANT_CLIENT_CREDENTIALS,
        skip_authorization=True,
    )
    client = Client.objects.create(
        credentials=application,
        name=name,
        purpose=purpose.strip(),
        items=sorted(set(items)),
        agency_id=agency,
        organisation_id=organisation,
        agent_id=agent,
        scopes=sorted(scopes),
        per_minute=per_minute,
        created_at=clock.now(),
    )
    current().about(client)
    current().purpose = client.purpose
    current().detail.update(scopes=client.scopes, items=client.items)
    return client.id


@act_on("openapi.close_client", _lock, permission=CanRegister)
def close_client(client: Client, *, by: Actor, key: Key) -> None:
    """Close a client: its tokens end at once, and its secret is replaced by one that nobody knows."""
    client.closed_at = clock.now()
    client.save(update_fields=["closed_at"])
    client.credentials.client_secret = generate_client_secret()
    client.credentials.save()
    get_access_token_model().objects.filter(application=client.credentials).delete()
