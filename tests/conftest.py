"""What all tests share: the shared data, a real running city, a real browser."""

import gc
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from hypothesis import HealthCheck, settings

from tests import parts
from tests.fresh import fresh_home, template
from tests.inside import Inside

if TYPE_CHECKING:
    from tests.town.secret import Secret

ROOT = Path(__file__).resolve().parents[1]
PORTS = (n % 1_000 for n in range(os.getpid(), os.getpid() + 1_000))
PROVE = os.environ.get("CITYLOOP_PROVE", "") not in ("", "0")
# How long a machine takes is no property of what is tested.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100 if PROVE else 40
)
settings.load_profile("house")
T = TypeVar("T")
# What was seen whole on SQLite is seen in part on PostgreSQL, outside `make prove`.
IN_PART = bool(os.environ.get("DATABASE_URL")) and not PROVE


def one_database(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a long test that has a sister for PostgreSQL: outside `make prove` it runs on SQLite alone."""
    return test if PROVE else pytest.mark.once(test)


def in_part(several: Iterable[T], every: int = 3) -> list[T]:
    """List them all; on PostgreSQL, outside `make prove`, one of so many: what is asked of it for each is the same."""
    return list(several)[:: every if IN_PART else 1]


def pytest_report_header() -> str:
    """Say on which database and with which counts the tests run."""
    database = "PostgreSQL" if os.environ.get("DATABASE_URL") else "SQLite"
    return f"cityloop: {database}, {'full' if PROVE else 'small'} counts"


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a test of a long word or file by its beginning: each name goes between processes many times, whole."""
    if isinstance(val, str | bytes) and len(val) > 60:
        return f"{ascii(val[:40])} and {len(val) - 40} more"
    return None


def pytest_collection_finish() -> None:
    """Let the collector pass over what was loaded: walking through it again and again is a twentieth of all work."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def prove() -> bool:
    """Whether the full counts are wanted (`make prove`)."""
    return PROVE


@pytest.fixture
def city_secret(settings: Any) -> "Iterator[Secret]":
    """Give the city's secret, to be changed as an operator would."""
    from tests.town.secret import Secret

    yield (secret := Secret(settings))
    secret.ask_anew()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared real data; in continuous integration it must be there, elsewhere the extract serves."""
    folder = Path(os.environ["CITYLOOP_SHARED_DATA"])
    if folder.is_dir():
        return folder
    if os.environ.get("CI"):
        pytest.fail(f"The shared data is not at {folder}; set CITYLOOP_SHARED_DATA.")
    print(f"No shared data at {folder}: tests run on the extract in the repository.")
    return ROOT / "tests" / "extract"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """On PostgreSQL the test database is a copy of one that is migrated already."""
    if server := os.environ.get("DATABASE_URL"):
        from django.db import connections

        connections["default"].settings_dict["TEST"]["TEMPLATE"] = template(server)


@pytest.fixture(autouse=True, scope="session")
def _light_passwords() -> None:
    """Passwords of tests are not made to take long; those of served cities are."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True, scope="session")
def _light_pages(django_test_environment: None) -> None:
    """Draw pages as a served city does, without noting each template; list the static files once, not for each client.

    No test here asks which templates a page was drawn from.
    """
    from django.template.base import Template
    from django.test.utils import _TestState
    from whitenoise.middleware import WhiteNoiseMiddleware

    Template._render = _TestState.saved_data.template_render
    listed, listing = dict[str, Any](), WhiteNoiseMiddleware.add_files_from_finders

    def once(self: WhiteNoiseMiddleware) -> None:
        if not listed:
            listing(self)
            listed.update(self.files)
        self.files.update(listed)

    WhiteNoiseMiddleware.add_files_from_finders = once


@pytest.fixture(autouse=True)
def _forget(request: pytest.FixtureRequest) -> None:
    """Nothing a process remembers outlives a test's database, nor the language of its last visitor that test."""
    from django.utils import translation

    translation.deactivate()
    used = {"db", "transactional_db"} & set(request.fixturenames)
    if not used and request.node.get_closest_marker("django_db") is None:
        return
    from cityloop.ground.kit.remembered import Remembered
    from cityloop.loops.cases import loop
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.persons import strangers

    Remembered.drop_all()
    for what in ("codes", "live"):  # all tests come from one address
        for address in ("127.0.0.1", ""):
            strangers.forget(what, address)
    loop.forget()
    city_clock.restart()


def free_port() -> int:
    """Give a port that nobody else takes before it is used: each test process has a range of its own.

    The ranges lie below those the kernel gives to clients; a port asked of the kernel was now and then
    given away again while its city was being built. Where in its range a process begins goes by its id, so that
    another run beside this one does not build on the same.
    """
    own = 20_000 + 1_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw9").removeprefix("gw"))
    for port in PORTS:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", own + port))
            return own + port
    pytest.fail("every port of this process is in use")


@dataclass
class City:
    """A city served by `cityloop serve`, as its users meet it."""

    url: str
    home: Path
    process: "subprocess.Popen[bytes]"
    env: dict[str, str]
    inside: Inside | None = None

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Call a verb of the command line for this city."""
        command = [sys.executable, "-m", "cityloop.doors.cli.main", *words]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)

    def shell(self, code: str) -> str:
        """Run Python inside this city's Django, in a process beside the server, and give what it prints."""
        self.inside = self.inside or Inside(self.env)
        return self.inside.say(code)

    def stop(self) -> int:
        """Stop it and give its exit code."""
        if self.inside:
            self.inside.end()
        self.process.terminate()
        return self.process.wait(10)


def start_city(home: Path, *words: str, port: int | None = None, **env: str) -> City:
    """Start `cityloop serve` (or the verb given) and wait until it is ready."""
    port = port or free_port()
    if not (words or env.get("DATABASE_URL")):
        fresh_home(home)
    ours = {"CITYLOOP_HOME": str(home), "DJANGO_SETTINGS_MODULE": "cityloop.config.settings"}
    environment = {**os.environ, **ours, **env}
    command = [sys.executable, "-m", "cityloop.doors.cli.main", *(words or ("serve",)), "--port", str(port)]
    process = subprocess.Popen(command, env=environment)
    city = City(f"http://127.0.0.1:{port}", home, process, environment)
    wait_ready(city)
    return city


def wait_ready(city: City, seconds: float = 60.0) -> None:
    """Wait until the city says it is ready."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert city.process.poll() is None, "the city ended while starting"
        try:
            with urlopen(f"{city.url}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail("the city was not ready in time")


@pytest.fixture(scope="session")
def city_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """One running city for all tests of this process that only look, or that keep to their own case."""
    city = start_city(tmp_path_factory.mktemp("city"))
    yield city
    city.stop()


@pytest.fixture(scope="session")
def small_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The small city, served, for all tests of the group "small house": each keeps to what it made itself."""
    from tests.faults.house import house

    with house(tmp_path_factory.mktemp("house") / "home") as made:
        yield made


@pytest.fixture
def new_city(tmp_path: Path) -> Iterator[Callable[..., City]]:
    """Start as many cities as a test wants; all are stopped at its end."""
    started: list[City] = []

    def start(*words: str, **env: str) -> City:
        started.append(start_city(tmp_path / f"city{len(started)}", *words, **env))
        return started[-1]

    yield start
    for city in started:
        if city.process.poll() is None:
            city.stop()
        elif city.inside:
            city.inside.end()


@pytest.fixture(scope="session")
def base_url(city_server: City) -> str:
    """What `page.goto("/")` starts from."""
    return city_server.url


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium: software WebGL, no calls home."""
    path = parts.browser()
    if not path:
        pytest.fail("No Chromium found; `make test` installs it by apt where it may.")
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    drawing = ["--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    return {"executable_path": path, "args": [*quiet, *drawing], "headless": True}


STILL = "document.querySelectorAll('.rail').forEach((bar) => { bar.style.position = 'VALUE'; })"


@pytest.fixture
def axe() -> Callable[..., list[dict[str, Any]]]:
    """Look at a page with axe-core: `assert axe(page) == []`. Gives rule, help and the elements at fault."""
    source = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()

    def look(page: Any, *without: str) -> list[dict[str, Any]]:
        # Through the protocol, not a <script>, which the page's own policy rightly forbids.
        page.evaluate(f"() => {{ if (!window.axe) {{ {source} }} }}")
        # A target half under the bar at a phone's foot is not small: whoever wants it scrolls. So the bar stands still.
        page.evaluate(f"() => {STILL.replace('VALUE', 'static')}")
        rules = json.dumps({rule: {"enabled": False} for rule in without})
        tags = json.dumps(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
        asked = f"{{runOnly: {tags}, rules: {rules}, resultTypes: ['violations']}}"
        # What is in order is not told: it is many times as long.
        told = "r.violations.map((v) => ({rule: v.id, help: v.help, at: v.nodes.map((n) => n.target)}))"
        found: list[dict[str, Any]] = page.evaluate(f"() => axe.run(document, {asked}).then((r) => {told})")
        page.evaluate(f"() => {STILL.replace('VALUE', '')}")
        return found

    return look
