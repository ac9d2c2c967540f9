"""DATABASE_URL → Django's settings: SQLite in the home folder, or PostgreSQL."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cityloop.ground.kit.refusal import Refusal

# WAL lets readers go on while one writes; FULL means a confirmed action survives a power cut. A log of 16 MB instead of
# four: readings of a thousand instruments touch a thousand pages, and each is taken over once for many rounds.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-8000;"
    " PRAGMA wal_autocheckpoint=4000;"
)


def database(url: str, home: Path) -> dict[str, Any]:
    """Give the settings of the one database that holds the facts."""
    if not url:
        return sqlite(home / "city.sqlite3")
    scheme = url.split(":", 1)[0]
    if scheme in ("postgres", "postgresql"):
        return postgresql(url)
    if scheme == "sqlite":
        return sqlite(Path(unquote(urlsplit(url).path)))
    raise Refusal(
        "config.database_url", "DATABASE_URL must begin with postgresql:// or sqlite://, not {scheme}.", scheme=scheme
    )


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite: every transaction takes the write lock at once, so that none fails half way."""
    return {
        "ENGINE": "cityloop.config.sqlite",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": SQLITE_PRAGMAS},
        # Tests use a file too: WAL and locks behave there as they do in a city.
        "TEST": {"NAME": path.with_name("test.sqlite3")},
    }


def postgresql(url: str) -> dict[str, Any]:
    """PostgreSQL through psycopg's own pool; `?host=/folder` names a local socket."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    try:
        port = str(query.pop("port", parts.port or ""))
    except ValueError:  # it is no number
        port = "?"
    if port == "?" or "@" in parts.path:
        raise Refusal(
            "config.database_url",
            "DATABASE_URL is postgresql://user:password@host:port/name; in the password write @ as %40, / as %2F, "
            ": as %3A and % as %25.",
        )
    host = query.pop("host", parts.hostname or "")
    return {
        "ENGINE": "cityloop.config.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "CONN_MAX_AGE": 0,  # the pool keeps them
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 6, "timeout": 10},
            "server_side_binding": True,  # statements are prepared: half the database's CPU for each action
            "prepare_threshold": 5,
            # Compiling a plan takes 5 to 10 ms of CPU: our statements take less to run.
            "options": "-c jit=off",
            "connect_timeout": 10,  # seconds: a server that is switched off answers nothing at all
            **query,
        },
    }
