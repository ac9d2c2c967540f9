"""Addresses of all pages, one include for each door."""

from django.urls import include, path

urlpatterns = [
    path("", include("cityloop.doors.api.urls")),
    path("", include("cityloop.doors.web.urls")),
]

handler400 = "cityloop.doors.web.errors.bad_request"
handler403 = "cityloop.doors.web.errors.forbidden"
handler404 = "cityloop.doors.web.errors.not_found"
handler500 = "cityloop.doors.web.errors.server_error"
