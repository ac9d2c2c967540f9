"""The one page on which every binding between rooms stands.

A *fact* of a room goes out as an event, and HANDLERS says who hears it. An *answer* that a room needs
from a sibling is a Protocol in its `ports.py`, and PORTS says who gives it. Nothing else binds rooms.
"""

from collections.abc import Callable
from typing import Any

from cityloop.doors.api import ports as api
from cityloop.doors.metrics import counting
from cityloop.doors.sensorthings import raw
from cityloop.doors.sensorthings.mqtt import news as mqtt_news
from cityloop.doors.web import live
from cityloop.doors.web.desk import exports, paper, register_files
from cityloop.loops.cases import matching as cases_matching
from cityloop.loops.cases import queries as cases
from cityloop.loops.cases import stream
from cityloop.loops.cases.actions import renumber as cases_renumber
from cityloop.loops.cases.actions import signs as cases_signs
from cityloop.loops.cases.search import actions as cases_search
from cityloop.loops.sensing import ports as sensing
from cityloop.loops.sensing.actions import reform as sensing_reform
from cityloop.loops.sensing.events import ReadingsKept
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog import reforms as catalog_reforms
from cityloop.town.components import ports as components
from cityloop.town.components import queries as components_queries
from cityloop.town.components.actions import reform as components_reform
from cityloop.town.files import ports as files
from cityloop.town.hooks import ports as hooks
from cityloop.town.notices import reforms as notices_reforms
from cityloop.town.orgs import actions as orgs
from cityloop.town.orgs import queries as orgs_queries
from cityloop.town.persons.events import KeysRenewed, WordsErased
from cityloop.town.places import queries as places
from cityloop.town.units import queries as units
from cityloop.town.units.events import UnitsRenumbered

# Raw ASGI routes, for what stays open or floods; all else is Django. A path ending in "/" takes all below it.
RAW_ROUTES: dict[str, Callable[..., Any]] = {
    "/live": live.app, "/api/v1/live": live.keyed, "/sta/v1.1": raw.app, "/sta/v1.1/": raw.app
}  # fmt: skip

# Which requests a raw route leaves to Django after all.
RAW_TAKES: dict[Callable[..., Any], Callable[[dict[str, Any]], bool]] = {raw.app: raw.takes}

# Event class → the functions called with each event after commit, in this order, at least once.
#   cases.events.Closed: (notices.tasks.tell_reporter, ...)
HANDLERS: dict[type, tuple[Callable[..., Any], ...]] = {
    UnitsRenumbered: (
        components_reform.follow,
        cases_renumber.follow,
        sensing_reform.follow,
        orgs.follow_reform,
        catalog_reforms.follow,
        notices_reforms.follow,
    ),  # fmt: skip
    WordsErased: (cases_search.forget,),
    KeysRenewed: (cases_search.follow_keys,),
    ReadingsKept: (mqtt_news.pass_on, counting.readings_kept),
}

# Protocol → the object that answers it.
PORTS: dict[type, Any] = {
    components.Organisations: orgs_queries.called,
    files.Reader: {"case": cases.may_read},
    hooks.Steps: stream.told_steps,
    sensing.Cases: cases_signs.open_or_join,
    sensing.News: cases_signs.tell,
    sensing.Reports: cases_matching.reported,
    api.Files: exports.written,
    api.Register: register_files.written,
    api.Paper: paper.printed,
}

# What a worker reads at its start and keeps, so that its first visitor need not wait (see config/warm.py).
WARM: tuple[Callable[[], Any], ...] = (units.locator, catalog.current, places.index, components_queries.known)

# What the steward does again and again: (name, every so many seconds, "module:function").
STEWARD: list[tuple[str, float, str]] = [
    ("feed", 1, "cityloop.demo.feed:tick"),
    ("sequence", 0.2, "cityloop.town.ledger.tasks:sequence_and_seal"),
    ("lapse", 5, "cityloop.loops.cases.tasks:lapse"),
    ("checkers", 5, "cityloop.loops.cases.checkers:find_checkers"),
    ("search", 1, "cityloop.loops.cases.search.tasks:follow"),
    ("sweep", 5, "cityloop.town.worklist.tasks:sweep_due"),
    ("warn", 15, "cityloop.loops.cases.tasks:warn"),
    ("judge", 0.5, "cityloop.loops.sensing.tasks:judge"),
    ("clock", 3, "cityloop.town.calendar.tasks:hold"),
    ("reforms", 5, "cityloop.town.units.tasks:publish_reforms"),
]
# What goes through all that a city has, and is wanted soon: it keeps none of the above waiting, and none below does it.
ALONGSIDE: list[tuple[str, float, str]] = [
    ("listen", 30, "cityloop.loops.sensing.tasks:listen"),
    ("census", 10, "cityloop.loops.sensing.tasks:count"),
]
# And what may take its time, or waits for others' servers: it keeps none of the above waiting.
AT_LEISURE: list[tuple[str, float, str]] = [
    ("hooks", 1, "cityloop.town.hooks.tasks:deliver"),
    ("tell", 5, "cityloop.loops.cases.tasks:tell_reporters"),
    ("news", 10, "cityloop.loops.cases.news:tell_at_once"),
    ("daily", 300, "cityloop.loops.cases.news:tell_daily"),
    ("normals", 3600, "cityloop.loops.sensing.tasks:renew"),
    ("doubts", 30, "cityloop.loops.sensing.tasks:doubt"),
    ("photos", 3600, "cityloop.town.files.tasks:forget_unsent"),
    ("answers", 600, "cityloop.loops.cases.nightly:forget_old_answers"),
    ("days", 600, "cityloop.loops.cases.daily.following:follow_in_peace"),
    ("nightly", 60, "cityloop.loops.cases.nightly:check_tonight"),
    ("history", 60, "cityloop.loops.sensing.history.nightly:age_tonight"),
    ("deliveries", 3600, "cityloop.town.hooks.tasks:forget"),
    ("notices", 30, "cityloop.town.notices.tasks:send_due"),
]

# Who is told that a job of these ended, by its name, and whether it ended well.
JOB_ENDED: tuple[Callable[[str, bool], None], ...] = (counting.job_ended,)

# Pages of docs/reference that a door writes of itself: file name → "module:function" giving its lines.
REFERENCE: dict[str, str] = {"api.md": "cityloop.doors.api.reference:page"}

# Functions (request) → dict for every page, as "module:function": the city's name, the banner of a replay.
#   {"city_name": "New York City", "banner": {"kind": "replay", "words": "..."}}
PAGE_FACTS: list[str] = ["cityloop.doors.web.show.facts:city", "cityloop.doors.web.show.facts:desk"]
