"""At a counter: a person seen in person, with their document, becomes known at L3."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act, current
from yiwang.kernel.codes import CodeError, clean, parse_citizen_id, parse_mobile
from yiwang.kernel.problems import Invalid
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, AssuranceLevel, FieldError, Key, PartyKind
from yiwang.platform.identity.acts.accounts import KNOWN
from yiwang.platform.identity.models import Account, Person
from yiwang.platform.identity.permissions import CanRegisterPeople
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.types import DocumentType

_SHAPES = {
    DocumentType.PASSPORT: r"[A-Z0-9]{5,17}",
    DocumentType.HK_MACAU_PERMIT: r"[HM]\d{8}(\d{2})?",
    DocumentType.TAIWAN_PERMIT: r"\d{8}|\d{10}[A-Z]?",
    DocumentType.FOREIGN_RESIDENCE: r"[A-Z]{3}\d{12}|9\d{17}|8\d{17}",
}
"""Only the shape is checked: these documents have no public check digit."""


@act("identity.register_at_counter", permission=CanRegisterPeople)
def register_at_counter(
    name: Secret,
    document: str,
    number: Secret,
    phone: Secret,
    *,
    consent: bool,
    open_account: bool = False,
    by: Actor,
    key: Key,
) -> tuple[uuid.UUID, Secret]:
    """Register a person seen in person at L3, or bring what is known of them up to date. Returns person and password.

    Consent on paper or pad is recorded (个人信息保护法 art. 13). With ``open_account`` an account with a random first
    password is opened, which must be changed at the first sign-in; one signs in with the document's number. The
    password is empty if none was made. Raises Invalid.
    """
    if document not in set(DocumentType):
        raise Invalid(_("请核对后再登记。"), errors=(FieldError("document", _("请选证件类型")),))
    kind = DocumentType(document)
    errors = []
    if not name.reveal().strip():
        errors.append(FieldError("name", _("请填写姓名")))
    try:
        value, more = _document(kind, number.reveal())
    except CodeError as error:
        value, more = "", {}
        errors.append(FieldError("number", str(error)))
    try:
        mobile = parse_mobile(phone.reveal()) if phone.reveal() else ""
    except CodeError as error:
        mobile = ""
        errors.append(FieldError("phone", str(error)))
    if open_account and not mobile and not errors:
        errors.append(FieldError("phone", _("开通网上账号要有手机号，用来收验证码")))
    if not consent:
        errors.append(FieldError("consent", _("请先请本人签字同意，再登记")))
    if errors:
        raise Invalid(_("请核对后再登记。"), errors=tuple(errors))
    person, made = Person.objects.get_or_create(
        document_type=kind,
        number_index=blind_index(value, "citizen_id"),
        defaults={"name": name.reveal(), "number": value, **more},
    )
    person.name = name.reveal()
    if mobile:
        person.phone, person.phone_index = mobile, blind_index(mobile, "phone")
    person.checked_level = int(AssuranceLevel.L3)
    person.save()
    password = _open_account(person) if open_account else ""
    record = current()
    record.about(person)
    record.person_id = person.id
    record.purpose = _("窗口当面登记")
    record.emit(KNOWN, person, kind=PartyKind.PERSON.value)
    record.detail.update(document=kind.value, new=made, consent=True, account=bool(password), party=PartyKind.PERSON)
    return person.id, Secret(password)


def _document(kind: DocumentType, number: str) -> tuple[str, dict[str, Any]]:
    if kind is DocumentType.CITIZEN_ID:
        parsed = parse_citizen_id(number)
        return parsed.value, {"sex": parsed.sex.value[:1], "born_on": parsed.born_on}
    value = clean(number)
    if not re.fullmatch(_SHAPES[kind], value, re.ASCII):
        raise CodeError("shape", _("证件号码的写法不对，请对照证件再输一次。"))
    return value, {}


def _open_account(person: Person) -> str:
    if Account.objects.filter(person=person).exists():
        return ""
    password = first_password()
    account = Account(login=uuid.uuid4().hex, person=person, must_change_password=True, agreed_at=clock.now())
    account.set_password(password)
    account.save()
    return password


def first_password() -> str:
    """Make a first password that can be read out and typed: no letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz"
    parts = ["".join(secrets.choice(letters) for _n in range(4)) for _part in range(3)]
    return f"{parts[0].capitalize()}-{parts[1]}-{parts[2]}{secrets.randbelow(90) + 10}"
