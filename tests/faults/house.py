"""A served city that may be killed at any moment, and people who go on using it."""

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.conftest import City, free_port, wait_ready
from tests.fresh import SHARED, alone, fresh_database, fresh_home
from tests.inside import Inside

SMALLVILLE = "smallville"  # the template: a home, and on PostgreSQL a database of this name
BUILD = """
import json, sys
from pathlib import Path
from tests.loops.cases.smallville import make
from tests.town.staff import BY
from cityloop.town.columns import real_now
from cityloop.town.persons.actions import make_access_key
folder = Path(sys.argv[1])
folder.mkdir(exist_ok=True)
town = make(folder)
often = {"label": "t", "days": 1, "by": BY, "per_minute": 100_000}
made = {n: make_access_key(account=a, at=real_now(), **often) for n, a in town.accounts.items()}
print(json.dumps(made))
"""
WAY = (("file", "shift"), ("dispatch", "dispatcher"), ("accept", "parks"))


@dataclass
class House:
    """A city in a process group of its own."""

    home: Path
    url: str = ""
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    keys: dict[str, str] = field(default_factory=dict)
    inside: Inside | None = None

    @property
    def env(self) -> dict[str, str]:
        ours = {
            "CITYLOOP_HOME": str(self.home), "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "cityloop.config.settings",
        }  # fmt: skip
        return {**os.environ, **ours}

    @property
    def log(self) -> Path:
        """What the server says of itself."""
        return self.home.parent / "serve.log"

    def build(self) -> None:
        """Make the small city and an access key for each of its people."""
        self.keys = json.loads(self.python(BUILD, str(self.home / "files")))

    def python(self, code: str, *words: str) -> str:
        """Run Python inside this city's Django, in a process beside the server, and give what it prints."""
        self.inside = self.inside or Inside(self.env)
        return self.inside.say(code, *words)

    def start(self) -> None:
        """Serve, and wait until it is ready."""
        command = [sys.executable, "-m", "cityloop.doors.cli.main", "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.env, start_new_session=True, stdout=log, stderr=log)
        wait_ready(City(f"http://127.0.0.1:{self.port}", self.home, self.process, self.env))

    def kill(self, sign: signal.Signals = signal.SIGKILL) -> None:
        """End the whole process group."""
        if self.process is not None:
            os.killpg(self.process.pid, sign)
            self.process.wait()
            self.process = None

    def close(self) -> None:
        """End all that runs in it."""
        self.kill()
        if self.inside:
            self.inside.end()

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        """Post once; raises OSError or HTTPException when nobody answers to the end."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            link.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **sent})
            answer = link.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            error.add_note(self.log.read_text(errors="replace")[-4_000:])
            raise
        finally:
            link.close()
        return answer.status, json.loads(text)

    def post_plain(self, path: str, body: Any, headers: dict[str, str], method: str = "POST") -> int:
        """Send once; give the status alone."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        link.request(method, path, json.dumps(body), {"Content-Type": "application/json", **headers})
        status = link.getresponse().status
        link.close()
        return status

    def report(self, key: str) -> tuple[int, Any]:
        body = {"words": f"A tree, {key}", "matter": "tree", "lon": 10.05, "lat": 50.07}
        return self.post("/api/v1/reports", body, Idempotency_Key=key)

    def act(self, number: str, action: str, who: str, expected: int, **data: Any) -> tuple[int, Any]:
        body = {"data": data, "expected": expected}
        return self.post(
            f"/api/v1/cases/{number}/actions/{action}", body, Authorization=f"Bearer {self.keys[who]}"
        )  # fmt: skip

    def verify(self) -> list[Any]:
        """What `cityloop ledger verify --rebuild` finds."""
        command = [sys.executable, "-m", "cityloop.doors.cli.main", "ledger", "verify", "--rebuild", "--json"]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        found: list[Any] = json.loads(done.stdout)["findings"]
        assert done.returncode == (1 if found else 0)
        return found

    def facts(self) -> tuple[list[str], dict[str, str]]:
        """Every case's number, and what each step of a case was, by `number#seq`."""
        code = (
            "import json\n"
            "from cityloop.loops.cases.models import Case\nfrom cityloop.loops.cases.numbers import number\n"
            "from cityloop.town.ledger.models import Step\n"
            "numbers = {c.subject: number(c) for c in Case.objects.all()}\n"
            "rows = Step.objects.filter(kind='case').values_list('subject', 'seq', 'what')\n"
            "print(json.dumps([list(numbers.values()), {f'{numbers[s]}#{n}': w for s, n, w in rows}]))"
        )
        numbers, steps = json.loads(self.python(code))
        return numbers, steps


def template(server: str) -> Path:
    """Give the home of the small city with an access key for each of its people; made once for all of a run."""
    home = SHARED / SMALLVILLE
    with alone(SMALLVILLE):
        if not home.exists():
            begun = home.with_suffix(".begun")
            made = House(begun, fresh_database(server, SMALLVILLE))
            begun.mkdir() if made.url else fresh_home(begun)
            made.build()
            made.close()
            (begun / "keys.json").write_text(json.dumps(made.keys))
            begun.rename(home)
    return home


@contextmanager
def built(home: Path) -> Iterator[House]:
    """Give a small city that nobody serves yet; end what runs in it afterwards."""
    server = os.environ.get("DATABASE_URL", "")
    shutil.copytree(template(server), home)
    made = House(home, fresh_database(server, f"house_{uuid4().hex[:12]}", SMALLVILLE))
    made.keys = json.loads((home / "keys.json").read_text())
    try:
        yield made
    finally:
        made.close()


@contextmanager
def house(home: Path) -> Iterator[House]:
    """Build and serve a city; end it afterwards."""
    with built(home) as made:
        made.start()
        yield made


@dataclass
class Crowd:
    """People who report and act at the same time, and remember what was confirmed to them."""

    house: House
    seed: int
    answered: dict[str, str] = field(default_factory=dict)  # key → number
    open_keys: set[str] = field(default_factory=set)  # sent, answer unknown
    taken: dict[str, str] = field(default_factory=dict)  # number#seq → action
    faults: list[Any] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rush(self, seconds: float, people: int = 6) -> Iterator[None]:
        """Let them go on; yields once after `seconds`, then waits until all have stopped."""
        self.stop.clear()
        threads = [threading.Thread(target=self._person, args=(n,)) for n in range(people)]
        for thread in threads:
            thread.start()
        self.stop.wait(seconds)
        yield
        self.stop.set()
        for thread in threads:
            thread.join()

    def _person(self, number: int) -> None:
        rng = random.Random(f"{self.seed}-{number}-{self.count}")
        while not self.stop.is_set():
            with self.lock:
                self.count += 1
                key = f"{self.seed}-{self.count}"
                self.open_keys.add(key)
            try:
                case = self.ask(key)
                if case:
                    self._go_on(case, rng.randint(0, len(WAY)))
            except (OSError, http.client.HTTPException):
                self.stop.wait(0.05)

    def ask(self, key: str) -> str:
        """Send a report; give its number once it is confirmed."""
        status, said = self.house.report(key)
        if status == 503:
            return ""
        if status != 201:
            self.faults.append((status, said))
            return ""
        with self.lock:
            known = self.answered.setdefault(key, said["number"])
            self.open_keys.discard(key)
        if known != said["number"]:
            self.faults.append((key, known, said["number"]))
        return known

    def _go_on(self, number: str, steps: int) -> None:
        for seq, (action, who) in enumerate(WAY[:steps], 1):
            status, said = self.house.act(number, action, who, seq)
            if status == 503:
                return
            if status != 200:
                self.faults.append((action, status, said))
                return
            self.taken[f"{number}#{said['seq']}"] = action

    def settle(self) -> None:
        """Send again, with the same keys, what was never answered."""
        for key in sorted(self.open_keys):
            assert self.ask(key), "a repeated report was not taken"

    def check(self) -> None:
        """What was confirmed is there, once; nothing else is; the ledger is whole."""
        self.settle()
        assert self.faults == []
        numbers, steps = self.house.facts()
        assert sorted(numbers) == sorted(set(self.answered.values()))
        assert len(self.answered) == len(set(self.answered.values())) == len(numbers)
        assert {at: steps.get(at) for at in self.taken} == self.taken
        assert self.house.verify() == []
