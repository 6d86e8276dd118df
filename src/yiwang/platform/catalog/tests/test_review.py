"""Four eyes: what is published was written by one person and agreed to by another."""

from __future__ import annotations

import html
import json

import pytest

from yiwang.kernel.problems import NotAllowed
from yiwang.kernel.types import Role
from yiwang.platform.catalog import acts, queries
from yiwang.platform.catalog.editing.models import ItemDraft
from yiwang.platform.catalog.models import Edition
from yiwang.platform.catalog.tests import city
from yiwang.platform.catalog.tests.desk import edit_url, save, signed_in
from yiwang.platform.catalog.tests.items import item
from yiwang.platform.directory.models import Agency
from yiwang.platform.editing.types import DESK


def test_nobody_publishes_what_they_wrote(amr: Agency, shop: ItemDraft) -> None:
    one, other = signed_in(amr, Role.ITEM_PUBLISHER), signed_in(amr, Role.ITEM_PUBLISHER, amr.path)
    answer = save(one, shop, item(plain="自己改的"), "action-publish")
    assert answer.status_code == 200
    assert json.dumps("要由另一位发布员审核发布")[1:-1] in html.unescape(answer.content.decode())
    assert Edition.objects.count() == 0
    assert save(one, shop, item(plain="自己改的")).status_code == 302
    page = one.get(edit_url(shop)).content.decode()
    assert "action-publish" not in page
    assert "action-publish" in other.get(edit_url(shop)).content.decode()
    assert save(one, shop, item(plain="自己改的"), "action-publish").status_code == 200
    assert Edition.objects.count() == 0
    assert save(other, shop, item(plain="自己改的"), "action-publish").status_code == 302
    assert queries.current_edition(item().task_code).definition.plain == "自己改的"


def test_nobody_agrees_to_what_they_handed_in(amr: Agency, shop: ItemDraft) -> None:
    one, other = signed_in(amr, Role.ITEM_PUBLISHER), signed_in(amr, Role.ITEM_PUBLISHER, amr.path)
    assert save(one, shop, item(plain="自己改的"), "action-submit").status_code == 302
    state = ItemDraft.objects.get(pk=shop.pk).current_workflow_task_state
    action = f"/editors/items/workflow/action/{shop.pk}/approve/{state.pk}/"
    one.post(action, {"next": "/editors/items/"})
    assert Edition.objects.count() == 0
    assert other.post(action, {"next": "/editors/items/"}).status_code == 302
    assert Edition.objects.count() == 1


def test_the_act_itself_refuses_an_author(amr: Agency) -> None:
    by = city.staff(Role.ITEM_PUBLISHER)
    pk = acts.save_draft(item(), DESK, by=by, key="draft")
    with pytest.raises(NotAllowed):
        acts.publish(pk, by=by, key="one")
    with pytest.raises(NotAllowed):
        acts.publish_definition(item(plain="别的话"), by=by, key="two")
    acts.publish(pk, by=city.staff(Role.ITEM_PUBLISHER), key="three")
    assert Edition.objects.count() == 1


def test_the_list_says_how_each_item_stands(amr: Agency, shop: ItemDraft) -> None:
    editor, publisher = signed_in(amr, Role.ITEM_EDITOR), signed_in(amr, Role.ITEM_PUBLISHER)
    assert "草稿" in editor.get("/editors/items/").content.decode()
    save(editor, shop, item(plain="第二版"), "action-submit")
    assert "待审核" in publisher.get("/editors/items/").content.decode()
    state = ItemDraft.objects.get(pk=shop.pk).current_workflow_task_state
    publisher.post(f"/editors/items/workflow/action/{shop.pk}/reject/{state.pk}/", {"comment": "写清楚第三步"})
    assert "退回修改" in editor.get("/editors/items/").content.decode()
    assert "写清楚第三步" in editor.get(edit_url(shop)).content.decode()
    save(editor, shop, item(plain="第三版"), "action-submit")
    state = ItemDraft.objects.get(pk=shop.pk).current_workflow_task_state
    publisher.post(f"/editors/items/workflow/action/{shop.pk}/approve/{state.pk}/", {"next": "/editors/items/"})
    assert "已发布" in editor.get("/editors/items/").content.decode()
    assert "写清楚第三步" not in editor.get(edit_url(shop)).content.decode()
