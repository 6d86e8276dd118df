import re
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as django
from django.db import connection
from django.test import Client

from yiwang.kernel import clock
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Party, PartyKind
from yiwang.platform.identity.secret import Secret
from yiwang.platform.notices import acts, queries, tasks
from yiwang.platform.notices.models import Delivery, Message, Preference

pytestmark = pytest.mark.usefixtures("testville")


@pytest.fixture
def told(journey, deliver):
    """Let the elder be told of a whole matter."""
    list(journey("elder", "old_age").steps())
    deliver("notices")


def test_the_inbox_lists_and_reading_takes_the_count_down(told, sign_in):
    client = sign_in("elder")
    page = client.get("/my/messages/").content.decode()
    assert page.count("未读</span>") >= 4
    assert "已批准：老年优待证" in page
    assert '<span class="yw-count">4' in page
    message = Message.objects.filter(kind="case.granted").get()
    assert "去看这件事" in client.get(f"/my/messages/{message.id}/").content.decode()
    message.refresh_from_db()
    read_at = message.read_at
    assert read_at is not None
    client.get(f"/my/messages/{message.id}/")
    message.refresh_from_db()
    assert message.read_at == read_at
    assert '<span class="yw-count">3' in client.get("/my/messages/").content.decode()
    assert "已批准" not in client.get("/my/messages/?show=unread").content.decode()
    assert client.post("/my/messages/read/", {"key": "1"}).status_code == 302
    assert "没有未读消息" in client.get("/my/messages/?show=unread").content.decode()


def test_a_strangers_message_is_not_there(told, sign_in):
    message = Message.objects.first()
    other = sign_in("starter")
    assert other.get(f"/my/messages/{message.id}/").status_code == 404
    assert "还没有消息" in other.get("/my/messages/").content.decode()
    assert Client().get(f"/my/messages/{message.id}/").status_code in (302, 401)
    assert sign_in("supervisor").get("/my/messages/").status_code in (302, 401, 403)


def test_the_list_is_paged_by_keys_and_a_bent_cursor_is_not_found(told, sign_in, django_assert_max_num_queries):
    first = Message.objects.first()
    for number in range(45):
        Message.objects.create(
            cause=f"x{number}",
            kind="case.accepted",
            recipient_kind=first.recipient_kind,
            recipient_id=first.recipient_id,
            about_kind=first.about_kind,
            about_id=first.about_id,
            language="zh-hans",
            content={"title": f"第 {number} 条", "body": "演示", "about": ""},
            created_at=first.created_at,
        )
    client = sign_in("elder")
    seen, url = [], "/my/messages/"
    while url:
        with django_assert_max_num_queries(12):
            answer = client.get(url)
        seen += [view.id for view in answer.context["messages"]]
        url = answer.context["next"]
    assert len(seen) == len(set(seen)) == Message.objects.filter(recipient_id=first.recipient_id).count()
    assert client.get("/my/messages/?after=bent").status_code == 404


def test_wishes_are_kept(told, sign_in, person_id):
    client = sign_in("elder")
    page = client.get("/my/messages/settings/")
    assert page.status_code == 200
    answer = client.post(
        "/my/messages/settings/", {"key": "k1", "f-channels": ["mail"], "f-language": "en"}, follow=True
    )
    assert "已保存" in answer.content.decode()
    row = Preference.objects.get(pk=person_id("elder"))
    assert (row.sms, row.mail, row.language) == (False, True, "en")
    assert client.post("/my/messages/settings/", {"key": "k2"}).status_code == 422


def test_only_the_system_administrator_sees_the_channels(told, sign_in):
    page = sign_in("system-admin").get("/desk/channels/").content.decode()
    assert "等待发出" in page
    assert "19900000004" not in page
    assert sign_in("supervisor").get("/desk/channels/").status_code == 403


def test_the_sixth_address_of_a_day_is_told_when_it_works_again(sign_in, monkeypatch):
    monkeypatch.setattr(tasks, "ask_by_mail_soon", lambda *_: None)
    client, page = sign_in("elder"), "/my/messages/settings/"
    wish = {"f-channels": ["mail"], "f-language": "zh-hans"}
    for number in range(6):
        answer = client.post(page, {"key": f"d{number}", "f-mail_to": f"elder{number}@example.test", **wish})
        assert answer.status_code == (302 if number < 5 else 422)
    shown = answer.content.decode()
    assert "08:00 起可以再试" in shown
    assert "过一会儿" not in shown
    assert "elder5@example.test" in shown  # what was typed stays


@pytest.mark.usefixtures("told")
def test_an_address_for_mail_counts_once_its_owner_confirmed_it(sign_in, person_id, deliver, journey, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks, "ask_by_mail_soon", lambda to, title, text, key: sent.append((to, text)))
    client, page = sign_in("elder"), "/my/messages/settings/"
    wish = {"f-channels": ["mail"], "f-language": "zh-hans"}
    wrong = client.post(page, {"key": "m0", "f-mail_to": "elder at example", **wish})
    assert wrong.status_code == 422
    assert "邮箱写得不对" in wrong.content.decode()
    assert "elder at example" in wrong.content.decode()  # what was typed stays
    assert not sent

    assert (
        "确认邮件发出去了"
        in client.post(page, {"key": "m1", "f-mail_to": "elder@example.test", **wish}, follow=True).content.decode()
    )
    assert queries.preferences(person_id("elder")).mail_to == ""
    to, text = sent.pop()
    assert to == "elder@example.test"
    link = re.search(r"https?://\S+", text)[0].removeprefix(django.BASE_URL)
    token = parse_qs(urlsplit(link).query)["confirm"][0]

    other = sign_in("starter")
    assert "elder@example.test" not in other.get(link).content.decode()
    other.post(page + "mail/", {"key": "m2", "token": token})
    assert queries.preferences(person_id("starter")).mail_to == ""

    assert "elder@example.test" in client.get(link).content.decode()
    client.post(page + "mail/", {"key": "m3", "token": token})
    assert queries.preferences(person_id("elder")).mail_to == "elder@example.test"
    found = queries.recipients(Party(PartyKind.PERSON, person_id("elder")), None)[0]
    assert (found.sms, found.mail) == ("", "elder@example.test")
    raw = connection.cursor().execute("SELECT mail_to FROM notices_preference").fetchone()[0]
    assert b"example" not in bytes(raw)

    list(journey("elder", "old_age", start=date(2026, 5, 4)).steps())
    deliver("notices")
    mails = Delivery.objects.filter(channel="mail")
    assert mails
    assert {row.destination for row in mails} == {"elder@example.test"}

    client.post(page, {"key": "m4", "f-mail_to": "", **wish})
    assert queries.preferences(person_id("elder")).mail_to == ""


@pytest.mark.usefixtures("told")
def test_an_old_link_confirms_nothing(sign_in, person_id, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks, "ask_by_mail_soon", lambda to, title, text, key: sent.append(text))
    me = Actor(kind=ActorKind.PERSON, id=person_id("elder"), level=AssuranceLevel.L3)
    with clock.at(clock.now() - timedelta(days=1, seconds=1)):
        acts.ask_mail(Secret("elder@example.test"), by=me, key="o1")
    token = parse_qs(urlsplit(re.search(r"https?://\S+", sent[0])[0]).query)["confirm"][0]
    assert "过期" in sign_in("elder").get("/my/messages/settings/", {"confirm": token}).content.decode()
    for bad in (token, token[:-6], "x", "é"):
        with pytest.raises(Invalid):
            acts.confirm_mail(bad, by=me, key=f"o{bad[-3:]}")
