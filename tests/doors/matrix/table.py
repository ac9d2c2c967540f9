"""Who may ask what: every route of every door, once. A route that is not here fails the test."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.urls import URLResolver

from tests.doors.matrix.town import ALL, CAMERA_CODE, CASES, LAMP_CODE

ANY, DESK, POSTS, KEY = "anybody", "posts that see", "any post", "a key"
CODE, OWN, ENTER, SETS_UP, NOBODY = "a code", "the reporter", "enters reports", "sets up", "nobody"
FINDS = "reports finds of its own"
PLACES, KEEPS = "adds components", "keeps the lamp"
LOOKS = "posts that see, and who sets up"
REGISTER = "reads the register of components"
WATCHES = "reads who looked at personal data"
OPEN_CASES = frozenset(CASES) - {"done"}
NUMBER = frozenset({"number"})
SPOT = frozenset({"number", "place"})


class Row(NamedTuple):
    """A route: by which door, who may, the addresses to try, and what must be told there to who may know it.

    `of` are the cases it tells of, `to` the roles it is told to where not to all. `{number}`, `{photo}`, `{work}` in
    an address stand for those of each case: who may not see one gets 404.
    """

    door: str
    who: str
    get: Sequence[str] = ()
    tells: frozenset[str] = frozenset()
    of: frozenset[str] = frozenset(CASES)
    to: frozenset[str] | None = None
    post: Sequence[tuple[str, dict[str, object]]] = ()
    posts: str = ""  # who may post, where not the same


def routes(resolver: Any, before: str = "") -> Iterator[str]:
    """Give every route there is, as its patterns say."""
    for one in resolver.url_patterns:
        path = before + str(one.pattern)
        yield from routes(one, path) if isinstance(one, URLResolver) else (path,)


PAGES = (".json", ".xml", ".html", ".rss")


def _open311(*paths: str, ends: Sequence[str] = PAGES[:2]) -> list[str]:
    return [f"/open311/v2/{path}{end}" for path in paths for end in ends]


PAGE = r"(?:\.(?P<extension>json|xml|html|rss))?/?$"
FORM = r"(?:\.(?P<extension>json|xml))?/?$"
DISPATCHERS = frozenset({"dispatcher", "chief"})
SPOTTED = "lon=10.0812347&lat=50.0712347"
PLACE = {"lon": "10.0812347", "lat": "50.0712347", "words": "zqsecretwords zqrawwords", "matter": "hole"}

PUBLIC: dict[str, Row] = {
    "": Row("public", ANY, ["/"], NUMBER, frozenset({"done"})),
    "report": Row(
        "public",
        ANY,
        [
            "/report",
            "/report?lon=10.0812347&lat=50.0712347",
            "/report?lon=10.0912347&lat=50.0812347&words=zqrawwords",
        ],
        post=[("/report", {**PLACE, "do": "review"})],
    ),
    "report/token": Row("public", ANY, ["/report/token"]),
    "report/hints": Row("public", ANY, post=[("/report/hints", PLACE), ("/report/hints", {**PLACE, "desk": "1"})]),
    "report/follow": Row("public", ANY, post=[("/report/follow", {"instead": "{number}", "key": "{number}"})]),
    "follow": Row("public", ANY, ["/follow"], post=[("/follow", {"code": "AAAA-BBBB-CCCC-DDDD"})]),
    "follow/<str:code>": Row("follow", CODE, ["/follow/{code}"], ALL - {"note", "place", "words", "alarm"}),
    "follow/<str:code>/act": Row("follow", CODE, post=[("/follow/{code}/act", {"offer": "add-0-0", "words": "x"})]),
    "follow/<str:code>/mails": Row("follow", OWN, post=[("/follow/{code}/mails", {"email": "a@example.org"})]),
    "follow/<str:code>/sent": Row("follow", CODE, ["/follow/{code}/sent"], NUMBER),
    "follow/<str:code>/receipt.json": Row("follow", OWN, ["/follow/{code}/receipt.json"], NUMBER),
    "follow/<str:code>/promise.json": Row("follow", CODE, ["/follow/{code}/promise.json"], NUMBER),
    "follow/<str:code>/now.json": Row("follow", CODE, ["/follow/{code}/now.json"]),
    "cases/<str:number>.atom": Row("public", ANY, ["/cases/{number}.atom"], NUMBER),
    "cases/<str:number>": Row("public", ANY, ["/cases/{number}"], frozenset({"number", "address", "work"})),
    "cases/<str:number>/place": Row("public", ANY, ["/cases/{number}/place"], frozenset({"place"})),
    "cases/<str:number>/follow": Row("public", ANY, post=[("/cases/{number}/follow", {"key": "k{number}"})]),
    "mails": Row("public", ANY, post=[("/mails", {"subject": "case:{id}", "email": "a@example.org"})]),
    "mails/<str:token>": Row("public", ANY, ["/mails/wrong"], post=[("/mails/wrong", {"do": "links"})]),
    "mails/<str:token>/confirm": Row("public", ANY, ["/mails/wrong/confirm"], post=[("/mails/wrong/confirm", {})]),
    "places": Row("public", ANY, ["/places?q=zqsecretaddress", "/places?q=West"]),
    "near": Row(
        "public",
        ANY,
        [
            "/near?under=100101",
            "/near?under=100102",
            "/near?lon=10.0712347&lat=50.0612347",
            "/near?lon=10.0812347&lat=50.0712347",
            "/near?lon=10.0612347&lat=50.0512347",
        ],
        frozenset({"number", "address"}),
        frozenset(CASES) - {"hidden"},
    ),
    "near/marks": Row(
        "public",
        ANY,
        [
            "/near/marks?under=100101",
            "/near/marks?under=100102",
            "/near/marks?lon=10.0612347&lat=50.0512347",
        ],
        SPOT,
        frozenset(CASES) - {"hidden"},
    ),
    "fixed": Row(
        "public", ANY, ["/fixed", "/fixed?under=100101"], frozenset({"number", "address"}), frozenset({"done"})
    ),
    "areas/<str:code>.<str:kind>": Row("public", ANY, ["/areas/1001.atom", "/areas/1001.rss"], NUMBER),
    "figures": Row("public", ANY, ["/figures", "/figures?year=2018&under=100101&agency=parks"]),
    r"^figures\.(?P<kind>csv|json)$": Row("public", ANY, ["/figures.csv", "/figures.json"]),
    "components/<str:code>": Row("public", ANY, [f"/components/{LAMP_CODE}", f"/components/{CAMERA_CODE}"]),
    "components/<str:code>/label": Row("public", ANY, [f"/components/{LAMP_CODE}/label"]),
    "tiles/components/<str:z>/<str:x>/<str:y>.pbf": Row(
        "public", ANY, ["/tiles/components/11/1081/694.pbf", "/tiles/components/17/69197/44429.pbf?type=camera"]
    ),
    "map": Row("public", ANY, ["/map", "/map?under=100101", "/map?things=all"]),
    "map/units": Row("public", ANY, ["/map/units", "/map/units?under=100101&depth=2"]),
    "wall/": Row(
        "desk",
        DESK,
        ["/wall/", *(f"/wall/?show=city,40&show=cases,40,100101&show=sensing,40&at={n}" for n in range(3))],
    ),
    "wall/marks.geojson": Row(
        "desk", DESK, ["/wall/marks.geojson?of=city", "/wall/marks.geojson?of=sensing"], frozenset({"alarm"})
    ),
    "sw.js": Row("public", ANY, ["/sw.js"]),
    "manifest.webmanifest": Row("public", ANY, ["/manifest.webmanifest"]),
    "tiles/base.json": Row("public", ANY, ["/tiles/base.json"]),
    "tiles/base/<str:z>/<str:x>/<str:y>.pbf": Row("public", ANY, ["/tiles/base/0/0/0.pbf"]),
    "tiles/imagery/<str:key>/<str:z>/<str:x>/<str:y>.webp": Row(
        "desk", DESK, ["/tiles/imagery/staff/12/2162/1388.webp"]
    ),
    "robots.txt": Row("public", ANY, ["/robots.txt"]),
    ".well-known/security.txt": Row("public", ANY, ["/.well-known/security.txt"]),
    ".well-known/cityloop-ledger": Row("public", ANY, ["/.well-known/cityloop-ledger"]),
    "preferences/language": Row("public", ANY, post=[("/preferences/language", {"language": "en"})]),
    "preferences/theme": Row("public", ANY, post=[("/preferences/theme", {"theme": "dark"})]),
    "files/<uuid:uuid>": Row("files", DESK, ["/files/{photo}", "/files/{photo}?side=320", "/files/{work}?side=320"]),
    "tiles/cases/<str:z>/<str:x>/<str:y>.pbf": Row(
        "desk", DESK, ["/tiles/cases/11/1081/694.pbf", "/tiles/cases/11/1081/693.pbf"], NUMBER, OPEN_CASES
    ),
}

FILTERS = [
    "/desk/cases/",
    "/desk/cases/?q=zq",
    "/desk/cases/?q=zqsecretwords",
    "/desk/cases/?q=zqsecretaddres",
    "/desk/cases/?q=zqrawaddres",
    "/desk/cases/?q=zqhiddenaddres",
    "/desk/cases/?unit=100102",
]
DESKS: dict[str, Row] = {
    "": Row("desk", DESK, ["/desk/", "/desk/?others=1"], NUMBER, OPEN_CASES - {"raw"}, DISPATCHERS),
    "^views/(?P<page>inbox|cases)/keep$": Row(
        "desk", DESK, post=[("/desk/views/inbox/keep", {"name": "x", "query": "late=over"})]
    ),
    "^views/(?P<page>inbox|cases)/drop$": Row("desk", DESK, post=[("/desk/views/inbox/drop", {"view": "1"})]),
    "inbox.geojson": Row(
        "desk", DESK, ["/desk/inbox.geojson", "/desk/inbox.geojson?others=1"], SPOT, OPEN_CASES - {"raw"}, DISPATCHERS
    ),
    "alarms/": Row("desk", DESK, ["/desk/alarms/", "/desk/alarms/?all=1"], frozenset({"alarm"})),
    "alarms.geojson": Row("desk", DESK, ["/desk/alarms.geojson"], frozenset({"alarm"})),
    "alarms/<int:number>": Row("desk", DESK, ["/desk/alarms/{alarm}"], frozenset({"alarm"})),
    "alarms/<int:number>/act": Row(
        "desk", DESK, post=[("/desk/alarms/{alarm}/act", {"action": "acknowledge", "seq": "1"})]
    ),
    "cameras/": Row("desk", DESK, ["/desk/cameras/", "/desk/cameras/?name=x"]),
    "cameras/<str:key>": Row("desk", NOBODY, ["/desk/cameras/far"]),
    "cameras/<str:key>/look": Row("desk", NOBODY, post=[("/desk/cameras/far/look", {"purpose": "x"})]),
    "sensors/": Row("desk", DESK, ["/desk/sensors/", "/desk/sensors/?state=never"]),
    "sensors/<int:number>": Row("desk", DESK, ["/desk/sensors/{thing}"], frozenset({"alarm"})),
    "sensors/quality": Row("desk", DESK, ["/desk/sensors/quality"]),
    "sensors/quarantine": Row("desk", DESK, ["/desk/sensors/quarantine", "/desk/sensors/quarantine?reason=range"]),
    "sensors/trial": Row("desk", DESK, ["/desk/sensors/trial"]),
    "sensors.geojson": Row("desk", DESK, ["/desk/sensors.geojson"]),
    "find": Row("desk", FINDS, ["/desk/find", f"/desk/find?{SPOTTED}"], post=[("/desk/find", PLACE)]),
    "find/kept": Row("desk", ANY, [f"/desk/find/kept?{SPOTTED}"]),
    "find/instead": Row("desk", FINDS, post=[("/desk/find/instead", {"instead": "{number}", "key": "j{number}"})]),
    "new": Row("desk", ENTER, ["/desk/new", "/desk/new?lon=10.0812347&lat=50.0712347"], post=[("/desk/new", PLACE)]),
    "new/instead": Row("desk", ENTER, post=[("/desk/new/instead", {"instead": "{number}", "key": "i{number}"})]),
    "many": Row("desk", DESK, ["/desk/many?{numbers}"], NUMBER),
    "many/act": Row("desk", DESK, post=[("/desk/many/act", {"case": "{number}", "seq": "{seq}", "offer": "{offer}"})]),
    "cases/": Row("desk", DESK, FILTERS, frozenset({"number", "address"})),
    r"^cases\.(?P<kind>csv|xlsx|geojson)$": Row(
        "desk",
        DESK,
        ["/desk/cases.csv", "/desk/cases.xlsx", "/desk/cases.geojson", "/desk/cases.csv?q=zqsecretwords"],
        frozenset({"number", "address", "place"}),
    ),
    "cases/<str:number>.pdf": Row("desk", DESK, ["/desk/cases/{number}.pdf"]),
    "cases/<str:number>": Row("desk", DESK, ["/desk/cases/{number}"], ALL - {"place"}),
    "cases/<str:number>/act": Row(
        "desk", DESK, post=[("/desk/cases/{number}/act", {"seq": "{seq}", "offer": "{offer}", "words": "x"})]
    ),
    "cases/<str:number>/mark": Row("desk", DESK, ["/desk/cases/{number}/mark"], SPOT),
    "cases/<str:number>/contact": Row(
        "desk", DESK, post=[("/desk/cases/{number}/contact", {"person": "1", "purpose": "x"})]
    ),
    "notices": Row("desk", DESK, ["/desk/notices"]),
    "style": Row("desk", DESK, ["/desk/style"]),
    "components": Row("desk", REGISTER, ["/desk/components", "/desk/components?state=intact"]),
    r"^components\.(?P<kind>csv|xlsx|geojson)$": Row(
        "desk",
        REGISTER,
        ["/desk/components.csv", "/desk/components.xlsx", "/desk/components.geojson?type=lamp"],
    ),
    "components/labels": Row("desk", REGISTER, ["/desk/components/labels"]),
    "components/<str:code>": Row("desk", REGISTER, [f"/desk/components/{LAMP_CODE}"], NUMBER),
    "components/<str:code>/change": Row(
        "desk", KEEPS, post=[(f"/desk/components/{LAMP_CODE}/change", {"state": "melted"})]
    ),
    "components/new": Row(
        "desk", PLACES, ["/desk/components/new"], post=[("/desk/components/new", {"type": "lamp", "lon": "10.05"})]
    ),
    "components/<str:code>/correct": Row(
        "desk",
        KEEPS,
        [f"/desk/components/{LAMP_CODE}/correct"],
        post=[(f"/desk/components/{LAMP_CODE}/correct", {"seen": "x", "lon": "nowhere"})],
    ),
    "map": Row("desk", DESK, ["/desk/map", "/desk/map?under=100101"]),
    "map/units": Row("desk", DESK, ["/desk/map/units", "/desk/map/units?under=100101"]),
    "wall": Row("desk", DESK, ["/desk/wall", "/desk/wall?view=city&stay=40&area=100101"]),
    "settings/": Row("desk", POSTS, ["/desk/settings/"]),
    "settings/catalogue": Row("desk", POSTS, ["/desk/settings/catalogue"]),
    "settings/catalogue/<str:code>": Row(
        "desk",
        POSTS,
        ["/desk/settings/catalogue/hole"],
        posts=SETS_UP,
        post=[("/desk/settings/catalogue/hole", {"do": "change", "level": "2"})],
    ),
    "settings/catalogue.toml": Row("desk", POSTS, ["/desk/settings/catalogue.toml"]),
    "settings/catalogue-as-a-file": Row(
        "desk",
        POSTS,
        ["/desk/settings/catalogue-as-a-file"],
        posts=SETS_UP,
        post=[("/desk/settings/catalogue-as-a-file", {"do": "publish", "text": "matters = []"})],
    ),
    "settings/plates": Row("desk", POSTS, ["/desk/settings/plates"]),
    "settings/plates/<str:key>": Row(
        "desk",
        POSTS,
        ["/desk/settings/plates/health"],
        posts=SETS_UP,
        post=[("/desk/settings/plates/health", {"do": "off"})],
    ),
    "settings/units": Row("desk", POSTS, ["/desk/settings/units"]),
    "settings/units/<str:code>": Row("desk", POSTS, ["/desk/settings/units/100101"]),
    "settings/organisations": Row(
        "desk",
        POSTS,
        ["/desk/settings/organisations"],
        posts=SETS_UP,
        post=[("/desk/settings/organisations", {"key": "x", "names_en": "X", "kind": "government", "parent": "city"})],
    ),
    "settings/organisations/<str:key>": Row(
        "desk",
        POSTS,
        ["/desk/settings/organisations/roads"],
        posts=SETS_UP,
        post=[("/desk/settings/organisations/roads", {"do": "close", "names_en": "X"})],
    ),
    "settings/looks": Row("desk", WATCHES, ["/desk/settings/looks", "/desk/settings/looks?person=1"]),
    "settings/people": Row(
        "desk",
        POSTS,
        ["/desk/settings/people"],
        posts=SETS_UP,
        post=[
            (
                "/desk/settings/people",
                {
                    "do": "appoint",
                    "user": "intruder",
                    "new": "yes",
                    "role": "dispatcher",
                    "organisation": "city",
                    "level": "3",
                },
            )
        ],
    ),
    "settings/calendars": Row("desk", POSTS, ["/desk/settings/calendars"]),
    "settings/calendars/<str:key>": Row(
        "desk",
        POSTS,
        ["/desk/settings/calendars/city"],
        posts=SETS_UP,
        post=[("/desk/settings/calendars/city", {"do": "holiday", "from": "2026-01-01", "to": "2026-01-02"})],
    ),
    "settings/imagery": Row(
        "desk",
        POSTS,
        ["/desk/settings/imagery"],
        posts=SETS_UP,
        post=[("/desk/settings/imagery", {"key": "x", "names_en": "X", "kind": "xyz", "taken_from": "2018-01-01"})],
    ),
    "settings/imagery/<str:key>": Row(
        "desk",
        POSTS,
        ["/desk/settings/imagery/all"],
        posts=SETS_UP,
        post=[("/desk/settings/imagery/staff", {"do": "remove"})],
    ),
    "settings/loops": Row("desk", POSTS, ["/desk/settings/loops"]),
    "settings/loops/<str:key>": Row("desk", POSTS, ["/desk/settings/loops/case", "/desk/settings/loops/alarm"]),
    "password": Row(
        "desk", POSTS, ["/desk/password"], post=[("/desk/password", {"old": "x", "new": "y", "again": "y"})]
    ),
    "sign-in": Row("public", ANY, ["/desk/sign-in"]),
    "sign-out": Row("public", ANY, post=[("/desk/sign-out", {})]),
}

API: dict[str, Row] = {
    "cases": Row("api", KEY, ["/api/v1/cases?limit=100"], SPOT | {"address"}),
    "cases/<number>": Row(
        "api", KEY, ["/api/v1/cases/{number}"], frozenset({"number", "place", "address", "photo", "work"})
    ),
    "cases/<number>/timeline": Row(
        "api", KEY, ["/api/v1/cases/{number}/timeline"], frozenset({"words", "note", "photo", "work"})
    ),
    "cases/<number>/actions": Row("api", KEY, ["/api/v1/cases/{number}/actions"]),
    "cases/<number>/actions/<action>": Row(
        "api",
        KEY,
        post=[
            ("/api/v1/cases/{number}/actions/submit", {"data": {}}),
            ("/api/v1/cases/{number}/actions/note", {"data": {"words": "x"}}),
        ],
    ),
    "cases/actions/<action>": Row(
        "api", KEY, post=[("/api/v1/cases/actions/note", {"numbers": ["{number}"], "data": {"words": "x"}})]
    ),
    "map": Row("api", KEY, ["/api/v1/map"], SPOT, OPEN_CASES),
    "detections/<detector>": Row("api", NOBODY, post=[("/api/v1/detections/eye", {"id": "1", "class": "tree"})]),
    "alarms": Row("api", KEY, ["/api/v1/alarms?standing=false"], frozenset({"alarm"})),
    "alarms/<alarm>": Row("api", KEY, ["/api/v1/alarms/{alarm}"], frozenset({"alarm"})),
    "alarms/<alarm>/actions/<action>": Row(
        "api", KEY, post=[("/api/v1/alarms/{alarm}/actions/acknowledge", {"expected": 1})]
    ),
    "readings/latest": Row("api", KEY, ["/api/v1/readings/latest", "/api/v1/readings/latest?unit=100101"]),
    "photos": Row("api", KEY, post=[("/api/v1/photos", {"number": "{number}"})]),
    "photos/<key>": Row("api", KEY, ["/api/v1/photos/{photo}", "/api/v1/photos/{work}?side=320"]),
    "units": Row("api", KEY, ["/api/v1/units"]),
    "units/<code>": Row("api", KEY, ["/api/v1/units/100101"]),
    "organisations": Row("api", KEY, ["/api/v1/organisations"]),
    "components": Row("api", KEY, ["/api/v1/components", "/api/v1/components?bbox=10,50,10.2,50.1"]),
    "components/<code>": Row("api", KEY, [f"/api/v1/components/{LAMP_CODE}"]),
    "component-types": Row("api", KEY, ["/api/v1/component-types"]),
    "matters": Row("api", KEY, ["/api/v1/matters"]),
    "reports": Row("api", ANY, post=[("/api/v1/reports", {"words": 1})]),
    "openapi.json": Row("api", ANY, ["/api/v1/openapi.json"]),
    "webhooks": Row("api", KEY, ["/api/v1/webhooks"], post=[("/api/v1/webhooks", {"url": "nonsense"})]),
    "webhooks/<webhook>": Row("api", KEY, ["/api/v1/webhooks/{webhook}"]),
    "webhooks/<webhook>/deliveries": Row("api", KEY, ["/api/v1/webhooks/{webhook}/deliveries"], NUMBER),
    "webhooks/<webhook>/ping": Row("api", KEY, post=[("/api/v1/webhooks/0/ping", {})]),
    "webhooks/<webhook>/replay": Row("api", KEY, post=[("/api/v1/webhooks/0/replay", {"offset": 0})]),
    "me": Row("api", KEY, ["/api/v1/me"]),
    "worklist": Row("api", KEY, ["/api/v1/worklist"], NUMBER, OPEN_CASES - {"raw"}, DISPATCHERS),
    "problems": Row("api", ANY, ["/api/v1/problems"]),
    "cases/<number>/reports": Row("api", KEY, ["/api/v1/cases/{number}/reports"]),
    "cases/<number>/reports/<report>/contact": Row(
        "api", KEY, post=[("/api/v1/cases/{number}/reports/1/contact", {"purpose": "x"})]
    ),
    "cases/<number>/alike": Row("api", KEY, ["/api/v1/cases/{number}/alike"]),
    "cases/<number>/neighbours": Row("api", KEY, ["/api/v1/cases/{number}/neighbours?radius=2000"]),
    "cases/<number>/messages": Row("api", KEY, ["/api/v1/cases/{number}/messages"], frozenset({"words", "note"})),
    "cases/<number>/replies": Row("api", KEY, ["/api/v1/cases/{number}/replies"]),
    "cases/<number>/receipt": Row("api", KEY, ["/api/v1/cases/{number}/receipt"], NUMBER),
    "cases/<number>/promise": Row("api", KEY, ["/api/v1/cases/{number}/promise"], NUMBER),
    "cases/<number>/paper": Row("api", KEY, ["/api/v1/cases/{number}/paper"]),
    "counts": Row("api", KEY, ["/api/v1/counts", "/api/v1/counts?under=100101"]),
    "exports/<kind>": Row("api", DESK, ["/api/v1/exports/csv", "/api/v1/exports/geojson"], SPOT | {"address"}),
    "exports/components/<kind>": Row(
        "api", REGISTER, ["/api/v1/exports/components/csv", "/api/v1/exports/components/geojson?unit=100101"]
    ),
    "views": Row("api", KEY, ["/api/v1/views"], post=[("/api/v1/views", {"name": "x"})]),
    "views/<view>": Row("api", KEY, post=[("/api/v1/views/1", {})]),
    "notices": Row("api", KEY, ["/api/v1/notices"]),
    "settings/catalogue": Row("api", KEY, ["/api/v1/settings/catalogue"]),
    "settings/catalogue/file": Row("api", KEY, ["/api/v1/settings/catalogue/file"]),
    "settings/catalogue/trials": Row("api", KEY, post=[("/api/v1/settings/catalogue/trials", {"days": "x"})]),
    "plates": Row("api", KEY, ["/api/v1/plates"]),
    "plates/<plate>": Row("api", KEY, ["/api/v1/plates/health"]),
    "settings/matters/<matter>": Row("api", KEY, ["/api/v1/settings/matters/hole"]),
    "settings/matters/<matter>/lines": Row("api", KEY, post=[("/api/v1/settings/matters/hole/lines", {})]),
    "settings/matters/<matter>/lines/<unit>": Row("api", KEY, post=[("/api/v1/settings/matters/hole/lines/city", {})]),
    "settings/organisations": Row("api", KEY, post=[("/api/v1/settings/organisations", {"key": "?"})]),
    "settings/organisations/<organisation>": Row("api", KEY, ["/api/v1/settings/organisations/roads"]),
    "settings/organisations/<organisation>/posts": Row(
        "api", KEY, post=[("/api/v1/settings/organisations/roads/posts", {"role": 1})]
    ),
    "settings/organisations/<organisation>/posts/<post>": Row(
        "api", KEY, post=[("/api/v1/settings/organisations/roads/posts/1", {})]
    ),
    "settings/looks": Row("api", WATCHES, ["/api/v1/settings/looks", "/api/v1/settings/looks?username=chief"]),
    "settings/people": Row("api", KEY, ["/api/v1/settings/people"]),
    "settings/people/<username>": Row("api", KEY, post=[("/api/v1/settings/people/x", {})]),
    "settings/people/<username>/reopen": Row("api", KEY, post=[("/api/v1/settings/people/x/reopen", {})]),
    "settings/holdings": Row("api", KEY, post=[("/api/v1/settings/holdings", {"username": 1})]),
    "settings/holdings/<holding>": Row("api", KEY, post=[("/api/v1/settings/holdings/1", {})]),
    "imagery": Row("api", KEY, ["/api/v1/imagery"]),
    "imagery/<layer>": Row("api", LOOKS, ["/api/v1/imagery/staff"]),
    "settings/imagery/<layer>": Row("api", KEY, post=[("/api/v1/settings/imagery/staff", {"names": {}})]),
    "settings/calendars": Row("api", KEY, ["/api/v1/settings/calendars"]),
    "settings/calendars/<calendar_key>": Row("api", KEY, ["/api/v1/settings/calendars/city"]),
    "settings/units/<code>": Row("api", KEY, post=[("/api/v1/settings/units/100101", {})]),
    "settings/loops/<loop>": Row("api", KEY, ["/api/v1/settings/loops/case", "/api/v1/settings/loops/alarm"]),
    "": Row("api", NOBODY, ["/api/v1/"]),
}

OPEN311: dict[str, Row] = {
    rf"^open311/discovery{FORM}": Row("open311", ANY, ["/open311/discovery.json", "/open311/discovery.xml"]),
    rf"^open311/v2/discovery{FORM}": Row("open311", ANY, _open311("discovery")),
    "open311/v2/": Row("open311", ANY, ["/open311/v2/"]),
    rf"^open311/v2/services{PAGE}": Row("open311", ANY, _open311("services", ends=PAGES)),
    rf"^open311/v2/services/(?P<code>[^/]+?){PAGE}": Row("open311", ANY, _open311("services/hole", ends=PAGES)),
    rf"^open311/v2/requests{PAGE}": Row(
        "open311",
        ANY,
        [
            *_open311("requests", ends=PAGES),
            "/open311/v2/requests.json?extensions=true",
            "/open311/v2/requests.json?lat=50.0612347&long=10.0712347&radius=50",
            "/open311/v2/requests.json?service_request_id={numberlist}",
        ],
        SPOT | {"words", "address"},
        post=[("/open311/v2/requests.json", {"service_code": "hole"})],
    ),
    rf"^open311/v2/requests/(?P<number>[^/]+)/servicerequestupdates{FORM}": Row(
        "open311",
        ANY,
        ["/open311/v2/requests/{number}/servicerequestupdates.json"],
        post=[("/open311/v2/requests/{number}/servicerequestupdates.json", {"status": "OPEN", "description": "x"})],
    ),
    rf"^open311/v2/requests/(?P<number>[^/]+?){PAGE}": Row(
        "open311", ANY, _open311("requests/{number}", ends=PAGES), SPOT | {"words", "address", "work"}
    ),
    rf"^open311/v2/tokens/(?P<token>[^/]+?){FORM}": Row("open311", ANY, _open311("tokens/{number}")),
    rf"^open311/v2/servicerequestupdates{FORM}": Row(
        "open311",
        ANY,
        _open311("servicerequestupdates"),
        NUMBER,
        post=[
            (
                "/open311/v2/servicerequestupdates.json",
                {"service_request_id": "{number}", "status": "OPEN", "description": "x"},
            )
        ],
    ),
    "open311/v2/media/<uuid:uuid>.jpg": Row(
        "open311", ANY, ["/open311/v2/media/{photo}.jpg", "/open311/v2/media/{work}.jpg"]
    ),
    r"^open311(?:/.*?)?(?:\.(?P<extension>json|xml))?$": Row("open311", NOBODY, ["/open311/v2/nothing.json"]),
}

SETS = ("Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors", "ObservedProperties", "Observations")
SENSORS: dict[str, Row] = {
    r"^sta/v1\.1(?:/(?P<path>.*))?$": Row(
        "open311",
        DESK,
        ["/sta/v1.1/", *(f"/sta/v1.1/{name}" for name in SETS)],
        post=[("/sta/v1.1/Sensors", {"name": "x"}), ("/sta/v1.1/CreateObservations", {})],
        posts=NOBODY,
    ),
}

TABLE: dict[str, Row] = {
    **PUBLIC,
    **{f"desk/{path}": row for path, row in DESKS.items()},
    **{f"api/v1/{path}": row for path, row in API.items()},
    "^api/": Row("api", NOBODY, ["/api/v2/cases"]),
    **OPEN311,
    **SENSORS,
}
