"""What changes the catalogue of data: drafts, publishing, withdrawing."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act, act_on, current, event
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.serials import allot
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key, Role
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.four_eyes import by_another
from yiwang.platform.editing.types import DESK
from yiwang.platform.sharing import queries
from yiwang.platform.sharing.documents import DEFINITION, dump_definition
from yiwang.platform.sharing.linting import LintContext, lint
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.platform.sharing.models import Dataset, DatasetDraft, DatasetEdition
from yiwang.platform.sharing.types import DatasetDefinition, DatasetState

PUBLISHED = event("sharing.dataset_published", "An edition of a dataset was published.")
WITHDRAWN = event("sharing.dataset_withdrawn", "A dataset was taken out of the catalogue.")

CanDescribe = Permission(name="describe datasets", kinds=frozenset({ActorKind.STAFF}), roles=STEWARDS)
CanPublish = Permission(
    name="publish datasets", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.DATA_OFFICE})
)


def _lock(pk: uuid.UUID, by: Actor) -> Dataset:
    row = Dataset.objects.visible_to(by).select_related("agency").select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


@act("sharing.save_draft", permission=CanDescribe)
def save_draft(definition: DatasetDefinition, source: str = "", *, by: Actor, key: Key) -> uuid.UUID:
    """Write a dataset's draft, new or changed; the published edition stays as it is.

    Raises ``Invalid`` if the provider is unknown or another than before.
    """
    return write_draft(definition, source, by=by).pk


def write_draft(definition: DatasetDefinition, source: str, *, by: Actor) -> Dataset:
    """Do what ``save_draft`` does inside another act."""
    agency = directory.find_agency(definition.agency)
    if agency is None:
        raise Invalid(
            _("部门目录里没有这个提供方。"),
            errors=(FieldError("agency", _("没有代码为 %(code)s 的部门。") % {"code": definition.agency}),),
        )
    document = dump_definition(definition)
    written = {
        "draft": document,
        "draft_digest": sha256_of(document),
        "drafted_by": by.id if by.kind is ActorKind.STAFF else None,
        "source": source,
    }
    row, made = Dataset.objects.select_related("agency").get_or_create(
        code=definition.code, defaults={"agency_id": agency.id, "changed_at": clock.now(), **written}
    )
    CanDescribe.check(by, row)
    if row.agency_id != agency.id:
        told = _("这个代码已经属于另一个部门的数据集。")
        raise Invalid(told, errors=(FieldError("code", told),))
    if made:
        DatasetDraft.objects.create(dataset=row, title=definition.name, live=False)
    elif row.draft_digest != written["draft_digest"]:
        for name, value in (written | {"changed_at": clock.now()}).items():
            setattr(row, name, value)
        row.save(update_fields=[*written, "changed_at"])
        if source != DESK:
            DatasetDraft.objects.filter(dataset=row).update(document=None, latest_revision=None, title=definition.name)
    current().detail["dataset"] = definition.code
    return row


@act_on("sharing.publish", _lock, permission=CanPublish)
def publish(row: Dataset, note: str = "", *, by: Actor, key: Key) -> uuid.UUID:
    """Check the draft and freeze it as the next edition; unchanged content gives the edition that is there.

    Raises ``Invalid`` with every error found, ``NotAllowed`` for whoever wrote the draft: four eyes.
    """
    by_another(row, by)
    return publish_draft(row, note, by=by)


@act("sharing.publish_definition", permission=CanPublish)
def publish_definition(definition: DatasetDefinition, note: str = "", *, by: Actor, key: Key) -> uuid.UUID:
    """Write a draft and publish it at once: what a reviewer agreed to is what becomes the edition.

    Raises ``NotAllowed`` for whoever wrote it, also if they only changed it now.
    """
    row = _lock(write_draft(definition, DESK, by=by).pk, by)
    CanPublish.check(by, row)
    by_another(row, by)
    return publish_draft(row, note, by=by)


def publish_draft(row: Dataset, note: str, *, by: Actor, context: LintContext | None = None) -> uuid.UUID:
    """Do what ``publish`` does inside another act; whoever publishes many reads the ``context`` once."""
    known = context or queries.lint_context()
    definition = DEFINITION.validate_python(row.draft)
    findings = [finding for finding in lint(definition, known) if finding.blocks]
    if findings:
        raise Invalid(
            _("有 %(count)d 处不符合目录规范，改好才能发布。") % {"count": len(findings)},
            errors=tuple(FieldError(finding.where, finding.message) for finding in findings),
        )
    agency = directory.get_agency(definition.agency)
    resource_code = row.resource_code
    if not resource_code or row.classification != definition.classification:
        resource_code = queries.resource_code(definition.classification, allot(f"dataset:{definition.classification}"))
    content = {
        "definition": row.draft,
        "resource_code": resource_code,
        "agency": {
            "code": agency.code,
            "uscc": agency.uscc,
            "name": agency.name,
            "short_name": agency.short_name,
            "path": agency.path,
        },
    }
    digest = sha256_of(content)
    latest = row.editions.order_by("-number").first()
    if latest is not None and latest.digest == digest and row.current_id == latest.id:
        return latest.id
    edition = DatasetEdition.objects.create(
        dataset=row,
        number=latest.number + 1 if latest else 1,
        digest=digest,
        content=content,
        published_at=clock.now(),
        published_by=by.label,
        note=note,
    )
    shown = {
        "current": edition,
        "state": DatasetState.PUBLISHED.value,
        "resource_code": resource_code,
        "name": definition.name,
        "basis": "；".join(basis.words for basis in definition.basis)[:600],
        "classification": definition.classification,
        "domain": definition.domain,
        "sharing": int(definition.sharing),
    }
    for name, value in shown.items():
        setattr(row, name, value)
    row.save(update_fields=list(shown))
    DatasetDraft.objects.filter(dataset=row, live=False).update(live=True)
    current().emit(PUBLISHED, row, edition=str(edition.id), code=row.code)
    return edition.id


@act_on("sharing.withdraw", _lock, permission=CanPublish)
def withdraw(row: Dataset, reason: str, *, by: Actor, key: Key) -> None:
    """Take a dataset out of the catalogue: nobody is answered from it until it is published again."""
    row.state, row.current = DatasetState.SUSPENDED.value, None
    row.save(update_fields=["state", "current"])
    DatasetDraft.objects.filter(dataset=row).update(live=False)
    current().detail["reason"] = reason
    current().emit(WITHDRAWN, row, code=row.code)
