"""Papers that a window scanned and keeps (``papers``), as they go into the application that uses them."""

from __future__ import annotations

import uuid

from yiwang.kernel import clock
from yiwang.kernel.acts import current
from yiwang.platform.cases.models import Application, ApplicationFile
from yiwang.platform.evidence.types import FactState, Resolution
from yiwang.platform.papers import acts, queries

REF = "papers:"
"""How the reference of a kept paper begins."""


def take_over(application: Application, resolution: Resolution) -> None:
    """Put the files of kept papers into the application, where its agencies can open them, and note it for their owner."""
    used = {
        uuid.UUID(one.ref.removeprefix(REF)): (name, one.source_name)
        for name, one in resolution.materials.items()
        if one.ref.startswith(REF) and one.state is FactState.KNOWN
    }
    if not used:
        return
    rows = []
    for file in queries.files_of(used):
        material, told = used[file.id]
        rows.append(
            ApplicationFile(
                application=application,
                identity=material,
                name=f"{file.name}.pdf",
                digest=file.digest,
                media_type="application/pdf",
                size=file.size,
                pages=file.pages,
                trust="B",
                added_at=clock.now(),
                added_by=told[:120],
            )
        )
    current().insert(rows)
    acts.record_uses(used, title=application.title, application_id=application.id)
