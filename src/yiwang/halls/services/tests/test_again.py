"""What is being filled in when a session ends, or a page grows old, is offered again: to the same person only."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from yiwang.halls.services.tests.test_after import enter, page, picture
from yiwang.kernel import clock
from yiwang.platform.cases.models import Application, ApplicationFile
from yiwang.platform.cases.tests.conftest import COMPANY, FOOD, draft, fill, firm, key, monday, person  # noqa: F401
from yiwang.platform.identity.models import Account


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def part(monday):  # noqa: F811
    application = draft(person("测试创业戊"), COMPANY)
    return reverse("services:part", args=[application, "setup"])


def later():
    return clock.at(clock.now() + timedelta(minutes=40))


def hidden(html):
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def sign_in_again(browser, login, following):
    return browser.post("/sign-in/", {"method": "demo", "login": login, "next": following})


def typed(name="新店有限公司"):
    return {"key": key(), "f-org_name": name, "f-place_address": "河街 9 号", "f-place_region": "339901001"}


def test_what_was_typed_comes_back_after_signing_in_again(part):
    browser = enter()
    with later():
        answer = browser.post(part, typed())
        assert answer.url.startswith("/sign-in/?next=")
        assert "您填的都还在" in page(browser.get(answer.url))
        assert sign_in_again(browser, "starter", part).url == part
        html = page(browser.get(part))
        assert "接着办" in html
        fields = hidden(html)
        assert fields["f-org_name"] == "新店有限公司"
        sent = browser.post(part, fields)
        assert sent.status_code == 302
        assert Application.objects.get().answers["org_name"] == "新店有限公司"
        assert "接着办" not in page(browser.get(part))


def test_files_come_back_too(monday):  # noqa: F811
    owner = person("测试创业戊")
    application = draft(owner, FOOD)
    fill(application, owner)
    ApplicationFile.objects.all().delete()
    materials = reverse("services:materials", args=[application])
    browser = enter()
    index = next(int(one) for one in re.findall(r'name="file-(\d+)"', page(browser.get(materials))))
    with later():
        browser.post(materials, {"key": key(), f"file-{index}": picture("平面图.png")})
        assert not ApplicationFile.objects.exists()
        sign_in_again(browser, "starter", materials)
        html = page(browser.get(materials))
        assert "您选的 1 个文件也在" in html
        assert browser.post(materials, hidden(html)).status_code == 302
        assert ApplicationFile.objects.get().name == "平面图.png"


def test_nobody_else_at_the_same_screen_sees_it(part):
    browser = enter()
    with later():
        browser.post(part, typed("别人看不到有限公司"))
        sign_in_again(browser, "elder", part)
        answer = browser.get(part)
        assert "别人看不到" not in page(answer)
        assert answer.status_code == 404
        assert "again" not in browser.session


def test_it_is_kept_sealed_and_can_be_dropped(part):
    browser = enter()
    with later():
        browser.post(part, typed("密封有限公司"))
        assert "密封有限公司" not in str(dict(browser.session.items()))
        sign_in_again(browser, "starter", part)
        assert browser.get(f"{part}?_forget=1").url == part
        assert "接着办" not in page(browser.get(part))


def test_whoever_acted_for_a_firm_still_does(monday):  # noqa: F811
    actor = firm()
    application = draft(actor, FOOD)
    part = reverse("services:part", args=[application, "first"])
    login = Account.objects.get(person_id=actor.id).login
    browser = enter(login)
    browser.post("/standings/act/", {"party": f"organisation:{actor.principal.id}"})
    with later():
        answer = browser.get(part)
        assert answer.url.startswith("/sign-in/")
        sign_in_again(browser, login, part)
        assert browser.get(part).status_code == 302
        assert browser.get(browser.get(part).url).status_code == 200


def test_a_page_older_than_the_sign_in_is_offered_again_not_refused(part):
    browser = Client(enforce_csrf_checks=True)
    login = {"method": "demo", "login": "starter"}
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page(browser.get("/sign-in/")))[1]
    assert browser.post("/sign-in/", {**login, "csrfmiddlewaretoken": token}).status_code == 302
    stale = {**typed("旧页有限公司"), "csrfmiddlewaretoken": token}
    own = browser.post(part, stale, headers={"Origin": "http://testserver"})
    assert own.status_code == 403
    assert hidden(page(own))["f-org_name"] == "旧页有限公司"
    assert not Application.objects.get().answers.get("org_name")
    foreign = browser.post(part, stale, headers={"Origin": "https://evil.invalid"})
    assert foreign.status_code == 403
    assert "旧页有限公司" not in page(foreign)
    nameless = browser.post(part, stale)
    assert "旧页有限公司" not in page(nameless)


def test_a_forged_mark_stands_for_no_file(monday):  # noqa: F811
    owner = person("测试创业戊")
    application = draft(owner, FOOD)
    browser = enter()
    materials = reverse("services:materials", args=[application])
    browser.post(materials, {"key": uuid.uuid4().hex, "_kept-file-1": "eyJ:1:forged"})
    assert not ApplicationFile.objects.exists()
