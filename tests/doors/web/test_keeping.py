"""Components added and corrected at the desk: by whose post may, on the state they saw, each on its history."""

import html
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cityloop.town.components import queries as components
from cityloop.town.components.models import Component
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import queries as orgs
from tests.steady import steady
from tests.town.components.things import EAST, WEST, furnish, put
from tests.town.staff import seat

NEW = "/desk/components/new"


@pytest.fixture
def lamp(town):
    furnish()
    return put(name="Gate 7", attributes={"height": 7, "kind": "led", "lit": True})


def sent(**more):
    base = {"type": "lamp", "lon": str(WEST[0]), "lat": str(WEST[1]), "accuracy": "B", "name": "", "installed": ""}
    return {**base, "of-height": "5.5", "of-kind": "gas", "of-lit": "false", "responsible": org("roads"), **more}


def org(key: str) -> str:
    return str(orgs.directory()[key].id)


def page(answer) -> str:
    return html.unescape(answer.content.decode())


def test_a_component_is_added_type_first_and_goes_on_the_ledger(at_desk, lamp):
    desk = at_desk("inspector")
    assert 'value="street_tree"' in page(desk.get(NEW))
    form = page(desk.get(f"{NEW}?type=lamp"))
    assert 'name="of-height"' in form and f'<option value="{org("roads")}" selected' in form
    made = desk.post(NEW, sent(name="Gate 8", installed="2018-05-01"))
    one = Component.objects.get(name="Gate 8")
    assert made.status_code == 303 and made["Location"].endswith(one.code)
    assert one.attributes == {"height": 5.5, "kind": "gas", "lit": False}
    assert (one.responsible, str(one.installed), one.state) == (int(org("roads")), "2018-05-01", "intact")
    step = Step.objects.get(subject=one.subject)
    assert (step.what, step.role) == ("added", "inspector")
    assert "Gate 8" in page(desk.get(made["Location"]))


def test_who_may_add_and_where(at_desk, lamp):
    count = Component.objects.count()
    for who in ("intake", "parks"):
        assert at_desk(who).post(NEW, sent()).status_code in (403, 422), who
    east = {"lon": str(EAST[0]), "lat": str(EAST[1])}
    assert at_desk("intake").get(NEW).status_code == 403
    assert Component.objects.count() == count
    assert at_desk("roads").post(NEW, sent(**east)).status_code == 303, "who will answer for it"
    assert at_desk("dispatcher").post(NEW, sent()).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"of-height": "tall"}, "height must be"), ({"lon": ""}, "degrees"), ({"lon": "0"}, "outside the city"),
        ({"accuracy": "Z"}, "A position is of class"), ({"installed": "May"}, "Give a date"),
        ({"responsible": "999999"}, "Choose one of the organisations"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_lost(at_desk, lamp, wrong, said):
    count = Component.objects.count()
    answer = at_desk("inspector").post(NEW, sent(name="Kept", **wrong))
    assert answer.status_code == 422 and said in page(answer) and 'value="Kept"' in page(answer)
    assert Component.objects.count() == count


def test_position_attributes_and_whose_it_is_are_corrected(at_desk, lamp):
    desk = at_desk("dispatcher")
    path = f"/desk/components/{lamp.code}/correct"
    form = page(desk.get(path))
    assert 'value="Gate 7"' in form and 'name="of-height" type="text" value="7"' in form
    seen = components.tag(Component.objects.get(code=lamp.code))
    same = {"lon": "10.050000", "lat": "50.070000", "name": "Gate 7", "of-height": "7", "of-kind": "led"}
    assert desk.post(path, sent(**same, **{"of-lit": "true", "seen": seen})).status_code == 303
    assert Step.objects.filter(subject=lamp.subject).count() == 1, "nothing was different"
    moved = {"lon": "10.06", "name": "Gate 9", "of-kind": "", "owner": org("parks"), "seen": seen}
    assert desk.post(path, sent(**moved)).status_code == 303
    one = Component.objects.get(code=lamp.code)
    assert (one.name, one.lon, one.owner) == ("Gate 9", 10.06, int(org("parks")))
    assert one.attributes == {"height": 5.5, "lit": False}
    step = Step.objects.filter(subject=lamp.subject).latest("seq")
    assert step.what == "moved" and json.loads(step.data)["name"] == ["Gate 7", "Gate 9"]
    assert "Gate 7 → Gate 9" in page(desk.get(f"/desk/components/{lamp.code}"))
    late = desk.post(path, sent(name="Gate 10", seen=seen))
    assert late.status_code == 422 and "Somebody changed this component meanwhile" in page(late)


def test_who_stands_before_it_corrects_it_but_does_not_say_whose_it_is(at_desk, lamp):
    path = f"/desk/components/{lamp.code}/correct"
    assert at_desk("intake").get(path).status_code == 403
    assert at_desk("intake").post(path, sent()).status_code == 403
    desk = at_desk("inspector")
    assert 'name="responsible"' not in page(desk.get(path))
    assert desk.post(path, sent(name="Seen", responsible=org("parks"))).status_code == 303
    one = Component.objects.get(code=lamp.code)
    assert (one.name, one.responsible) == ("Seen", int(org("roads")))
    assert at_desk("dispatcher").post(path, sent(responsible=org("parks"))).status_code == 303
    assert Component.objects.get(code=lamp.code).responsible == int(org("parks"))


@pytest.fixture
def post(town):
    """Give a browser of somebody new who holds one post of the city's own."""

    def hold(role, unit="", level=0):
        client = Client()
        client.force_login(seat(town.orgs["city"], role, unit, level))
        return client

    return hold


def test_who_looks_after_the_register_reads_and_corrects_it_in_the_units_of_the_post(post, lamp):
    camera, east = put("camera"), put(place=EAST)
    steward = post("data_steward", "100101", 2)
    register = page(steward.get("/desk/components"))
    assert lamp.code in register and camera.code in register and "/desk/map" not in register
    assert f'href="{NEW}"' not in register and steward.get(NEW).status_code == 403
    assert steward.get("/desk/components/labels").status_code == 200
    shown = page(steward.get(f"/desk/components/{lamp.code}"))
    assert f"{lamp.code}/correct" in shown and 'value="damaged"' in shown and "/desk/map" not in shown
    path = f"/desk/components/{lamp.code}"
    assert 'name="responsible"' not in page(steward.get(f"{path}/correct"))
    assert steward.post(f"{path}/correct", sent(lon="10.06", name="Gate 9")).status_code == 303
    assert steward.post(f"{path}/change", {"state": "damaged"}).status_code == 303
    steps = Step.objects.filter(subject=lamp.subject).order_by("seq")
    assert [(step.what, step.role) for step in steps[1:]] == [("moved", "data_steward"), ("state", "data_steward")]
    assert "/correct" not in page(steward.get(f"/desk/components/{east.code}")), "read, but of another district"
    assert steward.post(f"/desk/components/{east.code}/change", {"state": "lost"}).status_code == 403
    low = post("data_steward", "100101", 1)
    assert low.get(f"/desk/components/{camera.code}").status_code == 404
    settings = page(steward.get("/desk/settings/"))
    assert settings.count('href="/desk/components"') == 2, "in the rail, and among the rooms"


def test_who_sets_up_a_part_reads_and_of_the_whole_city_keeps(post, lamp):
    path = f"/desk/components/{lamp.code}"
    part, whole = post("city_engineer", "100101"), post("city_engineer")
    assert part.get("/desk/components").status_code == part.get(path).status_code == 200
    assert part.get(NEW).status_code == part.post(f"{path}/change", {"state": "lost"}).status_code == 403
    assert whole.post(NEW, sent(name="Gate 8")).status_code == 303
    assert whole.post(f"{path}/correct", sent(responsible=org("parks"))).status_code == 303
    for role in ("security_officer", "integrator"):
        assert post(role).get("/desk/components").status_code == 403
        assert "/desk/components" not in page(post(role).get("/desk/settings/"))


def test_the_forms_cost_few_statements(at_desk, lamp, settings):
    steady(settings)
    desk = at_desk("inspector")
    desk.get("/desk/map")
    for path in (NEW, f"{NEW}?type=lamp", f"/desk/components/{lamp.code}/correct", "/desk/map"):
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(path).status_code == 200
        assert len(asked) <= 12, path
