"""Calls to the platform: a token that is renewed by itself, tries with growing pauses, keys that make a write happen once."""

from __future__ import annotations

import hashlib
import json
import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

T = TypeVar("T")
Json = dict[str, Any]
ROWS = 1000
"""Rows of one call of ``push``; the platform takes up to ten thousand."""
EVENTS = 500
"""Events of one call of ``publish``, the most that the platform takes."""
EARLY = 30.0
"""Seconds before its end at which a token is renewed."""
LONGEST = 60.0
"""Seconds that one pause grows to."""
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class Refused(Exception):
    """The platform does not do it; ``problem`` is its answer (RFC 9457). Trying again changes nothing."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status} {problem.get('type', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class Failed(Exception):
    """It could not be done in all the tries; do it again later, with the same content and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event to publish: one's own id, what it is about, when it happened (with its offset), and the topic's items."""

    id: str
    subject: str
    at: datetime
    data: Mapping[str, str | int | float | bool | None]


class Client:
    """A registered client of the platform. Close it, or use it in ``with``."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        transport: httpx.BaseTransport | None = None,
        tries: int = 6,
        timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._line = httpx.Client(base_url=base_url, transport=transport, timeout=timeout)
        self._basic = httpx.BasicAuth(client_id, client_secret)
        self._tries = tries
        self._sleep = sleep
        self._token = ""
        self._until = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    # --- data ---

    def datasets(self, **filters: str | int) -> Iterator[Json]:
        """Yield the datasets of the catalogue, page by page; ``filters`` as the API has them (``q``, ``agency`` …)."""
        after = ""
        while True:
            page = self.get("/api/v1/datasets", **filters, after=after)
            yield from page["datasets"]
            after = page["next"]
            if not after:
                return

    def push(self, dataset: str, rows: Iterable[Mapping[str, Any]], *, size: int = ROWS, key: str = "") -> list[Json]:
        """Send rows of a dataset in batches; returns the platform's answer to each, with the rows that it did not take.
        Without rows the platform is told that nothing is new.

        ``key`` names the whole: pushing the same rows again with it, after a crash say, does nothing twice.
        """
        found: list[Json] = []
        whole = key or uuid.uuid4().hex
        for number, batch in enumerate(_batches(rows, size, one_at_least=True)):
            body = {"rows": [dict(row) for row in batch]}
            found.append(self.post(f"/api/v1/datasets/{dataset}/records", body, key=f"{whole}:{number}"))
        return found

    def faults(self, dataset: str, *, limit: int = 200) -> Iterator[Json]:
        """Yield the rows of a dataset that wait to be mended, oldest first: where each stood (``file``, ``line``), the
        dataset's own key, and what is wrong by column. A row goes away when a good one of the same subject and key comes.
        """
        after = ""
        while True:
            page = self.get(f"/api/v1/datasets/{dataset}/faults", limit=limit, after=after)
            yield from page["rows"]
            after = page["next"]
            if not after:
                return

    def check(
        self, case: str, item: str, subjects: Sequence[str], wants: Sequence[Mapping[str, Any]], *, key: str = ""
    ) -> list[Json]:
        """Ask about those whom a running case names; returns an answer for each subject and want."""
        body = {"case": case, "item": item, "subjects": list(subjects), "wants": [dict(one) for one in wants]}
        answers: list[Json] = self.post("/api/v1/checks", body, key=key)["answers"]
        return answers

    # --- events ---

    def topics(self) -> list[Json]:
        """Return the topics that agencies tell each other about."""
        found: list[Json] = self.get("/api/v1/topics")["topics"]
        return found

    def publish(self, topic: str, events: Iterable[Event]) -> int:
        """Publish events in their order; returns how many are new. An event with an id that was published is not again."""
        new = 0
        for batch in _batches(events, EVENTS):
            body = {
                "events": [
                    {"id": one.id, "subject": one.subject, "at": one.at.isoformat(), "data": dict(one.data)}
                    for one in batch
                ]
            }
            # The same events have the same key, so that a crash between two batches is mended by calling again.
            key = hashlib.sha256(json.dumps([topic, body], sort_keys=True).encode()).hexdigest()
            new += int(self.post(f"/api/v1/topics/{topic}/events", body, key=key)["published"])
        return new

    def events_after(self, topic: str, after: int, limit: int = 500) -> tuple[list[Json], int, int]:
        """Return events behind a number, the number to go on from, and the number of the last that there is."""
        page = self.get(f"/api/v1/topics/{topic}/events", after=after, limit=limit)
        return page["events"], int(page["next"]), int(page["last"])

    def keys(self) -> Json:
        """Return the platform's published keys, to verify JWS with."""
        found: Json = self._ask("GET", "/.well-known/jwks.json", token=False).json()
        return found

    # --- the line ---

    def get(self, path: str, **query: str | int) -> Json:
        """Read. Raises ``Refused`` or ``Failed``."""
        found: Json = self._ask(
            "GET", path, params={name: value for name, value in query.items() if value != ""}
        ).json()
        return found

    def post(self, path: str, body: Json, *, key: str = "") -> Json:
        """Write, once however often it is tried. Raises ``Refused`` or ``Failed``."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        found: Json = self._ask("POST", path, json=body, headers=headers).json()
        return found

    def _ask(
        self, method: str, path: str, *, token: bool = True, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        told, renewed = "", False
        for attempt in range(self._tries):
            wanted = 0.0
            try:
                given = {"Authorization": f"Bearer {self._renewed()}"} if token else {}
                answer = self._line.request(method, path, headers={**(headers or {}), **given}, **more)
            except httpx.TransportError as error:
                told = type(error).__name__
            except _Later as later:
                told, wanted = str(later), later.wanted
            else:
                if answer.status_code == 401 and token and not renewed:
                    self._token, renewed = "", True  # it was taken back before its time
                    continue
                if answer.status_code not in _AGAIN:
                    return _good(answer)
                told, wanted = f"HTTP {answer.status_code}", _retry_after(answer)
            if attempt + 1 < self._tries:
                self._sleep(max(min(2.0**attempt, LONGEST) * random.uniform(0.5, 1), wanted))
        raise Failed(f"{method} {path}: {told}")

    def _renewed(self) -> str:
        if self._token and time.monotonic() < self._until:
            return self._token
        answer = self._line.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=self._basic)
        if answer.status_code in _AGAIN:
            raise _Later(f"HTTP {answer.status_code}", _retry_after(answer))
        body = _good(answer).json()
        self._token = str(body["access_token"])
        self._until = time.monotonic() + max(float(body.get("expires_in", 60)) - EARLY, 1.0)
        return self._token


class _Later(Exception):
    def __init__(self, told: str, wanted: float) -> None:
        super().__init__(told)
        self.wanted = wanted


def _good(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    raise Refused(answer.status_code, problem if isinstance(problem, dict) else {})


def _retry_after(answer: httpx.Response) -> float:
    given = answer.headers.get("Retry-After", "")
    return float(given) if given.isascii() and given.isdigit() else 0.0


def _batches(rows: Iterable[T], size: int, *, one_at_least: bool = False) -> Iterator[list[T]]:
    batch: list[T] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch, one_at_least = [], False
    if batch or one_at_least:
        yield batch
