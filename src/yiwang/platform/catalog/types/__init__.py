"""A service item as a document: what an editor writes, the linter checks, an edition freezes and a pack holds in YAML.

Names follow the national implementation list (实施清单要素, STANDARDS 3.5); codes of foreign interfaces are mapped at
import and export, never stored (STANDARDS 1).
"""

from yiwang.kernel.calendar import Unit
from yiwang.platform.catalog.types.codes import (
    LICENSING,
    BodyNature,
    CaseType,
    MaterialForm,
    MaterialKind,
    MaterialSource,
    Necessity,
    Original,
    ResultKind,
    SatisfierKind,
    ServiceObject,
    StepKind,
)
from yiwang.platform.catalog.types.definition import (
    Definition,
)
from yiwang.platform.catalog.types.editions import (
    Draft,
    EditionPage,
    EditionView,
    PaperName,
    SampleRef,
    Standing,
)
from yiwang.platform.catalog.types.elements import (
    DataElement,
    ElementSource,
    ElementSubject,
)
from yiwang.platform.catalog.types.life_events import (
    LifeEvent,
    LifeEventItem,
    LifeEventQuestion,
)
from yiwang.platform.catalog.types.parts import (
    Channels,
    Commitment,
    Concerned,
    Condition,
    Fee,
    FormField,
    FormSection,
    LegalBasis,
    Limit,
    Material,
    Place,
    Question,
    RemedyOffice,
    Result,
    Satisfier,
    Situation,
    SpecialProcedure,
    Step,
)

__all__ = [
    "LICENSING",
    "BodyNature",
    "CaseType",
    "Channels",
    "Commitment",
    "Concerned",
    "Condition",
    "DataElement",
    "Definition",
    "Draft",
    "EditionPage",
    "EditionView",
    "ElementSource",
    "ElementSubject",
    "Fee",
    "FormField",
    "FormSection",
    "LegalBasis",
    "LifeEvent",
    "LifeEventItem",
    "LifeEventQuestion",
    "Limit",
    "Material",
    "MaterialForm",
    "MaterialKind",
    "MaterialSource",
    "Necessity",
    "Original",
    "PaperName",
    "Place",
    "Question",
    "RemedyOffice",
    "Result",
    "ResultKind",
    "SampleRef",
    "Satisfier",
    "SatisfierKind",
    "ServiceObject",
    "Situation",
    "SpecialProcedure",
    "Standing",
    "Step",
    "StepKind",
    "Unit",
]
