"""A second-hand house, from desk to desk: signed at housing, registered at natural resources, taxed at tax.

The three systems know nothing of one another. Each publishes to the platform what it did and is told by signed webhooks what
the others did: nobody types anything again. They are built with the client that agencies get (``clients/python``).
"""

from __future__ import annotations

import html
import json
import logging
import sqlite3
import threading
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from yiwang.config.simulate.listening import Listener
from yiwang.config.simulate.stores import Store
from yiwang.kernel.clock import SHANGHAI

log = logging.getLogger(__name__)
SIGNED, REGISTERED, PAID = "housing.contract_signed", "natural_resources.transfer_registered", "tax.house_tax_paid"
LISTENS = {"housing": (REGISTERED, PAID), "natural_resources": (SIGNED,), "tax": (SIGNED, REGISTERED)}
"""Which desk, by what its agency does, is told of what."""
PUBLISHES = {"housing": SIGNED, "natural_resources": REGISTERED, "tax": PAID}
PAUSE = 0.3
"""Seconds between two looks for what is to be published."""
_SMALL = Decimal(140)
"""Square metres up to which a family's only home is taxed with 1 % (财政部 税务总局 住房城乡建设部公告 2024 年第 16 号)."""
_TABLES = """
CREATE TABLE IF NOT EXISTS house (contract TEXT PRIMARY KEY, known TEXT NOT NULL, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, topic TEXT, subject TEXT,
    at TEXT, data TEXT, sent INTEGER NOT NULL DEFAULT 0);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What the two parties sign."""

    unit_number: str
    seller_number: str
    buyer_number: str
    price: str
    area: str


def function_of(agency: str) -> str:
    """Return what an agency does, by its code (``REGION-tax``)."""
    return agency.partition("-")[2]


class Desk(Listener):
    """One agency's part. ``known`` of a contract is what came, by item; ``told`` is by which event each item came."""

    def __init__(self, agency: str, store: Store) -> None:
        super().__init__(store)
        self.function = function_of(agency)
        with closing(self.inbox.connect()) as line:
            line.executescript(_TABLES)
        self._stir = threading.Event()

    # --- what is told to it ---

    def take(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Take a delivery, and go on with the contracts in it; tell whether it is the platform's."""
        taken = super().take(headers, body)
        self._stir.set()
        return taken

    def _apply(self, event: dict[str, Any], line: sqlite3.Connection) -> None:
        super()._apply(event, line)
        if event["type"] not in LISTENS[self.function]:
            return
        data = event["data"]
        contract = str(data["contract_number"])
        known = self._learn(line, contract, data, str(event["type"]))
        today = datetime.now(SHANGHAI).date().isoformat()
        if self.function == "natural_resources" and "certificate_number" not in known:
            made = {
                "unit_number": known["unit_number"],
                "certificate_number": f"({today[:4]})不动产权第{_serial(contract)}号",
                "owner_number": known["buyer_number"],
                "registered_on": today,
            }
            self._say(line, contract, made)
        if self.function == "tax" and {"price", "owner_number"} <= known.keys() and "certificate" not in known:
            rate = Decimal("0.010") if Decimal(str(known.get("area") or 0)) <= _SMALL else Decimal("0.015")
            amount = (Decimal(str(known["price"])) * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
            self._say(line, contract, {"certificate": _serial(contract), "amount": str(amount), "paid_on": today})

    def _learn(self, line: sqlite3.Connection, contract: str, data: Mapping[str, Any], source: str) -> dict[str, Any]:
        row = line.execute("SELECT known, told FROM house WHERE contract = ?", (contract,)).fetchone()
        known, told = (json.loads(row[0]), json.loads(row[1])) if row else ({}, {})
        new = {name: value for name, value in data.items() if name not in known}
        known |= new
        told |= dict.fromkeys(new, source)
        line.execute(
            "INSERT OR REPLACE INTO house VALUES (?, ?, ?)",
            (contract, json.dumps(known, ensure_ascii=False), json.dumps(told, ensure_ascii=False)),
        )
        return dict(known)

    # --- what it does ---

    def sign(self, contract: Contract) -> str:
        """Sign a contract at the desk of housing: the one place where anything is typed. Returns its number."""
        number = f"WZ{uuid.uuid4().hex[:12].upper()}"
        data = {name: getattr(contract, name) for name in Contract.__slots__}
        with closing(self.inbox.connect()) as line:
            line.execute("BEGIN IMMEDIATE")
            self._say(line, number, data | {"signed_on": datetime.now(SHANGHAI).date().isoformat()})
            line.execute("COMMIT")
        self._stir.set()
        return number

    def _say(self, line: sqlite3.Connection, contract: str, data: dict[str, Any]) -> None:
        """Write down what was done, and that it is to be published, together."""
        topic = PUBLISHES[self.function]
        whole = {"contract_number": contract, **data}
        self._learn(line, contract, whole, "")
        line.execute(
            "INSERT OR IGNORE INTO outbox (id, topic, subject, at, data) VALUES (?, ?, ?, ?, ?)",
            (
                f"{topic}:{contract}",
                topic,
                contract,
                datetime.now(UTC).isoformat(),
                json.dumps(whole, ensure_ascii=False),
            ),
        )

    def publish_for_ever(self) -> None:
        """Publish what waits, in order; what cannot be published now is tried again."""
        while True:
            self._stir.wait(PAUSE)
            self._stir.clear()
            try:
                self.publish()
            except Exception as error:
                log.warning("house.not_published", extra={"error": type(error).__name__})
                self._stir.wait(2.0)

    def publish(self) -> int:
        """Publish what waits; return how many."""
        platform = self.platform.said()
        with closing(self.inbox.connect()) as line:
            waiting = line.execute(
                "SELECT place, id, topic, subject, at, data FROM outbox WHERE NOT sent ORDER BY place LIMIT 200"
            ).fetchall()
        if not waiting or "base_url" not in platform:
            return 0
        topic = PUBLISHES[self.function]
        events = [
            self.client.Event(id=one, subject=subject, at=datetime.fromisoformat(at), data=json.loads(data))
            for _place, one, _topic, subject, at, data in waiting
        ]
        with self.platform.client(platform) as client:
            client.publish(topic, events)
        with closing(self.inbox.connect()) as line:
            line.execute("UPDATE outbox SET sent = 1 WHERE place <= ?", (waiting[-1][0],))
        return len(waiting)

    # --- what it knows ---

    def meet(self, said: Mapping[str, Any]) -> None:
        """Keep where the platform is and how it is spoken to."""
        self.platform.meet(said)
        self._stir.set()

    def contracts(self) -> dict[str, dict[str, Any]]:
        """Return by contract what is known of it, and by which event (``told``)."""
        with closing(self.inbox.connect()) as line:
            rows = line.execute("SELECT contract, known, told FROM house").fetchall()
        return {number: {"known": json.loads(known), "told": json.loads(told)} for number, known, told in rows}

    def page(self) -> str:
        """Return the desk's screen: each contract with what is known, and who said it. Numbers of people are covered."""
        rows = []
        for number, one in sorted(self.contracts().items()):
            cells = "".join(
                f"<tr><td>{html.escape(name)}</td><td>{html.escape(_covered(name, value))}</td>"
                f"<td>{html.escape(one['told'].get(name) or '本部门')}</td></tr>"
                for name, value in one["known"].items()
            )
            rows.append(
                f"<h2>{html.escape(number)}</h2><table><tr><th>项</th><th>值</th><th>来自</th></tr>{cells}</table>"
            )
        body = "".join(rows) or "<p>还没有合同。</p>"
        return (
            f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{html.escape(self.function)}</title></head>'
            f"<body><h1>{html.escape(self.function)}：二手房</h1>{body}</body></html>"
        )


def _covered(name: str, value: Any) -> str:
    text = str(value)
    return f"{text[:6]}********{text[-4:]}" if name.endswith("_number") and len(text) == 18 else text


def _serial(contract: str) -> str:
    return f"{int(contract[2:], 16) % 10_000_000:07d}"
