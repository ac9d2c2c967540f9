"""A worker reads what its visitors would wait for before it says that it has started."""

import asyncio

import pytest

from cityloop.config import asgi, wiring
from cityloop.ground.kit.refusal import Refusal


@pytest.mark.django_db
def test_a_worker_reads_everything_before_it_says_yes_also_where_the_city_is_not_set_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []

    def refuse() -> None:
        told.append("refused")
        raise Refusal("units.none", "There is no city yet.")

    monkeypatch.setattr(wiring, "WARM", (refuse, lambda: told.append("read")))
    asyncio.run(_start_and_stop(told))
    assert told == ["refused", "read", "lifespan.startup.complete", "lifespan.shutdown.complete"]


async def _start_and_stop(told: list[str]) -> None:
    waiting = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))

    async def receive() -> dict[str, str]:
        return next(waiting)

    async def send(message: dict[str, str]) -> None:
        told.append(message["type"])

    await asgi.lifespan(receive, send)
