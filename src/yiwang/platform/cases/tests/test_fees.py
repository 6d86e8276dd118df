"""Fees of a case: paid, waived, taken back by the opposite entry; at the acts, the desk, the portal and in the export."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import Error, connection, transaction
from django.urls import reverse

from yiwang.kernel.models import AuditEntry
from yiwang.kernel.problems import Invalid, NotAllowed, NotNow, Stale
from yiwang.kernel.sealed import reseal
from yiwang.kernel.types import Role
from yiwang.platform.cases import acts, exports, queries
from yiwang.platform.cases.models import Case, Payment
from yiwang.platform.cases.tests.at_desk import MOST, signed_in, text
from yiwang.platform.cases.tests.at_desk import queries as costs
from yiwang.platform.cases.tests.conftest import (
    FIRE,
    FOOD,
    accepted,
    case_of,
    clerk,
    decide,
    fresh,
    key,
    officer,
    republish,
    review,
    submit,
)
from yiwang.platform.cases.types import FeeState
from yiwang.platform.catalog.types import Fee

COPY = Fee("工本费", "每证 10 元", "演示价〔2020〕1号", "10", reducible=True, reduction="低保户")
TEST = Fee("检验费", "按检验项目计算", "演示价〔2020〕2号")


@pytest.fixture
def charged(owner):
    """Return an accepted case of an item with a fixed fee that can be reduced, and one by a scale."""
    republish(FOOD, fees=(COPY, TEST))
    return case_of(accepted(owner, FOOD), FOOD)


def taker(case):
    """Return who takes fees at the agency."""
    return officer(case, Role.ISSUER)


def pay(case, fee="工本费", slip="F-1", amount="10", by=None, **more):
    return acts.record_payment(case.pk, fee, slip, Decimal(amount), **more, by=by or taker(case), key=key())


def standing(case):
    return {one.name: one for one in queries.fees_of([queries.get_case(case.pk, taker(case))])[case.pk]}


def wrong(info):
    return [one.field for one in info.value.errors]


def test_a_fee_is_paid_in_parts_by_clerk_and_issuer_and_never_more_than_is_due(charged):
    assert standing(charged)["工本费"].state is FeeState.DUE
    pay(charged, amount="4", by=clerk(charged.application), payer="测试付款人")
    fee = standing(charged)["工本费"]
    assert (fee.state, fee.paid, fee.left) == (FeeState.PART, Decimal(4), Decimal(6))
    with pytest.raises(Invalid) as info:
        pay(charged, slip="F-2", amount="6.01")
    assert wrong(info) == ["amount"]
    assert "还差 6.00 元" in str(info.value.detail)
    pay(charged, slip="F-2", amount="6")
    assert standing(charged)["工本费"].state is FeeState.PAID
    first, second = Payment.objects.order_by("at", "id")
    assert (first.payer, second.payer) == ("测试付款人", charged.applicant_name)
    assert (first.taker_label, first.taker_id) == (clerk(charged.application).label, clerk(charged.application).id)
    assert (second.agency_id, second.taker_id) == (charged.agency_id, taker(charged).id)
    pay(charged, "检验费", "F-3", "12345.67")
    assert standing(charged)["检验费"].left is None, "a scale knows no rest"


def test_faults_stand_beside_their_field(charged):
    for given, field in (
        ({"fee": "停车费"}, "fee"),
        ({"slip": "  "}, "slip"),
        ({"slip": "F" * 61}, "slip"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"fee": "检验费", "amount": "100000000000000"}, "amount"),
    ):
        with pytest.raises(Invalid) as info:
            pay(charged, **given)
        assert wrong(info) == [field], given
    assert not Payment.objects.exists()


def test_a_slip_counts_once_at_an_agency_until_it_is_taken_back(charged, owner):
    entry = pay(charged, amount="5")
    republish(FIRE, fees=(COPY,))
    application = accepted(owner, FIRE)
    fire = case_of(application, FIRE)
    pay(fire)  # another agency has slips of its own
    other = case_of(accepted(owner, FOOD), FOOD)
    for case in (charged, other):
        with pytest.raises(Invalid) as info:
            pay(case, amount="5")
        assert wrong(info) == ["slip"]
    acts.reverse_payment(charged.pk, entry, "记错了办件。", by=taker(charged), key=key())
    pay(other, amount="5")
    with pytest.raises(Invalid):
        pay(charged, amount="5")
    assert standing(charged)["工本费"].paid == 0
    assert standing(other)["工本费"].paid == 5


def test_a_mistake_is_taken_back_once_with_a_reason_and_nothing_is_changed(charged):
    entry = pay(charged)
    by = taker(charged)
    with pytest.raises(Invalid) as info:
        acts.reverse_payment(charged.pk, entry, " ", by=by, key=key())
    assert wrong(info) == ["reason"]
    opposite = acts.reverse_payment(charged.pk, entry, "金额记错。", by=by, key=key())
    row = Payment.objects.get(pk=opposite)
    assert (row.amount, row.reverses_id, row.slip, row.reason) == (Decimal(-10), entry, "F-1", "金额记错。")
    pay(charged, slip="F-2", amount="1")
    for gone in (entry, opposite, uuid.uuid4()):
        with pytest.raises(Invalid) as info:
            acts.reverse_payment(charged.pk, gone, "再来一次。", by=by, key=key())
        assert wrong(info) == ["entry"]
    for change in (
        lambda: Payment.objects.filter(pk=entry).update(amount=1),
        lambda: Payment.objects.filter(pk=entry).update(reason="别的"),
        lambda: Payment.objects.filter(pk=opposite)._raw_delete("default"),
    ):
        with pytest.raises(Error, match="append only"), transaction.atomic():
            change()
    with pytest.raises(NotNow) as refused:
        acts.revoke_waiver(charged.pk, entry, "不是减免。", by=officer(charged, Role.DECIDER), key=key())
    assert refused.value.code == "nothing-entered"


def test_the_payer_is_sealed_and_can_be_sealed_anew(charged, settings):
    pay(charged, payer="测试付款人")
    raw = bytes(Payment.objects.extra(select={"raw": "payer"}).values_list("raw", flat=True).get())
    assert "测试付款人".encode() not in raw
    entry = AuditEntry.objects.get(name="cases.record_payment")
    assert (entry.detail["amount"], entry.detail["slip"]) == ("10.00", "F-1")
    assert "测试付款人" not in str(entry.detail)
    settings.YIWANG_DATA_KEYS = "k9:sm4:AAAAAAAAAAAAAAAAAAAAAA==," + settings.YIWANG_DATA_KEYS
    assert reseal(Payment) == 1
    assert Payment.objects.get().payer == "测试付款人"


def test_only_a_reducible_fee_is_waived_by_the_decider_with_a_reason(charged):
    decider = officer(charged, Role.DECIDER)

    def waive(fee="工本费", reason="低保户。", by=decider, **more):
        return acts.waive_fee(charged.pk, fee, reason, **more, by=by, key=key())

    with pytest.raises(NotAllowed):
        waive(by=taker(charged))
    with pytest.raises(NotAllowed):
        pay(charged, by=decider)
    for given, field in (({"fee": "检验费"}, "fee"), ({"reason": ""}, "reason"), ({"amount": Decimal(11)}, "amount")):
        with pytest.raises(Invalid) as info:
            waive(**given)
        assert wrong(info) == [field], given
    pay(charged, amount="4")
    entry = waive()
    fee = standing(charged)["工本费"]
    assert (fee.waived, fee.left, fee.state) == (Decimal(6), Decimal(0), FeeState.PAID)
    with pytest.raises(NotNow) as refused:
        waive()
    assert refused.value.code == "nothing-due"
    acts.revoke_waiver(charged.pk, entry, "证件过期。", by=decider, key=key())
    assert standing(charged)["工本费"].left == Decimal(6)


def test_a_scale_that_can_be_reduced_is_waived_by_an_amount(owner):
    republish(FOOD, fees=(Fee("检验费", "按项目", "演示价", reducible=True),))
    case = case_of(accepted(owner, FOOD), FOOD)
    decider = officer(case, Role.DECIDER)
    with pytest.raises(Invalid) as info:
        acts.waive_fee(case.pk, "检验费", "低保户。", by=decider, key=key())
    assert wrong(info) == ["amount"]
    acts.waive_fee(case.pk, "检验费", "低保户。", Decimal("20.50"), by=decider, key=key())
    assert standing(case)["检验费"].state is FeeState.WAIVED


def test_the_same_key_pays_once_and_an_old_page_pays_nothing(charged):
    by, one = taker(charged), key()
    given = (charged.pk, "工本费", "F-1", Decimal(5))
    first = acts.record_payment(*given, version=charged.version, by=by, key=one)
    assert acts.record_payment(*given, version=charged.version, by=by, key=one) == first
    assert Payment.objects.count() == 1
    with pytest.raises(Stale):
        acts.record_payment(charged.pk, "工本费", "F-2", Decimal(5), version=charged.version, by=by, key=key())


def test_nothing_is_taken_where_nothing_is_charged_nor_after_the_archive(food, charged):
    with pytest.raises(NotNow) as info:
        pay(food)
    assert info.value.code == "no-fees"
    pay(charged, amount="4")
    Case.objects.filter(pk=charged.pk).update(archived_at=charged.received_at)
    for again in (
        lambda: pay(charged, slip="F-2", amount="1"),
        lambda: acts.reverse_payment(charged.pk, uuid.uuid4(), "错。", by=taker(charged), key=key()),
        lambda: acts.waive_fee(charged.pk, "工本费", "低保。", by=officer(charged, Role.DECIDER), key=key()),
    ):
        with pytest.raises(NotNow) as info:
            again()
        assert info.value.code == "archived"


def test_lines_of_one_name_are_one_fee(owner):
    republish(FOOD, fees=(COPY, Fee("工本费", "副本 5 元", "演示价", "5")))
    case = case_of(accepted(owner, FOOD), FOOD)
    assert standing(case)["工本费"].left == Decimal(15)
    pay(case, amount="15")
    assert standing(case)["工本费"].state is FeeState.PAID


def test_a_case_keeps_its_payments_in_another_edition(charged):
    pay(charged, amount="4")
    newer = republish(FOOD, fees=(TEST, COPY))
    acts.move_edition(charged.pk, newer.id, "按新指南。", by=officer(charged, Role.DECIDER), key=key())
    assert standing(charged)["工本费"].paid == 4


def test_the_desk_shows_what_is_due_with_forms_and_says_what_is_unpaid_before_delivery(charged):
    page = reverse("cases:case", args=[charged.pk])
    issuer, decider = signed_in("amr-issuer"), signed_in("amr-decider")
    shown = text(issuer.get(page))
    for words in ("缴费", "应缴 10.00 元", "还差 10.00 元", "按检验项目计算", "acts/record-payment/"):
        assert words in shown, words
    assert "acts/waive-fee/" not in shown
    assert "acts/waive-fee/" in text(decider.get(page))
    act = reverse("cases:act", args=[charged.pk, "record-payment"])
    name = "record-payment-"
    given = {f"{name}fee": "工本费", f"{name}slip": "F-1", f"{name}amount": "11"}
    refused = issuer.post(act, {"key": "a", "version": charged.version} | given)
    assert refused.status_code == 422
    assert "超过应缴的金额" in text(refused)
    assert f'href="#{name}amount"' in text(refused)
    done = issuer.post(act, {"key": "b", "version": charged.version} | given | {f"{name}amount": "4"})
    assert done.status_code == 302
    review(charged)
    decide(charged)
    case = fresh(charged)
    assert "还没缴清" not in text(issuer.get(page)), "nothing to hand over by hand"
    for words in ("已缴 4.00 元", "还差 6.00 元", "F-1", "1 笔记录"):
        assert words in text(issuer.get(page)), words
    entry = Payment.objects.get()
    back = issuer.post(
        reverse("cases:act", args=[case.pk, "reverse-payment"]),
        {"key": "c", "version": case.version, "reverse-payment-entry": str(entry.pk), "reverse-payment-reason": "错"},
    )
    assert back.status_code == 302
    assert "冲正：错" in text(issuer.get(page))
    for one in (issuer, decider):
        number, sql = costs(one, page)
        assert number <= MOST, "\n".join(sql)


def test_the_delivery_form_warns_and_hands_over_all_the_same(owner):
    republish(FOOD, fees=(COPY, TEST))
    application = submit(owner, FOOD, delivery=[{"way": "window"}])
    acts.accept_all(application.pk, by=clerk(application), key=key())
    case = case_of(application, FOOD)
    decide(case)
    page = reverse("cases:case", args=[case.pk])
    assert "还没缴清：工本费还差 10.00 元。" in text(signed_in("amr-issuer").get(page))
    acts.deliver(case.pk, "window", "甲", by=taker(case), key=key())
    assert fresh(case).delivered_at
    pay(case)
    assert standing(case)["工本费"].state is FeeState.PAID


def test_an_item_without_fees_shows_none(food):
    shown = text(signed_in("amr-issuer").get(reverse("cases:case", args=[food.pk])))
    assert 'id="b-fee"' not in shown
    assert "acts/record-payment/" not in shown


def test_the_export_has_payments_and_their_opposites_under_national_names(charged):
    entry = pay(charged, payer="测试付款人")
    acts.reverse_payment(charged.pk, entry, "记错。", by=taker(charged), key=key())
    acts.waive_fee(charged.pk, "工本费", "低保户。", by=officer(charged, Role.DECIDER), key=key())
    rows = exports.SETS["payments"]([charged.pk])
    assert rows[0] == {
        "办件编号": charged.number,
        "缴款单号": "F-1",
        "收费单位": exports.directory.agencies_by_id({charged.agency_id})[charged.agency_id].name,
        "收费人员": taker(charged).label,
        "收费金额": "10.00",
        "收费时间": "20260302T090000",
        "缴款人": "测试付款人",
    }
    assert [row["收费金额"] for row in rows] == ["10.00", "-10.00"], "what was waived is no payment"
    assert ",-10.00," in exports.to_csv(rows), "a negative amount is a number, no formula"


def test_what_was_withdrawn_owes_nothing_but_tells_what_was_paid(charged, owner):
    acts.withdraw(charged.pk, "", by=owner, key=key())
    view = queries.get_case(charged.pk, owner)
    assert queries.fees_of([view]) == {}
    pay(charged, amount="4")
    (told,) = queries.fees_of([view])[charged.pk]
    assert told.paid == 4


@pytest.mark.django_db(transaction=True)
def test_one_slip_that_two_clerks_enter_at_once_for_two_cases_counts_once(owner, charged, monkeypatch):
    cases = [charged, case_of(accepted(owner, FOOD), FOOD)]
    by = taker(charged)
    both, save = threading.Barrier(2, timeout=30), Payment.save

    def together(row, **options):
        both.wait()  # neither has seen the other's
        save(row, **options)

    monkeypatch.setattr(Payment, "save", together)

    def enter(case):
        try:
            return pay(case, by=by)
        except Invalid as refused:
            return [one.field for one in refused.errors]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as hands:
        found = list(hands.map(enter, cases))
    entry = Payment.objects.get()
    assert sorted(found, key=str) == sorted([entry.pk, ["slip"]], key=str)
    assert [case.pk for case, told in zip(cases, found, strict=True) if told == entry.pk] == [entry.case_id]
