"""Files that guides show, at the portal: samples, blank forms, pictures of flows."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.translation import gettext as _

from yiwang.kernel.problems import NotFound
from yiwang.platform.catalog import queries
from yiwang.ui import store
from yiwang.ui.entry import public

app_name = "catalog"


@public
def sample(request: HttpRequest, edition: uuid.UUID, name: str) -> HttpResponseBase:
    """Show a file as the edition was published with it."""
    found = queries.get_edition(edition).files.get(name)
    if found is None:
        raise NotFound(_("这一版办事指南没有这个文件。"))
    return store.download(found.digest, name=PurePosixPath(name).name, media_type=found.media_type, inline=True)


urlpatterns = [path("guide-files/<uuid:edition>/<path:name>", sample, name="sample")]
