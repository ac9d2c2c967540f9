"""Addresses of the staff desk."""

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path

from cityloop.doors.web.desk import (
    case,
    cases,
    components,
    exports,
    inbox,
    many,
    map,
    new,
    notices,
    paper,
    style,
    tabs,
    views,
)
from cityloop.doors.web.desk.settings import calendars, catalogue, home, loops, organisations, people, places

app_name = "desk"
urlpatterns = [
    path("", inbox.inbox, name="home"),
    re_path(r"^views/(?P<page>inbox|cases)/keep$", tabs.keep, name="keep-view"),
    re_path(r"^views/(?P<page>inbox|cases)/drop$", tabs.drop, name="drop-view"),
    path("inbox.geojson", inbox.marks, name="inbox-marks"),
    path("new", new.new, name="new"),
    path("new/instead", new.instead, name="new-instead"),
    path("many", many.many, name="many"),
    path("many/act", many.act, name="many-act"),
    path("cases/", cases.cases, name="cases"),
    re_path(r"^cases\.(?P<kind>csv|xlsx|geojson)$", exports.export, name="export"),
    path("cases/<str:number>.pdf", paper.paper, name="paper"),
    path("cases/<str:number>", case.case, name="case"),
    path("cases/<str:number>/act", case.act, name="act"),
    path("cases/<str:number>/mark", case.mark, name="case-mark"),
    path("cases/<str:number>/contact", case.contact, name="contact"),
    path("components/<str:code>", components.component, name="component"),
    path("components/<str:code>/change", components.change, name="component-change"),
    path("notices", notices.page, name="notices"),
    path("style", style.style, name="style"),
    path("map", map.city_map, name="map"),
    path("map/units", map.units, name="map-units"),
    path("settings/", home.home, name="settings"),
    path("settings/catalogue", catalogue.listed, name="settings-catalogue"),
    path("settings/catalogue/<str:code>", catalogue.matter, name="settings-matter"),
    path("settings/units", places.one, name="settings-units"),
    path("settings/units/<str:code>", places.one, name="settings-unit"),
    path("settings/organisations", organisations.listed, name="settings-organisations"),
    path("settings/organisations/<str:key>", organisations.one, name="settings-organisation"),
    path("settings/people", people.listed, name="settings-people"),
    path("settings/calendars", calendars.listed, name="settings-calendars"),
    path("settings/calendars/<str:key>", calendars.one, name="settings-calendar"),
    path("settings/loops", loops.listed, name="settings-loops"),
    path("settings/loops/<str:key>", loops.one, name="settings-loop"),
    path("sign-in", views.SignIn.as_view(), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
]
