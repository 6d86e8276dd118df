"""A guide is drawn once for everybody: it follows what is published, and holds nothing of anybody."""

from __future__ import annotations

import re

import pytest
from django.core.cache import caches

from yiwang.halls.services.tests.test_counter import serve, signed_in, someone
from yiwang.kernel.ids import uuid7
from yiwang.kernel.types import SYSTEM
from yiwang.platform.catalog import acts, documents
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.models import Implementation
from yiwang.platform.directory.models import ServiceCentre

pytestmark = pytest.mark.django_db


@pytest.fixture
def code(testville):
    row = Implementation.objects.filter(current__isnull=False).order_by("task_code").first()
    return row.task_code


def body(client, code):
    answer = client.get(f"/items/{code}/")
    assert answer.status_code == 200
    return re.search(r"<main.*</main>", answer.content.decode(), re.S)[0]


def test_the_second_reader_costs_two_queries(client, code, django_assert_num_queries):
    first = body(client, code)

    with django_assert_num_queries(2):  # the edition in force, the stamp
        assert body(client, code) == first


def test_a_new_edition_is_seen_at_once(client, code):
    before = body(client, code)
    row = Implementation.objects.get(task_code=code)
    definition = documents.DEFINITION.validate_python({**row.draft, "plain": "从今天起当场拿证。"})

    acts.publish_definition(definition, by=SYSTEM, key=uuid7().hex)

    assert "从今天起当场拿证。" in body(client, code)
    assert "从今天起当场拿证。" not in before


def test_a_new_address_is_seen_at_once(client, testville):
    found = next(
        edition.definition
        for _pk, one in catalog.published_implementations()
        if (edition := catalog.get_edition(one)).definition.places and edition.definition.places[0].centre
    )
    body(client, found.task_code)

    ServiceCentre.objects.filter(pk=found.places[0].centre).update(address="测试路 1 号（新址）")

    assert "测试路 1 号（新址）" in body(client, found.task_code)


def test_each_language_has_its_own(client, code):
    chinese = body(client, code)
    client.cookies["django_language"] = "en"
    english = body(client, code)

    assert english != chinese
    del client.cookies["django_language"]
    assert body(client, code) == chinese


def test_who_reads_is_not_in_what_is_kept(client, sign_in, code):
    """Drawn first for somebody who is signed in, it is the same for a stranger; the page around it is each one's own."""
    person = sign_in("elder")
    caches["pages"].clear()

    theirs = person.get(f"/items/{code}/").content.decode()
    strangers = client.get(f"/items/{code}/").content.decode()

    assert "/sign-out/" in theirs
    assert "/sign-out/" not in strangers
    main = re.compile(r"<main.*</main>", re.S)
    assert main.search(theirs)[0] == main.search(strangers)[0]


def test_links_stay_at_the_door(client, code):
    """At a counter the same guide leads to the counter's own pages."""
    portal = body(client, code)
    clerk = signed_in("intake")
    assert serve(clerk, someone()).status_code == 302
    desk = clerk.get(f"/desk/serve/items/{code}/").content.decode()

    assert f'href="/items/{code}/start/"' in portal
    assert f'href="/desk/serve/items/{code}/start/"' in desk
    assert f'href="/items/{code}/start/"' not in desk
