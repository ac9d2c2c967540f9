"""All plates in one city: what people write still finds its matter among all, and all can be switched on."""

import pytest

from cityloop.ground.kit.finding import suggest
from cityloop.ground.kit.loader import load, open_plate
from cityloop.ground.kit.registry import plates
from cityloop.town.catalog.actions import switch_on
from cityloop.town.catalog.queries import current
from tests.town.staff import AT, BY, make_city

SHOWN = 5  # so many matters a page proposes for what somebody wrote


@pytest.mark.once
def test_a_report_finds_its_matter_among_those_of_all_plates():
    opened = [open_plate(folder)[0] for folder in plates().values()]
    matters = [matter for plate in opened for matter in plate.manifest.matters]
    lost = [
        (told.story.key, told.story.matter)
        for plate in opened
        for told in plate.stories
        if told.story.matter not in {m.code for m in suggest(matters, told.story.report, told.story.lang, SHOWN)}
    ]
    assert lost == []


@pytest.mark.django_db
def test_one_after_another_is_switched_on():
    make_city()
    wanted: set[str] = set()
    for folder in plates().values():  # how long it takes is measured by bench/plates.py
        made = load(folder)
        switch_on(plate=made, by=BY, at=AT)
        wanted |= {matter.code for matter in made.matters}
        assert set(current().matters) == wanted, made.key
