"""The register: what may be said of a layer, who may look, and which two show a place before and after."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.imagery import actions, pictures, queries, rules
from cityloop.town.imagery.models import Layer
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import authority
from cityloop.town.orgs.authority import NOBODY
from tests.loops.cases.smallville import Town
from tests.town.imagery.above import BOX, XYZ, layer, picture
from tests.town.staff import BY, seat

pytestmark = pytest.mark.usefixtures("town")


def told(what: str) -> dict[str, Any]:
    step = Step.objects.filter(kind="imagery", what=what).latest("id")
    return dict(json.loads(step.data) if isinstance(step.data, str) else step.data)


def test_a_layer_comes_in_changes_and_goes_on_the_ledger() -> None:
    one = layer()
    assert (one.address, one.box, one.kind) == (XYZ, BOX, "xyz")
    layer(level=2)
    assert (Layer.objects.get().level, [s.what for s in Step.objects.filter(subject=one.subject)]) == (
        2,
        ["added", "changed"],
    )
    actions.remove(key="spring", by=BY, at=city_clock.now())
    assert queries.every() == [] and Step.objects.filter(subject=one.subject, what="removed").exists()
    assert layer().pk == one.pk and queries.every() == [one]
    text = str(list(Step.objects.filter(kind="imagery").values_list("data", flat=True)))
    assert "tiles.example.org" in text and "zqsecret" not in text


def test_edges_are_those_of_the_city_where_none_are_said() -> None:
    assert layer(box=None).box == pytest.approx(BOX)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("names", {"names": {"en": " "}}),
        ("kind", {"kind": "wms"}),
        ("address", {"address": "https://tiles.example.org/{z}/{x}.png"}),
        ("address", {"address": "https://tiles.example.org/{z}/{x}/{y}/{y}.png"}),
        ("address", {"address": "https://{s}.example.org/{z}/{x}/{y}.png"}),
        ("address", {"address": "http://tiles.example.org/{z}/{x}/{y}.png"}),
        ("address", {"address": "https://user@tiles.example.org/{z}/{x}/{y}.png"}),
        ("address", {"address": "https://tiles.example.org;script-src/{z}/{x}/{y}.png"}),
        ("address", {"address": "https://*/{z}/{x}/{y}.png"}),
        ("address", {"address": "//tiles.example.org/{z}/{x}/{y}.png"}),
        ("taken_to", {"taken_to": date(2018, 2, 1)}),
        ("taken_from", {"taken_from": date(2999, 1, 1), "taken_to": date(2999, 1, 1)}),
        ("taken_to", {"taken_to": date(2999, 1, 1)}),
        ("bounds", {"box": (10.2, 50.0, 10.0, 50.1)}),
        ("bounds", {"box": (10.0, 50.1, 10.2, 50.0)}),
        ("bounds", {"box": (50.0, 10.0, 50.1, 190.0)}),
        ("bounds", {"box": (float("nan"), 50.0, 10.0, 50.1)}),
        ("zooms", {"shallowest": 12, "deepest": 9}),
        ("zooms", {"shallowest": 12, "deepest": 40}),
        ("level", {"level": 4}),
        ("level", {"public": True, "level": 1}),
        ("cog", {"kind": "cog", "address": "../secret.tif"}),
        ("cog", {"kind": "cog", "address": "nothing.tif"}),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(field: str, said: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        layer(**said)
    assert refused.value.field == field and not Layer.objects.exists()


def test_a_key_is_taken_once_and_has_plain_letters() -> None:
    layer()
    for key, code in (("spring", "imagery.key.taken"), ("A b", "imagery.key"), ("../x", "imagery.key")):
        with pytest.raises(Refusal) as refused:
            actions.register(
                key=key, about=actions.About(
                    names={"en": "x"}, kind="xyz", address=XYZ, taken_from=date(2018, 1, 1), taken_to=date(2018, 1, 1)
                ), new=True, by=BY, at=city_clock.now(),
            )  # fmt: skip
        assert (refused.value.field, refused.value.code) == ("key", code)


def test_the_day_is_the_city_s() -> None:
    today = rules.day(str(date.fromtimestamp(0)), "taken_from")
    assert today.year in (1969, 1970)
    for text in ("14.9.2026", "2026-13-01", ""):
        with pytest.raises(Refusal, match="2026-09-14"):
            rules.day(text, "taken_from")
    tomorrow = date.today() + timedelta(days=2)
    with pytest.raises(Refusal, match="yet to come"):
        layer(taken_from=tomorrow, taken_to=tomorrow)


def test_who_may_look(town: Town) -> None:
    open_to_all = layer("all", public=True)
    staff, secret = layer("staff"), layer("secret", level=2)
    low = authority.scope(seat(town.orgs["roads"], "inspector", "100101", 0), real_now())
    high = authority.scope(seat(town.orgs["city"], "dispatcher", "", 3), real_now())
    crew = authority.scope(seat(town.orgs["roads"], "crew", "100101", 0), real_now())
    engineer = authority.scope(seat(town.orgs["city"], "city_engineer", "", 3), real_now())
    for scope, may in ((NOBODY, {"all"}), (low, {"all", "staff"}), (crew, {"all", "staff"}),
                       (high, {"all", "staff", "secret"}), (engineer, {"all"})):  # fmt: skip
        assert {one.key for one in queries.shown(scope)} == may
    assert queries.looked_at(NOBODY, "all") == open_to_all and queries.looked_at(low, "staff") == staff
    for scope, key in ((NOBODY, "staff"), (low, "secret"), (high, "nothing")):
        with pytest.raises(Refusal, match="no such layer"):
            queries.looked_at(scope, key)
    assert queries.looked_at(high, "secret") == secret


def test_the_pair_around_a_day() -> None:
    for key, day in (("a", 1), ("b", 5), ("c", 12), ("d", 20)):
        layer(key, taken_from=date(2018, 6, day), taken_to=date(2018, 6, day))
    layer("far", box=(11.0, 51.0, 11.2, 51.1), taken_from=date(2018, 6, 25), taken_to=date(2018, 6, 25))
    layer("long", taken_from=date(2018, 6, 8), taken_to=date(2018, 6, 28))  # goes over the day: shows neither
    known = queries.every()

    def keys(day: int, lon: float = 10.05) -> tuple[str, str] | None:
        found = queries.pair(known, lon, 50.05, date(2018, 6, day))
        return (found.before.key, found.after.key) if found else None

    assert keys(10) == ("b", "d") and keys(12) == ("b", "d") and keys(4) == ("a", "long")
    assert keys(1) is None and keys(29) is None and keys(10, 10.5) is None


def test_without_the_extra_it_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    picture("ours", date(2018, 3, 1), public=True)
    layer("theirs", public=True)
    monkeypatch.setattr(pictures, "readable", lambda: False)
    assert [one.key for one in queries.shown(NOBODY)] == ["theirs"]
    with pytest.raises(Refusal, match=r"cityloop\[imagery\]"):
        layer("more", kind="cog", address="ours.tif")
