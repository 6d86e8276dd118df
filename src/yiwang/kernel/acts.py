"""Acts: everything that changes the world, each in one function, one transaction and one catalogue.

An act checks who may (``permission``), whether it may now (``ready``), changes, records (audit) and announces (event);
what must happen after commit is a job put on the queue inside that transaction. Pages, API, kiosks, batches and timers
call the same function::

    @act("cases.accept", permission=INTAKE, on=Case.objects.lock, event="case.accepted")
    def accept(case: Case, *, by: Actor, key: Key) -> CaseView: ...

    accept(case_id, by=actor, key=form_key)

The caller names the target by id; ``on`` loads and locks it among what the actor may see (``NotFound`` otherwise), so
that no side door forgets the check.
"""

from __future__ import annotations

import contextlib
import functools
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, get_type_hints

from django.db import connection, transaction
from django.utils.translation import gettext as _
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from yiwang.kernel import clock
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.problems import KeyReused, NeedsSignIn, NotAllowed, NotNow
from yiwang.kernel.recording import AUDIT, EVENTS, Record, audit_values, current, event, in_hand, running, write
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Denial, Reach, Role

__all__ = [
    "CATALOGUE",
    "EVENTS",
    "Act",
    "Permission",
    "Record",
    "act",
    "act_on",
    "current",
    "event",
    "record_denied",
    "record_read",
    "running",
    "system_record",
]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Target = TypeVar("Target")
Ready = Callable[[Any], Denial | None]
Ahead = Callable[..., AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Who may do an act.

    ``kinds``: the sorts of actor; ``roles``: for staff, one of these must reach the object, or with ``helping`` another
    body that does a step of it (its ``helped_by``)
    (``any_staff``: whoever has an account, also before the second factor); ``level``: assurance that a
    person needs; ``scope``: what an API client's token must carry; ``own``: whoever acts must own the object (be, act for,
    or at a counter serve its principal), and a delegation limited to items must cover its ``item_codes``; ``provider``: an API
    client must be of the agency that the object lies in, or of one above it.
    """

    name: str
    kinds: frozenset[ActorKind]
    roles: frozenset[Role] = frozenset()
    level: AssuranceLevel = AssuranceLevel.NONE
    scope: str = ""
    own: bool = False
    any_staff: bool = False
    provider: bool = False
    helping: bool = False

    def check(self, by: Actor, target: Any = None) -> None:
        """Raise ``NeedsSignIn`` or ``NotAllowed`` unless the actor may, on this object if one is given."""
        if by.kind is ActorKind.SYSTEM:
            return
        if by.kind not in self.kinds:
            if by.kind is ActorKind.ANONYMOUS:
                raise NeedsSignIn(_("请先登录，再继续办理。"), level=int(self.level))
            raise NotAllowed(_("这项操作不属于您的身份。"))
        if by.kind is ActorKind.PERSON:
            self._check_person(by, target)
        elif by.kind is ActorKind.STAFF:
            reach: Reach | None = target.reach if target is not None and hasattr(target, "reach") else None
            helped = target.helped_by if self.helping and reach is not None else ()
            if not self.any_staff and not any(by.has_role(self.roles, one) for one in (reach, *helped)):
                raise NotAllowed(_("您的岗位不能办这一项，请找有权限的同事。"))
            self._check_own(by, target)
        elif by.kind is ActorKind.CLIENT:
            if self.scope not in by.scopes:
                raise NotAllowed(_("接口令牌没有这项权限：%(scope)s。") % {"scope": self.scope})
            if self.provider and not (by.agency and (target is None or target.reach.agency.startswith(by.agency))):
                raise NotAllowed(_("这是别的部门提供的，只有提供方能写入。"), code="not-provider")
            self._check_own(by, target)

    def _check_person(self, by: Actor, target: Any) -> None:
        if by.level < self.level:
            raise NeedsSignIn(_("办这一项要先提升认证等级。"), code="step-up-needed", level=int(self.level))
        self._check_own(by, target)

    def _check_own(self, by: Actor, target: Any) -> None:
        if self.own and target is not None and target.principal != by.principal:
            raise NotAllowed(_("这不是您名下的事项。"))
        if self.own and target is not None and by.items and not by.may_handle(getattr(target, "item_codes", None)):
            raise NotAllowed(_("给您的委托不包括这个事项，请委托人本人来办，或重新委托。"), code="outside-delegation")

    def allows(self, by: Actor, target: Any = None) -> bool:
        """Tell without raising."""
        try:
            self.check(by, target)
        except NotAllowed:
            return False
        return True


class Act(Generic[P, R]):
    """A registered act. Call it with the target's id (if it has a target), ``by`` and ``key``."""

    def __init__(
        self,
        body: Callable[..., R],
        *,
        name: str,
        permission: Permission,
        on: Callable[[Any, Actor], Any] | None,
        ready: Ready | None,
        announces: str | None,
        ahead: Ahead | None,
    ) -> None:
        functools.update_wrapper(self, body)
        self.body = body
        self.name = name
        self.permission = permission
        self.on = on
        self.ready = ready
        self.announces = announces
        self.ahead = ahead
        self.__signature__ = None

    @functools.cached_property
    def _answer(self) -> TypeAdapter[R]:
        return TypeAdapter(get_type_hints(self.body)["return"])

    def denial(self, target: Any, by: Actor) -> Denial | None:
        """Say why ``by`` may not do this to ``target`` now, or ``None``: pages show only the acts that may be done."""
        try:
            self.permission.check(by, target)
        except NotAllowed as problem:
            return Denial(problem.code, str(problem.detail))
        return self.ready(target) if self.ready else None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do the act; the same key from the same actor gives the first answer again."""
        by = cast(Actor, kwargs["by"])
        key = cast(str, kwargs["key"])
        if in_hand.get() is not None:
            raise RuntimeError(f"{self.name} was called inside {current().act}: call its inner function")
        scope = f"{self.name}|{by.identity}"
        with ExitStack() as outside:
            if self.ahead is not None and not _was_used(scope, key):
                self.permission.check(by)
                outside.enter_context(self.ahead(*args, **{k: v for k, v in kwargs.items() if k != "key"}))
            record = Record(act=self.name, by=by, at=clock.now())
            outside.callback(in_hand.reset, in_hand.set(record))
            with transaction.atomic():
                given = _digest(args, kwargs)
                seen, stored = _reserve(scope, key, given, record.at)
                if seen:
                    return self._answer.validate_python(stored)
                answer = self._perform(args, kwargs, by, record)
                record.finish()
                write(record, scope, key, self._answer.dump_python(answer, mode="json"))
                return answer

    def _perform(self, args: Any, kwargs: Any, by: Actor, record: Record) -> R:
        self.permission.check(by)  # before anything is read
        if self.on is None:
            return self.body(*args, **kwargs)
        target = self.on(args[0], by)
        self.permission.check(by, target)
        record.about(target)
        if self.ready and (denial := self.ready(target)) is not None:
            raise NotNow(denial.message, code=denial.code, errors=denial.fields)
        answer = self.body(target, *args[1:], **kwargs)
        if self.announces:
            record.emit(self.announces, target)
        return answer


CATALOGUE: dict[str, Act[Any, Any]] = {}
"""The closed catalogue of acts: the permission matrix and the audit catalogue are made from it."""


class _Decorator:
    """Typed in two shapes: acts with a target are called with its id, acts without are called as written."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def __call__(self, body: Callable[P, R]) -> Act[P, R]:
        name = self.options["name"]
        if name in CATALOGUE:
            raise ValueError(f"act {name!r} is declared twice")
        CATALOGUE[name] = Act(body, **self.options)
        return CATALOGUE[name]


class _TargetDecorator(_Decorator):
    def __call__(  # type: ignore[override]
        self, body: Callable[Concatenate[Any, P], R]
    ) -> Act[Concatenate[uuid.UUID, P], R]:
        return cast("Act[Concatenate[uuid.UUID, P], R]", super().__call__(body))


def act(name: str, *, permission: Permission) -> _Decorator:
    """Register an act that makes something new (no target)."""
    return _Decorator(name=name, permission=permission, on=None, ready=None, announces=None, ahead=None)


def act_on(
    name: str,
    target: Callable[[Any, Actor], Any],
    *,
    permission: Permission,
    ready: Ready | None = None,
    announces: str | None = None,
    ahead: Ahead | None = None,
) -> _TargetDecorator:
    """Register an act on a target.

    ``target(id, by)`` loads and locks it among what ``by`` may see, ``ready(target)`` says why not now, ``announces`` is
    the event that follows. ``ahead``, called with the act's arguments, gives a context in which the act is done: it does
    before the transaction what others take long for, checks itself that ``by`` may have that done, and is left out where
    the key was used already.
    """
    return _TargetDecorator(name=name, permission=permission, on=target, ready=ready, announces=announces, ahead=ahead)


@contextlib.contextmanager
def system_record(name: str) -> Iterator[Record]:
    """A record for changes that are no act of anybody's: loading a pack, delivering an event (audited as ``name``)."""
    from yiwang.kernel.types import SYSTEM

    record = Record(act=name, by=SYSTEM, at=clock.now())
    token = in_hand.set(record)
    try:
        with transaction.atomic():
            yield record
            record.finish()
            write(record, "", "", None)
    finally:
        in_hand.reset(token)


def record_read(
    by: Actor,
    *,
    name: str,
    person: uuid.UUID | None,
    purpose: str,
    case: uuid.UUID | None = None,
    application: uuid.UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Log that an official read a person's data (个人信息保护法): with role, purpose and case, for that person to see.

    Without a ``person`` it was data of several, or of somebody whom the platform does not know.
    """
    record = Record(act=name, by=by, at=clock.now(), purpose=purpose, person_id=person)
    record.case_id, record.application_id = case, application
    record.detail = dict(detail or {})
    if person and (roles := sorted({grant.role.value for grant in by.grants})):
        record.detail["roles"] = roles
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO kernel_auditentry {AUDIT}", audit_values(record, "read"))


def record_denied(by: Actor, *, name: str, code: str, subject: str = "") -> None:
    """Log a refusal (in a transaction of its own: the act's was rolled back)."""
    record = Record(act=name, by=by, at=clock.now(), subject_id=subject[:64], detail={"code": code})
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO kernel_auditentry {AUDIT}", audit_values(record, "denied"))


def _digest(args: Any, kwargs: Any) -> str:
    content = {name: value for name, value in kwargs.items() if name not in {"by", "key"}}
    return sha256_of(to_jsonable_python([args, content], fallback=_describe))


def _describe(value: Any) -> Any:
    if hasattr(value, "sha256"):  # a stored file is named by its content
        return value.sha256
    raise TypeError(f"acts take plain values, not {type(value).__name__}")


def _was_used(scope: str, key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM kernel_idempotencykey WHERE scope = %s AND key = %s", [scope, key])
        return bool(cursor.rowcount)


def _reserve(scope: str, key: str, given: str, at: datetime) -> tuple[bool, Any]:
    """Take the key, or return what was answered when it was first used."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_idempotencykey (scope, key, digest, at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (scope, key) DO NOTHING",
            [scope, key, given, at],
        )
        if cursor.rowcount:
            return False, None
        cursor.execute("SELECT digest, result FROM kernel_idempotencykey WHERE scope = %s AND key = %s", [scope, key])
        digest, result = cursor.fetchone()
    if digest != given:
        raise KeyReused(_("这个提交标识已用于另一份内容，请刷新页面后重试。"))
    return True, json.loads(result) if isinstance(result, str) else result
