"""Whatever names a file keeps it; what nobody names is gone after some nights, and nothing else."""

from __future__ import annotations

import io
import os
import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.db.models import CharField

from yiwang.kernel import clock
from yiwang.platform.cases import acts as cases
from yiwang.platform.cases.models import ApplicationFile
from yiwang.platform.cases.tests.conftest import FOOD, draft, person, stored
from yiwang.platform.catalog.models import Edition, SampleFile
from yiwang.platform.licences.models import Batch, Licence
from yiwang.platform.papers.models import Scan
from yiwang.ui import keeping, store

pytestmark = pytest.mark.django_db
NO_FILES = {
    "catalog.DataElementEdition.digest", "catalog.DataElementRow.draft_digest", "catalog.Edition.digest",
    "catalog.Implementation.draft_digest", "catalog.LifeEventEdition.digest", "kernel.AuditBlock.digest",
    "kernel.IdempotencyKey.digest", "search.SearchDocument.source",
    "search.VocabularyRow.digest", "sharing.Comparison.digest", "sharing.Dataset.draft_digest",
    "sharing.DatasetEdition.digest", "sharing.SchemeEdition.digest",
}  # fmt: skip
"""Digests of documents that lie in the database."""
ASKED = {"licences.Batch.archive"}
"""Columns that a room answers for itself."""


def test_every_column_that_names_a_file_keeps_it() -> None:
    found = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}": (model, field.name)
        for model in apps.get_models()
        if model.__module__.startswith("yiwang.")
        for field in model._meta.concrete_fields
        if isinstance(field, CharField) and field.max_length == 64
        if field.name.endswith("digest") or field.name in {"scan", "source", "archive"}
    }
    assert {name for name, column in found.items() if column not in keeping.columns} == NO_FILES | ASKED


def save(text: str) -> str:
    return store.save(io.BytesIO(text.encode()))


def age(digest: str, days: int = 3) -> None:
    then = (clock.now() - timedelta(days=days)).timestamp()
    os.utime(default_storage.path(store._name(digest)), (then, then))


def everything_kept() -> set[str]:
    return set(store.stored(0, 1))


def sweep() -> int:
    """Go through the whole store, a part a night."""
    return sum(keeping.sweep(clock.now() + timedelta(days=night)) for night in range(keeping.NIGHTS))


def test_what_nobody_names_goes_and_all_else_stays(testville: None) -> None:
    owner = person("测试创业戊")
    pk = draft(owner, FOOD)
    given = stored() | {"digest": save("given")}
    cases.add_file(pk, "floor_plan", given, by=owner, key=uuid.uuid4().hex)
    licence = Licence.objects.order_by("id")[0]
    licence.digest, licence.ofd_digest, licence.scan = save("pdf"), save("ofd"), save("scan")
    licence.save()
    SampleFile.objects.create(name="uploads/now.pdf", digest=save("sample"), media_type="application/pdf", size=6)
    edition = Edition.objects.order_by("id")[0]
    edition.pk, edition.number, edition._state.adding = uuid.uuid4(), 99, True
    edition.content["files"] = {"uploads/now.pdf": {"digest": save("before"), "media_type": "application/pdf"}}
    edition.save()
    now = clock.now()
    archive, original = save("archive"), save("original")
    place = {"agency_path": "/x/", "agency_name": "x", "region": "330302", "by": "x", "began_at": now, "total": 1}
    batch = Batch.objects.create(type=licence.type, archive=archive, **place)
    files = [{"digest": original, "media_type": "image/png", "pages": 1}]
    scan = Scan.objects.create(party_kind="person", party_id=uuid.uuid4(), party_name="x", files=files, **place)
    loose, fresh, again = save("loose"), save("fresh"), save("again")
    everything = everything_kept()
    for digest in everything - {fresh}:
        age(digest)
    save("again")
    assert store.saved_at(again) > now - timedelta(minutes=1)
    for digest in (fresh, again):  # saved as late as the last of the nights
        age(digest, -keeping.NIGHTS)

    assert sweep() == 1
    assert everything_kept() == everything - {loose}

    cases.discard(pk, by=owner, key=uuid.uuid4().hex)
    Batch.objects.filter(pk=batch.pk).update(state="done", refused=1)
    Scan.objects.filter(pk=scan.pk).update(state="done")
    assert not ApplicationFile.objects.filter(digest=given["digest"]).exists()
    age(again)
    assert sweep() == 3
    assert store.exists(archive), "the rows to mend are read there"
    Batch.objects.filter(pk=batch.pk).update(refused=0)
    assert sweep() == 1
    assert everything_kept() == everything - {loose, again, given["digest"], archive, original}


def test_a_file_that_somebody_else_names_outlives_a_draft(testville: None) -> None:
    owner = person("测试创业戊")
    given = stored() | {"digest": save("given")}
    Licence.objects.filter(pk=Licence.objects.order_by("id")[0].pk).update(digest=given["digest"])
    pk = draft(owner, FOOD)
    cases.add_file(pk, "floor_plan", given, by=owner, key=uuid.uuid4().hex)
    cases.discard(pk, by=owner, key=uuid.uuid4().hex)
    age(given["digest"], 400)
    assert sweep() == 0
    assert store.exists(given["digest"])
