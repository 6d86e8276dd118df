"""Asking agencies' systems while somebody waits: one call a system, all at once, with a time for the whole.

Nothing of an answer is kept. A system that was late or failed is not asked again for a moment (``REST``): whoever comes next
does not wait for it, too, and is told that it is down.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from yiwang.kernel import clock, codes
from yiwang.kernel.types import PartyKind
from yiwang.platform.sharing import calling, feeding
from yiwang.platform.sharing.connectors import Source, SourceFault
from yiwang.platform.sharing.rules import faults

if TYPE_CHECKING:
    import httpx

REST = 15.0
"""Seconds for which a system that failed is left alone."""
_MOST_AT_ONCE = 64
_MOST_RECORDS = 200
"""Records of a dataset that an answer may hold for each number."""

Record = tuple[Mapping[str, Any], datetime]
"""Values, and since when they are so."""


@dataclass(slots=True)
class Found:
    """What the systems said: records by dataset and number, and which datasets nobody could be asked about."""

    records: dict[tuple[str, str], list[Record]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a dataset that is asked at its source."""

    source: Source
    columns: tuple[str, ...]
    ailing: bool = False
    """Whether it did not answer when it was last looked after."""


_Call = tuple[Any, ...]
"""A system, whom it is asked about, and what: what is the same has the same answer."""
_answers_kept: ContextVar[dict[_Call, dict[str, Any] | None] | None] = ContextVar("answers_kept", default=None)
_resting: dict[str, float] = {}
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_client: httpx.Client | None = None


def ask(wanted: Iterable[Wanted], numbers: Sequence[str], purpose: Mapping[str, str], seconds: float = 0.0) -> Found:
    """Ask the systems about a subject (or members of a family) by these numbers. Never raises.

    ``seconds``: how long may be waited for all of them together; ``YIWANG_ASK_SECONDS`` if it is not said.
    """
    seconds = seconds or settings.YIWANG_ASK_SECONDS
    found = Found()
    systems: dict[tuple[str, str, bool | None], list[Wanted]] = {}
    for one in wanted:
        systems.setdefault((one.source.address, one.source.secret, _kind(one)), []).append(one)
    kept = _answers_kept.get()
    kept = {} if kept is None else kept
    answers: dict[_Call, dict[str, Any] | None] = {}
    calls: dict[_Call, list[Wanted]] = {}
    running: dict[Future[dict[str, Any]], _Call] = {}
    for (address, secret, firms), ones in systems.items():
        about = [number for number in numbers if firms is None or _is_firm(number) is firms]
        call = (address, secret, *about, *((one.source.definition.code, *one.columns) for one in ones))
        if call in kept:
            calls[call], answers[call] = ones, kept[call]
        elif _rests(address):
            found.down |= {one.source.definition.code for one in ones}
        elif not about:  # nobody whom it could know; as far as one can tell
            found.down |= {one.source.definition.code for one in ones if one.ailing}
        else:
            calls[call] = ones
            running[_threads().submit(_ask_one, ones, about, purpose, seconds)] = call
    done, late = wait(running, timeout=seconds)
    for future in late:
        future.cancel()
    for future, call in running.items():
        answers[call] = future.result() if future in done and future.exception() is None else None
        if answers[call] is None:
            _resting[call[0]] = time.monotonic() + REST
    kept |= answers
    for call, answer in answers.items():
        for one in calls[call]:
            if answer is None:
                found.down.add(one.source.definition.code)
            else:
                _take(found, one, answer.get(one.source.definition.code), set(numbers))
    return found


@contextmanager
def once() -> Iterator[None]:
    """Ask each system about the same only once within this: what was asked before an act is not asked again inside it."""
    token = _answers_kept.set({})
    try:
        yield
    finally:
        _answers_kept.reset(token)


def probe(client: httpx.Client, source: Source, seconds: float) -> None:
    """Ask about nobody. Raises ``SourceFault`` if the system does not answer for the dataset."""
    answers = _answers(
        client, source, {"numbers": [], "datasets": {source.definition.code: []}, "purpose": {}}, seconds
    )
    if not isinstance(answers.get(source.definition.code), list):
        raise SourceFault(_("数据源说，这个数据集现在答不了。"))


def forget() -> None:
    """Let every system be asked again at once."""
    _resting.clear()


def _ask_one(
    ones: Sequence[Wanted], numbers: Sequence[str], purpose: Mapping[str, str], seconds: float
) -> dict[str, Any]:
    datasets = {one.source.definition.code: _theirs(one) for one in ones}
    body = {"numbers": list(numbers), "datasets": datasets, "purpose": dict(purpose)}
    return _answers(_http(), ones[0].source, body, seconds)


def _answers(client: httpx.Client, source: Source, body: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    answer = calling.asked(client, source, body=body, seconds=seconds)
    found = answer.get("answers")
    if not isinstance(found, dict):
        raise SourceFault(_("数据源没有按约定回答。"))
    return found


def _take(found: Found, one: Wanted, rows: Any, numbers: set[str]) -> None:
    """Take a dataset's records over: in the form and with the columns that were asked for, of whom was asked about."""
    definition, now = one.source.definition, clock.now()
    if not isinstance(rows, list) or len(rows) > _MOST_RECORDS * len(numbers):
        found.down.add(definition.code)
        return
    kinds = {item.name: item for item in definition.items}
    for row in rows:
        if not isinstance(row, dict) or row.get("number") not in numbers or not isinstance(row.get("values"), dict):
            found.down.add(definition.code)
            return
        (shaped,) = feeding.shaped([{**row["values"], "at": row.get("at")}], one.source.columns, definition.items, now)
        at = _instant(shaped.get("at"), now)
        values = {
            name: shaped[name]
            for name in one.columns
            if shaped.get(name) not in (None, "") and not list(faults(kinds[name], shaped[name], today=clock.today()))
        }
        found.records.setdefault((definition.code, row["number"]), []).append((values, at))


def _instant(text: Any, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return now
    return min(at, now) if at.tzinfo else now


def _theirs(one: Wanted) -> list[str]:
    """Return the wanted columns as the source calls them."""
    names = {to: name for name, to in one.source.columns.items() if to}
    return [names.get(name, name) for name in one.columns]


def _kind(one: Wanted) -> bool | None:
    """Tell whether only numbers of firms (True) or of persons (False) are anything to a dataset: nobody else's are sent."""
    return {PartyKind.ORGANISATION: True, PartyKind.PERSON: False}.get(one.source.definition.subject)


def _is_firm(number: str) -> bool:
    try:
        codes.parse_uscc(number)
    except codes.CodeError:
        return False
    return True


def _rests(address: str) -> bool:
    return time.monotonic() < _resting.get(address, 0.0)


def _threads() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603 (made when first needed: a process that is forked must not inherit threads)
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="asking")
        return _pool


def _http() -> httpx.Client:
    global _client  # noqa: PLW0603 (as above, for connections)
    with _lock:
        if _client is None:
            _client = calling.client()
        return _client
