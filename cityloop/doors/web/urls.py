"""Addresses of the pages."""

from django.urls import include, path
from django.views.i18n import set_language

from cityloop.doors.web import imagery, offline, photos, preferences, things, tiles, well_known

urlpatterns = [
    path("", include("cityloop.doors.web.public.urls")),
    path("desk/", include("cityloop.doors.web.desk.urls")),
    path("wall/", include("cityloop.doors.web.wall.urls")),
    path("sw.js", offline.worker, name="service-worker"),
    path("manifest.webmanifest", offline.manifest, name="manifest"),
    path("files/<uuid:uuid>", photos.photo, name="photo"),
    path("tiles/base.json", tiles.base, name="base-map"),
    path("tiles/base/<str:z>/<str:x>/<str:y>.pbf", tiles.base_tile, name="base-tile"),
    path("tiles/cases/<str:z>/<str:x>/<str:y>.pbf", tiles.case_tile, name="case-tile"),
    path("tiles/components/<str:z>/<str:x>/<str:y>.pbf", things.tile, name="thing-tile"),
    path("tiles/imagery/<str:key>/<str:z>/<str:x>/<str:y>.webp", imagery.tile, name="imagery-tile"),
    path("robots.txt", well_known.robots, name="robots"),
    path(".well-known/security.txt", well_known.security, name="security"),
    path(".well-known/cityloop-ledger", well_known.published_ledger, name="published-ledger"),
    path("preferences/language", set_language, name="set-language"),
    path("preferences/theme", preferences.theme, name="set-theme"),
]
