"""Addresses of the design system; included at the root."""

from __future__ import annotations

from django.urls import path

from . import preferences, views

app_name = "ui"

urlpatterns = [
    path("theme/<str:version>.css", views.theme, name="theme"),
    path("seal.svg", views.seal, name="seal"),
    path("preferences", preferences.choose, name="preferences"),
    path("_components", views.components, name="components"),
    path("_components/desk", views.components, {"door": "desk"}, name="components-desk"),
    path("_components/errors/<int:status>", views.error_page, name="components-error"),
]
