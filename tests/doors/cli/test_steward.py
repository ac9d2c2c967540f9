"""The steward does what must be soon, whatever else takes long."""

import threading
import time

from cityloop.config import wiring
from cityloop.doors.cli.steward import together


def test_who_judges_waits_for_nothing_that_goes_through_the_whole_city() -> None:
    done, slow, stopped = list[float](), threading.Event(), threading.Event()

    def quick() -> None:
        done.append(time.monotonic())

    def long() -> None:
        slow.wait(10)

    lists = [[("quick", 0.01, quick)], [("long", 0.01, long)], [("longer", 0.01, long)]]
    steward = threading.Thread(target=together, args=(lists, stopped))
    steward.start()
    end = time.monotonic() + 5
    while len(done) < 5 and time.monotonic() < end:
        time.sleep(0.01)
    slow.set()
    stopped.set()
    steward.join(5)
    assert len(done) >= 5 and not steward.is_alive()


def test_each_job_is_done_in_one_thread_and_silences_are_looked_for_beside_judging() -> None:
    lists = [{name for name, _every, _place in jobs} for jobs in (wiring.STEWARD, wiring.ALONGSIDE, wiring.AT_LEISURE)]
    assert len(set.union(*lists)) == sum(map(len, lists))
    assert "judge" in lists[0] and {"listen", "census"} <= lists[1]
