"""Numbered documents: what the law wants in writing (STANDARDS 4.3). Written in the act, rendered afterwards."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from yiwang.kernel import clock
from yiwang.platform.cases.models import Application, Case, Document
from yiwang.platform.cases.types import DocumentKind

TITLES: dict[DocumentKind, Any] = {
    DocumentKind.RECEIPT: _("收件凭证"),
    DocumentKind.CORRECTION_NOTICE: _("一次性补正告知书"),
    DocumentKind.ACCEPTANCE: _("受理通知书"),
    DocumentKind.NON_ACCEPTANCE: _("不予受理决定书"),
    DocumentKind.SPECIAL_PROCEDURE: _("特别程序告知书"),
    DocumentKind.EXTENSION: _("延期告知书"),
    DocumentKind.DECISION: _("准予行政许可决定书"),
    DocumentKind.REFUSAL: _("不予行政许可决定书"),
    DocumentKind.DELIVERY: _("送达回证"),
    DocumentKind.CONDITIONAL: _("容缺受理通知书"),
    DocumentKind.REVOCATION: _("撤销受理决定书"),
}
MARKS = {
    DocumentKind.RECEIPT: "收",
    DocumentKind.CORRECTION_NOTICE: "补",
    DocumentKind.ACCEPTANCE: "受",
    DocumentKind.NON_ACCEPTANCE: "不受",
    DocumentKind.SPECIAL_PROCEDURE: "特",
    DocumentKind.EXTENSION: "延",
    DocumentKind.DECISION: "准",
    DocumentKind.REFUSAL: "不准",
    DocumentKind.DELIVERY: "送",
    DocumentKind.CONDITIONAL: "容",
    DocumentKind.REVOCATION: "撤",
}


def write(application: Application, case: Case | None, kind: DocumentKind, **content: Any) -> Document:
    """Write a document of an application or one of its cases; its number is the case's with the kind's mark."""
    base = case.number if case else application.number
    count = Document.objects.filter(application=application, case=case, kind=kind).count()
    number = f"{base}-{MARKS[kind]}" + (f"{count + 1}" if count else "")
    return Document.objects.create(
        application=application,
        case=case,
        kind=kind.value,
        number=number,
        title=str(TITLES[kind]),
        content=content,
        created_at=clock.now(),
    )
