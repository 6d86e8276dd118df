"""For what data may be asked: a matter of a room below, which says here whose it is and whose data it needs.

The rooms that have matters (``cases``) stand below this one; they register how a matter is found.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel.problems import NotAllowed
from yiwang.kernel.types import Actor, Reach
from yiwang.platform.sharing.types import Consumer


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """A matter that is being handled.

    ``named`` are the numbers of whomever the application names (a spouse, a legal representative), ``own`` gives those of the
    applicant: nobody else may be asked about. ``reach`` is where the matter lies, so that only its own agency asks.
    """

    case_id: uuid.UUID
    number: str
    title: str
    consumer: Consumer
    agency_name: str
    application_id: uuid.UUID
    party: uuid.UUID
    named: frozenset[str]
    own: Callable[[], Iterable[str]] = tuple
    reach: Reach
    declared: Mapping[str, Any] = field(default_factory=dict)
    """What the application says: data element to value."""

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers of all who may be asked about."""
        return self.named | frozenset(self.own())

    def covers(self, numbers: Iterable[str]) -> bool:
        """Tell whether all of these may be asked about; most applications name the applicant, too."""
        unnamed = set(numbers) - self.named
        return not unnamed or unnamed <= self.numbers


Finder = Callable[[str], Purpose | None]
_finders: list[Finder] = []


def provide(finder: Finder) -> None:
    """Say how matters are found, by identity or number; only running ones are."""
    _finders.append(finder)


def find(ref: str) -> Purpose | None:
    """Return the running matter with this identity or number, or nothing."""
    return next((found for finder in _finders if (found := finder(ref)) is not None), None)


def must_cover(by: Actor, purpose: Purpose) -> None:
    """Raise ``NotAllowed`` where a client's registered purpose, or the delegation it uses, is limited to other items."""
    if not by.may_handle((purpose.consumer.item,)):
        raise NotAllowed(_("客户端登记的用途不包括这个事项。"), code="outside-delegation")
