"""Many cases at once: who and what is affected is shown first; each is taken by itself, under the same rules."""

import pytest
from django.http import QueryDict

from cityloop.ground.kit.manifest import Reply
from cityloop.loops.cases import history
from cityloop.loops.cases.models import Case
from cityloop.town.catalog import actions as catalog
from cityloop.town.ledger.models import Step
from tests.doors.web.conftest import number
from tests.doors.web.test_thread import REPLY
from tests.loops.cases.smallville import PLATE
from tests.town.staff import BY


def chosen(*cases, **more):
    query = QueryDict(mutable=True)
    query.setlist("case", [number(case) for case in cases])
    query.update(more)
    return query.urlencode()


def offer_of(page, action):
    text = page.content.decode()
    at = text.index(f'name="offer" value="{action}-')
    return text[at:].split('value="')[1].split('"')[0]


def sent(browser, action, cases, **more):
    """Choose, look at the preview, send what its form holds."""
    key = offer_of(browser.get("/desk/many?" + chosen(*cases)), action)
    preview = browser.get("/desk/many?" + chosen(*cases, offer=key))
    rows = [number(case) for case in cases if f'name="case" value="{number(case)}"' in preview.content.decode()]
    seqs = [str(Case.objects.get(pk=case).seq) for case in cases if number(case) in rows]
    return preview, browser.post("/desk/many/act", {"offer": key, "case": rows, "seq": seqs, **more})


def states(*cases):
    return [Case.objects.get(pk=case).state for case in cases]


def test_many_are_dispatched_each_to_whom_the_catalogue_names(at_desk, town):
    tree, hole = town.to("filed"), town.to("filed", matter="hole")
    preview, answer = sent(at_desk("dispatcher"), "dispatch", [tree, hole])
    assert "Fallen tree" in preview.content.decode() and "Pothole" in preview.content.decode()
    assert states(tree, hole) == ["dispatched", "dispatched"] and "Done for 2 cases" in answer.content.decode()
    leads = [Case.objects.get(pk=case).lead_org for case in (tree, hole)]
    assert leads == [town.orgs["parks"].pk, town.orgs["roads"].pk]


def test_what_moves_a_case_on_comes_first_though_fewer_are_open_to_it(at_desk, town):
    """One of the two was dispatched meanwhile: calls and notes are open to both, and are not what one came for."""
    page = at_desk("dispatcher").get("/desk/many?" + chosen(town.to("filed"), town.to("dispatched", matter="hole")))
    text = page.content.decode()
    at = [text.index(f'name="offer" value="{action}-') for action in ("dispatch", "note")]
    assert at == sorted(at) and text.index('name="offer"') == text.index('name="offer" value="dispatch-')


def test_ready_words_are_filled_in_for_each_case_in_its_language(at_desk, town):
    plate = PLATE.model_copy(update={"replies": (Reply.model_validate(REPLY),)})
    catalog.publish(plates=[plate], by=BY, at=town.at)
    tree = town.to("handling", email="rose@example.org", language="zh-hans", address="Rosenweg 7")
    other = town.to("handling", email="ada@example.org", address="Rosenweg 9")
    desk = at_desk("parks")
    preview, answer = sent(
        desk, "close_unsolved", [tree, other], resolution="nothing_found", words="到{place}：{number}，{nothing}"
    )
    page = preview.content.decode()
    assert "{organisation} comes to {place}: {number}." in page and "正前往{place}（{number}）。" in page
    assert 'lang="zh-Hans"' in page and "such as {number}" in page
    assert "Done for 2 cases" in answer.content.decode()
    for case, where in ((tree, "Rosenweg 7"), (other, "Rosenweg 9")):
        said = history.timeline(Case.objects.get(pk=case), internal=True)[0].words["words"]
        assert said == f"到{where}：{number(case)}，{{nothing}}"


def test_words_ready_for_one_of_them_alone_are_not_offered(at_desk, town):
    only = Reply.model_validate({**REPLY, "matters": ["hole"]})
    catalog.publish(plates=[PLATE.model_copy(update={"replies": (only,)})], by=BY, at=town.at)
    cases = [town.to("handling"), town.to("handling")]
    preview, _answer = sent(at_desk("parks"), "close_unsolved", cases)
    assert "On the way" not in preview.content.decode()


def test_many_are_dispatched_again_to_one_organisation(at_desk, town):
    cases = [town.to("filed", matter="hole") for _ in range(3)]
    sent(at_desk("dispatcher"), "dispatch", cases)
    for case in cases:
        town.take(case, "bounce", "roads", words="Not ours")
    sent(at_desk("dispatcher"), "re_dispatch", cases, lead="parks", words="Roads is overrun")
    assert {Case.objects.get(pk=case).lead_org for case in cases} == {town.orgs["parks"].pk}


def test_what_cannot_be_done_is_said_and_the_rest_is_done(at_desk, town):
    one, two, done = town.to("filed"), town.to("filed"), town.to("closed")
    preview, answer = sent(at_desk("dispatcher"), "dispatch", [one, two, done])
    assert "Not possible in its state" in preview.content.decode()
    assert states(one, two, done) == ["dispatched", "dispatched", "closed"]
    browser, fresh = at_desk("dispatcher"), town.to("filed")
    key = offer_of(browser.get("/desk/many?" + chosen(fresh)), "dispatch")
    late = town.to("filed")
    stale = browser.post("/desk/many/act", {"offer": key, "case": [number(late)], "seq": ["1"]}).content.decode()
    assert states(late) == ["filed"] and "left as it is" in stale


def test_nothing_is_done_beyond_authority(at_desk, town):
    mine, other = town.to("dispatched"), town.to("filed", matter="hole")
    page = at_desk("parks").get("/desk/many?" + chosen(mine, other)).content.decode()
    assert f">{number(mine)}<" in page and f">{number(other)}<" not in page
    key = offer_of(at_desk("dispatcher").get("/desk/many?" + chosen(other)), "dispatch")
    at_desk("parks").post("/desk/many/act", {"offer": key, "case": [number(other), number(mine)], "seq": ["2", "3"]})
    assert states(other, mine) == ["filed", "dispatched"]


def test_the_same_case_twice_is_one(at_desk, town):
    case = town.to("filed")
    browser = at_desk("dispatcher")
    key = offer_of(browser.get("/desk/many?" + chosen(case)), "dispatch")
    browser.post("/desk/many/act", {"offer": key, "case": [number(case)] * 3, "seq": ["2", "2", "2"]})
    assert Step.objects.filter(subject=f"case:{case}", what="dispatch").count() == 1


@pytest.mark.parametrize("value", ["", "\0", "²", "x", "SV-2018-999999", "9" * 400, "SV-2018-" + "9" * 40])
def test_hostile_numbers(at_desk, town, value):
    browser = at_desk("dispatcher")
    for sent_ in ({"case": value}, {"case": value, "offer": value}):
        assert browser.get("/desk/many", sent_).status_code in (200, 404)
        assert browser.post("/desk/many/act", {**sent_, "seq": value}).status_code in (200, 404)


def test_no_more_than_a_hundred(at_desk, town):
    query = "&".join(f"case=SV-2018-{n:06d}" for n in range(500))
    assert at_desk("dispatcher").get(f"/desk/many?{query}").status_code == 200


def test_statements_do_not_grow_with_the_cases(at_desk, town, django_assert_max_num_queries):
    cases = [town.to("filed") for _ in range(6)]
    browser = at_desk("dispatcher")
    key = offer_of(browser.get("/desk/many?" + chosen(*cases)), "dispatch")
    with django_assert_max_num_queries(12):
        browser.get("/desk/many?" + chosen(*cases, offer=key))


def test_the_rail_marks_the_list_that_the_cases_were_chosen_in(at_desk, town):
    case = town.to("handled")
    desk = at_desk("dispatcher")
    assert 'name="from" value="inbox"' in desk.get("/desk/").content.decode()
    for came, other in (("inbox", "cases"), ("cases", "inbox")):
        page = desk.get(f"/desk/many?{chosen(case)}&from={came}")
        offer = offer_of(page, "submit")
        asked = desk.get(f"/desk/many?{chosen(case)}&from={came}&offer={offer}")
        for text in (page.content.decode(), asked.content.decode()):
            assert f'name="from" value="{came}"' in text
            at = text.index(f'data-place="{came}"')
            assert 'aria-current="page"' in text[at : at + 200]
            at = text.index(f'data-place="{other}"')
            assert 'aria-current="page"' not in text[at : at + 150]
