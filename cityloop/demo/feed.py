"""The day going on: requests, steps and readings enter the loops as the city's clock passes them."""

import heapq
import logging

from cityloop.demo import answers, city
from cityloop.demo.instruments import Station
from cityloop.demo.scenes import Scene, new_york
from cityloop.home import home
from cityloop.loops.cases.importing.records import Record
from cityloop.loops.cases.replaying import hands
from cityloop.loops.cases.replaying.actions import Stage, go_on, set_stage, standing
from cityloop.loops.cases.replaying.plan import Planned
from cityloop.town.calendar.clock import city_clock
from cityloop.town.tabular.tables import Table

log = logging.getLogger(__name__)
MOST = 300


class Feed:
    """What is still to come of the day: a heap of instants, each with the request whose step it is."""

    def __init__(self, now: int, scene: Scene = new_york) -> None:
        rules, path = scene.rules(), scene.data(home()) / scene.requests
        self.stage: Stage = set_stage(path=path, rules=rules, policy=city.policy(), seed=scene.seed, by=city.BY, at=now)
        raws = list(Table(path, rules.source, rules.wanted()).rows())
        found = self.stage.reader.read(raws)
        self.records = {record.key: record for record in found if isinstance(record, Record)}
        self.coming: list[tuple[int, str]] = []
        there = standing(rules.source.name, list(self.records))
        for key, record in self.records.items():
            steps = list(self.stage.director.steps(record))
            stands = there.get(key)
            if stands is None:
                self.coming.append((record.created, key))
            elif stands.on_plan(steps) and stands.seq < len(steps):
                self.coming.append((steps[stands.seq][0], key))
        heapq.heapify(self.coming)
        self.station: Station | None = city.station(scene)
        if not self.station.find():
            self.station = None

    def tick(self, now: int) -> int:
        """Let in what has come since the last tick; give the number of requests touched."""
        due: dict[str, None] = {}
        while self.coming and self.coming[0][0] <= now and len(due) < MOST:
            due[heapq.heappop(self.coming)[1]] = None
        if due:
            self.stage.now = now
            self._take([self.records[key] for key in due])
        return len(due)

    def hear(self, now: int) -> int:
        """Let in what the instruments have said, and what the demo's people do about their alarms and cases."""
        if self.station is None:
            return 0
        return self.station.bring(now) + hands.go_on(self.stage, now) + answers.go_on(now)

    def _take(self, records: list[Record]) -> None:
        there = standing(self.stage.source, [r.key for r in records])
        self.stage.begin([r for r in records if r.key not in there])
        plans = {r.key: list(self.stage.director.steps(r)) for r in records}
        begun = {there[r.key].id: (r, self._due(plans[r.key])) for r in records if r.key in there}
        if begun:
            go_on(begun)
        for key, stands in standing(self.stage.source, [r.key for r in records]).items():
            # A case on which a visitor acted is off its plan, and left to the visitors from then on.
            if stands.on_plan(plans[key]) and stands.seq < len(plans[key]):
                heapq.heappush(self.coming, (plans[key][stands.seq][0], key))

    def _due(self, steps: list[Planned]) -> list[Planned]:
        return [step for step in steps if step[0] <= self.stage.now]


_feed: Feed | None = None


def tick() -> int:
    """Feed the demo city, if this is one; called about once a second by the steward."""
    global _feed
    if _feed is None:
        if not city.is_ready(home()):
            return 0
        _feed = Feed(city_clock.now(), city.scene_of(home()))
    now = city_clock.now()
    total = _feed.hear(now)
    while count := _feed.tick(now):
        total += count
        if count < MOST:
            break
    return total
