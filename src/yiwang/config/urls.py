"""Every address, composed from the rooms' own: a room's pages stand at the door its file is named for."""

from django.urls import include, path

from yiwang.config import health
from yiwang.platform.cases import files

urlpatterns = [
    path("healthz", health.live),
    path("readyz", health.ready),
    path("metrics", health.metrics),
    path("", include("yiwang.ui.urls")),
    path("", include("yiwang.doors.portal.urls")),
    path("", include("yiwang.platform.identity.portal")),
    path("", include("yiwang.platform.notices.portal")),
    path("", include("yiwang.platform.oversight.portal")),
    path("", include("yiwang.halls.services.portal")),
    path("desk/", include("yiwang.doors.desk.urls")),
    path("desk/", include("yiwang.platform.cases.desk")),
    path("", include(files.portal)),
    path("", include("yiwang.platform.cases.portal")),
    path("desk/", include(files.desk)),
    path("desk/serve/", include("yiwang.halls.services.desk", namespace="serving")),
    path("", include("yiwang.platform.licences.portal")),
    path("", include("yiwang.platform.papers.portal")),
    path("", include("yiwang.platform.catalog.portal")),
    path("", include("yiwang.platform.sharing.portal")),
    path("", include("yiwang.doors.openapi.urls")),
    path("editors/", include("yiwang.platform.editing.urls")),
    path("desk/", include("yiwang.platform.identity.desk")),
    path("desk/", include("yiwang.platform.directory.desk")),
    path("desk/", include("yiwang.platform.notices.desk")),
    path("desk/", include("yiwang.platform.licences.desk")),
    path("desk/", include("yiwang.platform.papers.desk")),
    path("desk/", include("yiwang.platform.sharing.desk")),
    path("desk/", include("yiwang.platform.oversight.desk")),
]

handler400 = "yiwang.ui.errors.bad_request"
handler403 = "yiwang.ui.errors.forbidden"
handler404 = "yiwang.ui.errors.not_found"
handler500 = "yiwang.ui.errors.server_error"
