"""The manual of the shared store is right: every example of docs/guides/sharing-api.md runs, in order."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from yiwang.config.environment import ROOT
from yiwang.kernel import clock
from yiwang.kernel.acts import system_record
from yiwang.kernel.types import SYSTEM
from yiwang.platform.cases.models import Case
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.models import Dataset
from yiwang.platform.sharing.types import GrantRequest

from .conftest import SECRET, Caller, register
from .test_applying import handed_in

GUIDE = Path(ROOT) / "docs" / "guides" / "sharing-api.md"
PART = re.compile(r"^```python\n(.*?)^```$|^<!-- agencies: (.*?) -->$", re.MULTILINE | re.DOTALL)
FOOD = "330131018001"


def allow() -> None:
    """Grant the market office the names of firms, for the food licence."""
    agency, row = directory.get_agency("339901-amr"), Dataset.objects.get(code="legal_persons")
    asked = GrantRequest(dataset=row.code, agency=agency.code, items=(FOOD,), fields=("name",), purpose="测试")
    with system_record("test.grant"):
        acts.write_grant(asked, row, agency, SYSTEM)


def test_the_guide_walks_from_token_to_check(firm: Caller, wsgi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = httpx.Client

    def inside(base_url: str) -> httpx.Client:
        return client(transport=httpx.WSGITransport(app=wsgi), base_url="http://testserver")

    monkeypatch.setattr(httpx, "Client", inside)
    scopes = ["data:read", "data:write", "data:check"]
    names: dict[str, Any] = {
        "CLIENT_ID": register("guide-agency", scopes, agency=directory.get_agency("339901-amr").id),
        "CLIENT_SECRET": SECRET,
    }
    parts = list(PART.finditer(GUIDE.read_text()))
    with clock.at(datetime(2026, 3, 2, 4, tzinfo=UTC)):
        for part in parts:
            if part[2]:
                allow()
                names["CASE"] = str(Case.objects.get(application_id=handed_in(firm), item_code=FOOD).pk)
            else:
                exec(compile(part[1], str(GUIDE), "exec"), names)
    assert len(parts) >= 7
