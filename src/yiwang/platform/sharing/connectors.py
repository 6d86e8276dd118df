"""Connectors: how an agency's rows are fetched. Each way is a plugin that reads on from a token, batch by batch.

A connector keeps nothing itself. It is given the token that was stored with the rows before, and yields rows with the token
that comes after them; the platform writes both in one transaction. What stands after a ``yield`` runs when the batch is
written for good, so that a file is moved away only then.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec
from yiwang.kernel.plugins import Plugin, Registry
from yiwang.kernel.types import FieldError
from yiwang.platform.sharing import feeding
from yiwang.platform.sharing.intake import MOST
from yiwang.platform.sharing.types import DatasetDefinition

LIMIT = 2_000
"""Rows of a batch, where a feed's settings do not say another number."""


class SourceFault(Exception):
    """The source cannot be read now. The text is for its steward: no secret and nothing of a row stands in it."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a connector is told of a feed. ``columns`` names the dataset's column for a column of the source."""

    definition: DatasetDefinition
    address: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)

    @property
    def targets(self) -> dict[str, str]:
        """The dataset's column for each column of the source that is wanted."""
        return feeding.targets(self.columns, (item.name for item in self.definition.items))

    @property
    def limit(self) -> int:
        """How many rows a batch has at most."""
        return min(int(self.settings.get("limit") or LIMIT), MOST)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows as the source has them, and where to go on after them; the token is plain JSON.

    ``unknown`` are columns that the source has, nobody mapped and the connector therefore did not read; ``note`` is what
    the steward must know though the run goes on, such as a file that was refused. ``news``: with it the dataset is up to date
    even if it has no rows, such as a file in which there is nothing. ``file`` and ``lines``: where each row stands, for whoever
    mends one that is not taken.
    """

    rows: Sequence[Mapping[str, Any]]
    token: Any
    unknown: tuple[str, ...] = ()
    note: str = ""
    news: bool = False
    file: str = ""
    lines: Sequence[int] = ()


class Connector(Plugin):
    """A way to fetch rows. ``patience`` is how long it may take from one batch to the next: whoever runs a feed and says
    nothing for longer is taken for dead. ``silence_is_news``: that there is nothing new means that all is up to date; where it
    means nothing, one looks again as soon as for realtime data. ``sparse``: a row may leave out columns that are empty.
    ``pushed``: nothing is fetched, the source's system sends (``acts.bring_in``). ``live``: nothing is read in; the source is
    asked whenever somebody needs an answer (``live.ask``).
    """

    patience: ClassVar[timedelta] = timedelta(seconds=90)
    silence_is_news: ClassVar[bool] = True
    sparse: ClassVar[bool] = False
    pushed: ClassVar[bool] = False
    live: ClassVar[bool] = False
    address_hint: ClassVar[str | Promise] = ""
    takes_secret: ClassVar[bool] = False
    more_settings: ClassVar[frozenset[str]] = frozenset()
    """Settings that no form asks for."""

    def settings(self) -> tuple[FieldSpec, ...]:
        """Return what a feed's settings may hold, as fields of a form."""
        return ()

    def check(self, source: Source) -> list[FieldError]:
        """Tell what is wrong with a feed's configuration, by field; what the other end does is not looked at."""
        return [FieldError(one.name, told) for one in self.settings() if (told := _wrong(one, source.settings))]

    def clear(self) -> int:
        """Delete what is kept no longer of what was read, where that lies with us; return how many."""
        return 0

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        """Yield what came after the token (``None``: from the beginning) until there is no more. Raises SourceFault."""
        raise NotImplementedError


registry: Registry[Connector] = Registry("sharing.connectors", default="http_pull", together=True)


def live_connectors() -> list[str]:
    """Return the ways in which a source is asked when an answer is needed."""
    return [name for name in registry if registry.get(name).live]


def pushed_connectors() -> list[str]:
    """Return the ways in which a source sends by itself."""
    return [name for name in registry if registry.get(name).pushed]


def limit_spec() -> FieldSpec:
    """Return the setting that says how many rows a batch has."""
    return number_spec("limit", _("每批多少行"), 1, MOST, hint=_("不填是 2000"))


def number_spec(name: str, label: str, least: int, most: int, *, hint: str = "", required: bool = False) -> FieldSpec:
    """Return a setting that is a whole number."""
    whole = FieldSpec(name, label, FieldKind.INTEGER, required=required, hint=hint)
    return replace(whole, min=Decimal(least), max=Decimal(most))


def _wrong(spec: FieldSpec, settings: Mapping[str, Any]) -> str:
    """Say what is wrong with a setting; nothing if it is well."""
    value = settings.get(spec.name)
    if value in (None, ""):
        return _("请填写“%(name)s”。") % {"name": spec.label} if spec.required else ""
    if spec.kind is FieldKind.INTEGER:
        whole = isinstance(value, int) and not isinstance(value, bool)
        well = whole and (spec.min is None or spec.min <= value) and (spec.max is None or value <= spec.max)
        return "" if well else _("“%(name)s”要从 %(min)s 到 %(max)s。") % {
            "name": spec.label, "min": spec.min, "max": spec.max,
        }  # fmt: skip
    if spec.kind is FieldKind.BOOLEAN:
        well = isinstance(value, bool)
    elif spec.options:
        well = value in {option.value for option in spec.options}
    else:
        well = isinstance(value, str) and len(value) <= (spec.max_length or len(value))
    return "" if well else _("“%(name)s”填得不对。") % {"name": spec.label}
