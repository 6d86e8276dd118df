"""What is known for five items at once: the restaurant's, for its firm (`evidence.resolve`), one asker."""

from __future__ import annotations

from bench import world
from bench.measure import Report, milliseconds, percentile, times
from bench.statements import counted
from yiwang.halls.services import queries as services
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.evidence import queries as evidence
from yiwang.platform.evidence.types import FactState

TIMES = times(1000)


def run(report: Report) -> None:
    """Measure."""
    firm = world.applicant("jia", world.FIRM)
    event = catalog.get_life_event("restaurant")
    chosen = services.guide(event, world.RESTAURANT, firm.principal, firm.id).chosen
    editions = [one.edition for one in chosen]
    if len(editions) != 5:
        raise RuntimeError(f"{len(editions)} items, not five")

    def ask() -> object:
        return evidence.resolve(firm.principal, editions, world.RESTAURANT, agent=firm.id)

    found = evidence.resolve(firm.principal, editions, world.RESTAURANT, agent=firm.id)
    states = [fact.state for fact in found.facts.values()]
    for _number in range(50):
        ask()
    took = [milliseconds(ask) for _number in range(TIMES)]
    report.figure("five_items_p95", percentile(took, 95), "ms", at_most=10)
    report.figure("five_items_p50", percentile(took, 50), "ms")
    report.figure("statements", len(counted(ask)), "", at_most=6)
    report.details = {
        "facts": len(states),
        "known": states.count(FactState.KNOWN),
        "materials": len(found.materials),
        "times": TIMES,
        "p99_ms": percentile(took, 99),
    }
