"""The catalogue of data at the desk: with what is not shared, and the way to the editors' desk."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel.types import Actor
from yiwang.platform.sharing import pages
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.ui.entry import staff
from yiwang.ui.frame import Link

app_name = "sharing_desk"


def links(actor: Actor) -> list[Link]:
    """Return the entries of the desk's rail that the actor may follow."""
    found = [Link(_("数据目录"), reverse("sharing_desk:catalogue"), "data")]
    if actor.has_role(STEWARDS):
        found.append(Link(_("数据集编辑"), reverse("dataset_editing:list"), "datasets"))
    return found


@staff()
def catalogue(request: HttpRequest) -> HttpResponse:
    """List all datasets, those that are not shared too."""
    return pages.listed(request, "sharing_desk")


@staff()
def dataset(request: HttpRequest, code: str) -> HttpResponse:
    """Show one dataset."""
    return pages.shown(request, "sharing_desk", code)


urlpatterns = [
    path("data/", catalogue, name="catalogue"),
    path("data/<slug:code>/", dataset, name="dataset"),
]
