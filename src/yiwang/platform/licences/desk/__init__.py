"""Licences at the desk: their issuers find them, issue and change them, and do what the law does to them (STANDARDS 6.4)."""

from django.urls import path
from django.utils.translation import gettext as _

from yiwang.kernel.reach import HANDLING
from yiwang.kernel.types import Actor
from yiwang.platform.licences.desk import finding, history, issuing, shown
from yiwang.platform.licences.desk.finding import ROLES
from yiwang.platform.licences.models import COMPARERS
from yiwang.ui.addresses import address
from yiwang.ui.frame import Link

app_name = "licences_desk"


def links(actor: Actor) -> list[Link]:
    """Return the entries of the desk's rail, for those who may follow them."""
    found = [Link(_("证照"), address("licences_desk:find"), "licences")] if actor.has_role(set(ROLES)) else []
    if actor.has_role(COMPARERS):
        found.append(Link(_("待核对原件"), address("licences_desk:unchecked"), "unchecked"))
    if actor.has_role(HANDLING):
        found.append(Link(_("出示的证照"), address("licences_desk:shown"), "shown"))
    if actor.has_role({history.STEWARD}):
        found.append(Link(_("存量证照"), address("licences_desk:history"), "history"))
    return found


urlpatterns = [
    path("licences/", finding.find, name="find"),
    path("licences/unchecked/", finding.unchecked, name="unchecked"),
    path("licences/new/", issuing.choose, name="choose"),
    path("licences/new/<slug:code>/", issuing.issue, name="issue"),
    path("licences/history/", history.listed, name="history"),
    path("licences/history/template/<slug:code>.csv", history.template, name="template"),
    path("licences/history/<uuid:pk>/", history.shown, name="batch"),
    path("licences/history/<uuid:pk>/state/", history.state, name="batch_state"),
    path("licences/history/<uuid:pk>/faults.csv", history.report, name="report"),
    path("licences/<uuid:pk>/original/", finding.check_original, name="check_original"),
    path("licences/<uuid:pk>/scan", finding.scan, name="scan"),
    path("licences/shown/", shown.shown, name="shown"),
    path("licences/shown/card/", shown.card, name="card"),
    path("licences/shown/<uuid:pk>/code/", shown.send_code, name="send_code"),
    path("licences/shown/<uuid:pk>/consent/", shown.consent, name="consent"),
    path("licences/shown/<uuid:pk>/", shown.showing, name="showing"),
    path("licences/shown/<uuid:pk>/state/", shown.state, name="showing_state"),
    path("licences/shown/<uuid:pk>/copy/", shown.copy, name="take_copy"),
    path("licences/shown/<uuid:pk>/copies/<uuid:copy>", shown.copy_file, name="taken_copy"),
    path("licences/<uuid:pk>/", finding.licence, name="licence"),
    path("licences/<uuid:pk>/change/", issuing.change, name="change"),
]
