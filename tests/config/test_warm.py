"""A worker reads what its visitors would wait for, beside its start, also where the city is not set up."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cityloop.config import asgi, wiring
from cityloop.config.warm import warm
from cityloop.ground.kit.refusal import Refusal


@pytest.mark.django_db
def test_what_refuses_hinders_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def refuse() -> None:
        told.append("refused")
        raise Refusal("units.none", "There is no city yet.")

    monkeypatch.setattr(wiring, "WARM", (refuse, lambda: told.append("read")))
    monkeypatch.setattr("cityloop.config.warm.connections.close_all", lambda: told.append("closed"))
    warm()
    assert told == ["refused", "read", "closed"]


def test_the_start_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, told = threading.Event(), threading.Event(), list[str]()

    def slow() -> None:
        begun.set()
        go_on.wait(20)

    monkeypatch.setattr(asgi, "warm", slow)

    async def send(message: dict[str, str]) -> None:
        told.append(message["type"])

    async def start_and_stop() -> None:
        waiting = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))

        async def receive() -> dict[str, str]:
            if told:  # the second time: the start has been answered
                await asyncio.to_thread(begun.wait, 20)
            return next(waiting)

        await asgi.lifespan(receive, send)
        go_on.set()

    # In a thread of its own: whatever ran before may have left this one a loop.
    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, start_and_stop()).result(30)
    assert begun.is_set() and told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
