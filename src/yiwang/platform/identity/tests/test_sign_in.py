"""Signing in for real: password and code, lock-out, sameness of refusals, fixation, sessions, staff factors."""

from __future__ import annotations

import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client, override_settings

from yiwang.kernel import clock, limits
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import ActorKind
from yiwang.platform.identity import acts, factors, sessions
from yiwang.platform.identity.models import Account, Challenge, Person, SignedIn
from yiwang.platform.identity.secret import Secret

from .conftest import PASSWORD, account, code_of, key, member, person, signed_in

REP_PHONE, REP_NUMBER = "19900000001", "339901198501011119"


def try_password(browser, login, password=PASSWORD, **more):
    return browser.post("/sign-in/", {"method": "password", "login": login, "password": password, **more})


def test_password_and_code_begin_a_session_at_level_two(real):
    account("rep")
    for login in ("rep", REP_PHONE, REP_NUMBER):
        cache.clear()
        browser = Client()
        assert try_password(browser, login, next="/my/?x=1").url == "/sign-in/second/"
        assert browser.get("/my/").status_code == 302
        answer = browser.post("/sign-in/second/", {"kind": "sms", "code": code_of(real)})
        assert answer.url == "/standings/?next=%2Fmy%2F%3Fx%3D1", "who stands for a firm too is asked for whom"
        party = {"party": f"person:{person('rep').id}", "next": "/my/?x=1"}
        assert browser.post("/standings/act/", party).url == "/my/?x=1"
        assert browser.session[sessions.LEVEL] == 2
        assert browser.get("/my/").status_code == 200


def leads_to(answer) -> str:
    """Return the id of what the error summary of a page leads to, which must be there."""
    page = answer.content.decode()
    assert answer.status_code == 422
    target = page.split("govuk-error-summary")[1].split('href="#')[1].split('"')[0]
    assert f'id="{target}"' in page
    return target


def test_what_was_refused_leads_to_the_field_to_mend(real):
    account("rep")
    browser = Client()
    answer = try_password(browser, "rep", "wrong-Password-1")
    assert leads_to(answer) == "login"
    assert 'aria-invalid="true" aria-describedby="login-error"' in answer.content.decode()
    assert leads_to(browser.post("/sign-in/", {"method": "nothing"})) in {"login", "demo-people"}
    try_password(browser, "rep")
    assert leads_to(browser.post("/sign-in/second/", {"kind": "sms", "code": "000000"})) == "sms"


def test_refusals_look_the_same_whoever_asks(real):
    account("rep")
    told = set()
    for login in ("rep", "nobody-here", "19912345678"):
        answer = try_password(Client(), login, "wrong-Password-1")
        assert answer.status_code == 422
        text = answer.content.decode().replace(login, "")
        told.add(text[text.index("没有登录成功") : text.index("没有登录成功") + 120])
    assert len(told) == 1


def test_five_wrong_passwords_lock_and_half_an_hour_unlocks(real):
    row = account("rep")
    for _try in range(5):
        assert try_password(Client(), "rep", "wrong").status_code == 422
    cache.clear()
    assert try_password(Client(), "rep").status_code == 422
    row.refresh_from_db()
    with clock.at(row.locked_until + timedelta(seconds=1)):
        assert try_password(Client(), "rep").url == "/sign-in/second/"
    row.refresh_from_db()
    assert (row.failures, row.locked_until) == (0, None)


def test_many_tries_from_one_address_are_slowed_down(real, monkeypatch):
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1e9))  # all within one window, however slow
    browser = Client()
    answers = [try_password(browser, f"somebody-{number}").status_code for number in range(31)]
    assert answers[-2:] == [422, 429]


def test_codes_are_worth_five_tries_and_five_minutes(real):
    account("rep")
    browser = Client()
    try_password(browser, "rep")
    code = code_of(real)
    wrong = "000000" if code != "000000" else "111111"
    for _try in range(5):
        assert browser.post("/sign-in/second/", {"kind": "sms", "code": wrong}).status_code == 422
    assert browser.post("/sign-in/second/", {"kind": "sms", "code": code}).status_code == 422

    cache.clear()
    late = Client()
    try_password(late, "rep")
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        assert late.post("/sign-in/second/", {"kind": "sms", "code": code_of(real)}).status_code == 422


def test_nothing_personal_is_kept_in_clear(real, caplog):
    account("rep")
    caplog.set_level(logging.DEBUG)
    browser = Client()
    try_password(browser, REP_PHONE)
    browser.post("/sign-in/second/", {"kind": "sms", "code": code_of(real)})
    kept = [str(row) for row in AuditEntry.objects.values_list("detail", "purpose", "subject_id", "actor_label")]
    kept += [str(Session.objects.get(pk=browser.session.session_key).get_decoded()), caplog.text]
    for secret in (REP_PHONE, REP_NUMBER, PASSWORD, code_of(real), "测试法人甲"):
        assert not any(secret in line for line in kept), secret
    assert bytes(Challenge.objects.get().code_index) != code_of(real).encode()


def test_a_session_key_planted_before_sign_in_is_worth_nothing_after(real):
    account("rep")
    browser = Client()
    browser.get("/sign-in/")
    try_password(browser, "rep")
    planted = browser.session.session_key
    browser.post("/sign-in/second/", {"kind": "sms", "code": code_of(real)})
    assert browser.session.session_key != planted
    assert not Session.objects.filter(pk=planted).exists()


def test_demo_sign_in_is_refused_outside_of_the_demo(real):
    assert Client().post("/sign-in/", {"method": "demo", "login": "rep"}).status_code == 422


def test_outage_says_what_to_do(settings):
    settings.YIWANG_PLUGINS = {"identity.sign_in": "outage"}
    page = Client().get("/sign-in/").content.decode()
    assert "登录服务正在维护" in page
    assert 'name="password"' not in page
    assert Client().post("/sign-in/", {"method": "outage"}).status_code == 422


def test_codes_that_cannot_be_sent_are_said_plainly(real, settings):
    account("rep")
    settings.YIWANG_PLUGINS = {"identity.code_sender": "outage"}
    answer = try_password(Client(), "rep")
    assert answer.status_code == 503
    assert "暂时连不上" in answer.content.decode()


def test_an_idle_session_ends(real):
    browser = signed_in_for_real("rep", real)
    now = clock.now()
    with clock.at(now + timedelta(minutes=29)):
        assert browser.get("/my/").status_code == 200
    with clock.at(now + timedelta(minutes=58)):
        assert browser.get("/my/").status_code == 200
    with clock.at(now + timedelta(minutes=89)):
        assert browser.get("/my/").status_code == 302


def test_a_session_ends_after_half_a_day_however_busy(real):
    browser = signed_in_for_real("rep", real)
    now = clock.now()
    for half_hours in range(1, 25):
        with clock.at(now + timedelta(minutes=29 * half_hours)):
            assert browser.get("/my/").status_code == 200
    with clock.at(now + timedelta(minutes=29 * 25)):
        assert browser.get("/my/").status_code == 302


def signed_in_for_real(login, sent):
    cache.clear()
    account(login)
    browser = Client()
    try_password(browser, login)
    browser.post("/sign-in/second/", {"kind": "sms", "code": code_of(sent)})
    return browser


def test_sessions_are_listed_and_ended_elsewhere():
    here, there = signed_in("rep", headers={"User-Agent": "Firefox/150 Windows"}), signed_in("rep")
    page = here.get("/account/sessions/").content.decode()
    assert "Firefox · Windows" in page
    other = SignedIn.objects.get(session_key=there.session.session_key)
    here.post("/account/sessions/", {"session": str(other.id)})
    assert there.get("/my/").status_code == 302
    assert here.get("/my/").status_code == 200


def test_nobody_ends_a_stranger_s_session():
    mine, hers = signed_in("rep"), signed_in("elder")
    other = SignedIn.objects.get(session_key=hers.session.session_key)
    mine.post("/account/sessions/", {"session": str(other.id)})
    assert hers.get("/my/").status_code == 200


def test_a_new_password_ends_other_sessions_and_renews_this_one():
    row = account("rep")
    here, there = signed_in("rep"), signed_in("rep")
    before = here.session.session_key
    again = {"old": PASSWORD, "password": "Bei-Jing-2027y", "again": "Bei-Jing-2027y"}
    assert here.post("/account/password/", again).url == "/account/"
    assert here.session.session_key != before
    assert here.get("/my/").status_code == 200
    assert there.get("/my/").status_code == 302
    row.refresh_from_db()
    assert row.check_password("Bei-Jing-2027y")


@pytest.mark.parametrize(
    ("old", "new", "again", "told"),
    [
        ("wrong", "Bei-Jing-2027y", "Bei-Jing-2027y", "原密码不对"),
        (PASSWORD, "Bei-Jing-2027y", "other", "两次填的密码不一样"),
        (PASSWORD, PASSWORD, PASSWORD, "新密码不能和原来的一样"),
        (PASSWORD, "short", "short", "密码至少 10 位"),
        (PASSWORD, "Abc-19900000001", "Abc-19900000001", "您的手机号"),
        (PASSWORD, "", "", "请填写新密码"),
    ],
)
def test_password_rules_are_told(old, new, again, told):
    account("rep")
    answer = signed_in("rep").post("/account/password/", {"old": old, "password": new, "again": again})
    assert answer.status_code == 422
    assert told in answer.content.decode()


def totp(secret: str) -> str:
    now = list(yield_hotp_counters_from_time())[1]
    return format_hotp_value(hotp_value(secret, now))


def test_staff_hold_no_role_on_a_password_alone(real):
    row = account("security-admin")
    row.must_change_password = True
    row.save()
    browser = Client()
    assert try_password(browser, "security-admin").url == "/desk/"
    assert browser.get("/desk/staff/").url == "/account/password/"
    new = {"old": PASSWORD, "password": "Bei-Jing-2027y", "again": "Bei-Jing-2027y"}
    assert browser.post("/account/password/", new).url == "/account/factors/"
    assert browser.get("/desk/staff/").url == "/account/factors/"
    browser.get("/account/factors/")
    secret = factors.Adapter().decrypt(browser.session["totp_secret"])
    assert browser.post("/account/factors/", {"do": "totp", "code": "000000x"}).status_code == 422
    assert browser.post("/account/factors/", {"do": "totp", "code": totp(secret)}).url == "/desk/"
    assert browser.get("/desk/staff/").status_code == 200

    cache.clear()
    again = Client()
    assert try_password(again, "security-admin", "Bei-Jing-2027y").url == "/sign-in/second/"
    assert again.get("/desk/staff/").status_code == 302
    assert "短信" not in again.get("/sign-in/second/").content.decode()
    assert again.post("/sign-in/second/", {"kind": "sms", "code": "000000"}).status_code == 422
    assert again.post("/sign-in/second/", {"kind": "totp", "code": totp(secret)}).url == "/desk/"
    assert again.get("/desk/staff/").status_code == 200


def test_the_grants_themselves_are_withheld_not_only_the_page(real, rf):
    browser = Client()
    account("security-admin")
    try_password(browser, "security-admin")
    request = rf.get("/")
    request.session = browser.session
    request.user = Account.objects.get(login="security-admin")
    actor = sessions.actor_of(request)
    assert (actor.kind, actor.grants) == (ActorKind.STAFF, ())


def test_a_totp_code_works_once_and_wrong_ones_lock(real):
    row = account("rep")
    factors.add_totp(row, "JBSWY3DPEHPK3PXP")
    code = totp("JBSWY3DPEHPK3PXP")
    who = person("rep")
    assert acts.check_totp(row.pk, Secret(code), by=who, key=key())
    assert not acts.check_totp(row.pk, Secret(code), by=who, key=key())
    for _try in range(4):
        assert not acts.check_totp(row.pk, Secret("000000"), by=who, key=key())
    row.refresh_from_db()
    assert row.locked_until is not None
    secret = row.authenticator_set.get().data["secret"]
    assert "JBSWY3DP" not in secret


def test_who_has_only_the_password_cannot_add_a_factor_to_an_account_that_has_one(real):
    row = account("rep")
    browser = signed_in_for_real("rep", real)
    factors.add_totp(row, "JBSWY3DPEHPK3PXP")
    answer = browser.post("/account/factors/", {"do": "totp", "code": "123456"})
    assert answer.status_code == 302
    assert answer.url.startswith("/sign-in/")


def test_registering_by_telephone(real):
    browser = Client()
    assert browser.post("/sign-up/", {"f-mobile": "139 1234 5678"}).url == "/sign-up/code/"
    filled = {"f-code": code_of(real), "f-name": "演示新人", "password": PASSWORD, "again": PASSWORD}
    refused = browser.post("/sign-up/code/", filled)
    assert refused.status_code == 422
    assert "请先同意服务协议" in refused.content.decode()
    assert browser.post("/sign-up/code/", filled | {"agreed": "yes"}).url == "/account/verify/"
    row = Account.objects.get(person__name="演示新人")
    assert (row.person.checked_level, row.person.number, row.agreed_at is not None) == (1, "", True)
    assert browser.session[sessions.LEVEL] == 1
    assert browser.get("/my/").status_code == 200


def test_registering_a_telephone_that_has_an_account_looks_the_same(real):
    fresh, taken = Client(), Client()
    assert fresh.post("/sign-up/", {"f-mobile": "13912345678"}).url == "/sign-up/code/"
    assert taken.post("/sign-up/", {"f-mobile": REP_PHONE}).url == "/sign-up/code/"
    assert "已经有账号" in real[-1][1]
    pages = [one.get("/sign-up/code/").content for one in (fresh, taken)]
    assert len({len(page) for page in pages}) == 1
    filled = {"f-code": "123456", "f-name": "演示", "password": PASSWORD, "again": PASSWORD, "agreed": "yes"}
    assert taken.post("/sign-up/code/", filled).status_code == 422


def test_a_forgotten_password(real):
    account("rep")
    there = signed_in_for_real("rep", real)
    cache.clear()
    browser = Client()
    browser.post("/reset/", {"f-mobile": REP_PHONE})
    new = {"f-code": code_of(real), "password": "Bei-Jing-2027y", "again": "Bei-Jing-2027y"}
    assert browser.post("/reset/code/", new).url == "/sign-in/"
    assert Account.objects.get(login="rep").check_password("Bei-Jing-2027y")
    assert there.get("/my/").status_code == 302
    assert browser.post("/reset/code/", new).url == "/reset/"


def test_a_forgotten_password_of_nobody_looks_the_same(real):
    browser = Client()
    assert browser.post("/reset/", {"f-mobile": "13912345678"}).url == "/reset/code/"
    assert not real  # and a stranger's telephone is not rung
    known = Client()
    known.post("/reset/", {"f-mobile": REP_PHONE})
    assert len({len(one.get("/reset/code/").content) for one in (browser, known)}) == 1
    guess = {"f-code": "000000", "password": "Bei-Jing-2027y", "again": "Bei-Jing-2027y"}
    told = [one.post("/reset/code/", guess) for one in (browser, known)]
    assert [one.status_code for one in told] == [422, 422]
    assert len({len(one.content) for one in told}) == 1


def test_who_shares_a_telephone_says_their_name(real):
    mine, hers = account("rep"), account("elder")
    Person.objects.filter(pk=hers.person_id).update(
        phone_index=mine.person.phone_index, phone=Person.objects.get(pk=mine.person_id).phone
    )
    browser = Client()
    browser.post("/reset/", {"f-mobile": REP_PHONE})
    new = {"f-code": code_of(real), "password": "Bei-Jing-2027y", "again": "Bei-Jing-2027y"}
    for wrong in ("", "测试路人丙"):
        refused = browser.post("/reset/code/", new | {"f-name": wrong})
        assert refused.status_code == 422
        assert "请填您的姓名" in refused.content.decode()
    assert browser.post("/reset/code/", new | {"f-name": "测试老人丁"}).url == "/sign-in/"
    assert Account.objects.get(login="elder").check_password("Bei-Jing-2027y")
    assert Account.objects.get(login="rep").check_password(PASSWORD)


def test_a_factor_is_added_by_whoever_came_in_as_surely_as_it_opens(real):
    row = account("rep")
    browser = signed_in_for_real("rep", real)
    browser.get("/account/factors/")
    secret = factors.Adapter().decrypt(browser.session["totp_secret"])
    refused = browser.post("/account/factors/", {"do": "totp", "code": totp(secret)}, follow=True)
    assert refused.redirect_chain[-1][0].startswith("/step-up/?level=3&next=%2Faccount%2Ffactors%2F")
    assert not factors.has(row.pk)
    demo = signed_in_in_the_demo("rep")
    demo.get("/account/factors/")
    secret = factors.Adapter().decrypt(demo.session["totp_secret"])
    assert demo.post("/account/factors/", {"do": "totp", "code": totp(secret)}).url == "/account/"
    assert factors.has(row.pk, "totp")


def signed_in_in_the_demo(login):
    with override_settings(YIWANG_DEMO=True, YIWANG_PLUGINS={}):
        return signed_in(login)


def test_a_secret_that_is_not_confirmed_yet_is_sealed_too(real):
    browser = signed_in_for_real("rep", real)
    page = browser.get("/account/factors/")
    assert page.context["secret"].replace(" ", "") not in str(dict(browser.session))


def test_a_spammed_reset_leaves_the_sign_in_codes_alone(real):
    account("rep")
    spammer = Client()
    assert spammer.post("/reset/", {"f-mobile": REP_PHONE}).status_code == 302
    assert spammer.post("/reset/", {"f-mobile": REP_PHONE}).status_code == 429
    assert try_password(Client(), "rep").url == "/sign-in/second/"


def newcomer(phone="13912345678"):
    row = Person.objects.create(name="演示新人", number="", phone=phone, checked_level=1)
    return Account.objects.create_account("newcomer", PASSWORD, person=row)


CLAIM = {
    "f-name": "测试路人丙",
    "f-number": "33990219750303333X",
    "f-proof": "bank_card",
    "f-proof_number": "6222000011112222",
}


def test_proving_who_one_is_takes_over_the_record_that_was_known():
    newcomer()
    known = Person.objects.get(name="测试路人丙")
    browser = signed_in("newcomer")
    before = browser.session.session_key
    assert browser.post("/account/verify/", CLAIM | {"next": "/my/?kept=1"}).url == "/my/?kept=1"
    row = Account.objects.get(login="newcomer")
    assert row.person_id == known.id
    assert Person.objects.get(name="演示新人").merged_into_id == known.id
    assert browser.session[sessions.LEVEL] == 2
    assert browser.session.session_key != before


@pytest.mark.parametrize(
    "wrong",
    [
        {"f-name": "测试路人丁"},
        {"f-name": "测试老人丁", "f-number": "339901195004044442"},
        {"f-number": "330302198511263520"},
    ],
)
def test_a_wrong_name_and_a_taken_number_are_refused_alike(wrong):
    newcomer()
    answer = signed_in("newcomer").post("/account/verify/", CLAIM | wrong)
    assert answer.status_code == 422
    if "f-number" not in wrong or wrong["f-number"].startswith("339901"):
        assert "没有核验通过" in answer.content.decode()
    assert Account.objects.get(login="newcomer").person.checked_level == 1


def test_stepping_up_leads_back_to_where_the_person_was():
    row = Account.objects.get(login="weak")
    row.person.checked_level = 2
    row.person.save()
    browser = signed_in("weak")
    answer = browser.get("/my/delegations/new/?who=x", follow=True)
    url, _status = answer.redirect_chain[-1]
    assert url.startswith("/step-up/?level=3")
    assert "模拟人脸核验通过" in answer.content.decode()
    before = browser.session.session_key
    done = browser.post(
        "/step-up/", {"way": "face", "face": "demo", "level": "3", "next": "/my/delegations/new/?who=x"}
    )
    assert done.url == "/my/delegations/new/?who=x"
    assert browser.session.session_key != before
    assert browser.get(done.url).status_code == 200


def test_the_simulated_face_works_only_in_the_demo(real):
    row = account("weak")
    row.person.checked_level = 2
    row.person.save()
    browser = signed_in_for_real("weak", real)
    answer = browser.post("/step-up/", {"way": "face", "face": "demo", "level": "3", "next": "/my/"})
    assert answer.status_code == 503
    assert browser.session[sessions.LEVEL] == 2


def test_nobody_is_sent_to_another_site():
    browser = signed_in("rep")
    answer = browser.post("/step-up/", {"way": "face", "face": "demo", "level": "3", "next": "https://evil.example/"})
    assert answer.url == "/my/"


def test_a_security_administrator_cannot_touch_their_own_account():
    from yiwang.kernel.problems import NotAllowed
    from yiwang.kernel.types import Role

    mine = Account.objects.get(login="security-admin")
    with pytest.raises(NotAllowed):
        acts.reset_staff_factors(mine.pk, by=member("D007", Role.SECURITY_ADMIN), key=key())
