"""Names that nobody takes for real: 演示 before all of them, as the pack has it, and after it words of nature put
together by chance. No list of real names was looked at.
"""

from __future__ import annotations

from random import Random

MARK = "演示"
_FAMILY = (
    "溪舟砚桐岚棠檀弦苇笙澜茗筠枫竹沐榆莲霁霖岫屿汀渚漪泓沅湄洄澄潞溟"
    "峦崖壑嶂岑岱霞霓雾雪雁鹭鸥鹤莺蝉萤苔藓芷蕨荻菱芦荷荇葵"
)
_FIRST = (
    "青蓝白素清明静远长高深浅新初晚早晨暮春夏秋冬东南西北上下中和平安"
    "宁朗润温凉晴微细轻柔坚直方圆丰广开启若如以可知思念望听问行致守"
)
_SECOND = (
    "石木土泉井径桥亭台阁楼窗帆桨灯笔墨纸琴书画诗歌曲词章句针线布锦绫"
    "罗纱麻棉丝谷麦豆菽瓜果枣梨桃杏柚橘茶盐糖姜椒云风雨星月光影"
)
_FIRM = "".join(dict.fromkeys(_FAMILY + _FIRST + _SECOND))[:128]


def family_name(rng: Random) -> str:
    """Return one of some sixty family names."""
    return rng.choice(_FAMILY)


def given_name(rng: Random) -> str:
    """Return one of some four thousand given names."""
    return rng.choice(_FIRST) + rng.choice(_SECOND)


def firm_word(place: int) -> str:
    """Return the word of the ``place``-th firm; three signs, no two firms have the same."""
    # an odd factor turns the numbers below a power of two round without meeting
    mixed = (place + 77_777) * 1_164_133 % 128**3
    return _FIRM[mixed >> 14] + _FIRM[mixed >> 7 & 127] + _FIRM[mixed & 127]
