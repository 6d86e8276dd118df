"""The editors' own pages beside the form: bring items in from a file, take them out, keep sample files."""

from __future__ import annotations

import uuid
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.platform.catalog import acts, queries
from yiwang.platform.catalog.imports.exporting import csv_lines, surroundings
from yiwang.platform.catalog.imports.formats import FileRefused, SourceFile, format_for, registry
from yiwang.platform.catalog.imports.report import NoteLevel, Report
from yiwang.platform.catalog.managers import EDITORS
from yiwang.platform.editing.access import acting, open_page
from yiwang.ui import store, uploads
from yiwang.ui.uploads import Refused

LARGEST = 50 * uploads.MEGABYTE
MOST_ROWS = 2_000
"""Most rows that a page waits for; more go by ``yiwang items import``."""
_KEPT = "items_import"


def import_page(request: HttpRequest) -> HttpResponse:
    """Try a file and show what would come of it; bring it in when the editor says so."""
    if request.method != "POST":
        return _page(request)
    if request.POST.get("action") == "apply":
        return _apply(request)
    file = request.FILES.get("file")
    if file is None or not file.size:
        return _page(request, error=_("请选择一个文件。"))
    name = uploads.clean_name(file.name or "")
    if file.size > LARGEST:
        told = {"limit": uploads.megabytes(LARGEST)}
        return _page(
            request, error=_("文件超过 %(limit)s，请分成几个文件，或者让管理员用命令 yiwang items import 导入。") % told
        )
    chosen = request.POST.get("format", "")
    try:
        format_name = chosen if chosen in set(registry) else format_for(Path(name))
    except FileRefused:
        return _page(request, error=_("看不出文件的格式，请在下面选一种。"), field="format")
    digest = store.save(file.file)
    request.session[_KEPT] = {"digest": digest, "name": name, "format": format_name}
    return _page(request, report=_run(digest, name, format_name, apply=False), ready=True)


def _apply(request: HttpRequest) -> HttpResponse:
    kept = request.session.pop(_KEPT, None)
    if kept is None:
        return _page(request, error=_("要导入的文件已经不在了，请重新选择。"))
    try:
        report = _run(kept["digest"], kept["name"], kept["format"], apply=True)
    except store.NoSuchFile:
        return _page(request, error=_("要导入的文件已经不在了，请重新选择。"))
    return _page(request, report=report)


def _run(digest: str, name: str, format_name: str, *, apply: bool) -> Report:
    """Import what was uploaded; formats read a file by its path."""
    with TemporaryDirectory() as folder, store.open_file(digest) as file:
        there = Path(folder) / "file"
        with there.open("wb") as out:
            while piece := file.read(1 << 20):
                out.write(piece)
        source = SourceFile(there, name, digest)
        report: Report = acts.import_items(source, format_name, apply, MOST_ROWS, by=acting(), key=uuid.uuid4().hex)
    return report


def _page(
    request: HttpRequest, *, report: Report | None = None, ready: bool = False, error: str = "", field: str = "file"
) -> HttpResponse:
    context: dict[str, Any] = {
        "formats": [(name, registry.get(name).label) for name in registry],
        "chosen": request.POST.get("format", ""),
        "report": report,
        "ready": ready and report is not None and report.landed > report.unchanged,
        "rejected": [note for note in report.notes if note.level is NoteLevel.REJECTED] if report else [],
        "warned": [note for note in report.notes if note.level is NoteLevel.WARNING] if report else [],
        "error": error,
        "wrong": field if error else "",
        "most": MOST_ROWS,
        "limit": uploads.megabytes(LARGEST),
    }
    return render(request, "catalog/editing/import.html", context, status=422 if error else 200)


def export(request: HttpRequest) -> HttpResponseBase:
    """Give every item that the editor may see as the CSV that can be brought in again."""
    drafts = queries.drafts(acting())
    answer = StreamingHttpResponse(csv_lines(drafts, surroundings()), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="items.csv"'
    return answer


def files(request: HttpRequest) -> HttpResponse:
    """List the sample files, take one more."""
    error = added = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise Refused("none", _("请选择一个文件。"))
            added = acts.add_sample(uploads.accept(file), by=acting(), key=uuid.uuid4().hex)
        except Refused as refused:
            error = refused.message
    words = request.GET.get("q", "").strip()
    found = [name for name in queries.samples() if words in name]
    context = {"names": found[:500], "more": len(found) > 500, "q": words, "error": error, "added": added}
    return render(request, "catalog/editing/files.html", context, status=422 if error else 200)


def file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Open a sample file."""
    found = queries.samples().get(name)
    if found is None:
        return redirect(reverse("item_files"))
    return store.download(found.digest, name=Path(name).name, media_type=found.media_type, inline=True)


urlpatterns = [
    path("items-import/", import_page, name=open_page("item_import", EDITORS)),
    path("items-export/", export, name=open_page("item_export", EDITORS)),
    path("items-files/", files, name=open_page("item_files", EDITORS)),
    path("items-files/<path:name>", file, name=open_page("item_file", EDITORS)),
]
