"""Addresses of the machine door. Of OAuth only the token endpoint: clients have no users to redirect."""

from __future__ import annotations

from django.urls import path

from yiwang.doors.openapi import views
from yiwang.doors.openapi.interface import api
from yiwang.ui.entry import Entry

_interface = api.urls  # made anew each time that it is asked for
urlpatterns = [
    path("oauth/token", views.token, name="oauth_token"),
    path("api/v1/openapi.json", views.openapi, name="openapi"),
    path("api/v1/docs", views.docs, name="openapi_docs"),
    path("api/v1/", _interface),
]

for pattern in _interface[0]:
    # Every operation names the scope that it needs (``kernel.api.Needs``).
    setattr(pattern.callback, "entry", Entry("client"))  # noqa: B010 - functions take attributes, types do not say so
