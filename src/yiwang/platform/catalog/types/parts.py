"""The parts of an item: limits, legal bases, materials, form, steps, result, charges, places, channels."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.kernel.calendar import Unit
from yiwang.platform.catalog.types.codes import (
    MaterialForm,
    MaterialKind,
    MaterialSource,
    Necessity,
    Original,
    ResultKind,
    SatisfierKind,
)


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
    originals: int = 0
    """Of these so many originals (原件份数), 0 where they are not told apart; so ``photocopies`` (复印件份数)."""
    photocopies: int = 0
    size: str = ""
    """规格: A4, 35 × 45 mm."""
    name_en: str = ""
    shared: str = ""
    issuer: str = ""
    source_note: str = ""
    """来源渠道说明: how one comes by it."""
    satisfied_by: tuple[Satisfier, ...] = ()
    when: str = ""
    hint: str = ""
    standard: str = ""
    mistakes: tuple[str, ...] = ()
    sample: str = ""
    blank: str = ""
    basis: str = ""
    note: str = ""

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
class Concerned:
    """Licences that a grant changes or ends: those of a type that the applicant holds and that are in force."""

    licence_type: str
    by: str = ""
    """Data element whose value the licence must say, as its number or in one of its fields; empty: every one held."""
    holder: str = ""
    """Data element with the number of who holds it, where that is not the applicant: the seller, the deceased."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the applicant gets, and what becomes of licences that are there."""

    name: str
    kind: ResultKind
    licence_type: str = ""
    name_en: str = ""
    sample: str = ""
    validity_months: int = 0
    renews: bool = False
    """Whether it lengthens a licence of this type that the applicant has (延续, 行政许可法 art. 50)."""
    changes: tuple[Concerned, ...] = ()
    """Licences of which the grant makes a new version with the same number and term (变更、补证); the old one is not valid
    any more. Of the result's own type the new version is the result, or, if none is held here, a new licence."""
    ends: tuple[Concerned, ...] = ()
    """Licences that the grant cancels (注销, art. 70). Of the result's own type the new licence takes their place (换发)."""
    private: bool = False
    """Whether grants are not published, because they would tell of a secret or of somebody's private life (arts. 5, 40)."""


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
    map_link: str = ""
    region: str = ""
    """Code of the town or village, where it is handled there (乡镇、村办理点)."""


@dataclass(frozen=True, slots=True)
class RemedyOffice:
    """Who takes a request for reconsideration (行政复议) or an action (行政诉讼), and how they are reached."""

    name: str = ""
    address: str = ""
    phone: str = ""
    web: str = ""


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
    apply_link: str = ""
    """Where an application is begun there (online_handle_url), if that is another address."""
    mobile_link: str = ""
    single_sign_on: bool = True
    app_single_sign_on: bool = True
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
