"""Cases through their actions, on a real database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.snapshot import Act, load
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases.actions.take import Changed
from cityloop.loops.cases.models import Case, Part, Report
from cityloop.loops.cases.queries import visible
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.orgs import authority
from cityloop.town.worklist.models import Row
from tests.loops.cases.smallville import DAY, POSTS, REPORTER, Town
from tests.town.staff import seat


def test_a_report_travels_to_closed(town: Town) -> None:
    case = town.to("closed")
    row = Case.objects.get(pk=case)
    assert row.resolution == "solved" and row.closed and row.unit_code.startswith("1001")
    assert [s.what for s in Step.objects.filter(subject=row.subject).order_by("seq")] == [
        "collect", "file", "dispatch", "accept", "report_back", "accept", "report_back", "submit", "pass", "close",
    ]  # fmt: skip
    assert not Row.objects.filter(ended__isnull=True).exists()
    assert Part.objects.filter(case=row, state="done").count() == 2
    assert list(verify()) == []


def test_the_words_are_not_on_the_ledger(town: Town) -> None:
    case = town.collect(words="My neighbour Ann Example blocks the way").case
    step = Step.objects.get(subject=f"case:{case}")
    assert "Ann" not in step.data + step.inner
    assert "lon" not in step.data


def test_outside_the_city_is_refused_and_leaves_no_trace(town: Town) -> None:
    with pytest.raises(Refusal) as caught:
        town.collect(lon=50.0, lat=10.0)
    assert caught.value.field == "lon"
    assert not Case.objects.exists() and not Report.objects.exists()


def test_no_place_goes_to_unplaced(town: Town) -> None:
    case = town.collect(lon=None, lat=None).case
    assert Case.objects.get(pk=case).unit_code == "100199"


@pytest.mark.parametrize(
    ("report", "field"),
    [
        ({"lon": float("nan")}, "lon"),
        ({"lon": 200.0}, "lon"),
        ({"lat": None}, "lon"),
        ({"matter": "nonsense"}, "matter"),
        ({"words": "x" * 5001}, "words"),
        ({"words": " ", "lon": None, "lat": None}, "words"),
        ({"email": "no address"}, "email"),
    ],
)
def test_bad_reports_name_their_field(town: Town, report: dict[str, object], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        town.collect(**report)
    assert caught.value.field == field
    assert not Case.objects.exists() and not Step.objects.filter(kind="case").exists()


def test_the_same_report_again_gives_the_same_answer(town: Town) -> None:
    report = cases.Report(channel="web", words="again", lon=10.05, lat=50.07)
    one = cases.collect(report=report, by=REPORTER, at=town.at, door="web", client="c", key="k1")
    two = cases.collect(report=report, by=REPORTER, at=town.at + 5, door="web", client="c", key="k1")
    assert two.repeated and (two.number, two.follow) == (one.number, one.follow)
    assert Case.objects.count() == 1
    other = cases.Report(channel="web", words="other", lon=10.05, lat=50.07)
    with pytest.raises(Refusal) as caught:
        cases.collect(report=other, by=REPORTER, at=town.at, door="web", client="c", key="k1")
    assert caught.value.code == "cases.key.reused"


def test_two_at_one_case_the_second_is_told(town: Town) -> None:
    case = town.to("filed")
    seen = Case.objects.get(pk=case).seq
    town.take(case, "dispatch", "dispatcher")
    with pytest.raises(Changed) as caught:
        act = Act("return_to_intake", {"words": "wrong"})
        cases.take(case=case, act=act, by=town.actor("dispatcher"), at=town.at, expected=seen)
    assert caught.value.params["what"] == "dispatch" and caught.value.now.state == "dispatched"


def test_authority_is_asked(town: Town) -> None:
    east = town.collect(lon=10.15).case
    west = town.to("checking")
    with pytest.raises(Refusal) as caught:
        town.take(west, "pass", "inspector_east" if not _in_east(west) else "police")
    assert caught.value.code in ("authority.denied", "loop.role")
    with pytest.raises(Refusal) as caught:
        town.take(east, "note", "parks", words="not my case")
    assert caught.value.code == "authority.denied"


def _in_east(case: int) -> bool:
    return Case.objects.get(pk=case).unit_code.startswith("100101")


def test_at_most_six_statements_and_none_scans(town: Town) -> None:
    case = town.to("filed")
    for action, who in (("dispatch", "dispatcher"), ("accept", "parks")):
        actor, at = town.actor(who), town.at + 5
        with CaptureQueriesContext(
            connection,
        ) as queries:
            cases.take(case=case, act=Act(action), by=actor, at=at)
        inside = [q["sql"] for q in queries if not q["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]
        assert len(inside) <= 6, "\n".join(inside)


def test_folding_keeps_counts_and_chains_are_flat(town: Town) -> None:
    one, two, three = (town.collect().case for _ in range(3))
    town.take(three, "fold", "shift", into=two)
    town.take(two, "fold", "shift", into=one)
    assert set(Case.objects.filter(into_id=one).values_list("pk", flat=True)) == {two, three}
    assert Report.objects.count() == 3
    town.take(three, "unfold", "shift")
    assert Case.objects.get(pk=three).state == "collected"
    town.take(one, "decline", "intake", reason="no_matter", words="nothing there")
    assert Case.objects.get(pk=two).state == "collected"
    assert list(verify()) == []


def test_folded_cases_end_with_the_main_one(town: Town) -> None:
    main = town.to("checking")
    double = town.collect().case
    town.take(double, "fold", "intake", into=main)
    town.take(main, "pass", "inspector", words="gone")
    town.take(main, "close", "shift")
    row = Case.objects.get(pk=double)
    assert (row.state, row.resolution) == ("closed", "solved")


def test_a_case_does_not_fold_into_itself_or_an_ended_one(town: Town) -> None:
    case, ended = town.collect().case, town.to("closed")
    for into in (case, ended):
        with pytest.raises(Refusal) as caught:
            town.take(case, "fold", "intake", into=into)
        assert caught.value.field == "into"


def test_split_and_the_last_child_closes_the_parent(town: Town) -> None:
    parent = town.to("filed")
    town.take(parent, "split", "dispatcher", children=[{"matter": "tree"}, {"matter": "hole"}])
    tree, hole = Case.objects.filter(parent_id=parent).order_by("pk")
    assert Case.objects.get(pk=parent).state == "split_up" and hole.state == "filed"
    with pytest.raises(Refusal) as caught:  # who filed the parent may not dispatch a child
        second = town.actor("shift")
        cases.take(
            case=hole.pk, act=Act("dispatch"), by=type(second)("person", "dispatcher", second.person), at=town.at
        )
    assert caught.value.code == "law.person"
    for child, org in ((tree, "parks"), (hole, "roads")):
        town.take(child.pk, "dispatch", "dispatcher")
        for name in ("parks", "roads"):
            if Part.objects.filter(case=child, org=town.orgs[name].pk).exists():
                town.take(child.pk, "accept", name)
                if name == org or Case.objects.get(pk=child.pk).state == "handling":
                    town.take(child.pk, "report_back", name, words="done")
        town.take(child.pk, "submit", "dispatcher")
        town.take(child.pk, "pass", "inspector")
        town.take(child.pk, "close", "shift")
    row = Case.objects.get(pk=parent)
    assert (row.state, row.resolution) == ("closed", "solved")
    assert list(verify()) == []


def test_confidential_matters_raise_the_level(town: Town) -> None:
    case = town.collect(matter="secret").case
    assert load(Case.objects.get(pk=case).snapshot).level == 2
    with pytest.raises(Refusal) as caught:
        town.take(case, "note", "parks", words="curious")
    assert caught.value.code == "authority.denied"


def test_an_offline_step_lies_between_the_last_one_and_its_arrival(town: Town) -> None:
    case = town.to("handling")
    last = Case.objects.get(pk=case).at
    at = town.at + 2 * DAY
    taken = cases.take(case=case, act=Act("note", {"words": "w"}), by=town.actor("parks"), at=at, claimed_at=last - DAY)
    assert taken.snapshot.at == at - DAY


def test_unknown_fields_and_hostile_words(town: Town) -> None:
    case = town.to("filed")
    with pytest.raises(Refusal) as caught:
        town.take(case, "return_to_intake", "dispatcher", words="w", colour="red")
    assert caught.value.field == "colour"
    town.take(case, "return_to_intake", "dispatcher", words="<script>'; DROP TABLE cases_case;--\u202e")
    assert Case.objects.get(pk=case).state == "collected"


def test_folding_into_a_case_outside_ones_area_is_refused(town: Town) -> None:
    west, east = town.collect(lon=10.02).case, town.collect(lon=10.18).case
    town.accounts["intake_west"] = seat(town.orgs["supervision"], "intake_officer", Case.objects.get(pk=west).unit_code)
    with pytest.raises(Refusal) as caught:
        town.take(west, "fold", "intake_west", into=east)
    assert caught.value.code == "cases.unknown"


def test_lists_show_what_a_post_covers_and_what_is_in_hand(town: Town) -> None:
    west, east = town.collect(lon=10.02).case, town.to("handling", lon=10.18)
    scopes = {who: authority.scope(town.accounts[who], town.at) for who in POSTS}
    seen = {who: set(visible(scope).values_list("pk", flat=True)) for who, scope in scopes.items()}
    assert seen["dispatcher"] == seen["shift"] == seen["commander"] == {west, east}
    assert seen["parks"] == seen["roads"] == {east} and seen["police"] == set()
    assert seen["inspector_east"] == {c for c in (west, east) if _in_east(c)} != {west, east}
    assert not visible(authority.NOBODY).exists()


def test_answers_that_cannot_all_be_kept_are_refused_and_not_cut_off(town: Town) -> None:
    with pytest.raises(Refusal) as caught:
        town.collect(answers={str(n): "x" * 1_000 for n in range(5)})
    assert (caught.value.code, caught.value.field) == ("cases.words.long", "answers")
