"""What each field of a dataset is called, and the choices in it."""

from __future__ import annotations

from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import PartyKind
from yiwang.platform.editing.labels import Labels
from yiwang.platform.sharing import types

BASES: dict[types.BaseStore, str | Promise] = {
    types.BaseStore.POPULATION: _("按公民身份号码，把各部门关于同一个人的数据对在一起；每一项只认一个来源。"),
    types.BaseStore.LEGAL_PERSONS: _("按统一社会信用代码，把各部门关于同一个单位的数据对在一起；每一项只认一个来源。"),
    types.BaseStore.SPACE: _("房屋、土地、道路和管线在哪里，归谁管；每一项只认一个来源。"),
    types.BaseStore.CREDIT: _("守信和失信的记录，从认定到修复；每一项只认一个来源。"),
    types.BaseStore.LICENCES: _("各部门发的证照，有没有效、到哪天；每一项只认一个来源。"),
}
"""What each base store (基础库) is for."""
RIGHTS: dict[str, str | Promise] = {
    "guardianship": _("核实监护关系，让监护人看谁看过孩子的数据"),
    "watching": _("发现工作人员查看家人的数据"),
}
"""What a grant names in the place of an item (ADR 13)."""

FIELDS: dict[str, str | Promise] = {
    "DatasetDefinition.name": _("名称"),
    "DatasetDefinition.code": _("代码"),
    "DatasetDefinition.items": _("信息项"),
    "DatasetDefinition.key": _("自身主键（信息项名称）"),
    "DatasetItem.name": _("字段名"),
    "QualityRule.name": _("规则说的是什么"),
    "QualityRule.name_en": _("规则的英文说法"),
    "DatasetItem.label": _("中文名称"),
    "DatasetItem.label_en": _("英文名称"),
    "DatasetItem.required": _("必填"),
    "agency": _("提供方代码"),
    "article": _("条款"),
    "authoritative": _("是该数据元的权威来源（一数一源）"),
    "base_store": _("所属基础库"),
    "absent": _("没有记录时算什么"),
    "answers": _("是与否的答复"),
    "basis": _("共享依据"),
    "expression": _("表达式"),
    "classification": _("资源分类"),
    "code": _("代码"),
    "condition": _("共享条件"),
    "covers_from": _("数据起始日期"),
    "covers_to": _("数据截止日期"),
    "cycle": _("更新周期"),
    "domain": _("所属领域"),
    "QualityRule.expression": _("表达式（成立才算对）"),
    "element": _("数据元"),
    "format": _("资源格式"),
    "guiding": _("中央业务指导部门"),
    "items": _("信息项"),
    "key": _("自身主键"),
    "kind": _("数据类型"),
    "label": _("中文名称"),
    "label_en": _("英文名称"),
    "law": _("法律、法规或文件名称"),
    "level": _("数据层级"),
    "max": _("最大"),
    "max_length": _("最大长度"),
    "methods": _("共享方式"),
    "min": _("最小"),
    "name": _("名称"),
    "name_en": _("英文名称"),
    "network": _("共享通道"),
    "no_items_reason": _("不关联事项的原因"),
    "note": _("说明"),
    "number": _("文号"),
    "open_condition": _("开放条件"),
    "openness": _("开放属性"),
    "options": _("可以取的值"),
    "pattern": _("格式（正则表达式）"),
    "processing": _("加工程度"),
    "proof": _("可代替证明"),
    "region": _("行政区划"),
    "related": _("关联的数据集"),
    "required": _("必填"),
    "rules": _("质量规则"),
    "retention_months": _("失效后保留月数（0 为长期）"),
    "sensitive": _("敏感"),
    "service_items": _("关联的政务服务事项"),
    "sharing": _("共享类型"),
    "subject": _("记录的主体"),
    "summary": _("摘要"),
    "summary_en": _("英文摘要"),
    "tags": _("标签"),
    "unit": _("单位"),
}
"""Label by ``Type.field``, or by the field's name alone."""

CHOICES: dict[type[Enum], dict[Enum, str | Promise]] = {
    PartyKind: {PartyKind.PERSON: _("自然人"), PartyKind.ORGANISATION: _("法人和其他组织")},
    types.SharingType: {
        types.SharingType.UNCONDITIONAL: _("无条件共享"),
        types.SharingType.CONDITIONAL: _("有条件共享"),
        types.SharingType.NONE: _("不予共享"),
    },
    types.SharingMethod: {
        types.SharingMethod.CHECK: _("核验接口"),
        types.SharingMethod.BULK: _("批量交换"),
        types.SharingMethod.FILE: _("文件"),
    },
    types.Openness: {
        types.Openness.OPEN: _("无条件开放"),
        types.Openness.CONDITIONAL: _("有条件开放"),
        types.Openness.CLOSED: _("不开放"),
    },
    types.Absent: {
        types.Absent.YES: _("是"),
        types.Absent.NO: _("否"),
        types.Absent.UNKNOWN: _("不能判断"),
    },
    types.UpdateCycle: {
        types.UpdateCycle.REALTIME: _("实时"),
        types.UpdateCycle.DAILY: _("每日"),
        types.UpdateCycle.WEEKLY: _("每周"),
        types.UpdateCycle.MONTHLY: _("每月"),
        types.UpdateCycle.QUARTERLY: _("每季度"),
        types.UpdateCycle.YEARLY: _("每年"),
    },
    types.Network: {
        types.Network.EXTRANET: _("政务外网"),
        types.Network.INTERNET: _("互联网"),
        types.Network.PRIVATE: _("部门专网"),
    },
    types.Processing: {
        types.Processing.ORIGINAL: _("原始数据"),
        types.Processing.MASKED: _("脱敏数据"),
        types.Processing.LABELS: _("标签数据"),
        types.Processing.STATISTICS: _("统计数据"),
        types.Processing.JOINED: _("融合数据"),
    },
    types.BaseStore: {
        types.BaseStore.NONE: _("不属于基础库"),
        types.BaseStore.POPULATION: _("人口库"),
        types.BaseStore.LEGAL_PERSONS: _("法人库"),
        types.BaseStore.SPACE: _("空间地理库"),
        types.BaseStore.CREDIT: _("信用库"),
        types.BaseStore.LICENCES: _("电子证照库"),
    },
    FieldKind: {
        FieldKind.TEXT: _("文字"),
        FieldKind.LONG_TEXT: _("长文字"),
        FieldKind.INTEGER: _("整数"),
        FieldKind.DECIMAL: _("小数"),
        FieldKind.MONEY: _("金额"),
        FieldKind.DATE: _("日期"),
        FieldKind.BOOLEAN: _("是或否"),
        FieldKind.CHOICE: _("选择"),
        FieldKind.CITIZEN_ID: _("公民身份号码"),
        FieldKind.USCC: _("统一社会信用代码"),
        FieldKind.PHONE: _("电话"),
        FieldKind.REGION: _("行政区划"),
        FieldKind.ADDRESS: _("地址"),
    },
}
LABELS = Labels("DatasetDefinition", FIELDS, CHOICES)

GRANT_STATES: dict[types.GrantState, str | Promise] = {
    types.GrantState.REQUESTED: _("等数据主管审核"),
    types.GrantState.RETURNED: _("已退回"),
    types.GrantState.PROVIDER: _("等提供方答复"),
    types.GrantState.GRANTED: _("有效"),
    types.GrantState.REFUSED: _("提供方不同意"),
    types.GrantState.COORDINATION: _("协调中"),
    types.GrantState.UPHELD: _("协调后不同意"),
    types.GrantState.REVOKED: _("已收回"),
    types.GrantState.WITHDRAWN: _("已撤回"),
    types.GrantState.EXPIRED: _("已到期"),
}
GRANT_MOVES: dict[types.GrantMove, str | Promise] = {
    types.GrantMove.PASS: _("审核通过"),
    types.GrantMove.RETURN: _("退回修改"),
    types.GrantMove.GRANT: _("同意共享"),
    types.GrantMove.REFUSE: _("不同意"),
    types.GrantMove.APPEAL: _("申请协调"),
    types.GrantMove.SETTLE: _("协调：同意共享"),
    types.GrantMove.UPHOLD: _("协调：不同意共享"),
    types.GrantMove.REVOKE: _("收回"),
    types.GrantMove.WITHDRAW: _("撤回"),
}

OBJECTION_STATES: dict[types.ObjectionState, str | Promise] = {
    types.ObjectionState.OPEN: _("等答复"),
    types.ObjectionState.CORRECTED: _("已更正"),
    types.ObjectionState.CONFIRMED: _("核实无误"),
    types.ObjectionState.ANSWERED: _("已说明"),
}
OBJECTION_KINDS: dict[types.ObjectionKind, str | Promise] = {
    types.ObjectionKind.DATA: _("数据不对"),
    types.ObjectionKind.ACCESS: _("为什么看我的数据"),
}
FAULTS: dict[str, str | Promise] = {
    "required": _("没有填"),
    "kind": _("类型不对"),
    "options": _("不是可以取的值"),
    "pattern": _("格式不对"),
    "min": _("太小或太早"),
    "max": _("太大或太晚"),
    "length": _("太长"),
    "rule": _("不符合本数据集的规则"),
    "cross": _("和别的数据集对不上"),
}
"""What a fault is called, by its word; ``rule`` and ``cross`` stand before a rule's code (``rule:period``)."""
DIMENSIONS: dict[types.Dimension, str | Promise] = {
    types.Dimension.COMPLETENESS: _("完整性"),
    types.Dimension.ACCURACY: _("准确性"),
    types.Dimension.TIMELINESS: _("及时性"),
}
OWN_COLUMNS: dict[str, str | Promise] = {
    "subject": _("主体号码"),
    "at": _("数据时间"),
    "deleted": _("已删除的标志"),
}
"""What a row says besides the dataset's own columns."""
FEED_HEALTH: dict[types.FeedHealth, str | Promise] = {
    types.FeedHealth.OFF: _("停用"),
    types.FeedHealth.FIRST: _("还没有读完一遍"),
    types.FeedHealth.GOOD: _("正常"),
    types.FeedHealth.LATE: _("落后了"),
    types.FeedHealth.RETRYING: _("出错，正在重试"),
    types.FeedHealth.BROKEN: _("中断"),
}
RUN_STATES: dict[types.RunState, str | Promise] = {
    types.RunState.RUNNING: _("正在读"),
    types.RunState.DONE: _("读完"),
    types.RunState.FAILED: _("出错"),
}
