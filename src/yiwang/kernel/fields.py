"""What a form asks: a field as data, the same for the web form, the counter, the API and the check on the server."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class FieldKind(StrEnum):
    """How a datum is typed in and checked."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    CITIZEN_ID = "citizen_id"
    USCC = "uscc"
    PHONE = "phone"
    REGION = "region"
    ADDRESS = "address"
    FILE = "file"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a field: the stored value and its label."""

    value: str
    label: str
    label_en: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a form.

    ``name`` is the code of its data element; ``show_when`` an expression over other data, evaluated on the server only;
    ``used_for`` the short names of the items that need it, shown beside the label.
    """

    name: str
    label: str
    kind: FieldKind
    label_en: str = ""
    required: bool = True
    hint: str = ""
    hint_en: str = ""
    unit: str = ""
    options: tuple[Option, ...] = ()
    max_length: int = 0
    pattern: str = ""
    min: Decimal | None = None
    max: Decimal | None = None
    decimals: int = 0
    example: str = ""
    show_when: str = ""
    used_for: tuple[str, ...] = ()
    columns: tuple[FieldSpec, ...] = ()
    """Sub-fields of a TABLE's rows."""
    max_rows: int = 0
    sensitive: bool = False
    """Sealed at rest and masked wherever it is only shown."""
