"""Addresses of the desk's own pages."""

from django.urls import path

from yiwang.doors.desk import views

app_name = "desk"
urlpatterns = [path("", views.home, name="home"), path("help/", views.help_page, name="help")]
