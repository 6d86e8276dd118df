"""The editors' desk: who comes in, what they reach, that nothing is lost in the form, that publishing is our act."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from wagtail.models import Workflow

from yiwang.kernel.acts import system_record
from yiwang.kernel.codes import uscc_check
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import SYSTEM, Role
from yiwang.platform.catalog import documents, queries
from yiwang.platform.catalog.acts import publish_draft
from yiwang.platform.catalog.editing.kind import GROUPS
from yiwang.platform.catalog.editing.models import ItemDraft
from yiwang.platform.catalog.labels import path_label
from yiwang.platform.catalog.models import Edition, Implementation
from yiwang.platform.catalog.tests import city
from yiwang.platform.catalog.tests.desk import BLOCKS, edit_url, form_data, made, save, signed_in
from yiwang.platform.catalog.tests.items import BASIC, item
from yiwang.platform.catalog.tests.strategies import definitions
from yiwang.platform.catalog.types import Definition
from yiwang.platform.directory.models import Agency, Region
from yiwang.platform.editing.blocks import to_document
from yiwang.platform.editing.comparing import changes

text = st.text(st.sampled_from("甲乙丙 a1'\"<&\n"), max_size=6).map(str.strip)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, phases=[Phase.generate])
@given(definitions(text, st.integers(-9, 999)))
def test_a_definition_comes_out_of_the_form_as_it_went_in(definition: Definition) -> None:
    data = form_data(definition)
    document: dict[str, Any] = {}
    for group, block in BLOCKS.items():
        document |= to_document(block.clean(block.value_from_datadict(data, {}, group)))
    assert documents.DEFINITION.validate_python(document) == definition


def test_the_parts_of_the_form_hold_every_field_once() -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(Definition.__dataclass_fields__)


# --- The desk ---


def test_strangers_sign_in_at_our_door_and_others_stay_out(amr: Agency, shop: ItemDraft) -> None:
    clerk = signed_in(amr, Role.INTAKE)
    for address in ("/editors/", edit_url(shop), "/editors/items/"):
        answer = Client().get(address)
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/sign-in/")
        assert clerk.get(address).status_code == 403


def addresses(patterns: list[Any]) -> list[URLPattern]:
    found: list[URLPattern] = []
    for pattern in patterns:
        found += addresses(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]
    return found


def test_every_address_of_wagtail_has_our_entry_check() -> None:
    editors = next(one for one in get_resolver().url_patterns if str(one.pattern) == "editors/")
    found = addresses(editors.url_patterns)
    assert len(found) > 50
    assert [one for one in found if getattr(one.callback, "entry", None) is None] == []


@pytest.mark.parametrize(
    "address",
    [
        "login/",
        "users/",
        "pages/",
        "reports/site-history/",
        "workflows/list/",
        "api/main/pages/",
        "images/",
        "account/",
    ],
)
def test_what_editing_does_not_need_is_not_there(amr: Agency, address: str) -> None:
    assert signed_in(amr, Role.ITEM_PUBLISHER).get(f"/editors/{address}").status_code == 404


def test_editors_see_only_what_their_grants_reach(amr: Agency, shop: ItemDraft) -> None:
    uscc = "11330302MA00DEM0X"
    uscc += uscc_check(uscc)
    city.agency("330302-fire", uscc, Region.objects.get(code="330302"))
    other = made(item(agency="330302-fire", task_code=f"{uscc}4{BASIC}", name="别的部门的事项"))
    client = signed_in(amr, Role.ITEM_EDITOR, amr.path)
    listed = client.get("/editors/items/").content.decode()
    assert shop.title in listed
    assert other.title not in listed
    assert client.get(edit_url(shop)).status_code == 200
    for address in ("edit", "history", "usage", "delete", "editions", "unpublish", "workflow_history"):
        assert client.get(f"/editors/items/{address}/{other.pk}/").status_code == 404
    assert client.post(edit_url(other), form_data(item())).status_code == 404
    assert Implementation.objects.get(pk=other.implementation_id).draft["name"] == "别的部门的事项"


def test_saving_writes_the_draft_by_our_act_and_keeps_a_revision(amr: Agency, shop: ItemDraft) -> None:
    client = signed_in(amr, Role.ITEM_EDITOR)
    answer = save(client, shop, item(plain="换了一句话"))
    assert (answer.status_code, answer.headers["Location"]) == (302, edit_url(shop))
    shop.refresh_from_db()
    assert shop.implementation.draft["plain"] == "换了一句话"
    assert shop.revisions.count() == 1
    assert AuditEntry.objects.filter(name="catalog.save_draft").count() == 1
    assert Edition.objects.count() == 0
    assert json.dumps("换了一句话") in html.unescape(client.get(edit_url(shop)).content.decode())


def test_an_unfinished_draft_is_saved_but_not_sent_for_review(amr: Agency, shop: ItemDraft) -> None:
    client = signed_in(amr, Role.ITEM_EDITOR)
    unfinished = item(faq=(), consult_phone="", materials=(replace(item().materials[0], hint="另附其他材料"),))
    assert save(client, shop, unfinished).status_code == 302
    answer = save(client, shop, unfinished, "action-submit")
    assert answer.status_code == 200
    page = html.unescape(answer.content.decode())
    assert "其他材料" in page
    assert '"blockErrors"' in page
    shop.refresh_from_db()
    assert shop.current_workflow_state is None


def test_an_editor_submits_and_a_publisher_publishes(amr: Agency, shop: ItemDraft) -> None:
    editor, publisher = signed_in(amr, Role.ITEM_EDITOR), signed_in(amr, Role.ITEM_PUBLISHER)
    assert save(editor, shop, item(plain="第二版"), "action-publish").status_code in {200, 302}
    assert Edition.objects.count() == 0
    assert save(editor, shop, item(plain="第二版"), "action-submit").status_code == 302
    shop = ItemDraft.objects.get(pk=shop.pk)
    assert shop.current_workflow_state is not None
    assert save(editor, shop, item(plain="审核中改的")).status_code == 200
    state = shop.current_workflow_task_state
    action = f"/editors/items/workflow/action/{shop.pk}/approve/{state.pk}/"
    editor.post(action)
    assert Edition.objects.count() == 0
    assert publisher.post(action, {"next": "/editors/items/"}).status_code == 302
    edition = queries.current_edition(item().task_code)
    assert edition.definition == item(plain="第二版", materials=edition.definition.materials)
    assert AuditEntry.objects.filter(name="catalog.publish_definition").count() == 1


def test_a_publisher_sends_it_back(amr: Agency, shop: ItemDraft) -> None:
    editor, publisher = signed_in(amr, Role.ITEM_EDITOR), signed_in(amr, Role.ITEM_PUBLISHER)
    save(editor, shop, item(), "action-submit")
    state = ItemDraft.objects.get(pk=shop.pk).current_workflow_task_state
    publisher.post(f"/editors/items/workflow/action/{shop.pk}/reject/{state.pk}/", {"comment": "写清楚"})
    assert Edition.objects.count() == 0
    assert ItemDraft.objects.get(pk=shop.pk).current_workflow_state.status == "needs_changes"
    assert save(editor, shop, item(plain="改好了")).status_code == 302


def test_a_publisher_publishes_and_takes_down(amr: Agency, shop: ItemDraft) -> None:
    publisher = signed_in(amr, Role.ITEM_PUBLISHER)
    assert save(publisher, shop, item(), "action-publish").status_code == 302
    assert queries.current_edition(item().task_code).number == 1
    assert publisher.post(f"/editors/items/unpublish/{shop.pk}/").status_code == 302
    assert Implementation.objects.get().state == "suspended"
    assert AuditEntry.objects.filter(name="catalog.suspend").count() == 1


def test_what_blocks_is_told_and_nothing_is_published(amr: Agency, shop: ItemDraft) -> None:
    publisher = signed_in(amr, Role.ITEM_PUBLISHER)
    answer = save(publisher, shop, item(legal_basis=()), "action-publish")
    assert answer.status_code == 200
    assert Edition.objects.count() == 0


def test_a_new_item_begins_as_a_draft(amr: Agency) -> None:
    client = signed_in(amr, Role.ITEM_EDITOR, amr.path)
    answer = client.post("/editors/items/add/", form_data(item()))
    assert answer.status_code == 302
    assert documents.DEFINITION.validate_python(Implementation.objects.get().draft) == item()
    assert ItemDraft.objects.get().revisions.count() == 1


def test_what_is_loaded_from_outside_replaces_an_open_draft(amr: Agency, shop: ItemDraft) -> None:
    save(signed_in(amr, Role.ITEM_EDITOR), shop, item(plain="编辑写的"))
    made(item(plain="数据包写的"))
    shop = ItemDraft.objects.get(pk=shop.pk)
    assert shop.get_latest_revision_as_object().content["plain"] == "数据包写的"


def test_editions_are_compared(amr: Agency) -> None:
    draft = made(item(), published=True)
    editor, address = signed_in(amr, Role.ITEM_EDITOR), f"/editors/items/editions/{draft.pk}/"
    assert "只发布过一版" in editor.get(address).content.decode()
    with system_record("test.publish"):
        row = Implementation.objects.get(pk=draft.implementation_id)
        row.draft["promised_limit"]["value"] = 6
        publish_draft(row, "", by=SYSTEM)
    page = editor.get(address).content.decode()
    assert "承诺办结时限 · 数值" in page
    assert "<td><del>5</del></td><td><ins>6</ins></td>" in page


def test_the_policy_of_wagtails_pages_runs_no_inline_script(amr: Agency, shop: ItemDraft) -> None:
    answer = signed_in(amr, Role.ITEM_EDITOR).get(edit_url(shop))
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "no-store" in answer.headers["Cache-Control"]


def test_one_workflow_is_there(db: None) -> None:
    assert Workflow.objects.filter(active=True, name="审核后发布").count() == 1


# --- Comparing ---


def test_rows_are_compared_by_their_code() -> None:
    old = {"materials": [{"code": "a", "name": "甲"}, {"code": "b", "name": "乙"}], "plain": "一"}
    new = {"materials": [{"code": "b", "name": "丙"}, {"code": "c", "name": "丁"}], "plain": "一"}
    assert [(change.path, change.old, change.new) for change in changes(old, new)] == [
        (("materials", "b", "name"), "乙", "丙"),
        (("materials", "c"), None, {"code": "c", "name": "丁"}),
        (("materials", "a"), {"code": "a", "name": "甲"}, None),
    ]
    assert path_label(("materials", "0", "name")) == "申请材料 · 1 · 名称"


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values)
def test_equal_documents_have_no_changes_and_comparing_never_raises(one: Any, other: Any) -> None:
    assert list(changes(one, json.loads(json.dumps(one)))) == []
    assert bool(list(changes(one, other))) in {True, False}
