"""The page of a case: exactly the actions that are open, taken, refused, overtaken by others."""

import re

import pytest

from cityloop.doors.web.show.times import when
from cityloop.loops.cases import queries
from cityloop.loops.cases.models import Case, Part, Report
from cityloop.town.files.actions import keep
from cityloop.town.files.models import File
from cityloop.town.orgs import authority
from cityloop.town.persons.models import Look
from tests.doors.web.conftest import number, picture
from tests.loops.cases.smallville import DAY, POSTS, REPORTER, STRAIGHT, Town


class Desk:
    """Someone at the page of a case."""

    def __init__(self, client, town: Town, who: str, case: int) -> None:
        self.client, self.town, self.who, self.case = client, town, who, case
        self.path = f"/desk/cases/{number(case)}"

    def page(self) -> str:
        return self.client.get(self.path).content.decode()

    def offers(self) -> list[str]:
        return re.findall(r'name="offer" value="([^"]+)"', self.page())

    def act(self, action: str, **fields: object):
        key = next(o for o in self.offers() if o.startswith(f"{action}-"))
        seq = fields.pop("seq", Case.objects.get(pk=self.case).seq)
        return self.client.post(f"{self.path}/act", {"offer": key, "seq": seq, **fields})

    def state(self) -> str:
        return Case.objects.get(pk=self.case).state


@pytest.fixture
def desk_at(at_desk, town):
    return lambda who, case: Desk(at_desk(who), town, who, case)


@pytest.mark.parametrize("state", ["collected", "filed", "dispatched", "handling", "handled", "checking", "closed"])
def test_forms_are_exactly_the_offers(desk_at, town, state):
    case = town.to(state)
    row = Case.objects.get(pk=case)
    for who in POSTS:
        scope = authority.scope(town.accounts[who], town.at)
        if not queries.visible(scope).filter(pk=case).exists():
            continue
        offered, _ = queries.open_to(row, queries.actors_for(row, scope), max(town.at, row.at))
        assert sorted(o.rsplit("-", 2)[0] for o in desk_at(who, case).offers()) == sorted(o.action for o in offered)


def test_a_case_leads_to_the_map_of_the_phone_itself_and_says_its_degrees(at_desk, town):
    case = number(town.to("dispatched"))
    page = at_desk("inspector").get(f"/desk/cases/{case}").content.decode()
    assert f'href="geo:50.070000,10.050000?q=50.070000,10.050000({case})"' in page
    assert "50.070000, 10.050000</span>" in page
    placeless = number(town.collect(lon=None, lat=None, address="Behind the mill").case)
    assert "geo:" not in at_desk("inspector").get(f"/desk/cases/{placeless}").content.decode()


def test_the_straight_way_through_the_forms(desk_at, town):
    case = town.collect().case
    file_form = desk_at("shift", case)
    assert file_form.act("file", matter="tree", unit=Case.objects.get(pk=case).unit_code).status_code == 303
    dispatch = desk_at("dispatcher", case)
    page = dispatch.page()
    assert (
        re.search(r'<option value="parks" selected>', page)
        and "The catalogue names Parks for Fallen tree in the whole city." in page
    )
    assert re.search(r'value="roads" checked', page)
    assert dispatch.act("dispatch", lead="parks", assist=["roads"]).status_code == 303
    assert set(Part.objects.filter(case=case).values_list("role", flat=True)) == {"lead", "assisting"}
    for who in ("parks", "roads"):
        assert desk_at(who, case).act("accept").status_code == 303
        assert desk_at(who, case).act("report_back", words="Done <b>", photos=picture()).status_code == 303
    assert desk_at("dispatcher", case).act("submit").status_code == 303
    assert desk_at("inspector", case).act("pass", words="It is gone", photos=picture()).status_code == 303
    assert desk_at("shift", case).act("close", resolution="solved").status_code == 303
    assert desk_at("shift", case).state() == "closed" and File.objects.count() == 3
    assert "Done &lt;b&gt;" in desk_at("shift", case).page()


def test_requests_are_asked_and_decided(desk_at, town):
    case = town.to("handling")
    asked = desk_at("parks", case).act("extend", words="Kerb needs cutting", by="2", by_unit="wd")
    assert asked.status_code == 303
    dispatcher = desk_at("dispatcher", case)
    page = dispatcher.page()
    assert "2 working days" in page and "If granted, the part is due" in page
    assert dispatcher.act("decide", answer="granted", words="Agreed").status_code == 303
    assert queries.snapshot_of(Case.objects.get(pk=case)).lead.extensions == 1
    suspend = desk_at("parks", case).act("suspend", until="2031-01-01T12:00", words="Frost", reason="season")
    assert suspend.status_code == 422, "more than a year ahead is refused"
    assert "Frost" in suspend.content.decode() and "-until-error" in suspend.content.decode()


def test_who_decides_on_putting_off_reads_until_when_and_why(desk_at, town):
    case = town.to("handling")
    until = when(town.at + 40 * DAY, town.at)
    town.take(case, "suspend", "parks", until=town.at + 40 * DAY, words="Frost", reason="season")
    page = desk_at("commander", case).page()
    assert f"asks: until {until}, because it must wait for the season." in page


def test_split_and_fold(desk_at, town):
    one, two = town.collect().case, town.collect().case
    assert desk_at("shift", two).act("fold", into=number(one)).status_code == 303
    assert number(two) in desk_at("shift", one).page() and number(one) in desk_at("shift", two).page()
    town.take(one, "file", "shift")
    split = desk_at("dispatcher", one).act("split", child=["tree", "hole", "", ""])
    assert split.status_code == 303 and Case.objects.filter(parent_id=one).count() == 2


def test_a_fault_stands_at_its_field_and_words_are_kept(desk_at, town):
    case = town.to("handling")
    answer = desk_at("parks", case).act("extend", words="Because of frost", by="999", by_unit="wd")
    page = answer.content.decode()
    assert answer.status_code == 422 and "At most the original limit" in page and "Because of frost" in page
    bad = desk_at("parks", case).act("report_back", words="See photo", photos=picture_of(b"no picture"))
    assert (
        bad.status_code == 422 and "See photo" in bad.content.decode() and desk_at("parks", case).state() == "handling"
    )


def test_a_field_left_empty_is_called_what_stands_above_it(desk_at, town, settings):
    settings.LANGUAGE_CODE = "zh-hans"
    case = town.to("handling")
    answer = desk_at("parks", case).act("suspend", words="等待材料", reason="season").content.decode()
    assert "请填写“截至”。" in answer and "until。" not in answer
    assert "请填写“说明”。" in desk_at("parks", case).act("extend", by="1", by_unit="wd").content.decode()


def picture_of(content: bytes):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("p.jpg", content, "image/jpeg")


def test_photos_are_kept_through_an_error(desk_at, town):
    case = town.to("checking")
    desk = desk_at("inspector", case)
    answer = desk.act("fail", words="", photos=picture())
    kept = re.search(r'name="kept" value="([^"]+)"', answer.content.decode())[1]
    assert answer.status_code == 422 and File.objects.count() == 1
    assert desk.act("fail", words="Still there", kept=kept).status_code == 303
    assert str(File.objects.get().uuid) in desk_at("shift", case).page()


def test_two_at_one_case_the_second_is_told_who_did_what(desk_at, town):
    case = town.to("filed")
    seen = Case.objects.get(pk=case).seq
    second = desk_at("dispatcher", case)
    key = next(o for o in second.offers() if o.startswith("return_to_intake"))
    town.take(case, "note", "shift", words="mind the dog")
    typed = {"offer": key, "seq": seen, "words": "wrong matter"}
    answer = second.client.post(f"{second.path}/act", typed)
    page = answer.content.decode()
    assert answer.status_code == 409 and second.state() == "filed"
    assert "Shift leader" in page and "Internal note" in page and "wrong matter" in page
    town.take(case, "dispatch", "dispatcher")
    gone = second.client.post(f"{second.path}/act", typed)
    assert gone.status_code == 409 and "wrong matter" in gone.content.decode()
    assert "no longer possible" in gone.content.decode()


@pytest.mark.parametrize("offer", ["close-1-0", "nonsense", "", "file-999-0"])
def test_what_is_not_offered_is_not_taken(desk_at, town, offer):
    case = town.to("collected")
    desk = desk_at("inspector", case)
    answer = desk.client.post(f"{desk.path}/act", {"offer": offer, "seq": "1", "matter": "tree"})
    assert answer.status_code == 409 and desk.state() == "collected"


def test_acting_wants_authority(desk_at, at_desk, town):
    case = town.to("filed")
    key = next(o for o in desk_at("dispatcher", case).offers() if o.startswith("dispatch-"))
    path = f"/desk/cases/{number(case)}/act"
    for who in ("police", "parks", "inspector_east"):
        answer = at_desk(who).post(path, {"offer": key, "seq": "2", "lead": "parks"})
        assert answer.status_code in (404, 409)
    assert desk_at("dispatcher", case).state() == "filed"


def test_contact_is_masked_and_each_look_is_kept(desk_at, town):
    case = town.collect(name="Ann Example", phone="+1 212 555 0142", email="ann@example.org").case
    desk = desk_at("intake", case)
    assert "Ann Example" not in desk.page() and "A** E***" in desk.page()
    person = re.search(r'name="person" value="(\d+)"', desk.page())[1]
    nothing = desk.client.post(f"{desk.path}/contact", {"person": person, "purpose": " "})
    assert "Ann Example" not in nothing.content.decode() and not Look.objects.exists()
    seen = desk.client.post(f"{desk.path}/contact", {"person": person, "purpose": "To ask which side"})
    assert "Ann Example" in seen.content.decode() and seen["Cache-Control"] == "no-store"
    look = Look.objects.get()
    assert (look.purpose, look.by_role) == ("To ask which side", "intake_officer")
    assert desk.client.post(f"{desk.path}/contact", {"person": "1", "purpose": "curious"}).status_code == 404


def test_photos_follow_the_case(client, at_desk, town):
    case = town.collect(photos=(keep(picture(), subject="", by=REPORTER, at=town.at),), lon=10.15).case
    uuid = File.objects.get().uuid
    for who, status in {"intake": 200, "dispatcher": 200, "parks": 404, "inspector_east": 404, "police": 404}.items():
        assert at_desk(who).get(f"/files/{uuid}").status_code == status, who
        assert at_desk(who).get(f"/files/{uuid}?side=320").status_code == status
    assert client.get(f"/files/{uuid}").status_code == 404
    assert at_desk("intake").get(f"/files/{File.objects.get().sha256}").status_code == 404
    assert Case.objects.get(pk=case)


def test_hostile_text_is_text_everywhere(desk_at, at_desk, town):
    words = "<img src=x onerror=alert(1)> \u202egpj.exe"
    case = town.collect(words=words, address="<script>alert(2)</script>").case
    for page in (desk_at("intake", case).page(), at_desk("intake").get("/desk/").content.decode()):
        assert "<img src=x" not in page and "<script>alert" not in page and "\u202e" not in page


@pytest.mark.parametrize("which", ["SV-2026-999999", "XX-2026-000001", "nonsense", "SV-1999-000001"])
def test_unknown_numbers_are_no_page(at_desk, town, which):
    town.collect()
    assert at_desk("shift").get(f"/desk/cases/{which}").status_code == 404


def test_chinese_page_speaks_the_trade(desk_at, town, settings):
    case = town.to("handling")
    desk = desk_at("parks", case)
    desk.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    page = desk.page()
    for word in ("立案", "派遣", "处置", "核查", "结案", "主办", "协办", "申请延期", "申请缓办", "召集其他部门"):
        assert word in page, word
    dispatcher = desk_at("dispatcher", case)
    dispatcher.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    assert "催办" in dispatcher.page()


def test_a_dispute_stands_at_the_top_until_it_is_answered(town, at_desk):
    case = town.to("checking")
    page = f"/desk/cases/{number(case)}"
    assert "Disputed by the reporter" not in at_desk("inspector").get(page).content.decode()
    town.take(case, "dispute", "reporter", words="The branch is still there")
    assert "Disputed by the reporter" in at_desk("inspector").get(page).content.decode()
    town.take(case, "pass", "inspector", words="I stood there: it is gone")
    assert "Disputed by the reporter" not in at_desk("shift").get(page).content.decode()


def test_an_imported_case_says_no_channel_it_does_not_know_and_no_follower_it_has_not(desk_at, town):
    desk = desk_at("intake", town.collect(channel="phone").case)
    assert " by phone<" in desk.page() and "1 follower<" in desk.page()
    Case.objects.update(channel="")
    Report.objects.update(channel="", person=0, follow=None)
    page = desk.page()
    assert " by <" not in page and " · </span>" not in page and "follower" not in page


def test_a_case_from_another_system_has_no_clock_here_until_somebody_begins(desk_at, town):
    """As in the lists: its first limit, a quarter of an hour, would have passed before it came."""
    case = town.collect().case
    desk = desk_at("shift", case)
    assert "no limit" not in desk.page()
    Case.objects.filter(pk=case).update(origin="import")
    assert "no limit" in desk.page()
    town.take(case, "file", "shift")
    assert "no limit" not in desk.page()


def test_where_a_form_is_sent_leads_whoever_opens_it_to_the_page(desk_at, at_desk, town, client):
    """Browsers open it by themselves: after signing in in the middle of a form, for another language, on a reload."""
    case = town.to("handling")
    path = desk_at("parks", case).path
    for sent in (f"{path}/act", f"{path}/contact"):
        answer = at_desk("parks").get(sent)
        assert (answer.status_code, answer["Location"]) == (303, path)
    assert at_desk("parks").put(f"{path}/act").status_code == 405
    signing_in = client.post(f"{path}/act", {"offer": "report_back-1-0", "words": "Done"})
    assert signing_in.status_code == 302 and signing_in["Location"] == f"/desk/sign-in?next={path}/act"
    code = town.collect().follow
    answer = client.get(f"/follow/{code}/act")
    assert (answer.status_code, answer["Location"]) == (303, f"/follow/{code}")
    assert "no-store" in answer["Cache-Control"]


def test_an_empty_report_back_is_refused_and_says_what_is_wanted(desk_at, town):
    case = town.to("handling")
    desk = desk_at("parks", case)
    assert "words or a photo" in desk.page()
    answer = desk.act("report_back", words="  ")
    assert answer.status_code == 422 and "Say in words what was done, or show it on a photo." in answer.content.decode()
    assert Part.objects.get(case=case, role="lead").state == "accepted"
    assert desk.act("report_back", photos=picture()).status_code == 303, "a photo says it too"


@pytest.mark.parametrize(("lon", "far"), [(10.0501, False), (10.055, True)])
def test_who_passes_it_on_and_who_checks_see_from_how_far_it_was_reported_back(desk_at, town, lon, far):
    """Some 7 m, which is said; some 360 m, which is marked too."""
    case = town.to("handling")
    town.take(case, "report_back", "parks", words="Cut", place={"lon": lon, "lat": 50.07})
    for action, who, data in STRAIGHT[4:6]:
        town.take(case, action, who, **data)
    metres = 357 if far else 7
    for who, action in (("dispatcher", "submit"), ("inspector", "pass")):
        page = desk_at(who, case).page()
        assert f"{metres} m from the place of the case" in page
        assert ("m away from the place." in page) == far, "which the other part, that told no place, does not hide"
        town.take(case, action, who, **({"words": "Gone"} if action == "pass" else {}))
