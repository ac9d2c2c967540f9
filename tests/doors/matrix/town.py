"""A town for the matrix of authority: somebody in every role, and marked cases of which each may know only some."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.test import Client

from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.search import tasks as search
from cityloop.loops.sensing.actions import alarming
from cityloop.loops.sensing.models import Alarm, Datastream
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions as catalog
from cityloop.town.columns import real_now
from cityloop.town.files.actions import keep
from cityloop.town.hooks import actions as hooks
from cityloop.town.hooks import tasks as hook_tasks
from cityloop.town.ledger.tasks import sequence_and_seal
from cityloop.town.orgs.roles import ROLES
from cityloop.town.persons.actions import make_access_key
from cityloop.town.persons.models import Account
from tests.doors.web.conftest import picture
from tests.loops.cases.smallville import MINUTE, PLATE, REPORTER, Town, build
from tests.loops.sensing.instruments import set_up
from tests.town.components.things import CAMERA, LAMP, put
from tests.town.imagery import above
from tests.town.staff import BY, seat

WEST = "100101"
# What a case is marked with: its number, what was reported, its address, an internal note, its exact place, the
# reporter's photo, the photo of the work, the alarm of an instrument that it was opened for.
FACETS = ("number", "words", "address", "note", "place", "photo", "work", "alarm")
ALL = frozenset(FACETS)
OPEN = frozenset({"number", "address", "place", "work"})
# Each case: its matter, where, how far it goes, and what everybody may know of it.
CASES: dict[str, tuple[str, float, float, str, frozenset[str]]] = {
    "plain": ("hole", 10.0312347, 50.0212347, "handling", OPEN),
    "done": ("hole", 10.0412347, 50.0312347, "closed", OPEN),
    "noise": ("noise", 10.0512347, 50.0412347, "handling", OPEN),  # of another department
    "east": ("hole", 10.1512347, 50.0212347, "handling", OPEN),  # outside the posts' area
    "street": ("lane", 10.0612347, 50.0512347, "handling", OPEN - {"place"}),
    "hidden": ("hidden", 10.0712347, 50.0612347, "handling", frozenset({"number"})),
    "secret": ("secret", 10.0812347, 50.0712347, "handling", frozenset()),  # confidential
    "raw": ("", 10.0912347, 50.0812347, "collected", frozenset()),  # nobody has said yet what it is about
}
ALARMS = 77_700_000  # alarms are known by numbers that stand nowhere else
LAMP_CODE, CAMERA_CODE = "1001010137000001", "1001010150000001"
LEADS = {"hole": "roads", "lane": "roads", "hidden": "roads", "noise": "police", "secret": "police"}
AREA = frozenset({"plain", "done", "noise", "street", "hidden", "raw"})
OURS = frozenset({"plain", "done", "street", "hidden"})
SEES = {"area": AREA, "organisation": OURS, "nothing": frozenset[str]()}


@dataclass
class Marked:
    """A case with its marks, by facet."""

    name: str
    id: int
    code: str
    seq: int
    marks: dict[str, str] = field(default_factory=dict)


@dataclass
class Viewer:
    """Somebody who looks: with an account, or with a code, or neither."""

    name: str
    role: str = ""
    sees: frozenset[str] = frozenset()
    account: Account | None = None
    key: str = ""
    code: str = ""
    own: str = ""
    subscription: int = 0

    @property
    def desk(self) -> bool:
        """Tell whether their posts see anything at all."""
        return bool(self.sees)

    def browser(self) -> Client:
        """Give a browser in which they have signed in."""
        client = Client(raise_request_exception=True)
        if self.account is not None:
            client.force_login(self.account)
        return client


@dataclass
class World:
    """The town, who looks, and what there is to see."""

    town: Town
    viewers: dict[str, Viewer]
    cases: dict[str, Marked]
    thing: int
    sent: dict[str, list[bytes]] = field(default_factory=dict)  # by webhooks, to whom


def plate() -> Manifest:
    """Give the plate of Smallville with a matter of each way to tell a place, and one of another department."""
    data = PLATE.model_dump(by_alias=True)
    hole = next(m for m in data["matters"] if m["code"] == "hole")
    more = [{**hole, "code": "noise"}, {**hole, "code": "lane", "public_place": "street"}]
    more.append({**hole, "code": "hidden", "public_place": "none"})
    lines = [{"matter": code, "lead": LEADS[code]} for code in ("noise", "lane", "hidden")]
    both = {"matters": [*data["matters"], *more], "responsibility": [*data["responsibility"], *lines]}
    return Manifest.model_validate({**data, **both})


def world(folder: Path, receiver: str) -> World:
    """Build it once."""
    town = build(folder)
    catalog.publish(plates=[plate().model_copy(update={"components": (LAMP, CAMERA)})], by=BY, at=town.at)
    town.at = city_clock.now() - 200 * MINUTE
    viewers = people(town)
    for one in viewers.values():
        if one.account is not None:
            one.key = make_access_key(
                account=one.account, label="t", days=1, by=BY, at=real_now(),
                scopes=("read", "act", "report", "hooks"), per_minute=100_000,
            )  # fmt: skip
            made, _secret = hooks.subscribe(
                account=one.account, url=f"{receiver}&to={one.name}", label="", kinds=["collect"], by=BY, at=real_now()
            )
            one.subscription = made.pk
    thing = set_up(at=town.at)
    marked = {name: mark(town, name) for name in CASES}
    for code, own in ((marked["plain"].code, "plain"), (marked["hidden"].code, "hidden")):
        viewers[f"reporter of {own}"] = Viewer(f"reporter of {own}", code=code, own=own)
    follower = cases.follow(case=marked["plain"].id, who=cases.Following(), at=town.at)
    viewers["follower"] = Viewer("follower", code=follower.follow)
    # All cases are about one lamp; what its page tells of them is what one may know. Beside it stands a camera.
    assert put(place=(10.06, 50.07)).code == LAMP_CODE
    assert put("camera", place=(10.06, 50.07)).code == CAMERA_CODE
    Case.objects.update(component=LAMP_CODE)
    above.picture("staff", date(2018, 3, 1))
    above.layer("all", public=True)
    above.layer("secret", level=3)
    sequence_and_seal()
    search.follow()
    for pk in hooks.claim(at=real_now(), most=100):
        hook_tasks.run(pk)
    return World(town, viewers, marked, thing)


def people(town: Town) -> dict[str, Viewer]:
    """Seat somebody in every role in the west, without confidence, and two who see more; a stranger beside them."""
    found = {"stranger": Viewer("stranger")}
    for role, about in ROLES.items():
        unit = WEST if about.sees != "nothing" else ""
        account = seat(town.orgs["roads"], role, unit, 0)
        found[role] = Viewer(role, role, SEES[about.sees], account)
    chief = seat(town.orgs["city"], "dispatcher", "", 3)
    police = seat(town.orgs["police"], "department_officer", "", 3)
    found["chief"] = Viewer("chief", "dispatcher", frozenset(CASES), chief)
    found["police"] = Viewer("police", "department_officer", frozenset({"noise", "secret"}), police)
    return found


def mark(town: Town, name: str) -> Marked:
    """Bring a case to its state, marked in all its parts."""
    matter, lon, lat, state, _open = CASES[name]
    words, address, note = (f"zq{name}{part}" for part in ("words", "address", "note"))
    photo = keep(picture(), subject="", by=REPORTER, at=town.at)
    made = town.collect(
        matter=matter, lon=lon, lat=lat, words=f"Seen {words}", address=f"{address} Road", photos=(photo,)
    )
    town.take(made.case, "note", "shift", words=f"Think {note}")
    marks = {
        "number": numbers.number(Case.objects.get(pk=made.case)), "words": words, "address": address, "note": note,
        "place": f"{lon:.5f}"[:8], "photo": str(photo.uuid),
    }  # fmt: skip
    if state == "collected":
        hear(town, made.case)
    else:
        marks["work"] = worked(town, made, LEADS[matter], state)
    marks["alarm"] = alarmed(town, made.case, name)
    seq = Case.objects.get(pk=made.case).seq
    return Marked(name, made.case, made.follow, seq, marks)


def hear(town: Town, case: int) -> None:
    """Let a case be told of the alarm that is made for it."""
    name = list(CASES)[Case.objects.count() - 1]
    data = {"alarm": str(ALARMS + list(CASES).index(name)), "rule": "town/air/high", "since": town.at}
    cases.take(case=case, act=Act("instrument", data), by=alarming.rule("town/air/high"), at=town.at)


def alarmed(town: Town, case: int, name: str) -> str:
    """Let the instrument in the square have raised the alarm that opened a case; give the number it is known by."""
    row, number = Case.objects.get(pk=case), ALARMS + list(CASES).index(name)
    alarm = Alarm(
        pk=number, definition="", snapshot="", head=b"", state="", seq=0, at=town.at, rule=f"town/air/{name}",
        about=f"ds:{number}", datastream=Datastream.objects.get(), catalogue="", matter=row.matter, severity="severe",
        unit_code=row.unit_code, level=row.level, place="Square", lon=10.05, lat=50.07, since=town.at, raised=town.at,
        case=case,
    )  # fmt: skip
    alarming.step(alarm, Act("raise", {"rule": alarm.rule}), alarming.rule(alarm.rule), town.at)
    return str(number)


def worked(town: Town, made: cases.Collected, lead: str, state: str) -> str:
    """Have the work done, with a photo of it; check and close where wanted. Give the photo."""
    for action, who in (("file", "shift"), ("dispatch", "dispatcher"), ("accept", lead)):
        town.take(made.case, action, who)
    hear(town, made.case)
    subject = Case.objects.get(pk=made.case).subject
    photo = keep(picture("gray"), subject=subject, by=town.actor(lead), at=town.at)
    town.take(made.case, "report_back", lead, photos=[str(photo.uuid)], words="Mended")
    if state == "closed":
        data: dict[str, Any] = {"words": "Gone"}
        town.take(made.case, "submit", "dispatcher")
        town.take(made.case, "pass", "inspector", **data)
        town.take(made.case, "close", "shift")
    return str(photo.uuid)
