"""What everybody may see: fixed cases, what is near, figures and feeds; nothing confidential, no place too exactly."""

import csv
import io
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.core.cache import cache

from cityloop.doors.web.public import cards
from cityloop.doors.web.show.times import local
from cityloop.loops.cases import openly, public
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.models import Step
from cityloop.town.worklist.models import Row
from tests.doors.web.conftest import publish

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def counted_anew():
    """Figures are kept for a minute; each test has a city of its own."""
    public._week._kept = None
    cache.clear()


@pytest.fixture
def closed(town):
    """A case brought to its end by the straight way."""
    return town.to("closed", address="12 Rosewood Avenue", words="My secret words", email="a@example.org", name="A")


@pytest.fixture
def secret(town):
    return town.collect(matter="secret", address="7 Hidden Lane").case


@pytest.mark.parametrize(("metres", "said"), [(None, ""), (3, "10 m"), (112, "110 m"), (1940, "1.9 km")])
def test_distances_are_said_as_people_do(metres, said):
    assert cards.distance(metres) == said


@pytest.mark.parametrize("path", ["/", "/fixed", "/near?lon=10.05&lat=50.07", "/areas/1001.atom", "/areas/1001.rss"])
def test_everybody_sees_what_was_fixed_and_nobodys_words(client, town, closed, secret, path):
    page = client.get(path)
    text = page.content.decode()
    assert page.status_code == 200 and "12 Rosewood Avenue" in text and "Fallen tree" in text
    assert "secret" not in text and "Hidden" not in text and "Abuse" not in text and "example.org" not in text


@pytest.mark.parametrize(
    ("asked", "outlined"),
    [("under=1001", ["1001"]), ("lon=10.05&lat=50.07", ["100101"]), ("lon=20&lat=20", [])],
)
def test_the_map_of_what_is_near_outlines_the_parts_of_the_city_there(client, town, asked, outlined):
    text = client.get(f"/near?{asked}").content.decode()
    assert re.findall(r'data-units-url="/map/units\?plain&amp;under=(\w+)"', text) == outlined


@pytest.mark.parametrize(
    ("exactness", "told", "hidden"),
    [("street", "Rosewood Avenue", "12 Rosewood"), ("unit", "West", "Rosewood"), ("none", "Fallen tree", "Rosewood")],
)
def test_a_place_is_told_only_as_exactly_as_its_matter_allows(client, town, closed, exactness, told, hidden):
    publish(town, tree=exactness)
    for path in ("/fixed", "/areas/1001.atom", "/"):
        text = client.get(path).content.decode()
        assert told in text and hidden not in text
    near = client.get("/near", {"lon": "10.05", "lat": "50.07"}).content.decode()
    assert "Rosewood" not in near and "Fallen tree" not in near  # nearness would tell what is not told


def test_the_grid_of_a_street_hides_the_house():
    lon, lat = openly.coarse(-73.937595, 40.699225, "street")
    assert (lon, lat) == (-73.938, 40.7)
    assert openly.coarse(-73.9, 40.7, "unit") == (None, None)


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("12 Hill Road", "Hill Road"),
        ("37-57 88 STREET", "88 STREET"),
        ("5th Avenue", "5th Avenue"),
        ("人民路8号楼2单元", "人民路"),
        ("解放路12-3号", "解放路"),
        ("一号路十二号", "一号路"),
        ("解放路100弄5号", "解放路"),
        ("１２ Hill Road", "Hill Road"),
        ("Hill Road 3", "Hill Road"),
        ("Hill Road no 12", "Hill Road"),
        ("Hauptstraße 12", "Hauptstraße"),
        ("12, Hill Road", "Hill Road"),
        ("12A/3 Hill Rd", "Hill Rd"),
        ("No. 12 Hill Road", "Hill Road"),
        ("Flat 3, 12 Hill Road", "Hill Road"),
        ("12 Main St, Los Angeles, CA 90012", "Main St"),
        ("100 E 42 STREET", "E 42 STREET"),
        ("12 West 42nd Street", "West 42nd Street"),
        # Where it cannot be told what is the house, nothing is.
        ("3 12 Hill Road", ""),
        ("12 1/2 Hill Road", ""),
        ("Rose Cottage, Hill Road", ""),
        ("12", ""),
    ],
)
def test_a_street_without_its_house(town, address, street):
    case = Case.objects.get(pk=town.to("filed", address=address))
    assert openly.street(case) == address
    publish(town, tree="street")
    assert openly.street(case) == street
    publish(town, tree="unit")
    assert openly.street(case) == ""


def test_what_was_typed_is_told_once_an_officer_has_filed_it(town):
    case = Case.objects.get(pk=town.collect(address="behind Mrs Miller's shed").case)
    assert openly.street(case) == ""


def test_a_picture_of_the_work_is_shown_only_where_the_place_is(town, closed):
    step = Step.objects.filter(subject=f"case:{closed}", what="report_back").first()
    Step.objects.filter(pk=step.pk).update(inner='{"photos": ["11111111-1111-1111-1111-111111111111"]}')
    seen = public.fixed(0)
    assert list(public.proofs(seen)) == [closed]
    publish(town, tree="unit")
    assert public.proofs(public.fixed(0)) == {}


def test_figures_count_what_came_and_what_was_closed(client, town, closed, secret):
    town.collect()
    found = public._figures()
    assert (found.received, found.closed, found.late, found.share) == (2, 1, 0, 100)
    case = Case.objects.get(pk=closed)
    assert found.median == case.closed - case.created
    page = client.get("/figures").content.decode()
    assert "Fallen tree" in page and "Abuse" not in page
    rows = list(csv.DictReader(io.StringIO(client.get("/figures.csv").content.decode("utf-8-sig"))))
    assert [(r["matter"], r["received"], r["closed"]) for r in rows] == [("tree", "2", "1")]
    data = client.get("/figures.json").json()
    assert data["received"] == 2 and data["matters"][0]["matter"] == "tree"


def test_times_that_cannot_be_right_and_limits_of_others_stay_out_of_the_figures(client, town):
    """The import map says so: what carries a mark of time, or is known to the day, stands in no figure of time."""
    right, other, zero, day, imported = (town.to("closed") for _ in range(5))
    for number, case in enumerate((right, other, zero, day, imported)):
        row = Case.objects.get(pk=case)
        Case.objects.filter(pk=case).update(created=row.closed - (number + 1) * 3_600_000_000)
    Case.objects.filter(pk=zero).update(marked="zero_time outside_city")
    Case.objects.filter(pk=day).update(precision="day")
    Case.objects.filter(pk=imported).update(origin="import")
    Row.objects.filter(what="handling", subject_id__in=[other, zero]).update(mark=100)
    found = public._figures()
    assert (found.closed, found.limited, found.late, found.share) == (5, 3, 1, 66)
    assert (found.timed, found.median) == (3, 2 * 3_600_000_000)
    Case.objects.filter(pk=imported).update(marked="impossible_time")
    assert public._figures().median == 1.5 * 3_600_000_000  # of two, the middle between them
    data = client.get("/figures.json").json()
    assert (data["closed"], data["within_limit_percent"]) == (5, 66)
    assert data["median_seconds"] == pytest.approx(5400, rel=0.01)
    assert data["matters"][0]["timed"] == 2 and data["at"].endswith("Z")


def test_what_was_handled_late_counts_as_late(town):
    case = town.to("handling")
    town.at += 40 * 86_400_000_000
    for part, action, who in ((1, "report_back", "parks"), (2, "accept", "roads"), (3, "report_back", "roads")):
        assert part
        case = Case.objects.get()
        town.take(case.pk, action, who, **({"words": "done"} if action == "report_back" else {}))
    for action, who, data in (
        ("submit", "dispatcher", {}),
        ("pass", "inspector", {"words": "ok"}),
        ("close", "shift", {}),
    ):
        town.take(Case.objects.get().pk, action, who, **data)
    assert public._figures().late == 1 and public._figures().share == 0


def test_figures_of_a_time_and_of_who_leads_can_be_cited(client, town, closed, settings):
    settings.CITYLOOP_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
    today = local(city_clock.now()).date()
    data = client.get(f"/figures.json?from={today - timedelta(days=3)}&to={today}&under=100101&agency=parks").json()
    assert (data["days"], data["unit"], data["agency"], data["closed"]) == (4, "100101", "parks", 1)
    assert (data["from"], data["to"], data["open"], data["overdue"]) == (
        str(today - timedelta(days=3)),
        str(today),
        0,
        0,
    )
    assert data["median_seconds"] is data["within_limit_percent"] is None, "one case alone, in a part of the city"
    assert [(one["matter"], one["matters"], one["closed"]) for one in data["matters"]] == [("", 1, 1)]
    assert set(data) - {"columns", "by_day", "matters", "before", "source", "licence"} <= {
        name for names in data["columns"] for name in names.split(", ")
    }
    assert data["licence"] == settings.CITYLOOP_LICENCE and f"from={today - timedelta(days=3)}" in data["source"]
    assert client.get("/figures.json?agency=roads").json()["received"] == 0
    page = client.get("/figures?days=30&under=100101")
    assert 'rel="canonical"' in page.content.decode() and "fewer than 5 cases" in page.content.decode()
    answer = client.get(f"/figures.csv?from={today - timedelta(days=3)}&by=day")
    days = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert (days[-1]["day"], sum(int(one["closed"]) for one in days), len(days)) == (str(today), 1, 4)
    assert 'rel="license"' in answer["Link"] and days[0]["source"] == days[-1]["source"] != ""
    assert client.get(f"/figures.json?month={today:%Y-%m}").json()["days"] == today.day
    assert client.get(f"/figures.json?year={today.year}").json()["from"] == f"{today.year}-01-01"


@pytest.mark.parametrize(
    "query",
    [
        *("from=2018", "from=2018-10-22&to=2018-10-21", "month=x", "year=-1", "under=99", "agency=no", "year=2999"),
        *("year=0001", "month=0001-01", "from=0001-01-01&to=0001-01-07", "year=1900", "year=9999", "month=9999-12"),
    ],
)
def test_figures_that_cannot_be_are_not_there(client, town, query):
    for path in ("/figures", "/figures.csv", "/figures.json"):
        assert client.get(f"{path}?{query}").status_code == 404


def test_figures_begin_with_the_century_of_such_books(client, town):
    assert client.get("/figures.json?year=1901").json()["received"] == 0
    assert client.get("/figures?from=1900-01-08&to=1900-01-14").status_code == 200


def test_a_feed_is_a_feed(client, town, closed):
    root = ElementTree.fromstring(client.get("/areas/1001.atom").content)
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == 1 and entries[0].find(f"{ATOM}title").text == "Fallen tree: Checked and closed"
    assert root.find(f"{ATOM}link[@rel='self']").get("href").endswith("/areas/1001.atom")
    assert ElementTree.fromstring(client.get("/areas/1001.rss").content).tag == "rss"


def test_pages_of_what_was_fixed(client, town, closed):
    assert "Nothing was closed here" in client.get(f"/fixed?before={Case.objects.get().closed}").content.decode()


@pytest.mark.parametrize(
    "path",
    ["/areas/9999.atom", "/areas/1001.exe", "/areas/%00.atom", "/fixed?under=9", "/fixed?under=%00", "/figures.xml"],
)
def test_what_is_not_there(client, town, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("query", ["lon=x&lat=1", "lon=nan&lat=nan", "lon=1e999&lat=0", "lon=200&lat=0", "lat=1", ""])
def test_a_point_that_is_none(client, town, query):
    assert client.get(f"/near?{query}").status_code == 200


@pytest.mark.parametrize("path", ["/", "/fixed", "/near?lon=10.05&lat=50.07", "/figures", "/areas/1001.atom"])
def test_statements(client, town, closed, django_assert_max_num_queries, path):
    town.to("closed")
    client.get(path)
    with django_assert_max_num_queries(12):
        client.get(path)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/fixed?under=100101", "100101"),
        ("/map?under=100101", "100101"),
        ("/near?under=100101", "100101"),
        ("/near?lon=10.05&lat=50.07", "100101001"),  # the unit the point lies in
    ],
)
def test_where_an_area_is_followed_there_are_feeds_of_both_kinds(client, town, path, code):
    page = client.get(path).content.decode()
    for kind in ("atom", "rss"):
        assert f'<a class="btn" href="/areas/{code}.{kind}">' in page and page.count(f"/areas/{code}.{kind}") == 2
        assert client.get(f"/areas/{code}.{kind}").status_code == 200
    assert path.startswith("/map") or f'name="subject" value="unit:{code}"' in page


@pytest.mark.parametrize("query", ["lon=11&lat=51", "lon=50.07&lat=10.05"])  # the second with its numbers swapped
def test_where_the_city_does_not_reach_nothing_is_offered_to_follow(client, town, query):
    page = client.get(f"/near?{query}").content.decode()
    assert "/areas/" not in page and 'name="subject"' not in page
