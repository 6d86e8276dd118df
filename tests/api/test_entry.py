"""Who comes in: tokens, scopes, delegations, limits; and that every refusal is a problem."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from oauth2_provider.models import get_access_token_model

from yiwang.doors.openapi import acts, tokens, views
from yiwang.doors.openapi.interface import api
from yiwang.doors.openapi.models import Client
from yiwang.kernel import clock
from yiwang.kernel.api import Needs
from yiwang.kernel.types import SYSTEM
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.models import Delegation

from .conftest import AGENT, EATERY, SECRET, Caller, ask_token, caller, register

PROBLEM = "application/problem+json"


def test_without_a_token_there_is_only_health_and_the_description(db: None, testville: None) -> None:
    stranger = Caller(Browser(raise_request_exception=False))

    refused = stranger.get("/items")

    assert stranger.get("/health").json()["status"] == "ok"
    assert stranger.get("/openapi.json").status_code == 200
    assert (refused.status_code, refused.headers["Content-Type"]) == (401, PROBLEM)
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_operation_but_health_needs_a_scope() -> None:
    free = {
        op.operation_id
        for router in api._get_bound_routers()
        for view in router.path_operations.values()
        for op in view.operations
        if not any(isinstance(auth, Needs) for auth in op.auth_callbacks)
    }

    assert free == {"health"}


def test_a_wrong_secret_gets_no_token(firm: Caller) -> None:
    answer = ask_token(firm.browser, "eatery-system", "wrong")

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_a_client_gets_no_scope_beyond_its_own(office: Caller) -> None:
    register("narrow", ["items:read"], agency=directory.get_agency("339901-amr").id)

    too_much = ask_token(office.browser, "narrow", scope="items:read applications:write")
    all_it_has = ask_token(office.browser, "narrow")

    assert too_much.json()["error"] == "invalid_scope"
    assert all_it_has.json()["scope"] == "items:read"


def test_only_client_credentials_are_granted(office: Caller) -> None:
    answer = office.browser.post(
        "/oauth/token",
        {
            "grant_type": "password",
            "username": "rep",
            "password": "x",
            "client_id": "office-system",
            "client_secret": SECRET,
        },
    )

    assert answer.status_code == 400
    assert Browser().get("/oauth/authorize/").status_code == 404


def test_a_token_is_not_kept_where_it_could_be_read(firm: Caller) -> None:
    assert not get_access_token_model().objects.filter(token=firm.token).exists()


def test_the_wrong_scope_is_named(db: None, testville: None) -> None:
    narrow = caller("narrow", ["items:read"], agency=directory.get_agency("339901-amr").id)

    answer = narrow.get("/applications")

    assert answer.status_code == 403
    assert answer.json()["scope"] == "applications:read"
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("token", ["never-given", "", "\xff"])
def test_a_token_that_is_none(db: None, testville: None, token: str) -> None:
    answer = Caller(Browser(), token or "x y").get("/items")

    assert answer.status_code == 401
    assert answer.json()["type"].endswith("token-invalid")


def test_an_expired_token(firm: Caller) -> None:
    get_access_token_model().objects.update(expires=clock.now() - timedelta(seconds=1))

    assert firm.get("/items").status_code == 401


def test_a_closed_client_is_out_at_once(firm: Caller) -> None:
    acts.close_client(Client.objects.get(name="eatery-system").id, by=SYSTEM, key=uuid.uuid4().hex)

    assert firm.get("/items").status_code == 401
    assert "access_token" not in ask_token(firm.browser, "eatery-system").json()


def test_a_browser_session_opens_nothing_here(db: None, testville: None) -> None:
    from yiwang.platform.identity.models import Account

    browser = Browser()
    browser.force_login(Account.objects.get(login="rep"))

    assert Caller(browser).get("/applications").status_code == 401


def test_an_agency_acts_for_nobody_until_it_names_a_delegation(office: Caller) -> None:
    eatery = identity.find_organisation(EATERY)
    agent = identity.find_person(AGENT)
    assert eatery
    assert agent
    given = next(one for one in identity.delegations_held(agent.id) if one.grantor == eatery.party)
    task = office.get("/items").json()["items"][1]["task_code"]

    alone = office.write("POST", f"/items/{task}/applications")
    office.headers[tokens.DELEGATION] = str(given.id)
    named = office.write("POST", f"/items/{task}/applications")
    seen = office.get(f"/applications/{named.json()['id']}").json()
    Delegation.objects.filter(pk=given.id).update(revoked_at=clock.now())
    revoked = office.get("/applications")

    assert alone.status_code == 422
    assert named.status_code == 201
    assert seen["applicant_name"] == eatery.name
    assert revoked.status_code == 403
    assert revoked.json()["type"].endswith("delegation-not-valid")


def test_a_delegation_reaches_as_far_as_it_says(office: Caller) -> None:
    eatery, agent = identity.find_organisation(EATERY), identity.find_person(AGENT)
    assert eatery
    assert agent
    given = next(one for one in identity.delegations_held(agent.id) if one.grantor == eatery.party)
    tasks = {one["basic_code"]: one["task_code"] for one in office.get("/items").json()["items"]}
    office.headers[tokens.DELEGATION] = str(given.id)
    before = office.write("POST", f"/items/{tasks['330103015000']}/applications").json()["id"]
    Delegation.objects.filter(pk=given.id).update(items=["330131018001"], may_sign=False)

    other = office.write("POST", f"/items/{tasks['330103015000']}/applications")
    changed = office.write("PATCH", f"/applications/{before}/answers", {"answers": {}})
    food = office.write("POST", f"/items/{tasks['330131018001']}/applications")
    signed = office.write("POST", f"/applications/{food.json()['id']}/submission")

    assert (other.status_code, other.json()["type"]) == (403, "urn:yiwang:problem:outside-delegation")
    assert changed.status_code in (403, 404)
    assert food.status_code == 201
    assert (signed.status_code, signed.json()["type"]) == (403, "urn:yiwang:problem:may-not-sign")


@pytest.mark.parametrize("named", ["x", str(uuid.UUID(int=7))])
def test_a_delegation_that_is_none(office: Caller, named: str) -> None:
    office.headers[tokens.DELEGATION] = named

    assert office.get("/applications").status_code == 403


def test_beyond_its_rate_a_client_waits(firm: Caller) -> None:
    Client.objects.update(per_minute=3)

    answers = [firm.get("/health"), *(firm.get("/items") for _ in range(4))]

    assert [one.status_code for one in answers[1:4]] == [200, 200, 200]
    assert answers[4].status_code == 429
    assert 1 <= int(answers[4].headers["Retry-After"]) <= 60
    assert answers[4].headers["Content-Type"] == PROBLEM


def test_guessing_tokens_and_secrets_is_slow(db: None, testville: None) -> None:
    guesser = Caller(Browser(), "guess")

    tried = {guesser.get("/items").status_code for _ in range(tokens.FAILURES_A_MINUTE + 1)}
    asked = {ask_token(guesser.browser, "nobody").status_code for _ in range(views.TOKENS_A_MINUTE + 1)}

    assert tried == {401, 429}
    assert asked == {401, 429}


def test_unknown_addresses_and_methods_are_problems(office: Caller) -> None:
    nowhere = office.get("/nowhere")
    method = office.call("DELETE", "/api/v1/items")

    assert (nowhere.status_code, nowhere.headers["Content-Type"]) == (404, PROBLEM)
    assert (method.status_code, method.headers["Content-Type"]) == (405, PROBLEM)
    assert "GET" in method.headers["Allow"]
    assert nowhere.json()["request_id"] == nowhere.headers["X-Request-ID"]


def test_a_crash_says_nothing_of_itself(office: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from yiwang.platform.catalog import queries

    def broken(**_: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(queries, "published", broken)

    answer = office.get("/items")

    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)
    assert "secret" not in answer.content.decode()


def test_a_body_that_is_no_json_and_one_that_is_too_large(firm: Caller) -> None:
    path = f"/api/v1/applications/{uuid.uuid4()}/answers"
    unreadable = firm.call("PATCH", path, b"{", "12345678")
    huge = firm.call("PATCH", path, b" " * (4 * 1024 * 1024 + 1), "12345678")

    assert (unreadable.status_code, unreadable.headers["Content-Type"]) == (400, PROBLEM)
    assert (huge.status_code, huge.headers["Content-Type"]) == (413, PROBLEM)


def test_the_page_shows_every_operation_under_our_policy(db: None) -> None:
    page = Browser().get("/api/v1/docs")
    text = page.content.decode()

    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "https://" not in text.split("</footer>")[0].replace("http://testserver", "")
    for path, methods in views.description()["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in text


def test_tokens_that_are_over_are_thrown_away(firm: Caller, office: Caller) -> None:
    from yiwang.doors.openapi.tasks import clear_tokens

    tokens_ = get_access_token_model().objects
    tokens_.filter(application__client_id="eatery-system").update(expires=clock.now() - timedelta(days=2))

    clear_tokens(timestamp=0)

    assert [one.application.client_id for one in tokens_.all()] == ["office-system"]


def test_the_command_registers_lists_and_closes(db: None, testville: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("api", "add", "演示系统", "--firm", EATERY, "--purpose", "查指南", "--scope", "items:read")
    shown = dict(line.split() for line in capsys.readouterr().out.splitlines())
    answer = ask_token(Browser(), shown["client_id"], shown["client_secret"])
    call_command("api", "close", shown["id"])
    call_command("api", "list")

    assert answer.json()["scope"] == "items:read"
    assert "停用  演示系统" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("api", "close", shown["id"])
