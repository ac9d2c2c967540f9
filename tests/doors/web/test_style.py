"""The living page of components: each that the design names is there, in both themes, with data of the city."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.loops.cases.models import Case
from cityloop.town.files.actions import keep
from tests.doors.web.conftest import picture
from tests.loops.cases.smallville import STRAIGHT
from tests.town.staff import BY

STYLE = "/desk/style"
THEMES = 2
# Each component by what its markup begins with.
COMPONENTS = {
    "clock bar": 'class="clock',
    "loop track": 'class="track lanes"',
    "lane of supervision": 'class="lane-name supervision"',
    "lane of command": 'class="lane-name command"',
    "status chip": 'class="chip is-',
    "figure": 'class="figure',
    "trend": 'class="trend',
    "timeline": 'class="timeline"',
    "before and after": 'class="compare"',
    "before": 'class="was"',
    "after": 'class="is"',
    "empty": 'class="empty"',
    "loading": 'class="skeleton"',
    "error": 'class="card state is-over"',
}
ONCE = {"filter chips": 'class="filters"', "action bar": 'class="actions"', "tabs": 'class="tabs'}


@pytest.fixture
def styled(town, at_desk):
    """The page of a city with a case in handling and, closed, one that has photos from before and after."""
    before = keep(picture(), subject="", by=BY, at=town.at)
    proven = town.collect(photos=(before,)).case
    for action, who, data in STRAIGHT:
        after = keep(picture("gray"), subject=Case.objects.get(pk=proven).subject, by=BY, at=town.at)
        town.take(proven, action, who, **data, **({"photos": [str(after.uuid)]} if action == "report_back" else {}))
    town.to("closed", lon=10.02)  # the newest that is closed has no photo
    town.to("handling", lon=10.09)
    desk = at_desk("dispatcher")
    return lambda: desk.get(STYLE).content.decode()


def test_every_component_is_there_in_both_themes(styled):
    said = styled()
    missing = {name: said.count(begun) for name, begun in COMPONENTS.items() if said.count(begun) < THEMES}
    assert not missing and all(begun in said for begun in ONCE.values())
    for lane in ("supervision", "command"):  # both lanes hold steps
        assert f" {lane} at-" in said


def test_it_costs_at_most_twelve_statements(styled):
    styled()
    with CaptureQueriesContext(connection) as asked:
        styled()
    assert len(asked) <= 12, "\n".join(q["sql"][:150] for q in asked)
