"""A page with one form that saves itself, for the browser's tests."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.utils import timezone

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.ui.forms import SpecForm

FLOORS = (Option("1", "一层"), Option("2", "二层"))
SPECS = (
    FieldSpec("name", "店名", FieldKind.TEXT),
    FieldSpec("floor", "楼层", FieldKind.CHOICE, options=FLOORS),
    FieldSpec("lift", "有电梯吗？", FieldKind.BOOLEAN, show_when="floor == '2'"),
    FieldSpec("note", "说明", FieldKind.LONG_TEXT, required=False),
)
saved = []


def show(expression, seen):
    return seen.get("floor") == "2"


def page(request):
    form = SpecForm(SPECS, request.POST if request.method == "POST" else None, initial={"name": "旧名"}, show=show)
    if form.is_valid():
        return HttpResponse("sent")
    return render(request, "ui/components_form.html", {"form": form, "action": "/draft", "save": "/draft/save"})


def save(request):
    form = SpecForm(SPECS, request.POST, show=show)
    saved.append(form.draft)
    return render(request, "ui/form/saved.html", {"form": form, "saved_at": timezone.now()})


urlpatterns = [path("draft", page), path("draft/save", save), path("", include("yiwang.config.urls"))]
