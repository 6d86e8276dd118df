"""Applications and cases at the desk, by use case: intake, lists, the case page, the visit, supervision."""

from __future__ import annotations

from django.urls import path

from yiwang.platform.cases.desk import applications, cases, editions, files, inbox, lists, visits

app_name = "cases"
urlpatterns = [
    path("intake/", lists.intake, name="intake"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/take/", inbox.take_together, name="take_together"),
    path("inbox/pass/", inbox.pass_together, name="pass_together"),
    path("inbox/export/", inbox.export, name="export"),
    path("inbox/waiting-for-<slug:which>/", lists.in_hand, name="in_hand"),
    path("find/", lists.find, name="find"),
    path("supervision/", lists.supervision, name="supervision"),
    path("applications/<uuid:pk>/", applications.application, name="application"),
    path("applications/<uuid:pk>/acts/<slug:slug>/", applications.act, name="application_act"),
    path("applications/<uuid:pk>/receipt/", applications.receipt, name="receipt"),
    path("applications/<uuid:pk>/files/<uuid:file>/", files.file, name="file"),
    path("cases/<uuid:pk>/", cases.case, name="case"),
    path("cases/<uuid:pk>/history/", cases.history, name="history"),
    path("cases/<uuid:pk>/next/", inbox.following, name="following", kwargs={"way": "next"}),
    path("cases/<uuid:pk>/previous/", inbox.following, name="preceding", kwargs={"way": "previous"}),
    path("cases/<uuid:pk>/opinion/", cases.keep_opinion, name="keep_opinion"),
    path("cases/<uuid:pk>/preview/", cases.preview, name="preview"),
    path("cases/<uuid:pk>/preview/licence/", cases.preview_licence, name="preview_licence"),
    path("cases/<uuid:pk>/edition/", editions.edition, name="edition"),
    path("cases/<uuid:pk>/visit/", visits.visit, name="visit"),
    path("cases/<uuid:pk>/visit/plan/", visits.plan, name="plan_visit"),
    path("cases/<uuid:pk>/acts/<slug:slug>/", cases.act, name="act"),
]
