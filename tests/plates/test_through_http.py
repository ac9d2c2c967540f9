"""A story of every plate through the door: reported, filed, dispatched to who is responsible, handled and closed."""

import pytest

from cityloop.ground.kit.loader import open_plate
from cityloop.ground.kit.registry import plates
from cityloop.loops.cases.models import Case
from cityloop.town.catalog.actions import publish
from cityloop.town.columns import real_now
from cityloop.town.orgs.queries import organisation
from cityloop.town.persons.actions import make_access_key
from tests.conftest import IN_PART
from tests.doors.api.conftest import ask
from tests.doors.api.test_acting import offers, sample
from tests.loops.cases.smallville import AT, build
from tests.town.staff import BY, seat

REGISTRY = plates()
WAY = ["file", "dispatch", "accept", "report_back", "submit", "pass", "close"]
ANSWERS = {"text": "so it was", "number": "3", "bool": "yes", "date": "2018-10-20"}


def straight_story(plate):
    """Give the first story that goes straight through, of a matter that needs no proof."""
    matters = {matter.code: matter for matter in plate.manifest.matters}
    told = (one.story for one in plate.stories if not one.story.steps)
    return next((story, matters[story.matter]) for story in told if not matters[story.matter].stages)


def answer(question):
    if question.choices:
        first = question.choices[0].key
        return [first] if question.type == "choices" else first
    return ANSWERS[question.type]


def key_of(who):
    scopes = ("read", "act", "report")
    return make_access_key(account=who, label="t", days=1, by=BY, at=real_now(), scopes=scopes, per_minute=100_000)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["municipal"] if IN_PART else sorted(REGISTRY))
def test_it_goes_the_whole_way(name, tmp_path):
    plate, _quality = open_plate(REGISTRY[name])
    story, matter = straight_story(plate)
    town = build(tmp_path)
    publish(plates=[plate.manifest], by=BY, at=AT)
    parties = (story.organisation, *story.assisting)
    people = [town.accounts[who] for who in ("shift", "dispatcher", "inspector")]
    people += [seat(organisation(key), "department_officer", level=3) for key in parties]
    keys = [key_of(who) for who in people]
    asked = {question.key: answer(question) for question in matter.questions if question.required}
    report = {"words": story.report, "matter": matter.code, "lon": 10.05, "lat": 50.07, "answers": asked}
    said = ask("POST", "/api/v1/reports", body=report)
    assert said.status == 201, said.body
    number = said.body["number"]
    for _turn in range(40):
        found = [(key, offer) for key in keys for offer in offers(number, key).values()]
        key, offer = next((key, offer) for step in WAY for key, offer in found if offer["action"] == step)
        taken = ask(offer["method"], offer["href"], key, sample(offer["body"]))
        assert taken.status == 200, taken.body
        if taken.body["closed"]:
            break
    case = Case.objects.get()
    assert (case.matter, case.state) == (story.matter, "closed")
    assert {part.org for part in case.parts.all()} == {organisation(key).pk for key in parties}
