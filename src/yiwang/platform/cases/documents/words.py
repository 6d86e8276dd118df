"""What each kind of document says, in the words of the law: content to paragraphs and rows. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yiwang.platform.cases.types import DocumentKind, Stage

Content = Mapping[str, Any]

_MATERIAL_STATES = {
    "known": "从共享数据或电子证照取得，免交",
    "given": "已提交",
    "committed": "告知承诺",
    "deferred": "容缺后补",
    "later": "由前一办件的结果提供",
    "degraded": "数据源中断，由部门核验，免交",
}
_WAYS = {"electronic": "电子送达", "window": "窗口领取", "mail": "邮寄送达"}


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a document: paragraphs, a table of label and value, numbered points, closing paragraphs."""

    paragraphs: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    points: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    addressed: bool = True
    """Whether it speaks to the applicant by name."""
    signed_by: tuple[str, ...] = field(default=())
    """Lines for signatures by hand."""


def day(text: str | None) -> str:
    """Say an ISO date: 2026年11月18日."""
    if not text:
        return "（暂停计时，恢复后另行计算）"
    value = date.fromisoformat(text)
    return f"{value.year}年{value.month}月{value.day}日"


def body(kind: DocumentKind, content: Content) -> Body:
    """Return what a document says."""
    return _BODIES[kind](content)


def _receipt(said: Content) -> Body:
    return Body(
        paragraphs=(f"{day(said['received_on'])}收到您提交的“{said['matter']}”申请。收到的材料和数据如下。",),
        rows=(
            ("申请编号", said["application_number"]),
            ("查询码", said["query_code"]),
            ("申请事项", "、".join(said["matters"])),
            *((name, _MATERIAL_STATES.get(state, "已登记")) for name, state in said["materials"]),
        ),
        closing=(
            f"材料不齐全或者不符合法定形式的，将在{day(said['tell_by'])}前一次告知需要补正的全部内容；"
            "逾期不告知的，自收到申请材料之日起即为受理（行政许可法第三十二条）。",
        ),
    )


def _correction(said: Content) -> Body:
    lapse = {
        Stage.PRE_REVIEW.value: "逾期没有重新提交的，视为撤回。",
        Stage.HANDLING.value: "补正期间暂停计算办理期限。逾期不补正的，本办件按补正不来办结，您可以重新申请。",
    }.get(said["stage"], "逾期不补正的，视为撤回申请，您可以重新申请。")
    return Body(
        paragraphs=(f"您申请的“{said['item']}”，需要补正的全部内容一次告知如下。",),
        points=tuple(f"{point['label']}：{point['message']}" for point in said["points"]),
        closing=(f"请在{day(said['due_on'])}前补正。{lapse}",),
    )


def _acceptance(said: Content) -> Body:
    basis = (
        "自收到申请材料之日起五个工作日内没有告知补正，依照行政许可法第三十二条，自收到之日起即为受理。"
        if said.get("deemed")
        else "申请材料齐全，符合法定形式，依照行政许可法第三十二条予以受理。"
    )
    return Body(
        paragraphs=(f"您申请的“{said['item']}”，{basis}",),
        rows=(*_case_rows(said), ("受理日期", day(said["accepted_on"])), ("承诺办结日期", day(said["due_on"]))),
        closing=("听证、检验、检测、检疫、鉴定、专家评审等所需时间不计算在内，需要时另行书面告知。",),
    )


def _conditional(said: Content) -> Body:
    accepted = _acceptance(said)
    return Body(
        paragraphs=(f"您申请的“{said['item']}”，主要材料齐全，下列材料容缺，先行受理。",),
        points=tuple(said["materials"]),
        rows=accepted.rows,
        closing=(
            f"请在{day(said['due_on'])}前补齐。到期没有补齐或者补交的材料仍不符合要求的，撤销受理并书面说明理由；"
            "补齐以前不作出决定。",
            *accepted.closing,
        ),
    )


def _non_acceptance(said: Content) -> Body:
    return Body(
        paragraphs=(f"您申请的“{said['item']}”，经审查，决定不予受理。", f"理由和依据：{said['reason']}"),
        rows=_case_rows(said),
        closing=_remedies(said),
    )


def _hearing_offer(said: Content) -> Body:
    return Body(
        paragraphs=(
            f"您申请的“{said['item']}”，直接涉及申请人与他人之间的重大利益：{said['interest']}",
            f"申请人、利害关系人有权要求听证。要求听证的，请在{day(said['ask_by'])}前提出；逾期不提出的，视为放弃"
            "（行政许可法第四十七条）。提出申请的，在二十日内组织听证。",
        ),
        rows=_case_rows(said),
        closing=("申请人、利害关系人不承担组织听证的费用。",),
    )


def _special(said: Content) -> Body:
    if said.get("hearing"):
        return Body(
            paragraphs=(
                f"您申请的“{said['item']}”，定于{day(said['expected_on'])}举行听证。事由：{said['reason']}",
                f"依照{said['basis']}、第四十八条，听证所需时间不计算在办理期限内，听证结束后恢复计算期限。",
            ),
            rows=_case_rows(said),
            closing=("可以委托代理人参加，当场提出证据、申辩和质证。申请人、利害关系人不承担组织听证的费用。",),
        )
    return Body(
        paragraphs=(
            f"办理您申请的“{said['item']}”，依法需要进行{said['name']}，理由：{said['reason']}",
            f"依照{said['basis']}，所需时间不计算在办理期限内，预计到{day(said['expected_on'])}结束。结束后恢复计算期限。",
        ),
        rows=_case_rows(said),
    )


def _extension(said: Content) -> Body:
    if "approval" in said:
        head = f"您的“{said['matter']}”由几个部门并联办理，经本级人民政府负责人批准（{said['approval']}），"
    else:
        head = f"您申请的“{said['item']}”，经本行政机关负责人批准，"
    rows = _case_rows(said) if "case_number" in said else (("申请编号", said["application_number"]),)
    return Body(
        paragraphs=(
            f"{head}办理期限延长{said['days']}个工作日（行政许可法第四十二条），延长到{day(said['due_on'])}。",
            f"延长的理由：{said['reason']}",
        ),
        rows=rows,
    )


def _decision(said: Content) -> Body:
    return Body(
        paragraphs=(
            f"您申请的“{said['item']}”，经审查，符合法定条件、标准，依照{'、'.join(said['basis'])}，决定准予。",
            said["text"],
        ),
        rows=(*_case_rows(said), ("结果", said["result_name"])),
        closing=(f"将在{day(said['deliver_by'])}前向您送达结果（行政许可法第四十四条）。",),
    )


def _refusal(said: Content) -> Body:
    return Body(
        paragraphs=(f"您申请的“{said['item']}”，经审查，决定不予准许。", f"理由和依据：{said['text']}"),
        rows=_case_rows(said),
        closing=_remedies(said),
    )


def _revocation(said: Content) -> Body:
    return Body(
        paragraphs=(f"您申请的“{said['item']}”曾经容缺受理，现撤销受理。", f"理由：{said['reason']}"),
        rows=_case_rows(said),
        closing=("材料备齐以后，您可以重新申请。", *_remedies(said)),
    )


def _delivery(said: Content) -> Body:
    rows = [
        *_case_rows(said),
        ("受送达人", said["applicant"]),
        ("送达的文书", said["delivered"]),
        ("送达方式", _WAYS[said["way"]]),
        ("送达日期", day(said["delivered_on"])),
        ("签收人", said["receiver"]),
    ]
    if said["tracking"]:
        rows.append(("邮件单号", said["tracking"]))
    if said["address"]:
        rows.append(("寄送地址", said["address"]))
    by_hand = () if said["way"] == "electronic" else ("签收人签名：", "送达人签名：")
    return Body(rows=tuple(rows), addressed=False, signed_by=by_hand)


def _visit(said: Content) -> Body:
    rows: list[tuple[str, str]] = [("申请人", said["applicant"]), ("申请编号", said["application_number"])]
    for finding in said["findings"]:
        outcome = "符合" if finding["outcome"] == "pass" else "不符合"
        rows += [
            (
                finding["agency"],
                f"{finding['matter']}，{day(finding['on'])}，核查人员：{'、'.join(finding['officers'])}",
            ),
            (outcome, finding["opinion"]),
        ]
    lead = "下列部门联合到现场核查，各自的意见如下。" if said["joint"] else "到现场核查的情况如下。"
    return Body(paragraphs=(lead,), rows=tuple(rows), addressed=False, signed_by=("核查人员签名：", "申请人签名："))


def _case_rows(said: Content) -> tuple[tuple[str, str], ...]:
    return (("办件编号", said["case_number"]), ("查询码", said["query_code"]))


def _remedies(said: Content) -> tuple[str, ...]:
    """Return the right of reconsideration and of suit (行政许可法 art. 38)."""
    ways = [text for text in (said["reconsideration"], said["lawsuit"]) if text]
    if not ways:
        ways = ["依法申请行政复议或者提起行政诉讼"]
    return ("如不服本决定，您可以：" + "；也可以".join(text.rstrip("。") for text in ways) + "。",)


_BODIES: dict[DocumentKind, Callable[[Content], Body]] = {
    DocumentKind.RECEIPT: _receipt,
    DocumentKind.CORRECTION_NOTICE: _correction,
    DocumentKind.ACCEPTANCE: _acceptance,
    DocumentKind.NON_ACCEPTANCE: _non_acceptance,
    DocumentKind.SPECIAL_PROCEDURE: _special,
    DocumentKind.EXTENSION: _extension,
    DocumentKind.DECISION: _decision,
    DocumentKind.REFUSAL: _refusal,
    DocumentKind.DELIVERY: _delivery,
    DocumentKind.CONDITIONAL: _conditional,
    DocumentKind.REVOCATION: _revocation,
    DocumentKind.VISIT_RECORD: _visit,
    DocumentKind.HEARING_OFFER: _hearing_offer,
}
