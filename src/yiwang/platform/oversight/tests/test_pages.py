from datetime import timedelta

import pytest
from django.test import Client

from yiwang.kernel import clock
from yiwang.kernel.models import AuditEntry
from yiwang.platform.oversight.models import BadRating, Rating

pytestmark = pytest.mark.usefixtures("testville")


def test_the_applicant_rates_in_two_pages_without_script(service, sign_in):
    client = sign_in("elder")
    url = f"/cases/{service.case_id}/rate/"
    assert client.get("/my/").content.decode().count(url) == 1
    assert "?level=very_dissatisfied" in client.get(url).content.decode()
    second = client.get(f"{url}?level=dissatisfied").content.decode()
    assert "未在承诺时间内办结" in second
    assert "一窗受理一次办结" not in second
    answer = client.post(f"{url}?level=dissatisfied", {"key": "1"})
    assert answer.status_code == 422
    assert "请选一条原因" in answer.content.decode()
    given = {"key": "2", "f-reasons": ["209"], "f-text": "慢"}
    answer = client.post(f"{url}?level=dissatisfied", given, follow=True)
    assert "谢谢您的评价" in answer.content.decode()
    assert (Rating.objects.get().reasons, Rating.objects.get().channel) == (["209"], "pc")
    assert "谢谢您的评价" in client.get(f"{url}?level=satisfied").content.decode()


@pytest.mark.parametrize(
    ("query", "agent", "channel"),
    [("via=qr&", "", "qr"), ("via=sms&", "Mobile", "sms"), ("via=x&", "Mobile Safari", "mobile"), ("", "", "pc")],
)
def test_how_the_rater_came_is_noted(service, sign_in, query, agent, channel):
    client = sign_in("elder")
    url = f"/cases/{service.case_id}/rate/?{query}"
    assert ('href="?via=' in client.get(url).content.decode()) is (channel in ("qr", "sms"))
    client.post(f"{url}level=satisfied", {"key": "1"}, headers={"User-Agent": agent})
    assert Rating.objects.get().channel == channel


def test_nobody_else_sees_the_rating_page(service, sign_in):
    url = f"/cases/{service.case_id}/rate/"
    assert Client().get(url).status_code in (302, 401)
    assert sign_in("starter").get(url).status_code == 404
    assert sign_in("civil").get(url).status_code in (302, 401, 403)


def test_the_agency_and_the_supervisor_each_do_their_part(service, sign_in, django_assert_max_num_queries):
    now = service.done_at + timedelta(hours=1)
    with clock.at(now):
        sign_in("elder").post(
            f"/cases/{service.case_id}/rate/?level=very_dissatisfied", {"key": "1", "f-reasons": ["115"]}
        )
        pk = BadRating.objects.get().id
        url = f"/desk/bad-ratings/{pk}/"
        handler, supervisor = sign_in("civil"), sign_in("supervisor")
        with django_assert_max_num_queries(12):
            assert "老年优待证" in handler.get("/desk/bad-ratings/").content.decode()
        with django_assert_max_num_queries(13):  # one is the rail's number of alerts
            page = handler.get(url).content.decode()
        assert "服务态度差效率低" in page
        assert "测试老人丁" not in page
        handler.post(f"{url}take_up/", {"key": "2"})
        assert handler.post(f"{url}verify/", {"key": "3", "choice": "yes", "text": ""}).status_code == 422
        handler.post(f"{url}verify/", {"key": "4", "choice": "yes", "text": "属实"})
        handler.post(f"{url}rectify/", {"key": "5", "text": "已改"})
        assert handler.post(f"{url}contact/").status_code == 403
        assert "19900000004" not in supervisor.get(url).content.decode()
        shown = supervisor.post(f"{url}contact/").content.decode()
        assert "19900000004" in shown
        assert AuditEntry.objects.filter(kind="read", name="oversight.read_contact").count() == 1
        assert supervisor.post(f"{url}call_back/", {"key": "6", "text": "已回访"}).status_code == 302
        assert supervisor.post(f"{url}nothing/", {"key": "7"}).status_code == 404
        assert "整改以后，满意吗" in sign_in("elder").get(f"/cases/{service.case_id}/rate/").content.decode()
    assert sign_in("amr-decider").get(url).status_code == 404
    assert sign_in("system-admin").get("/desk/bad-ratings/").status_code == 403


def test_the_supervisors_board_lists_settles_and_explains(journey, sign_in, django_assert_max_num_queries):
    answers = {"place_region": "339901001", "has_licence": True, "shop_area": 320, "food_kinds": ["hot"]}
    walk = journey("starter", "shop", answers=answers)
    for stage in walk.steps():
        if stage.act == "cases.accept_all":
            break
    with clock.at(stage.at + timedelta(days=60)):
        supervisor = sign_in("supervisor")
        with django_assert_max_num_queries(14):
            page = supervisor.get("/desk/limits/").content.decode()
        assert "公众聚集场所" not in page
        assert "消防检查" in page
        assert "写说明" in page
        case = next(iter(supervisor.get("/desk/limits/").context["rows"]))[0]
        named = {"key": "0", "text": f"{case.applicant_name}没接电话"}
        wrong = supervisor.post(f"/desk/limits/{case.id}/explain/", named).content.decode()
        assert named["text"] in wrong, "what was typed stays"
        assert f'id="e-{case.id}-error"' in wrong, "and is told beside its field, unfolded"
        words = {"key": "1", "text": "人手不足，本周办好。"}
        done = supervisor.post(f"/desk/limits/{case.id}/explain/", words)
        assert done.status_code == 302
        assert "已说明" in supervisor.get("/desk/limits/").content.decode()
        again = supervisor.post(f"/desk/limits/{case.id}/explain/", {"key": "2", "text": "又"})
        assert again.status_code == 409
        assert supervisor.get("/desk/limits/?show=soon").status_code == 200
    assert sign_in("intake").get("/desk/limits/").status_code == 403


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("supervisor", "/desk/limits/"),
        ("supervisor", "/desk/bad-ratings/"),
        ("elder", "/my/messages/"),
        ("elder", "/ratings/late/"),
    ],
)
def test_a_bent_address_of_a_later_page_is_told(sign_in, login, path):
    answer = sign_in(login).get(path, {"after": "bent"})
    assert answer.status_code == 404
    assert "从第一页看起" in answer.content.decode()
