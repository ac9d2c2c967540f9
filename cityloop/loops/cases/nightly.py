"""Once a city night the whole ledger is checked and every case rebuilt from it; what differs is logged as an error."""

import logging
import threading
from datetime import UTC, datetime
from itertools import chain

from django.db import connection

from cityloop.loops.cases.actions.answers import forget_answers
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger import queries as ledger
from cityloop.town.ledger.actions import move_cursor

log = logging.getLogger("cityloop.nightly")
READER = "nightly"
HOUR = 2  # local; the quiet time of a city
MOST_SAID = 100
_busy = threading.Lock()


def check_tonight() -> bool:
    """Begin the night's check if it is due, beside the steward's other work; tell whether it began."""
    day = tonight(city_clock.now())
    last = ledger.cursor(READER)
    if last >= day:
        return False
    move_cursor(READER, day)
    if last < 0 or not _busy.acquire(blocking=False):  # a city's first night comes after its first day
        return False
    threading.Thread(target=_check, name="nightly", daemon=True).start()
    return True


def forget_old_answers() -> int:
    """Take away the answers kept for repeated reports, after their time."""
    return forget_answers()


def tonight(now: int) -> int:
    """Give the number of the city night that began last."""
    local = datetime.fromtimestamp(now // 1_000_000, UTC).astimezone(city_clock.zone)
    return local.toordinal() - (local.hour < HOUR)


def check() -> int:
    """Check everything, log each finding as an error, give how many there are."""
    count = 0
    for count, finding in enumerate(chain(ledger.verify(), all_differences()), 1):
        if count <= MOST_SAID:
            log.error("%s: %s: %s", finding.code, finding.where, finding.message)
    log.log(logging.ERROR if count else logging.INFO, "the ledger was checked: %d findings", count)
    return count


def _check() -> None:
    try:
        check()
    except Exception:  # noqa: BLE001 - a thread has nobody to raise to
        log.exception("the nightly check broke off")
    finally:
        connection.close()
        _busy.release()
