"""What must hold of the city when all is over: everything acknowledged stands there, once, and nothing waits."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import psycopg
import yaml

from yiwang.config.environment import ROOT

from .city import City, wait_for
from .people import Firm, Ledger

SEALED = 30
"""Seconds in which every transaction that was open has ended."""

ONCE_A_CASE = ("case.accepted", "case.decided", "case.closed")

WAITING = {
    "jobs": """SELECT count(*) FROM procrastinate_jobs  -- those that wait for another try too
               WHERE status IN ('todo', 'doing') AND (attempts > 0 OR coalesce(scheduled_at, now()) <= now())""",
    "events": """SELECT count(*) FROM kernel_eventcursor c JOIN kernel_event e
                 ON e.xid >= c.xid AND e.seq > CASE WHEN c.xid_to = 0 THEN c.floor ELSE c.seq END""",
    "timers": "SELECT count(*) FROM kernel_timer WHERE fired_at IS NULL AND due_at <= now()",
    "messages": "SELECT count(*) FROM notices_delivery WHERE state = 'waiting'",
}


class Judge:
    """Looks into the database, past everything that was killed."""

    def __init__(self, city: City, ledger: Ledger) -> None:
        self.city, self.ledger = city, ledger

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with psycopg.connect(self.city.database_url()) as connection:
            return connection.execute(query, values).fetchall()

    def waiting(self) -> dict[str, int]:
        """Return what is still to be done, if anything."""
        found = {name: self.rows(query)[0][0] for name, query in WAITING.items()}
        return {name: count for name, count in found.items() if count}

    def settled(self, seconds: float) -> None:
        """Everything that was begun is done, by whoever is alive; no job was given up."""
        assert wait_for(lambda: not self.waiting(), seconds), self.waiting()
        assert self.rows("SELECT task_name, args FROM procrastinate_jobs WHERE status = 'failed'") == []
        assert self.rows("SELECT subscriber, error FROM kernel_eventcursor WHERE failures > 0") == []

    def acts_stand_once(self, applications: list[str]) -> None:
        """Every acknowledged act is in the record, once; nobody did more than what was acknowledged."""
        recorded = Counter(
            {
                (name, str(application)): count
                for name, application, count in self.rows(
                    "SELECT a.name, coalesce(a.application_id, c.application_id) application, count(*)"
                    " FROM kernel_auditentry a LEFT JOIN cases_case c ON c.id = a.case_id"
                    " WHERE a.kind = 'act' AND a.actor_kind <> 'system'"
                    " AND coalesce(a.application_id, c.application_id) = ANY(%s::uuid[]) GROUP BY 1, 2",
                    applications,
                )
            }
        )
        acknowledged = Counter({one: count for one, count in self.ledger.acts.items() if one[1] in applications})
        assert recorded == acknowledged, {"more": recorded - acknowledged, "lost": acknowledged - recorded}
        for act, key in self.ledger.keys:
            found = self.rows(
                "SELECT count(*) FROM kernel_idempotencykey WHERE key = %s AND scope LIKE %s", key, f"{act}|%"
            )
            assert found == [(1,)], (act, key, found)

    def journeys_are_complete(self, applications: list[str], firm: Firm) -> None:
        """Each case has one acceptance, one decision, one end, its documents and its licence, whole and sealed."""
        for pk in applications:
            cases = firm.read(f"/applications/{pk}")["cases"]
            assert all(case["closed_at"] and case["result"] in ("issued", "granted") for case in cases), cases
            for case in cases:
                told = self.rows("SELECT name, count(*) FROM kernel_event WHERE subject_id = %s GROUP BY 1", case["id"])
                assert {name: dict(told).get(name) for name in ONCE_A_CASE} == dict.fromkeys(ONCE_A_CASE, 1), told
                self.licence_is_sound(case, firm)
        unmade = self.rows(
            "SELECT title FROM cases_document WHERE application_id = ANY(%s::uuid[]) AND digest = ''", applications
        )
        assert unmade == []
        doubled = self.rows(
            "SELECT case_id, kind, count(*) FROM cases_document WHERE application_id = ANY(%s::uuid[])"
            " GROUP BY application_id, case_id, kind HAVING count(*) > 1",
            applications,
        )
        assert doubled == []

    def licence_is_sound(self, case: dict[str, Any], firm: Firm) -> None:
        """A granted case has one licence, whose file is there."""
        issued = self.rows("SELECT id, digest FROM licences_licence WHERE case_id = %s", case["id"])
        assert len(issued) == bool(case["licence"]) == (case["result"] == "issued"), issued
        for pk, digest in issued:
            assert digest, case["name"]
            assert firm.send("GET", f"/api/v1/licences/{pk}/file").content.startswith(b"%PDF")

    def the_law_acted_once(self, applications: list[str]) -> None:
        """What was left to its timer is accepted, by nobody but the law, once."""
        for pk in applications:
            acts = self.rows(
                "SELECT name, actor_kind, count(*) FROM kernel_auditentry"
                " WHERE kind = 'act' AND application_id = %s AND name = 'cases.deem_accepted' GROUP BY 1, 2",
                pk,
            )
            assert acts == [("cases.deem_accepted", "system", 1)], acts
            told = self.rows(
                "SELECT c.id, count(e.seq) FROM cases_case c LEFT JOIN kernel_event e"
                " ON e.subject_id = c.id::text AND e.name = 'case.accepted' WHERE c.application_id = %s GROUP BY 1",
                pk,
            )
            assert told
            assert {count for _case, count in told} == {1}, told

    def everybody_was_told_once(self, applications: list[str]) -> None:
        """That an application came in is in each inbox once; outside, every message went out, repeats under one key."""
        told = self.rows(
            "SELECT e.subject_id, m.recipient_id, count(m.id) FROM kernel_event e"
            " LEFT JOIN notices_message m ON m.cause = e.id::text"
            " WHERE e.name = 'application.submitted' AND e.subject_id = ANY(%s) GROUP BY 1, 2",
            applications,
        )
        assert {row[0] for row in told} == set(applications)
        assert {row[2] for row in told} == {1}, told
        lines = (self.city.state_dir / "outbox" / "sms.jsonl").read_text("utf-8").splitlines()
        sent = {json.loads(line)["key"] for line in lines}
        expected = {str(row[0]) for row in self.rows("SELECT id FROM notices_delivery WHERE state = 'sent'")}
        assert expected
        assert expected <= sent, "a message counts as sent that never went out"

    def logs_name_nobody(self) -> None:
        """What the processes wrote, while they were killed too, holds no number of a person or telephone."""
        people = yaml.safe_load((ROOT / "packs" / self.city.pack / "people.yaml").read_text("utf-8"))
        numbers = {str(one[name]) for one in people for name in ("number", "phone") if one.get(name)}
        for path in (*self.city.state_dir.glob("log/*.log"), self.city.log, self.city.state_dir / "pg" / "server.log"):
            text = path.read_text("utf-8", errors="replace")
            assert not {number for number in numbers if number in text}, path

    def record_is_whole(self) -> None:
        """The audit trail agrees with its seals, as an operator finds out, and the seals cover all of it."""
        assert wait_for(self._all_is_sealed, SEALED), "an entry stays outside of every block"
        verified = self.city.run("audit", "verify")
        assert verified.returncode == 0, verified.stdout
        assert ", 0 findings" in verified.stdout

    def _all_is_sealed(self) -> bool:
        """Seal, and tell whether that was all: what is written while somebody's transaction is open has to wait for its end."""
        sealed = self.city.run("audit", "seal")
        assert sealed.returncode == 0, sealed.stderr
        blocks, entries = self.rows(
            "SELECT (SELECT sum(entries) FROM kernel_auditblock), (SELECT count(*) FROM kernel_auditentry)"
        )[0]
        return bool(blocks == entries)
