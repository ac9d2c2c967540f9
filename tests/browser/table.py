"""Every page there is: by its route, at which addresses it is looked at in a browser, and by whom.

A route that stands nowhere here fails `tests/browser/test_every_page.py`; one that answers with a page without being
said to fails `tests/doors/test_matrix.py`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.doors.matrix.table import PAGE


class Visit(NamedTuple):
    """An address, and the post of who looks at it: one that may also change what stands there; nobody's for strangers.

    Names in braces stand for what the town holds, see `FURNISH` beside the test.
    """

    path: str
    who: str = ""


STRANGER, ENGINEER, WATCHER = "", "plates-engineer", "watcher"
PUBLIC: dict[str, list[str]] = {
    "": ["/"],
    "report": ["/report", "/report?lon=10.173&lat=50.073&do=where"],
    "follow": ["/follow"],
    "follow/<str:code>": ["/follow/{code}", "/follow/{closed}", "/follow/{secret}"],
    "follow/<str:code>/sent": ["/follow/{code}/sent", "/follow/{secret}/sent"],
    "cases/<str:number>": ["/cases/{number}", "/cases/{closed_number}"],
    "mails/<str:token>": ["/mails/{stop}", "/mails/wrong"],
    "mails/<str:token>/confirm": ["/mails/{confirm}/confirm", "/mails/wrong/confirm"],
    "near": ["/near", "/near?lon=10.05&lat=50.07", "/near?under=100101"],
    "fixed": ["/fixed", "/fixed?under=100101"],
    "figures": ["/figures"],
    "components/<str:code>": ["/components/{lamp}"],
    "components/<str:code>/label": ["/components/{lamp}/label"],
    "map": ["/map", "/map?under=100101&things=all"],
    "desk/sign-in": ["/desk/sign-in"],
    "api/v1/problems": ["/api/v1/problems"],
    rf"^open311/v2/services{PAGE}": ["/open311/v2/services.html"],
    rf"^open311/v2/services/(?P<code>[^/]+?){PAGE}": ["/open311/v2/services/hole.html"],
    rf"^open311/v2/requests{PAGE}": ["/open311/v2/requests.html"],
    rf"^open311/v2/requests/(?P<number>[^/]+?){PAGE}": ["/open311/v2/requests/{number}.html"],
}
# At the desk, and on the wall: by the post that works there.
STAFF: dict[str, dict[str, list[str]]] = {
    "dispatcher": {
        "desk/": ["/desk/", "/desk/?others=1"],
        "desk/cases/": ["/desk/cases/", "/desk/cases/?q=hole"],
        "desk/cases/<str:number>": ["/desk/cases/{number}", "/desk/cases/{closed_number}", "/desk/cases/{filed}"],
        "desk/many": ["/desk/many", "/desk/many?case={filed}&case={number}"],
        "desk/map": ["/desk/map", "/desk/map?under=100101&things=all"],
        "desk/notices": ["/desk/notices"],
        "desk/style": ["/desk/style"],
        "desk/wall": ["/desk/wall", "/desk/wall?view=city&stay=40&area=100101"],
        "desk/alarms/": ["/desk/alarms/", "/desk/alarms/?all=1"],
        "desk/alarms/<int:number>": ["/desk/alarms/{alarm}"],
        "desk/sensors/": ["/desk/sensors/"],
        "desk/sensors/<int:number>": ["/desk/sensors/{thing}"],
        "desk/sensors/quality": ["/desk/sensors/quality"],
        "desk/sensors/quarantine": ["/desk/sensors/quarantine"],
        "desk/sensors/trial": ["/desk/sensors/trial", "/desk/sensors/trial?rule=air/pm25/high"],
        "desk/cameras/": ["/desk/cameras/"],
        "desk/cameras/<str:key>": ["/desk/cameras/gate"],
        "wall/": ["/wall/?show=city,3600", "/wall/?show=cases,3600", "/wall/?show=sensing,3600"],
    },
    "parks": {"desk/cases/<str:number>": ["/desk/cases/{number}"], "desk/": ["/desk/"]},
    "inspector": {
        "desk/find": ["/desk/find"],
        "desk/find/kept": ["/desk/find/kept"],
        "desk/new": ["/desk/new", "/desk/new?lon=10.173&lat=50.073"],
        "desk/components": ["/desk/components", "/desk/components?state=intact"],
        "desk/components/labels": ["/desk/components/labels"],
        "desk/components/new": ["/desk/components/new", "/desk/components/new?type=lamp"],
        "desk/components/<str:code>": ["/desk/components/{lamp}"],
        "desk/components/<str:code>/correct": ["/desk/components/{lamp}/correct"],
        "desk/password": ["/desk/password"],
    },
    ENGINEER: {
        "desk/settings/": ["/desk/settings/"],
        "desk/settings/catalogue": ["/desk/settings/catalogue", "/desk/settings/catalogue?matter=tree"],
        "desk/settings/catalogue/<str:code>": ["/desk/settings/catalogue/tree"],
        "desk/settings/catalogue-as-a-file": ["/desk/settings/catalogue-as-a-file"],
        "desk/settings/plates": ["/desk/settings/plates"],
        "desk/settings/plates/<str:key>": ["/desk/settings/plates/health", "/desk/settings/plates/municipal"],
        "desk/settings/units": ["/desk/settings/units"],
        "desk/settings/units/<str:code>": ["/desk/settings/units/100101", "/desk/settings/units/100101001"],
        "desk/settings/organisations": ["/desk/settings/organisations"],
        "desk/settings/organisations/<str:key>": ["/desk/settings/organisations/roads"],
        "desk/settings/people": ["/desk/settings/people"],
        "desk/settings/calendars": ["/desk/settings/calendars"],
        "desk/settings/calendars/<str:key>": ["/desk/settings/calendars/city"],
        "desk/settings/imagery": ["/desk/settings/imagery"],
        "desk/settings/imagery/<str:key>": ["/desk/settings/imagery/flight"],
        "desk/settings/loops": ["/desk/settings/loops"],
        "desk/settings/loops/<str:key>": ["/desk/settings/loops/case", "/desk/settings/loops/alarm"],
    },
    WATCHER: {"desk/settings/looks": ["/desk/settings/looks"]},
}
POSTS = [STRANGER, *STAFF]
# What answers with something else than a page: files, feeds, marks of maps, parts of a page, programs' doors.
OTHER = {
    "report/token",
    "places",
    "follow/<str:code>/receipt.json",
    "follow/<str:code>/promise.json",
    "follow/<str:code>/now.json",
    "cases/<str:number>.atom",
    "cases/<str:number>/place",
    "near/marks",
    "areas/<str:code>.<str:kind>",
    r"^figures\.(?P<kind>csv|json)$",
    "map/units",
    "wall/marks.geojson",
    "sw.js",
    "manifest.webmanifest",
    "robots.txt",
    ".well-known/security.txt",
    ".well-known/cityloop-ledger",
    "files/<uuid:uuid>",
    "tiles/base.json",
    "tiles/base/<str:z>/<str:x>/<str:y>.pbf",
    "tiles/cases/<str:z>/<str:x>/<str:y>.pbf",
    "tiles/components/<str:z>/<str:x>/<str:y>.pbf",
    "tiles/imagery/<str:key>/<str:z>/<str:x>/<str:y>.webp",
    "desk/inbox.geojson",
    "desk/alarms.geojson",
    "desk/sensors.geojson",
    r"desk/^cases\.(?P<kind>csv|xlsx|geojson)$",
    r"desk/^components\.(?P<kind>csv|xlsx|geojson)$",
    "desk/cases/<str:number>.pdf",
    "desk/cases/<str:number>/mark",
    "desk/map/units",
    "desk/settings/catalogue.toml",
}
PARTS = {"places"}  # of a page, drawn into another
PROGRAMS = ("api/", "^api/", "open311/", "^open311", "^sta/")  # their doors have few pages: those stand above


def visits() -> Iterator[tuple[str, Visit]]:
    """Give every visit with its route."""
    for route, paths in PUBLIC.items():
        yield from ((route, Visit(path)) for path in paths)
    for who, seen in STAFF.items():
        yield from ((route, Visit(path, who)) for route, paths in seen.items() for path in paths)


PAGES = {route for route, _visit in visits()}
