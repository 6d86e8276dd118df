"""A person's account: registering, proving who one is, password and factors."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from yiwang.kernel import clock, limits
from yiwang.kernel.acts import act, act_on, current, event
from yiwang.kernel.codes import CodeError, clean, parse_citizen_id
from yiwang.kernel.problems import Invalid, NeedsSignIn, NotAllowed
from yiwang.kernel.sealed import blind_index, normalised
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, FieldError, Key, PartyKind
from yiwang.platform.identity import factors, rules
from yiwang.platform.identity.acts.signing import end_sessions, own_account, use_challenge
from yiwang.platform.identity.models import Account, Person
from yiwang.platform.identity.permissions import CanKeepAccount, CanProve, CanProveMore, CanSignIn
from yiwang.platform.identity.ports import PersonClaim, Proof, authorities
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.types import DocumentType

KNOWN = event("identity.known", "A person or organisation was identified by number: checked, or seen at a counter.")
MERGED = event(
    "identity.person_merged",
    "A person who registered by telephone turned out to be one already known: what was theirs belongs to ``into``.",
)
_FAULTS = {
    "short": lambda: _("密码至少 10 位"),
    "simple": lambda: _("密码要有大写字母、小写字母、数字、符号中的至少三种；工作人员四种都要有"),
    "personal": lambda: _("密码里不要有您的手机号、证件号或其中的一段"),
}


def check_new_password(password: str, personal: list[str], *, staff: bool = False) -> None:
    """Refuse a password that is short, simple, common or tells of the person. Raises Invalid."""
    classes = rules.STAFF_PASSWORD_CLASSES if staff else rules.PASSWORD_CLASSES
    faults = [_FAULTS[fault]() for fault in rules.password_faults(password, [one for one in personal if one], classes)]
    try:
        CommonPasswordValidator().validate(password)
    except ValidationError:
        faults.append(_("这个密码太常见，很容易被猜到"))
    if faults:
        raise Invalid(_("请换一个密码。"), errors=(FieldError("password", _("；").join(faults)),))


def personal_words(account: Account) -> list[str]:
    """Return what others know of the account's owner and no password may hold."""
    person = account.person
    return [account.login, *((person.phone or "", person.number or "") if person else ())]


@act("identity.register", permission=CanSignIn)
def register(challenge: uuid.UUID, name: Secret, password: Secret, agreed: bool, *, by: Actor, key: Key) -> uuid.UUID:
    """Register a natural person online at L1: telephone (proven by a code) and password. Returns the account.

    Raises Invalid for a password that may not be used or a service agreement not agreed to.
    """
    if not agreed:
        raise Invalid(_("请先看一看并同意服务协议。"), errors=(FieldError("agreed", _("请先同意服务协议")),))
    passed = use_challenge(challenge, "sign_up")
    phone = passed.phone or ""
    check_new_password(password.reveal(), [phone])
    index = blind_index(phone, "phone")
    if Account.objects.filter(person__phone_index=index).exists():
        raise NotAllowed(_("这个手机号现在不能注册，请直接登录或找回密码。"))
    person = Person.objects.create(
        name=name.reveal(), number="", phone=phone, phone_index=index, checked_level=AssuranceLevel.L1
    )
    now = clock.now()
    account = Account(login=uuid.uuid4().hex, person=person, agreed_at=now, password_changed_at=now)
    account.set_password(password.reveal())
    account.save()
    current().about(account)
    return account.id


def _myself(pk: uuid.UUID, by: Actor) -> Person:
    account = own_account(pk, by)
    if account.person is None:
        raise NotAllowed(_("工作人员账号不在这里认证。"))
    return Person.objects.select_for_update().get(pk=account.person_id)


def _only_own(by: Actor) -> None:
    if by.principal is not None and by.principal.id != by.id:
        raise NotAllowed(_("这一步只能为本人做，请先换回本人。"))


@act_on("identity.verify_person", _myself, permission=CanProve)
def verify_person(
    person: Person, name: Secret, number: Secret, proof: str, proof_number: Secret, *, by: Actor, key: Key
) -> uuid.UUID:
    """Raise oneself to L2: document, proven telephone and a third proof, checked by the authority.

    Returns the person the account stands for from now on: somebody already known stays the same one.
    Whether something does not agree or the document has an account already, the sentence is the same. Raises Invalid,
    TooMany (five a day) and Unavailable.
    """
    limits.count(f"verify:{person.id}", 5, 86_400)
    _only_own(by)
    try:
        parsed = parse_citizen_id(number.reveal())
    except CodeError as error:
        raise Invalid(_("请核对证件号码。"), errors=(FieldError("number", str(error)),)) from None
    index = blind_index(parsed.value, "citizen_id")
    claim = PersonClaim(
        name.reveal(), DocumentType.CITIZEN_ID, parsed.value, person.phone or "", Proof(proof), proof_number.reveal()
    )
    known = (
        Person.objects.select_for_update()
        .filter(document_type=DocumentType.CITIZEN_ID, number_index=index)
        .exclude(pk=person.pk)
        .first()
    )
    other = known is not None and Account.objects.filter(person=known).exists()
    if not authorities.selected().confirms_person(claim) or other or (known and person.number):
        raise Invalid(_("没有核验通过。请核对姓名和号码；都对的话，请带身份证到任一窗口认证，或用原来的账号登录。"))
    target = known or person
    if known is None:
        target.number, target.number_index = parsed.value, index
        target.sex, target.born_on = parsed.sex.value[:1], parsed.born_on
    target.name = name.reveal()
    target.checked_level = max(target.checked_level, AssuranceLevel.L2)
    if known is not None:
        target.phone, target.phone_index = person.phone, person.phone_index
        person.phone, person.phone_index, person.merged_into = "", None, target
        Account.objects.filter(person=person).update(person=target)
        person.save()
        current().emit(MERGED, person, into=str(target.id))
    target.save()
    current().emit(KNOWN, target, kind=PartyKind.PERSON.value)
    current().detail.update(level=int(target.checked_level), merged=known is not None)
    return target.id


@act_on("identity.pass_face_check", _myself, permission=CanProveMore)
def pass_face_check(person: Person, passed: bool, *, by: Actor, key: Key) -> int:
    """Note the outcome of a face check; passing raises oneself to L3. Returns the level now reached."""
    _only_own(by)
    current().detail["passed"] = passed
    if passed:
        person.checked_level = max(person.checked_level, AssuranceLevel.L3)
        person.save(update_fields=["checked_level"])
    return int(person.checked_level)


@act_on("identity.change_password", own_account, permission=CanKeepAccount)
def change_password(account: Account, old: Secret, new: Secret, session_key: Secret, *, by: Actor, key: Key) -> None:
    """Choose a new password; every other session of the account ends. Raises Invalid."""
    limits.count(f"password:{account.id}", 10, 3_600)
    if not account.check_password(old.reveal()):
        raise Invalid(_("请核对原密码。"), errors=(FieldError("old", _("原密码不对")),))
    if old.reveal() == new.reveal():
        raise Invalid(_("请换一个密码。"), errors=(FieldError("password", _("新密码不能和原来的一样")),))
    _set_password(account, new.reveal())
    end_sessions(account, but=session_key.reveal())


@act("identity.reset_password", permission=CanSignIn)
def reset_password(challenge: uuid.UUID, name: Secret, new: Secret, *, by: Actor, key: Key) -> uuid.UUID:
    """Choose a new password with a code sent to one's telephone; every session ends. Returns the account.

    ``name`` is needed only where several people share the telephone. Staff cannot: their security administrator gives
    them a new one. Raises Invalid.
    """
    passed = use_challenge(challenge, "reset")
    rows = Account.objects.select_for_update(of=("self",)).select_related("person").order_by("pk")
    found = list(
        rows.filter(person__phone_index=blind_index(passed.phone or "", "phone"), is_staff=False, is_active=True)
    )
    if len(found) > 1:
        found = [row for row in found if row.person and same_name(row.person.name, name.reveal())]
    if len(found) != 1:
        message = _("这个手机号有几个人在用，请填您的姓名")
        raise Invalid(_("请核对后再提交。"), errors=(FieldError("name", message),))
    account = found[0]
    account.failures, account.locked_until = 0, None
    _set_password(account, new.reveal())
    end_sessions(account)
    current().about(account)
    return account.id


def _set_password(account: Account, password: str) -> None:
    check_new_password(password, personal_words(account), staff=account.is_staff)
    account.set_password(password)
    account.must_change_password = False
    account.password_changed_at = clock.now()
    account.save()


def _at_own_level(account: Account, by: Actor) -> None:
    """A factor opens every level that its owner was checked for: whoever adds one must have come in as surely."""
    _only_own(by)
    if account.person is not None and by.level < account.person.checked_level:
        needed = account.person.checked_level
        raise NeedsSignIn(_("请先提升这次登录的认证等级，再来添加。"), code="step-up-needed", level=needed)


@act_on("identity.add_totp", own_account, permission=CanKeepAccount)
def add_totp(account: Account, secret: Secret, *, by: Actor, key: Key) -> None:
    """Keep an authenticator that was just confirmed; it takes the place of an earlier one. Raises NeedsSignIn."""
    _at_own_level(account, by)
    factors.add_totp(account, secret.reveal())


@act_on("identity.add_passkey", own_account, permission=CanKeepAccount)
def add_passkey(account: Account, name: str, credential: dict[str, Any], *, by: Actor, key: Key) -> None:
    """Keep a passkey that the browser just made and that answered our challenge. Raises NeedsSignIn."""
    _at_own_level(account, by)
    factors.add_passkey(account, name[:40], credential)


@act_on("identity.remove_factor", own_account, permission=CanKeepAccount)
def remove_factor(account: Account, factor: int, *, by: Actor, key: Key) -> None:
    """Remove a factor. Staff keep at least one. Raises NotAllowed."""
    if by.kind is ActorKind.STAFF and len(factors.of_account(account.id)) < 2:
        raise NotAllowed(_("工作人员至少要留一种第二重验证，请先添加新的。"))
    factors.remove(account.id, factor)


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are the same but for width, case and spaces."""
    return normalised(clean(one)) == normalised(clean(other))
