"""Readings come in once, late or not, and what cannot be believed is kept with the reason."""

import math
import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.loops.sensing import queries
from cityloop.loops.sensing.actions.batches import Batch
from cityloop.loops.sensing.actions.ingesting import Part, ingest_all
from cityloop.loops.sensing.models import (
    Arrived,
    Datastream,
    FeatureOfInterest,
    Latest,
    Observation,
    Quarantined,
    Thing,
)
from tests.loops.cases.smallville import Town
from tests.loops.sensing.instruments import AT, CATEGORY, COUNT, HOUR, MEASUREMENT, TRUTH, bring, set_up, stream

pytestmark = pytest.mark.usefixtures("town")


@pytest.fixture
def pm(town: Town) -> int:
    set_up()
    return int(Datastream.objects.get().pk)


def kept(pk: int) -> list[tuple[int, float | None]]:
    return list(Observation.objects.filter(datastream=pk).order_by("time", "lasts").values_list("time", "result"))


def test_readings_are_kept_and_counted(pm: int) -> None:
    taken = bring((pm, AT, 4.0), (pm, AT + HOUR, 7), (pm, "2026-01-01T02:00:00Z", 5.5))
    assert taken.tally.told() == {"received": 3, "accepted": 3, "repeated": 0, "quarantined": 0}
    assert kept(pm) == [(AT, 4.0), (AT + HOUR, 7.0), (AT + 2 * HOUR, 5.5)]
    latest = Latest.objects.get()
    assert (latest.time, latest.result, latest.count) == (AT + 2 * HOUR, 5.5, 3)
    assert (latest.first, latest.last, queries.readings_kept()) == (AT, AT + 2 * HOUR, 3)
    assert Thing.objects.get().unit_code == "100101001"
    assert set(Observation.objects.values_list("feature", flat=True)) == {FeatureOfInterest.objects.get().pk}


def test_late_readings_never_put_the_clock_back(pm: int) -> None:
    times = [AT + n * HOUR for n in range(40)]
    chance = random.Random(5)
    chance.shuffle(times)
    for n in range(0, 40, 7):
        bring(*((pm, at, float(at // HOUR % 97)) for at in times[n : n + 7]))
    latest = Latest.objects.get()
    assert (latest.time, latest.first, latest.count) == (max(times), min(times), 40)
    assert latest.result == float(max(times) // HOUR % 97)


def test_what_is_sent_again_changes_nothing(pm: int) -> None:
    first = [(pm, AT + n * HOUR, float(n)) for n in range(6)]
    bring(*first)
    taken = bring(*first[3:], *((pm, AT + n * HOUR, float(n)) for n in range(6, 9)))
    assert taken.tally.told() == {"received": 6, "accepted": 3, "repeated": 3, "quarantined": 0}
    assert Latest.objects.get().count == len(kept(pm)) == 9
    again = bring(*first, *first)
    assert (again.tally.repeated, again.tally.accepted, Latest.objects.get().count) == (12, 0, 9)
    assert again.ids[0] == again.ids[6] == f"{pm}-{AT}"


def test_another_result_for_the_same_time_is_not_believed(pm: int) -> None:
    assert bring((pm, AT, 1.0), (pm, AT, 2.0), (pm, AT, 1.0)).tally.told() == {
        "received": 3, "accepted": 1, "repeated": 1, "quarantined": 1
    }  # fmt: skip
    taken = bring((pm, AT, 3.0))
    assert (taken.reasons, kept(pm)) == ({0: "differs"}, [(AT, 1.0)])
    # An interval that begins then is another reading.
    assert bring((pm, "2026-01-01T00:00:00Z/2026-01-01T01:00:00Z", 3.0)).tally.accepted == 1


BAD = [
    ((1, AT, math.nan), "not-a-number"), ((1, AT, math.inf), "not-a-number"), ((1, AT, "NaN"), "not-a-number"),
    ((1, AT, None), "missing"), ((1, AT, "4.0"), "type"), ((1, AT, True), "type"), ((1, AT, [4]), "type"),
    ((999_999_999, AT, 4.0), "datastream"), (("x", AT, 4.0), "datastream"), ((2**80, AT, 4.0), "datastream"),
    ((1, "yesterday", 4.0), "time"), ((1, "2026-01-01T00:00:00", 4.0), "time"), ((1, "", 4.0), "time"),
    ((1, "2026-01-01T01:00:00Z/2026-01-01T00:00:00Z", 4.0), "time"), ((1, AT + 2000 * HOUR, 4.0), "future"),
    ((1, AT, -1.0), "range"), ((1, AT, 2000.5), "range"), ((1, AT, 10**400), "not-a-number"),
]  # fmt: skip


def test_what_cannot_be_believed_is_kept_with_the_reason(pm: int) -> None:
    for number, ((named, time, result), reason) in enumerate(BAD):
        later = AT + (number + 1) * HOUR
        taken = bring((pm if named == 1 else named, time, result), (pm, later, 1.0))
        assert taken.reasons == {0: reason}, (named, time, result)
        assert taken.tally.told() == {"received": 2, "accepted": 1, "repeated": 0, "quarantined": 1}
        held = Quarantined.objects.latest("id")
        assert (held.reason, held.source) == (reason, "test") and held.said.startswith("[")
    assert Quarantined.objects.count() == sum(queries.quarantined_by_reason().values()) == len(BAD)
    assert (AT, 4.0) not in kept(pm) and len(kept(pm)) == len(BAD)


def test_each_kind_of_datastream_takes_its_kind(town: Town) -> None:
    set_up(stream("a", MEASUREMENT), stream("b", COUNT), stream("c", TRUTH), stream("d", CATEGORY))
    ids = [row.pk for row in Datastream.objects.order_by("pk")]
    values: list[Any] = [1.5, 3, True, "NNW"]
    fits = [[bring((pk, AT + n * HOUR, value)).tally.accepted for n, value in enumerate(values)] for pk in ids]
    assert fits == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 1]]
    said = Observation.objects.filter(datastream=ids[3]).order_by("time").values_list("result", "more")
    assert list(said) == [(1.5, None), (3.0, None), (1.0, {"value": True}), (None, {"value": "NNW"})]


def test_received_is_accepted_repeated_and_quarantined_whatever_comes(town: Town) -> None:
    set_up(stream("a"), stream("b", CATEGORY), stream("c", COUNT))
    ids = [*(row.pk for row in Datastream.objects.all()), 404]
    chance, received, accepted, quarantined = random.Random(11), 0, 0, 0
    values: list[Any] = [1.0, 2, 2.5, math.nan, None, "x", True, -5, 1e9]
    for _ in range(25):
        number = chance.randrange(1, 40)
        batch = [(chance.choice(ids), AT + chance.randrange(60) * HOUR, chance.choice(values)) for _ in range(number)]
        taken = bring(*batch)
        told = taken.tally
        assert told.received == told.accepted + told.repeated + told.quarantined == number
        received, accepted, quarantined = received + number, accepted + told.accepted, quarantined + told.quarantined
    assert accepted == Observation.objects.count() == queries.readings_kept()
    assert quarantined == Quarantined.objects.count() and received > accepted + quarantined
    for row in Latest.objects.all():
        newest = Observation.objects.filter(datastream=row.datastream_id).order_by("-time").first()
        assert newest is not None and (row.time, row.result) == (newest.time, newest.result)


def test_how_many_statements_does_not_depend_on_how_many_readings(pm: int) -> None:
    bring((pm, AT, 1.0))
    counts, today = [], AT + 990 * HOUR  # older ones are looked up in the history too
    for number in (1, 300):
        with CaptureQueriesContext(
            connection,
        ) as caught:
            bring(*((pm, today + (number * 1000 + n) * HOUR // 100_000, 1.0) for n in range(1, number + 1)))
        counts.append(len([q for q in caught.captured_queries if "SAVEPOINT" not in q["sql"]]))
    assert counts[0] <= counts[1] <= counts[0] + 1 <= 5  # many are written by several at once; the rules hear of it


def test_nor_on_how_many_datastreams_speak_for_the_first_time(pm: int) -> None:
    counts = []
    for number in (2, 60):
        thing = set_up(*(stream(f"{number}/{n}") for n in range(number)))
        fresh = list(Datastream.objects.filter(thing=thing).values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as caught:
            assert bring(*((pk, AT + 990 * HOUR, 1.0) for pk in fresh)).tally.accepted == number
        counts.append(len([q for q in caught.captured_queries if "SAVEPOINT" not in q["sql"]]))
        told = Datastream.objects.filter(thing=thing)
        assert set(told.values_list("feature__location__things", flat=True)) == {thing}
        assert all(one.features.get() == one.feature for one in told)
    assert counts[0] <= counts[1] <= counts[0] + 1 and counts[1] <= 14, counts


@pytest.mark.django_db(transaction=True)
def test_a_few_come_to_the_same_whether_they_are_one_statement_or_a_transaction(pm: int) -> None:
    """PostgreSQL takes a few plain readings in by one statement; where one is not plain, all go the long way."""
    today = AT + 990 * HOUR
    bring((pm, today, 1.0))
    with CaptureQueriesContext(connection) as caught:
        taken = bring((pm, today + 2, 3.0), (pm, today + 1, 2.0))
    assert taken.tally.accepted == 2 and taken.ids == [f"{pm}-{today + 2}", f"{pm}-{today + 1}"]
    if connection.vendor == "postgresql":
        assert len(caught.captured_queries) == 2  # what is asked of them, and all that is written
    mixed = bring((pm, today + 3, 4.0), (pm, today + 1, 2.0), (pm, today + 2, 9.0), (pm, today + 4, -1.0), (0, AT, 1.0))
    assert mixed.tally.told() == {"received": 5, "accepted": 1, "repeated": 1, "quarantined": 3}
    twice = bring((pm, today + 5, 1.0), (pm, today + 5, 1.0))
    assert (twice.tally.accepted, twice.tally.repeated) == (1, 1)
    latest = Latest.objects.get()
    assert (latest.time, latest.result, latest.count) == (today + 5, 1.0, 5)
    assert Observation.objects.count() == 5 and sum(Arrived.objects.values_list("number", flat=True)) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [1, 40])
def test_what_may_write_is_asked_once_and_within_the_transaction(pm: int, number: int) -> None:
    """A message may describe its datastream, which is then made with its reading, or not at all."""
    asked = []

    def parts() -> list[Part]:
        asked.append(connection.in_atomic_block)
        return [Part(batch_of_times(pm, range(number)), "test")]

    assert ingest_all(parts=parts, at=AT + 1000 * HOUR)[0].tally.accepted == number
    assert ingest_all(parts=parts, at=AT + 1000 * HOUR, alone=True)[0].tally.repeated == number
    assert asked == [True, connection.vendor == "sqlite"]


def batch_of_times(pk: int, hours: range) -> Batch:
    batch = Batch(lambda row: row)
    for n in hours:
        batch.add(pk, AT + 990 * HOUR + n, 1.0)
    return batch
