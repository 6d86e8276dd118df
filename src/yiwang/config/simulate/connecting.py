"""The platform's side: every dataset of a simulated agency gets a feed from its system."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from yiwang.config.simulate import house
from yiwang.config.simulate.dropping import is_dropped
from yiwang.config.simulate.listening import Listening
from yiwang.config.simulate.running import Place
from yiwang.config.simulate.tables import is_table
from yiwang.config.simulate.telling import is_told
from yiwang.doors.openapi import queries as openapi
from yiwang.doors.openapi.acts import close_client, register_client
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import SYSTEM
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import queries
from yiwang.platform.sharing.acts import approve_subscription, end_subscription, pass_subscription, save_feed, subscribe
from yiwang.platform.sharing.acts.subscribing import MONTHS
from yiwang.platform.sharing.events import queries as events
from yiwang.platform.sharing.events.types import Method, SubscriptionState
from yiwang.platform.sharing.types import DatasetDefinition, FeedSpec, RecordSpec, SharingMethod, UpdateCycle

_PLAIN: dict[str, Any] = {"timeout": 10, "trust_env": False, "verify": False}
"""Systems are on this machine, without TLS: no proxy of the environment stands between."""

_EVENTS = "/events"
_GOING = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED, SubscriptionState.QUARANTINED)


def connect(places: Sequence[Place], base_url: str = "") -> int:
    """Give every dataset the feed that it has to have; return how many feeds had to be said anew.

    What changes by the minute is sent by its system, or, if it may only be asked about, asked at its source; what changes by
    the week is read from the agency's database, what changes seldom comes as files; all else is read from its system.
    Nothing is sent where the platform has no address (``base_url``) yet.
    """
    said = 0
    sent: dict[str, list[str]] = {}
    known = queries.feed_addresses()
    definitions = queries.definitions(code for place in places for code in place.datasets)
    for place in places:
        for code in place.datasets:
            if code not in definitions:
                continue
            spec = _spec(place, definitions[code], reached=bool(base_url))
            if known.get(code) != (spec.connector, spec.address):
                save_feed(queries.id_of(code), spec, by=SYSTEM, key=f"simulate:{code}:{spec.address}:{time.time_ns()}")
                if spec.connector == "file_drop":
                    _post(place, "/drop", {"dataset": code})
                elif spec.connector == "push":
                    sent.setdefault(place.agency, []).append(code)
                said += 1
    for place in places:
        if base_url and any(is_told(definitions[code]) for code in place.datasets if code in definitions):
            told = _client(place) | {"base_url": base_url, "datasets": sent.get(place.agency, [])}
            _post(place, "/platform", told | ({"round": uuid.uuid4().hex} if place.agency in sent else {}))
    return said


def connect_house(places: Sequence[Place], base_url: str) -> list[Place]:
    """Let the desks of a house publish and be told of each other's events; return them. They are told where the platform is
    each time; what was registered before stays.
    """
    desks = [place for place in places if house.function_of(place.agency) in house.LISTENS]
    topics = {topic.definition.code for topic in events.topics()}
    desks = [desk for desk in desks if house.PUBLISHES[house.function_of(desk.agency)] in topics]
    for desk in desks:
        _post(desk, "/platform", _client(desk) | {"base_url": base_url})
        listen(desk, house.LISTENS[house.function_of(desk.agency)], "二手房交易，不再让当事人重复填报")
    return desks


def connect_listeners(root: Path, places: Sequence[Place]) -> int:
    """Let systems be told of what the pack says that they listen to; return how many do."""
    pack, known = Pack(root), {place.agency: place for place in places}
    wanted = [
        (known[agency], one)
        for one in pack.rows("listening.yaml", Listening)
        for agency in one.agencies
        if agency in known
    ]
    pack.stop_if_faulty()
    for place, one in wanted:
        listen(place, [one.topic], one.purpose)
    return len(wanted)


def listen(place: Place, topics: Sequence[str], why: str) -> None:
    """Let a system be told of the events of topics, unless it is."""
    told = _get(place, "/platform").get("secrets", {})
    _post(place, "/platform", {"secrets": told | {topic: _subscribed(place, topic, why) for topic in topics}})


def _client(place: Place) -> dict[str, str]:
    """Register a system that sends rows or events, unless it was and knows its secret; return identity and secret."""
    agency = directory.get_agency(place.agency)
    name = f"{agency.name}业务系统（模拟）"
    registered = [one for one in openapi.clients() if one.name == name and not one.closed]
    known = _get(place, "/platform")
    if registered and "client_id" in known:
        return {one: known[one] for one in ("client_id", "client_secret")}
    for one in registered:
        close_client(one.id, by=SYSTEM, key=uuid.uuid4().hex)
    client_id, client_secret = f"agency-{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    scopes, why = ["data:write", "data:publish"], "送数据、发布事件（模拟）"
    register_client(name, client_id, client_secret, scopes, why, agency=agency.id, by=SYSTEM, key=client_id)
    return {"client_id": client_id, "client_secret": client_secret}


def _subscribed(place: Place, topic: str, why: str) -> str:
    """Subscribe a system to a topic, unless it is; return the secret."""
    address, agency = f"{place.url}{_EVENTS}", directory.get_agency(place.agency)
    mine = [one for one in events.subscriptions(SYSTEM, 100, topic=topic).items if one.address.endswith(_EVENTS)]
    mine = [one for one in mine if one.agency_path == agency.path and one.state in _GOING]
    for one in mine:
        if one.address != address:  # its port was taken by somebody else
            end_subscription(one.id, by=SYSTEM, key=uuid.uuid4().hex)
    pk = next((one.id for one in mine if one.address == address), None)
    if pk is None:
        pk = subscribe(topic, place.agency, address, Method.HMAC, why, by=SYSTEM, key=uuid.uuid4().hex)
        pass_subscription(pk, by=SYSTEM, key=uuid.uuid4().hex)
        approve_subscription(pk, MONTHS, by=SYSTEM, key=uuid.uuid4().hex)
    return events.secrets_of(pk, SYSTEM)[0]


def sign(desk: Place, contract: Mapping[str, str]) -> str:
    """Sign a contract at housing's desk; return its number."""
    return str(_post(desk, "/contracts", contract)["contract"])


def contracts(desk: Place) -> dict[str, Any]:
    """Return what a desk knows of each contract."""
    return _get(desk, "/contracts")


def _get(place: Place, path: str) -> dict[str, Any]:
    answer = httpx.get(f"{place.url}{path}", headers={"Authorization": f"Bearer {place.token}"}, **_PLAIN)
    return dict(answer.raise_for_status().json())


def _post(place: Place, path: str, said: Mapping[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{place.url}{path}", json=said, headers={"Authorization": f"Bearer {place.token}"}, **_PLAIN)
    return dict(answer.raise_for_status().json())


def _spec(place: Place, definition: DatasetDefinition, *, reached: bool) -> FeedSpec:
    if definition.cycle is UpdateCycle.REALTIME and definition.methods == (SharingMethod.CHECK,):
        return FeedSpec(connector="http_ask", address=f"{place.url}/ask", secret=place.token)
    if is_dropped(definition):
        return FeedSpec(connector="file_drop", settings={"quiet": 0})  # each is put down whole
    if reached and is_told(definition):
        return FeedSpec(connector="push")
    if is_table(definition) and place.database:
        how = {"user": place.user, "schema": place.user, "table": definition.code, "change": "row_seq"}
        return FeedSpec(
            connector="sql_pull", address=place.database, settings=how, columns={"row_id": ""}, secret=place.token
        )
    return FeedSpec(connector="http_pull", address=f"{place.url}/rows/{definition.code}", secret=place.token)


def behave(place: Place, **said: Any) -> dict[str, Any]:
    """Tell a system how to behave (see ``system``)."""
    return _post(place, "/behave", said)


def is_up(place: Place) -> bool:
    """Tell whether a system answers."""
    try:
        return httpx.get(f"{place.url}/healthz", **_PLAIN).is_success
    except httpx.HTTPError:
        return False


def definitions(root: Path) -> dict[str, list[DatasetDefinition]]:
    """Return what datasets each agency has, by agency."""
    pack = Pack(root)
    found: dict[str, list[DatasetDefinition]] = {}
    for one in pack.rows("datasets/*.yaml", DatasetDefinition):
        found.setdefault(one.agency, []).append(one)
    pack.stop_if_faulty()
    return found


def outages(root: Path) -> dict[str, list[str]]:
    """Return the datasets, by agency, of which the pack says that their source is down."""
    pack = Pack(root)
    down = {spec.dataset for spec in pack.rows("records/*.yaml", RecordSpec) if not spec.available}
    found: dict[str, list[str]] = {}
    for one in pack.rows("datasets/*.yaml", DatasetDefinition):
        if one.code in down:
            found.setdefault(one.agency, []).append(one.code)
    pack.stop_if_faulty()
    return found
