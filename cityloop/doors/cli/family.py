"""A few processes that live and die together, watched by a small parent that loads nothing heavy.

All stay in the parent's process group. A child whose parent is killed gets SIGTERM from the kernel;
grandchildren left behind by a killed child come to us (we are their subreaper) and are ended.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GRACE = 4.0  # seconds between asking and killing
MANY, WINDOW = 5, 60.0  # as many deaths in so many seconds are given up on
LONGEST = 10.0  # seconds until a dead one is started again
linux = sys.platform == "linux"


@dataclass
class Member:
    """One kind of child: how to start it, and how it has fared.

    Without one that is `needed` all end, so that whoever watches over the whole sees it; of the others one that keeps
    dying is started again and again, and the city goes on without it meanwhile.
    """

    name: str
    command: list[str]
    needed: bool = True
    process: "subprocess.Popen[bytes] | None" = None
    start_at: float = 0.0
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=MANY))

    def start(self) -> None:
        """Start it now."""
        # The parent has one thread only, which is what makes preexec_fn safe.
        self.process = subprocess.Popen(self.command, preexec_fn=die_with_parent if linux else None)  # noqa: S603

    def died(self, now: float) -> bool:
        """Note a death and set the time of the next start; say whether it died too often."""
        self.process = None
        self.deaths.append(now)
        many = len(self.recent(now)) >= MANY
        self.start_at = now + (LONGEST if many else 0.2 * 2 ** len(self.recent(now)))
        return many and self.needed

    def recent(self, now: float) -> list[float]:
        """List the deaths within the window."""
        return [at for at in self.deaths if now - at < WINDOW]


def die_with_parent() -> None:
    """Ask the kernel to end this process with its parent."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def run(members: list[Member], say: Callable[[str], None]) -> int:
    """Run all members until a signal ends them (0) or one of them dies too often (1)."""
    if linux:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    asked: list[int] = []
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda number, _frame: asked.append(number))
    try:
        return watch(members, asked, say)
    finally:
        stop(members)


def watch(members: list[Member], asked: list[int], say: Callable[[str], None]) -> int:
    """Start what is to be started and look again a few times a second."""
    while not asked:
        now = time.monotonic()
        for member in members:
            if member.process is None and now >= member.start_at:
                member.start()
            elif member.process is not None and member.process.poll() is not None:
                say(f"{member.name} ended unexpectedly (code {member.process.returncode})")
                end_strays(members)
                if member.died(now):
                    say(f"{member.name} ended {MANY} times within a minute; giving up")
                    return 1
        time.sleep(0.2)
    return 0


def stop(members: list[Member]) -> None:
    """Ask all to end, wait a little, then insist."""
    alive = [m.process for m in members if m.process and m.process.poll() is None]
    for process in alive:
        process.terminate()
    until = time.monotonic() + GRACE
    for process in alive:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
    for process in alive:
        process.kill()
        process.wait()
    end_strays(members)


def end_strays(members: list[Member]) -> None:
    """End what a dead child left behind and the kernel gave to us."""
    known = {m.process.pid for m in members if m.process}
    for pid in children(os.getpid()) - known if linux else set():
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def children(of: int) -> set[int]:
    """List the direct children of a process, as the kernel sees them."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == of:
                found.add(int(stat.parent.name))
    return found
