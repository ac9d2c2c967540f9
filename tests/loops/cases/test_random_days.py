"""Random days in a small city: whatever people try, ledger, state, worklist and counts agree afterwards."""

import os
import random
from typing import Any

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import CLOCK
from cityloop.ground.loop.duties import duties
from cityloop.ground.loop.snapshot import Act, load
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases.actions.opening import open_book
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.models import Case, Part
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.ledger.queries import verify
from cityloop.town.orgs import authority
from cityloop.town.worklist.models import Row
from tests.loops.cases.smallville import DAY, MINUTE, POSTS, Town

PROVE = os.environ.get("CITYLOOP_PROVE", "") not in ("", "0")
DAYS = 40 if PROVE else 3


def _data(rng: random.Random, town: Town, ids: list[int]) -> dict[str, Any]:
    orgs = ["parks", "roads", "police"]
    rng.shuffle(orgs)
    return {
        "words": "w", "question": "q", "authority": "a", "reason": "not_ours", "satisfied": "yes",
        "resolution": "nothing_found", "into": rng.choice(ids), "part": rng.choice([0, 1, 2]), "milestone": "1",
        "parts": orgs[: rng.randint(1, 3)], "organisation": orgs[0], "request": rng.randint(1, 3),
        "answer": rng.choice(["granted", "refused", "answered"]), "until": town.at + rng.randint(1, 300) * DAY,
        "children": [{"matter": "tree"}, {"matter": "hole"}], "matter": rng.choice(["tree", "hole"]),
    }  # fmt: skip


def _try(rng: random.Random, town: Town, ids: list[int]) -> bool:
    case = rng.choice(ids)
    row = Case.objects.get(pk=case)
    definition = pinned(row.definition)
    transition = rng.choice(definition.from_state[row.state])
    who = rng.choice([*POSTS, "reporter", "clock"])
    actor = CLOCK if who == "clock" else town.actor(who)
    values = {k: v for k, v in _data(rng, town, ids).items() if k in transition.action.fields}
    if transition.name in ("fail", "send_back"):
        values.pop("parts", None)
    account = town.accounts.get(who)
    scope = authority.scope(account, town.at) if account else None
    town.at += rng.choice([0, MINUTE, 50 * MINUTE, DAY])
    try:
        cases.take(case=case, act=Act(transition.name, values), by=actor, at=town.at, scope=scope)
    except Refusal:
        return False
    return True


def _rows_are_the_duties() -> None:
    for case in Case.objects.all():
        wanted = {d.slot: d for d in duties(pinned(case.definition), load(case.snapshot))}
        rows = {r.slot: r for r in Row.objects.filter(subject_id=case.pk, ended__isnull=True)}
        assert set(rows) == set(wanted), case
        for slot, row in rows.items():
            duty = wanted[slot]
            assert (row.role, row.org, row.person) == (duty.role, duty.org, duty.person)
            assert row.due == (duty.clock.due if duty.clock and duty.clock.due >= 0 else None)


@pytest.mark.parametrize("day", range(DAYS))
def test_a_random_day(town: Town, day: int) -> None:
    rng = random.Random(day)
    ids = [town.collect(matter=rng.choice(["tree", "hole"]), lon=rng.choice([10.02, 10.15])).case for _ in range(6)]
    done = sum(_try(rng, town, ids) for _ in range(1500 if PROVE else 350))
    assert done > 25
    assert list(verify()) == []
    assert list(all_differences()) == []
    _rows_are_the_duties()
    for case in Case.objects.all():
        snap = load(case.snapshot)
        assert Part.objects.filter(case=case, round=snap.round, number__lt=1000).count() == len(snap.parts)
        assert not Part.objects.filter(case=case).exclude(ended=case.closed is not None).exists()
        assert (case.into_id or 0) == snap.into and case.state == snap.state
    assert open_book(ids[0]).snapshot.seq == Case.objects.get(pk=ids[0]).seq
