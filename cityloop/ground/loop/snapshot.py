"""What the engine knows of one subject: state, parts, requests, clocks, counters, who acted.

All values are plain and JSON-ready; instants and durations are integer microseconds. `Part`, `Clock` and
`Request` are frozen and replaced; `Snapshot` is copied at each step, so a step never changes its input.
"""

from typing import Any

import msgspec


class Clock(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True, gc=False):
    """A running or paused clock.

    `limit` and `used` are microseconds of the clock's own running time (working or all time);
    `since` and `due` are instants, -1 when it does not run; `pause` says why it does not.
    """

    limit: int
    running: str
    calendar: str
    used: int = 0
    since: int = -1
    due: int = -1
    pause: str = ""


class Part(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What one organisation (or public group) does for the subject."""

    id: int
    org: int
    org_path: str
    role: str
    clock: Clock
    original: int
    task: str = ""
    order: int = 1
    state: str = "assigned"
    person: int = 0
    extensions: int = 0
    holder: str = "department_officer"
    whole: Clock | None = None  # a lead that gave the case back: how far its handling clock had run


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question with an asker, a decider and a limit."""

    id: int
    kind: str
    asker: int
    asker_role: str
    clock: Clock
    part: int = 0
    org: int = 0
    org_path: str = ""
    stage: int = 0
    state: str = "asked"
    data: dict[str, Any] = {}


class Act(msgspec.Struct, frozen=True):
    """An action asked for: its name and its fields."""

    name: str
    data: dict[str, Any] = {}


class Effect(msgspec.Struct, frozen=True):
    """Something the room must do in the same transaction, or tell afterwards."""

    kind: str
    data: dict[str, Any] = {}


class Snapshot(msgspec.Struct, omit_defaults=True):
    """The whole of a subject's loop state."""

    definition: str
    state: str = ""
    back: str = ""
    back_person: int = 0
    round: int = 1
    seq: int = 0
    at: int = -1
    person: int = 0
    held: str = ""
    matter: str = ""
    unit: str = ""
    catalogue: str = ""
    urgent: bool = False
    level: int = 0
    calendar: str = "city"
    milestones: tuple[tuple[str, str], ...] = ()
    proposed: str = ""
    resolution: str = ""
    confirmable: bool = False
    disputed: bool = False
    checkers: tuple[int, ...] = ()
    split: bool = False
    adjusted: bool = False
    rating: str = ""
    into: int = 0
    until: int = -1
    ended: int = -1
    parts: tuple[Part, ...] = ()
    requests: tuple[Request, ...] = ()
    clocks: dict[str, Clock] = {}
    counters: dict[str, int] = {}
    acted: dict[int, str] = {}
    finder: int = 0
    orgs: tuple[str, ...] = ()

    def draft(self) -> "Snapshot":
        """Give a copy whose containers may be changed freely."""
        new: Snapshot = self.__copy__()  # type: ignore[attr-defined]
        new.clocks = self.clocks.copy()
        new.counters = self.counters.copy()
        return new

    def part(self, number: int) -> Part | None:
        """Give a part by its id."""
        for part in self.parts:
            if part.id == number:
                return part
        return None

    def request(self, number: int) -> Request | None:
        """Give a request by its id."""
        return next((r for r in self.requests if r.id == number), None)

    @property
    def lead(self) -> Part | None:
        """The lead part that is in force."""
        for part in self.parts:  # asked several times in every step: a loop is three times as quick as a generator
            if part.role == "lead" and part.state not in GONE:
                return part
        return None


GONE = frozenset({"bounced", "cancelled"})
ACTIVE = frozenset({"assigned", "accepted"})


class Outcome(msgspec.Struct, frozen=True):
    """What a step gives: the new snapshot, what the room must do, and the track the actor acted on."""

    snapshot: Snapshot
    effects: tuple[Effect, ...]
    track: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Snapshot)


def dump(snapshot: Snapshot) -> bytes:
    """Write a snapshot as JSON."""
    return _encoder.encode(snapshot)


def load(text: bytes | str | memoryview) -> Snapshot:
    """Read a snapshot written by `dump`."""
    return _decoder.decode(bytes(text) if isinstance(text, memoryview) else text)
