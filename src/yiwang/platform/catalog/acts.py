"""What changes the catalogue: drafts, publishing, suspending, life events."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act, act_on, current, event
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key, Role
from yiwang.platform.catalog import documents, queries, rules
from yiwang.platform.catalog.imports.formats import MAX_ROWS, SourceFile
from yiwang.platform.catalog.imports.landing import bring_in
from yiwang.platform.catalog.imports.report import Report
from yiwang.platform.catalog.linting import LintContext, VagueWord, lint
from yiwang.platform.catalog.managers import EDITORS
from yiwang.platform.catalog.models import (
    Edition,
    Implementation,
    ItemDraft,
    LifeEventEdition,
    LifeEventRow,
    SampleFile,
    ServiceItem,
    VagueWordRow,
)
from yiwang.platform.catalog.types import Definition, LifeEvent
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.four_eyes import by_another
from yiwang.platform.editing.types import DESK
from yiwang.ui.uploads import Upload

PUBLISHED = event("catalog.published", "An edition of an item was published.")
SUSPENDED = event("catalog.suspended", "An item takes no new applications for now.")
LIFE_EVENT_PUBLISHED = event("catalog.life_event_published", "An edition of a life event was published.")

CanEdit = Permission(
    name="edit items",
    kinds=frozenset({ActorKind.STAFF}),
    roles=EDITORS,
)
CanPublish = Permission(
    name="publish items", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.ITEM_PUBLISHER})
)


def _lock(pk: uuid.UUID, by: Actor) -> Implementation:
    row = Implementation.objects.visible_to(by).select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这个事项。"))
    return row


@act("catalog.save_draft", permission=CanEdit)
def save_draft(definition: Definition, source: str = "", *, by: Actor, key: Key) -> uuid.UUID:
    """Write an item's draft, new or changed; the published edition stays as it is.

    Raises ``Invalid`` if the agency is unknown or outside of what the editor may touch.
    """
    return write_draft(definition, source, by=by).pk


def write_draft(definition: Definition, source: str, *, by: Actor, guid: uuid.UUID | None = None) -> Implementation:
    """Do what ``save_draft`` does inside another act (imports save many); ``guid`` is the id that a new row takes."""
    agency = directory.find_agency(definition.agency)
    if agency is None:
        raise Invalid(
            _("事项目录里没有这个部门。"),
            errors=(FieldError("agency", _("没有代码为 %(code)s 的部门。") % {"code": definition.agency}),),
        )
    item, _made = ServiceItem.objects.get_or_create(
        basic_code=definition.basic_code,
        defaults={"name": definition.name, "item_type": definition.item_type},
    )
    document = documents.dump_definition(definition)
    digest = sha256_of(document)
    writer = by.id if by.kind is ActorKind.STAFF else None
    flags = {"drafted_by": writer, "sample_only": definition.sample_only, "pseudo_body": rules.pseudo_body(definition)}
    row, made = Implementation.objects.get_or_create(
        task_code=definition.task_code,
        handle_code=definition.handle_code,
        defaults={
            "item": item,
            "agency_id": agency.id,
            "region": agency.region,
            "level": definition.level,
            "draft": document,
            "draft_digest": digest,
            "source": source,
            "changed_at": clock.now(),
            **({} if guid is None or Implementation.objects.filter(pk=guid).exists() else {"id": guid}),
            **flags,
        },
    )
    CanEdit.check(by, row)
    if row.agency_id != agency.id:
        raise Invalid(
            _("这个实施编码已经属于另一个部门。"),
            errors=(FieldError("task_code", _("实施编码已经属于另一个部门。")),),
        )
    if not made and row.draft_digest != digest:
        changes = {"draft": document, "draft_digest": digest, "changed_at": clock.now(), "source": source}
        for name, value in (changes | flags).items():
            setattr(row, name, value)
        row.save(update_fields=[*changes, *flags])
        if source != DESK:
            ItemDraft.objects.filter(implementation=row).update(
                document=None, latest_revision=None, title=definition.name
            )
    if made:
        ItemDraft.objects.create(implementation=row, title=definition.name, live=False)
    current().detail["implementation"] = str(row.id)
    return row


def bring_in_draft(
    definition: Definition,
    source: str,
    context: LintContext,
    *,
    guid: uuid.UUID | None = None,
    in_force: bool = True,
    by: Actor,
) -> bool:
    """Write an imported item and tell whether that changed anything (inside another act).

    What was published elsewhere and is in force is published here as it is, to be found and read; a city's own item
    stays a draft until its editors publish it.
    """
    digest = sha256_of(documents.dump_definition(definition))
    row = (
        Implementation.objects.filter(task_code=definition.task_code, handle_code=definition.handle_code)
        .select_related("agency")
        .first()
    )
    shown = definition.sample_only and in_force
    if row is not None and row.draft_digest == digest and (row.current_id or not shown):
        CanEdit.check(by, row)
        return False
    row = write_draft(definition, source, by=by, guid=guid)
    if shown:
        publish_draft(row, source, by=by, context=context)
    return True


@act("catalog.import_items", permission=CanEdit)
def import_items(
    source: SourceFile, format_name: str, apply: bool, most: int = MAX_ROWS, *, by: Actor, key: Key
) -> Report:
    """Bring in the items of a file, or only say what would come of it; see ``imports`` for what lands and how.

    A file of more than ``most`` rows is refused.
    """
    land = functools.partial(bring_in_draft, by=by)
    report = bring_in(source.path, source.name, format_name, apply=apply, land=land, most=most)
    current().detail |= {
        "file": source.name,
        "sha256": source.sha256,
        "applied": apply,
        "read": report.read,
        "landed": report.landed,
        "rejected": report.rejected,
    }
    return report


@act_on("catalog.publish", _lock, permission=CanPublish)
def publish(row: Implementation, note: str = "", *, by: Actor, key: Key) -> uuid.UUID:
    """Lint the draft and freeze it as the next edition; unchanged content gives the edition that is there.

    Raises ``Invalid`` with every error that the linter found: errors block, warnings do not. Raises ``NotAllowed`` for
    whoever wrote the draft: four eyes see what is published.
    """
    by_another(row, by)
    return publish_draft(row, note, by=by)


@act("catalog.publish_definition", permission=CanPublish)
def publish_definition(definition: Definition, note: str = "", *, by: Actor, key: Key) -> uuid.UUID:
    """Write a draft and publish it at once: what a reviewer agreed to is what becomes the edition.

    Raises ``NotAllowed`` for whoever wrote it, also if they only changed it now.
    """
    row = _lock(write_draft(definition, DESK, by=by).pk, by)
    CanPublish.check(by, row)
    by_another(row, by)
    return publish_draft(row, note, by=by)


def publish_draft(row: Implementation, note: str, *, by: Actor, context: LintContext | None = None) -> uuid.UUID:
    """Do what ``publish`` does inside another act; whoever publishes many reads the ``context`` once."""
    context = context or queries.lint_context()
    definition = documents.DEFINITION.validate_python(row.draft)
    findings = [finding for finding in lint(definition, context) if finding.blocks]
    if findings:
        raise Invalid(
            _("有 %(count)d 处不符合办事指南规范，改好才能发布。") % {"count": len(findings)},
            errors=tuple(FieldError(finding.where, finding.message) for finding in findings),
        )
    frozen = rules.with_situations(definition)
    agency = directory.get_agency(definition.agency)
    content = {
        "definition": row.draft if frozen is definition else documents.dump_definition(frozen),
        "elements": documents.dump_elements(documents.used_elements(frozen, context.elements or {})),
        "agency": {
            "code": agency.code,
            "name": agency.name,
            "short_name": agency.short_name,
            "path": agency.path,
        },
        "files": documents.FILES.dump_python(
            {
                name: context.samples[name]
                for _where, name in rules.used_files(frozen)
                if name in (context.samples or {})
            },
            mode="json",
        ),
    }
    digest = sha256_of(content)
    latest = row.editions.order_by("-number").first()
    if latest is not None and latest.digest == digest and row.current_id == latest.id:
        return latest.id
    edition = Edition.objects.create(
        implementation=row,
        number=latest.number + 1 if latest else 1,
        digest=digest,
        content=content,
        published_at=clock.now(),
        published_by=by.label,
        note=note,
    )
    row.current, row.state = edition, "published"
    row.save(update_fields=["current", "state"])
    ItemDraft.objects.filter(implementation=row, live=False).update(live=True)
    current().emit(PUBLISHED, row, edition=str(edition.id), basic_code=definition.basic_code)
    return edition.id


@act_on("catalog.suspend", _lock, permission=CanPublish, announces=SUSPENDED)
def suspend(row: Implementation, reason: str, *, by: Actor, key: Key) -> None:
    """Take no new applications for the item (暂停); running cases go on by their editions."""
    row.state, row.current = "suspended", None
    row.save(update_fields=["state", "current"])
    ItemDraft.objects.filter(implementation=row).update(live=False)
    current().detail["reason"] = reason


def write_life_event(life_event: LifeEvent, order: int) -> None:
    """Write a life event and publish it if it changed (inside another act)."""
    document: dict[str, Any] = documents.LIFE_EVENT.dump_python(life_event, mode="json")
    digest = sha256_of(document)
    row, _made = LifeEventRow.objects.update_or_create(
        code=life_event.code, defaults={"draft": document, "order": order}
    )
    latest = row.editions.order_by("-number").first()
    if latest is not None and latest.digest == digest:
        return
    row.current = LifeEventEdition.objects.create(
        life_event=row,
        number=latest.number + 1 if latest else 1,
        digest=digest,
        content=document,
        published_at=clock.now(),
    )
    row.save(update_fields=["current"])
    current().emit(LIFE_EVENT_PUBLISHED, row, code=life_event.code)


@act("catalog.add_sample", permission=CanEdit)
def add_sample(upload: Upload, *, by: Actor, key: Key) -> str:
    """Keep a file that was taken in, as a sample or blank form that drafts can name; return its name.

    The name begins with the content's digest, so that no upload takes the place of another's file.
    """
    name = f"uploads/{upload.digest[:12]}-{upload.name}"
    write_sample(name, upload.digest, upload.media_type, upload.size)
    current().detail["sample"] = name
    return name


def write_sample(name: str, digest: str, media_type: str, size: int) -> None:
    """Let a name stand for a stored file (inside another act); editions keep the file they were published with."""
    SampleFile.objects.update_or_create(name=name, defaults={"digest": digest, "media_type": media_type, "size": size})


def write_vague_words(words: Iterable[VagueWord]) -> None:
    """Replace what the city adds to the linter's list of vague words (inside another act)."""
    VagueWordRow.objects.all().delete()
    VagueWordRow.objects.bulk_create(
        VagueWordRow(word=word.word, document=documents.VAGUE_WORD.dump_python(word, mode="json")) for word in words
    )
