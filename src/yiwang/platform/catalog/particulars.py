"""Every element of the implementation list (实施清单要素) that an edition holds, in words: the whole of a guide.

The guide's page tells what people need first; this tells the rest, so that nothing that was published is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from yiwang.platform.catalog import labels
from yiwang.platform.catalog.types import (
    Channels,
    Definition,
    EditionView,
    Material,
    Place,
    RemedyOffice,
    SpecialProcedure,
)
from yiwang.ui import dates


@dataclass(frozen=True, slots=True)
class Line:
    """One element: what it is called, what it says; ``file`` names a file of the edition to open, ``link`` an address."""

    label: str
    text: str = ""
    file: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Elements that belong together."""

    title: str
    lines: tuple[Line, ...]


def particulars(edition: EditionView, tables: dict[str, dict[str, str]]) -> tuple[Section, ...]:
    """Return the elements in words; ``tables`` are the code tables, code to label."""
    item = edition.definition
    sections = (
        (_("编码和版本"), _codes(edition)),
        (_("谁来办"), _body(item, edition.agency_name)),
        (_("办给谁、属于哪一类"), _kinds(item, tables)),
        (_("时限说明"), _limits(item)),
        (_("办理渠道"), _channels(item.channels, bool(item.places))),
        (_("流程说明"), _flow(item)),
        (_("收费明细"), _fees(item)),
        (_("结果"), _result(item)),
        (_("材料的细节"), tuple(_materials(item))),
        (_("不同情形"), _situations(item)),
        (_("办理地点"), tuple(_places(item))),
        (_("咨询和投诉"), _contacts(item)),
        (_("权利和救济"), _remedies(item)),
    )
    return tuple(Section(str(title), lines) for title, found in sections if (lines := tuple(_said(found))))


def _said(lines: Any) -> Iterator[Line]:
    return (line for line in lines if line.text or line.file or line.link)


def _named(owner: str, source: Any, *names: str) -> tuple[Line, ...]:
    return tuple(Line(str(labels.label_of(owner, name)), _text(getattr(source, name))) for name in names)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, tuple):
        return "、".join(map(_text, value))
    if value is None:
        return ""
    if type(value) in labels.CHOICES:
        return str(labels.CHOICES[type(value)][value])
    return str(value)


def _codes(edition: EditionView) -> tuple[Line, ...]:
    item = edition.definition
    return (
        *_named("Definition", item, "basic_code", "task_code", "handle_code", "local_basic_code", "local_task_code"),
        Line(_("版本"), _("第 %(n)d 版") % {"n": edition.number}),
        Line(_("发布日期"), dates.said(edition.published_at, "date")),
        *(
            Line(str(labels.label_of("Definition", name)), dates.said(day, "date"))
            for name in ("effective_on", "cancelled_on")
            if (day := getattr(item, name)) is not None
        ),
    )


def _body(item: Definition, agency: str) -> tuple[Line, ...]:
    levels = {
        1: _("国家级"),
        2: _("省级"),
        3: _("市级"),
        4: _("县级"),
        5: _("镇（乡、街道）级"),
        6: _("村（社区）级"),
        7: _("分级管理"),
    }
    sources = {"1": _("法定本级行使"), "2": _("上级下放"), "3": _("上级授权")}
    return (
        Line(_("实施主体"), agency),
        *_named("Definition", item, "body_nature"),
        Line(str(labels.label_of("Definition", "level")), levels.get(item.level, "")),
        Line(str(labels.label_of("Definition", "power_source")), sources.get(item.power_source, item.power_source)),
        *_named(
            "Definition",
            item,
            "power_division",
            "power_content",
            "entrusted_by",
            "co_agencies",
            "accepting_body",
            "deciding_body",
        ),
    )


def _kinds(item: Definition, tables: dict[str, dict[str, str]]) -> tuple[Line, ...]:
    def told(field: str, table: str, codes: tuple[str, ...]) -> Line:
        names = tables.get(table, {})
        return Line(str(labels.label_of("Definition", field)), "、".join(names.get(code, code) for code in codes))

    return (
        *_named("Definition", item, "serves"),
        told("item_type", "item_types", (item.item_type,)),
        *_named("Definition", item, "case_type"),
        told("person_themes", "person_themes", item.person_themes),
        told("legal_themes", "legal_themes", item.legal_themes),
        *_named(
            "Definition",
            item,
            "local_person_themes",
            "local_legal_themes",
            "quantity_limit",
            "intermediary",
            "keywords",
        ),
        *_named("Definition", item, "min_level"),
    )


def _limits(item: Definition) -> tuple[Line, ...]:
    return (
        Line(str(labels.label_of("Definition", "statutory_limit")), item.statutory_limit.note),
        Line(str(labels.label_of("Definition", "promised_limit")), item.promised_limit.note),
        *(Line(one.name, _procedure(one)) for one in item.special_procedures),
    )


def _procedure(one: SpecialProcedure) -> str:
    days = _("不计入时限，一般 %(n)d 天") % {"n": one.days} if one.days else _("不计入时限")
    return f"{days}；{one.basis}" if one.basis else days


def _channels(channels: Channels, window: bool) -> tuple[Line, ...]:
    depths = {
        1: _("互联网咨询"),
        2: _("收件"),
        3: _("预审"),
        4: _("受理"),
        5: _("办理"),
        6: _("办理结果信息反馈"),
        7: _("电子证照反馈"),
    }
    areas = {
        "national": _("全国"),
        "cross_province": _("跨省"),
        "cross_city": _("跨市"),
        "cross_county": _("跨县"),
    }
    ways = ((_("窗口办理"), window), (_("网上办理"), channels.online), (_("快递申请"), channels.mail_in))
    return (
        Line(_("办理形式"), "、".join(str(way) for way, open_ in ways if open_)),
        Line(str(labels.label_of("Channels", "depth")), "、".join(str(depths.get(one, one)) for one in channels.depth)),
        *_named("Channels", channels, "visits", "visits_reason", "in_centre", "booking"),
        Line(str(labels.label_of("Channels", "booking_quota")), str(channels.booking_quota or "")),
        *_named("Channels", channels, "booking_rule", "pay_online", "mail_in", "mail_out", "kiosk"),
        Line(str(labels.label_of("Channels", "cross_region")), str(areas.get(channels.cross_region, ""))),
        *(
            Line(str(labels.label_of("Channels", name)), link=getattr(channels, name))
            for name in ("link", "apply_link", "mobile_link")
        ),
        *_named("Channels", channels, "single_sign_on", "app_single_sign_on"),
    )


def _flow(item: Definition) -> tuple[Line, ...]:
    chart = Line(str(labels.label_of("Definition", "flow_chart")), file=item.flow_chart)
    return (*_named("Definition", item, "online_flow", "counter_flow"), chart)


def _fees(item: Definition) -> tuple[Line, ...]:
    return tuple(
        Line(
            fee.name,
            "；".join(
                part
                for part in (
                    fee.standard,
                    fee.basis,
                    _("可以减免：%(who)s") % {"who": fee.reduction or _("见说明")} if fee.reducible else "",
                    fee.note,
                )
                if part
            ),
        )
        for fee in item.fees
    )


def _result(item: Definition) -> tuple[Line, ...]:
    result = item.result
    months = _("%(n)d 个月") % {"n": result.validity_months} if result.validity_months else ""
    return (
        *_named("Result", result, "name", "kind"),
        Line(str(labels.label_of("Result", "validity_months")), months),
        Line(str(labels.label_of("Result", "sample")), file=result.sample),
    )


def _materials(item: Definition) -> Iterator[Line]:
    for material in item.materials:
        yield Line(material.name, _paper(material))
        for name in ("sample", "blank"):
            told = f"{material.name}：{labels.label_of('Material', name)}"
            yield Line(told, file=getattr(material, name))


def _paper(material: Material) -> str:
    counts = [
        _("原件 %(n)d 份") % {"n": material.originals} if material.originals else "",
        _("复印件 %(n)d 份") % {"n": material.photocopies} if material.photocopies else "",
    ]
    parts = [
        _text(material.necessity),
        _text(material.form),
        "、".join(filter(None, counts)) or f"{_text(material.original)} {_('%(n)d 份') % {'n': material.copies}}",
        material.size,
        _text(material.source),
        material.issuer,
        material.source_note,
        material.basis,
        material.note,
    ]
    return "；".join(part for part in parts if part)


def _situations(item: Definition) -> tuple[Line, ...]:
    names = {material.code: material.name for material in item.materials}
    return tuple(
        Line(
            one.name,
            "；".join(
                part
                for part in (
                    one.note,
                    _("另交：%(names)s") % {"names": "、".join(names.get(code, code) for code in one.materials)}
                    if one.materials
                    else "",
                )
                if part
            ),
        )
        for one in item.situations
    )


def _places(item: Definition) -> Iterator[Line]:
    for number, place in enumerate(item.places, 1):
        label = place.counters or (_("第 %(n)d 处") % {"n": number})
        yield Line(label, _place(place), link=place.map_link)


def _place(place: Place) -> str:
    return "；".join(part for part in (place.address, place.hours, place.traffic, place.phone) if part)


def _contacts(item: Definition) -> tuple[Line, ...]:
    return _named(
        "Definition",
        item,
        "consult_phone",
        "consult_email",
        "consult_web",
        "consult_address",
        "complaint_phone",
        "complaint_email",
        "complaint_web",
        "complaint_address",
    )


def _remedies(item: Definition) -> tuple[Line, ...]:
    def office(name: str, found: RemedyOffice) -> Line:
        told = "；".join(part for part in (found.name, found.address, found.phone, found.web) if part)
        return Line(str(labels.label_of("Definition", name)), told)

    return (
        *_named("Definition", item, "rights", "reconsideration"),
        office("reconsideration_office", item.reconsideration_office),
        *_named("Definition", item, "lawsuit"),
        office("court", item.court),
    )
