"""准予行政许可决定公开: what was granted, open to everybody, without anybody's private life (行政许可法 art. 40)."""

import importlib
from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from yiwang.platform.cases.models import Document, PublicGrant
from yiwang.platform.cases.tests.conftest import (
    ELDERLY,
    FOOD,
    MONDAY,
    accepted,
    at,
    case_of,
    decide,
    edition_of,
    firm,
    person,
    republish,
)
from yiwang.platform.directory.models import Agency

PAGE = "/licensing-decisions/"


def shown(**asked):
    answer = Client().get(PAGE, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def grant(by, yes=True):
    case = case_of(accepted(by, FOOD), FOOD)
    decide(case, yes)
    return case


def number(case):
    return Document.objects.get(case=case, kind="decision").number


def test_a_firm_s_licence_is_published_with_name_code_and_number(monday):
    case = grant(firm())
    page = shown()
    for said in (
        case.name,
        "测试小吃有限公司",
        "91339901MADEM0011Y",
        number(case),
        "准予行政许可决定书",
        "2026年3月2日",
    ):
        assert said in page
    assert "食品" in shown(agency="339901-amr")


def test_a_person_is_masked(owner):
    case = grant(owner)
    page = shown()
    assert "测****" in page
    assert "测试法人甲" not in page
    assert number(case) in page
    assert PublicGrant.objects.get().holder_code == ""


@pytest.mark.parametrize("how", ["refused", "private"])
def test_what_is_refused_or_private_is_not_published(monday, how):
    if how == "private":
        republish(FOOD, result=replace(edition_of(FOOD).definition.result, private=True))
    grant(firm(), how != "refused")
    assert "没有这样的决定" in shown()


def test_what_is_no_administrative_licence_is_not_published(monday):
    case = case_of(accepted(person("测试老人丁"), ELDERLY), ELDERLY)
    assert (case.result, edition_of(ELDERLY).definition.item_type) == ("issued", "20")
    assert "没有这样的决定" in shown()


def test_one_finds_by_agency_and_by_day(monday):
    case = grant(firm())
    for other in ({"agency": "339901-fire"}, {"day": "2026-03-03"}, {"agency": "339901-fire", "day": "2026-03-02"}):
        assert number(case) not in shown(**other)
    for right in ({"agency": "339901-amr"}, {"day": "2026-03-02"}, {"agency": "339901-amr", "day": "2026-03-02"}):
        assert number(case) in shown(**right)


def test_the_latest_come_first_a_page_at_a_time(monday, monkeypatch):
    monkeypatch.setattr("yiwang.platform.cases.publicity.SIZE", 1)
    first = grant(firm())
    with at(MONDAY + timedelta(days=1)):
        second = grant(firm())
    page = Client().get(PAGE, {"agency": "339901-amr"})
    assert [one.number for one in page.context["grants"]] == [number(second)]
    older = Client().get(page.context["next"])
    assert [one.number for one in older.context["grants"]] == [number(first)]
    assert "agency=339901-amr" in older.context["previous"]
    assert [one.number for one in Client().get(older.context["previous"]).context["grants"]] == [number(second)]


def test_what_is_no_agency_no_day_or_no_page_is_refused(monday):
    assert Client().get(PAGE, {"agency": "moon"}).status_code == 404
    assert Client().get(PAGE, {"after": "bent"}).status_code == 404
    for day in ("2026-02-30", "yesterday"):
        answer = Client().get(PAGE, {"day": day})
        assert answer.status_code == 422
        assert '<a href="#day">日期不对' in answer.content.decode(), "a summary leads to the field"


def test_it_goes_by_an_index_and_asks_little(monday, django_assert_max_num_queries):
    grant(firm())
    with django_assert_max_num_queries(12):
        shown(agency="339901-amr")
    agency = Agency.objects.get(code="339901-amr")
    rows = PublicGrant.objects.filter(agency=agency).order_by("-decided_on", "-id")[:31]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert "public_grant_agency" in rows.explain()


def test_it_stands_on_the_map_and_in_the_footer(monday):
    assert Client().get("/site-map/").content.decode().count(f'href="{PAGE}"') == 2


def test_what_organisations_were_granted_before_is_published_afterwards(owner):
    cases = grant(firm()), grant(owner)
    grant(firm(), yes=False)
    PublicGrant.objects.all().delete()
    importlib.import_module("yiwang.platform.cases.migrations.0018_public_grants").publish(apps, None)
    row = PublicGrant.objects.get()
    assert (row.document.number, row.holder_code) == (number(cases[0]), "91339901MADEM0011Y")
    assert (row.decided_on, row.agency_id) == (MONDAY, cases[0].agency_id)
