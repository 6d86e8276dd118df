"""How data elements are edited: the parts of the form, the acts that write."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import Role
from yiwang.platform.catalog import elements, queries
from yiwang.platform.catalog.documents import ELEMENT
from yiwang.platform.catalog.types import DataElement, ElementSubject
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.kinds import Edited
from yiwang.platform.editing.labels import Labels

FIELDS: dict[str, str | Promise] = {
    "DataElement.kind": _("数据类型"),
    "DataElement.columns": _("表格的各列（数据元代码）"),
    "authority": _("权威来源部门（职能代码）"),
    "code": _("代码"),
    "columns": _("表格的各列"),
    "decimals": _("小数位数"),
    "example": _("样例"),
    "hint": _("填报须知"),
    "hint_en": _("英文填报须知"),
    "kind": _("数据类型"),
    "label": _("中文名称"),
    "label_en": _("英文名称"),
    "max": _("最大"),
    "max_length": _("最大长度"),
    "max_rows": _("最多几行"),
    "min": _("最小"),
    "options": _("可以取的值"),
    "path": _("在来源里的位置"),
    "pattern": _("格式（正则表达式）"),
    "sensitive": _("敏感"),
    "source": _("来源"),
    "sources": _("从哪里取得"),
    "subject": _("说的是谁"),
    "unit": _("单位"),
    "value": _("值"),
}
KINDS: dict[FieldKind, str | Promise] = {
    FieldKind.TEXT: _("文字"),
    FieldKind.LONG_TEXT: _("长文字"),
    FieldKind.INTEGER: _("整数"),
    FieldKind.DECIMAL: _("小数"),
    FieldKind.MONEY: _("金额"),
    FieldKind.DATE: _("日期"),
    FieldKind.BOOLEAN: _("是或否"),
    FieldKind.CHOICE: _("选择"),
    FieldKind.CHOICES: _("多选"),
    FieldKind.CITIZEN_ID: _("公民身份号码"),
    FieldKind.USCC: _("统一社会信用代码"),
    FieldKind.PHONE: _("电话"),
    FieldKind.REGION: _("行政区划"),
    FieldKind.ADDRESS: _("地址"),
    FieldKind.FILE: _("文件"),
    FieldKind.TABLE: _("表格"),
}
LABELS = Labels(
    "DataElement",
    FIELDS,
    {
        FieldKind: KINDS,
        ElementSubject: {
            ElementSubject.PERSON: _("自然人"),
            ElementSubject.ORGANISATION: _("法人和其他组织"),
            ElementSubject.MATTER: _("这件事"),
        },
    },
)


def _lists() -> list[tuple[str, dict[str, str]]]:
    names = {agency.function: agency.short_name or agency.name for agency in reversed(directory.agencies())}
    return [
        ("function", names),
        ("element", {code: element.label for code, element in queries.elements().items()}),
    ]


def _title(element: Any) -> str:
    return str(element.label)


ELEMENTS = Edited(
    namespace="element_editing",
    path="elements",
    name=_("数据元"),
    icon="tag",
    order=50,
    definition=ELEMENT,
    type=DataElement,
    title=_title,
    groups={
        "basics": (
            "code",
            "label",
            "label_en",
            "kind",
            "subject",
            "authority",
            "sensitive",
            "hint",
            "hint_en",
            "example",
        ),
        "values": ("unit", "options", "max_length", "pattern", "min", "max", "decimals", "columns", "max_rows"),
        "origin": ("sources",),
    },
    tabs={"basics": _("基本信息"), "values": _("取值"), "origin": _("来源")},
    labels=LABELS,
    long=frozenset({"hint", "hint_en"}),
    suggested={"authority": "function", "DataElement.columns": "element"},
    lists=_lists,
    related=(),
    editors=elements.EDITORS,
    publishers=frozenset({Role.DATA_OFFICE}),
    lint=elements.lint,
    save_draft=elements.save_draft,
    publish=elements.publish,
    withdraw=elements.suspend,
    reached=elements.editable_by,
    history=elements.history,
    document=elements.edition,
    columns=(("code", _("代码")),),
    searched=("code",),
)
