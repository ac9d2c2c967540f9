"""A small real city for the tests of cases: two districts of two grids each, departments, posts, a catalogue."""

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.actions import keep_calendar
from cityloop.town.catalog import actions as catalog
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import authority
from cityloop.town.orgs.models import Organisation
from cityloop.town.persons.models import Account
from cityloop.town.units.actions.load import load_units
from tests.loops.cases.rows import Rows, added, put, rows_now
from tests.town.staff import BY, both, make_city, make_org, seat

AT = 1_540_137_600_000_000  # 2018-10-21 16:00 UTC, a Sunday
MINUTE = 60_000_000
DAY = 86_400_000_000
REPORTER = Actor("reporter", "reporter")

MAP = {
    "city": {
        "key": "smallville", "names": both("Smallville"), "code": "1001", "country": "US", "zone": "America/New_York",
        "case_prefix": "SV", "kind": "live", "languages": ["en", "zh-hans"],
    },
    "codes": {"levels": [["city", 4], ["district", 2], ["grid", 3]]},
    "levels": [
        {
            "name": "district", "source": {"file": "district.geojson", "key": "key"},
            "up": {"property": "parent"}, "title": {"en": "{key}"},
        },
        {"name": "grid", "source": {"file": "grid.geojson", "key": "key"}, "title": {"en": "{key}"}},
    ],
}  # fmt: skip


def _box(west: float, south: float, width: float, height: float) -> list[list[list[float]]]:
    east, north = west + width, south + height
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def _feature(key: str, box: list[Any], **more: str) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"key": key, **more}, "geometry": {"type": "Polygon", "coordinates": box}}


def _write(folder: Path) -> None:
    districts = [_feature("West", _box(10.0, 50.0, 0.1, 0.1)), _feature("East", _box(10.1, 50.0, 0.1, 0.1))]
    grids = [
        _feature(f"{name} {where}", _box(west, south, 0.1, 0.05), parent=name)
        for name, west in (("West", 10.0), ("East", 10.1))
        for where, south in (("north", 50.05), ("south", 50.0))
    ]
    for name, features in (("district", districts), ("grid", grids)):
        text = json.dumps({"type": "FeatureCollection", "features": features})
        (folder / f"{name}.geojson").write_text(text)


def _matter(code: str, name: str, *limits: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code, "class": "05", "subclass": code[-2:], "kind": "event", "names": both(name),
        "filing": both("seen"), "closing": both("gone"),
        "milestones": [{"name": both(f"step {n}"), "limit": limit} for n, limit in enumerate(limits)], **more,
    }  # fmt: skip


PLATE = Manifest.model_validate(
    {
        "key": "town", "version": "1.0.0", "names": both("Town"),
        "organisations": [
            {"key": "parks", "names": both("Parks")}, {"key": "roads", "names": both("Roads")},
            {"key": "police", "names": both("Police")},
        ],
        "matters": [
            _matter("tree", "Fallen tree", "1 uh", "5 wd", keywords={"en": ["tree"]}),
            _matter("hole", "Pothole", "2 wd"),
            _matter("secret", "Abuse", "1 d", level=2),
        ],
        "responsibility": [
            {"matter": "tree", "lead": "parks", "assisting": [{"organisation": "roads"}]},
            {"matter": "hole", "lead": "roads"}, {"matter": "secret", "lead": "police"},
        ],
    }
)  # fmt: skip


@dataclass
class Town:
    """The city with one account for each post."""

    orgs: dict[str, Organisation]
    accounts: dict[str, Account] = field(default_factory=dict)
    at: int = AT

    def actor(self, who: str) -> Actor:
        if who == "reporter":
            return REPORTER
        return authority.actors(self.accounts[who], self.at)[0]

    def collect(self, **report: Any) -> cases.Collected:
        self.at += MINUTE
        values = {"channel": "web", "words": "A tree is down", "matter": "tree", "lon": 10.05, "lat": 50.07, **report}
        return cases.collect(report=cases.Report(**values), by=REPORTER, at=self.at)

    def take(self, case: int, action: str, who: str, /, after: int = MINUTE, **data: Any) -> cases.Taken:
        self.at += after
        account = self.accounts.get(who)
        return cases.take(
            case=case, act=Act(action, data), by=self.actor(who), at=self.at,
            scope=authority.scope(account, self.at) if account else None,
        )  # fmt: skip

    def to(self, state: str, **report: Any) -> int:
        """Bring a new case to a state by the straight way and give its id."""
        case = self.collect(**report).case
        for action, who, data in STRAIGHT:
            if Case.objects.get(pk=case).state == state:
                return case
            self.take(case, action, who, **data)
        assert Case.objects.get(pk=case).state == state
        return case


STRAIGHT: list[tuple[str, str, dict[str, Any]]] = [
    ("file", "shift", {}),
    ("dispatch", "dispatcher", {}),
    ("accept", "parks", {}),
    ("report_back", "parks", {"words": "Cut and carried away"}),
    ("accept", "roads", {}),
    ("report_back", "roads", {"words": "Kerb mended"}),
    ("submit", "dispatcher", {}),
    ("pass", "inspector", {"words": "It is gone"}),
    ("close", "shift", {}),
]

POSTS = {
    "intake": ("supervision", "intake_officer", ""),
    "shift": ("supervision", "shift_leader", ""),
    "inspector": ("supervision", "inspector", ""),
    "inspector_east": ("supervision", "inspector", "100101"),
    "dispatcher": ("command", "dispatcher", ""),
    "commander": ("city", "duty_commander", ""),
    "parks": ("parks", "department_officer", ""),
    "roads": ("roads", "department_officer", ""),
    "police": ("police", "department_officer", ""),
}


_kept: list[tuple[Town, Rows]] = []


def build(folder: Path) -> Town:
    """Make the city in an empty database; after the first time in a process, from the rows that made it."""
    if Step.objects.exists():  # somebody was here before: rows of another time may not fit
        return make(folder)
    if _kept:
        _write(folder)
        town, rows = _kept[0]
        put(rows)
    else:
        before = rows_now()
        town = make(folder)
        _kept.append((copy.deepcopy(town), added(before, rows_now())))
    return copy.deepcopy(town)


def make(folder: Path) -> Town:
    """Make it through the same actions a real one uses."""
    _write(folder)
    city = make_city()
    load_units(MAP, folder, by=BY, at=AT)
    shifts = [[["08:30", "12:00"], ["13:00", "17:30"]]] * 5 + [[], []]
    keep_calendar(key="city", names=both("City"), zone="America/New_York", shifts=shifts, by=BY, at=AT)
    catalog.publish(plates=[PLATE], by=BY, at=AT)
    orgs = {"city": city, **{o.key: o for o in Organisation.objects.all()}}
    for key in ("supervision", "command"):
        orgs[key] = make_org(key, city)
    town = Town(orgs)
    for name, (org, role, unit) in POSTS.items():
        level = 3 if org in ("city", "police", "supervision", "command") else 0
        town.accounts[name] = seat(orgs[org], role, unit, level)
    return town
