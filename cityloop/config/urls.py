"""Addresses of all pages, one include for each door."""

from django.urls import include, path

urlpatterns = [
    path("", include("cityloop.doors.api.urls")),
    path("", include("cityloop.doors.open311.urls")),
    path("", include("cityloop.doors.sensorthings.urls")),
    path("", include("cityloop.doors.web.urls")),
]

handler400 = "cityloop.config.errors.bad_request"
handler403 = "cityloop.config.errors.forbidden"
handler404 = "cityloop.config.errors.not_found"
handler500 = "cityloop.config.errors.server_error"
