"""Licences at the portal: verification and the catalogue of types for everybody, the holder's wallet."""

from django.urls import path

from yiwang.platform.licences.portal import kinds, showing, verifying, wallet

app_name = "licences"

urlpatterns = [
    path("verify/", verifying.verify, name="verify"),
    path("verify/file", verifying.verify_file, name="verify_file"),
    path("verify/<str:code>", verifying.check, name="check"),
    path("licences/types/", kinds.listed, name="types"),
    path("licences/types/<slug:code>/", kinds.shown, name="type"),
    path("my/licences/", wallet.wallet, name="wallet"),
    path("my/licences/<uuid:pk>/", wallet.licence, name="licence"),
    path("my/licences/<uuid:pk>/show/", showing.offer, name="offer"),
    path("my/licences/<uuid:pk>/grant/", showing.grant, name="grant"),
    path("my/showings/", showing.listed, name="showings"),
    path("my/showings/<uuid:pk>/", showing.shown, name="showing"),
    path("my/showings/<uuid:pk>/code/", showing.renew, name="renew_code"),
    path("my/showings/<uuid:pk>/state/", showing.state, name="showing_state"),
    path("my/showings/<uuid:pk>/answer/", showing.answer, name="answer"),
    path("my/showings/<uuid:pk>/end/", showing.end, name="take_back"),
    path("my/licences/<uuid:pk>/file", wallet.file, name="file"),
    path("my/licences/<uuid:pk>/copies/", wallet.copy, name="copy"),
    path("my/licences/<uuid:pk>/copies/<uuid:copy>", wallet.copy_file, name="copy_file"),
]
