"""The journey at a counter: who is here, then the portal's own pages for them, in the desk's frame."""

from __future__ import annotations

from django.urls import path

from yiwang.halls.services.doors import applicant
from yiwang.halls.services.pages import after, apply, counter, events, guides, item, materials, track

app_name = "services"
urlpatterns = [
    path("", counter.counter, name="counter"),
    path("register/", counter.register, name="register"),
    path("party/", counter.party, name="party"),
    path("authorise/", counter.authorise, name="authorise"),
    path("begin/", counter.begin, name="begin"),
    path("end/", counter.end, name="end"),
    path("client/", counter.client, name="my"),
    path("events/", applicant(events.events), name="events"),
    path("events/<slug:code>/", applicant(guides.navigator), name="navigator"),
    path("events/<slug:code>/start/", apply.start_event, name="start_event"),
    path("items/<str:task_code>/", applicant(item.item), name="item"),
    path("items/<str:task_code>/changes/", applicant(item.item_changes), name="item_changes"),
    path("items/<str:task_code>/samples/<slug:material>/", applicant(item.sample), name="sample"),
    path("items/<str:task_code>/start/", apply.start_item, name="start_item"),
    path("applications/<uuid:pk>/parts/<slug:code>/", apply.part, name="part"),
    path("applications/<uuid:pk>/parts/<slug:code>/save/", apply.autosave, name="autosave"),
    path("applications/<uuid:pk>/materials/", materials.materials, name="materials"),
    path("applications/<uuid:pk>/review/", apply.review, name="review"),
    path("applications/<uuid:pk>/discard/", apply.discard, name="discard"),
    path("applications/<uuid:pk>/files/<uuid:file>/", track.file, name="file"),
    path("applications/<uuid:pk>/", counter.handed_in, name="application"),
    path("applications/<uuid:pk>/make-up/", after.make_up, name="make_up"),
    path("cases/<uuid:pk>/correction/", after.correction, name="correction"),
    path("cases/<uuid:pk>/withdraw/", after.withdraw, name="withdraw"),
]
