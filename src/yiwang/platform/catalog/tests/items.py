"""An invented item that the linter has nothing to say about; tests spoil it where they need to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from yiwang.kernel.codes import uscc_check
from yiwang.kernel.fields import FieldKind
from yiwang.platform.catalog.linting import LintContext, builtin_words
from yiwang.platform.catalog.types import (
    CaseType,
    Channels,
    Commitment,
    Condition,
    DataElement,
    Definition,
    Fee,
    FormField,
    FormSection,
    LegalBasis,
    Limit,
    Material,
    MaterialKind,
    MaterialSource,
    Place,
    Question,
    Result,
    ResultKind,
    SampleRef,
    Satisfier,
    SatisfierKind,
    ServiceObject,
    Situation,
    SpecialProcedure,
    Step,
)

USCC = "11330302MA00DEM01"
USCC += uscc_check(USCC)
BASIC = "330131901000"


def item(**changes: Any) -> Definition:
    """Return the good item with changes."""
    good = Definition(
        basic_code=BASIC,
        task_code=f"{USCC}4{BASIC}",
        name="演示小店经营许可",
        name_en="Permit for a demonstration shop",
        short_name="小店许可",
        plain="开一家演示小店先办这张证。",
        item_type="01",
        level=4,
        agency="330302-amr",
        serves=(ServiceObject.PERSON, ServiceObject.ENTERPRISE),
        case_type=CaseType.COMMITTED,
        statutory_limit=Limit(20),
        promised_limit=Limit(5),
        legal_basis=(LegalBasis("演示市场条例", "第三十条第一款", "开办小店应当申请许可。", "演示令第1号"),),
        conditions=(Condition("有固定的经营场所"), Condition("被吊销许可未满三年", prohibits=True)),
        materials=(
            Material("form", "申请表", MaterialKind.FORM, blank="blank.pdf"),
            Material(
                "identity",
                "居民身份证",
                MaterialKind.LICENCE,
                source=MaterialSource.GOVERNMENT,
                satisfied_by=(Satisfier(SatisfierKind.LICENCE, "identity_card"),),
            ),
            Material(
                "lease",
                "房屋租赁合同",
                MaterialKind.PROOF,
                when="owned == false",
                satisfied_by=(
                    Satisfier(SatisfierKind.DATASET, "leases.?current"),
                    Satisfier(SatisfierKind.COMMITMENT, "premises"),
                ),
            ),
            Material("plan", "平面图", MaterialKind.DRAWING),
        ),
        situations=(Situation("big", "大店", "area > 200", materials=("plan",)),),
        form=(
            FormSection(
                "shop",
                "小店",
                (FormField("area"), FormField("owned"), FormField("rent", show_when="owned == false")),
            ),
        ),
        process=(
            Step("intake", "受理", "intake"),
            Step("review", "审核", "review", after=("intake",), days=3),
            Step("decision", "审批", "decision", after=("review",), days=1),
            Step("issue", "办结", "issue", after=("decision",), days=1),
            Step("deliver", "送达", "deliver", after=("issue",)),
        ),
        special_procedures=(SpecialProcedure("hearing", "听证", "行政许可法第四十五条", 20),),
        commitments=(Commitment("premises", "场所合法使用。", "不实的撤销许可。"),),
        result=Result("演示小店经营许可证", ResultKind.LICENCE, "shop_permit", sample="result.pdf"),
        fees=(Fee("工本费", "每证10元", "演示价〔2020〕1号", "10.00"),),
        channels=Channels(pay_online=True),
        places=(Place("lc-centre", "3号窗口"),),
        person_themes=("040",),
        legal_themes=("010",),
        consult_phone="0577-00000001",
        complaint_phone="0577-00000002",
        faq=(Question("多久能办好？", "五个工作日。"),),
    )
    return replace(good, **changes)


ELEMENTS = {
    "area": DataElement(code="area", label="面积", kind=FieldKind.DECIMAL),
    "owned": DataElement(code="owned", label="自有房屋", kind=FieldKind.BOOLEAN),
    "rent": DataElement(code="rent", label="月租", kind=FieldKind.MONEY),
}
CONTEXT = LintContext(
    words=builtin_words(),
    elements=ELEMENTS,
    licence_types={"identity_card": "居民身份证", "shop_permit": "演示小店经营许可证"},
    datasets={"leases": "房屋租赁备案"},
    answers={"leases.?current": "租期没有到"},
    basic_codes=frozenset({BASIC}),
    item_types=frozenset({"01", "07"}),
    person_themes=frozenset({"040"}),
    legal_themes=frozenset({"010"}),
    agencies={"330302-amr": USCC},
    functions=frozenset({"amr"}),
    centres=frozenset({"lc-centre"}),
    samples={"result.pdf": SampleRef("0" * 64, "application/pdf"), "blank.pdf": SampleRef("1" * 64, "application/pdf")},
)
