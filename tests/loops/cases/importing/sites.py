"""Cities in processes of their own, each with its own home and database, so that a test may kill what writes."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.fresh import SHARED, alone, beside, fresh_database, fresh_home

ROOT = Path(__file__).resolve().parents[4]
DEMO = ROOT / "cityloop" / "demo"
POLICY = DEMO / "policy.toml"
SERVER = os.environ.get("DATABASE_URL", "")


@dataclass
class Site:
    """A city of its own."""

    home: Path
    url: str

    @property
    def env(self) -> dict[str, str]:
        """The environment of its processes."""
        given = {"CITYLOOP_HOME": str(self.home), "DJANGO_SETTINGS_MODULE": "cityloop.config.settings"}
        return {**os.environ, **given, "DATABASE_URL": self.url}

    def start(self, *words: object) -> "subprocess.Popen[bytes]":
        """Start a verb and do not wait for it."""
        command = [sys.executable, "-m", "cityloop.doors.cli.main", *map(str, words), "--json"]
        return subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run(self, *words: object) -> Any:
        """Call a verb and give its answer."""
        command = [sys.executable, "-m", "cityloop.doors.cli.main", *map(str, words), "--json"]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def ask(self, code: str) -> Any:
        """Run Python in this city and give what its `answer` was."""
        text = f"import django, json; django.setup()\n{code}\nprint(json.dumps(answer, default=str))"
        done = subprocess.run([sys.executable, "-c", text], env=self.env, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        return json.loads(done.stdout)

    def rows(self, sql: str) -> list[list[Any]]:
        """Ask the database itself."""
        if self.url:
            with psycopg.connect(self.url) as server:
                return [list(row) for row in server.execute(sql)]
        with closing(sqlite3.connect(self.home / "city.sqlite3")) as file:
            return [list(row) for row in file.execute(sql)]

    def counts(self, sql: str) -> Counter[Any]:
        """Give rows of key columns and a number as a Counter."""
        return Counter({tuple(row[:-1]) if len(row) > 2 else row[0]: row[-1] for row in self.rows(sql)})


def template(city: str, boundaries: Path) -> Site:
    """Give a city with its units, made by its verbs alone; made once for all workers of a run, never written to."""
    home = SHARED / f"template_{city}"
    with alone(home.name):
        if not home.exists():
            url = fresh_database(SERVER, home.name)
            site = Site(home.with_suffix(".begun") if url else fresh_home(home.with_suffix(".begun")), url)
            done = site.run("units", "load", DEMO / city / "units.toml", "--folder", boundaries)
            assert "error" not in done, done
            site.home.rename(home)
    return Site(home, beside(SERVER, home.name) if SERVER else "")


@contextmanager
def copied(template: Site, home: Path) -> Iterator[Site]:
    """Give a city like the template's, thrown away afterwards."""
    shutil.copytree(template.home, home)
    site = Site(home, _copied(template.url))
    try:
        yield site
    finally:
        drop(site)


def drop(site: Site) -> None:
    """Throw a city's database away."""
    if site.url:
        with psycopg.connect(SERVER, autocommit=True) as server:
            server.execute(f"DROP DATABASE {urlsplit(site.url).path.strip('/')} WITH (FORCE)")


def _name() -> str:
    return f"site_{uuid.uuid4().hex[:12]}"


def _copied(url: str) -> str:
    if not url:
        return ""
    name = _name()
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {urlsplit(url).path.strip('/')}")
    return beside(SERVER, name)
