"""Every element of the implementation list (实施清单要素, STANDARDS 3.5) has its column, its place, and comes back."""

from __future__ import annotations

import csv
import io
import json
import uuid
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from yiwang.kernel.types import SYSTEM
from yiwang.platform.catalog import acts, documents
from yiwang.platform.catalog.imports import columns
from yiwang.platform.catalog.imports.exporting import HEADER, surroundings, write_csv
from yiwang.platform.catalog.imports.formats import SourceFile
from yiwang.platform.catalog.models import Implementation
from yiwang.platform.catalog.tests.items import USCC, item
from yiwang.platform.catalog.types import (
    BodyNature,
    Channels,
    Definition,
    Draft,
    Fee,
    Limit,
    Material,
    MaterialForm,
    MaterialKind,
    MaterialSource,
    Original,
    Place,
    RemedyOffice,
    Standing,
)
from yiwang.platform.directory.models import Agency, Region

FIELDS = """
    row_guid catalog_code local_catalog_code task_code local_task_code task_handle_item task_name task_type task_version
    task_state plan_effective_date plan_cancel_date by_law power_source use_level power_division power_content dept_name
    dept_code dept_type entrust_name other_dept accept_dept decide_dept server_type anticipate_day anticipate_type
    anticipate_explain promise_day promise_type promise_explain project_type handle_flow online_flow offline_flow
    flow_picture special_procedure accept_condition handle_type limit_scene_num limit_scene_explain is_online
    online_handle_depth online_handle_url link_addr mobile_terminal_url is_single_login app_is_single_login
    is_entry_center is_schedule schedule_num schedule_rule is_pay_online is_express is_express_material
    is_express_result is_service_terminals handle_area result_type result_name result_guid is_fee fee_basis fees
    user_topic_type corp_topic_type local_user_topic_type local_corp_topic_type transact_addr transact_time
    traffic_guide windows town_code town_name village_code village_name link_way link_email link_web link_address
    supervise_way supervise_email supervise_web supervise_address reconsider_dept reconsider_address reconsider_phone
    reconsider_url lawsuit_dept lawsuit_address lawsuit_phone lawsuit_url rights limit_explain service_type materials
    faq situations
"""
"""The list of STANDARDS 3.5, by column; where it says “also” (offline flow, mail, quota), with the name we gave it."""
CHILDREN = {
    "by_law": "law_name law_number clause_number clause_content",
    "fees": "fee_name fee_stand by_law is_desc desc_explain remark",
    "faq": "question answer",
    "accept_condition": "condition condition_type",
    "windows": "window_name tel map_url transact_addr transact_time traffic_guide",
    "materials": "material_name is_need page_num page_format source_type source_explain form_guid example_guid "
    "fill_explain accept_stand by_law remark material_format material_kind original_or_copy issue_org original_num "
    "copy_num",
}
NEVER_EMPTY = """
    row_guid catalog_code task_code task_name task_type task_version task_state by_law power_source use_level dept_name
    dept_code dept_type server_type anticipate_day promise_day project_type special_procedure accept_condition
    limit_scene_num is_entry_center is_pay_online is_express result_type is_fee transact_addr transact_time link_way
    supervise_way
"""
"""NOT NULL in the national schema: what is published here must fill them."""


def full() -> Definition:
    """Return the good item with everything said that can be said."""
    good = item()
    return item(
        local_basic_code="LB-1",
        local_task_code="LT-1",
        handle_code=f"{good.task_code}01",
        effective_on=date(2026, 1, 1),
        cancelled_on=date(2036, 1, 1),
        power_division="市局管市属企业，区局管其余。",
        power_content="受理、审查、决定、发证。",
        body_nature=BodyNature.ENTRUSTED,
        entrusted_by="演示委托局",
        co_agencies=("演示联办局",),
        accepting_body="演示受理中心",
        deciding_body="演示决定局",
        statutory_limit=Limit(20, note="自受理之日起"),
        promised_limit=Limit(5, note="不含现场核查"),
        online_flow="登录，填表，等短信。",
        counter_flow="取号，交表，拿回执。",
        flow_chart="flow.pdf",
        materials=(
            Material(
                "plan",
                "平面图",
                MaterialKind.DRAWING,
                source=MaterialSource.OTHER,
                form=MaterialForm.PAPER,
                original=Original.BOTH,
                copies=3,
                originals=1,
                photocopies=2,
                size="A3",
                issuer="演示设计院",
                source_note="请有资质的单位画",
                hint="标出口",
                standard="一比一百",
                sample="plan.pdf",
                blank="plan-blank.pdf",
                basis="《演示市场条例》第三十一条",
                note="盖章",
            ),
            *good.materials[:3],
        ),
        fees=(Fee("工本费", "每证10元", "演示价〔2020〕1号", "10", reducible=True, note="一次", reduction="低保户"),),
        channels=Channels(
            visits=1,
            visits_reason="核对人脸",
            depth=(1, 2, 3),
            booking=True,
            booking_quota=30,
            booking_rule="前一日约",
            kiosk=True,
            pay_online=True,
            cross_region="cross_county",
            link="https://one.example.test/",
            apply_link="https://one.example.test/apply",
            mobile_link="https://m.example.test/",
            single_sign_on=False,
            app_single_sign_on=False,
            mail_in=False,
        ),
        local_person_themes=("海岛居民",),
        local_legal_themes=("鞋革企业",),
        places=(
            Place("", "3 号窗口", "演示村路 1 号", "9:00–17:00", "1 路", "0577-00000003", "/map/1", "330302006001"),
            Place("lc-centre"),
        ),
        consult_email="ask@example.test",
        consult_web="/ask",
        consult_address="演示路 1 号",
        complaint_email="tell@example.test",
        complaint_web="/tell",
        complaint_address="演示路 2 号",
        rights="可以陈述、申辩；要如实填写。",
        quantity_limit="每区十家",
        intermediary="消防检测",
        reconsideration_office=RemedyOffice("演示区政府", "演示路 3 号", "0577-00000004", "/re"),
        court=RemedyOffice("演示区法院", "演示路 4 号", "0577-00000005", "/court"),
    )


def test_every_element_has_a_column_and_every_child_its_own() -> None:
    assert set(FIELDS.split()) <= set(HEADER)
    for name, wanted in CHILDREN.items():
        assert set(wanted.split()) <= {column.name for column in columns.CHILDREN[name]}, name


def test_what_is_said_is_exported_and_comes_back(amr: Agency, tmp_path: Path) -> None:
    for code, name in (("330302006", "五马街道"), ("330302006001", "演示社区")):
        Region.objects.create(code=code, name=name, full_name=name, level=5 if len(code) == 9 else 6)
    guid = uuid.uuid4()
    path = tmp_path / "one.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        standing = Standing(amr.name, USCC, guid, 3, "published")
        write_csv(file, [Draft(documents.dump_definition(full()), standing)], surroundings())

    (cells,) = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    assert [name for name in FIELDS.split() if not cells[name]] == []
    material = json.loads(cells["materials"])[0]
    assert set(CHILDREN["materials"].split()) - set(material) == set()
    assert material["order_num"] == "1"
    assert (cells["row_guid"], cells["task_version"], cells["task_state"]) == (str(guid), "3", "1")
    assert (cells["town_name"], cells["village_name"]) == ("五马街道", "演示社区")
    assert cells["handle_type"] == "1,2"

    source = SourceFile.of(path)
    report = acts.import_items(source, "csv", True, by=SYSTEM, key="once")
    assert (report.landed, report.rejected) == (1, 0), report.notes
    row = Implementation.objects.get()
    assert row.pk == guid
    assert documents.DEFINITION.validate_python(row.draft) == full()


def test_what_may_not_be_null_is_filled_for_what_is_published(amr: Agency, tmp_path: Path) -> None:
    definition = item(fees=(), channels=Channels(), special_procedures=())
    acts.publish_definition(replace(definition), by=SYSTEM, key="publish")
    path = tmp_path / "one.csv"
    call_command("items", "export", str(path), stdout=io.StringIO())
    (cells,) = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    assert [name for name in NEVER_EMPTY.split() if not cells[name]] == []


@pytest.mark.parametrize(
    ("cells", "path", "value"),
    [
        ({"accept_condition": "1. 有场所\n（2）有人员"}, ("conditions",), ["有场所", "有人员"]),
        ({"special_procedure": "无"}, ("special_procedures",), []),
        ({"special_procedure": "现场勘验"}, ("special_procedures",), ["现场勘验"]),
        ({"by_law": "《演示法》第三条、《演示办法》第四条第二款"}, ("legal_basis",), ["演示法", "演示办法"]),
        ({"handle_flow": "受理→审核→发证"}, ("counter_flow",), "受理→审核→发证"),
        ({"is_express": "0", "is_express_material": "", "is_express_result": ""}, ("channels", "mail_in"), False),
        ({"handle_type": "1", "is_online": ""}, ("channels", "online"), False),
        ({"windows": "", "transact_addr": "演示路 9 号", "town_code": "330302006000"}, ("places",), ["330302006"]),
        ({"fees": '[{"fee_name":"工本费","fee_stand":"十元"}]', "fee_basis": "演示价1号"}, ("fees",), ["演示价1号"]),
        ({"materials": '[{"material_name":"申请表","material_type":"2"}]'}, ("materials",), ["copy"]),
        (
            {"materials": '[{"material_name":"乙","order_num":"2"},{"material_name":"甲","order_num":"1"}]'},
            ("materials",),
            ["甲", "乙"],
        ),
    ],
)
def test_older_lists_are_read_as_they_mean(
    amr: Agency, tmp_path: Path, cells: dict[str, str], path: tuple[str, ...], value: Any
) -> None:
    file = tmp_path / "old.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        write_csv(out, [Draft(documents.dump_definition(item()), Standing(amr.name, USCC))])
    (row,) = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, row)
        writer.writeheader()
        writer.writerow(row | cells)

    report = acts.import_items(SourceFile.of(file), "csv", True, by=SYSTEM, key="once")

    assert (report.landed, report.rejected) == (1, 0), report.notes
    found = columns.get(Implementation.objects.get().draft, path)
    telling = ("law", "text", "region", "original") if "material_type" in str(cells) else ("law", "text", "region")
    if isinstance(found, list):
        found = [next((row[key] for key in (*telling, "basis", "name") if row.get(key)), "") for row in found]
    assert found == value


def test_a_cancelled_item_of_elsewhere_is_not_shown(amr: Agency, tmp_path: Path) -> None:
    file = tmp_path / "gone.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        standing = Standing(amr.name, USCC, state="cancelled")
        write_csv(out, [Draft(documents.dump_definition(item(sample_only=True)), standing)])
    report = acts.import_items(SourceFile.of(file), "csv", True, by=SYSTEM, key="once")
    assert (report.landed, [note.reason for note in report.notes][:1]) == (1, ["state"])
    assert Implementation.objects.get().current_id is None
