"""Cities that are migrated already: a copy of one template each, instead of fifty migrations each."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

TEMPLATE = "migrated"
HOME = Path(os.environ["CITYLOOP_HOME"])
SHARED = HOME.parent if "PYTEST_XDIST_WORKER" in os.environ else HOME  # by all workers of one run (tests/env.py)


@contextmanager
def alone(what: str = TEMPLATE) -> Iterator[None]:
    """Keep the other workers out while something is made for all."""
    with (SHARED / f"{what}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(home: Path, url: str) -> None:
    ours = {"CITYLOOP_HOME": str(home), "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "cityloop.config.settings"}
    command = [sys.executable, "-m", "cityloop.doors.cli.main", "migrate"]
    subprocess.run(command, env={**os.environ, **ours}, check=True, capture_output=True)


def fresh_home(home: Path) -> Path:
    """Make a home that holds a migrated SQLite file."""
    kept = SHARED / TEMPLATE / "city.sqlite3"
    with alone():
        if not kept.exists():
            _migrate(kept.parent, "")
    home.mkdir(exist_ok=True, parents=True)
    shutil.copy(kept, home / kept.name)
    return home


def template(server: str) -> str:
    """Name the migrated database of PostgreSQL beside the one at `server`; make it where it is not there yet."""
    with alone(), psycopg.connect(server, autocommit=True) as link:
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            begun = f"{TEMPLATE}_begun"
            link.execute(f'CREATE DATABASE "{begun}"')
            _migrate(SHARED / begun, beside(server, begun))
            link.execute(f'ALTER DATABASE "{begun}" RENAME TO "{TEMPLATE}"')
    return TEMPLATE


def fresh_database(server: str, name: str, like: str = "") -> str:
    """Make a database beside the one at `server`, migrated or like another; give its address, none without a server."""
    if not server:
        return ""
    copied = like or template(server)
    with alone(), psycopg.connect(server, autocommit=True) as link:
        link.execute(f'CREATE DATABASE "{name}" TEMPLATE "{copied}"')
    return beside(server, name)


def beside(server: str, name: str) -> str:
    """Give the address of another database of the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
