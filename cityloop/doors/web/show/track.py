"""The loop as seven steps: which are done, which is now, when and in how much of its limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show.times import brief, duration, limit, when
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.snapshot import Clock, Snapshot
from cityloop.loops.cases.loop import pinned
from cityloop.town.calendar.queries import calendars

STEPS = (
    ("collect", "inbox", "supervision", gettext_lazy("Collect")),
    ("file", "file-check", "supervision", gettext_lazy("File")),
    ("dispatch", "send", "command", gettext_lazy("Dispatch")),
    ("handle", "tool", "command", gettext_lazy("Handle")),
    ("verify", "search", "supervision", gettext_lazy("Verify")),
    ("close", "circle-check", "supervision", gettext_lazy("Close")),
    ("assess", "chart-bar", "supervision", gettext_lazy("Assess")),
)
# How many of the steps are done when a case is in this state.
DONE = {
    "collected": 1, "proving": 1, "filed": 2, "split_up": 3, "dispatched": 3, "handling": 3, "handled": 4,
    "checking": 4, "checked": 5, "closed": 6, "declined": 1, "invalid": 1,
}  # fmt: skip
# The state whose clock limits each step.
CLOCKS = {"file": "collected", "dispatch": "filed", "verify": "checking", "close": "checked"}
NEXT = {
    "verify": gettext_lazy("not by who handled it"),
    "close": gettext_lazy("the reporter is told"),
    "assess": gettext_lazy("in the figures"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step as printed: `css` is done, now or next; `status` colours the one that is now or was late."""

    key: str
    icon: str
    lane: str
    label: str
    css: str
    status: str
    when: str
    used: str


def seven(case: Any, snapshot: Snapshot, rows: Sequence[Any], now: int) -> list[Step]:
    """Give the seven steps of a case from its snapshot and its steps on the ledger, oldest first."""
    ended = snapshot.ended >= 0
    done = DONE.get(snapshot.back if snapshot.back and not ended else snapshot.state, 1)
    reached = _reached(rows)
    return [_step(n, case, snapshot, reached, now, done, ended) for n in range(len(STEPS))]


def _reached(rows: Sequence[Any]) -> dict[str, int]:
    """Give the instant at which each step was done, of the present round."""
    found = {"collect": rows[0].at} if rows else {}
    for row in rows:
        if row.what == "reopen":
            found = {"collect": found["collect"], "file": row.at}
        step = _what(row.what, row.before, row.after)
        if step:
            found[step] = row.at
    return found


def _what(what: str, before: str, after: str) -> str:
    if what in ("dispatch", "re_dispatch", "reassign"):
        return "dispatch"
    if after == "filed" and before == "collected":
        return "file"
    if after in ("handled", "checking") and before == "handling":
        return "handle"
    if what in ("pass", "confirm"):
        return "verify"
    return "close" if after == "closed" and before != after else ""


def _step(n: int, case: Any, snapshot: Snapshot, reached: dict[str, int], now: int, done: int, ended: bool) -> Step:
    definition = pinned(case.definition)
    key, icon, lane, label = STEPS[n]
    if n < done:
        at = reached.get(key)
        used, late = _used(key, definition, snapshot, reached) if at is not None else ("", False)
        status, icon = ("over", "alert-triangle") if late else ("ver", "check")
        return Step(key, icon, lane, str(label), "done", status, when(at, now) if at is not None else "", used)
    if n == done and not ended:
        own = bar(case, snapshot, now)
        return Step(key, icon, lane, str(label), "now", own.status, own.until, own.words)
    return Step(key, icon, lane, str(label), "next", "wait", _limit(key, definition, snapshot), str(NEXT.get(key, "")))


def bar(case: Any, snapshot: Snapshot, now: int) -> bars.Bar:
    """Give the clock of a case: of its state, or how long the handling took once all is over."""
    if snapshot.ended >= 0:
        return bars.ended(snapshot)
    return bars.of_row(None, now) if case.timed_elsewhere else bars.of_clock(_clock_now(snapshot), now)


def _clock_now(snapshot: Snapshot) -> Clock | None:
    """Give the clock that runs in this state: that of the handling, else that of the stage."""
    return snapshot.clocks.get("handling" if snapshot.state == "handling" else "stage")


def _used(key: str, definition: Definition, snapshot: Snapshot, reached: dict[str, int]) -> tuple[str, bool]:
    """Say how much of its limit a step took, and whether that was too much. Only what runs always is judged here."""
    handling = snapshot.clocks.get("handling")
    if key == "handle" and handling is not None:
        always = handling.running == "always"
        said = _of(duration(handling.used, days=always), duration(handling.limit, days=always))
        return said, handling.used > handling.limit > 0
    names = [step[0] for step in STEPS]
    before = reached.get(names[names.index(key) - 1]) if key != "collect" else None
    text = _limit_text(key, definition)
    if before is None or not text:
        return "", False
    took, allowed = reached[key] - before, definition.limit(text)
    late = allowed.running == "always" and took > calendars().micros(snapshot.calendar, allowed)
    return _of(duration(took), brief(text)), late and not definition.profile.urgent_in_office_hours


def _of(used: str, whole: str) -> str:
    return _("{used} of {limit}").format(used=used, limit=whole)


def _limit_text(key: str, definition: Definition) -> str:
    found = definition.source.states.get(CLOCKS.get(key, ""))
    return found.clock if found else ""


def _limit(key: str, definition: Definition, snapshot: Snapshot) -> str:
    if key == "handle" and snapshot.milestones:
        return _("limit {time}").format(time=limit(snapshot.milestones[-1][1]))
    text = _limit_text(key, definition)
    return _("limit {time}").format(time=brief(text)) if text else ""
