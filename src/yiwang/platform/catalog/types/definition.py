"""A whole item as one agency carries it out (实施清单要素, STANDARDS 3.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from yiwang.kernel.types import AssuranceLevel
from yiwang.platform.catalog.types.codes import BodyNature, CaseType, ServiceObject
from yiwang.platform.catalog.types.parts import (
    Channels,
    Commitment,
    Condition,
    Fee,
    FormSection,
    LegalBasis,
    Limit,
    Material,
    Place,
    Question,
    RemedyOffice,
    Result,
    Situation,
    SpecialProcedure,
    Step,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One item as one agency carries it out: the whole content of a draft and of an edition."""

    basic_code: str
    task_code: str
    handle_code: str = ""
    local_basic_code: str = ""
    local_task_code: str = ""
    name: str
    name_en: str = ""
    short_name: str = ""
    """What lists and "used for" labels say."""
    plain: str = ""
    """What it is, in the words of whoever needs it."""
    plain_en: str = ""
    item_type: str
    """Code of the item type table (01 许可 …); the table is data (STANDARDS 1, row 6)."""
    level: int
    agency: str
    """Code of the implementing agency in the directory."""
    body_nature: BodyNature = BodyNature.STATUTORY
    power_source: str = "1"
    power_division: str = ""
    """权限划分: which level decides what."""
    power_content: str = ""
    """行使内容: what this body itself decides."""
    entrusted_by: str = ""
    co_agencies: tuple[str, ...] = ()
    accepting_body: str = ""
    """受理机构, where another than the implementing body; so ``deciding_body``."""
    deciding_body: str = ""
    effective_on: date | None = None
    cancelled_on: date | None = None
    serves: tuple[ServiceObject, ...]
    case_type: CaseType = CaseType.COMMITTED
    statutory_limit: Limit
    promised_limit: Limit
    legal_basis: tuple[LegalBasis, ...]
    conditions: tuple[Condition, ...] = ()
    materials: tuple[Material, ...] = ()
    situations: tuple[Situation, ...] = ()
    form: tuple[FormSection, ...] = ()
    process: tuple[Step, ...]
    online_flow: str = ""
    """How it goes online, in words where ``process`` does not tell it; so ``counter_flow`` at the counter."""
    counter_flow: str = ""
    flow_chart: str = ""
    """Name of a picture of the flow."""
    special_procedures: tuple[SpecialProcedure, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    result: Result
    fees: tuple[Fee, ...] = ()
    channels: Channels = field(default_factory=Channels)
    places: tuple[Place, ...] = ()
    person_themes: tuple[str, ...] = ()
    legal_themes: tuple[str, ...] = ()
    local_person_themes: tuple[str, ...] = ()
    """Themes of the place's own, in words; so ``local_legal_themes``."""
    local_legal_themes: tuple[str, ...] = ()
    consult_phone: str = ""
    complaint_phone: str = ""
    consult_web: str = ""
    consult_email: str = ""
    consult_address: str = ""
    complaint_web: str = ""
    complaint_email: str = ""
    complaint_address: str = ""
    rights: str = ""
    """The applicant's rights and duties."""
    quantity_limit: str = ""
    intermediary: str = ""
    faq: tuple[Question, ...] = ()
    mistakes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    min_level: AssuranceLevel = AssuranceLevel.L2
    decision_by_rule: str = ""
    """Expression that decides by itself where the law leaves no discretion; empty for a person's decision."""
    reconsideration: str = ""
    """Where to ask for reconsideration (行政复议)."""
    lawsuit: str = ""
    """Which court (行政诉讼)."""
    reconsideration_office: RemedyOffice = field(default_factory=RemedyOffice)
    court: RemedyOffice = field(default_factory=RemedyOffice)
    sample_only: bool = False
    """Imported as it was published elsewhere; shown, searched, but not applied for here."""

    @property
    def known_as(self) -> str:
        """The short name, or the whole where there is none."""
        return self.short_name or self.name

    def open_on(self, day: date) -> bool:
        """Tell whether it takes applications on a day: within its plan, and not published elsewhere only."""
        begun = self.effective_on is None or self.effective_on <= day
        return begun and not self.sample_only and (self.cancelled_on is None or day < self.cancelled_on)
