"""The people and places of the loop tests."""

from cityloop.ground.loop.actor import CLOCK, Actor
from cityloop.ground.worktime import Calendars, WorkCalendar

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_540_137_600_000_000  # Sunday 2018-10-21 16:00 UTC, noon in New York

SHIFTS = {day: [("08:30", "12:00"), ("13:00", "17:30")] for day in range(5)}
TIMES = Calendars({"city": WorkCalendar("America/New_York", SHIFTS)})

CENTRE_ORG, PARKS, ROADS, POLICE = (8, "/1/8/"), (3, "/1/3/"), (4, "/1/4/"), (5, "/1/5/")


def person(role: str, number: int, org: tuple[int, str] = CENTRE_ORG) -> Actor:
    return Actor("person", role, number, number, org[0], org[1])


REPORTER = Actor("reporter", "reporter")
RULE = Actor("rule", "rule", name="test")
INTAKE = person("intake_officer", 1)
SHIFT = person("shift_leader", 2)
DISPATCHER = person("dispatcher", 3)
INSPECTOR = person("inspector", 4)
COMMANDER = person("duty_commander", 5)
LEADER = person("leader", 6)
PARKS_OFFICER = person("department_officer", 11, PARKS)
PARKS_CREW = person("crew", 12, (31, "/1/3/31/"))
ROADS_OFFICER = person("department_officer", 21, ROADS)
POLICE_OFFICER = person("department_officer", 31, POLICE)
SECOND_INSPECTOR = person("inspector", 7)
PARKS_INSPECTOR = person("inspector", 13, PARKS)
EVERYBODY = [
    REPORTER, RULE, CLOCK, INTAKE, SHIFT, DISPATCHER, INSPECTOR, SECOND_INSPECTOR, COMMANDER, LEADER,
    PARKS_OFFICER, PARKS_CREW, ROADS_OFFICER, POLICE_OFFICER, PARKS_INSPECTOR,
    person("inspector", 11), person("department_officer", 4, PARKS), person("shift_leader", 3),
    Actor("reporter", "reporter", 11), Actor("reporter", "reporter", 40),
]  # fmt: skip

FILE = {"matter": "tree", "unit": "1001", "milestones": [["1", "1 uh"], ["2", "5 wd"]], "level": 0}


def part(org: tuple[int, str], role: str = "assisting", **more: object) -> dict[str, object]:
    return {"org": org[0], "org_path": org[1], "role": role, **more}


LEAD_ONLY = {"parts": [part(PARKS, "lead")]}
THREE = {"parts": [part(PARKS, "lead"), part(ROADS), part(POLICE, order=2)]}
