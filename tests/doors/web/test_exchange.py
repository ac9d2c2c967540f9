"""The catalogue out and in at the desk, changes shown before; a change tried on past cases; a plate taken over."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cityloop.ground.kit.loader import load
from cityloop.ground.kit.registry import plates as installed
from cityloop.town.catalog import actions, exchange
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.models import Step
from tests.doors.web.conftest import number
from tests.doors.web.test_settings import matter_form
from tests.loops.cases.smallville import PLATE
from tests.town.staff import BY, seat

PAGE, FILE, TREE = (
    "/desk/settings/catalogue-as-a-file",
    "/desk/settings/catalogue.toml",
    "/desk/settings/catalogue/tree",
)


@pytest.fixture
def engineer(town):
    client = Client()
    client.force_login(seat(town.orgs["city"], "city_engineer"))
    return client


def said(answer) -> str:
    return html.unescape(answer.content.decode())


def taken(client) -> str:
    answer = client.get(FILE)
    assert answer["Content-Type"].startswith("application/toml") and "attachment" in answer["Content-Disposition"]
    return answer.content.decode()


def send(client, text, do="look", **more):
    file = SimpleUploadedFile("mine.toml", text.encode())
    return client.post(PAGE, {"file": file, "do": do, "on": catalog.last_digest(), **more})


def test_every_post_takes_it_out_and_only_the_engineer_in(at_desk, engineer, town):
    text = taken(at_desk("parks"))
    assert exchange.read(text, "f").digest == catalog.last_digest()
    assert 'type="file"' not in said(at_desk("parks").get(PAGE)) and 'type="file"' in said(engineer.get(PAGE))
    assert send(at_desk("parks"), text).status_code == 403
    assert Client().get(FILE).status_code == 302


def test_what_a_file_changes_is_shown_then_published(engineer, town):
    before, steps = catalog.last_digest(), Step.objects.count()
    text = taken(engineer).replace('limit = "5 wd"', 'limit = "3 wd"').replace("Fallen tree", "Tree down")
    looked = send(engineer, text)
    page = said(looked)
    assert looked.status_code == 200 and "5 working days" in page and "3 working days" in page and "Tree down" in page
    assert Step.objects.count() == steps and catalog.last_digest() == before
    kept = re.search(r'<textarea name="text" hidden[^>]*>\n(.*?)</textarea>', page, re.S)
    assert kept and exchange.read(kept[1], "f").digest == exchange.read(text, "f").digest
    done = engineer.post(PAGE, {"text": kept[1], "name": "mine.toml", "on": before, "do": "publish"})
    assert done.status_code == 303 and catalog.current().matter("tree").limit.text == "3 wd"
    told = Step.objects.filter(subject="catalog").latest("seq")
    assert (told.what, '"file":"mine.toml"' in told.data) == ("imported", True)
    assert "It is what is in force" in said(send(engineer, taken(engineer)))


def test_a_wrong_file_is_refused_by_line_and_key(engineer, town):
    steps = Step.objects.count()
    answer = send(engineer, taken(engineer).replace('limit = "5 wd"', 'limit = "soon"'), "publish")
    page = said(answer)
    assert answer.status_code == 422 and "milestones[1].limit" in page and re.search(r"line \d+", page)
    for text, words in (("x = ", "1 thing is wrong"), ("", "format")):
        assert words in said(send(engineer, text))
    broken = SimpleUploadedFile("b.toml", b"\xff\xfe")
    assert "UTF-8" in said(engineer.post(PAGE, {"file": broken, "do": "look"}))
    assert engineer.post(PAGE, {"text": taken(engineer), "do": "dance"}).status_code == 422
    assert Step.objects.count() == steps


def test_who_looked_at_an_older_version_is_told(engineer, town):
    text = taken(engineer).replace('limit = "5 wd"', 'limit = "3 wd"')
    answer = send(engineer, text, "publish", on="0" * 64)
    assert answer.status_code == 422 and "newer catalogue" in said(answer)


def days_around(at: int) -> tuple[str, str]:
    """Give the day before an instant and the day after it."""
    first = datetime.fromtimestamp(at / 1_000_000, UTC) - timedelta(days=1)
    return first.date().isoformat(), (first + timedelta(days=2)).date().isoformat()


def test_a_limit_and_a_line_are_tried_on_past_cases_and_nothing_is_written(engineer, town):
    case = town.collect().case
    since, until = days_around(town.at)
    steps, before = Step.objects.count(), catalog.last_digest()
    answer = engineer.post(TREE, matter_form(amount1="2", do="try", since=since, until=until))
    page = said(answer)
    assert answer.status_code == 200 and "1 case came in" in page and "2 working days" in page
    assert number(case) in page or "Some of these cases" not in page
    assert 'name="amount1" type="number" min="1" max="999999" value="2"' in page, "what was typed is kept"
    line = {"do": "try-line", "unit": "", "lead": "roads", "assist": "", "since": since, "until": until}
    page = said(engineer.post(TREE, line))
    assert "Who would have been responsible" in page and 'value="roads" selected' in page
    assert "Nothing would have been different" in said(
        engineer.post(TREE, {**line, "lead": "parks", "assist": "roads"})
    )
    assert "No case came in" in said(engineer.post(TREE, {**line, "since": "2017-01-01", "until": "2017-01-02"}))
    for wrong in ({"since": "soon"}, {"until": "2017-01-01"}, {"lead": ""}, {"unit": "none"}):
        assert engineer.post(TREE, {**line, **wrong}).status_code == 422, wrong
    assert (Step.objects.count(), catalog.last_digest()) == (steps, before)


def test_others_may_not_even_try(at_desk, town):
    assert at_desk("dispatcher").post(TREE, {"do": "try-line", "lead": "roads"}).status_code == 403


def test_a_trial_and_a_look_cost_few_statements(engineer, town):
    for _ in range(3):
        town.collect()
    form = matter_form(amount1="2", do="try")
    text = taken(engineer).replace('limit = "5 wd"', 'limit = "3 wd"')
    for ask in (lambda: engineer.post(TREE, form), lambda: send(engineer, text, "try")):
        ask()
        with CaptureQueriesContext(connection) as asked:
            assert ask().status_code == 200
        assert len(asked) <= 12, [one["sql"] for one in asked]


def test_a_newer_plate_is_shown_tried_and_taken_over(engineer, town, at_desk):
    made = load(installed()["health"])
    older = made.model_copy(update={"services": made.services[:1], "version": "0.9.0"})
    actions.publish(plates=[PLATE, older], by=BY, at=town.at)
    path = "/desk/settings/plates/health"
    page = said(engineer.get(path))
    assert "Its folder holds something newer" in page and "0.9.0" in page
    assert "Take it over" not in said(at_desk("parks").get(path))
    on = catalog.last_digest()
    assert engineer.post(path, {"do": "try-renew", "on": on}).status_code == 200 and catalog.last_digest() == on
    assert engineer.post(path, {"do": "renew", "on": "0" * 64}).status_code == 422
    assert engineer.post(path, {"do": "renew", "on": on}).status_code == 303
    assert "Its folder holds something newer" not in said(engineer.get(path))
    assert Step.objects.filter(subject="catalog").latest("seq").what == "renewed"
    assert engineer.post(path, {"do": "renew", "on": catalog.last_digest()}).status_code == 422
