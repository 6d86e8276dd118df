"""Numbered documents: what the law wants in writing (STANDARDS 4.3).

An act says what is to be written; at its end the document gets its number and all that it says is kept as it stood on
that day. The PDF is drawn and sealed after commit, by a job or by whoever needs it first.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from pydantic_core import to_jsonable_python

from yiwang.kernel import clock, serials
from yiwang.kernel.acts import current
from yiwang.kernel.ids import uuid7
from yiwang.platform.cases import tasks
from yiwang.platform.cases.documents import words
from yiwang.platform.cases.documents.words import Body
from yiwang.platform.cases.models import Application, Case, Document
from yiwang.platform.cases.types import DocumentKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import AgencyView

TITLES: dict[DocumentKind, Any] = {
    DocumentKind.RECEIPT: _("收件凭证"),
    DocumentKind.CORRECTION_NOTICE: _("一次性补正告知书"),
    DocumentKind.ACCEPTANCE: _("受理通知书"),
    DocumentKind.NON_ACCEPTANCE: _("不予受理决定书"),
    DocumentKind.SPECIAL_PROCEDURE: _("特别程序告知书"),
    DocumentKind.EXTENSION: _("延期告知书"),
    DocumentKind.DECISION: _("准予决定书"),
    DocumentKind.REFUSAL: _("不予决定书"),
    DocumentKind.DELIVERY: _("送达回证"),
    DocumentKind.CONDITIONAL: _("容缺受理通知书"),
    DocumentKind.REVOCATION: _("撤销受理决定书"),
    DocumentKind.VISIT_RECORD: _("现场核查记录"),
    DocumentKind.HEARING_OFFER: _("听证告知书"),
}
LICENSING = {
    DocumentKind.DECISION: _("准予行政许可决定书"),
    DocumentKind.REFUSAL: _("不予行政许可决定书"),
}
"""Titles where the item is an administrative licence (事项类型 01)."""
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
    DocumentKind.VISIT_RECORD: "勘",
    DocumentKind.HEARING_OFFER: "听告",
}


def write(application: Application, case: Case | None, kind: DocumentKind, **content: Any) -> uuid.UUID:
    """Let the running act write a document of an application or one of its cases; returns its id.

    ``content`` is what this kind of document says (``words``). The number is given at the end of the act, so that two
    acts that touch the same agencies never wait for each other crosswise.
    """
    pending = current().last.setdefault("documents", _Pending())
    assert isinstance(pending, _Pending)
    row = Document(
        id=uuid7(),
        application=application,
        case=case,
        kind=kind.value,
        title=_title(case, kind),
        content=to_jsonable_python(content),
        created_at=clock.now(),
    )
    pending.rows.append(row)
    return row.id


@dataclass(frozen=True, slots=True)
class Preview:
    """A document as it would be, without a number: nothing is kept of it."""

    title: str
    said: dict[str, Any]
    body: Body


def preview(case: Case, kind: DocumentKind, **content: Any) -> Preview:
    """Return what a document of a case would say now."""
    row = Document(application=case.application, case=case, kind=kind.value, created_at=clock.now())
    agency = directory.agencies_by_id([case.agency_id])[case.agency_id]
    said = _standing(row, agency) | to_jsonable_python(content)
    return Preview(_title(case, kind), said, words.body(kind, said))


def _title(case: Case | None, kind: DocumentKind) -> str:
    """Return the title as it stands on the paper: in Chinese, whatever language its writer reads pages in."""
    titles = TITLES
    if case is not None and catalog.get_edition(case.edition_id).definition.item_type == "01":
        titles = TITLES | LICENSING
    with translation.override(settings.LANGUAGE_CODE):  # the law's language, whatever the applicant reads
        return str(titles[kind])


class _Pending:
    """The documents of one act, numbered and stored together at its end: a fixed number of queries."""

    def __init__(self) -> None:
        self.rows: list[Document] = []

    def __call__(self) -> None:
        agencies = directory.agencies_by_id({row.case.agency_id for row in self.rows if row.case})
        issuers = {row.id: agencies[row.case.agency_id] if row.case else _government(row) for row in self.rows}
        series = {row.id: _series(row, issuers[row.id]) for row in self.rows}
        allotted = serials.allot_many([scope for scope, _prefix in series.values()])
        for row in self.rows:
            scope, prefix = series[row.id]
            row.number = f"{prefix}{allotted[scope].pop(0)}号"
            agency = issuers[row.id]
            row.issuer = agency.path if agency else ""
            row.content = _standing(row, agency) | row.content
        current().insert(self.rows)
        current().later(tasks.make_documents, documents=[str(row.id) for row in self.rows])


def _government(row: Document) -> AgencyView | None:
    """Return the government over the bodies of an application, which answers for their joint limit (行政许可法 art. 42);
    the receipt of the whole is the platform's.
    """
    if row.kind != DocumentKind.EXTENSION:
        return None
    found = directory.agencies_doing(["government"], row.application.region)
    return next(iter(directory.agencies_by_path(found.values())), None)


def _series(row: Document, agency: AgencyView | None) -> tuple[str, str]:
    """Return the series of a document and how its numbers begin: 东区市场局受〔2026〕."""
    year = clock.legal_date(row.created_at).year
    mark = MARKS[DocumentKind(row.kind)]
    if agency is None:
        region = row.application.region[:6]
        return f"document:{region}:{row.kind}:{year}", f"{region}{mark}〔{year}〕"
    return f"document:{agency.uscc}:{row.kind}:{year}", f"{agency.short_name}{mark}〔{year}〕"


def _standing(row: Document, agency: AgencyView | None) -> dict[str, Any]:
    """Return what every document says."""
    application, case = row.application, row.case
    said: dict[str, Any] = {
        "applicant": application.applicant_name,
        "application_number": application.number,
        "query_number": case.number if case else application.number,
        "query_code": case.query_code if case else application.query_code,
        "matter": case.name if case else application.title,
        "date": clock.legal_date(row.created_at).isoformat(),
    }
    if agency is not None:
        said |= {
            "issuer_name": agency.name,
            "issuer_code": agency.uscc,
            "phone": agency.phone,
            "complaint_phone": agency.complaint_phone,
        }
    if case is not None and agency is not None:
        definition = catalog.get_edition(case.edition_id).definition
        said |= {
            "item": definition.name,
            "case_number": case.number,
            "phone": definition.consult_phone or agency.phone,
            "complaint_phone": definition.complaint_phone or agency.complaint_phone,
            "reconsideration": definition.reconsideration,
            "lawsuit": definition.lawsuit,
        }
    return said
