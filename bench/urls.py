"""The platform's addresses and the floors' (`bench.floors`)."""

from django.urls import include, path

from bench import floors
from yiwang.config.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("bench/hello/", floors.hello),
    path("bench/insert/<uuid:like>/<uuid:pk>/", floors.insert),
    path("", include("yiwang.config.urls")),
]
