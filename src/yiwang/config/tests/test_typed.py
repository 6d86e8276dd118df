"""What invented applicants type, from the pack's words to the field's value."""

from datetime import date

import pytest

from yiwang.config.typed import value_of
from yiwang.kernel.fields import FieldKind, FieldSpec

DAY = date(2026, 3, 2)
FAMILY = FieldSpec(
    "family",
    "家庭成员",
    FieldKind.TABLE,
    columns=(FieldSpec("name", "姓名", FieldKind.TEXT), FieldSpec("relation", "关系", FieldKind.TEXT)),
)


def test_a_table_is_written_row_by_row_and_cell_by_cell() -> None:
    found = value_of(FAMILY, {"family": "甲/子女;乙/配偶"}, DAY, "339901")
    assert found == [{"name": "甲", "relation": "子女"}, {"name": "乙", "relation": "配偶"}]


def test_a_row_with_a_cell_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        value_of(FAMILY, {"family": "甲"}, DAY, "339901")
