"""A pack with everything of the demo city but only some life events' items: the whole takes its time."""

from __future__ import annotations

import re
from pathlib import Path

from yiwang.config.environment import ROOT

_CODE = re.compile(r"\b\d{12}\b")


def _code(item: Path) -> str:
    found = re.search(r"^basic_code: '?(\d{12})", item.read_text(), re.MULTILINE)
    assert found, item
    return found[1]


def part_of_city(root: Path, *life_events: str) -> Path:
    """Return a folder with links to the parts of Wenzhou's pack; without life events, the restaurant's."""
    city = Path(ROOT) / "packs" / "wenzhou"
    events = [city / "life_events" / f"{name}.yaml" for name in life_events or ("restaurant",)]
    items = {_code(one): one for one in city.glob("items/*.yaml")}
    wanted, found = {code for event in events for code in _CODE.findall(event.read_text())}, set()
    while missing := wanted - found:  # an item may rest on the results of others
        found |= missing
        wanted |= {code for one in missing for code in _CODE.findall(items[one].read_text()) if code in items}
    for one in [*city.glob("*"), *(items[code] for code in found), *events]:
        if one.name not in {"items", "life_events", "comparisons"}:  # comparisons are for items that are left out
            target = root / one.relative_to(city)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(one)
    return root
