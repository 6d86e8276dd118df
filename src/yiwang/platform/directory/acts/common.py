"""What the acts of the directory share."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from yiwang.kernel.acts import Permission
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import ActorKind, FieldError, Reach, Role

_STAFF = frozenset({ActorKind.STAFF})
CanAdminister = Permission(name="administer", kinds=_STAFF, roles=frozenset({Role.SYSTEM_ADMIN}))
CanAppoint = Permission(name="appoint", kinds=_STAFF, roles=frozenset({Role.SECURITY_ADMIN}))
CanBeAbsent = Permission(name="be_absent", kinds=_STAFF, roles=frozenset(Role))
"""Oneself; for others the dispatcher of their agency or the security administrator."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something new will lie, for a permission's check."""

    reach: Reach


def wrong(field: str, message: str) -> Invalid:
    """Return what to raise for one field."""
    return Invalid(_("请核对后再保存。"), errors=(FieldError(field, message),))
