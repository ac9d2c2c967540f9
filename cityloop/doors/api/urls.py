from collections.abc import Iterable
from typing import Any

from django.urls import URLPattern, URLResolver, path, re_path

from cityloop.doors.api import routes  # noqa: F401 - each adds its routes to the door
from cityloop.doors.api.answers import finished
from cityloop.doors.api.door import api
from cityloop.doors.api.problems import nothing_here


def _finished(patterns: Iterable[Any]) -> list[URLPattern | URLResolver]:
    made = list(patterns)
    for pattern in made:
        pattern.callback = finished(pattern.callback)
    return made


patterns, app, namespace = api.urls
urlpatterns = [
    path("api/v1/", finished(nothing_here)),  # before ninja's own root, which would answer with a page
    path("api/v1/", (_finished(patterns), app, namespace)),
    re_path(r"^api/", finished(nothing_here)),
]
