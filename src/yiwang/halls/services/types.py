"""What the journey's pages show."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.kernel.fields import FieldSpec
from yiwang.platform.catalog.types import EditionView, LifeEvent
from yiwang.platform.evidence.types import BurdenReport, MaterialFact, Resolution


@dataclass(frozen=True, slots=True)
class Chosen:
    """An item of the personal guide with the reason why it is there, and the short names of what it waits for."""

    edition: EditionView
    reason: str
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """The personal guide: made from a life event and answers, for somebody or for nobody yet."""

    event: LifeEvent
    complete: bool
    answered: int
    asked: tuple[FieldSpec, ...]
    chosen: tuple[Chosen, ...]
    not_needed: tuple[str, ...]
    missing: tuple[str, ...]
    """Names of items that nobody carries out where the matter lies."""
    resolution: Resolution | None
    known: tuple[MaterialFact, ...]
    give: tuple[MaterialFact, ...]

    @property
    def burden(self) -> BurdenReport | None:
        """Return what it costs, apart and together."""
        return self.resolution.burden if self.resolution else None


@dataclass(frozen=True, slots=True)
class Gain:
    """What a life event saves at most, whatever the answers: agencies at work, working days apart and together."""

    agencies: int
    apart: int
    together: int
    visits: int
