"""Is it alive, is it ready, how does it do: for load balancers and Prometheus."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from yiwang.config.state import pending_migrations
from yiwang.kernel import clock
from yiwang.kernel.limits import client_address
from yiwang.platform.notices import queries as notices
from yiwang.ui.entry import public

OLDEST_NOTICE = Gauge("yiwang_notices_oldest_seconds", "Age of the oldest message not sent yet", ["channel"])


@public
def live(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs; says nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@public
def ready(request: HttpRequest) -> JsonResponse:
    """Answer whether requests can be served.

    The database answers and its tables are those of this version.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        waiting = len(pending_migrations())
    except DatabaseError:
        return JsonResponse({"database": "away"}, status=503)
    return JsonResponse({"database": "ok", "migrations_waiting": waiting}, status=503 if waiting else 200)


@public
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the process's metrics.

    Only to the machine itself and, in production, its private networks.
    """
    address = client_address(request)
    if not address.startswith(("127.", "10.", "192.168.", "::1")):
        raise PermissionDenied
    for queue in notices.queues():
        age = (clock.now() - queue.oldest).total_seconds() if queue.oldest else 0
        OLDEST_NOTICE.labels(queue.channel.value).set(age)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
