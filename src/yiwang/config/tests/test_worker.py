"""The worker comes back after its database did."""

from __future__ import annotations

import asyncio
import os

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, connections

from yiwang.config.management.commands import worker


class Begun(Exception):
    """The worker would begin to work now."""


def begin(**_options: object) -> None:
    raise Begun


def backend() -> int:
    """Ask the database through the connection of this thread, as a periodic job is deferred."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_database_closed_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PsycopgConnector", begin)

    async def lose_and_begin_again() -> None:
        lost = await sync_to_async(backend)()
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            server.execute("SELECT pg_terminate_backend(%s, 5000)", [lost])
        for _time in range(2):
            with pytest.raises(OperationalError):
                await sync_to_async(backend)()
        with pytest.raises(Begun):
            await worker._work_while_connected(1, None)
        assert await sync_to_async(backend)() != lost
        await sync_to_async(connections.close_all)()

    asyncio.run(lose_and_begin_again())
