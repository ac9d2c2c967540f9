"""By what a case is filed and closed stands before whoever judges it, on paper, and before who follows it."""

import json

import pytest

from cityloop.doors.web.desk import paper
from cityloop.doors.web.desk.casefile import casefile
from cityloop.loops.cases.models import Case
from cityloop.town.catalog import actions as catalog
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import authority
from tests.doors.web.conftest import number
from tests.loops.cases.smallville import PLATE
from tests.town.staff import BY, both


def shown(client, case: int) -> str:
    return client.get(f"/desk/cases/{number(case)}").content.decode()


@pytest.mark.parametrize(
    ("state", "who", "condition", "actions"),
    [
        ("collected", "shift", "Filed when: seen", ["file"]),
        ("collected", "intake", "Filed when: seen", ["file"]),
        ("checking", "inspector", "Closed when: gone", ["pass", "fail"]),
        ("checked", "shift", "Closed when: gone", ["close", "recheck"]),
    ],
)
def test_who_judges_reads_by_what(at_desk, town, state, who, condition, actions):
    page = shown(at_desk(who), town.to(state))
    forms = {form.split('"', 1)[0]: form.split("</form>")[0] for form in page.split('data-offer="')[1:]}
    assert {name for name, form in forms.items() if condition in form} == set(actions)


def change_closing(town, words: str) -> None:
    matters = tuple(m.model_copy(update={"closing": both(words)}) for m in PLATE.matters)
    catalog.publish(plates=[PLATE.model_copy(update={"matters": matters})], by=BY, at=town.at)


def test_a_case_is_closed_by_the_condition_of_the_catalogue_it_was_filed_under(at_desk, client, town):
    case = town.to("checking")
    change_closing(town, "dry and swept")
    assert "Closed when: gone" in shown(at_desk("inspector"), case)
    town.take(case, "pass", "inspector", words="It is gone")
    town.take(case, "close", "shift")
    assert "Closed by this condition: gone" in shown(at_desk("shift"), case)
    scope = authority.scope(town.accounts["shift"], town.at)
    told = paper.data_of(casefile(Case.objects.get(pk=case), "", town.at, scope, []), {}, town.at)
    assert told["condition"] == "Closed by this condition: gone" and "#d.condition" in paper.TEMPLATE.read_text()
    assert "Closed by this condition: gone" in client.get(f"/cases/{number(case)}").content.decode()
    digest = Case.objects.get(pk=case).snapshot.split('"catalogue":"')[1][:64]
    for what in ("pass", "close"):
        data = json.loads(Step.objects.get(subject=f"case:{case}", what=what).data)
        assert data["condition"] == {"catalogue": digest, "matter": "tree"}


def test_who_reported_reads_by_what_it_was_closed(client, town):
    made = town.collect()
    for action, who, data in [
        ("file", "shift", {}), ("dispatch", "dispatcher", {"parts": [{"organisation": "parks", "role": "lead"}]}),
        ("accept", "parks", {}), ("report_back", "parks", {"words": "Cut"}), ("submit", "dispatcher", {}),
        ("pass", "inspector", {"words": "Gone"}),
    ]:  # fmt: skip
        town.take(made.case, action, who, **data)
    assert "Closed by" not in client.get(f"/follow/{made.follow}").content.decode()
    town.take(made.case, "close", "shift")
    assert "Closed by this condition: gone" in client.get(f"/follow/{made.follow}").content.decode()
    other = town.to("checked")
    town.take(other, "close", "shift", resolution="nothing_found")
    assert "Closed by" not in client.get(f"/cases/{number(other)}").content.decode()
