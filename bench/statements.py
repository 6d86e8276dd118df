"""Which statements a piece of work sends to the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from django.db import connection


class Statements:
    """Keeps the statements of this process's connection, with their values."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def __call__(self, execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        """Keep one and let it pass."""
        self.sent.append((sql, values))
        return execute(sql, values, many, context)

    def watching(self) -> AbstractContextManager[None]:
        """Watch as long as the block lives."""
        return connection.execute_wrapper(self)


def counted(work: Callable[[], Any]) -> Sequence[tuple[str, Any]]:
    """Return what a piece of work sends."""
    statements = Statements()
    with statements.watching():
        work()
    return statements.sent
