"""Addresses of the portal's own pages."""

from django.urls import path

from yiwang.doors.portal import about, views
from yiwang.platform.search import portal as search

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", search.results, name="search"),
    path("search/suggest/", search.suggest, name="suggest"),
    path("themes/", views.themes, name="themes"),
    path("agencies/", views.agencies, name="agencies"),
    path("centres/", views.centres, name="centres"),
    path("place/", views.place, name="place"),
    path("site-map/", about.site_map, name="site_map"),
    path("accessibility/", about.accessibility, name="accessibility"),
    path("privacy/", about.privacy, name="privacy"),
]
