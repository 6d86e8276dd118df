"""Statutory documents: every kind is drawn, sealed, numbered without gaps and read by whom it concerns."""

from datetime import date
from io import BytesIO

import pytest
from django.db import transaction
from django.utils import translation
from pypdf import PdfReader

from yiwang.kernel.models import AuditEntry
from yiwang.kernel.problems import NotNow
from yiwang.kernel.types import Reach, Role
from yiwang.platform.cases import acts, documents, queries
from yiwang.platform.cases.documents import making, words
from yiwang.platform.cases.models import Document
from yiwang.platform.cases.tests.conftest import (
    COMPANY,
    FIRE,
    FOOD,
    accepted,
    at,
    case_of,
    clerk,
    decide,
    fresh,
    key,
    officer,
    person,
    staff,
    submit,
)
from yiwang.platform.cases.types import DocumentKind
from yiwang.platform.directory.models import StaffMember
from yiwang.platform.identity.models import Account
from yiwang.platform.licences import signing
from yiwang.ui import store, typst

PLAN = {"target": "material:floor_plan", "label": "店内平面图", "message": "没有标面积。"}


@pytest.fixture
def every_kind(owner):
    """Return a document of every kind, each made by its act."""
    application = submit(owner, FOOD, FIRE, ways={"staff_health": "deferred"}, delivery=[{"way": "window"}])
    acts.accept_all(application.pk, by=clerk(application), key=key())
    food, fire = case_of(application, FOOD), case_of(application, FIRE)
    reviewer, decider = officer(fire, Role.REVIEWER), officer(fire, Role.DECIDER)
    acts.offer_hearing(fire.pk, "楼上住户的出入。", by=reviewer, key=key())
    acts.suspend(fire.pk, "hearing", "涉及邻居利益。", date(2026, 3, 20), by=reviewer, key=key())
    acts.resume(fire.pk, "已经听证。", by=reviewer, key=key())
    acts.extend(fire.pk, 5, "案情复杂。", by=decider, key=key())
    acts.revoke_acceptance(food.pk, "健康证明不符。", by=officer(food, Role.REVIEWER), key=key())
    decide(fire)
    acts.deliver(fire.pk, "mail", "测试法人甲", "EMS0001", by=officer(fire, Role.ISSUER), key=key())
    other = case_of(submit(owner, FOOD), FOOD)
    acts.request_correction(other.pk, [PLAN], by=clerk(other.application), key=key())
    refused = case_of(submit(owner, FOOD), FOOD)
    acts.refuse_acceptance(refused.pk, "不属于职权范围。", by=clerk(refused.application), key=key())
    decide(case_of(accepted(owner, FIRE), FIRE), grant=False)
    found = {
        DocumentKind(row.kind): row for row in Document.objects.select_related("application", "case").order_by("-id")
    }
    assert set(found) == set(DocumentKind), "a kind of document has no act"
    return found


def test_every_kind_is_drawn_with_all_it_has_to_say(every_kind):
    for kind, row in every_kind.items():
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(making.draw(row))).pages)
        plain = "".join(text.split())
        assert row.title in plain, kind
        assert "".join(row.number.split()) in plain, kind
        for needed in (row.content["query_code"], row.content["applicant"]):
            assert needed in plain, (kind, needed)
        for paragraph in words.body(kind, row.content).paragraphs:
            assert "".join(paragraph.split())[:12] in plain, kind
        if kind in (DocumentKind.REFUSAL, DocumentKind.NON_ACCEPTANCE, DocumentKind.REVOCATION):
            assert "行政复议" in plain, kind
            assert "行政诉讼" in plain, kind
    assert "EMS0001" in str(words.body(DocumentKind.DELIVERY, every_kind[DocumentKind.DELIVERY].content).rows)


def test_a_title_is_chinese_on_paper_and_in_the_reader_s_language_on_a_page(owner):
    application = submit(owner, FOOD)
    with translation.override("en"):
        acts.accept_all(application.pk, by=clerk(application), key=key())
        shown = {one.kind: one.title for one in queries.documents_of(application.pk)}
    kept = Document.objects.get(application=application, kind="acceptance")
    assert (kept.title, shown[DocumentKind.ACCEPTANCE]) == ("受理通知书", "Notice of acceptance")


def test_a_document_is_sealed_by_its_agency_and_made_once(food):
    row = Document.objects.get(case=food)
    digest = acts.make_once(row.pk)
    assert acts.make_once(row.pk) == digest
    pdf = store.open_file(digest).read()
    found = signing.inspect(pdf)
    assert found.seal is signing.Seal.GOOD
    assert row.content["issuer_name"] in found.signer
    changed = pdf[:200] + bytes([pdf[200] ^ 1]) + pdf[201:]
    assert signing.inspect(changed).seal is not signing.Seal.GOOD


def test_the_notice_of_a_joint_extension_is_sealed_by_the_government_whose_head_approved_it(owner):
    application = accepted(owner, FOOD, FIRE)
    by = staff(Role.DISPATCHER, Reach(region=application.region))
    acts.extend_joint(application.pk, 15, "现场整改。", "测政批〔2026〕1号", by=by, key=key())
    row = Document.objects.get(application=application, kind="extension")
    assert (row.content["issuer_name"], row.content["issuer_code"]) == ("测试市人民政府", "1133990000DEM100XJ")
    found = signing.inspect(store.open_file(acts.make_once(row.pk)).read())
    assert found.seal is signing.Seal.GOOD
    assert "测试市人民政府" in found.signer
    assert "".join(row.number.split()).startswith("市政府延〔2026〕")


def test_a_receipt_is_the_platforms_and_has_no_agencys_seal(food):
    digest = acts.make_once(Document.objects.get(application=food.application, case=None).pk)
    assert signing.inspect(store.open_file(digest).read()).seal is signing.Seal.NONE


def test_a_name_with_a_letter_that_no_font_has_stops_the_document(food):
    row = Document.objects.select_related("application", "case").filter(case=food).first()
    row.content = row.content | {"applicant": "测试\U000f0000"}
    with pytest.raises(typst.MissingGlyph, match="U\\+F0000"):
        making.draw(row)


def test_numbers_of_an_agency_and_a_kind_have_no_gaps(owner):
    for _number in range(3):
        case = case_of(submit(owner, FOOD), FOOD)
        with transaction.atomic():
            acts.accept(case.pk, by=clerk(case.application), key=key())
            transaction.set_rollback(True)  # the counter's computer fell over
        acts.accept(case.pk, by=clerk(case.application), key=key())
    found = Document.objects.filter(kind="acceptance").order_by("created_at", "id").values_list("number", flat=True)
    assert list(found) == [f"东区市场局受〔2026〕{number}号" for number in (1, 2, 3)]
    with at(date(2027, 1, 4)):
        case = case_of(accepted(owner, FIRE), FIRE)
    assert Document.objects.get(case=case, kind="acceptance").number == "东区消防受〔2027〕1号"


def test_the_documents_of_one_act_are_written_in_a_fixed_number_of_queries(owner, django_assert_num_queries):
    application = submit(owner, FOOD, FIRE, COMPANY)
    from yiwang.kernel.acts import system_record

    cases = list(application.cases.select_related("application"))
    for chosen in (cases[:1], cases):
        with system_record("test.write") as record:
            for case in chosen:
                documents.write(application, case, DocumentKind.ACCEPTANCE, due_on=None)
            with django_assert_num_queries(2):  # agencies, numbers; the rest goes with the record
                record.last.pop("documents")()


# Reading


def login(client, login_name):
    client.post("/sign-in/", {"method": "demo", "login": login_name})


def login_of(actor):
    return Account.objects.get(person_id=actor.id).login


def test_the_applicant_reads_it_and_a_stranger_does_not(client, food, owner):
    row = Document.objects.get(case=food, kind="acceptance")
    assert client.get(f"/documents/{row.pk}/").status_code == 302, "sign in first"
    login(client, login_of(owner))
    answer = client.get(f"/documents/{row.pk}/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert b"".join(answer.streaming_content)[:5] == b"%PDF-"
    client.post("/sign-out/")
    login(client, login_of(person("测试老人丁")))
    assert client.get(f"/documents/{row.pk}/").status_code == 404


def test_staff_who_may_see_the_case_read_it_and_the_read_is_logged(client, food):
    row = Document.objects.get(case=food, kind="acceptance")
    login(client, StaffMember.objects.get(pk=officer(food, Role.REVIEWER).id).account.login)
    assert client.get(f"/desk/documents/{row.pk}/").status_code == 200
    entry = AuditEntry.objects.filter(name="cases.read_document").latest("seq")
    assert (entry.kind, entry.person_id, entry.case_id) == ("read", food.principal_id, food.pk)
    client.post("/sign-out/")
    login(client, StaffMember.objects.get(number="F001").account.login)
    assert client.get(f"/desk/documents/{row.pk}/").status_code == 404, "a neighbour agency"


def test_a_queries_answer_names_no_document_of_another_agency(food):
    row = Document.objects.get(case=food, kind="acceptance")
    assert queries.find_document(row.pk, officer(food, Role.REVIEWER)) is not None
    from yiwang.kernel.types import ANONYMOUS

    assert queries.find_document(row.pk, ANONYMOUS) is None
    assert fresh(food).documents.count() == 1
    with pytest.raises(NotNow):
        acts.accept(food.pk, by=clerk(food.application), key=key())
