"""Settings: everyone with a post may look, the city engineer of the whole city changes, all of it on the ledger."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cityloop.town.calendar import queries as calendar
from cityloop.town.catalog import queries as catalog
from cityloop.town.columns import real_now
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import queries as orgs
from cityloop.town.orgs.models import Holding, Post
from cityloop.town.persons.actions import make_access_key
from cityloop.town.persons.models import Account
from cityloop.town.persons.queries import access_of
from cityloop.town.units import queries as units
from tests.town.staff import BY, seat

PAGES = [
    "/desk/settings/",
    "/desk/settings/catalogue",
    "/desk/settings/catalogue/tree",
    "/desk/settings/units",
    "/desk/settings/organisations",
    "/desk/settings/organisations/parks",
    "/desk/settings/people",
    "/desk/settings/calendars",
    "/desk/settings/calendars/city",
    "/desk/settings/loops",
    "/desk/settings/loops/case",
    "/desk/settings/loops/alarm",
]


@pytest.fixture
def engineer(town):
    client = Client()
    client.force_login(seat(town.orgs["city"], "city_engineer"))
    return client


def latest(kind: str) -> Step:
    return Step.objects.filter(kind=kind).latest("id")


@pytest.mark.parametrize("path", PAGES)
def test_whoever_holds_a_post_may_look_and_only_the_engineer_is_offered_changes(town, at_desk, engineer, path):
    assert Client().get(path).status_code == 302
    page = at_desk("parks").get(path)
    assert page.status_code == 200 and b"The city engineer changes settings" in page.content
    with CaptureQueriesContext(connection) as asked:
        own = engineer.get(path)
    assert own.status_code == 200 and b"The city engineer changes settings" not in own.content
    assert len(asked) <= 12, [q["sql"] for q in asked]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", ["parks", "dispatcher", "commander"])
def test_nobody_else_changes_anything(town, at_desk, path, who):
    before = Step.objects.count()
    assert at_desk(who).post(path, {"do": "names", "names_en": "Mine"}).status_code == 403
    assert Step.objects.count() == before


def test_an_engineer_of_one_district_changes_nothing(town):
    client = Client()
    client.force_login(seat(town.orgs["city"], "city_engineer", "1001"))
    assert client.post("/desk/settings/organisations", {"key": "x", "names_en": "X"}).status_code == 403


def matter_form(**changes):
    entry = catalog.current().matter("tree")
    form = {"do": "matter", "on": catalog.current().digest, "urgent": "no", "level": "0", "public_place": "exact"}
    for name, said in (("names", entry.names), ("filing", entry.filing), ("closing", entry.closing)):
        form |= {f"{name}_en": said["en"], f"{name}_zh": said["zh-hans"]}
    for n, step in enumerate(entry.milestones):
        form |= {f"amount{n}": step.limit.amount, f"measure{n}": step.limit.unit}
    return {**form, **changes}


def test_a_changed_limit_holds_for_new_cases_and_not_for_old(town, engineer):
    town.to("handling")
    old = catalog.current()
    last = len(old.matter("tree").milestones) - 1
    form = matter_form(**{f"amount{last}": "9", f"measure{last}": "wd"})
    assert engineer.post("/desk/settings/catalogue/tree", form).status_code == 303
    catalog.forget()
    assert catalog.current().matter("tree").limit.text == "9 wd"
    assert catalog.catalog(old.digest).matter("tree").limit == old.matter("tree").limit
    assert latest("catalog").what == "published" and latest("catalog").role == "city_engineer"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount0": "0"}, "milestones"),
        ({"amount0": "many"}, "milestones"),
        ({"level": "7"}, "level"),
        ({"public_place": "everywhere"}, "public_place"),
        ({"names_zh": ""}, "zh-hans"),
        ({"on": "0" * 64}, "newer catalogue"),
    ],
)
def test_a_wrong_value_changes_nothing_and_is_told(town, engineer, changes, said):
    before = catalog.current().digest
    answer = engineer.post("/desk/settings/catalogue/tree", matter_form(**changes))
    catalog.forget()
    assert answer.status_code == 422 and said in answer.content.decode() and catalog.current().digest == before


@pytest.mark.parametrize(
    ("path", "values", "name"),
    [
        ("catalogue/tree", {"names_zh": ""}, "names"),
        ("catalogue/tree", {"level": "7"}, "level"),
        ("catalogue/tree", {"amount0": "0"}, "limits"),
        ("people", {"do": "appoint", "user": "lin", "organisation": "parks", "level": "x"}, "level"),
        ("organisations/parks", {"do": "post", "role": "king"}, "role"),
    ],
)
def test_an_error_is_tied_to_its_field(town, engineer, path, values, name):
    values = matter_form(**values) if path.startswith("catalogue") else values
    page = engineer.post(f"/desk/settings/{path}", values).content.decode()
    assert f'aria-describedby="{name}-error"' in page and page.count(f'id="{name}-error"') == 1


def shown(answer):
    """Give the rows of the table that compares, and what the form holds."""
    page = html.unescape(answer.content.decode())
    table = page.partition('aria-labelledby="overtaken-title"')[2].partition("</section>")[0]
    rows = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
            for row in re.findall(r"<tr>(.*?)</tr>", table)]  # fmt: skip
    return rows[1:], page


TREE = "/desk/settings/catalogue/tree"


def test_what_another_published_meanwhile_is_shown_beside_ones_own_and_taken_over(town, engineer):
    mine = matter_form(names_en="My tree", level="1", amount0="7")
    theirs = matter_form(names_en="Their tree", urgent="yes", filing_zh="树倒了")
    assert engineer.post(TREE, theirs).status_code == 303
    answer = engineer.post(TREE, mine)
    rows, page = shown(answer)
    assert answer.status_code == 422 and "City engineer published version 2" in page
    assert ["Name · English both", "Fallen tree", "Their tree", "My tree"] in rows
    assert ["Urgent", "No", "Yes", "No"] in rows and ["Confidentiality", "0", "0", "1"] in rows
    assert {row[0].partition(" · ")[0] for row in rows} == {"Name", "Filed when", "Limits", "Urgent", "Confidentiality"}
    assert ">My tree</textarea>" in page and ">树倒了</textarea>" in page and '<option value="yes" selected>' in page
    assert engineer.post(TREE, mine).status_code == 422, "the version it was made on is still another"
    on = re.search(r'name="on" value="(\w+)"', page)
    again = {**mine, "on": on[1] if on else "", "urgent": "yes", "filing_zh": "树倒了"}
    assert engineer.post(TREE, again).status_code == 303
    catalog.forget()
    made = catalog.current().matter("tree")
    assert (made.names["en"], made.level, made.urgent, made.filing["zh-hans"]) == ("My tree", 1, True, "树倒了")
    assert made.milestones[0].limit.amount == 7


def test_trying_on_an_old_version_tells_it_too(town, engineer):
    mine = matter_form(do="try", level="1")
    engineer.post(TREE, matter_form(names_en="Their tree"))
    rows, page = shown(engineer.post(TREE, mine))
    assert ["Name · English", "Fallen tree", "Their tree", "Fallen tree"] in rows and ">Their tree</textarea>" in page


def test_lines_that_two_changed_at_once_are_compared(town, engineer):
    before = catalog.current().digest
    mine = {"do": "line", "on": before, "unit": "", "lead": "roads", "assist": "parks"}
    assert engineer.post(TREE, {**mine, "lead": "parks", "assist": ""}).status_code == 303
    answer = engineer.post(TREE, mine)
    assert answer.status_code == 422
    assert shown(answer)[0] == [["the whole city both", "–", "Parks", "Roads, Parks"]]
    engineer.post("/desk/settings/catalogue/hole", {**mine, "on": catalog.current().digest})
    quiet = engineer.post(TREE, matter_form(on=before, level="1"))
    assert "Nothing was changed here by others" in shown(quiet)[1]


def test_a_unit_lists_the_lines_that_name_it_or_what_is_in_it(town, engineer):
    form = {"do": "line", "lead": "roads", "assist": ""}
    leaf = units.children("100101")[0].code
    assert engineer.post(TREE, {**form, "on": catalog.current().digest, "unit": leaf}).status_code == 303
    for code, told in ((leaf, True), ("100101", True), ("100102", False)):
        page = engineer.get(f"/desk/settings/units/{code}").content.decode()
        assert ("Lines of responsibility that name it" in page) is told, code
        assert ("cityloop units … --preview" in page) is told


def test_a_line_of_the_citys_own_wins_and_can_be_taken_away(town, engineer):
    form = {"do": "line", "on": catalog.current().digest, "unit": "", "lead": "roads", "assist": "parks"}
    assert engineer.post("/desk/settings/catalogue/tree", form).status_code == 303
    catalog.forget()
    led = catalog.current().route("tree", "")
    assert led.lead.key == "roads" and [h.org.key for h in led.assisting] == ["parks"]
    drop = {"do": "drop", "on": catalog.current().digest, "of": "tree", "unit": ""}
    assert engineer.post("/desk/settings/catalogue/tree", drop).status_code == 303
    catalog.forget()
    assert catalog.current().route("tree", "").lead.key == "parks"
    unknown = engineer.post("/desk/settings/catalogue/tree", {**form, "on": catalog.current().digest, "lead": "nobody"})
    assert unknown.status_code == 422 and "nobody" in unknown.content.decode()


def test_an_organisation_is_added_renamed_moved_closed_and_opened(town, engineer):
    add = {"key": "lamps", "names_en": "Lamps", "names_zh": "路灯所", "kind": "enterprise", "parent": "roads"}
    assert engineer.post("/desk/settings/organisations", add).status_code == 303
    assert engineer.post("/desk/settings/organisations", add).status_code == 422
    page = "/desk/settings/organisations/lamps"
    assert engineer.post(page, {"do": "names", "names_en": "Street lamps"}).status_code == 303
    assert engineer.post(page, {"do": "names", "names_en": " "}).status_code == 422
    assert engineer.post(page, {"do": "move", "parent": "parks"}).status_code == 303
    assert engineer.post(page, {"do": "close"}).status_code == 303
    found = orgs.directory()["lamps"]
    assert found.names == {"en": "Street lamps"} and not found.active
    assert found.path.startswith(orgs.directory()["parks"].path)
    assert engineer.post("/desk/settings/organisations/city", {"do": "close"}).status_code == 422
    assert engineer.post(page, {"do": "open"}).status_code == 303 and orgs.directory()["lamps"].active
    assert latest("organisation").what == "opened"


def test_an_organisation_says_what_is_still_with_it(town, engineer):
    page = "/desk/settings/organisations/parks"
    assert "still with it" not in engineer.get(page).content.decode()
    town.to("handling"), town.to("closed")
    said = engineer.get(page).content.decode()
    assert "1 open case is still with it." in said and "no longer given to it" not in said
    assert engineer.post(page, {"do": "close"}).status_code == 303
    assert "New cases are no longer given to it" in engineer.get(page).content.decode()


def test_a_post_is_added_and_closed_but_never_anothers(town, engineer):
    page = "/desk/settings/organisations/parks"
    form = {"do": "post", "role": "crew", "unit": "", "level": "1"}
    assert engineer.post(page, form).status_code == 303
    made = Post.objects.latest("id")
    assert (made.role, made.level, made.active) == ("crew", 1, True)
    assert engineer.post("/desk/settings/organisations/roads", {"do": "close-post", "post": made.pk}).status_code == 422
    assert engineer.post(page, {"do": "close-post", "post": made.pk}).status_code == 303
    made.refresh_from_db()
    assert not made.active
    for wrong in ({"role": "king"}, {"unit": "nowhere"}, {"level": "9"}, {"level": "²"}):
        assert engineer.post(page, {**form, **wrong}).status_code == 422


def test_somebody_new_is_appointed_signs_in_and_is_dismissed(town, engineer):
    form = {"do": "appoint", "user": "lin", "name": "林工", "role": "inspector", "organisation": "parks", "new": "yes"}
    assert engineer.post("/desk/settings/people", {**form, "new": ""}).status_code == 422
    page = engineer.post("/desk/settings/people", form)
    password = page.content.decode().split('<code class="code">')[1].split("<")[0]
    fresh = Client()
    assert fresh.post("/desk/sign-in", {"username": "lin", "password": password}).status_code == 302
    assert fresh.get("/desk/")["Location"] == "/desk/password"
    own = {"old": password, "new": "mine alone from now on", "again": "mine alone from now on"}
    assert fresh.post("/desk/password", own)["Location"] == "/desk/" and fresh.get("/desk/").status_code == 200
    assert "林工" not in engineer.get("/desk/settings/people?user=li").content.decode()
    held = Holding.objects.get(account__username="lin")
    assert engineer.post("/desk/settings/people", {"do": "dismiss", "holding": held.pk}).status_code == 303
    assert engineer.post("/desk/settings/people", {"do": "dismiss", "holding": held.pk}).status_code == 422
    assert engineer.post("/desk/settings/people", {"do": "close", "user": "lin"}).status_code == 303
    assert not Account.objects.get(username="lin").is_active


def test_a_closed_account_is_opened_again_by_who_closed_it(town, engineer):
    page, account = "/desk/settings/people", town.accounts["parks"]
    theirs, form = Client(), {"user": account.username}
    theirs.force_login(account)
    key = make_access_key(account=account, label="", days=9, by=BY, at=real_now())
    refused = engineer.post(page, {**form, "do": "reopen"})
    assert refused.status_code == 422 and "This account is open." in refused.content.decode()
    assert engineer.post(page, {**form, "do": "close"}).status_code == 303
    assert "Open again" in engineer.get(page).content.decode() and theirs.get("/desk/").status_code == 302
    told = engineer.post(page, {**form, "do": "reopen"}).content.decode()
    password = told.split('<code class="code">')[1].split("<")[0]
    assert latest("person").what == "account_reopened" and latest("person").role == "city_engineer"
    assert theirs.get("/desk/").status_code == 302 and access_of(key, real_now()) is None, "what ended stays ended"
    back = Client()
    assert back.post("/desk/sign-in", {"username": account.username, "password": password}).status_code == 302
    assert back.get("/desk/")["Location"] == "/desk/password" and "department_officer" in {
        seat.role for seat in orgs.seats_of_accounts([account.pk], town.at)[account.pk]
    }


def test_nobody_appoints_themselves_or_brings_work_into_their_own_sight(town, engineer):
    me = Holding.objects.get(post__role="city_engineer").account
    form = {"do": "appoint", "user": me.username.upper(), "role": "inspector", "organisation": "city", "level": "3"}
    page = engineer.post("/desk/settings/people", form).content.decode()
    assert '<p class="error" id="f-user-error">Nobody appoints themselves' in page
    seat(town.orgs["parks"], "department_officer", account=me)
    moved = engineer.post("/desk/settings/organisations/roads", {"do": "move", "parent": "parks"})
    assert moved.status_code == 422 and "Your own post would see more by this" in moved.content.decode()
    assert engineer.post("/desk/settings/organisations/parks", {"do": "close"}).status_code == 303
    assert engineer.post("/desk/settings/organisations/parks", {"do": "open"}).status_code == 422
    second = Client()
    second.force_login(seat(town.orgs["city"], "city_engineer"))
    assert second.post("/desk/settings/organisations/parks", {"do": "open"}).status_code == 303
    assert second.post("/desk/settings/organisations/roads", {"do": "move", "parent": "parks"}).status_code == 303
    assert second.post("/desk/settings/people", form).status_code == 303


def test_a_calendar_is_kept_and_a_wrong_one_refused(town, engineer):
    form = {"names_en": "Office", "names_zh": "办公", "zone": "Asia/Shanghai", "day_minutes": "480", "country": "cn"}
    form |= {f"shifts{n}": "8:30-12:00, 13:30–17:30" if n < 5 else "" for n in range(7)}
    form |= {"holidays": "2026-12-31", "workdays": "2026-10-10 4\n2026-10-11"}
    page = "/desk/settings/calendars/office"
    assert engineer.post(page, form).status_code == 303
    row = calendar.calendar_named("office")
    assert row.shifts[0] == [["08:30", "12:00"], ["13:30", "17:30"]] and row.shifts[6] == []
    assert row.workdays == {"2026-10-10": 3, "2026-10-11": None} and row.holidays == ["2026-12-31"]
    wrong = ({"zone": "Mars/Olympus"}, {"shifts0": "early"}, {"shifts0": "25:00-26:00"}, {"holidays": "soon"},
             {"workdays": "2026-10-10 9"}, {"day_minutes": "0"}, {"country": "ZZ"})  # fmt: skip
    for change in wrong:
        answer = engineer.post(page, {**form, **change})
        assert answer.status_code == 422 and 'class="error"' in answer.content.decode(), change
    assert calendar.calendar_named("office").revision == row.revision


def test_a_calendar_changed_meanwhile_is_not_written_over_unseen(town, engineer):
    page = "/desk/settings/calendars/city"
    seen = calendar.calendar_named("city")
    form = {"zone": "Asia/Shanghai", "on": seen.revision, **{f"shifts{n}": "08:00-12:00" for n in range(5)}}
    assert f'name="on" value="{seen.revision}"' in engineer.get(page).content.decode()
    assert engineer.post(page, {**form, "holidays": "2026-12-01"}).status_code == 303
    answer = engineer.post(page, {**form, "holidays": "2026-12-24"})
    shown, now = answer.content.decode(), calendar.calendar_named("city")
    assert answer.status_code == 422 and now.holidays == ["2026-12-01"]
    assert "Somebody changed this calendar meanwhile" in shown and ">2026-12-24</textarea>" in shown
    assert engineer.post(page, {**form, "on": now.revision, "holidays": "2026-12-01 2026-12-24"}).status_code == 303


def test_shifts_that_overlap_are_said_beside_the_shifts_and_by_a_day_people_count(town, engineer):
    form = {"zone": "Asia/Shanghai", "shifts0": "08:00-12:00, 11:00-15:00"}
    shown = engineer.post("/desk/settings/calendars/city", form).content.decode()
    assert '<p class="error">Shifts of day 1 of the week overlap; day 1 is Monday.</p>' in shown


def test_a_unit_is_found_by_its_new_name_and_its_old(town, engineer):
    code = units.children(units.root().code)[1].code
    old = units.unit_of(code).names["en"]
    page = f"/desk/settings/units/{code}"
    assert engineer.post(page, {"names_en": "Riverside", "names_zh": "河滨"}).status_code == 303
    assert engineer.post(page, {"names_en": "Riverside", "names_zh": "河滨"}).status_code == 303
    assert code in {u.code for u in units.search("riversi")} & {u.code for u in units.search(old)}
    assert engineer.post(page, {"names_en": "", "names_zh": ""}).status_code == 422
    assert engineer.get("/desk/settings/units/nowhere").status_code == 404


def test_the_loop_is_drawn_whole_and_proved(town, engineer):
    page = engineer.get("/desk/settings/loops/case").content.decode()
    assert "Proved: no finding" in page and page.count('class="box is-') == page.count('<tr id="state-')
    assert engineer.get("/desk/settings/loops/other").status_code == 404
    page = engineer.get("/desk/settings/loops/alarm").content.decode()
    assert "Proved: no finding" in page and page.count('<tr id="state-') == 4 and "Rounds are bounded" not in page


def test_words_in_other_languages_stay(town, engineer):
    page = "/desk/settings/organisations/parks"
    org = orgs.organisation("parks")
    org.names = {"en": "Parks", "zh-hans": "园林", "es": "Parques"}
    org.save(update_fields=["names"])
    assert engineer.post(page, {"do": "names", "names_en": "Parks office", "names_zh": ""}).status_code == 303
    assert orgs.organisation("parks").names == {"en": "Parks office", "es": "Parques"}


@pytest.mark.parametrize("path", ["organisations/parks", "people", "catalogue/tree"])
def test_a_change_nobody_knows_is_refused(town, engineer, path):
    before = Step.objects.count()
    answer = engineer.post(f"/desk/settings/{path}", {"do": "burn\0", "on": catalog.current().digest})
    assert answer.status_code == 422 and "burn" in answer.content.decode() and Step.objects.count() == before


def test_a_calendar_needs_a_sound_key(town, engineer):
    form = {"zone": "Asia/Shanghai", "day_minutes": "480"}
    assert engineer.post("/desk/settings/calendars/Über uns", form).status_code == 422
    assert engineer.post("/desk/settings/calendars/" + "x" * 80, form).status_code == 422


def test_who_sees_no_case_is_offered_neither_search_nor_notices(town, at_desk, engineer):
    for client, offered in ((engineer, False), (at_desk("dispatcher"), True)):
        shown = client.get("/desk/settings/").content.decode()
        assert ('href="/desk/notices"' in shown) is offered and ('id="find"' in shown) is offered
        assert (client.get("/desk/notices").status_code == 200) is offered
