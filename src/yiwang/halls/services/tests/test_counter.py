"""Serving somebody at a counter with the portal's own pages: consent first, and nothing left for the next client."""

import io
import re
import uuid
from datetime import datetime, time, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from yiwang.kernel import clock
from yiwang.kernel.models import AuditEntry
from yiwang.platform.cases.models import Application
from yiwang.platform.cases.tests.conftest import ANSWERS, FOOD, MONDAY, fill, key
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.identity.models import Delegation, Organisation, Person


@pytest.fixture(autouse=True)
def monday(testville, db, settings, tmp_path):
    """Let it be a Monday, with files of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "files"
    with clock.at(datetime.combine(MONDAY, time(9), tzinfo=clock.SHANGHAI)):
        yield


def signed_in(login):
    client = Client()
    assert client.post("/sign-in/", {"method": "demo", "login": login}).status_code == 302
    return client


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def show_document(client, person):
    client.post(reverse("serving:party"), {"document": person.document_type, "number": person.number})


def serve(client, person, party=None, consent="yes"):
    party = party or f"person:{person.pk}"
    show_document(client, person)
    body = {"person": str(person.pk), "party": party, "consent": consent, "key": key()}
    return client.post(reverse("serving:begin"), body)


def someone(name="测试法人甲"):
    return Person.objects.get(name=name)


def test_a_person_is_identified_by_document_and_that_is_logged():
    client, person = signed_in("intake"), someone()
    ask = reverse("serving:party")
    assert client.post(ask, {"number": ""}).status_code == 422
    wrong = client.post(ask, {"number": person.number[:-1] + ("1" if person.number[-1] != "1" else "2")})
    assert wrong.status_code == 422
    assert "错误：" in text(wrong)
    found = client.post(ask, {"number": f" {person.number.lower()} "})
    assert found.status_code == 200
    assert person.name in text(found)
    assert person.number not in text(found)
    assert AuditEntry.objects.filter(kind="read", person_id=person.pk).exists()


def test_nobody_is_served_without_consent_or_for_a_stranger():
    client, person = signed_in("intake"), someone()
    refused = serve(client, person, consent="")
    assert refused.status_code == 422
    assert "同意" in text(refused)
    firm = Organisation.objects.exclude(legal_representative=person).first()
    Delegation.objects.all().delete()
    assert serve(client, person, party=f"organisation:{firm.pk}").status_code == 403
    assert serve(client, person, party="nonsense").status_code == 422
    assert client.get(reverse("serving:my")).url == reverse("serving:counter")
    begun = serve(client, person)
    assert begun.url == reverse("serving:my")
    entry = AuditEntry.objects.get(name="services.begin_serving", kind="act")
    assert entry.detail["consent"] is True
    assert entry.person_id == person.pk
    assert f"正在接待 <strong>{person.name}</strong>" in text(client.get(reverse("serving:my")))


def test_only_who_showed_a_document_is_served():
    client, person, other = signed_in("intake"), someone(), someone("测试老人丁")
    body = {"person": str(other.pk), "party": f"person:{other.pk}", "consent": "yes", "key": key()}
    assert "请先查验来人的证件" in text(client.post(reverse("serving:begin"), body))
    client.post(reverse("serving:party"), {"number": person.number})
    assert "请先查验来人的证件" in text(client.post(reverse("serving:begin"), body))
    assert client.get(reverse("serving:my")).url == reverse("serving:counter")
    client.post(reverse("serving:party"), {"number": other.number})
    assert client.post(reverse("serving:begin"), body).url == reverse("serving:my")
    again = {"person": str(other.pk), "party": f"person:{other.pk}", "consent": "yes", "key": key()}
    client.post(reverse("serving:end"))
    assert client.post(reverse("serving:begin"), again).status_code == 422


def test_a_new_person_is_registered_and_served():
    client = signed_in("intake")
    unknown = client.post(reverse("serving:party"), {"document": "passport", "number": "E7654321"})
    assert unknown.status_code == 404
    assert "当面登记" in text(unknown)
    assert 'value="passport" selected>' in text(unknown)
    body = {"document": "passport", "number": "E7654321", "name": "测试外国人", "phone": "", "key": key()}
    refused = client.post(reverse("serving:register"), body)
    assert refused.status_code == 422
    assert "测试外国人" in text(refused)
    made = client.post(reverse("serving:register"), body | {"consent": "yes", "key": key()})
    assert "今天为谁办" in text(made)
    assert Person.objects.get(name="测试外国人").checked_level == 3


def begin_item(client):
    edition = catalog.editions_in("339901001", [FOOD])[FOOD]
    path = reverse("serving:start_item", args=[edition.definition.task_code])
    assert client.get(reverse("serving:item", args=[edition.definition.task_code])).status_code == 200
    page = client.get(path)
    assert "yw-deskbar" in text(page)
    return client.post(path, {"key": key()})


def test_a_clerk_fills_the_same_form_in_the_desks_frame_and_takes_it_in():
    client, person = signed_in("intake"), someone()
    serve(client, person)
    started = begin_item(client)
    assert started.url.startswith("/desk/serve/applications/")
    application = Application.objects.get()
    assert (application.door, application.principal_id) == ("desk", person.pk)
    first = client.get(started.url)
    assert first.url.startswith("/desk/serve/")
    page = text(client.get(first.url))
    assert "yw-deskbar" in page
    assert f"/desk/serve/applications/{application.pk}/" in page
    assert f'"/applications/{application.pk}' not in page
    parts = dict.fromkeys(re.findall(rf"/desk/serve/applications/{application.pk}/parts/\w+/", page))
    part = next(one for one in parts if "f-shop_area" in text(client.get(one)))
    wrong = client.post(part, {"f-shop_area": "很大", "key": key()})
    assert wrong.status_code == 422
    assert "很大" in text(wrong)
    request = client.get(reverse("serving:my")).wsgi_request
    application.answers |= {name: ANSWERS[name] for name in ("place_region", "shop_area", "food_kinds", "has_licence")}
    application.save()
    fill(application.pk, request.actor)
    review = reverse("serving:review", args=[application.pk])
    assert client.post(review, {"key": key()}).status_code == 422
    done = client.post(review, {"key": key(), "promise": "yes"})
    assert done.status_code == 302
    landed = client.get(done.url)
    assert landed.url == reverse("cases:application", args=[application.pk])
    assert "受理勾选的" in text(client.get(landed.url))
    assert application.title in text(client.get(reverse("serving:my")))


def test_the_next_client_sees_nothing_of_the_last():
    client = signed_in("intake")
    serve(client, someone())
    started = begin_item(client)
    draft = client.get(started.url).url
    assert client.get(draft).status_code == 200
    assert client.post(reverse("serving:end")).url == reverse("serving:counter")
    assert client.get(draft).url == reverse("serving:counter")
    assert client.post(draft, {"f-shop_area": "1", "key": key()}).url == reverse("serving:counter")
    page = text(client.get(reverse("serving:counter")))
    assert "现在没有接待的人" in page
    assert someone().name not in page
    other = Person.objects.exclude(pk=someone().pk).first()
    serve(client, other)
    assert client.get(draft).status_code == 404
    assert "接着填" not in text(client.get(reverse("serving:my")))
    serve(client, someone())
    assert "接着填" in text(client.get(reverse("serving:my")))
    colleague = signed_in("intake-city")
    serve(colleague, someone())
    assert colleague.get(draft).status_code == 404


def test_each_door_is_for_its_own():
    person = signed_in("intake")
    assert person.get("/my/").status_code in (302, 403)
    serve(person, someone())
    draft = person.get(begin_item(person).url).url
    assert person.get(draft.removeprefix("/desk/serve")).status_code in (302, 403)
    for login in ("amr-reviewer", "supervisor"):
        assert signed_in(login).get(draft).status_code == 403
    anonymous = Client().get(draft)
    assert anonymous.url.startswith("/sign-in/")


def test_a_delegation_binds_the_clerk_as_it_binds_the_delegate():
    client, person = signed_in("intake"), someone()
    firm = Organisation.objects.exclude(legal_representative=person).first()
    Delegation.objects.create(
        id=uuid.uuid4(),
        delegate=person,
        grantor_organisation=firm,
        items=["999999999999"],
        may_sign=True,
        created_at=clock.now(),
        expires_at=datetime.combine(MONDAY.replace(year=2027), time(9), tzinfo=clock.SHANGHAI),
    )
    assert serve(client, person, party=f"organisation:{firm.pk}").status_code == 302
    assert firm.name in text(client.get(reverse("serving:my")))
    assert begin_item(client).status_code == 403
    Delegation.objects.update(revoked_at=clock.now())
    assert client.get(reverse("serving:my")).url == reverse("serving:counter")


FIRM = "91330300MA2AAA001M"


def paper():
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "PNG")
    return SimpleUploadedFile("授权委托书.png", out.getvalue(), "image/png")


def authority(person, **more):
    day = MONDAY + timedelta(days=20)
    last = {"a-last_day-y": day.year, "a-last_day-m": day.month, "a-last_day-d": day.day}
    body = {
        "person": str(person.pk),
        "a-who": "organisation:delegation",
        "a-number": FIRM,
        "a-seen": "yes",
        "key": key(),
    }
    return body | last | more


def test_a_firm_is_found_by_its_code_and_represented_on_paper():
    client, person = signed_in("intake"), someone("测试代办乙")
    ask = reverse("serving:authorise")
    assert "请先查验来人的证件" in text(client.post(ask, authority(person)))
    show_document(client, person)
    wrong = client.post(ask, authority(person, **{"a-number": FIRM[:-1] + "X", "a-papers": paper()}))
    assert wrong.status_code == 422
    assert "错误：" in text(wrong)
    assert "授权委托书.png" in text(wrong), "what was scanned is kept"
    unknown = client.post(ask, authority(person))
    assert "照营业执照写名称" in text(unknown)
    assert not Organisation.objects.filter(uscc=FIRM).exists()
    made = client.post(ask, authority(person, **{"a-name": "测试委托单位有限公司"}))
    assert made.status_code == 200, text(made)
    firm = Organisation.objects.get(uscc=FIRM)
    given = Delegation.objects.get(grantor_organisation=firm)
    assert (given.delegate_id, len(given.papers), given.expires_at.date()) == (
        person.pk,
        1,
        MONDAY + timedelta(days=20),
    )
    assert given.recorded_by.endswith("C001")
    assert f'value="organisation:{firm.pk}" checked' in text(made)
    entry = AuditEntry.objects.get(name="identity.authorise_at_counter", kind="act")
    assert (entry.person_id, entry.detail["person"]) == (firm.pk, str(person.pk))
    assert FIRM not in str(entry.detail)
    assert serve(client, person, party=f"organisation:{firm.pk}").url == reverse("serving:my")
    assert firm.name in text(client.get(reverse("serving:my")))


def test_papers_are_wanted_in_full():
    client, person = signed_in("intake"), someone("测试代办乙")
    ask = reverse("serving:authorise")
    show_document(client, person)
    for field, value in (("a-seen", ""), ("a-last_day-y", "2020"), ("a-who", ""), ("a-number", "")):
        refused = client.post(ask, authority(person, **{field: value, "a-papers": paper(), "a-name": "某单位"}))
        assert refused.status_code == 422, field
        assert "错误：" in text(refused), field
    other = signed_in("intake")
    show_document(other, person)
    assert other.post(ask, authority(person, **{"a-name": "某单位"})).status_code == 422, "nothing was scanned here"
    bad = SimpleUploadedFile("x.pdf", b"no pdf", "application/pdf")
    assert other.post(ask, authority(person, **{"a-papers": bad})).status_code == 422
    assert not Delegation.objects.exclude(recorded_by="").exists()


def test_a_person_is_represented_on_paper_and_a_head_is_entered_once():
    client, person = signed_in("intake"), someone("测试代办乙")
    ask, elder = reverse("serving:authorise"), someone("测试老人丁")
    body = {"a-who": "person:delegation", "a-number": elder.number}
    show_document(client, person)
    own = client.post(ask, authority(person, **body | {"a-number": person.number, "a-papers": paper()}))
    assert "来人自己的号码" in text(own)
    assert f'value="person:{elder.pk}" checked' in text(client.post(ask, authority(person, **body)))
    head = {
        "a-who": "organisation:legal_representative",
        "a-name": "测试新单位",
        "a-last_day-y": "",
        "a-papers": paper(),
    }
    head |= {"a-last_day-m": "", "a-last_day-d": ""}
    assert client.post(ask, authority(person, **head)).status_code == 200
    assert Organisation.objects.get(uscc=FIRM).legal_representative_id == person.pk
    show_document(client, elder)
    taken = client.post(ask, authority(elder, **head | {"a-papers": paper()}))
    assert "法定代表人是别人" in text(taken)


def test_consent_is_asked_beside_its_box_and_the_choice_is_kept():
    client, person = signed_in("intake"), someone()
    firm = Organisation.objects.filter(legal_representative=person).first()
    refused = serve(client, person, party=f"organisation:{firm.pk}", consent="")
    assert f'value="organisation:{firm.pk}" checked' in text(refused)
    assert 'id="consent-error"' in text(refused)
