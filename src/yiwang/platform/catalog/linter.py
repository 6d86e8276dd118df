"""The guide linter: what makes a guide unusable is an error and blocks publishing, what weakens it is a warning.

Rules of STANDARDS 3.6 and the vague words of the pack. Pure and fast: the whole catalogue is linted at every change of a
rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yiwang.platform.catalog.types import CaseType, Definition


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing the linter found: the rule, where, what, and what would be better."""

    rule: str
    where: str
    message: str
    suggestion: str = ""
    blocks: bool = True


def lint(definition: Definition) -> Iterator[LintFinding]:
    """Check one item."""
    immediate = definition.promised_limit.value == 0
    if immediate != (definition.case_type is CaseType.IMMEDIATE):
        yield LintFinding("3.6.1", "case_type", "承诺时限为当场办结的应为即办件，其余为承诺件。")
