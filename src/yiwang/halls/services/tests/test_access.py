"""After a journey the person sees every look at their data, each traced to the case in which it was made, and what that
saved: on their own page and in the city's figures.
"""

import re
from collections import Counter

import pytest

from yiwang.kernel.models import AuditEntry
from yiwang.kernel.remembered import forget
from yiwang.kernel.types import SYSTEM
from yiwang.platform.cases import acts
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.tests.conftest import (
    FIRE,
    FOOD,
    accepted,
    case_of,
    decide,
    key,
    monday,  # noqa: F401 (a fixture)
    person,
)
from yiwang.platform.evidence.plugins.licences import LicenceSource
from yiwang.platform.evidence.sources import Answers
from yiwang.platform.sharing.models import Check, Dataset


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def no_licences(monkeypatch):
    """Let nobody have an electronic licence: datasets stand for the papers."""
    monkeypatch.setattr(LicenceSource, "answer", lambda self, subject, paths: Answers())


def lines(browser, address):
    """Return the rows of all pages of the list, as they are written."""
    found = []
    while address:
        page = browser.get(address).content.decode()
        found += page.split('<tr role="row">')[2:]
        more = re.search(r'href="(\?[^"]*after=[^"]*)"', page)
        address = "/my/access/" + more[1].replace("&amp;", "&") if more else ""
    return found


def saved_here(browser):
    told = re.search(r"省了 (\d+) 份证明", browser.get("/my/access/").content.decode())
    return int(told[1]) if told else 0


def saved_in_the_city(browser):
    forget()
    return browser.get("/data/").context["saved"]


def test_every_look_of_a_journey_is_on_the_page_with_its_case(monday, no_licences, sign_in):  # noqa: F811
    browser, owner = sign_in("starter"), person("测试创业戊")
    before = saved_here(browser), saved_in_the_city(browser)[0]
    Dataset.objects.filter(code="population").update(available=False)
    application = accepted(owner, FOOD, FIRE)
    Dataset.objects.update(available=True)
    food, fire = (case_of(application, item) for item in (FOOD, FIRE))
    acts.recheck(food.pk, by=SYSTEM, key=key())  # what was down is asked again, for all cases of the application
    decide(food)

    rows = list(Check.objects.filter(party_id=owner.principal.id))
    assert {row.case_id for row in rows} == {food.pk, fire.pk}
    numbers = dict(Case.objects.filter(application=application).values_list("pk", "number"))
    shown = lines(browser, "/my/access/")
    assert len(shown) == len(rows)
    for row in rows:
        (line,) = [one for one in shown if f"/my/access/{row.pk}/ask/" in one]
        assert f">{numbers[row.case_id]}</a>" in line
        assert f'href="/applications/{application.pk}/"' in line
    assert Counter(line.count(f"/applications/{application.pk}/") for line in shown) == {1: len(rows)}

    reads = AuditEntry.objects.filter(kind="read", person_id=owner.principal.id)
    assert len(lines(browser, "/my/access/?show=people")) == reads.count()

    papers = sum(len(row.replaced) for row in rows)
    assert papers == 2, "the applicant's identity card, once for each item"
    assert saved_here(browser) - before[0] == papers
    count, most = saved_in_the_city(browser)
    assert count - before[1] == papers
    assert dict(most)["申请人身份证"] == papers
