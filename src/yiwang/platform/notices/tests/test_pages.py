import pytest
from django.test import Client

from yiwang.platform.notices.models import Message, Preference

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
