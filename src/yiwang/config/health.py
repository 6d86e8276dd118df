"""Is it alive, is it ready, how does it do: for load balancers and Prometheus."""

from __future__ import annotations

from ipaddress import ip_address

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST

from yiwang.config.metrics import exposition
from yiwang.config.state import pending_migrations
from yiwang.ui.entry import public


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
    """Answer with what Prometheus reads, of all web processes together.

    Only to the machine itself and to private networks, and never through a proxy: that one answers for the public.
    """
    if "X-Forwarded-For" in request.headers or not ip_address(request.META.get("REMOTE_ADDR", "::")).is_private:
        raise PermissionDenied
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
