"""What the components page shows. All people, firms and numbers are invented."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from django.http import QueryDict

from yiwang.kernel.fields import FieldKind, FieldSpec, Option

from .assets import SOURCE
from .forms import SpecForm
from .frame import Acting, DeskFrame, Group, Link, PortalFrame
from .shown import Bar, FormPart, Lane, chart, lines


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a draft, as a form shows it."""

    name: str
    digest: str
    size: int
    scan: str = "clean"
    is_image: bool = False
    url: str = ""


SPECS = (
    FieldSpec("uscc", "统一社会信用代码", FieldKind.USCC, hint="18 位，字母没有 I、O、S、V、Z"),
    FieldSpec(
        "area",
        "营业面积",
        FieldKind.DECIMAL,
        hint="厨房加餐厅，不含公摊；可带一位小数",
        unit="㎡",
        decimals=1,
        max=Decimal("372.5"),
        used_for=("食品", "消防", "排水"),
    ),
    FieldSpec("capital", "注册资本", FieldKind.MONEY, required=False),
    FieldSpec("street", "街道", FieldKind.REGION, options=(Option("a", "五马街道"), Option("b", "滨江街道"))),
    FieldSpec("opening", "开业日期", FieldKind.DATE, example="2026 年 3 月 2 日"),
    FieldSpec(
        "floor",
        "餐厅在几层？",
        FieldKind.CHOICE,
        options=(Option("1", "一层"), Option("2", "二层及以上"), Option("0", "地下")),
        used_for=("消防",),
    ),
    FieldSpec(
        "fuel",
        "厨房用什么燃料？",
        FieldKind.CHOICES,
        options=(
            Option("gas", "管道天然气"),
            Option("power", "电"),
            Option("bottle", "瓶装液化气", hint="选这一项会多问两个问题"),
        ),
        used_for=("消防",),
    ),
    FieldSpec("true", "所填属实，愿承担不实承诺的后果？", FieldKind.BOOLEAN),
    FieldSpec("exits", "疏散出口怎么走", FieldKind.LONG_TEXT, required=False, max_length=200),
    FieldSpec(
        "staff",
        "从业人员",
        FieldKind.TABLE,
        columns=(FieldSpec("name", "姓名", FieldKind.TEXT), FieldSpec("phone", "电话", FieldKind.PHONE)),
    ),
    FieldSpec("plan", "店内平面布局图", FieldKind.FILE, used_for=("食品", "消防", "排水")),
)

POSTED = (
    "f-uscc=91339901MADEM0011&f-area=3600&f-street=a&f-opening-y=2026&f-opening-m=2&f-opening-d=30&f-floor=1"
    "&f-fuel=gas&f-fuel=power&f-true=true&f-staff-rows=2&f-staff-0-name=演示员工甲&f-staff-0-phone=13800000000"
    "&f-staff-1-name=演示员工乙&f-staff-1-phone=138"
)


def form() -> SpecForm:
    """Return a form that was sent with mistakes."""
    files = [
        StoredFile("一层平面布局图.pdf", "a" * 64, 1_887_437),
        StoredFile("厨房照片1.jpg", "b" * 64, 4_613_734, "unscanned", is_image=True),
    ]
    return SpecForm(SPECS, QueryDict(POSTED), initial={"plan": files})


@lru_cache(maxsize=1)
def icon_names() -> tuple[str, ...]:
    """Return the names of all icons."""
    return tuple(re.findall(r'id="i-([a-z]+)"', (SOURCE / "icons.svg").read_text(encoding="utf-8")))


def swatches() -> list[dict[str, Any]]:
    """Return the colours by group."""
    groups = {
        "墨与纸": "ink 正文,ink-2 次要文字,ink-3 说明,field 输入框边,line-2 分节线,line 细线,sunken 凹槽,ground 静区",
        "品牌与强调": "brand 主色,brand-deep 深,brand-night 夜,brand-soft 浅,brand-tint 淡,seal 朱砂,"
        "focus 焦点,error 错误",
        "图表": ",".join(f"chart-{number} 序列{number}" for number in range(1, 7)),
    }
    short = {"brand-deep": "deep", "brand-night": "night", "brand-soft": "soft", "brand-tint": "tint"}
    found = []
    for label, text in groups.items():
        pairs = [one.split(" ") for one in text.split(",")]
        found.append(
            {
                "label": label,
                "swatches": [
                    {"token": token, "label": words, "css": short.get(token, token.replace("chart-", "c"))}
                    for token, words in pairs
                ],
            }
        )
    return found


def lamps() -> list[dict[str, str]]:
    """Return the lights and when they are lit."""
    rows = (
        ("green", "剩 6 天", "剩余多于一半", "—"),
        ("yellow", "剩 3 天", "剩余一半及以下", "—"),
        ("orange", "剩 1 天", "剩余不多于 1 个工作日", "提醒承办人和负责人"),
        ("red", "超 1 天", "超过承诺时限", "须填公开说明（优化营商环境条例第三十六条）"),
        ("paused", "暂停", "补正、听证、检验、检测、专家评审", "写明依据和预计天数"),
        ("done", "已办结", "作出决定", "—"),
    )
    return [dict(zip(("light", "words", "when", "todo"), row, strict=True)) for row in rows]


def clocks() -> list[dict[str, Any]]:
    """Return clocks in every state."""
    rows = (
        ("充裕", "green", "uu", 8, 10, "剩 6 天"),
        ("过半", "yellow", "uuuuu", 8, 10, "剩 3 天"),
        ("快到期", "orange", "uuuuuuu", 8, 10, "剩 1 天"),
        ("超时", "red", "uuuuuuuuu", 8, 10, "超 1 天"),
        ("中途暂停过", "green", "uupppuu", 10, 10, "剩 6 天"),
        ("暂停中", "paused", "uuupppp", 5, 5, "暂停"),
    )
    names = ("label", "light", "track", "promised", "statutory", "words")
    return [dict(zip(names, row, strict=True)) for row in rows]


def portal_frame() -> PortalFrame:
    """Return a portal's frame with everything in it."""
    nav = tuple(Link(label, "#main", name) for name, label in (("home", "首页"), ("do", "办事"), ("mine", "我的")))
    column = Group("办事", (Link("一件事一次办", "#main"), Link("按部门找", "#main"), Link("办件进度查询", "#main")))
    return PortalFrame(
        search_url="#main",
        region=Link("示例市", "#main"),
        util=(Link("无障碍", "#main"), Link("工作人员入口", "#main")),
        nav=nav,
        messages=Link("消息", "#main", count=2),
        user=(Link("演示用户甲", "#main", icon="user"),),
        acting=Acting("演示用户甲", "演示餐饮有限公司", "经办人", "#main"),
        footer=(
            column,
            Group("监督", (Link("好差评公开", "#main"),)),
            Group("本站", (Link("网站地图", "#main"),)),
        ),
        ask=Link("网上提问", "#main"),
    )


def desk_frame() -> DeskFrame:
    """Return a desk's frame."""
    rail = (
        Group("待我办", (Link("全部待办", "#main", "all", count=47), Link("待受理", "#main", "new", count=6))),
        Group("科室", (Link("未分配", "#main", count=120), Link("全科在办", "#main"))),
    )
    return DeskFrame(
        search_url="#main",
        search_hint="办件编号、查询码、统一社会信用代码",
        messages=Link("通知", "#main", count=3),
        util=(Link("快捷键", "#main", key="?"),),
        user=(Link("演示审查员 A0312", "#main", icon="user"),),
        rail=rail,
    )


def page() -> dict[str, Any]:
    """Return the context of the components page."""
    lanes = (
        Lane(
            "市场监管局",
            "第 8 个工作日前",
            (Bar(1, 3, "审查"), Bar(4, 1, "踏勘", "joint"), Bar(5, 3, "决定"), Bar(8, 1, "发证", "soft")),
        ),
        Lane(
            "住房和城乡建设局",
            "检测 2 天不计",
            (Bar(1, 2, "办理"), Bar(3, 2, "检测", "pause"), Bar(5, 2, "办理"), Bar(7, 4, "剩 4", "left")),
        ),
    )
    index = (
        "color 颜色,type 字与间距,icons 图标,buttons 按钮与焦点,tags 标签、灯、来源,clocks 时钟,form 表单,"
        "parts 表格各部分,"
        "notes 提示,tables 表格与分页,steps 步骤与并联,cards 卡片与数字,empty 空状态,editions 长辈版与紧凑版"
    )
    return {
        "frame": portal_frame(),
        "section": "do",
        "crumbs": (Link("首页", "#main"), Link("部件", "")),
        "index": [Link(one.split(" ")[1], f"#{one.split(' ')[0]}") for one in index.split(",")],
        "swatches": swatches(),
        "icons": icon_names(),
        "seg": (Link("个人", "#buttons", "person", "user"), Link("法人", "#buttons", "organisation", "org")),
        "tabs": (Link("办理中", "#buttons", "open", count=3), Link("已办结", "#buttons", "done")),
        "lamps": lamps(),
        "lamp_columns": ("灯", "何时亮", "还要做什么"),
        "clocks": clocks(),
        "form": form(),
        "parts": (
            FormPart("店和主体", "#parts", "全部已知", done=True),
            FormPart("经营场所", "#parts", "1 处要改", current=True, wrong=True),
            FormPart("材料", "#parts", "2 / 5 份"),
            FormPart("核对并提交"),
        ),
        "material_columns": ("材料", "怎么给", "从哪来"),
        "chart": chart(lanes, days=10, today=6, axis=[str(day) for day in range(1, 11)], axis_label="工作日"),
        "lines": lines(
            [
                ("完整性", [92, 92, 93, 95, 95, None, 96, 97, 97, 98]),
                ("准确性", [88, 88, 87, 60, 62, None, 90, 91, 93, 93]),
                ("及时性", [100, 100, 50, 0, 100, None, 100, 100, 100, 100]),
            ],
            words="三条线，数字见旁边的表",
            first="11月6日",
            last="11月15日",
        ),
        "trend": [92, 92, 93, 95, 95, None, 96, 97, 97, 98],
        "burden": SimpleNamespace(
            apart=SimpleNamespace(fields=164, materials=29, visits=6, days=31),
            together=SimpleNamespace(fields=21, materials=5, visits=0, days=10),
        ),
    }


def desk_page() -> dict[str, Any]:
    """Return the context of the desk's components page."""
    lights = (
        ("stop", "yw-ic-red", 1, "超时"),
        ("warn", "yw-ic-orange", 2, "1 天内到期"),
        ("half", "yw-ic-yellow", 9, "过半"),
        ("ok", "yw-ic-green", 27, "充裕"),
        ("pause", "yw-ic-paused", 8, "暂停"),
        ("layers", "yw-ic-brand", 47, "全部待办"),
    )
    rows = (
        (
            "red",
            "超 1 天",
            "uuuuuuuuu",
            8,
            "食品经营许可变更（增项）",
            "演示面馆",
            "20261103-000093",
            "决定",
            "11月13日",
        ),
        (
            "yellow",
            "剩 3 天",
            "uuuuu",
            8,
            "食品经营许可新办",
            "演示餐饮有限公司",
            "20261109-000128",
            "决定",
            "11月19日",
        ),
        (
            "paused",
            "暂停 2 天",
            "uupp",
            8,
            "食品经营许可新办",
            "演示海鲜排档",
            "20261110-000060",
            "补正",
            "11月20日",
        ),
        (
            "green",
            "剩 6 天",
            "uu",
            8,
            "食品经营许可新办",
            "演示快餐店",
            "20261112-000022",
            "审查",
            "11月24日",
        ),
    )
    names = ("light", "words", "track", "promised", "item", "who", "number", "step", "due")
    return {
        "frame": desk_frame(),
        "section": "all",
        "lights": [
            {"icon": icon, "css": css, "number": number, "label": label, "current": icon == "layers"}
            for icon, css, number, label in lights
        ],
        "rows": [dict(zip(names, row, strict=True)) for row in rows],
    }
