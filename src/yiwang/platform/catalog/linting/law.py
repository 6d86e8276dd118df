"""The legal basis (设定依据): which law, which article, what it says; titles in paired marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from yiwang.platform.catalog.linting.findings import LintContext, LintFinding
from yiwang.platform.catalog.types import Definition

_NUMBER = r"[零〇一二三四五六七八九十百千两\d]+"
_ONE = rf"第{_NUMBER}条(?:之{_NUMBER})?(?:第{_NUMBER}款)?(?:第?[（(]?{_NUMBER}[)）]?[项目])?"
_ARTICLE = re.compile(rf"{_ONE}(?:[、，,和至到及]+(?:{_ONE}|第{_NUMBER}[款项]))*")
_DOCUMENT = re.compile(r"[〔\[（(]\d{4}[〕\])）]\s*\d+\s*号|第\s*\d+\s*号")
_ANNEX = re.compile("附件|附表|附录")
_MARKS = re.compile("[《》]")


def check(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Check every article cited, and the pairing of 《》."""
    if not definition.legal_basis:
        yield LintFinding("law", "legal_basis", _("没有法律依据的事项不能办。"), _("写明哪部法律第几条"))
    for index, basis in enumerate(definition.legal_basis):
        numbered = bool(_DOCUMENT.search(basis.number))
        where = f"legal_basis.{index}"
        if not basis.law.strip():
            yield LintFinding("law.name", f"{where}.law", _("要写法律、法规或文件的名称。"))
        if not basis.text.strip():
            yield LintFinding("law.text", f"{where}.text", _("要写明条文说了什么。"))
        article = basis.article.replace(" ", "")
        if article and not _ARTICLE.fullmatch(article) and not (numbered and _ANNEX.match(article)):
            yield LintFinding("law.article", f"{where}.article", _("条款要写成“第…条”。"), _("如：第三十条第一款"))
        elif not article and not numbered:
            yield LintFinding("law.article", f"{where}.article", _("要写明是第几条；没有条的文件要写文号。"))
        for name in ("law", "text"):
            yield from _paired(f"{where}.{name}", getattr(basis, name))
    for index, procedure in enumerate(definition.special_procedures):
        if not procedure.basis.strip():
            yield LintFinding("law", f"special_procedures.{index}.basis", _("不计入时限的特别程序要有法律依据。"))
    for index, fee in enumerate(definition.fees):
        yield from _paired(f"fees.{index}.basis", fee.basis)
    for index, material in enumerate(definition.materials):
        yield from _paired(f"materials.{index}.basis", material.basis)


def _paired(where: str, text: str) -> Iterator[LintFinding]:
    """Find a title mark without its partner; marks inside marks are 〈〉."""
    opened: int | None = None
    for match in _MARKS.finditer(text):
        if (match.group() == "《") == (opened is not None):
            yield LintFinding("law.marks", where, _("书名号没有配对。"), position=match.span())
            return
        opened = match.start() if match.group() == "《" else None
    if opened is not None:
        yield LintFinding("law.marks", where, _("书名号没有配对。"), position=(opened, opened + 1))
