"""What Prometheus reads: how requests go, and what waits in the database.

Requests are counted by every web process and added up over all of them, in files that they share; one process alone
would tell of a part, and of another part at the next question. What waits is read from the database when it is asked
for, so it tells of the workers too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

from django.db import connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from yiwang.kernel import clock, events
from yiwang.platform.notices import queries as notices

REQUESTS = Counter("yiwang_http_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "yiwang_http_request_seconds",
    "Time to answer a request",
    ["door"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}  # anybody may send any word
_DOORS = {"desk": "desk", "api": "openapi", "oauth": "openapi", "editors": "editors"}


class MeasuringMiddleware:
    """Count every request by its route (never by its address, which names things and people) and time it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and note how it went."""
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(method, match.route if match else "", response.status_code).inc()
        SECONDS.labels(_DOORS.get(request.path.split("/", 2)[1], "portal")).observe(time.perf_counter() - began)
        return response


def exposition() -> bytes:
    """Return all metrics as Prometheus reads them."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    registry.register(_Waiting())
    return generate_latest(registry)


class _Waiting:
    """What waits, and how long the oldest of it has."""

    def collect(self) -> Iterator[Metric]:
        oldest = GaugeMetricFamily(
            "yiwang_notices_oldest_seconds", "Age of the oldest unsent message", labels=["channel"]
        )
        for queue in notices.queues():
            oldest.add_metric([queue.channel.value], _age(queue.oldest.timestamp() if queue.oldest else None))
        yield oldest
        undelivered = events.oldest_undelivered()
        yield _gauge(
            "yiwang_events_oldest_seconds",
            "Age of the oldest event that a subscriber has not had",
            _age(undelivered.timestamp() if undelivered else None),
        )
        with connection.cursor() as sql:
            sql.execute("SELECT extract(epoch FROM min(due_at)) FROM kernel_timer WHERE fired_at IS NULL")
            due = sql.fetchone()[0]
            yield _gauge("yiwang_timers_late_seconds", "How late the first timer is that has not rung", _age(due))
            sql.execute("SELECT queue_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2")
            jobs = GaugeMetricFamily("yiwang_jobs", "Jobs in the queue", labels=["queue", "status"])
            for queue_name, status, count in sql.fetchall():
                jobs.add_metric([queue_name, status], count)
            yield jobs
            sql.execute("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '15 s'")
            yield _gauge("yiwang_workers", "Workers that gave a sign of life in the last 15 seconds", sql.fetchone()[0])


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _age(since: float | None) -> float:
    """Return the seconds since an instant; 0 if there is none, or if it is yet to come."""
    return max(0.0, clock.now().timestamp() - float(since)) if since is not None else 0.0
