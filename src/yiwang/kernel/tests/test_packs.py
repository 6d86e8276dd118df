"""What is wrong in a pack's files is told with its file and line, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from yiwang.kernel.packs import Pack, PackError

TEXT = """\
- {name: 鹿城区, limit: 5}
- {name: 瓯海区, limt: 5}
- {limit: many}
"""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    limit: int = 0


def test_a_misspelt_key_is_told_and_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "rows.yaml"
    path.write_text(TEXT, encoding="utf-8")
    pack = Pack(tmp_path)

    made = [pack.make(path, row, Row) for row in pack.yaml(path)]

    assert made == [Row("鹿城区", 5), None, None]
    told = [str(fault) for fault in pack.faults]
    assert len(told) == 3
    assert any("limt" in one for one in told)
    with pytest.raises(PackError, match="limt"):
        pack.stop_if_faulty()
