"""Systems that send by themselves: what their agency changes, the platform is told at once (connector ``push``)."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from yiwang.config.environment import ROOT
from yiwang.config.simulate.stores import Store, as_row, fails
from yiwang.platform.sharing.types import DatasetDefinition, SharingMethod, UpdateCycle

log = logging.getLogger(__name__)
QUIET = 240.0
"""Seconds after which a system says that nothing is new."""
_ROWS = 1000
_PAUSE = 1.0
_AFTER_FAILURE = 2.0
_TABLE = "CREATE TABLE IF NOT EXISTS platform (one INTEGER PRIMARY KEY CHECK (one = 1), said TEXT NOT NULL)"


def is_told(definition: DatasetDefinition) -> bool:
    """Tell whether an agency's system sends a dataset: what changes by the minute and may be had whole."""
    return definition.cycle is UpdateCycle.REALTIME and SharingMethod.BULK in definition.methods


def client_library() -> Any:
    """Return the client that agencies get (``clients/python``): it is no part of the platform's own package."""
    source = str(ROOT / "clients" / "python" / "src")
    if source not in sys.path:
        sys.path.append(source)
    import yiwang_client

    return yiwang_client


class Platform:
    """Where the platform is and how it is spoken to, as the system was told."""

    def __init__(self, store: Store) -> None:
        self._path = store.path
        self._client = client_library()
        with closing(sqlite3.connect(self._path, timeout=10)) as line, line:
            line.execute(_TABLE)

    def said(self) -> dict[str, Any]:
        """Return what was said; nothing before anything was."""
        with closing(sqlite3.connect(self._path, timeout=10)) as line:
            row = line.execute("SELECT said FROM platform").fetchone()
            return dict(json.loads(row[0])) if row else {}

    def meet(self, said: Mapping[str, Any]) -> None:
        """Keep it, with what was said before of other things."""
        with closing(sqlite3.connect(self._path, timeout=10)) as line, line:
            line.execute("INSERT OR REPLACE INTO platform VALUES (1, ?)", (json.dumps(self.said() | dict(said)),))

    def client(self, said: Mapping[str, Any]) -> Any:
        """Return a client that gives up soon: there is a next time."""
        return self._client.Client(
            said["base_url"], said["client_id"], said["client_secret"], tries=2, timeout=30.0
        )  # fmt: skip


class Teller:
    """One agency's system that sends; of each dataset it notes up to where the platform has it."""

    def __init__(self, store: Store, columns: Mapping[str, Sequence[str]]) -> None:
        """``columns`` are those of each dataset that is sent."""
        self.store = store
        self.columns = columns
        self.platform = Platform(store)
        self._said_at: dict[str, float] = {}
        self._stir = threading.Event()

    def ask(self, datasets: Sequence[str]) -> None:
        """Send all there is of these from now on."""
        for dataset in datasets:
            if dataset in self.columns:
                self.store.hand_over(dataset, 0)
        self._stir.set()

    def tell_for_ever(self) -> None:
        """Send what is new; what cannot be sent now is sent later."""
        while True:
            self._stir.wait(_PAUSE)
            self._stir.clear()
            try:
                self.tell()
            except Exception as error:
                log.warning("telling.failed", extra={"error": type(error).__name__})
                time.sleep(_AFTER_FAILURE)

    def tell(self) -> int:
        """Send what is new, as far as the system's behaviour lets it; return how many rows."""
        said, sent = self.platform.said(), 0
        behaviour = self.store.behaviour()
        asked = {code: seq for code, seq in self.store.handed_over().items() if code in self.columns}
        going = [code for code in asked if not fails(behaviour, code)]
        if "base_url" not in said or not any(self._is_due(code, asked[code]) for code in going):
            return 0
        time.sleep(behaviour.get("latency", 0) / 1000)
        with self.platform.client(said) as client:
            for code in going:
                sent += self._tell(client, code, asked[code])
        return sent

    def _is_due(self, dataset: str, seq: int) -> bool:
        return self._is_quiet(dataset) or bool(self.store.since(dataset, seq, 1))

    def _is_quiet(self, dataset: str) -> bool:
        return time.monotonic() - self._said_at.get(dataset, -QUIET) >= QUIET

    def _tell(self, client: Any, dataset: str, seq: int) -> int:
        sent = 0
        while rows := self.store.since(dataset, seq, _ROWS):
            said = [as_row(row, self.columns[dataset]) for row in rows]
            # The same rows have the same key: a system that was killed before it noted that they were taken sends them again.
            # Asked for from the beginning once more, they count once more: what the platform had may be gone.
            key = hashlib.sha256(
                json.dumps([self.platform.said().get("round"), said], sort_keys=True).encode()
            ).hexdigest()
            client.push(dataset, said, key=key)
            seq = rows[-1].seq
            self.store.hand_over(dataset, seq)
            sent += len(rows)
        if not sent and self._is_quiet(dataset):
            client.push(dataset, ())
        self._said_at[dataset] = time.monotonic()
        return sent
