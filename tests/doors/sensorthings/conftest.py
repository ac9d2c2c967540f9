"""A town with a station, a device with its key, and a client that speaks the standard."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from cityloop.doors.sensorthings import keys
from cityloop.town.columns import real_now
from cityloop.town.persons.actions import make_access_key
from tests.loops.cases.smallville import Town, build
from tests.town.staff import BY

ROOT = "http://testserver/sta/v1.1"


class Door:
    """Asks as a program does, with a key."""

    def __init__(self, key: str = "") -> None:
        self.client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json", **query: str) -> Any:
        """Ask once; give the answer with its JSON in `told`."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        answer: Any = self.client.generic(
            method, f"/sta/v1.1/{path}", data or b"", kind, query_params={f"${n}": v for n, v in query.items()}
        )  # fmt: skip
        answer.told = json.loads(answer.content) if answer.content and "json" in answer["Content-Type"] else None
        return answer

    def get(self, path: str, **query: str) -> Any:
        """Read; it must be there."""
        answer = self.ask("GET", path, **query)
        assert answer.status_code == 200, (path, query, answer.content)
        return answer.told

    def names(self, path: str, **query: str) -> list[str]:
        """Give the names of what is found."""
        return [one["name"] for one in self.get(path, **query)["value"]]

    def add(self, path: str, body: Any) -> str:
        """Add; give the address below the root."""
        answer = self.ask("POST", path, body)
        assert answer.status_code == 201, (path, answer.content)
        assert answer["Location"].startswith(ROOT)
        return str(answer["Location"])[len(ROOT) + 1 :]


@pytest.fixture(autouse=True)
def _remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements are counted: no key is asked for again because time has passed."""
    keys._kept.clear()
    monkeypatch.setattr(keys, "FRESH", 3600.0)


@pytest.fixture
def town(db: None, tmp_path: Path, settings: Any) -> Town:
    settings.CITYLOOP_CACHE_SECONDS = 3600.0
    cache.clear()
    return build(tmp_path)


def door_of(town: Town, who: str, *scopes: str, per_minute: int = 100_000) -> Door:
    """Give a door for one of the town's people, with a key for these scopes."""
    made = make_access_key(
        account=town.accounts[who], label=who, days=1, by=BY, at=real_now(), scopes=scopes, per_minute=per_minute
    )
    return Door(made)


@pytest.fixture
def door(town: Town) -> Door:
    return door_of(town, "parks", "sense")
