"""Addresses of the portal's own pages."""

from django.urls import path

from yiwang.doors.portal import views
from yiwang.platform.search import portal as search

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", search.results, name="search"),
    path("search/suggest/", search.suggest, name="suggest"),
]
