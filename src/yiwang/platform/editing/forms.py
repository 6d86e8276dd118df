"""The form that edits a thing: parts made of blocks, checked as a definition and by the kind's own check."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from pydantic import ValidationError as DocumentError
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.blocks.base import BlockField

from yiwang.kernel.digest import sha256_of
from yiwang.platform.editing.blocks import errors_in, group_blocks, to_document, to_form
from yiwang.platform.editing.kinds import Edited
from yiwang.platform.editing.types import Finding

PUBLISHING = ("action-publish", "action-submit", "action-workflow-action")


class DraftForm(WagtailAdminModelForm):  # type: ignore[misc]
    """All of a definition. A draft needs what the types need; publishing and review need no blocking finding."""

    kind: ClassVar[Edited]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in self.kind.groups:
            block = self.fields[group].block
            known = bool(self.instance.pk)
            self.initial[group] = to_form(block, self.instance.content) if known else block.get_default()
        self.definition: Any = None

    def clean(self) -> dict[str, Any]:
        """Put the parts together and check the whole."""
        cleaned: dict[str, Any] = super().clean()
        if self.errors:
            return cleaned
        document = {name: value for group in self.kind.groups for name, value in to_document(cleaned[group]).items()}
        try:
            self.definition = self.kind.definition.validate_python(document)
        except DocumentError as error:
            self._tell([(tuple(str(part) for part in found["loc"]), found["msg"]) for found in error.errors()])
            return cleaned
        if "action-publish" in self.data and self._own():
            message = _("这一稿是您自己写的，要由另一位发布员审核发布。请点“提交审核”。")
            self._tell([((), message)])
        if any(action in self.data for action in PUBLISHING):
            self._tell(
                [
                    (tuple(finding.where.split(".")), told(finding))
                    for finding in self.kind.lint(self.definition)
                    if finding.blocks
                ]
            )
        return cleaned

    def _own(self) -> bool:
        """Tell whether whoever is at the desk wrote what would be published, before or just now."""
        if not self.instance.pk:
            return True
        document = self.kind.definition.dump_python(self.definition, mode="json")
        return self.instance.own or self.instance.thing.draft_digest != sha256_of(document)

    def _tell(self, found: list[tuple[tuple[str, ...], str]]) -> None:
        first = next(iter(self.kind.groups))
        group_of = {name: group for group, names in self.kind.groups.items() for name in names}
        by_group: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for path, message in found:
            by_group.setdefault(group_of.get(path[0], first) if path else first, []).append((path, message))
        for group, messages in by_group.items():
            self.add_error(group, errors_in(self.fields[group].block, messages))

    def save(self, commit: bool = True) -> Any:
        """Put the document on the instance; the draft itself is written by the act that the view calls."""
        self.instance.document = self.kind.definition.dump_python(self.definition, mode="json")
        self.instance.title = self.kind.title(self.definition)
        return super().save(commit=commit)


def form_of(kind: Edited) -> type[DraftForm]:
    """Return the form of a kind: one field for each of its groups."""
    fields = {group: BlockField(block=block, required=False, label="") for group, block in group_blocks(kind).items()}
    made: type[DraftForm] = type(DraftForm)("DraftForm", (DraftForm,), fields | {"kind": kind, "__module__": __name__})
    return made


def told(finding: Finding) -> str:
    """Return a finding as one sentence: what is wrong, and what would be right."""
    if finding.suggestion:
        return _("%(message)s建议：%(suggestion)s") % {"message": finding.message, "suggestion": finding.suggestion}
    return finding.message
