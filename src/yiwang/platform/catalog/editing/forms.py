"""The form that edits an item: parts made of blocks, checked as a definition and by the guide linter."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError as DocumentError
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.blocks.base import BlockField

from yiwang.kernel.digest import sha256_of
from yiwang.platform.catalog import documents, queries
from yiwang.platform.catalog.editing.access import acting
from yiwang.platform.catalog.editing.blocks import GROUPS, errors_in, group_blocks, to_document, to_form
from yiwang.platform.catalog.linting import LintFinding, lint
from yiwang.platform.catalog.types import Definition

PUBLISHING = ("action-publish", "action-submit", "action-workflow-action")
_GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}


_Parts = type(WagtailAdminModelForm)(
    "_Parts",
    (WagtailAdminModelForm,),
    {group: BlockField(block=block, required=False, label="") for group, block in group_blocks().items()}
    | {"__module__": __name__},
)


class ItemForm(_Parts):  # type: ignore[misc, valid-type]
    """All of a definition. A draft needs what the types need; publishing and review need no blocking finding."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in GROUPS:
            block = self.fields[group].block
            known = bool(self.instance.pk)
            self.initial[group] = to_form(block, self.instance.content) if known else block.get_default()
        self.definition: Definition | None = None

    def clean(self) -> dict[str, Any]:
        """Put the parts together and check the whole."""
        cleaned: dict[str, Any] = super().clean()
        if self.errors:
            return cleaned
        document = {name: value for group in GROUPS for name, value in to_document(cleaned[group]).items()}
        try:
            self.definition = documents.DEFINITION.validate_python(document)
        except DocumentError as error:
            self._tell([(tuple(str(part) for part in found["loc"]), found["msg"]) for found in error.errors()])
            return cleaned
        if "action-publish" in self.data and self._own():
            message = _("这一稿是您自己写的，要由另一位发布员审核发布。请点“提交审核”。")
            self.add_error("basics", errors_in(self.fields["basics"].block, [((), message)]))
        if any(action in self.data for action in PUBLISHING):
            self._tell(
                [
                    (tuple(finding.where.split(".")), told(finding))
                    for finding in lint(self.definition, queries.lint_context())
                    if finding.blocks
                ]
            )
        return cleaned

    def _own(self) -> bool:
        """Tell whether whoever is at the desk wrote what would be published, before or just now."""
        assert self.definition is not None
        if not self.instance.pk:
            return True
        row = self.instance.implementation
        changed = row.draft_digest != sha256_of(documents.dump_definition(self.definition))
        return changed or row.drafted_by == acting().id

    def _tell(self, found: list[tuple[tuple[str, ...], str]]) -> None:
        by_group: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for path, message in found:
            by_group.setdefault(_GROUP_OF.get(path[0], "basics"), []).append((path, message))
        for group, messages in by_group.items():
            field = self.fields[group]
            self.add_error(group, errors_in(field.block, messages))

    def save(self, commit: bool = True) -> Any:
        """Put the document on the instance; the draft itself is written by the act that the view calls."""
        assert self.definition is not None
        self.instance.document = documents.dump_definition(self.definition)
        self.instance.title = self.definition.name
        return super().save(commit=commit)


def told(finding: LintFinding) -> str:
    """Return a finding as one sentence: what is wrong, and what would be right."""
    if finding.suggestion:
        return _("%(message)s建议：%(suggestion)s") % {"message": finding.message, "suggestion": finding.suggestion}
    return finding.message
