"""Files of an application, for officials: shown inline where that is safe, every read logged."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from yiwang.kernel.acts import record_read
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases.inbox import LISTED
from yiwang.platform.cases.queries import find_file
from yiwang.ui import store
from yiwang.ui.entry import staff


@staff(*LISTED, Role.INTAKE, Role.DISPATCHER, Role.SUPERVISOR)
def file(request: HttpRequest, pk: uuid.UUID, file: uuid.UUID) -> HttpResponse:
    """Give a file to an official who may see the application or one of its cases."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = find_file(pk, file, actor)
    if found is None:
        raise NotFound(_("没有这个文件。"))
    view, person, name = found
    record_read(
        actor,
        name="cases.read_file",
        person=person,
        purpose=_("查看材料：%(name)s") % {"name": name},
        application=pk,
        detail={"file": str(file)},
    )
    inline = not request.GET.get("download")
    return store.download(view.digest, name=view.name, media_type=view.media_type, inline=inline)
