"""The journey at the portal: navigator, guide, the one form, review, receipt, tracking."""

from __future__ import annotations

from django.urls import path

from yiwang.halls.services.pages import after, apply, events, guides, item, materials, mine, track

app_name = "services"
urlpatterns = [
    path("events/", events.events, name="events"),
    path("events/<slug:code>/", guides.navigator, name="navigator"),
    path("events/<slug:code>/start/", apply.start_event, name="start_event"),
    path("items/<str:task_code>/", item.item, name="item"),
    path("items/<str:task_code>/changes/", item.item_changes, name="item_changes"),
    path("items/<str:task_code>/samples/<slug:material>/", item.sample, name="sample"),
    path("items/<str:task_code>/start/", apply.start_item, name="start_item"),
    path("applications/<uuid:pk>/parts/<slug:code>/", apply.part, name="part"),
    path("applications/<uuid:pk>/parts/<slug:code>/save/", apply.autosave, name="autosave"),
    path("applications/<uuid:pk>/materials/", materials.materials, name="materials"),
    path("applications/<uuid:pk>/review/", apply.review, name="review"),
    path("applications/<uuid:pk>/discard/", apply.discard, name="discard"),
    path("applications/<uuid:pk>/files/<uuid:file>/", track.file, name="file"),
    path("applications/<uuid:pk>/", track.application, name="application"),
    path("applications/<uuid:pk>/make-up/", after.make_up, name="make_up"),
    path("applications/<uuid:pk>/delivery/", after.delivery, name="delivery"),
    path("cases/<uuid:pk>/correction/", after.correction, name="correction"),
    path("cases/<uuid:pk>/withdraw/", after.withdraw, name="withdraw"),
    path("my/", track.my, name="my"),
    path("my/applications/", track.applications, name="applications"),
    path("my/delegations/", mine.delegations, name="delegations"),
    path("my/delegations/new/", mine.grant, name="grant"),
    path("my/delegations/<uuid:pk>/end/", mine.end_delegation, name="end_delegation"),
    path("my/acted/", mine.acted, name="acted"),
    path("my/access/", mine.access, name="access"),
    path("my/access/children/", mine.children, name="children"),
    path("my/organisations/", mine.organisations, name="organisations"),
    path("progress/", track.progress, name="progress"),
]
