"""What happens to a request in a replay, and when: pure, and the same for the same seed."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.snapshot import Act
from cityloop.ground.worktime import parse_limit
from cityloop.ground.worktime.limits import micros
from cityloop.loops.cases.importing.actions import collected
from cityloop.loops.cases.importing.mapping import StatusesMap
from cityloop.loops.cases.importing.records import Record
from cityloop.loops.cases.replaying.cast import REPORTER, Cast
from cityloop.loops.cases.replaying.policy import Policy
from cityloop.town.orgs.queries import OrgRef

ORDER = ("file", "dispatch", "accept", "report_back", "submit", "pass", "close")
ROLES = {
    "file": "shift_leader",
    "dispatch": "dispatcher",
    "submit": "dispatcher",
    "pass": "inspector",
    "close": "shift_leader",
}
QUIET = {name: Act(name) for name in ("accept", "report_back", "submit", "pass")}
MILLION = 1_000_000
Planned = tuple[int, Act, Actor]


class Leg(msgspec.Struct, frozen=True):
    """One step of the way through the loop, and the state it leads to."""

    action: str
    state: str


def way(definition: Definition) -> tuple[Leg, ...]:
    """Give the way from collected to closed through the stages that are on."""
    legs, state = [], "collected"
    for action in ORDER:
        transition = definition.find(state, action)
        if transition is not None:
            state = transition.to.rpartition(":")[2] if transition.to.startswith("@") else transition.to
            legs.append(Leg(action, state))
    return tuple(legs)


class Director:
    """Plans the steps of requests."""

    def __init__(
        self,
        *,
        definition: Definition,
        policy: Policy,
        statuses: StatusesMap,
        cast: Cast,
        source: str,
        seed: int,
        filing: Callable[[str], dict[str, Any]],
    ) -> None:
        self.definition, self.policy, self.statuses = definition, policy, statuses
        self.cast, self.source, self.filing = cast, source, filing
        self.seed = f"{seed}:".encode()
        self.way = way(definition)
        self.shares = [self._drawn(policy.share(leg.action)) for leg in self.way[:-1]]
        self.open_micros = micros(parse_limit(policy.open_interval), 86_400_000_000)
        self._dispatch: dict[int, Act] = {}
        self._stops: dict[str, tuple[Leg, ...]] = {}

    def _drawn(self, share: float) -> list[int]:
        """Give a fraction in millionths for each draw of 0 to 255: off by the policy's jitter to either side."""
        whole, off = round(share * MILLION), round(share * self.policy.jitter * MILLION)
        return [max(0, min(MILLION, whole + off * (2 * draw - 255) // 255)) for draw in range(256)]

    def steps(self, record: Record) -> list[Planned]:
        """Give what is done for a request, in order: at the instant, the act, by whom."""
        draws = sha256(self.seed + record.key.encode()).digest()
        cast, unit = self.cast, record.place.unit
        lead = cast.lead(record.agency)
        found: list[Planned] = [(record.created, Act("collect", collected(record, self.source)), REPORTER)]
        for leg, at, draw in zip(self.legs(record), self.times(record, draws), draws, strict=False):
            role = ROLES.get(leg.action)
            actor = cast.player(role, unit, lead, draw) if role else cast.officer(lead, draw)
            found.append((at, QUIET.get(leg.action) or self._act(leg.action, record, lead), actor))
        return found

    def legs(self, record: Record) -> tuple[Leg, ...]:
        """Give the legs of a request: all where the source has closed it, else up to the state its status means."""
        if record.closed is not None:
            return self.way
        found = self._stops.get(record.status)
        if found is None:
            found = self._stops[record.status] = self._until(record.status)
        return found

    def _until(self, status: str) -> tuple[Leg, ...]:
        stop = self.definition.target(self.statuses.values.get(status, self.statuses.default))
        reached = [n for n, leg in enumerate(self.way) if leg.state == stop]
        return self.way[: reached[0] + 1] if reached else ()

    def times(self, record: Record, draws: bytes) -> list[int]:
        """Give the instants of the legs: the last one of a closed request is exactly the source's."""
        created, ended = record.created, record.ended
        whole = self.open_micros if ended is None else ended - created
        found, before = [], 0
        for shares, draw in zip(self.shares, draws[16:], strict=False):
            share = shares[draw]
            before = share if share > before else before
            found.append(created + whole * before // MILLION)
        found.append(created + whole)
        return found

    def _act(self, action: str, record: Record, lead: OrgRef) -> Act:
        if action == "file":
            return Act("file", {**self.filing(record.matter), "unit": record.place.unit})
        if action == "dispatch":
            found = self._dispatch.get(lead.id)
            if found is None:
                parts = [{"org": lead.id, "org_path": lead.actor_path, "role": "lead"}]
                found = self._dispatch[lead.id] = Act("dispatch", {"parts": parts})
            return found
        if action == "close":
            return Act("close", {"resolution": self.policy.resolutions.get(record.status, self.policy.resolution)})
        return Act(action)
