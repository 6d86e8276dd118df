"""What changes the directory."""

from __future__ import annotations

from yiwang.platform.directory import queries
from yiwang.platform.directory.models import Agency, Region
from yiwang.platform.directory.types import AgencyView

EXTERNAL_ROOT = "/external/"
_ELSEWHERE = "000000"


def write_external_agency(*, name: str, uscc: str, region: str, region_name: str, level: int) -> AgencyView:
    """Record an agency of another city whose items are shown here (inside the act that imports them).

    It is flagged, has no staff and takes no applications; ``uscc`` may be the pseudo-code of a body without one.
    """
    where = region or _ELSEWHERE
    Region.objects.get_or_create(
        code=where,
        defaults={
            "name": region_name or "其他地区",
            "full_name": region_name or "其他地区",
            "level": min(max(level, 2), 6),
            "external": True,
        },
    )
    code = f"external-{uscc}"
    Agency.objects.get_or_create(
        uscc=uscc,
        defaults={
            "code": code,
            "name": name,
            "short_name": name[:40],
            "function": "",
            "region_id": where,
            "level": level,
            "path": f"{EXTERNAL_ROOT}{code}/",
            "external": True,
        },
    )
    return queries.get_agency(code)
