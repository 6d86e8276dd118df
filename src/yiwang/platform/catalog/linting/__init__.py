"""The guide linter: what makes a guide unusable is an error and blocks publishing, what weakens it is a
warning.

Pure and fast: the whole catalogue is linted at every change of a rule. ``RULES`` names every rule; one module
for each subject checks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from yiwang.platform.catalog.linting import codes, conditions, guide, law, limits, materials, process, words
from yiwang.platform.catalog.linting.findings import (
    NOTHING_KNOWN,
    LintContext,
    LintFinding,
    Severity,
    VagueWord,
)
from yiwang.platform.catalog.linting.life_events import lint_life_event
from yiwang.platform.catalog.linting.words import builtin_words, merged_words
from yiwang.platform.catalog.types import Definition

__all__ = [
    "NOTHING_KNOWN",
    "RULES",
    "LintContext",
    "LintFinding",
    "Severity",
    "VagueWord",
    "builtin_words",
    "lint",
    "lint_all",
    "lint_life_event",
    "merged_words",
]

RULES = {
    "3.6.1": "On the spot is an immediate case examined at once; otherwise committed and examined first.",
    "3.6.2": "The kind of result agrees with its name.",
    "3.6.3": "Visits have a reason; no visit and not online means by mail.",
    "3.6.4": "Wholly online means no visit; not online means no depth.",
    "3.6.5": "A charge has a name, a standard and a basis; no charge, no payment online.",
    "3.6.6": "Two different telephone numbers with area code, to ask and to complain.",
    "3.6.7": "Whom it serves agrees with its themes.",
    "3.6.8": "A licensing item has a question answered and five steps.",
    "3.6.9": "A named result has a sample.",
    "3.6.10": "The promised limit is within the statutory one.",
    "words.vague": "No vague wording and no catch-alls (3.6.11).",
    "name": "The item has a name.",
    "limit": "Limits are not negative.",
    "limit.plan": "The steps' days fit the promised limit.",
    "code.basic": "The basic code is well formed.",
    "code.parent": "A grouping code (00Y) is never implemented.",
    "code.type": "The item type is known and agrees with the basic code.",
    "code.task": "The task code is well formed, its check character right, its end the basic code.",
    "code.level": "The level agrees with the task code.",
    "code.agency": "The agency is known and the task code begins with its USCC.",
    "code.handle": "The handling code is the task code and a serial.",
    "material.code": "Materials have codes, each once.",
    "material.name": "Materials have names.",
    "material.copies": "Copies are not negative.",
    "material.needless": "What sharing can give is not asked for.",
    "material.blank": "A paper form comes with a blank.",
    "commitment": "A commitment says what and with which consequence, and replaces something.",
    "situation": "A situation has a condition and names materials that are there.",
    "law": "There is a legal basis; special procedures have one too.",
    "law.name": "The law is named.",
    "law.article": "The article is named as 第…条.",
    "law.text": "What the article says is told.",
    "law.marks": "Title marks are paired.",
    "process": "There is a process.",
    "process.code": "Steps have names and codes, each once.",
    "process.unknown": "Steps follow steps that are there.",
    "process.cycle": "Steps do not go round in a circle.",
    "process.decision": "There is a decision, and nothing is issued before it.",
    "expression": "Expressions compile.",
    "expression.unknown": "Expressions ask for known data elements.",
    "form.twice": "A datum is asked once.",
    "form.cycle": "Conditions of fields do not go round in a circle.",
    "places": "There is a place where the item is said to be handled.",
    "result.type": "A licence has a licence type.",
    "result.concerned": "Licences that it renews, changes or ends can be found, and a step does it.",
    "unknown.element": "Data elements are known.",
    "unknown.licence_type": "Licence types that the result gives, changes or ends are known.",
    "unknown.licence": "Licence types that satisfy a material are known.",
    "unknown.dataset": "Datasets that satisfy a material are known.",
    "unknown.commitment": "Commitments that satisfy a material stand in the item.",
    "unknown.result": "Items whose result is used are known.",
    "unknown.sample": "Files that are named are there.",
    "unknown.theme": "Themes are known.",
    "unknown.centre": "Service centres are known.",
    "unknown.agency": "Agencies of steps are known.",
}
"""Every rule for items and what it asks for."""

_CHECKS: tuple[Callable[[Definition, LintContext], Iterator[LintFinding]], ...] = (
    codes.check,
    guide.check,
    limits.check,
    materials.check,
    law.check,
    process.check,
    conditions.check,
    words.check,
)
_BUILTIN = LintContext(words=builtin_words())


def lint(definition: Definition, context: LintContext = _BUILTIN) -> Iterator[LintFinding]:
    """Check one item. Never raises.

    What was published elsewhere (``sample_only``) is shown as it is, so that nothing found in it blocks.
    """
    for check in _CHECKS:
        for finding in check(definition, context):
            yield replace(finding, blocks=False) if definition.sample_only else finding


def lint_all(
    definitions: Iterable[Definition], context: LintContext = _BUILTIN
) -> Iterator[tuple[Definition, list[LintFinding]]]:
    """Check many items: each with what was found in it."""
    for definition in definitions:
        yield definition, list(lint(definition, context))
