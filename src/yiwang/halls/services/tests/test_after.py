"""What a person does with what was handed in: correct, make up, choose delivery, withdraw, look how it stands."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from yiwang.halls.services.pages import done
from yiwang.halls.services.pages.lines import case_line
from yiwang.kernel import clock
from yiwang.kernel.acts import CATALOGUE
from yiwang.kernel.calendar import Unit
from yiwang.kernel.types import ActorKind, Role
from yiwang.platform.cases import acts, queries
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.tests.conftest import (
    FIRE,
    FOOD,
    MONDAY,
    accepted,
    at,
    case_of,
    clerk,
    edition_of,
    fresh,
    key,
    monday,  # noqa: F401 (a fixture)
    next_workday,
    officer,
    person,
    republish,
    review,
    submit,
)
from yiwang.platform.cases.types import CaseState, DocumentKind, Way
from yiwang.platform.catalog.types import Fee, Limit
from yiwang.platform.evidence.types import FactState


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def owner(monday):  # noqa: F811
    return person("测试创业戊")


@pytest.fixture
def food(owner):
    return case_of(accepted(owner, FOOD, FIRE), FOOD)


def enter(login="starter"):
    client = Client()
    assert client.post("/sign-in/", {"method": "demo", "login": login}).status_code == 302
    return client


@pytest.fixture
def browser(owner):
    return enter()


def page(response):
    return re.sub(r"\s+", " ", response.content.decode())


def picture(name="图.png"):
    out = BytesIO()
    Image.new("RGB", (20, 20), "white").save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), "image/png")


def ask(case, *points):
    acts.request_correction(case.pk, list(points), by=officer(case, Role.REVIEWER), key=key())
    return queries.corrections_of([case.pk], only_open=True)[0]


def material_point(case):
    name = next(one.identity for one in queries.materials_of(case.application_id) if one.state is FactState.GIVEN)
    return {"target": f"material:{name}", "label": name, "message": "没有标尺寸，请标上"}


AREA = {"target": "field:shop_area", "label": "营业面积", "message": "与图纸不一致，请核对"}


def test_a_correction_shows_every_point_with_its_field_or_file(browser, food):
    point = material_point(food)
    ask(food, point, AREA)
    response = browser.get(reverse("services:correction", args=[food.pk]))
    html = page(response)
    assert response.status_code == 200
    assert point["message"] in html
    assert 'name="file-1"' in html
    assert 'name="c-shop_area"' in html
    on_application = page(browser.get(reverse("services:application", args=[food.application_id])))
    assert point["message"] in on_application
    assert 'name="c-shop_area"' in on_application


def test_what_is_missing_or_wrong_is_told_beside_its_point_and_files_stay(browser, food):
    ask(food, material_point(food), AREA)
    address = reverse("services:correction", args=[food.pk])
    body = {"key": key(), "c-shop_area": "很大", "file-1": picture("第一张.png"), "note": "说明一句"}
    response = browser.post(address, body)
    html = page(response)
    assert response.status_code == 422
    assert "<title>错误：" in html
    assert 'href="#c-shop_area"' in html
    assert 'id="c-shop_area-error"' in html
    assert 'value="很大"' in html
    assert "第一张.png" in html
    assert "说明一句</textarea>" in html
    mended = browser.post(address, {"key": key(), "c-shop_area": "420"})
    assert (mended.status_code, mended.url) == (302, reverse("services:application", args=[food.application_id]))
    assert fresh(food).state == CaseState.IN_PROCESS


def test_a_file_that_cannot_be_taken_is_refused_at_its_point_only(browser, food):
    ask(food, material_point(food))
    address = reverse("services:correction", args=[food.pk])
    wrong = SimpleUploadedFile("名单.docx", b"PK\x03\x04" + b"\0" * 50, "application/pdf")
    response = browser.post(address, {"key": key(), "file-1": [picture("好的.png"), wrong]})
    html = page(response)
    assert response.status_code == 422
    assert 'id="file-1-error"' in html
    assert "好的.png" in html
    file = re.search(r'好的.png</a>.*?value="remove:([0-9a-f-]{36})"', html)[1]
    removed = page(browser.post(address, {"key": key(), "_step": f"remove:{file}"}))
    assert "好的.png" not in removed
    assert browser.post(address, {"key": key(), "_step": "remove:nothing"}).status_code == 404


def test_a_correction_that_is_answered_leads_back_to_the_matter(browser, food):
    assert browser.get(reverse("services:correction", args=[food.pk])).status_code == 302


def test_a_case_that_pre_review_returned_is_handed_in_again(browser, owner):
    case = case_of(submit(owner, FOOD), FOOD)
    by = officer(case, Role.INTAKE)
    acts.pre_review(case.pk, by=by, key=key())
    acts.return_application(case.pk, [AREA], by=by, key=key())
    assert "退回给您" in page(browser.get(reverse("services:my")))
    browser.post(reverse("services:correction", args=[case.pk]), {"key": key(), "c-shop_area": "300"})
    assert fresh(case).state == CaseState.SUBMITTED


def test_one_case_is_withdrawn_after_being_asked_and_the_others_go_on(browser, food):
    address = reverse("services:withdraw", args=[food.pk])
    html = page(browser.get(address))
    others = Case.objects.filter(application=food.application_id).exclude(pk=food.pk)
    assert all(case.name in html for case in others)
    browser.post(address, {"key": key(), "reason": "不开了"})
    assert fresh(food).state == CaseState.CLOSED
    assert all(case.closed_at is None for case in others.all())
    assert browser.get(address).status_code == 302


def test_delivery_by_mail_asks_for_the_address(browser, food):
    address = reverse("services:delivery", args=[food.application_id])
    response = browser.post(address, {"key": key(), "f-way": "mail", "f-name": "张三"})
    html = page(response)
    assert response.status_code == 422
    assert 'id="f-address-error"' in html
    assert 'value="张三"' in html
    full = {"key": key(), "f-way": "mail", "f-name": "张三", "f-phone": "19900000001", "f-address": "河街 1 号"}
    assert browser.post(address, full).status_code == 302
    assert queries.get_application(food.application_id, person("测试创业戊")).delivery["way"] == Way.MAIL


def test_what_was_put_off_can_be_made_up(browser, owner):
    draft = submit(owner, FOOD, ways={"staff_health": "deferred"})
    acts.accept_all(draft.pk, by=clerk(draft), key=key())
    owed = [one for one in queries.materials_of(draft.pk) if one.state is FactState.DEFERRED]
    assert owed, "Testville's food licence has a material that may be made up later"
    address = reverse("services:make_up", args=[draft.pk])
    assert address in page(browser.get(reverse("services:application", args=[draft.pk])))
    assert browser.post(address, {"key": key()}).status_code == 422
    assert browser.post(address, {"key": key(), "file-1": picture()}).status_code == 302
    assert browser.get(address).status_code == 302
    assert not case_of(draft, FOOD).conditional_due_on or fresh(case_of(draft, FOOD)).state != CaseState.CONDITIONAL


def test_a_fee_says_whether_it_is_paid_and_where_to_pay(owner):
    fee = Fee("工本费", "每证 10 元", "演示价", "10")
    republish(FOOD, fees=(fee,), channels=replace(edition_of(FOOD).definition.channels, pay_online=True))
    republish(FIRE, fees=(Fee("检测费", "按项目计算", "演示价"),))
    application = accepted(owner, FOOD, FIRE)
    food, browser = case_of(application, FOOD), enter()
    address = reverse("services:application", args=[application.pk])
    html = page(browser.get(address))
    assert "应缴 10.00 元 · <strong>未缴</strong> · 可以网上缴，也可以到窗口缴" in html
    assert "按项目计算 · <strong>未缴</strong> · 到窗口缴" in html
    assert f'href="{reverse("services:item", args=[edition_of(FOOD).definition.task_code])}#where"' in html
    for slip, amount, words in (("F-1", 4, "没缴清</strong>，还差 6.00 元"), ("F-2", 6, "<strong>已缴</strong></p>")):
        acts.record_payment(food.pk, "工本费", slip, Decimal(amount), by=officer(food, Role.ISSUER), key=key())
        with CaptureQueriesContext(connection) as captured:
            html = page(browser.get(address))
        assert words in html, slip
        assert len(captured) <= 15, [one["sql"][:100] for one in captured]
    assert "可以网上缴" not in html


def test_neighbours_come_to_none_of_these_pages(food):
    neighbour = enter("elder")
    for name in ("correction", "withdraw"):
        assert neighbour.get(reverse(f"services:{name}", args=[food.pk])).status_code == 404
    for name in ("make_up", "delivery", "application"):
        assert neighbour.get(reverse(f"services:{name}", args=[food.application_id])).status_code == 404


def test_the_matter_is_shown_with_clocks_documents_and_what_happened(food):
    with at(next_workday(MONDAY, 2)):
        review(food)
        html = page(enter().get(reverse("services:application", args=[food.application_id])))
    assert "件同时在办" in html
    assert "yw-bar--left" in html
    assert "一次受理全部办件" in html
    assert "制作文书" not in html
    for document in queries.documents_of(food.application_id):
        assert reverse("documents:document", args=[document.id]) in html
    assert any(one.kind is DocumentKind.ACCEPTANCE for one in queries.documents_of(food.application_id))


def test_progress_needs_number_and_code_and_says_nothing_personal(browser, food, owner):
    view = queries.get_application(food.application_id, owner)
    stranger = Client()
    address = reverse("services:progress")
    assert stranger.get(address).status_code == 200
    nothing = stranger.get(address, {"number": "", "code": ""})
    assert nothing.status_code == 422
    assert 'id="number-error"' in page(nothing)
    half = stranger.get(address, {"number": view.number})
    assert half.status_code == 422
    assert 'id="code-error"' in page(half)
    wrong = stranger.get(address, {"number": view.number, "code": "XXXXXXXX"})
    assert wrong.status_code == 404
    code = f"{view.query_code[:4]}-{view.query_code[4:]}".lower()
    found = stranger.get(address, {"number": view.number, "code": code})
    assert found.status_code == 200
    assert food.name in page(found)
    assert view.applicant_name not in page(found)
    assert found.headers["Cache-Control"] == "no-store"


def test_codes_cannot_be_tried_through(owner):
    stranger = Client()
    with clock.at(clock.now()):
        answers = [stranger.get(reverse("services:progress"), {"number": "1", "code": "2"}) for _n in range(45)]
    assert answers[-1].status_code == 429
    assert "Retry-After" in answers[-1].headers


def test_whatever_may_be_done_in_anothers_name_is_called_something():
    people = {ActorKind.PERSON, ActorKind.CLIENT}
    rooms = {one.label for one in apps.get_app_configs()}  # tests register acts of their own
    acts = {name: one for name, one in CATALOGUE.items() if name.split(".")[0] in rooms}
    named = {
        name
        for name, one in acts.items()
        if people & set(one.permission.kinds) and not one.permission.provider  # an agency's own data
    }
    assert "oversight.rate" in named
    assert named <= set(done.ACTS)
    assert done.said("oversight.rate") == "评价服务"
    assert done.said("licences.hold") == "窗口办理"


@pytest.mark.parametrize(
    ("limit", "promise", "used", "left"),
    [
        (Limit(8, Unit.WORKDAY), "8 个工作日", "已用 5 个工作日", "剩 3 个工作日"),
        (Limit(28, Unit.DAY), "28 个自然日", "已用 7 个自然日", "剩 21 个自然日"),
        (Limit(1, Unit.MONTH), "1 个月", "已用 7 个自然日", "剩 24 个自然日"),
    ],
)
def test_the_applicant_reads_a_limit_in_the_unit_in_which_it_is_counted(owner, limit, promise, used, left):
    republish(FOOD, promised_limit=limit, statutory_limit=Limit(2, Unit.MONTH))
    application = accepted(owner, FOOD, FIRE)
    with at(MONDAY + timedelta(days=7)):
        shown = page(enter().get(reverse("services:application", args=[application.pk])))
    for words in (f"承诺 {promise}", used, left):
        assert words in shown


def test_the_applicant_sees_the_limit_of_the_joint_handling(owner):
    application = accepted(owner, FOOD, FIRE)
    shown = page(enter().get(reverse("services:application", args=[application.pk])))
    assert "几个部门一起办，依法最晚 5月8日" in shown
    assert "剩 45 个工作日" in shown
    alone = accepted(owner, FOOD)
    assert "依法最晚" not in page(enter().get(reverse("services:application", args=[alone.pk])))


@pytest.mark.parametrize(
    ("limit", "day"),
    [
        (Limit(8, Unit.WORKDAY), "下一个工作日"),
        (Limit(28, Unit.DAY), "第二天"),
        (Limit(1, Unit.MONTH), "第二天"),
    ],
)
def test_who_corrects_reads_on_which_day_the_clock_goes_on_or_starts(owner, limit, day):
    republish(FOOD, promised_limit=limit, statutory_limit=Limit(2, Unit.MONTH))
    handled = case_of(accepted(owner, FOOD), FOOD)
    ask(handled, AREA)
    submitted = case_of(submit(owner, FOOD), FOOD)
    acts.request_correction(submitted.pk, [AREA], by=clerk(submitted.application), key=key())
    for case, words in ((handled, f"您一提交，{day}接着计时。"), (submitted, f"材料齐了就受理，{day}开始计时。")):
        assert words in page(enter().get(reverse("services:correction", args=[case.pk])))


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit(8, Unit.WORKDAY), "时限从受理的下一个工作日起算，只算工作日，调休上班的日子也算；"),
        (Limit(28, Unit.DAY), "时限从受理的第二天起算，休息日也算，最后一天是休息日的顺延到下一个工作日；"),
        (Limit(1, Unit.MONTH), "时限从受理的第二天起算，休息日也算，最后一天是休息日的顺延到下一个工作日；"),
    ],
)
def test_a_guide_says_from_which_day_its_limit_is_counted(monday, limit, words):  # noqa: F811
    republish(FOOD, promised_limit=limit, statutory_limit=Limit(2, Unit.MONTH))
    code = edition_of(FOOD).definition.task_code
    assert words in page(Client().get(reverse("services:item", args=[code])))


@pytest.mark.parametrize(
    ("limit", "promise", "used", "left"),
    [
        (Limit(8, Unit.WORKDAY), "8 个工作日", 5, 8),
        (Limit(12, Unit.DAY), "12 个自然日", 7, 14),
        (Limit(1, Unit.MONTH), "1 个月", 7, 32),
    ],
)
def test_after_an_extension_the_applicant_sees_the_clock_to_its_new_end(owner, limit, promise, used, left):
    republish(FOOD, promised_limit=limit, statutory_limit=Limit(20, Unit.WORKDAY))
    application = accepted(owner, FOOD, FIRE)
    case = case_of(application, FOOD)
    acts.extend(case.pk, 5, "案情复杂。", by=officer(case, Role.DECIDER), key=key())
    with at(MONDAY + timedelta(days=7)):
        shown = page(enter().get(reverse("services:application", args=[application.pk])))
        assert f'aria-label="承诺 {promise}，延长 5 个工作日，已用 {used}，剩 {left}"' in shown
        line = case_line(queries.get_case(case.pk, owner), edition_of(FOOD))
        assert line["statutory"] == (25 if limit.unit is Unit.WORKDAY else 0), "the law's limit is lengthened with it"
    with at(MONDAY + timedelta(days=8)):
        procedure = next(iter(edition_of(FOOD).definition.special_procedures), None)
        code = procedure.code if procedure else "hearing"
        acts.suspend(
            case.pk, code, "要听证。", clock.today() + timedelta(days=9), by=officer(case, Role.REVIEWER), key=key()
        )
        view = queries.get_case(case.pk, owner)
        assert f"暂停中，还剩 {view.days_left}" in page(
            enter().get(reverse("services:application", args=[application.pk]))
        )
