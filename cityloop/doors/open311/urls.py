"""Addresses of the Open311 door. Each takes `.json` or `.xml`, lists also `.html` and `.rss`; else `Accept` decides."""

from django.http import Http404, HttpRequest
from django.urls import path, re_path

from cityloop.doors.open311 import discovery, reading, reporting, services, updating
from cityloop.doors.open311.door import address
from cityloop.doors.open311.formats import Said

app_name = "open311"
FORM = r"(?:\.(?P<extension>json|xml))?/?$"
PAGE = r"(?:\.(?P<extension>json|xml|html|rss))?/?$"  # besides: for people and for readers of feeds


def nothing(request: HttpRequest) -> Said:
    """Say that there is nothing here, in the form of the standard."""
    raise Http404


found = address(get=discovery.discovery)
updates = address(get=updating.updates, post=updating.update)
urlpatterns = [
    re_path(rf"^open311/discovery{FORM}", found, name="discovery"),
    re_path(rf"^open311/v2/discovery{FORM}", found),
    path("open311/v2/", found, name="root"),
    re_path(rf"^open311/v2/services{PAGE}", address(get=services.services), name="services"),
    re_path(rf"^open311/v2/services/(?P<code>[^/]+?){PAGE}", address(get=services.service), name="service"),
    re_path(rf"^open311/v2/requests{PAGE}", address(get=reading.requests, post=reporting.report), name="requests"),
    re_path(rf"^open311/v2/requests/(?P<number>[^/]+)/servicerequestupdates{FORM}", updates),
    re_path(rf"^open311/v2/requests/(?P<number>[^/]+?){PAGE}", address(get=reading.request_of), name="request"),
    re_path(rf"^open311/v2/tokens/(?P<token>[^/]+?){FORM}", address(get=reading.token), name="token"),
    re_path(rf"^open311/v2/servicerequestupdates{FORM}", updates, name="updates"),
    path("open311/v2/media/<uuid:uuid>.jpg", address(get=reading.media), name="media"),
    re_path(r"^open311(?:/.*?)?(?:\.(?P<extension>json|xml))?$", address(get=nothing, post=nothing)),
]
