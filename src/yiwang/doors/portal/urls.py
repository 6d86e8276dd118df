"""Addresses of the portal's own pages."""

from django.urls import path

from yiwang.doors.portal import views

app_name = "portal"
urlpatterns = [path("", views.home, name="home"), path("search/", views.search, name="search")]
