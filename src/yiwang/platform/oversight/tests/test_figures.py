from datetime import timedelta

import pytest

from yiwang.kernel import clock, remembered
from yiwang.kernel.ids import uuid7
from yiwang.platform.oversight import queries
from yiwang.platform.oversight.models import BadRating, Rating, Service
from yiwang.platform.oversight.types import Level

pytestmark = pytest.mark.usefixtures("testville")


@pytest.fixture
def rated(service):
    """Write the worked example as rows.

    100 ratings, 100 silent services, one rating taken out, one second rating.
    """
    now = clock.now()
    template = {field.attname: getattr(service, field.attname) for field in Service._meta.fields}

    def another(number):
        return Service(**(template | {"id": uuid7(), "number": number, "done_at": now}))

    wanted = {
        "very_satisfied": 60,
        "satisfied": 25,
        "fairly_satisfied": 10,
        "dissatisfied": 3,
        "very_dissatisfied": 2,
    }
    levels = [level for level, count in wanted.items() for _ in range(count)]
    services = Service.objects.bulk_create(another(number) for number in range(2, 2 + 199))
    rows = [
        Rating(service=one, level=level, reason_list="x", channel="portal", rater_id=service.principal_id, at=now)
        for one, level in zip(services, levels, strict=False)
    ]
    rows += [
        Rating(service=one, level="satisfied", reason_list="x", channel="system", is_default=True, at=now)
        for one in services[100:150]
    ]
    rows.append(
        Rating(
            service=services[150], level="very_dissatisfied", reason_list="x", channel="portal",
            rater_id=service.principal_id, at=now, removed_at=now,
        )
    )  # fmt: skip
    bad = [row for row in rows if Level(row.level).bad]
    rows.append(
        Rating(
            service=bad[0].service, attempt=2, level="very_satisfied", reason_list="x", channel="portal",
            rater_id=service.principal_id, at=now,
        )
    )  # fmt: skip
    Rating.objects.bulk_create(rows)
    today = clock.today()
    BadRating.objects.bulk_create(
        BadRating(
            rating=row,
            state="called_back" if index < 4 else "received",
            received_at=now,
            verify_due=today - timedelta(days=9),
            rectify_due=today if index < 4 else None,
            rectified_at=now + timedelta(days=3 if index == 3 else 0) if index < 4 else None,
            called_back_at=now if index < 4 else None,
        )
        for index, row in enumerate(bad)
    )
    remembered.forget()


def test_figures_come_out_of_the_rows(rated, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        found = queries.public_figures()
    figures = found.total.figures
    assert (figures.ratings, found.total.services) == (100, 200)
    assert figures.average == pytest.approx(4.38)
    assert figures.good_rate == pytest.approx(0.95)
    assert figures.active_rate == pytest.approx(0.5)
    assert figures.score == pytest.approx(8.69)
    assert figures.rectify_on_time == pytest.approx(3 / 5)
    assert figures.callback_rate == pytest.approx(4 / 5)
    assert [row.name for row in found.agencies] == ["测试市民政局"]
    assert [row.name for row in found.items] == ["老年优待证"]
    assert found.items[0].figures == figures


def test_a_bad_rating_that_is_still_in_time_is_told_apart_on_the_page(rated, client):
    today = clock.today()
    BadRating.objects.filter(state="received").update(verify_due=today)
    remembered.forget()
    figures = queries.public_figures().total.figures
    assert (figures.rectify_on_time, figures.rectify_on_time_due) == (pytest.approx(3 / 5), pytest.approx(3 / 4))
    assert (figures.callback_rate, figures.callback_rate_due) == (pytest.approx(4 / 5), 1)
    page = client.get("/ratings/").content.decode()
    for words in ("60%", "只算已到期的 75%", "80%", "只算已到期的 100%", "还没到整改期限的差评也算在分母里"):
        assert words in page


def test_old_services_are_left_out(rated):
    Service.objects.update(done_at=clock.now() - timedelta(days=400))
    remembered.forget()
    assert queries.public_figures().agencies == []


def test_small_counts_are_not_published(service, client):
    Rating.objects.create(
        service=service,
        level="dissatisfied",
        reason_list="x",
        channel="portal",
        rater_id=service.principal_id,
        at=clock.now(),
    )
    with clock.at(service.done_at + timedelta(days=1)):
        page = client.get("/ratings/").content.decode()
    assert "评价太少、不公布的：1 个" in page
    assert f"<li>{service.name}</li>" in page
    assert "满意率</th>" not in page
    assert "评价还太少" in page


def test_the_public_page_shows_them_to_everybody(rated, client):
    page = client.get("/ratings/").content.decode()
    assert "4.38" in page
    assert "95%" in page
    assert "测试市民政局" in page
