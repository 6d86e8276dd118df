"""The manual is right: every example of docs/guides/api.md runs, in order, with the agencies at work in between."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from yiwang.config.environment import ROOT
from yiwang.config.journey import CorrectionPlan, Journey, Scenario, reach_of, staff_for
from yiwang.config.management.commands.pack import load
from yiwang.config.tests.part_of_city import part_of_city
from yiwang.kernel import clock
from yiwang.kernel.api import SCOPES
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import Role
from yiwang.platform.cases import acts, queries
from yiwang.platform.cases.types import CaseState
from yiwang.platform.identity import queries as identity

from .conftest import SECRET, register

GUIDE = Path(ROOT) / "docs" / "guides" / "api.md"
PART = re.compile(r"^```python\n(.*?)^```$|^<!-- agencies: (.*?) -->$", re.MULTILINE | re.DOTALL)
SIGN = CorrectionPlan(item="330117031000", material="店招效果图", message="请标出宽、高、厚和离地高度（米）。")


class Agencies:
    """What the guide's comments say that the agencies do."""

    def __init__(self, firm: uuid.UUID, head: uuid.UUID, deliver: Callable[..., int]) -> None:
        self.deliver = deliver
        scenario = Scenario(life_event="restaurant", person="jia", answers={}, organisation="catering")
        self.journey = Journey(scenario, head, firm, clock.today())

    def accept(self) -> None:
        """Accept everything; the sign's agency asks for a correction."""
        list(self.journey._accept())
        view = queries.get_application(self.journey._pk, self.journey.applicant)
        case = next(one for one in view.cases if one.item_code == SIGN.item)
        point = {"target": f"material:{SIGN.material}", "label": SIGN.material, "message": SIGN.message}
        acts.request_correction(case.id, [point], by=staff_for(Role.REVIEWER, reach_of(case)), key=uuid.uuid4().hex)

    def work(self) -> None:
        """Work until everything is closed."""
        list(self.journey._work())
        view = queries.get_application(self.journey._pk, self.journey.applicant)
        assert {one.state for one in view.cases} <= {CaseState.CLOSED, CaseState.DELIVERED, CaseState.ARCHIVED}
        self.deliver("oversight.services")


@pytest.mark.slow
@pytest.mark.django_db
def test_the_guide_walks_from_token_to_rating(
    wsgi: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any, deliver: Callable[..., int]
) -> None:
    settings.YIWANG_STATE_DIR = tmp_path / "state"  # the seals made here are this city's
    load(Pack(part_of_city(tmp_path / "wenzhou")))
    firm = identity.find_organisation("91330302MADEM0011Y")
    assert firm
    assert firm.legal_representative
    agencies = Agencies(firm.id, firm.legal_representative, deliver)
    doing: dict[str, Callable[[], None]] = {
        "accept and ask for a correction": agencies.accept,
        "work until everything is closed": agencies.work,
    }
    client = httpx.Client

    def inside(base_url: str) -> httpx.Client:
        assert base_url == "http://127.0.0.1:8000"
        return client(transport=httpx.WSGITransport(app=wsgi), base_url="http://testserver")

    monkeypatch.setattr(httpx, "Client", inside)
    names: dict[str, Any] = {
        "CLIENT_ID": register("guide", sorted(SCOPES), organisation=firm.id),
        "CLIENT_SECRET": SECRET,
    }

    text = GUIDE.read_text()
    parts = list(PART.finditer(text))
    for part in parts:
        if part[2]:
            agencies.journey.walk.application = uuid.UUID(names["application"])
            doing[part[2]]()
        else:
            line = text.count("\n", 0, part.start(1))
            exec(compile("\n" * line + part[1], str(GUIDE), "exec"), names)

    assert len(parts) >= 12
