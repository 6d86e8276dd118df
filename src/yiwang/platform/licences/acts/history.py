"""存量证照数字化: licences on paper are taken over in batches, with their scans, and checked against the paper one by one.

The worker enters some rows a turn; the rows, their faults and how far it is are one transaction. After a crash the next turn
begins where the last finished one stopped: nothing is lost, nothing comes in twice.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from typing import Any, BinaryIO

from django.db import DataError, IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act, act_on, current, event, system_record
from yiwang.kernel.codes import CodeError
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Actor, ActorKind, Denial, FieldError, Key, Party, Role
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import DataElement
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.licences import rules, tasks
from yiwang.platform.licences.acts.issuing import issuer_of
from yiwang.platform.licences.acts.versions import issue_inside
from yiwang.platform.licences.archive import LARGEST_TOGETHER, Archive, BadArchive
from yiwang.platform.licences.holding import by_number, index_of
from yiwang.platform.licences.models import COMPARERS, WRITE, Batch, Licence, LicenceUse, RowFault
from yiwang.platform.licences.queries import columns_of, licence_type
from yiwang.platform.licences.types import BatchState, Joint, LicenceTypeSpec, TrustLevel
from yiwang.ui import store, uploads

BEGUN = event("licence.history_begun", "An agency began to take over licences from paper.")
CHECKED = event("licence.original_checked", "A digitised licence was compared with the original: it may be used now.")

IMPORT = Permission(
    name="licences.import",
    kinds=frozenset({ActorKind.STAFF, ActorKind.CLIENT}),
    roles=frozenset({Role.DATA_STEWARD}),
    scope=WRITE,
    provider=True,
)
COMPARE = Permission(
    name="licences.compare",
    kinds=frozenset({ActorKind.STAFF}),
    roles=COMPARERS,
)
TURN = 100
"""Rows that are entered in one transaction."""
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@act("licences.begin_import", permission=IMPORT)
def begin_import(type_code: str, archive: str, *, by: Actor, key: Key) -> uuid.UUID:
    """Begin to take over the licences in an archive (the digest of a stored ZIP). Returns the batch's id.

    Raises NotAllowed for a type that is not the agency's, Invalid for an archive that cannot be taken or a table without the
    columns it needs.
    """
    agency, spec = issuer_of(by, type_code, IMPORT.roles), licence_type(type_code)
    with store.open_file(archive) as file:
        total = _looked_at(file, spec)
    row = Batch(
        id=uuid7(),
        type_id=type_code,
        agency_path=agency.path,
        agency_name=agency.name,
        region=agency.region,
        archive=archive,
        by=by.label,
        began_at=clock.now(),
        total=total,
    )
    row.save(force_insert=True)
    current().emit(BEGUN, row, rows=total)
    return row.id


def _looked_at(file: BinaryIO, spec: LicenceTypeSpec) -> int:
    """Return how many rows there are to take over."""
    try:
        archive = Archive(file)
        known = columns_of(spec)
        missing = [name for name in known if known[name] and name not in archive.columns()]
        if missing:
            raise BadArchive(_("表格缺少这些列：%(names)s。") % {"names": "、".join(missing)})
        total = sum(1 for _row in archive.rows())
        if not total:
            raise BadArchive(_("表格里一行也没有。"))
    except BadArchive as error:
        raise Invalid(str(error), errors=(FieldError("archive", str(error)),)) from None
    return total


def work_on() -> int:
    """Enter the next rows of the batch that has waited longest; returns how many rows it looked at."""
    with transaction.atomic():
        running = Batch.objects.filter(state=BatchState.RUNNING.value).order_by("began_at")
        batch = running.select_for_update(skip_locked=True).first()
        if batch is None:
            return 0
        before = batch.done
        try:
            _advance(batch)
        except _ROW_FAULTS:
            batch.refresh_from_db()
            _advance(batch, apart=True)
        return max(batch.done - before, 1)


_ROW_FAULTS = (Invalid, DataError, IntegrityError, ValueError, OverflowError)
"""What a row may hold that nobody looked for: it is that row's fault, and no reason to try the same rows for ever."""


def _advance(batch: Batch, *, apart: bool = False) -> None:
    """Enter the next rows; ``apart`` each by itself, so that one that cannot be entered leaves the others in peace."""
    try:
        with _recorded(batch):
            _turn(batch, apart=apart)
            if batch.done >= batch.total:
                batch.state, batch.ended_at = BatchState.DONE.value, clock.now()
            batch.save()
    except (BadArchive, store.NoSuchFile) as error:
        batch.refresh_from_db()
        with _recorded(batch):
            batch.state, batch.error, batch.ended_at = BatchState.BROKEN.value, str(error)[:400], clock.now()
            batch.save()


@contextmanager
def _recorded(batch: Batch) -> Iterator[None]:
    with system_record("licences.enter_history") as record:
        record.detail["batch"] = str(batch.pk)
        yield


class _Wrong(Exception):
    """A row that cannot be taken over: where it is wrong, and what to mend."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column, self.reason = column, reason


def _turn(batch: Batch, *, apart: bool) -> None:
    agency = next(iter(directory.agencies_by_path([batch.agency_path])), None)
    if agency is None:
        raise BadArchive(_("导入这一批的部门已经没有了。"))
    spec, elements = licence_type(batch.type_id), catalog.elements()
    faults = []
    with store.open_file(batch.archive) as file:
        archive = Archive(file)
        for _number, (line, row) in zip(range(TURN), archive.rows(batch.done), strict=False):
            batch.done += 1
            try:
                with _recorded(batch) if apart else nullcontext():
                    _enter(archive, row, spec, agency, elements, batch=batch.pk)
                batch.entered += 1
            except (_Wrong, *_ROW_FAULTS) as error:
                wrong = _wrong(error, spec) if apart or isinstance(error, _Wrong) else None
                if wrong is None:
                    raise
                faults.append(RowFault(batch=batch, line=line, column=wrong.column[:60], reason=wrong.reason[:200]))
    batch.refused += len(faults)
    RowFault.objects.bulk_create(faults)


def _wrong(error: Exception, spec: LicenceTypeSpec) -> _Wrong:
    """Say of what went wrong with a row where, and what to mend."""
    if isinstance(error, _Wrong):
        return error
    if isinstance(error, Invalid) and error.errors:
        columns = {field.name: field.label for field in spec.fields}
        return _Wrong(columns.get(error.errors[0].field, _WHOLE_ROW), error.errors[0].message)
    return _Wrong(_WHOLE_ROW, _("这一行有存不下的内容（太长、编号重复，或者有特殊字符），请核对。"))


_WHOLE_ROW = "整行"


def _enter(
    archive: Archive,
    row: dict[str, str],
    spec: LicenceTypeSpec,
    agency: AgencyView,
    elements: dict[str, DataElement],
    *,
    batch: uuid.UUID,
) -> None:
    """Take one row over, at level C. Raises _Wrong."""
    for column, cell in row.items():
        if "\0" in cell:
            raise _Wrong(column, _("有看不见的特殊字符，请重新输入。"))
    number = row.get("证照编号", "")
    if not 0 < len(number) <= 80:
        raise _Wrong("证照编号", _("没有填，或者超过 80 个字。"))
    if Licence.objects.filter(type_id=spec.code, issuer_code=agency.uscc, number=number).exists():
        raise _Wrong("证照编号", _("这个编号的证照已经有了。"))
    holder = _holder(spec, row)
    issued_on = _day(row, "发证日期")
    if issued_on is None or issued_on > clock.today():
        raise _Wrong("发证日期", _("没有填，或者还没有到这一天。"))
    valid_to = _day(row, "有效期至")
    if valid_to is not None and valid_to < issued_on:
        raise _Wrong("有效期至", _("比发证日期还早。"))
    joint = [Joint(name.strip()) for name in re.split("[、;；]", row.get("共同持证人", "")) if name.strip()]
    if any(len(one.name) > 160 for one in joint):
        raise _Wrong("共同持证人", _("有一个超过 160 个字；几个人之间用顿号分开。"))
    values = _values(spec, row, elements)
    issue_inside(
        type_code=spec.code,
        holder=holder.party,
        holder_name=holder.name,
        issuer=agency,
        values=values,
        number=number,
        issued_on=issued_on,
        valid_to=valid_to,
        trust=TrustLevel.C,
        joint=joint,
        holder_number=holder.number,
        scan=_scan(archive, row),
        batch=batch,
    )


def _holder(spec: LicenceTypeSpec, row: dict[str, str]) -> Joint:
    name, number = row.get("持证主体", ""), row.get("证件号码", "")
    if not 0 < len(name) <= 160:
        raise _Wrong("持证主体", _("没有填，或者超过 160 个字。"))
    try:
        number, party, known = by_number(spec.holder, number)
    except CodeError as error:
        raise _Wrong("证件号码", str(error)) from None
    if known and known != name:
        raise _Wrong("持证主体", _("和这个证件号码登记的名称不一样。"))
    return Joint(name, party, number)


def _day(row: dict[str, str], column: str) -> date | None:
    text = row.get(column, "")
    if not text:
        return None
    if text == "长期":
        return rules.ENDLESS
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else _unreadable(column)
    except ValueError:
        return _unreadable(column)


def _unreadable(column: str) -> date:
    raise _Wrong(column, _("日期读不懂，请写成 2018-05-11 的样子。"))


def _values(spec: LicenceTypeSpec, row: dict[str, str], elements: dict[str, DataElement]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in spec.fields:
        text = row.get(field.label, "")
        if not text:
            continue
        element = elements.get(field.element)
        if element is not None and element.options:
            options = {option.label: option.value for option in element.options} | {
                option.value: option.value for option in element.options
            }
            chosen = [options.get(one.strip()) for one in re.split("[、;；]", text)]
            if None in chosen:
                raise _Wrong(field.label, _("不是可以选的内容。"))
            values[field.name] = chosen if element.kind is FieldKind.CHOICES else chosen[0]
        elif element is not None and element.kind is FieldKind.DATE:
            day = _day(row, field.label)
            values[field.name] = day.isoformat() if day and not rules.is_endless(day) else None
        elif len(text) > 400:
            raise _Wrong(field.label, _("超过 400 个字。"))
        else:
            values[field.name] = text
    if not values:
        raise _Wrong(spec.fields[0].label, _("证照上写的内容一项也没有填。"))
    return values


def _scan(archive: Archive, row: dict[str, str]) -> str:
    name = row.get("扫描件", "")
    if not name:
        raise _Wrong("扫描件", _("没有填文件名。"))
    try:
        return archive.scan(name).digest
    except KeyError:
        raise _Wrong("扫描件", _("压缩包里没有这个文件。")) from None
    except uploads.Refused as refused:
        raise _Wrong("扫描件", refused.message) from None
    except BadArchive as error:
        raise _Wrong("扫描件", str(error)) from None


def taken_in(type_code: str, file: Any, *, by: Actor) -> str:
    """Store an archive that was uploaded by somebody who may import it; return its digest.

    Raises NotAllowed as ``begin_import``, before anything is stored; Invalid for a file that is empty or too large.
    """
    IMPORT.check(by)
    issuer_of(by, type_code, IMPORT.roles)
    if not file or not file.size or file.size > LARGEST_TOGETHER:
        message = _("请选一个不超过 2 GB 的 ZIP 文件；更多的请分成几批。")
        raise Invalid(message, errors=(FieldError("archive", message),))
    return store.save(file.file)


def _only_scanned(licence: Licence) -> Denial | None:
    if licence.trust != TrustLevel.C:
        return Denial("not-waiting", _("这份证照不用再和原件核对。"))
    return None


@act_on("licences.check_original", Licence.objects.lock, permission=COMPARE, ready=_only_scanned, announces=CHECKED)
def check_original(licence: Licence, *, by: Actor, key: Key) -> datetime:
    """Note that a clerk compared a digitised licence with the original (C becomes B): it may be used from now on, and is drawn
    and sealed. Returns when.
    """
    now = clock.now()
    licence.trust, licence.changed_at = TrustLevel.B.value, now
    licence.save(update_fields=["trust", "changed_at"])
    current().insert([LicenceUse(licence=licence, at=now, purpose=_("核对原件"), user_label=by.label)])
    current().later(tasks.make_document, licence=str(licence.id))
    return now


def link_holder(party: Party, name: str, numbers: Sequence[str]) -> int:
    """Give somebody who is known now the licences that waited for their number, under their name: nobody gets a licence by
    another's slip of the pen. Returns how many. Called inside the delivery of an event.
    """
    indexes = [index_of(party.kind, number) for number in numbers if number]
    waiting = Licence.objects.filter(holder_kind=party.kind.value)
    own = waiting.filter(holder_id=None, holder_index__in=indexes, holder_name=name)
    linked = own.update(holder_id=party.id, holder_index=None, holder_number=None)
    together = waiting.filter(~Q(joint_index=[]), joint_index__overlap=indexes, joint_names__contains=[name])
    for row in together.select_for_update(of=("self",)):
        row.joint.append(party.id)
        row.joint_index = [one for one in map(bytes, row.joint_index) if one not in indexes]
        row.save(update_fields=["joint", "joint_index"])
        linked += 1
    return linked
