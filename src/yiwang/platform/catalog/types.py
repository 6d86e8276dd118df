"""A service item as a document: what an editor writes, the linter checks, an edition freezes and a pack holds in YAML.

Names follow the national implementation list (实施清单要素, STANDARDS 3.5); codes of foreign interfaces are mapped at
import and export, never stored (STANDARDS 1).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from yiwang.kernel.calendar import Unit
from yiwang.kernel.fields import FieldKind, Option
from yiwang.kernel.types import AssuranceLevel

__all__ = ["Unit"]


class CaseType(StrEnum):
    """办件类型: decided on the spot, or within a promised time."""

    IMMEDIATE = "immediate"
    COMMITTED = "committed"


class ServiceObject(StrEnum):
    """服务对象, as live item lists have them (STANDARDS 1, row 4)."""

    PERSON = "person"
    ENTERPRISE = "enterprise"
    INSTITUTION = "institution"
    SOCIAL_ORGANISATION = "social_organisation"
    UNINCORPORATED = "unincorporated"
    ADMINISTRATION = "administration"
    OTHER = "other"


class BodyNature(StrEnum):
    """实施主体性质 (GB/T 39046 A.3)."""

    STATUTORY = "statutory"
    AUTHORISED = "authorised"
    ENTRUSTED = "entrusted"
    OTHER = "other"


class MaterialKind(StrEnum):
    """What sort of thing a material is."""

    FORM = "form"
    LICENCE = "licence"
    PROOF = "proof"
    DRAWING = "drawing"
    PHOTO = "photo"
    OTHER = "other"


class Necessity(StrEnum):
    """材料必要性: required, optional, or it may be made up after acceptance (容缺后补)."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    DEFERRABLE = "deferrable"


class MaterialSource(StrEnum):
    """来源渠道: who has it to begin with."""

    APPLICANT = "applicant"
    GOVERNMENT = "government"
    OTHER = "other"


class MaterialForm(StrEnum):
    """形式: on paper, electronic, or either."""

    PAPER = "paper"
    ELECTRONIC = "electronic"
    BOTH = "both"


class Original(StrEnum):
    """原件 or 复印件."""

    ORIGINAL = "original"
    COPY = "copy"
    BOTH = "both"


class SatisfierKind(StrEnum):
    """What can stand for a material instead of a paper from the applicant."""

    LICENCE = "licence"
    """A valid e-licence of this type; ``ref`` is the licence type's code."""
    DATASET = "dataset"
    """An answer from a shared dataset; ``ref`` is ``dataset`` or ``dataset.field``."""
    EARLIER = "earlier"
    """The same material of an earlier application, still trusted; ``ref`` its shared name."""
    COMMITMENT = "commitment"
    """告知承诺 (国办发〔2020〕42号); ``ref`` names the commitment text of the item."""
    RESULT = "result"
    """The result of another case of the same application; ``ref`` is that item's basic code."""


class ResultKind(StrEnum):
    """结果类型: 证照, 批文 or something else."""

    LICENCE = "licence"
    APPROVAL = "approval"
    OTHER = "other"


class StepKind(StrEnum):
    """Kinds of step that ``cases`` itself knows; other rooms register theirs by name."""

    INTAKE = "intake"
    PRE_REVIEW = "pre_review"
    REVIEW = "review"
    SITE_VISIT = "site_visit"
    EXPERT_REVIEW = "expert_review"
    DECISION = "decision"
    ISSUE = "issue"
    DELIVER = "deliver"
    AUTO_CHECK = "auto_check"


@dataclass(frozen=True, slots=True)
class Limit:
    """A period: ``value`` 0 means on the spot; ``note`` says what it does not tell (anticipate_explain)."""

    value: int
    unit: Unit = Unit.WORKDAY
    note: str = ""


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """One article that the item rests on (设定依据)."""

    law: str
    article: str
    text: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """受理条件; a prohibiting one must not hold."""

    text: str
    prohibits: bool = False


@dataclass(frozen=True, slots=True)
class Satisfier:
    """One thing that makes a material needless, in order of preference."""

    kind: SatisfierKind
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """申请材料. ``shared`` names the same paper across items: given once, used by all that name it."""

    code: str
    name: str
    kind: MaterialKind
    necessity: Necessity = Necessity.REQUIRED
    source: MaterialSource = MaterialSource.APPLICANT
    form: MaterialForm = MaterialForm.BOTH
    original: Original = Original.ORIGINAL
    copies: int = 1
    name_en: str = ""
    shared: str = ""
    issuer: str = ""
    satisfied_by: tuple[Satisfier, ...] = ()
    when: str = ""
    hint: str = ""
    standard: str = ""
    mistakes: tuple[str, ...] = ()
    sample: str = ""
    blank: str = ""
    basis: str = ""

    @property
    def identity(self) -> str:
        """What makes two materials of different items the same paper."""
        return self.shared or self.name


@dataclass(frozen=True, slots=True)
class FormField:
    """One datum that the item needs. What it is stands in its data element; here, whether and when it is asked."""

    element: str
    required: bool = True
    show_when: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FormSection:
    """A part of the form. Sections of different items with one ``code`` are merged in the one form."""

    code: str
    title: str
    fields: tuple[FormField, ...]
    title_en: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """环节. ``after`` names the steps that must be done; ``days`` is the plan drawn for the applicant (working days).

    ``joint`` names a joint step (联合踏勘): cases of one application that carry the same name go together.
    """

    code: str
    name: str
    kind: str
    name_en: str = ""
    after: tuple[str, ...] = ()
    when: str = ""
    days: int = 0
    joint: str = ""
    agency: str = ""
    """Function code of another agency that does this step; empty for the implementing body."""


@dataclass(frozen=True, slots=True)
class SpecialProcedure:
    """特别程序 whose time does not count (行政许可法 art. 45); the clock stops."""

    code: str
    name: str
    basis: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class Commitment:
    """告知承诺: what the applicant is told and promises, and what follows from a false promise."""

    code: str
    text: str
    liability: str


@dataclass(frozen=True, slots=True)
class Result:
    """What the applicant gets."""

    name: str
    kind: ResultKind
    licence_type: str = ""
    name_en: str = ""
    sample: str = ""
    validity_months: int = 0
    renews: bool = False
    """Whether it lengthens a licence of this type that the applicant has (延续, 行政许可法 art. 50)."""


@dataclass(frozen=True, slots=True)
class Fee:
    """收费项目. ``amount`` in yuan, empty where the standard is a scale."""

    name: str
    standard: str
    basis: str
    amount: str = ""
    reducible: bool = False
    note: str = ""
    reduction: str = ""
    """Who pays less or nothing, where it is reducible."""


@dataclass(frozen=True, slots=True)
class Question:
    """常见问题 with its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where it can be handed in: a service centre's code and the counters.

    A place that is no centre of the directory (``centre`` empty) says itself where it is and when it is open.
    """

    centre: str
    counters: str = ""
    address: str = ""
    hours: str = ""
    traffic: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Channels:
    """How far it goes online and how often one must come (STANDARDS 3.5, 3.6)."""

    online: bool = True
    depth: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """网上办理深度 1–7; full depth means wholly online."""
    visits: int = 0
    visits_reason: str = ""
    in_centre: bool = True
    booking: bool = False
    mail_in: bool = True
    mail_out: bool = True
    kiosk: bool = False
    pay_online: bool = False
    cross_region: str = ""
    """通办范围: national, cross_province, cross_city, cross_county or empty."""
    link: str = ""
    """Where else it is done online, on a computer (link_addr)."""
    mobile_link: str = ""
    single_sign_on: bool = True
    booking_quota: int = 0
    booking_rule: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """情形: circumstances in which it needs more materials, and what is said about them.

    ``materials`` are codes of materials needed only in the situations that name them.
    """

    code: str
    name: str
    when: str
    name_en: str = ""
    materials: tuple[str, ...] = ()
    note: str = ""


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
    special_procedures: tuple[SpecialProcedure, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    result: Result
    fees: tuple[Fee, ...] = ()
    channels: Channels = field(default_factory=Channels)
    places: tuple[Place, ...] = ()
    person_themes: tuple[str, ...] = ()
    legal_themes: tuple[str, ...] = ()
    consult_phone: str = ""
    complaint_phone: str = ""
    consult_web: str = ""
    consult_address: str = ""
    complaint_web: str = ""
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
    sample_only: bool = False
    """Imported as it was published elsewhere; shown, searched, but not applied for here."""

    @property
    def known_as(self) -> str:
        """The short name, or the whole where there is none."""
        return self.short_name or self.name


class ElementSubject(StrEnum):
    """What a datum is about: decides whose record is asked."""

    PERSON = "person"
    ORGANISATION = "organisation"
    MATTER = "matter"


@dataclass(frozen=True, slots=True)
class ElementSource:
    """Where a datum can be had: the evidence source's name, and the path there (``licence_type.field``)."""

    source: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataElement:
    """数据元: the smallest named datum, with one authoritative source (一数一源)."""

    code: str
    label: str
    kind: FieldKind
    label_en: str = ""
    subject: ElementSubject = ElementSubject.MATTER
    authority: str = ""
    """Function code of the agency that is its authoritative source; empty for what only the applicant knows."""
    hint: str = ""
    hint_en: str = ""
    unit: str = ""
    options: tuple[Option, ...] = ()
    max_length: int = 200
    pattern: str = ""
    min: str = ""
    max: str = ""
    decimals: int = 0
    example: str = ""
    sensitive: bool = False
    sources: tuple[ElementSource, ...] = ()
    columns: tuple[str, ...] = ()
    """Codes of the elements that a TABLE's rows hold."""
    max_rows: int = 0


@dataclass(frozen=True, slots=True)
class LifeEventQuestion:
    """One question of the navigator; its answer is a datum and is never asked again."""

    element: str
    required: bool = True
    show_when: str = ""
    ask: str = ""
    ask_en: str = ""
    hint: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class LifeEventItem:
    """An item of the package: when it applies, why (shown to the person), and what must be decided before."""

    basic_code: str
    because: str
    when: str = ""
    because_en: str = ""
    after: tuple[str, ...] = ()
    why_not: str = ""
    """What is said when it does not apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeEvent:
    """一件事: several items, one application (国办发〔2025〕24号)."""

    code: str
    name: str
    name_en: str = ""
    summary: str = ""
    summary_en: str = ""
    audience: str = "person"
    """``person`` or ``organisation``: whose life event it is."""
    icon: str = "house"
    theme: str = ""
    lead: str = ""
    """Function code of the lead agency (牵头部门)."""
    region_question: str = "place_region"
    """Element whose answer chooses the agencies by region."""
    questions: tuple[LifeEventQuestion, ...]
    items: tuple[LifeEventItem, ...]
    limit: Limit | None = None
    """套餐时限 where the city promises one shorter than its slowest path."""
    keywords: tuple[str, ...] = ()
    tips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditionPage:
    """A page of a list of editions; ``next`` and ``previous`` are cursors, empty at the ends."""

    items: tuple[EditionView, ...]
    next: str = ""
    previous: str = ""


@dataclass(frozen=True, slots=True)
class EditionEntry:
    """A line of an item's history."""

    id: uuid.UUID
    number: int
    digest: str
    published_at: datetime
    published_by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """A published edition: frozen, numbered, with a content hash."""

    id: uuid.UUID
    number: int
    digest: str
    published_at: datetime
    definition: Definition
    elements: dict[str, DataElement]
    """Every data element that the edition's form uses, as it was on that day."""
    agency_name: str
    agency_short: str
    agency_path: str
    region: str
