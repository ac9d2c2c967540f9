"""Service discovery: where the endpoint is, what it speaks, when its services changed last."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cityloop.doors.open311.formats import TYPES, Said
from cityloop.doors.open311.times import w3c
from cityloop.ground.kit.words import say
from cityloop.town.catalog import queries as catalog
from cityloop.town.units import queries as units

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"


def discovery(request: HttpRequest) -> Said:
    """Give the discovery document. One query."""
    city, versions = units.city(), catalog.versions()
    changed = w3c(versions[0][2] if versions else 0)
    endpoint = {
        "specification": SPECIFICATION,
        "url": request.build_absolute_uri(reverse("open311:root")).rstrip("/"),
        "changeset": changed,
        "type": "production" if city.kind == "live" else "test",
        "formats": [kind.partition(";")[0] for kind in reversed(TYPES.values())],
    }
    name = say(city.names, get_language() or "en") or city.key
    contact = f"{name}: {request.build_absolute_uri('/')}"
    key = _("Ask the city for an access key that is good for reports.")
    return Said("discovery", {"changeset": changed, "contact": contact, "key_service": key, "endpoints": [endpoint]})
