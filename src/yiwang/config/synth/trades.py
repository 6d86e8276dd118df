"""What firms and institutions are: lines of business, and a body with all that an agency could know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yiwang.config.synth.days import iso
from yiwang.config.synth.numbers import phone
from yiwang.config.synth.people import Person
from yiwang.config.synth.plan import Place

if TYPE_CHECKING:
    from yiwang.config.synth.means import Property, Vehicle

KINDERGARTEN, PRIMARY_SCHOOL, JUNIOR_SCHOOL, SENIOR_SCHOOL = range(4)
"""Kinds of school."""


@dataclass(frozen=True, slots=True)
class Trade:
    """A line of business. ``code`` is its industry in GB/T 4754, ``marks`` what follows from it."""

    code: str
    word: str
    scope: str
    weight: int
    injury: int
    marks: frozenset[str] = frozenset()
    shop: bool = True
    """Sole traders do it too."""


def _trade(code: str, word: str, scope: str, weight: int, injury: int, *, marks: str = "", shop: bool = True) -> Trade:
    return Trade(code, word, scope, weight, injury, frozenset(marks.split()), shop)


TRADES = (
    _trade("6210", "餐饮", "餐饮服务；餐饮管理", 12, 2, marks="food hygiene"),
    _trade("6291", "小吃", "餐饮服务；自制饮品销售", 8, 2, marks="food hygiene"),
    _trade("5211", "百货", "食品销售；日用百货零售", 10, 1, marks="food"),
    _trade("5251", "大药房", "药品零售；第二类医疗器械销售", 3, 1, marks="pharmacy"),
    _trade("5232", "服装", "服装、鞋帽零售", 9, 1),
    _trade("5283", "五金", "五金产品零售；建筑材料销售", 7, 1),
    _trade("8051", "美发", "理发服务；生活美容服务", 6, 1, marks="hygiene"),
    _trade("8111", "汽修", "汽车修理与维护", 4, 3),
    _trade("1952", "鞋业", "鞋制造、销售；货物进出口", 9, 3, marks="factory export"),
    _trade("1811", "服饰", "服装制造；服装零售", 7, 3, marks="factory export"),
    _trade("3823", "电气", "低压电器制造、销售；货物进出口", 9, 4, marks="factory export device", shop=False),
    _trade("3587", "眼镜", "眼镜制造、销售；货物进出口", 5, 3, marks="factory export", shop=False),
    _trade("2231", "包装", "纸箱、包装制品制造", 4, 4, marks="factory device", shop=False),
    _trade("2319", "印刷", "包装装潢印刷品印刷", 4, 4, marks="factory", shop=False),
    _trade("3484", "机械", "机械零部件加工", 7, 4, marks="factory device", shop=False),
    _trade("5139", "国际贸易", "货物进出口；技术进出口；日用品批发", 7, 1, marks="export", shop=False),
    _trade("4710", "建设", "房屋建筑工程施工", 3, 5, marks="device", shop=False),
    _trade("5013", "装饰", "室内装饰装修；建筑装饰设计", 4, 4, shop=False),
    _trade("5430", "物流", "道路货物运输；仓储", 4, 4, marks="freight", shop=False),
    _trade("6110", "酒店", "住宿服务；餐饮服务", 2, 2, marks="food hygiene hotel device", shop=False),
    _trade("6513", "科技", "软件开发；信息技术咨询服务", 5, 1, shop=False),
    _trade("7262", "人力资源", "人力资源服务；劳务派遣", 2, 1, shop=False),
    _trade("7251", "文化传播", "广告设计、代理；文化活动策划", 3, 1, shop=False),
    _trade("0141", "农业", "蔬菜、瓜果种植与销售", 4, 2, marks="farm", shop=False),
)
_SCHOOL = Trade("8321", "学校", "教育", 0, 1)
_CLINIC = Trade("8423", "医院", "医疗服务", 0, 1)
_OFFICE = Trade("9224", "公共服务中心", "公共服务", 0, 1)
HOUSES = (
    # kind of school, its trade, the words of its name
    (PRIMARY_SCHOOL, _SCHOOL, "小学"),
    (JUNIOR_SCHOOL, _SCHOOL, "初级中学"),
    (SENIOR_SCHOOL, _SCHOOL, "高级中学"),
    (KINDERGARTEN, _SCHOOL, "幼儿园"),
    (None, _CLINIC, "医院"),
    (None, _OFFICE, "公共服务中心"),
)

COMPANY, SOLE_TRADER, COOPERATIVE = "company", "sole_trader", "cooperative"
PUBLIC, PRIVATE = "public", "private"
CATEGORY = {COMPANY: "91", SOLE_TRADER: "92", COOPERATIVE: "93", PUBLIC: "12", PRIVATE: "52"}
SUFFIX = {COMPANY: "有限公司", SOLE_TRADER: "店", COOPERATIVE: "专业合作社"}


class Body:
    """A firm or a public institution, and all that any agency could know of it."""

    __slots__ = (
        "address",
        "capital",
        "cars",
        "closed",
        "code",
        "established",
        "fund",
        "given",
        "kind",
        "lease",
        "name",
        "phone",
        "place",
        "premises",
        "rep",
        "salt",
        "school",
        "serial",
        "shareholders",
        "staff",
        "trade",
    )

    def __init__(self, code: str, name: str, kind: str, *, trade: Trade, place: Place, address: str, salt: int) -> None:
        self.code, self.name, self.kind, self.trade = code, name, kind, trade
        self.place, self.address, self.salt = place, address, salt
        self.established = self.closed = self.capital = self.serial = 0
        self.rep: Person | None = None
        self.shareholders: list[tuple[Person, int]] = []
        """With their shares in percent."""
        self.staff: list[Person] = []
        self.cars: tuple[Vehicle, ...] = ()
        self.premises: Property | None = None
        self.lease: tuple[int, int] | None = None
        """First and last day; ``None``: the premises are the owner's own."""
        self.school: int | None = None
        self.fund = self.given = False
        self.phone = phone(salt)

    @property
    def active(self) -> bool:
        """Whether it is in business."""
        return not self.closed

    @property
    def founded(self) -> str:
        """The day of its beginning."""
        return iso(self.established)
