"""Licences for machines: anybody's to verify, one's own to read."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, File, Form, Router, Schema, Status, UploadedFile
from pydantic import model_validator

from yiwang.kernel.api import IdempotencyKey, Needs, Text, actor_of
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import Actor, FieldError, PartyKind
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences import acts, checking, queries, rules
from yiwang.platform.licences.reading import note_read, note_showing
from yiwang.platform.licences.types import (
    BatchState,
    BatchView,
    CopyView,
    LicenceKind,
    LicenceStatus,
    LicenceTypeSpec,
    LicenceView,
    Operation,
    ShowingState,
    TrustLevel,
    Verdict,
    Verification,
)
from yiwang.ui import store

router = Router(tags=["证照"])
VERIFY, READ, TYPES = Needs("licences:verify"), Needs("applications:read"), Needs("items:read")
WRITE, LOOK = Needs("licences:write"), Needs("licences:look")
LARGEST_FILE = 10 * 1024 * 1024
"""In bytes."""


class TypeFieldOut(Schema):
    """One thing that licences of a type say."""

    name: str
    label: str
    label_en: str
    element: str


class TypeOut(Schema):
    """A type of licences (GB/T 36903)."""

    code: str
    type_code: str = Field(description="证照类型代码：定义机关的统一社会信用代码加三位流水号（GB/T 36904）")
    name: str
    name_en: str
    kind: LicenceKind
    group: str
    holder: PartyKind
    defined_by: str
    defined_level: int
    validity_months: int = Field(description="有效期，月；0 为长期")
    remind_days: int = Field(description="到期前多少天提醒；0 为不提醒")
    fields: list[TypeFieldOut]


class VerifyIn(Schema):
    """What is on the paper: the code under the QR code, or identifier and number."""

    check_code: Text = ""
    identifier: Text = Field("", description="电子证照标识")
    number: Text = Field("", description="证照编号")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if not (self.check_code or (self.identifier and self.number)):
            raise ValueError(_("给核验码，或者标识和编号两样"))
        return self


class PublicLicenceOut(Schema):
    """What anybody may read of a licence; of a person's, name and number are masked."""

    identifier: str
    name: str
    number: str
    holder_name: str
    issuer_name: str
    issued_on: date
    valid_from: date
    valid_to: date | None
    status: LicenceStatus


class VerdictOut(Schema):
    """What the issuer's record says now. ``valid`` alone means genuine and in force."""

    verdict: Verdict
    at: datetime
    licence: PublicLicenceOut | None


class LicenceOut(Schema):
    """A licence of the principal."""

    id: uuid.UUID
    identifier: str
    type_code: str
    name: str
    number: str
    version: int
    holder_name: str
    issuer_name: str
    issued_on: date
    valid_from: date
    valid_to: date | None
    status: LicenceStatus
    trust: TrustLevel = Field(
        description="可信等级：A 签发机关提供，B 窗口核对过原件，C 扫描来的、核对原件前不能用，D 本人承诺"
    )
    fields: dict[str, Any]
    labels: dict[str, str]
    case_id: uuid.UUID | None


@router.get("/licence-types", auth=TYPES, response=list[TypeOut], operation_id="licence_types", summary="证照类型目录")
def licence_types(request: HttpRequest) -> list[LicenceTypeSpec]:
    """List every type of licence that the city knows."""
    return queries.licence_types()


@router.get("/licence-types/{code}", auth=TYPES, response=TypeOut, operation_id="licence_type", summary="一种证照")
def licence_type(request: HttpRequest, code: str) -> LicenceTypeSpec:
    """Return one type of licence."""
    return queries.licence_type(code)


@router.post(
    "/licences/verification", auth=VERIFY, response=VerdictOut, operation_id="verify_licence", summary="核验证照"
)
def verify(request: HttpRequest, asked: VerifyIn) -> Verification:
    """Tell whether a licence is genuine and in force. One that is not known is an answer, not an error."""
    if asked.check_code:
        return checking.by_code(asked.check_code)
    return checking.by_numbers(asked.identifier, asked.number)


@router.post(
    "/licences/file-verification",
    auth=VERIFY,
    response=VerdictOut,
    operation_id="verify_licence_file",
    summary="核验证照文件",
)
def verify_file(request: HttpRequest, file: File[UploadedFile]) -> Verification:
    """Tell whether a PDF or OFD is the licence that was issued, unchanged. It is read in memory and not kept."""
    if not file.size or file.size > LARGEST_FILE:
        message = _("电子证照文件不会是空的，也不会超过 10 MB。")
        raise Invalid(message, errors=(FieldError("file", message),))
    return checking.of_file(file.read())


@router.get(
    "/licences",
    auth=READ,
    response=list[LicenceOut],
    operation_id="licences",
    summary="我的证照",
)
def licences(request: HttpRequest) -> list[LicenceView]:
    """List the licences of the principal, newest first, whatever their state."""
    return queries.wallet(actor_of(request))


@router.get(
    "/licences/{licence_id}",
    auth=READ,
    response=LicenceOut,
    operation_id="licence",
    summary="一份证照",
)
def licence(request: HttpRequest, licence_id: uuid.UUID) -> LicenceView:
    """Return one licence of the principal, or one that the agency issued."""
    return _read(request, licence_id)


def _read(request: HttpRequest, licence_id: uuid.UUID) -> LicenceView:
    """Return a licence; where an agency's system reads what a person holds, that person can see it."""
    by = actor_of(request)
    found = queries.get_licence(licence_id, by)
    if by.principal is None:
        note_read(by, found, by.purpose)
    return found


class HolderOut(Schema):
    """Who holds it, by the number under which it was issued."""

    name: str
    code: str
    code_type: str
    code_type_name: str


class CopyEntryOut(Schema):
    """加注件: a copy with its purpose and term."""

    copy_identifier: str
    creation_time: str
    creator: str
    cause: str
    expiring_time: str


class EntryOut(Schema):
    """The catalogue entry of a licence by the names of the national licence service (GB/T 36902, 36903)."""

    certificate_identifier: str
    certificate_type_name: str
    certificate_type_code: str
    certificate_name: str
    certificate_number: str
    certificate_version: str
    issue_date: str
    issue_dept: str
    issue_dept_code: str
    define_authority: str
    define_authority_name: str
    define_authority_code: str
    define_authority_level: str
    validate_start: str
    validate_end: str = Field(description="长期的为空")
    validity_range: str
    area_code: str
    holder_name: str
    holder_code: str
    holder_code_type: str
    holder_code_type_name: str
    holder_list: list[HolderOut]
    item_name: str = Field(description="办出这份证照的事项；不是从办件来的为空")
    item_code: str
    extend_info: dict[str, Any]
    file_url: str
    status: str
    status_reason: str
    operation: str
    trust_level: str
    biz_num: str
    creator: str
    creation_time: str
    issuer: str
    issue_time: str
    abolisher: str
    abolish_time: str
    abolish_reason: str
    associated: str
    correlative_license: str
    signature_algorithm: str
    signature_certificate: str = Field(description="签章证书，DER 的 base64；还没有签章的为空")
    signature_value: str
    signature_digest: str
    copies: list[CopyEntryOut]
    last_modification: str


@router.get(
    "/licences/{licence_id}/metadata",
    auth=READ,
    response=EntryOut,
    operation_id="licence_metadata",
    summary="证照元数据",
)
def licence_metadata(request: HttpRequest, licence_id: uuid.UUID) -> dict[str, Any]:
    """Return the catalogue entry of a licence of the principal, or of one that the agency issued."""
    found = _read(request, licence_id)
    return queries.entry(found.id, actor_of(request))


class LookIn(Schema):
    """A code that somebody shows, and what for."""

    code: str = Field(pattern=r"^[0-9 ]{12,16}$", description="对方手机上的 12 位数字")
    purpose: str = Field(min_length=1, max_length=60, description="用来办什么，持证人会看到")


class ShownOut(Schema):
    """What is shown. Its licences are empty until the holder agrees, and again when it is over or taken back."""

    id: uuid.UUID
    state: ShowingState
    holder_name: str
    purpose: str
    until: datetime | None
    licences: list[LicenceOut]
    unchecked: int = Field(description="另有几份是扫描来的，还没有核对原件，所以不给看")


class CopyIn(Schema):
    """Which of the licences shown to copy."""

    licence: uuid.UUID


class CopyOut(Schema):
    """A copy with its purpose and term across it; its file can be fetched as long as the holder lets it be seen."""

    id: uuid.UUID
    cause: str
    expires_on: date


def _showing(showing: uuid.UUID, by: Actor) -> dict[str, Any]:
    found, licences = queries.get_showing(showing, by), queries.seen(showing, by)
    if licences:
        note_showing(by, found)
    return {
        "id": found.id,
        "state": found.state,
        "holder_name": found.holder_name,
        "purpose": found.purpose,
        "until": found.until,
        "licences": licences,
        "unchecked": queries.unchecked(showing, by),
    }


@router.post("/showings", auth=LOOK, response={201: ShownOut}, operation_id="take_up_showing", summary="扫出示码")
def take_up(request: HttpRequest, asked: LookIn, key: IdempotencyKey) -> Status[dict[str, Any]]:
    """Take up the one-time code that somebody shows: from now on it waits for them to agree."""
    by = actor_of(request)
    return Status(201, _showing(acts.take_up(Secret(asked.code), asked.purpose, by=by, key=key), by))


@router.get("/showings/{showing_id}", auth=LOOK, response=ShownOut, operation_id="showing", summary="出示的证照")
def showing(request: HttpRequest, showing_id: uuid.UUID) -> dict[str, Any]:
    """Say where a showing stands, with what the holder lets be seen."""
    return _showing(showing_id, actor_of(request))


@router.post(
    "/showings/{showing_id}/copies",
    auth=LOOK,
    response={201: CopyOut},
    operation_id="copy_shown_licence",
    summary="留加注副本",
)
def copy_shown(request: HttpRequest, showing_id: uuid.UUID, asked: CopyIn, key: IdempotencyKey) -> Status[CopyView]:
    """Take a copy of a licence that is shown."""
    by = actor_of(request)
    made = acts.take_copy(showing_id, asked.licence, by=by, key=key)
    return Status(201, next(one for _licence, one in queries.copies_taken(showing_id, by) if one.id == made))


@router.get(
    "/showings/{showing_id}/copies/{copy_id}",
    auth=LOOK,
    operation_id="shown_copy",
    summary="加注副本的文件",
    openapi_extra={
        "responses": {
            200: {
                "description": "签了章的 PDF",
                "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
            }
        }
    },
)
def shown_copy(request: HttpRequest, showing_id: uuid.UUID, copy_id: uuid.UUID) -> Any:
    """Give the file of a copy, as long as the holder lets it be seen."""
    taken = queries.copies_taken(showing_id, actor_of(request))
    found = next((one for _licence, one in taken if one.id == copy_id), None)
    if found is None:
        raise NotFound(_("没有找到这份副本。"))
    return store.download(found.digest, name=f"{found.cause}.pdf", media_type="application/pdf")


class BatchOut(Schema):
    """How far an import of digitised licences is."""

    id: uuid.UUID
    state: BatchState
    total: int
    done: int
    entered: int
    refused: int
    error: str
    reasons: list[tuple[str, int]] = Field(description="没有收下的原因和行数，最多的在前")


@router.post(
    "/licence-imports",
    auth=WRITE,
    response={201: BatchOut},
    operation_id="import_licences",
    summary="导入存量证照",
)
def begin_import(
    request: HttpRequest, type: Form[str], archive: File[UploadedFile], key: IdempotencyKey
) -> Status[BatchView]:
    """Begin to take over licences on paper: a ZIP with one table (CSV) and the scans that it names."""
    by = actor_of(request)
    made = acts.begin_import(type, acts.taken_in(type, archive, by=by), by=by, key=key)
    return Status(201, queries.get_batch(made, by))


@router.get(
    "/licence-imports/{batch_id}", auth=WRITE, response=BatchOut, operation_id="licence_import", summary="导入的进度"
)
def licence_import(request: HttpRequest, batch_id: uuid.UUID) -> BatchView:
    """Say how far an import is, and what is to be mended."""
    return queries.get_batch(batch_id, actor_of(request))


class HolderIn(Schema):
    """Who is to hold a licence."""

    name: str = Field(min_length=1, max_length=160)
    number: str = Field(pattern=r"^[0-9A-Za-z]{15,18}$", description="公民身份号码或统一社会信用代码")


Values = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")], str | int | float | bool | list[str]],
    Field(max_length=60, description="证照上写的内容，按证照类型目录里的字段名"),
]


class IssueIn(Schema):
    """A licence to issue. Without a number it gets the next one, without a last day the type's term."""

    type: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$", description="证照类型，见证照类型目录")
    holder: HolderIn
    joint: list[HolderIn] = Field([], max_length=9, description="共同持证人")
    values: Values
    number: Text = ""
    valid_to: date | None = Field(None, description="有效期至；9999-12-31 为长期")
    associated: Text = Field("", description="转入的证照：迁来以前的电子证照标识")


class ChangeIn(Schema):
    """What a licence is to say from now on; what is not given stays."""

    values: Values = {}
    holder_name: str = Field("", max_length=160)
    joint: list[HolderIn] | None = Field(None, max_length=9, description="给了就换成这里的全部共同持证人")


class OperationIn(Schema):
    """What to do to a licence; everything but a release and a renewal needs a reason, which the holder reads."""

    operation: Literal["hold", "release", "renew", "withdraw", "revoke", "cancel", "transfer_out", "other"] = Field(
        description="暂扣、发还、延续、撤销、吊销、注销、办理转出、其他业务"
    )
    reason: Text = ""
    valid_to: date | None = Field(None, description="延续到哪一天；不给就按这种证照的期限，9999-12-31 为长期")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.valid_to is not None and self.operation != "renew":
            raise ValueError(_("只有延续才给有效期"))
        return self


class DoneOut(Schema):
    """A licence after something was done to it; a renewal or a change makes a version with an id of its own."""

    id: uuid.UUID
    identifier: str
    number: str
    version: int
    status: LicenceStatus
    valid_to: date | None


def _holders(given: list[HolderIn]) -> list[acts.Holder]:
    return [acts.Holder(one.name, Secret(one.number)) for one in given]


@router.post("/licences", auth=WRITE, response={201: DoneOut}, operation_id="issue_licence", summary="签发证照")
def issue(request: HttpRequest, asked: IssueIn, key: IdempotencyKey) -> Status[LicenceView]:
    """Issue a licence of one of the agency's own types, or take one over from another place."""
    by = actor_of(request)
    holder, joint = _holders([asked.holder])[0], _holders(asked.joint)
    more: dict[str, Any] = {"joint": joint, "number": asked.number, "valid_to": asked.valid_to, "by": by, "key": key}
    if asked.associated:
        made = acts.transfer_in(asked.type, holder, asked.values, asked.associated, **more)
    else:
        made = acts.issue(asked.type, holder, asked.values, **more)
    return Status(201, queries.get_licence(made, by))


@router.post(
    "/licences/{licence_id}/changes", auth=WRITE, response=DoneOut, operation_id="change_licence", summary="变更证照"
)
def change(request: HttpRequest, licence_id: uuid.UUID, asked: ChangeIn, key: IdempotencyKey) -> LicenceView:
    """Change what a licence of the agency says: a new version, the one before stays to be seen."""
    by = actor_of(request)
    joint = None if asked.joint is None else _holders(asked.joint)
    made = acts.change(licence_id, values=asked.values, holder_name=asked.holder_name, joint=joint, by=by, key=key)
    return queries.get_licence(made, by)


_OPERATIONS = {
    "hold": acts.hold,
    "release": acts.release,
    "renew": acts.renew,
    "withdraw": acts.withdraw,
    "revoke": acts.revoke,
    "cancel": acts.cancel,
    "transfer_out": acts.transfer_out,
    "other": acts.set_aside,
}


@router.post(
    "/licences/{licence_id}/operations",
    auth=WRITE,
    response=DoneOut,
    operation_id="operate_licence",
    summary="暂扣、发还、延续、撤销、吊销、注销或转出证照",
)
def operate(request: HttpRequest, licence_id: uuid.UUID, asked: OperationIn, key: IdempotencyKey) -> LicenceView:
    """Do to a licence of the agency what the law allows in its state."""
    by = actor_of(request)
    more: dict[str, Any] = {"reason": asked.reason} if Operation(asked.operation) in rules.NEEDS_REASON else {}
    if asked.operation == "renew":
        more["valid_to"] = asked.valid_to
    done: Any = _OPERATIONS[asked.operation](licence_id, **more, by=by, key=key)  # type: ignore[operator]
    return queries.get_licence(done if isinstance(done, uuid.UUID) else licence_id, by)


@router.get(
    "/licences/{licence_id}/file",
    auth=READ,
    operation_id="licence_file",
    summary="证照文件",
    openapi_extra={
        "responses": {
            200: {
                "description": "签了章的 PDF 或 OFD",
                "content": {
                    "application/pdf": {"schema": {"type": "string", "format": "binary"}},
                    "application/ofd": {"schema": {"type": "string", "format": "binary"}},
                },
            }
        }
    },
)
def licence_file(request: HttpRequest, licence_id: uuid.UUID, format: Literal["pdf", "ofd"] = "pdf") -> Any:
    """Give the signed file; it is made now if that has not happened yet."""
    found = _read(request, licence_id)
    if format == "ofd":
        return store.download(acts.ofd_of(found), name=f"{found.name} {found.number}.ofd", media_type="application/ofd")
    return store.download(
        acts.document_of(found), name=f"{found.name} {found.number}.pdf", media_type="application/pdf"
    )
