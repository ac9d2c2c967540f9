"""Taking in keeps pace with judging: on a machine that is too small senders wait, so that alarms need not.

Who takes readings in looks how long the oldest that is live has waited for its judge. Readings that a file brought do
not count: they wait by themselves. Where nobody judges at all, or the stream is away and the steward takes what has
waited long enough, waiting helps nobody, and readings are taken in as ever.
"""

import time

from django.conf import settings
from django.db import Error

from cityloop.loops.sensing.actions import arriving
from cityloop.town.columns import real_now

BEHIND = 1_000_000  # microseconds that a reading may wait for its judge before others wait for it
LONGEST = 2.0  # seconds that a round of readings waits at most
LOOK, AGAIN = 0.25, 0.05  # seconds from one look to the next, where all is well and where it is not
AWAY = 10.0  # seconds in which nothing was judged: then nobody does


class Pace:
    """How one who takes readings in keeps pace. It is used on one thread."""

    def __init__(self) -> None:
        self._look_at = 0.0
        self._oldest: tuple[int, int] | None = None
        self._since = 0.0  # when that was first seen to be the oldest

    def keep(self) -> None:
        """Wait as long as judging is behind, but not for ever. One query now and then."""
        until = time.monotonic() + LONGEST
        while (now := time.monotonic()) < until and now >= self._look_at:
            behind = self._behind(now)
            self._look_at = now + (AGAIN if behind else LOOK)
            if not behind:
                return
            time.sleep(AGAIN)

    def _behind(self, now: float) -> bool:
        try:
            oldest = arriving.oldest()
        except Error:  # who writes next will tell
            return False
        if oldest != self._oldest:
            self._oldest, self._since = oldest, now
        if oldest is None or now - self._since >= AWAY:
            return False
        waited = real_now() - oldest[1]
        return waited > BEHIND and not (settings.STREAM and waited > arriving.PATIENCE)
