"""All systems at once: forked from one process that has loaded everything, so that forty cost little more than one."""

from __future__ import annotations

import gc
import json
import os
import secrets
import signal
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from yiwang.config.processes import die_with_parent
from yiwang.config.simulate import house, tables
from yiwang.config.simulate.dropping import Dropper, is_dropped
from yiwang.config.simulate.listening import Listener
from yiwang.config.simulate.stores import Store
from yiwang.config.simulate.system import System, serve
from yiwang.config.simulate.tables import Tables, is_table
from yiwang.config.simulate.telling import Teller, is_told
from yiwang.platform.sharing.types import DatasetDefinition

NOTE = "agencies.json"
"""Who runs where, with the tokens; only its owner may read it."""
_BACKLOG = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an agency's system is."""

    agency: str
    datasets: tuple[str, ...]
    port: int
    token: str
    pid: int = 0
    database: str = ""
    """Address of its database, if it has one that the platform may read."""
    user: str = ""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


def places(folder: Path) -> list[Place]:
    """Return where the systems are, or were when they last ran."""
    try:
        rows = json.loads((folder / NOTE).read_text())
    except OSError:
        return []
    return [Place(**{**row, "datasets": tuple(row["datasets"])}) for row in rows]


class Systems:
    """The systems of a folder's stores. Each keeps its port and token; whoever dies is started again on the same socket."""

    def __init__(
        self,
        folder: Path,
        agencies: dict[str, list[str]],
        definitions: dict[str, list[DatasetDefinition]],
        feeds: Path,
        database: str = "",
    ) -> None:
        """``definitions`` are those of each agency; what it brings as files it puts into its folder below ``feeds``, what lies
        in tables beside the platform's ``database``.
        """
        known = {place.agency: place for place in places(folder)}
        self.folder = folder
        self.definitions = definitions
        self.feeds = feeds
        self.listeners: dict[str, socket.socket] = {}
        self.places: dict[str, Place] = {}
        self.children: dict[int, str] = {}
        for agency, datasets in sorted(agencies.items()):
            before = known.get(agency)
            listener = _listening(before.port if before else 0)
            self.listeners[agency] = listener
            self.places[agency] = Place(
                agency=agency,
                datasets=tuple(datasets),
                port=listener.getsockname()[1],
                token=before.token if before else secrets.token_urlsafe(24),
            )
        with_tables = {agency: self.places[agency].token for agency in agencies if self._columns(agency, is_table)}
        self.logins = tables.prepare(database, folder, with_tables) if database else {}
        for agency, login in self.logins.items():
            self.places[agency] = replace(self.places[agency], database=login.address, user=login.user)

    def start(self) -> None:
        """Fork them all and note where they are."""
        gc.collect()
        gc.freeze()
        for agency in self.places:
            self._fork(agency)
        self._note()

    def keep(self, wanted: Callable[[], bool]) -> None:
        """Start again whoever dies, as long as it is ``wanted``."""
        while wanted() and self.children:
            pid, _status = os.wait()
            agency = self.children.pop(pid, None)
            if agency is not None and wanted():
                self._fork(agency)
                self._note()

    def end(self) -> None:
        """End them all."""
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)
        for pid in list(self.children):
            os.waitpid(pid, 0)
        self.children.clear()
        for listener in self.listeners.values():
            listener.close()

    def _fork(self, agency: str) -> None:
        place = self.places[agency]
        parent_is_there = die_with_parent(signal.SIGKILL)
        pid = os.fork()
        if pid:
            self.children[pid] = agency
            return
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            parent_is_there()
            for other, listener in self.listeners.items():
                if other != agency:
                    listener.close()
            store = Store(self.folder / f"{agency}.sqlite")
            desk = house.Desk(agency, store) if house.function_of(agency) in house.LISTENS else None
            dropped, told = self._columns(agency, is_dropped), self._columns(agency, is_told)
            login = self.logins.get(agency)
            system = System(
                agency,
                store,
                self._columns(agency, lambda _one: True),
                place.token,
                desk or Listener(store),
                desk,
                Dropper(store, self.feeds / agency, dropped) if dropped else None,
                Teller(store, told) if told else None,
                Tables(store, login, self._columns(agency, is_table)) if login else None,
            )
            serve(system, self.listeners[agency])
        finally:
            os._exit(1)

    def _columns(self, agency: str, which: Callable[[DatasetDefinition], bool]) -> dict[str, tuple[str, ...]]:
        return {one.code: tuple(item.name for item in one.items) for one in self.definitions[agency] if which(one)}

    def _note(self) -> None:
        pids = {agency: pid for pid, agency in self.children.items()}
        rows = [asdict(place) | {"pid": pids.get(agency, 0)} for agency, place in self.places.items()]
        draft = self.folder / f"{NOTE}.new"
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(rows, ensure_ascii=False))
        draft.replace(self.folder / NOTE)


def _listening(port: int) -> socket.socket:
    """Listen where the system was, or, if somebody else is there now, anywhere."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)
    except OSError:
        return socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
