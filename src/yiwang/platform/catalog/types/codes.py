"""Words with a closed meaning; digits of foreign code tables are mapped at import and export (STANDARDS 1)."""

from __future__ import annotations

from enum import StrEnum

LICENSING = "01"
"""Item type 行政许可: the same digits in the national table and in every province's."""


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
