"""What invented people hand in: a paper drawn from the material's name and what the application says.

Whatever is drawn is marked as a sample across the whole sheet, and the same paper is the same bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind, FieldSpec
from yiwang.platform.cases.types import ApplicationView
from yiwang.platform.catalog.rules import merged_form
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.evidence.types import MaterialFact, Resolution
from yiwang.ui import typst
from yiwang.ui.reading import show_value

TEMPLATE = Path(__file__).parent / "paper.typ"
MARK = "演示样本 · 虚构"
PIXELS = 72
"""Of a photograph, an inch: as small as a telephone sends it on."""

LINES = 7
"""Of an application stand at most so many on a paper."""

Draft = tuple[ApplicationView, list[EditionView], Resolution]
"""An application with its editions and how everything of it stands (``cases.draft_state``)."""

_PLAIN = {
    FieldKind.TEXT,
    FieldKind.ADDRESS,
    FieldKind.INTEGER,
    FieldKind.DECIMAL,
    FieldKind.DATE,
    FieldKind.CHOICE,
    FieldKind.CHOICES,
}
"""What may stand on a paper: no number of a person, nothing long."""

_PROOF = r"证|执照|护照|批复|批准|回执|报告|记录|信息|状况|凭据|户口|卡"
_SHAPES = (
    (r"电子照|证件照|免冠|合照", "portrait"),
    (r"照片|效果图", "premises"),
    (r"红线图|范围图", "site"),
    (r"图", "plan"),
    (r"申请|声明|承诺|授权|委托|名单|名册|清单|制度|合同|协议|章程|方案|决议|同意", "sheet"),
    (_PROOF, "certificate"),
)
_ROOMS = (
    (r"食品|餐饮|餐厅|厨房|饭", ("餐厅", "厨房", "库房", "备餐间", "洗手间")),
    (r"药", ("营业区", "仓库", "阴凉区", "办公室", "洗手间")),
    (r"诊所|医|卫生", ("候诊区", "诊室", "治疗室", "药房", "洗手间")),
    (r"", ("营业区", "操作间", "库房", "办公室", "洗手间")),
)
_CLAUSES = (
    (r"合同|协议", ("双方自愿订立，内容与上表一致。", "价款、期限和交付以双方确认为准。", "一式两份，双方各执一份。")),
    (
        r"制度|规范|规章|预案|章程|措施|方案",
        ("指定专人负责，分工写明到岗位。", "每月检查一次，检查情况有记录。", "发现问题当日整改，记录保存两年。"),
    ),
    (r"承诺|声明|授权|委托|同意|决议", ("本人（本单位）自愿作出，内容真实。", "有效期至事项办结之日。")),
    (r"名单|名册|清单", ("以上人员和物品与现场一致，有变动的及时更新。",)),
    (_PROOF, ("经核对，上列内容与登记一致，特此证明。",)),
    (r"", ("所填内容与原件一致，用于办理上述事项。",)),
)
_LISTS = (
    (
        r"人员|名单|名册",
        (("序号", "姓名", "岗位", "备注"), ("1", "演示员工甲", "负责人", "在岗"), ("2", "演示员工乙", "经办", "在岗")),
    ),
    (
        r"清单|明细|记录|票据",
        (("序号", "名称", "数量", "备注"), ("1", "演示物品一", "2", "完好"), ("2", "演示物品二", "1", "完好")),
    ),
    (r"", ()),
)


@dataclass(frozen=True, slots=True)
class Paper:
    """A material of an application: its name, who hands it in, what of the application stands on it, the day."""

    name: str
    applicant: str
    lines: tuple[tuple[str, str], ...]
    """Label and value."""
    on: date

    @property
    def bare_name(self) -> str:
        """Return the name without what stands in brackets."""
        return re.sub(r"（.*?）", "", self.name)

    @property
    def shape(self) -> str:
        """Return how it looks: ``sheet``, ``certificate``, ``plan``, ``site``, ``premises`` or ``portrait``."""
        return _first(_SHAPES, self.bare_name) or "sheet"

    @property
    def is_photograph(self) -> bool:
        """Tell whether it is a picture, not a document."""
        return self.shape in ("premises", "portrait")

    @property
    def file_name(self) -> str:
        """Return the name under which it is uploaded."""
        return f"{self.name}.{'png' if self.is_photograph else 'pdf'}"


def of(material: MaterialFact, draft: Draft, on: date) -> Paper:
    """Return a material of an application, with what the forms of its items say."""
    view, editions, resolution = draft
    concerned = [one for one in editions if one.definition.basic_code in material.items]
    values = {code: fact.value for code, fact in resolution.facts.items()} | view.answers
    asked = [spec for section in merged_form(concerned, values) for spec in section.fields if _may_stand(spec)]
    asked.sort(key=lambda spec: spec.kind is not FieldKind.ADDRESS)
    said = {view.applicant_name: "申请人", "、".join(one.definition.known_as for one in concerned): "办理事项"}
    for spec in asked:
        said.setdefault(show_value(spec, values.get(spec.name)), spec.label)
    lines = [(label, text) for text, label in said.items() if text]
    return Paper(material.name, view.applicant_name, tuple(lines[:LINES]), on)


def _may_stand(spec: FieldSpec) -> bool:
    return spec.kind in _PLAIN and not spec.sensitive


@lru_cache(maxsize=64)
def draw(paper: Paper) -> bytes:
    """Return the paper as PDF, a photograph as PNG. Raises MissingGlyph."""
    seed = crc32(f"{paper.name}{paper.applicant}".encode())
    about = paper.name + "".join(value for _label, value in paper.lines)
    data = {
        "shape": paper.shape,
        "mark": MARK,
        "title": paper.name,
        "applicant": paper.applicant,
        "on": f"{paper.on.year} 年 {paper.on.month} 月 {paper.on.day} 日",
        "number": f"演示〔{paper.on.year}〕{seed % 10_000:04} 号",
        "seed": seed % 4,
        "lines": paper.lines,
        "rooms": _first(_ROOMS, about),
        "clauses": _first(_CLAUSES, paper.bare_name),
        "list": _first(_LISTS, paper.bare_name),
    }
    if paper.is_photograph:
        return typst.picture(TEMPLATE, data, ppi=PIXELS)
    return typst.draw(TEMPLATE, data, at=datetime.combine(paper.on, time(9), tzinfo=clock.SHANGHAI))


def _first(rules: tuple[tuple[str, Any], ...], text: str) -> Any:
    """Return what the first rule says whose pattern is found in the text."""
    return next((said for pattern, said in rules if re.search(pattern, text)), None)
