"""What is asked of a part of the city: the right cases, found by what happened since and not by reading all."""

from collections.abc import Iterable

import msgspec
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.loops.cases import onmap, public
from cityloop.loops.cases.models import Case, Part
from cityloop.loops.cases.queries import rows_of_part
from cityloop.town.orgs import authority
from cityloop.town.worklist import queries as worklist
from tests.loops.cases.smallville import DAY, Town

WEST, EAST = 10.05, 10.15


def ids(found: Iterable[public.Seen]) -> list[int]:
    return [one.id for one in found]


def part(case: int) -> str:
    return Case.objects.get(pk=case).unit_code[:6]


def plan(sql: str) -> str:
    """Give how the database goes about a question; PostgreSQL without reading all, for its tables are small here."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + sql)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def alone(index: str) -> None:
    """Leave PostgreSQL no other index of cases but those of keys: for a single case, any is as good."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "SELECT indexname FROM pg_indexes WHERE tablename = 'cases_case' AND indexname <> %s"
                " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
                [index],
            )
            for (other,) in cursor.fetchall():
                cursor.execute(f'DROP INDEX "{other}"')


def test_what_moved_is_what_was_filed_or_ended_since(town: Town) -> None:
    old, waiting = town.to("closed", lon=WEST), town.to("filed", lon=WEST)
    unread = town.collect(lon=WEST).case
    since = town.at + 1
    town.at += DAY
    town.take(unread, "file", "shift")
    town.take(waiting, "dispatch", "dispatcher")
    ended, far = town.to("closed", lon=WEST), town.to("filed", lon=EAST)
    secret = town.collect(lon=WEST, matter="secret").case
    town.take(secret, "file", "shift")
    assert ids(public.moved(part(old), since=since)) == [ended, unread]
    assert ids(public.moved(part(old), since=since, most=1)) == [ended]
    assert ids(public.moved("", since=since)) == [far, ended, unread]
    assert old in ids(public.moved("", since=0))


def test_of_a_part_are_shown_what_is_open_and_what_closed_lately(town: Town) -> None:
    old = town.to("closed", lon=WEST)
    since = town.at + 1
    town.at += DAY
    still, closed, far = town.collect(lon=WEST).case, town.to("closed", lon=WEST), town.collect(lon=EAST).case
    assert ids(public.of_part(part(old), since=since)) == [closed, still]
    assert ids(public.of_part(part(old), since=0)) == [closed, still, old]
    assert ids(public.of_part("", since=since, most=2)) == [far, closed]


def test_neither_reads_all_cases(town: Town) -> None:
    unit = part(town.to("closed", lon=WEST))
    with CaptureQueriesContext(connection) as queries:
        public.moved(unit, since=1), public.of_part(unit, since=1)
    asked = [q["sql"] for q in queries if "cases_case" in q["sql"] or "ledger_step" in q["sql"]]
    assert len(asked) == 5
    for sql in asked:
        found = plan(sql)
        assert "SCAN cases_case" not in found and "SCAN ledger_step" not in found and "Seq Scan" not in found, found


def test_the_open_map_is_answered_from_the_index_of_open_cases(town: Town) -> None:
    """Also where what keeps its place to itself is left out, for everybody."""
    town.to("filed", lon=WEST)
    with CaptureQueriesContext(connection) as queries:
        found = onmap.by_unit("", 6, None, town.at)
    assert sum(one.open for one in found.values()) == 1
    (sql,) = (q["sql"] for q in queries if "cases_case" in q["sql"])
    alone("case_open_unit")
    way = "Index Only Scan using" if connection.vendor == "postgresql" else "USING INDEX"
    assert f"{way} case_open_unit" in plan(sql)


def test_what_came_is_counted_once_a_minute(town: Town) -> None:
    cache.clear()
    town.collect()
    scope, now = authority.scope(town.accounts["shift"], town.at), town.at
    with CaptureQueriesContext(connection) as queries:
        one, two = onmap.received("", scope, now, 24), onmap.received("", scope, now, 24)
    assert one == two == [0] * 23 + [1] and len(queries) == 1
    town.collect()
    assert sum(onmap.received("", scope, now + 60_000_000, 24)) == 2


def test_counts_by_unit_are_never_planned_once_for_all(town: Town) -> None:
    """A plan for any values takes an organisation with a quarter of all cases for a small one."""
    town.to("handling")
    scope = authority.scope(town.accounts["parks"], town.at)
    for _ in range(12):
        assert onmap.by_unit("", 2, scope, town.at)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%AS \"late\"%%'")
            assert cursor.fetchone() == (0,)
        assert connection.connection.prepare_threshold == 5


def test_parts_say_whether_their_case_has_ended(town: Town) -> None:
    """Those of all rounds: a department's map reads its open cases from an index of parts of such cases alone."""
    case, still = town.to("closed"), town.to("handling")
    scope, said = authority.scope(town.accounts["parks"], town.at), Part.objects.values_list("ended", flat=True)
    for ended, number in ((True, 1), (False, 2)):
        assert set(said.filter(case=case)) == {ended} and set(said.filter(case=still)) == {False}
        assert sum(one.open for one in onmap.by_unit("", 2, scope, town.at).values()) == number
        if ended:
            town.take(case, "reopen", "reporter", words="still there")


def test_what_others_have_is_found_by_its_kind(town: Town) -> None:
    town.to("handling")
    scopes = [authority.scope(town.accounts[who], town.at) for who in ("dispatcher", "shift")]
    both = msgspec.structs.replace(scopes[0], grants=(*scopes[0].grants, *scopes[1].grants))
    for scope in (scopes[0], both):
        with CaptureQueriesContext(connection) as queries:
            assert worklist.counted([worklist.with_others(scope, rows_of_part)])[0] > 0
        if connection.vendor == "sqlite":  # PostgreSQL chooses by how many there are: here, a handful
            assert "worklist_row_what" in plan(queries[0]["sql"])
    assert worklist.counted([worklist.with_others(msgspec.structs.replace(both, grants=()), rows_of_part)]) == [0]
