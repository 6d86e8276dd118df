"""Identity at the portal: signing in and up, one's account, stepping up, choosing for whom one acts."""

from __future__ import annotations

from django.urls import path

from yiwang.platform.identity.pages import account, sign_in, sign_up, step_up

app_name = "identity"
urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/second/", sign_in.second, name="second"),
    path("sign-in/second/options/", sign_in.second_options, name="second_options"),
    path("sign-in/passkey/options/", sign_in.passkey_options, name="passkey_options"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("sign-up/", sign_up.sign_up, name="sign_up"),
    path("sign-up/code/", sign_up.sign_up_code, name="sign_up_code"),
    path("reset/", sign_up.reset, name="reset"),
    path("reset/code/", sign_up.reset_code, name="reset_code"),
    path("standings/", sign_in.standings, name="standings"),
    path("standings/act/", sign_in.act_for, name="act_for"),
    path("step-up/", step_up.step_up, name="step_up"),
    path("step-up/options/", step_up.step_up_options, name="step_up_options"),
    path("account/", account.account_page, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/factors/", account.factors_page, name="factors"),
    path("account/factors/options/", account.new_passkey_options, name="new_passkey_options"),
    path("account/sessions/", account.sessions_page, name="sessions"),
    path("account/verify/", account.verify, name="verify"),
]
