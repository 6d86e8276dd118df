"""Columns of the schema that other columns or our own records tell: written for others, read where nothing better is.

The record's own id (``row_guid``) is kept by a row that comes in new; version and state are counted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from yiwang.platform.catalog.imports import codecs
from yiwang.platform.catalog.imports.codecs import CellError
from yiwang.platform.catalog.types import Standing
from yiwang.platform.directory.types import CentreView

STATES = {"published": "1", "suspended": "2", "cancelled": "3"}
"""task_state; a draft has none yet."""
_WINDOW, _ONLINE, _MAIL = "1", "2", "3"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands outside of an item: the service centres by code, names of towns and villages by code."""

    centres: Mapping[str, CentreView] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)


def written(document: Mapping[str, Any], standing: Standing, around: Surroundings) -> dict[str, str]:
    """Return the cells of the derived columns."""
    channels, places = document["channels"], document["places"]
    place = places[0] if places else {}
    centre = around.centres.get(place.get("centre", ""))
    region = place.get("region", "")
    town, village = region[:9], region if len(region) > 9 else ""
    ways = ((_WINDOW, places or channels["in_centre"]), (_ONLINE, channels["online"]), (_MAIL, channels["mail_in"]))
    return {
        "dept_name": standing.agency_name,
        "dept_code": standing.agency_uscc,
        "row_guid": str(standing.id or ""),
        "task_version": str(standing.version),
        "task_state": STATES.get(standing.state, ""),
        "is_fee": "1" if document["fees"] else "0",
        "fee_basis": "；".join(dict.fromkeys(fee["basis"] for fee in document["fees"] if fee["basis"])),
        "handle_type": ",".join(code for code, open_ in ways if open_),
        "is_express": "1" if channels["mail_in"] or channels["mail_out"] else "0",
        "transact_addr": place.get("address", "") or (centre.address if centre else ""),
        "transact_time": place.get("hours", "") or (centre.hours if centre else ""),
        "traffic_guide": place.get("traffic", ""),
        "town_code": town,
        "town_name": around.regions.get(town, ""),
        "village_code": village,
        "village_name": around.regions.get(village, ""),
    }


def fill(document: dict[str, Any], cells: Mapping[str, str]) -> list[tuple[str, str]]:
    """Put into a document what only the derived columns tell; return reason and message of what is irregular.

    Raises CellError.
    """
    notes: list[tuple[str, str]] = []
    _channels(document.setdefault("channels", {}), cells)
    _place(document, cells)
    flow = cells.get("handle_flow", "")
    if flow and not flow.startswith("[") and not document.get("counter_flow"):
        document["counter_flow"] = flow
    basis = cells.get("fee_basis", "")
    for fee in document.get("fees", ()):
        if basis and not fee.get("basis"):
            fee["basis"] = basis
    if _flag(cells, "is_fee") and not document.get("fees"):
        notes.append(("fee.none", _("说要收费，却没有收费项目。")))
    if cells.get("project_type") == "9":
        notes.append(("case_type", _("办件类型“其他”按承诺件读入。")))
    if cells.get("task_state") in ("2", "3"):
        notes.append(("state", _("来源标明这个事项已经暂停或取消，不发布。")))
    return notes


def _channels(channels: dict[str, Any], cells: Mapping[str, str]) -> None:
    express = _flag(cells, "is_express")
    if express is not None:
        channels.setdefault("mail_in", express)
        channels.setdefault("mail_out", express)
    ways = {part.strip() for part in cells.get("handle_type", "").replace("，", ",").split(",")} - {""}
    if ways:
        channels.setdefault("in_centre", _WINDOW in ways)
        channels.setdefault("online", _ONLINE in ways)
        channels.setdefault("mail_in", _MAIL in ways)


def _place(document: dict[str, Any], cells: Mapping[str, str]) -> None:
    told = {
        "address": cells.get("transact_addr", ""),
        "hours": cells.get("transact_time", ""),
        "traffic": cells.get("traffic_guide", ""),
        "region": (cells.get("village_code", "") or cells.get("town_code", "")).removesuffix("000"),
    }
    if not document.get("places") and any(told.values()):
        document["places"] = [{"centre": "", **told}]


def _flag(cells: Mapping[str, str], name: str) -> bool | None:
    text = cells.get(name, "")
    try:
        return bool(codecs.BOOLEAN.read(text)) if text else None
    except CellError as error:
        raise CellError(f"{name}: {error}") from None
