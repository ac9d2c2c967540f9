"""The steward: does the background work of `wiring` again and again, and outlives its faults.

What may take long has a thread of its own, so that an alarm or a limit waits for no mail and no nightly count; so has
what goes through all instruments, so that judging what they say does not wait for it.
"""

import heapq
import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from importlib import import_module

import click

from cityloop.doors.cli.verb import Out, verb

log = logging.getLogger("cityloop.steward")
LONGEST_WAIT = 3600.0
LEAVE = 3.0  # seconds that long work is waited for at the end
Told = Callable[[str, bool], None]
Jobs = list[tuple[str, float, Callable[[], object]]]


@click.command(hidden=True)
@verb(stays=True)
def steward(out: Out) -> None:
    """Do the background work until told to stop."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    wiring = import_module(settings.WIRING)
    stopped = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stopped.set())

    def told(name: str, well: bool) -> None:
        for tell in wiring.JOB_ENDED:
            tell(name, well)

    def jobs(listed: list[tuple[str, float, str]]) -> Jobs:
        return [(name, every, import_string(place.replace(":", "."))) for name, every, place in listed]

    together([jobs(wiring.STEWARD), jobs(wiring.ALONGSIDE), jobs(wiring.AT_LEISURE)], stopped, told)


def together(lists: Sequence[Jobs], stopped: threading.Event, told: Told = lambda _name, _well: None) -> None:
    """Do the jobs of the first list here, those of each other one in a thread of their own, until told to stop."""
    first, *others = lists
    threads = [threading.Thread(target=work, args=(jobs, stopped, told), daemon=True) for jobs in others]
    for one in threads:
        one.start()
    work(first, stopped, told)
    end = time.monotonic() + LEAVE
    for one in threads:
        one.join(max(0.0, end - time.monotonic()))


def work(jobs: Jobs, stopped: threading.Event, told: Told = lambda _name, _well: None) -> None:
    """Call each job whenever it is due; a job that comes late is not called twice."""
    queue = [(time.monotonic(), number) for number in range(len(jobs))]
    heapq.heapify(queue)
    while not stopped.is_set():
        due = queue[0][0] if queue else time.monotonic() + LONGEST_WAIT
        if stopped.wait(max(0.0, due - time.monotonic())) or not queue:
            continue
        name, every, job = jobs[queue[0][1]]
        told(name, once(name, job))
        heapq.heapreplace(queue, (max(due + every, time.monotonic()), queue[0][1]))
    let_go()


def let_go() -> None:
    """Close this thread's connections; SQLite brings everything into its one file when the last is closed."""
    from django.db import connections

    connections.close_all()


def once(name: str, job: Callable[[], object]) -> bool:
    """Do one job; log what goes wrong and go on, for the next job must not suffer. Say whether it went well."""
    from django.db import close_old_connections

    close_old_connections()
    try:
        job()
        return True
    except Exception:  # noqa: BLE001
        log.exception("job %s failed; it is tried again at its next turn", name)
        return False
    finally:
        close_old_connections()
