"""Materials: named once, asked for only where nothing else can stand for them (国令第716号 art. 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from yiwang.platform.catalog.linting.findings import LintContext, LintFinding
from yiwang.platform.catalog.types import (
    Definition,
    Material,
    MaterialForm,
    MaterialKind,
    MaterialSource,
    Satisfier,
    SatisfierKind,
)


def check(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Check every material, what satisfies it, and the commitments."""
    seen: set[str] = set()
    promised = {commitment.code for commitment in definition.commitments}
    used: set[str] = set()
    for index, material in enumerate(definition.materials):
        where = f"materials.{index}"
        if not material.code or material.code in seen:
            yield LintFinding("material.code", f"{where}.code", _("材料编号不能为空，也不能重复。"))
        seen.add(material.code)
        if not material.name.strip():
            yield LintFinding("material.name", f"{where}.name", _("材料要有名称。"))
        if material.copies < 0:
            yield LintFinding("material.copies", f"{where}.copies", _("份数不能是负数。"))
        for number, satisfier in enumerate(material.satisfied_by):
            if satisfier.kind is SatisfierKind.COMMITMENT:
                used.add(satisfier.ref)
            message = _unknown(satisfier, promised, context)
            if message:
                yield LintFinding(f"unknown.{satisfier.kind}", f"{where}.satisfied_by.{number}.ref", message)
        yield from _needless(material, where, context)
        if material.kind is MaterialKind.FORM and material.form is MaterialForm.PAPER and not material.blank:
            yield LintFinding("material.blank", f"{where}.blank", _("纸质申请表要附空白表。"), blocks=False)
    for number, commitment in enumerate(definition.commitments):
        if not commitment.text.strip() or not commitment.liability.strip():
            yield LintFinding("commitment", f"commitments.{number}.text", _("告知承诺要写明承诺什么、失信的后果。"))
        if commitment.code not in used:
            yield LintFinding(
                "commitment",
                f"commitments.{number}.code",
                _("没有哪份材料可以用这项承诺代替。"),
                blocks=False,
            )


def _unknown(satisfier: Satisfier, promised: set[str], context: LintContext) -> str:
    ref = satisfier.ref
    if satisfier.kind is SatisfierKind.LICENCE:
        return _("没有这种证照类型。") if _missing(ref, context.licence_types) else ""
    if satisfier.kind is SatisfierKind.DATASET:
        return _unproven(ref, context)
    if satisfier.kind is SatisfierKind.COMMITMENT:
        return "" if ref in promised else _("这个事项没有这份承诺书。")
    if satisfier.kind is SatisfierKind.RESULT:
        return _("没有基本编码为此的事项。") if _missing(ref, context.basic_codes) else ""
    return ""


def _unproven(ref: str, context: LintContext) -> str:
    """Say what is wrong with a dataset in the place of a paper: neither that there is a record nor a value is a proof, only
    the yes to one of the dataset's questions.
    """
    code, _dot, question = ref.partition(".")
    if _missing(code, context.datasets):
        return _("没有这个共享数据集。")
    if context.datasets is None or ref in context.answers:
        return ""
    known = "、".join(one for one in context.answers if one.startswith(f"{code}.?"))
    if question.startswith("?"):
        return _("数据集没有这个是否问答；有的：%(known)s。") % {"known": known or "—"}
    told = _("有记录、有信息项都不等于有证明，要写成数据集的是否问答“%(code)s.?代码”；有的：%(known)s。")
    return told % {"code": code, "known": known or "—"}


def _missing(ref: str, known: Mapping[str, str] | frozenset[str] | None) -> bool:
    return not ref or (known is not None and ref not in known)


def _needless(material: Material, where: str, context: LintContext) -> Iterator[LintFinding]:
    """Warn of a paper that a licence, shared data or another item's experience makes needless."""
    if material.satisfied_by:
        return
    could = _could(material, context)
    if material.source is MaterialSource.GOVERNMENT:
        yield LintFinding(
            "material.needless",
            f"{where}.satisfied_by",
            _("“%(name)s”由政府部门核发，应通过共享取得，不应让申请人提交。") % {"name": material.name},
            could or _("写明由哪种证照或者哪个数据集代替"),
            blocks=False,
        )
    elif could:
        yield LintFinding(
            "material.needless",
            f"{where}.satisfied_by",
            _("“%(name)s”可能不用交。") % {"name": material.name},
            could,
            blocks=False,
        )


def _could(material: Material, context: LintContext) -> str:
    """Say what could satisfy a material: what does so elsewhere, a licence type or dataset of that name."""
    if material.kind is MaterialKind.FORM:
        return ""
    ways = [f"{satisfier.kind}:{satisfier.ref}" for satisfier in context.shared.get(material.identity, ())]
    ways += [f"{SatisfierKind.LICENCE}:{code}" for name, code in context.licence_names.items() if name in material.name]
    for name, code in context.dataset_names.items():
        if name in material.name:
            asked = [ref for ref in context.answers if ref.startswith(f"{code}.?")]
            ways += [f"{SatisfierKind.DATASET}:{ref}" for ref in asked or [code]]
    return _("可由 %(ways)s 代替") % {"ways": "、".join(dict.fromkeys(ways))} if ways else ""
