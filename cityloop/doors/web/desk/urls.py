"""Addresses of the staff desk."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from cityloop.doors.web.desk import case, cases, inbox, map, views

app_name = "desk"
urlpatterns = [
    path("", inbox.inbox, name="home"),
    path("inbox.geojson", inbox.marks, name="inbox-marks"),
    path("cases/", cases.cases, name="cases"),
    path("cases/<str:number>", case.case, name="case"),
    path("cases/<str:number>/act", case.act, name="act"),
    path("cases/<str:number>/mark", case.mark, name="case-mark"),
    path("cases/<str:number>/contact", case.contact, name="contact"),
    path("map", map.city_map, name="map"),
    path("map/units", map.units, name="map-units"),
    path("sign-in", views.SignIn.as_view(), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
]
