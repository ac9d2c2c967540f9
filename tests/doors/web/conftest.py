"""A town with its people signed in, as the pages meet them."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image

from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions as catalog
from tests.loops.cases.smallville import MINUTE, PLATE, Town, build
from tests.town.staff import BY


@pytest.fixture
def town(db, tmp_path, settings) -> Town:
    settings.MEDIA_ROOT = tmp_path / "media"
    cache.clear()
    made = build(tmp_path)
    made.at = city_clock.now() - 60 * MINUTE
    return made


@pytest.fixture
def at_desk(town) -> Callable[[str], Client]:
    """Give a browser in which someone has signed in."""

    def open_desk(who: str) -> Client:
        client = Client()
        client.force_login(town.accounts[who])
        return client

    return open_desk


def number(case: int) -> str:
    return numbers.number(Case.objects.get(pk=case))


def publish(town, **places):
    """Publish the catalogue with matters that tell their place less exactly."""
    matters = tuple(m.model_copy(update={"public_place": places.get(m.code, m.public_place)}) for m in PLATE.matters)
    catalog.publish(plates=[PLATE.model_copy(update={"matters": matters})], by=BY, at=town.at)


def picture(colour: str = "green") -> BytesIO:
    """Give a small real photograph, ready to be sent."""
    made = BytesIO()
    Image.new("RGB", (64, 48), colour).save(made, "JPEG")
    made.seek(0)
    made.name = "place.jpg"
    return made
