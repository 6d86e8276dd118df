"""What the restaurant's owner says, in the order in which it is asked: the questions first, then the one form."""

from __future__ import annotations

from datetime import date
from typing import Any

from yiwang.config import papers

FIRM = "温州演示餐饮有限公司"
FIRM_USCC = "91330302MADEM0011Y"
OWNER, AGENT = "演示用户甲", "演示经办人乙"

SITUATION: dict[str, Any] = {
    "place_region": "鹿城区 · 五马街道",
    "legal_form": "公司",
    "has_licence": "是",
    "shop_area": "360",
    "food_kinds": ["热食", "凉菜、冷食", "自制饮品"],
    "sign_wanted": "是",
    "staff_count": "12",
}

DETAILS: dict[str, Any] = {
    "floor_position": "一层",
    "seats": "96",
    "fuel": ["管道天然气", "电"],
    "exits": "正门向东临街，后门经走廊通停车场",
    "extinguishers": "8",
    "fire_manager_name": "演示店长",
    "fire_manager_phone": "19900000011",
    "kitchen_area": "96",
    "cold_room": "8",
    "dishwashing": "热力消毒柜",
    "online_sales": "是",
    "insurance_kinds": ["养老", "失业", "工伤", "医疗（含生育）"],
    "insured_from": ("2026", "12", "1"),
    "bank_name": "演示银行温州分行",
    "bank_account": "1203200000000001",
    "sign_text": "演示小馆",
    "sign_position": "门楣上方",
    "sign_width": "5.2",
    "sign_height": "0.9",
    "sign_thickness": "0.2",
    "sign_mount_height": "3.4",
    "sign_lit": "是",
    "drain_volume": "6",
    "grease_trap_volume": "2",
    "drain_outlets": "1",
    "grease_service": "演示环境服务有限公司",
}

AGENCIES = {
    "食品经营许可": "amr",
    "消防安全检查": "fire",
    "户外招牌设置": "enforcement",
    "排水许可": "housing",
    "社会保险登记": "social",
}
"""The five items and the agency of each, as its staff's names begin."""


def picture(name: str = "现场照片") -> dict[str, Any]:
    """Return a photograph to upload."""
    paper = papers.Paper(name, FIRM, (("申请人", FIRM),), date(2026, 11, 16))
    return {"name": paper.file_name, "mimeType": "image/png", "buffer": papers.draw(paper)}
