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
        self.shares = [0 if leg.action == "close" else round(policy.share(leg.action) * MILLION) for leg in self.way]
        self.open_micros = micros(parse_limit(policy.open_interval), 86_400_000_000)

    def steps(self, record: Record) -> list[Planned]:
        """Give what is done for a request, in order: at the instant, the act, by whom."""
        draws = sha256(self.seed + record.key.encode()).digest()
        lead, unit = self.cast.lead(record.agency), record.place.unit
        found: list[Planned] = [(record.created, Act("collect", collected(record, self.source)), REPORTER)]
        times = self.times(record, draws)
        for number, leg in enumerate(self.legs(record)):
            role = ROLES.get(leg.action)
            draw = draws[number]
            actor = self.cast.player(role, unit, lead, draw) if role else self.cast.officer(lead, draw)
            found.append((times[number], self._act(leg.action, record, lead), actor))
        return found

    def legs(self, record: Record) -> tuple[Leg, ...]:
        """Give the legs of a request: all where the source has closed it, else up to the state its status means."""
        if record.ended is not None:
            return self.way
        stop = self.definition.target(self.statuses.values.get(record.status, self.statuses.default))
        if stop == "collected":
            return ()
        reached = [n for n, leg in enumerate(self.way) if leg.state == stop]
        return self.way[: reached[0] + 1] if reached else ()

    def times(self, record: Record, draws: bytes) -> list[int]:
        """Give the instants of the legs: the last one of a closed request is exactly the source's."""
        whole = self.open_micros if record.ended is None else record.ended - record.created
        found, before = [], 0
        for number, share in enumerate(self.shares):
            before = max(before, whole * self._jittered(share, draws[number + 16]) // MILLION)
            found.append(record.created + min(whole, before))
        found[-1] = record.created + whole
        return found

    def _jittered(self, share: int, draw: int) -> int:
        if not self.policy.jitter:
            return share
        off = round(self.policy.jitter * MILLION) * (2 * draw - 255) // 255
        return max(0, min(MILLION, share + share * off // MILLION))

    def _act(self, action: str, record: Record, lead: OrgRef) -> Act:
        if action == "file":
            return Act("file", {**self.filing(record.matter), "unit": record.place.unit})
        if action == "dispatch":
            return Act("dispatch", {"parts": [{"org": lead.id, "org_path": lead.actor_path, "role": "lead"}]})
        if action == "close":
            return Act("close", {"resolution": self.policy.resolutions.get(record.status, self.policy.resolution)})
        return Act(action)
