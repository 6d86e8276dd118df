"""The description is the interface: drift, validity, and answers that keep to it whatever is sent."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from yiwang.config.environment import ROOT
from yiwang.doors.openapi import views
from yiwang.doors.openapi.models import Client

from .conftest import Caller
from .test_applying import agencies, handed_in, start

COMMITTED = Path(ROOT) / "docs" / "api" / "openapi.json"


def test_the_committed_description_is_the_served_one(db: None) -> None:
    assert COMMITTED.read_text() == views.description_text(), "run `yiwang api describe`"


@pytest.mark.slow
def test_it_is_openapi_3_1(db: None) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator

    described = views.description()

    assert described["openapi"].startswith("3.1")
    assert not list(OpenAPIV31SpecValidator(described).iter_errors())


def test_every_operation_declares_its_problems(db: None) -> None:
    for path, methods in views.description()["paths"].items():
        for method, operation in methods.items():
            responses = set(operation["responses"])
            assert {"400", "429", "500"} <= responses, path
            assert ("415" in responses) is ("requestBody" in operation), path
            assert ("406" in responses) is any("content" in one for one in operation["responses"].values()), path
            if operation["operationId"] != "health":
                assert {"401", "403"} <= responses, path
            keyed = {one["name"] for one in operation["parameters"]} >= {"Idempotency-Key"}
            reads = method == "get" or "resolve" in path or "verification" in path
            assert keyed is not reads, path


EXAMPLES = int(os.environ.get("API_EXAMPLES", "5"))
"""Of each sort for each operation: some seconds in all. Set API_EXAMPLES to search longer."""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.missing_required_header,
    checks.unsupported_method,
]


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_server_error_and_no_undocumented_answer(
    firm: Caller, wsgi: Any, deliver: Any, mode: GenerationMode
) -> None:
    Client.objects.update(per_minute=1_000_000)
    draft, done = start(firm), handed_in(firm)
    list(agencies(done)._accept())
    list(agencies(done)._work())
    deliver("oversight.services")
    case_id = firm.get(f"/applications/{done}").json()["cases"][0]["id"]
    item = firm.get("/items").json()["items"][0]
    real: dict[str, list[Any]] = {
        "application_id": [draft, done],
        "case_id": [case_id],
        "task_code": [item["task_code"]],
        "edition_id": [item["edition"]],
        "licence_id": [firm.get("/licences").json()[0]["id"]],
        "service_id": [firm.get(f"/cases/{case_id}/services").json()[0]["id"]],
        "code": ["shop", "old_age"],
    }
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", wsgi)
    headers = {"Authorization": f"Bearer {firm.token}"}
    seen: dict[str, set[int]] = {}

    for found in schema.get_all_operations():
        operation = found.ok()
        strategy = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy, data=st.data())
        def send(case: Any, data: st.DataObject) -> None:
            for name in set(case.path_parameters or ()) & set(real):
                if data.draw(st.booleans()):
                    case.path_parameters[name] = data.draw(st.sampled_from(real[name]))
            answer = case.call(headers=headers)
            seen.setdefault(case.operation.label, set()).add(answer.status_code)
            case.validate_response(answer, checks=CHECKS)

        with contextlib.suppress(Unsatisfiable):  # to some addresses nothing wrong can be sent
            send()

    assert len(seen) >= 31
    assert not any(status >= 500 for statuses in seen.values() for status in statuses)
    if mode is GenerationMode.POSITIVE:
        assert sum(1 for statuses in seen.values() if statuses & {200, 201, 204}) >= 15, seen


def test_the_search_finds_a_planted_crash(firm: Caller, wsgi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from yiwang.platform.catalog import queries

    monkeypatch.setattr(queries, "life_events", lambda: 1 / 0)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", wsgi)
    case = schema["/api/v1/life-events"]["GET"].Case()

    with pytest.raises(FailureGroup, match="Server error"):
        case.validate_response(case.call(headers={"Authorization": f"Bearer {firm.token}"}), checks=CHECKS)
