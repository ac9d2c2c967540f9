"""Addresses of the public portal."""

from django.urls import path, re_path

from cityloop.doors.web.public import (
    areas,
    case,
    components,
    figure_data,
    figures,
    finding,
    follow,
    mails,
    report,
    views,
)

app_name = "public"
urlpatterns = [
    path("", views.home, name="home"),
    path("report", report.report, name="report"),
    path("report/token", report.token, name="token"),
    path("report/hints", report.hints, name="hints"),
    path("report/follow", report.follow_instead, name="follow-instead"),
    path("follow", follow.enter, name="enter"),
    path("follow/<str:code>", follow.follow, name="follow"),
    path("follow/<str:code>/act", follow.act, name="act"),
    path("follow/<str:code>/mails", mails.subscribe_own, name="follow-mails"),
    path("follow/<str:code>/sent", follow.sent, name="sent"),
    path("follow/<str:code>/receipt.json", follow.receipt, name="receipt"),
    path("follow/<str:code>/promise.json", follow.promise, name="promise"),
    path("follow/<str:code>/now.json", follow.at_step, name="now"),
    path("cases/<str:number>.atom", case.feed, name="case-feed"),
    path("cases/<str:number>", case.case, name="case"),
    path("cases/<str:number>/place", case.place, name="case-place"),
    path("cases/<str:number>/follow", case.follow, name="case-follow"),
    path("components/<str:code>", components.component, name="component"),
    path("components/<str:code>/label", components.label, name="component-label"),
    path("mails", mails.subscribe, name="subscribe"),
    path("mails/<str:token>", mails.stop, name="stop-mails"),
    path("mails/<str:token>/confirm", mails.confirm, name="confirm-mails"),
    path("places", finding.search, name="places"),
    path("near", areas.near, name="near"),
    path("near/marks", areas.marks, name="near-marks"),
    path("fixed", areas.fixed, name="fixed"),
    path("areas/<str:code>.<str:kind>", areas.feed, name="feed"),
    path("figures", figures.figures, name="figures"),
    re_path(r"^figures\.(?P<kind>csv|json)$", figure_data.data, name="figures-data"),
    path("map", views.city_map, name="map"),
    path("map/units", views.map_units, name="map-units"),
]
