"""The editors' desk in tests: who signs in, what a browser posts."""

from __future__ import annotations

from typing import Any

from django.test import Client
from wagtail import blocks

from yiwang.kernel.acts import system_record
from yiwang.kernel.types import SYSTEM, Role
from yiwang.platform.catalog import documents
from yiwang.platform.catalog.acts import publish_draft, write_draft
from yiwang.platform.catalog.editing.kind import ITEMS
from yiwang.platform.catalog.editing.models import ItemDraft
from yiwang.platform.catalog.types import Definition
from yiwang.platform.directory.models import Agency, StaffMember, StaffRole
from yiwang.platform.editing.blocks import group_blocks, to_form
from yiwang.platform.identity.models import Account

BLOCKS = group_blocks(ITEMS)


def posted(block: blocks.Block, prefix: str, value: Any) -> dict[str, str]:
    """Return what a browser posts for a block with this value."""
    if isinstance(block, blocks.StructBlock):
        made: dict[str, str] = {}
        for name, child in block.child_blocks.items():
            made |= posted(child, f"{prefix}-{name}", value[name])
        return made
    if isinstance(block, blocks.ListBlock):
        made = {f"{prefix}-count": str(len(value))}
        for number, part in enumerate(value):
            made |= {
                f"{prefix}-{number}-order": str(number),
                f"{prefix}-{number}-deleted": "",
                f"{prefix}-{number}-id": "",
            }
            made |= posted(block.child_block, f"{prefix}-{number}-value", part)
        return made
    if isinstance(block, blocks.BooleanBlock):
        return {prefix: "on"} if value else {}
    return {prefix: "" if value is None else str(value).replace("\n", "\r\n")}


def form_data(definition: Definition) -> dict[str, str]:
    document = documents.dump_definition(definition)
    made: dict[str, str] = {}
    for group, block in BLOCKS.items():
        made |= posted(block, group, to_form(block, document))
    return made


def made(definition: Definition, *, published: bool = False) -> ItemDraft:
    with system_record("test.item"):
        row = write_draft(definition, "test", by=SYSTEM)
        if published:
            publish_draft(row, "", by=SYSTEM)
    return ItemDraft.objects.get(implementation=row)


def signed_in(amr: Agency, role: Role | None, path: str = "") -> Client:
    account = Account.objects.create_account(f"{role}{path}", is_staff=True)
    member = StaffMember.objects.create(account=account, agency=amr, number=f"{role}{path}"[:20], name="演示人")
    if role is not None:
        StaffRole.objects.create(staff=member, role=role.value, agency_path=path)
    client = Client()
    client.force_login(account, backend="yiwang.platform.identity.store.AccountBackend")
    return client


def edit_url(draft: ItemDraft) -> str:
    return f"/editors/items/edit/{draft.pk}/"


def save(client: Client, draft: ItemDraft, definition: Definition, action: str = "") -> Any:
    return client.post(edit_url(draft), form_data(definition) | ({action: "1"} if action else {}))
