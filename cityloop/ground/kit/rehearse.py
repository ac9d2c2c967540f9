"""Tell a story through the real loop engine: no database, no clock, the plate's own rules and limits.

The office hours are 08:00–12:00 and 14:00–18:00 from Monday to Friday in Asia/Shanghai, with no holidays, so that a
deadline can be worked out by hand.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cityloop.ground.kit.finding import suggest
from cityloop.ground.kit.manifest import Manifest, Matter
from cityloop.ground.kit.plate import Plate, Problem, Told
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.routing import Assist, Routing, Table
from cityloop.ground.kit.stories import Step, Story
from cityloop.ground.loop import proof
from cityloop.ground.loop.actor import CLOCK, Actor
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.duties import duties
from cityloop.ground.loop.engine import begin, step
from cityloop.ground.loop.snapshot import Act, Snapshot
from cityloop.ground.worktime import Calendars, WorkCalendar

ZONE = "Asia/Shanghai"
EXAMPLE, WIDTHS = "990101001001001", {"city": 4, "district": 6, "street": 9, "community": 12, "grid": 15}
PROPOSED = 3  # the expected matter must be among so many that the words of the report propose
OF_LEAD = ("department_officer", "crew", "public_group")
CENTRE_PATH = "/1/1/"


@cache
def calendars() -> Calendars:
    """Give the office hours of all stories."""
    shifts = {day: [("08:00", "12:00"), ("14:00", "18:00")] for day in range(5)}
    return Calendars({"city": WorkCalendar(ZONE, shifts)})


def instant(wall: datetime) -> int:
    """Give the instant of a wall time; one with a zone of its own keeps it."""
    told = wall if wall.tzinfo else wall.replace(tzinfo=calendars().get().zone)
    return (told - datetime.fromtimestamp(0, tz=told.tzinfo)) // timedelta(microseconds=1)


class Stage:
    """What the stories of a plate share: its matters, who is responsible, its organisations as actors."""

    def __init__(self, plate: Plate, loop: Definition) -> None:
        self.plate, self.loop = plate, loop
        self.matters = {matter.code: matter for matter in plate.manifest.matters}
        self.table = Table(plate.manifest.rules())
        self.orgs = _organisations(plate.manifest)
        self.numbers = {role: number for number, role in enumerate(loop.roles, 1)}

    def check(self) -> Iterator[Problem]:
        """Tell every story; name each matter that none is told of."""
        told = {one.story.matter for one in self.plate.stories}
        for number, code in enumerate(self.matters):
            if code not in told:
                message = f"no story tells of {code}"
                yield self.plate.problem("story.none", message, "matters", number, "code")
        known = set[str]()
        for one in self.plate.stories:
            if one.story.key in known:
                words, loc = "another story has this key", ("stories", one.number, "key")
                yield self.plate.problem("story.twice", words, *loc, file=one.file)
            known.add(one.story.key)
            yield from _Telling(self, one).problems()


def _organisations(manifest: Manifest) -> dict[str, tuple[int, str]]:
    """Give each organisation an id and a path under its parent's."""
    ids = {one.key: number for number, one in enumerate(manifest.organisations, 2)}
    parents = {one.key: one.parent for one in manifest.organisations}

    def path(key: str, depth: int = 0) -> str:
        parent = parents.get(key)
        above = path(parent, depth + 1) if parent in ids and depth < len(ids) else "/1/"
        return f"{above}{ids[key]}/"

    return {key: (number, path(key)) for key, number in ids.items()}


class _Telling:
    """One story being told."""

    def __init__(self, stage: Stage, told: Told) -> None:
        self.stage, self.story, self.told = stage, told.story, told
        self.code = self.story.code or EXAMPLE[: WIDTHS[self.story.unit]]
        self.now: Snapshot = begin(stage.loop)
        self.dispatched = False

    def problems(self) -> Iterator[Problem]:
        matter = self.stage.matters.get(self.story.matter)
        if matter is None:
            yield self._wrong("matter", f"there is no matter {self.story.matter}", "matter")
            return
        yield from self._found(matter)
        routing = self.stage.table.route(matter.code, self.code)
        yield from self._routed(routing)
        if self.story.code and len(self.code) != WIDTHS[self.story.unit]:
            yield self._wrong("unit", f"{self.code} is not the code of a {self.story.unit}", "code")
        if routing.lead in self.stage.orgs:
            yield from self._told(matter, routing)

    def _found(self, matter: Matter) -> Iterator[Problem]:
        found = [m.code for m in suggest(self.stage.matters.values(), self.story.report, self.story.lang, PROPOSED)]
        if matter.code not in found:
            yield self._wrong("found", f"the words propose {', '.join(found) or 'nothing'}", "report")

    def _routed(self, routing: Routing) -> Iterator[Problem]:
        if routing.lead != self.story.organisation:
            yield self._wrong("organisation", f"{routing.lead or 'nobody'} is responsible", "organisation")
        helpers = tuple(helper.organisation for helper in routing.assisting)
        if helpers != self.story.assisting:
            yield self._wrong("assisting", f"{', '.join(helpers) or 'nobody'} assists", "assisting")

    def _told(self, matter: Matter, routing: Routing) -> Iterator[Problem]:
        steps = self.story.steps or straight(self.story, matter, routing)
        for number, one in enumerate(steps):
            loc: tuple[str | int, ...] = ("steps", number) if self.story.steps else ("matter",)
            refused = self._take(one, matter, routing)
            if refused != (one.refused or ""):
                words = f"{one.do} by {one.by} is refused: {refused}" if refused else f"{one.do} is not refused"
                yield self._wrong("refused", words, *loc)
                return
            yield from self._as_expected(one, loc)
            if "handling" in self.now.clocks and not self.dispatched:
                self.dispatched = True
                yield from self._due(self.story.due, self.now.clocks["handling"].due, "due")
        if self.now.state != self.story.ends or not self.stage.loop.states[self.now.state].end:
            yield self._wrong("end", f"it ends {self.now.state}; every story must come to its end", "ends")

    def _as_expected(self, one: Step, loc: tuple[str | int, ...]) -> Iterator[Problem]:
        if one.then is not None and one.then != self.now.state:
            yield self._wrong("state", f"after {one.do} it is {self.now.state}, not {one.then}", *loc, "then")
        if one.due is not None:
            clock = next((duty.clock for duty in duties(self.stage.loop, self.now)), None)  # none at an end
            yield from self._due(one.due, clock.due if clock else -1, *loc, "due")

    def _due(self, expected: datetime | None, due: int, *loc: str | int) -> Iterator[Problem]:
        if expected is None:
            yield self._wrong("due", f"say when it is due: {_wall(due)}", *loc)
        elif instant(expected) != due:
            yield self._wrong("due", f"it is due {_wall(due)}, not {expected:%Y-%m-%d %H:%M}", *loc)

    def _take(self, one: Step, matter: Matter, routing: Routing) -> str:
        """Take a step; give the code of the refusal, "" where it was taken."""
        try:
            act, actor = Act(one.do, self._data(one, matter, routing)), self._actor(one, routing)
            if transition := self.stage.loop.find(self.now.state, one.do):
                proof.check(self.stage.loop, self.now, transition, actor.role, matter.stages)
            outcome = step(self.stage.loop, self.now, act, actor, instant(one.at), calendars())
        except Refusal as refusal:
            return refusal.code
        except KeyError as error:
            return f"nothing is called {error.args[0]} here"
        except (TypeError, ValueError) as error:
            return f"a field is not what {one.do} takes ({error})"
        self.now = outcome.snapshot
        return ""

    def _actor(self, one: Step, routing: Routing) -> Actor:
        if one.by in ("rule", "source"):
            return Actor("rule" if one.by == "rule" else "source", one.by, name="story")
        if one.by == "clock":
            return CLOCK
        number = self.stage.numbers.get(one.by, 0) * 10 + one.who
        if one.by in ("reporter", "follower"):
            return Actor("reporter", one.by, number)
        org, path = 1, CENTRE_PATH
        if one.of:
            org, path = self.stage.orgs[one.of]
        elif one.by in OF_LEAD:
            org, path = self.stage.orgs.get(routing.lead, (1, CENTRE_PATH))
        return Actor("person", one.by, 1000 * org + number, number, org, path)

    def _data(self, one: Step, matter: Matter, routing: Routing) -> dict[str, Any]:
        """Give the fields of an action: what the story says, and what follows from the plate."""
        transition = self.stage.loop.find(self.now.state, one.do)
        fields = transition.action.fields if transition else {}
        given = {k: self._given(fields[k].type if k in fields else "", v) for k, v in one.data.items()}
        made: dict[str, Any] = {"matter": matter.code, "unit": self.code}
        if "words" in fields and (one.words or fields["words"].required):
            made["words"] = one.words or self.story.report
        if one.do == "file":
            made |= {"milestones": milestones(matter), "urgent": matter.urgent, "level": matter.level}
        if "parts" in fields and fields["parts"].type == "parts":
            made["parts"] = self._parts(routing)
        if "request" in fields:
            made["request"] = next((r.id for r in reversed(self.now.requests) if r.state == "asked"), 0)
        return made | given

    def _given(self, kind: str, value: Any) -> Any:
        """Give what a story says of a field: wall times as instants, organisations by their keys."""
        if kind == "organisation" and isinstance(value, str):
            org, path = self.stage.orgs[value]
            return {"org": org, "org_path": path}
        if kind == "parts" and isinstance(value, list) and value:
            return self._parts(Routing(value[0], tuple(Assist(key) for key in value[1:]), ()))
        return instant(value) if isinstance(value, datetime) else value

    def _parts(self, routing: Routing) -> list[dict[str, Any]]:
        org, path = self.stage.orgs[routing.lead]
        parts: list[dict[str, Any]] = [{"org": org, "org_path": path, "role": "lead"}]
        for helper in routing.assisting:
            org, path = self.stage.orgs.get(helper.organisation, (0, ""))
            parts.append({"org": org, "org_path": path, "role": "assisting", "order": helper.order})
        return parts

    def _wrong(self, code: str, message: str, *loc: str | int) -> Problem:
        words = f"{self.story.key}: {message}"
        return self.stage.plate.problem(f"story.{code}", words, "stories", self.told.number, *loc, file=self.told.file)


def milestones(matter: Matter) -> list[tuple[str, str]]:
    """Give the names and limits of a matter's milestones as filing fixes them."""
    return [(str(number), stone.limit) for number, stone in enumerate(matter.milestones, 1)]


def straight(story: Story, matter: Matter, routing: Routing) -> tuple[Step, ...]:
    """Give the steps of a case that goes straight through, reported back at the last moment."""
    minute = timedelta(minutes=1)
    dispatched = story.dispatched or story.begins + 15 * minute
    done = story.due or dispatched + 30 * minute
    way: list[tuple[datetime, str, str, str]] = [(story.begins, "collect", "reporter", "collected")]
    if "proving" in matter.stages:
        way += [(story.begins + minute, "prove", "intake_officer", "proving")]
        way += [(dispatched - 2 * minute, "proved", "inspector", "collected")]
    way += [
        (dispatched - minute, "file", "shift_leader", "filed"),
        (dispatched, "dispatch", "dispatcher", "dispatched"),
        (dispatched + 5 * minute, "accept", "department_officer", "handling"),
    ]
    steps = [Step(at=at, do=do, by=by, then=then) for at, do, by, then in way]
    helpers = [(helper.order, helper.organisation) for helper in routing.assisting]
    steps += [Step(at=way[-1][0], do="accept", by="department_officer", of=key) for _order, key in helpers]
    # parts are reported back in their order, of equal ones the lead's last
    turns = sorted([(order, 0, key) for order, key in helpers] + [(1, 1, routing.lead)])
    steps += [Step(at=done, do="report_back", by="department_officer", of=key) for _order, _lead, key in turns]
    end = [("submit", "dispatcher", "checking"), ("pass", "inspector", "checked"), ("close", "shift_leader", "closed")]
    return (*steps, *(Step(at=done + n * minute, do=do, by=by, then=then) for n, (do, by, then) in enumerate(end, 1)))


def _wall(at: int) -> str:
    if at < 0:
        return "at no time"
    zone = calendars().get().zone
    return f"{datetime.fromtimestamp(at / 1_000_000, tz=zone):%Y-%m-%d %H:%M}"
