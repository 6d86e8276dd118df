"""Data elements (数据元): drafts, review and publishing, like everything else that people rely on.

An edition of an item keeps the elements that it was published with: a change of an element reaches the next edition only.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act, current, event
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.remembered import forget
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key, Role
from yiwang.platform.catalog import documents, queries
from yiwang.platform.catalog.linting import LintFinding
from yiwang.platform.catalog.models import DataElementEdition, DataElementRow, ElementDraft
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import DataElement, FormField
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.four_eyes import by_another
from yiwang.platform.editing.types import EditionEntry, entries
from yiwang.ui import values

PUBLISHED = event("catalog.element_published", "An edition of a data element was published.")
EDITORS = frozenset({Role.DATA_STEWARD, Role.DATA_OFFICE})
KEPT = "catalog.elements"

CanEdit = Permission(name="describe data elements", kinds=frozenset({ActorKind.STAFF}), roles=EDITORS)
CanPublish = Permission(
    name="publish data elements", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.DATA_OFFICE})
)


def lint(element: DataElement) -> list[LintFinding]:
    """Return everything that is wrong with a data element, by field."""
    return list(_faults(element))


def _faults(element: DataElement) -> Iterator[LintFinding]:
    known = queries.elements()
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,59}", element.code):
        yield LintFinding("code", "code", _("代码要用小写字母开头，只含小写字母、数字和下划线。"))
    if not element.label:
        yield LintFinding("label", "label", _("请写名称。"))
    if element.authority and element.authority not in set(directory.functions().values()):
        yield LintFinding("authority", "authority", _("没有职能代码为 %s 的部门。") % element.authority)
    if element.kind in (FieldKind.CHOICE, FieldKind.CHOICES) and not element.options:
        yield LintFinding("options", "options", _("选择项要列出可以取的值。"))
    if element.kind is FieldKind.TABLE and not element.columns:
        yield LintFinding("columns", "columns", _("表格要列出它的各列。"))
    for number, column in enumerate(element.columns):
        if column not in known:
            yield LintFinding("columns", f"columns.{number}", _("没有代码为 %s 的数据元。") % column)
    if element.pattern:
        try:
            re.compile(element.pattern)
        except re.error:
            yield LintFinding("pattern", "pattern", _("读不懂这个正则表达式。"))
            return
        if not (element.example and element.hint):
            yield LintFinding("pattern", "pattern", _("有格式要求的，要给样例和填报须知。"))
    if element.example and all(column in known for column in element.columns):
        try:
            values.parse(field_spec({**known, element.code: element}, FormField(element.code)), element.example)
        except values.Wrong as wrong:
            yield LintFinding("example", "example", _("样例不合要求：%s") % wrong.message)
    if not element.label_en:
        yield LintFinding("english", "label_en", _("没有英文名称。"), blocks=False)


@act("catalog.save_element", permission=CanEdit)
def save_draft(element: DataElement, source: str = "", *, by: Actor, key: Key) -> str:
    """Write a data element's draft, new or changed; the published one stays as it is."""
    return _write(element, by).code


def _write(element: DataElement, by: Actor) -> DataElementRow:
    document = documents.ELEMENT.dump_python(element, mode="json")
    digest, now = sha256_of(document), clock.now()
    row, made = DataElementRow.objects.get_or_create(
        code=element.code,
        defaults={
            "draft": document,
            "draft_digest": digest,
            "drafted_by": by.id if by.kind is ActorKind.STAFF else None,
            "state": "draft",
            "changed_at": now,
        },
    )
    if made:
        ElementDraft.objects.create(element=row, title=element.label, live=False)
    elif row.draft_digest != digest:
        row.draft, row.draft_digest, row.changed_at = document, digest, now
        row.drafted_by = by.id if by.kind is ActorKind.STAFF else None
        row.save()
    current().detail["element"] = element.code
    return row


@act("catalog.publish_element", permission=CanPublish)
def publish(element: DataElement, note: str = "", *, by: Actor, key: Key) -> uuid.UUID:
    """Write a data element and publish it: forms made from now on ask for it so.

    Raises ``Invalid`` with everything that is wrong, ``NotAllowed`` for whoever wrote it: four eyes.
    """
    row = DataElementRow.objects.select_for_update().get(pk=_write(element, by).pk)
    by_another(row, by)
    findings = [finding for finding in lint(element) if finding.blocks]
    if findings:
        raise Invalid(
            _("有 %(count)d 处不符合数据元规范，改好才能发布。") % {"count": len(findings)},
            errors=tuple(FieldError(finding.where, finding.message) for finding in findings),
        )
    latest = row.editions.order_by("-number").first()
    row.document, row.state = row.draft, "published"
    row.save(update_fields=["document", "state"])
    ElementDraft.objects.filter(element=row, live=False).update(live=True)
    forget(KEPT)
    if latest is not None and latest.digest == row.draft_digest:
        return latest.id
    made = DataElementEdition.objects.create(
        element=row,
        number=latest.number + 1 if latest else 1,
        digest=row.draft_digest,
        content=row.draft,
        published_at=clock.now(),
        published_by=by.label,
        note=note,
    )
    current().emit(PUBLISHED, edition=str(made.id), code=row.code)
    return made.id


@act("catalog.suspend_element", permission=CanPublish)
def suspend(code: str, reason: str, *, by: Actor, key: Key) -> None:
    """Take a data element out of the catalogue: new forms cannot ask for it; published items keep theirs."""
    row = DataElementRow.objects.select_for_update().filter(code=code, document__isnull=False).first()
    if row is None:
        raise NotFound(_("没有这个数据元。"))
    row.document, row.state = None, "suspended"
    row.save(update_fields=["document", "state"])
    ElementDraft.objects.filter(element=row).update(live=False)
    current().detail |= {"element": code, "reason": reason}
    forget(KEPT)


def write_elements(elements: Iterable[DataElement]) -> None:
    """Write and publish data elements (inside the loading of a pack); unchanged ones keep their edition."""
    now = clock.now()
    rows = {one.code: one for one in DataElementRow.objects.all()}
    changed: list[DataElementRow] = []
    for element in elements:
        document = documents.ELEMENT.dump_python(element, mode="json")
        digest = sha256_of(document)
        old = rows.get(element.code)
        if old is None or old.document is None or old.draft_digest != digest or old.document != document:
            changed.append(
                DataElementRow(
                    code=element.code, document=document, draft=document, draft_digest=digest, changed_at=now
                )
            )
    fields = ["document", "draft", "draft_digest", "drafted_by", "state", "changed_at"]
    DataElementRow.objects.bulk_create(changed, update_conflicts=True, unique_fields=["code"], update_fields=fields)
    codes = [row.code for row in changed]
    numbers: dict[str, int] = {}
    for code, number in DataElementEdition.objects.filter(element_id__in=codes).values_list("element_id", "number"):
        numbers[code] = max(number, numbers.get(code, 0))
    DataElementEdition.objects.bulk_create(
        DataElementEdition(
            element_id=row.code,
            number=numbers.get(row.code, 0) + 1,
            digest=row.draft_digest,
            content=row.document,
            published_at=now,
            published_by=str(current().by.label),
        )
        for row in changed
    )
    drafted = set(ElementDraft.objects.filter(element_id__in=codes).values_list("element_id", flat=True))
    ElementDraft.objects.filter(element_id__in=drafted).update(document=None, latest_revision=None, live=True)
    ElementDraft.objects.bulk_create(
        ElementDraft(element_id=row.code, title=row.document["label"], live=True)
        for row in changed
        if row.code not in drafted
    )
    forget(KEPT)


def editable_by(actor: Actor) -> Any:
    """Return the data elements that the actor may describe: all or none, they belong to the whole city."""
    rows = DataElementRow.objects.all()
    return rows if actor.has_role(EDITORS) or actor.kind is ActorKind.SYSTEM else rows.none()


def history(code: str) -> list[EditionEntry]:
    """Return the editions of a data element, newest first."""
    return entries(DataElementEdition.objects.filter(element_id=code))


def edition(pk: uuid.UUID) -> dict[str, Any]:
    """Return an edition's document, to compare."""
    content: dict[str, Any] = DataElementEdition.objects.values_list("content", flat=True).get(pk=pk)
    return content
