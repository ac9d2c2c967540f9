"""The routes of the JSON door, by what they are about. Importing them adds them to the door."""

from cityloop.doors.api.routes import (
    about,
    acting,
    alarms,
    beside,
    bulk,
    calendars,
    cases,
    catalogue,
    components,
    detections,
    exchange,
    figures,
    imagery,
    looks,
    maps,
    organisations,
    own,
    people,
    photos,
    places,
    plates,
    readings,
    reporters,
    reports,
    webhooks,
    work,
)

__all__ = [
    "about", "acting", "alarms", "beside", "bulk", "calendars", "cases", "catalogue", "components", "detections",
    "exchange", "figures", "imagery", "looks", "maps", "organisations", "own", "people", "photos", "places", "plates",
    "readings", "reporters", "reports", "webhooks", "work",
]  # fmt: skip
