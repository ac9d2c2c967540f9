"""The desk: who gets in, what each post sees, in how many statements."""

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.doors.web.desk import tabs
from cityloop.loops.cases import queries
from cityloop.loops.cases.actions import prepare, save
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.search.asking import is_number
from cityloop.loops.cases.search.tasks import follow
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.tasks import sequence_and_seal
from cityloop.town.persons.models import Look
from cityloop.town.units import queries as units
from cityloop.town.worklist.models import View
from tests.doors.web.conftest import number
from tests.loops.cases.smallville import MINUTE, POSTS
from tests.loops.cases.test_statements import scanned
from tests.steady import steady
from tests.town.staff import make_account, seat

MOST = 12
LISTS = ["/desk/", "/desk/cases/", "/desk/map", "/desk/map/units", "/desk/inbox.geojson"]


def numbers_on(page):
    return set(re.findall(r'data-row="(SV-\d{4}-\d{6})"', page.content.decode()))


@pytest.mark.parametrize("path", [*LISTS, "/desk/cases/SV-2026-000001"])
def test_strangers_sign_in_first(client, town, path):
    answer = client.get(path)
    assert answer.status_code == 302 and answer["Location"].startswith("/desk/sign-in?next=")


@pytest.mark.parametrize("path", [*LISTS, "/desk/cases/SV-2026-000001"])
@pytest.mark.parametrize("role", [None, "city_engineer", "data_steward"])
def test_posts_that_see_nothing_are_told_so(client, town, path, role):
    account = seat(town.orgs["city"], role) if role else make_account()
    client.force_login(account)
    answer = client.get(path)
    if role and path == "/desk/":  # whoever holds a post at all finds the settings
        assert answer.status_code == 302 and answer["Location"] == "/desk/settings/"
    else:
        assert answer.status_code == 403 and b"E-403" in answer.content


@pytest.fixture
def spread(town):
    """One case in each of several states, west and east, and a confidential one."""
    return {
        "collected": town.to("collected", lon=10.01),
        "filed": town.to("filed", lon=10.15, lat=50.02),
        "dispatched": town.to("dispatched", lon=10.03),
        "handling": town.to("handling", lon=10.16, lat=50.08),
        "handled": town.to("handled", lon=10.05),
        "checking": town.to("checking", lon=10.06, lat=50.01),
        "checked": town.to("checked", lon=10.07),
        "closed": town.to("closed", lon=10.18, lat=50.03),
        "secret": town.to("filed", lon=10.09, matter="secret"),
    }


INBOX = {
    "intake": {"collected"},
    "shift": {"checked"},
    "inspector": {"checking"},
    "inspector_east": {"checking"},
    "dispatcher": {"filed", "handled", "secret"},
    "commander": set(),
    "parks": {"dispatched", "handling"},
    "roads": {"dispatched", "handling"},
    "police": set(),
}
WEST = {"collected", "dispatched", "handled", "checking", "checked", "secret"}  # 100101 is the western district
PARTS = {"dispatched", "handling", "handled", "checking", "checked", "closed"}
SEEN = {who: set(INBOX) and {*PARTS, "collected", "filed", "secret"} for who in POSTS}
SEEN |= {"inspector_east": WEST, "parks": PARTS, "roads": PARTS, "police": set()}


@pytest.mark.parametrize("who", POSTS)
def test_each_post_sees_its_own(at_desk, spread, who):
    named = {number(case): state for state, case in spread.items()}
    desk = at_desk(who)
    assert {named[n] for n in numbers_on(desk.get("/desk/"))} == INBOX[who]
    assert {named[n] for n in numbers_on(desk.get("/desk/cases/"))} == SEEN[who]
    for which, state in named.items():
        wanted = 200 if state in SEEN[who] else 404
        assert desk.get(f"/desk/cases/{which}").status_code == wanted, (who, state)
        assert desk.get(f"/desk/cases/{which}/mark").status_code == wanted
    units = desk.get("/desk/map/units").json()["features"]
    assert sum(u["properties"]["value"] for u in units) == len(SEEN[who] - {"closed"})


def test_a_crew_finds_what_its_organisation_has_to_do_outside(at_desk, town, spread):
    town.accounts["crew"] = seat(town.orgs["parks"], "crew")
    town.accounts["crew_west"] = seat(town.orgs["parks"], "crew", "100101")
    named = {number(case): state for state, case in spread.items()}
    for who, wanted in (("crew", {"dispatched", "handling"}), ("crew_west", {"dispatched"})):
        assert {named[n] for n in numbers_on(at_desk(who).get("/desk/"))} == wanted
    town.take(spread["dispatched"], "accept", "crew_west")
    assert numbers_on(at_desk("crew_west").get("/desk/")) == {number(spread["dispatched"])}


@pytest.fixture
def remembered(settings):
    """From before the first question on, so that no answer is kept for one second only."""
    steady(settings)


@pytest.mark.parametrize("who", ["dispatcher", "parks", "intake"])
def test_at_most_twelve_statements_a_page(remembered, at_desk, spread, who, town):
    """A process asks besides, at most once a second for all pages together, whether what it keeps has changed."""
    for room in (catalog, units, prepare.organisations, save._paths):  # the town was built while they listened
        room.forget()
    for n in range(5):
        town.to("dispatched", lon=10.001 + n / 100)
        town.to("collected", lon=10.001 + n / 100)
    desk = at_desk(who)
    shown = numbers_on(desk.get("/desk/cases/"))
    cases = [f"/desk/cases/{n}" for n in list(shown)[:3]]
    chosen = "&".join(f"case={n}" for n in sorted(shown)[:4])
    more = ["/desk/notices", "/desk/style", "/desk/?others=1", f"/desk/many?{chosen}", "/desk/cases.csv"]
    more += ["/desk/new"] if who == "intake" else []
    more += [f"{case}.pdf" for case in cases[:1]]
    for path in [*LISTS, "/desk/cases/?state=open&late=1", *cases, *more]:
        desk.get(path)
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(path).status_code == 200
        assert len(asked) <= MOST, f"{path}: {len(asked)}\n" + "\n".join(q["sql"][:150] for q in asked)


def test_groups_come_by_lateness(at_desk, town):
    late = town.to("collected", lon=10.01)
    town.at += 45 * MINUTE
    soon = town.to("collected", lon=10.05)
    town.at += 10 * MINUTE
    calm = town.to("collected", lon=10.09)
    page = at_desk("intake").get("/desk/").content.decode()
    page = page[page.index("<table") :]
    places = [page.index(x) for x in ("Overdue", number(late), "Due soon", number(soon), "On time", number(calm))]
    assert places == sorted(places)


def test_a_row_that_knows_no_address_bears_its_number(at_desk, town):
    bare, known = town.collect(lon=10.01).case, town.collect(lon=10.02, address="1 Elm Street").case
    page = at_desk("intake").get("/desk/").content.decode()
    assert page.count(f'<span class="third">{number(bare)}</span>') == 1
    assert f'<span class="third">{number(known)}</span>' not in page and page.count("1 Elm Street</td>") == 1


def test_filters_stay_in_the_address(at_desk, spread, town):
    desk = at_desk("shift")
    parks = town.orgs["parks"].path
    for query, states in {
        "state=handled": {"handled"},
        "state=open&unit=100101": WEST,
        "state=open&unit=100101&matter=tree": WEST - {"secret"},
        "matter=secret": {"secret"},
        f"org={parks}": PARTS,
        "state=nonsense": set(),
        "unit=%27%3B--": set(),
        f"q={number(spread['filed'])}x": set(),
    }.items():
        page = desk.get(f"/desk/cases/?{query}")
        assert numbers_on(page) == {number(spread[s]) for s in states}, query
    assert desk.get(f"/desk/cases/?q={number(spread['filed'])}").status_code == 302
    page = at_desk("dispatcher").get("/desk/?what=filed&unit=100102")
    assert numbers_on(page) == {number(spread["filed"])}
    assert 'href="?unit=100102"' in page.content.decode(), "each filter can be taken off by itself"


def test_pages_follow_on_without_gap_or_repeat(at_desk, town, monkeypatch):
    from cityloop.doors.web.desk import cases, inbox

    monkeypatch.setattr(inbox, "PAGE", 4)
    monkeypatch.setattr(cases, "PAGE", 4)
    made = {number(town.to("collected", lon=10.001 + n / 60)) for n in range(11)}
    for start in ("/desk/", "/desk/cases/"):
        seen, path = [], start
        while path:
            page = at_desk("intake").get(path)
            seen += re.findall(r'data-row="(SV-[\d-]+)"', page.content.decode())
            following = re.search(r'<a href="([^"]+)" rel="next"', page.content.decode())
            path = start + following[1].replace("&amp;", "&") if following else ""
        assert len(seen) == 11 and set(seen) == made, start


@pytest.mark.parametrize("after", ["x", "over:1", "over:99999999999999999999999:1", "nothing:1:1", "over:a:b"])
def test_nonsense_in_the_address_begins_anew(at_desk, spread, after):
    assert at_desk("dispatcher").get("/desk/", {"after": after}).status_code == 200
    assert at_desk("dispatcher").get("/desk/cases/", {"after": after, "late": "x"}).status_code == 200


def test_claim_from_the_inbox(at_desk, town):
    case = town.to("collected")
    desk = at_desk("intake")
    page = desk.get("/desk/").content.decode()
    offer = re.search(r'name="offer" value="(claim-\d+-0)"', page)[1]
    answer = desk.post(f"/desk/cases/{number(case)}/act", {"offer": offer, "seq": "1", "next": "/desk/?unit=1001"})
    assert answer.status_code == 303 and answer["Location"] == "/desk/?unit=1001"
    assert Case.objects.get(pk=case).snapshot.count(f'"person":{town.accounts["intake"].person_id}') == 1
    assert "You" in desk.get("/desk/").content.decode()
    other = desk.post(f"/desk/cases/{number(case)}/act", {"offer": offer, "seq": "2", "next": "https://evil.example/"})
    assert other.status_code in (303, 409, 422) and "evil" not in other.get("Location", "")


def test_numbers_of_the_public_map_hold_no_confidential_case(client, spread):
    features = client.get("/map/units").json()["features"]
    assert sum(f["properties"]["value"] for f in features) == 7
    page = client.get("/map").content.decode()
    assert ">7<" in page and "secret" not in page
    assert client.get("/map?under=nonsense").status_code == 404
    assert client.get("/map/units?depth=99999&under=100101").status_code == 200


def test_map_data_are_sent_once(client, town):
    first = client.get("/map/units")
    again = client.get("/map/units", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304 and not again.content
    town.to("collected")
    assert client.get("/map/units", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_search_finds_words_numbers_and_says_what_it_took_a_slip_for(client, town):
    sought = number(town.to("filed", address="12 Rosewood Avenue", email="rose@example.org", name="Rose"))
    other = number(town.to("filed", address="1 Hill Road"))
    sequence_and_seal()
    follow()
    client.force_login(town.accounts["dispatcher"])
    page = client.get("/desk/cases/", {"q": "rosewod"}).content.decode()
    assert sought in page and other not in page and "rosewood" in page
    assert client.get("/desk/cases/", {"q": sought}).status_code == 302
    assert other in client.get("/desk/cases/", {"q": "hill"}).content.decode()


def test_a_search_by_address_of_a_person_is_on_record_and_not_for_everybody(client, town):
    case = town.collect(email="rose@example.org", name="Rose")
    client.force_login(town.accounts["dispatcher"])
    assert case.number in client.get("/desk/cases/", {"q": "ROSE@example.org"}).content.decode()
    assert list(Look.objects.values_list("purpose", "by_role")) == [("search for their cases", "dispatcher")]
    client.force_login(town.accounts["commander"])
    assert case.number not in client.get("/desk/cases/", {"q": "rose@example.org"}).content.decode()
    assert Look.objects.count() == 1


def tabs_of(page):
    """The tabs of a list as {words: count}, with the present one's words."""
    text = page.content.decode()
    nav = text[text.index('<nav class="tabs"') : text.index("</nav>", text.index('<nav class="tabs"'))]
    pattern = r'<a href="[^"]*"( aria-current="page")?>([^<]+?)(?: <span class="third">([^<]*)</span>)?</a>'
    found = re.findall(pattern, nav)
    return {words: count for _now, words, count in found}, next((words for now, words, _count in found if now), "")


def test_tabs_count_what_is_to_be_done(client, town):
    mine = town.collect().case
    town.collect()
    town.take(mine, "claim", "intake")
    client.force_login(town.accounts["intake"])
    counts, present = tabs_of(client.get("/desk/"))
    assert (counts["To do now"], counts["Mine"], present) == ("2", "1", "To do now")
    page = client.get("/desk/?mine=1")
    assert numbers_on(page) == {number(mine)} and tabs_of(page)[1] == "Mine"


@pytest.fixture
def many_views(at_desk, town):
    """The desks of a department and of the dispatcher, each with a view of its own; how many cases each sees."""
    for n in range(3):
        town.to("handling", lon=10.001 + n / 100)  # parks leads, and roads assists
    town.to("closed", lon=10.05)
    town.to("filed", lon=10.08)
    town.to("dispatched", matter="hole", lon=10.09)  # of roads alone

    def desk(who):
        opened = at_desk(who)
        opened.post("/desk/views/cases/keep", {"name": "Trees here", "query": "matter=tree&state=handling"})
        opened.post("/desk/views/cases/keep", {"name": "Ended", "query": "state=closed"})
        opened.post("/desk/views/cases/keep", {"name": "Words", "query": "q=tree"})
        return opened

    return desk


@pytest.mark.parametrize(
    ("who", "counts"),
    [
        ("parks", {"All": "4", "All open": "3", "Overdue": "0", "Trees here": "3"}),
        ("roads", {"All": "5", "All open": "4", "Overdue": "0", "Trees here": "3"}),
        ("dispatcher", {"All": "6", "All open": "5", "Overdue": "0", "Trees here": "3"}),
    ],
)
def test_every_post_is_told_how_many_cases_a_list_has(many_views, who, counts):
    told, _present = tabs_of(many_views(who).get("/desk/cases/"))
    assert told == {**counts, "Ended": "1" if who == "dispatcher" else "", "Words": ""}


def test_of_a_department_with_many_cases_the_cap_is_told_or_nothing(many_views, monkeypatch):
    """Some of its parts are enough to say that there are many; never a number that is not the whole."""
    monkeypatch.setattr(queries, "FEW", 2)
    monkeypatch.setattr(tabs, "MOST", 2)
    told, _present = tabs_of(many_views("parks").get("/desk/cases/"))
    assert told == {"All": "1+", "All open": "1+", "Overdue": "0", "Trees here": "1+", "Ended": "", "Words": ""}
    cache.clear()
    monkeypatch.setattr(tabs, "MOST", 3)
    told, _present = tabs_of(many_views("parks").get("/desk/cases/"))
    assert (told["All"], told["All open"]) == ("", "2+")


@pytest.mark.parametrize("who", ["parks", "dispatcher"])
def test_the_counts_of_all_lists_cost_few_statements(remembered, many_views, who):
    desk = many_views(who)
    cache.clear()
    with CaptureQueriesContext(connection) as asked:
        desk.get("/desk/cases/")
    assert len(asked) <= MOST, "\n".join(q["sql"][:150] for q in asked)
    (sql,) = (q["sql"] for q in asked if q["sql"].startswith("SELECT (SELECT count(*)") and "cases_case" in q["sql"])
    # No count of a department goes through all cases there ever were; PostgreSQL reads tables as small as these whole.
    assert who == "dispatcher" or connection.vendor != "sqlite" or scanned(sql) == []


def test_a_view_is_kept_for_one_person_and_taken_away(client, town):
    town.collect(lon=10.05)
    town.collect(lon=10.15)
    client.force_login(town.accounts["intake"])
    sent = {"name": "West only", "query": "unit=100101&what=collected&evil=1&after=over:1:1"}
    answer = client.post("/desk/views/inbox/keep", sent)
    assert answer["Location"] == "/desk/?what=collected&unit=100101"
    counts, present = tabs_of(client.get(answer["Location"]))
    assert present == "West only" and counts["West only"] == "1"
    client.force_login(town.accounts["shift"])
    assert "West only" not in tabs_of(client.get("/desk/"))[0]
    view = View.objects.get()
    client.post("/desk/views/inbox/drop", {"view": view.pk})
    assert View.objects.exists()  # another's stays
    client.force_login(town.accounts["intake"])
    client.post("/desk/views/inbox/drop", {"view": view.pk})
    assert not View.objects.exists()


LONG = {"name": "y", "query": "unit=" + "9" * 500}


@pytest.mark.parametrize("sent", [{"name": ""}, {"name": "x" * 41}, {"name": "\0"}, {}, LONG])
def test_a_view_that_cannot_be_kept_is_refused_in_words(client, town, sent):
    client.force_login(town.accounts["intake"])
    assert client.post("/desk/views/cases/keep", sent).status_code == 303
    assert not View.objects.exists()


def test_the_same_name_keeps_one_view_and_there_is_an_end(client, town):
    client.force_login(town.accounts["intake"])
    for number_ in range(25):
        client.post("/desk/views/cases/keep", {"name": f"v{number_ % 22}", "query": "state=open"})
    assert View.objects.count() == 20


def test_seven_bare_digits_are_a_case_once_the_city_has_counted_so_far(town):
    last = Case.objects.get(pk=town.collect().case)
    assert is_number("123456") and not is_number("1234567")
    last.pk = 1_234_567
    last.save(force_insert=True)
    assert is_number("1234567") and not is_number("9876543")
