"""Addresses of the pages."""

from django.urls import include, path
from django.views.i18n import set_language

from cityloop.doors.web import photos, preferences, well_known

urlpatterns = [
    path("", include("cityloop.doors.web.public.urls")),
    path("desk/", include("cityloop.doors.web.desk.urls")),
    path("files/<uuid:uuid>", photos.photo, name="photo"),
    path(".well-known/cityloop-ledger", well_known.published_ledger, name="published-ledger"),
    path("preferences/language", set_language, name="set-language"),
    path("preferences/theme", preferences.theme, name="set-theme"),
]
