"""Which clients are registered, for whoever runs the platform."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from yiwang.doors.openapi.models import Client


@dataclass(frozen=True, slots=True)
class ClientView:
    """A client of the API: whose it is, what for, and what it may."""

    id: uuid.UUID
    name: str
    owner: str
    purpose: str
    items: tuple[str, ...]
    scopes: tuple[str, ...]
    closed: bool


def clients() -> list[ClientView]:
    """Return every client, also the closed ones, oldest first."""
    rows = Client.objects.select_related("agency", "organisation").order_by("created_at")
    return [
        ClientView(
            row.id,
            row.name,
            (row.agency or row.organisation).name,
            row.purpose,
            tuple(row.items),
            tuple(row.scopes),
            row.closed_at is not None,
        )
        for row in rows
    ]
