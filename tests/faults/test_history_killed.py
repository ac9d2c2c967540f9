"""The night's run killed at random moments: no reading is lost, none is told twice, and the counts stay true."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import PROVE
from tests.faults.house import House, built
from tests.inside import ROOT

KILLS = 40 if PROVE else 3
DAYS = 40
WORLD = f"""
import sys
from cityloop.loops.sensing.history.reading import readings
from cityloop.loops.sensing.models import Datastream, Latest, Observation, Part
from tests.loops.sensing.history.world import DAY, NOW, feed, station
from tests.loops.sensing.instruments import AT, HOUR, stream
def base(pk): return {{(pk, at): float(at // HOUR % 41) for at in range(AT, AT + {DAYS} * DAY, HOUR // 6)}}
def late(pk, n): return {{(pk, at + n): float(n) for at in range(AT, AT + {DAYS} * DAY, 7 * HOUR)}}
def send(rows): return feed(*((pk, at, value) for (pk, at), value in rows.items())).tally
"""
FILL = f"""{WORLD}
for pk in station(stream('a'), stream('b')):
    send(base(pk) | {{(pk, NOW): 1.0}})
"""
RUN = f"""{WORLD}
from cityloop.loops.sensing.history.nightly import age
from tests.town.staff import BY
print('go', flush=True)
print(age(by=BY, at=NOW).told())
"""
CHECK = f"""{WORLD}
n, told = int(sys.argv[1]), []
for pk in Datastream.objects.order_by('pk').values_list('pk', flat=True):
    wanted = base(pk) | {{(pk, NOW): 1.0}}
    for before in range(1, n): wanted |= late(pk, before)
    again = send(dict(list(wanted.items())[::5]))
    assert (again.accepted, again.quarantined) == (0, 0), again
    fresh = send(late(pk, n))
    assert fresh.accepted == fresh.received, fresh
    wanted |= late(pk, n)
    found = readings(pk, AT, NOW + 1)
    shown = list(zip([pk] * len(found.time), found.time.tolist()))
    assert shown == sorted(wanted), (len(shown), len(wanted))
    assert found.result.tolist() == [wanted[key] for key in shown]
    assert Latest.objects.get(pk=pk).count == len(wanted)
    told.append(Observation.objects.filter(datastream=pk).count())
print(min(told), max(told), Part.objects.count())
"""


@pytest.mark.xdist_group("faults")
def test_the_run_of_the_night_is_killed(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    with built(tmp_path / "home") as city:
        nights(city, random.Random(seed))


def nights(city: House, rng: random.Random) -> None:
    city.python(FILL)
    cut, within = 0, 2.5
    for n in range(1, KILLS + 1):
        cut += (ended := killed(city, rng.uniform(0.05, within)))
        told = city.python(CHECK, str(n)).strip()
        print(n, told)
        if told.endswith(" 0"):  # a busy machine had moved nothing by then
            within *= 2
        within /= 1 if ended else 2
    assert cut, "no run was killed before its end"
    print(city.python(RUN))
    least, most, files = map(int, city.python(CHECK, str(KILLS + 1)).split())
    late = len(range(0, DAYS * 24, 7))
    assert least == most == 1 + late and files >= DAYS  # what came in last, and the newest of all
    assert len(list((city.home / "history").rglob(".*.parquet"))) <= KILLS


def killed(city: House, seconds: float) -> bool:
    """Kill a run so long after it began; tell whether it was still at it."""
    code = f"import django; django.setup()\n{RUN}"
    run = subprocess.Popen([sys.executable, "-c", code], env=city.env, cwd=ROOT, stdout=subprocess.PIPE)
    assert run.stdout is not None and run.stdout.readline() == b"go\n"
    time.sleep(seconds)
    run.send_signal(signal.SIGKILL)
    run.wait()
    return run.returncode == -signal.SIGKILL
