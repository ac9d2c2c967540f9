"""A city of a million cases for a bench: copies of real ones, written plainly by the database itself.

The originals are brought up the straight way by real actions. A copy has a time, a place, a unit and words of its own;
a tenth of the copies is open, with the rows of work of its original. One department takes part in nearly all cases,
one in a hundred of them. Steps are not copied: a page of one case is asked of a real one.
"""

import random
from typing import Any

CASES, PLACES, STREETS = 1_000_000, 5_000, 500
DISTRICTS, GRIDS = 20, 100
MATTERS = 150  # besides those of the originals; a third of the copies has them
DAY = 86_400_000_000
SMALL = 10_000  # one copy in so many belongs to the small department
OPEN_STATES = ("collected", "filed", "dispatched", "handling", "handled", "checking", "checked")
PAIRS = ("路灯", "积水", "井盖", "占道", "噪声", "垃圾", "树木", "违停")
RARE = "heffalump"


def fill(town: Any, now: int) -> None:
    """Write the cases, their reports, parts and open rows of work, and what they are found by."""
    from django.db import connection

    opens = [town.to(state) for state in OPEN_STATES]
    closed = town.to("closed")
    pairs = [(n, case) for n, case in enumerate(opens)]
    with connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        if sqlite:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-500000")
        cursor.execute(_numbers(sqlite))
        _places(cursor)
        _copy(cursor, "cases_case", _case(now), f"t.id = {closed} AND s.n % 10 > 0")
        for kind, case in pairs:
            _copy(cursor, "cases_case", _case(now), f"t.id = {case} AND s.n % 10 = 0 AND s.n / 10 % 7 = {kind}")
        _copy(cursor, "cases_part", _part(town), f"t.case_id = {closed} AND s.n % 10 > 0")
        _copy(cursor, "cases_report", REPORT, f"t.case_id = {closed}")
        for kind, case in pairs:
            rows = f"s.n % 10 = 0 AND s.n / 10 % 7 = {kind}"
            _copy(cursor, "cases_part", _part(town), f"t.case_id = {case} AND {rows}")
            _copy(cursor, "worklist_row", _work(now), f"t.subject_id = {case} AND t.ended IS NULL AND {rows}")
        _words(cursor)
        cursor.execute("ANALYZE" if sqlite else "VACUUM ANALYZE")
        if not sqlite:
            cursor.execute("SELECT setval(pg_get_serial_sequence('cases_case', 'id'), max(id)) FROM cases_case")
            cursor.execute("CHECKPOINT")
    connection.close()  # and with it what was set for writing


FIRST = 1_000  # the id before the first copy's
REPORT = {"case_id": f"s.n + {FIRST}", "person": "0", "follow": "NULL"}
# Where a copy lies has nothing to do with whether it is open, nor with what it is about.
PLACE = f"((s.n / 10 * 7 + s.n % 10 * 613) % {PLACES})"


def _numbers(sqlite: bool) -> str:
    if sqlite:
        return (
            "CREATE TEMP TABLE s AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r"
            f" WHERE n < {CASES}) SELECT n FROM r"
        )
    return f"CREATE TEMP TABLE s AS SELECT n::bigint FROM generate_series(1, {CASES}) n"


def _places(cursor: Any) -> None:
    """Make the places: in districts and grids, on streets, inside the small city."""
    from cityloop.ground.codes import cell

    chance = random.Random(1)
    cursor.execute(
        "CREATE TEMP TABLE place (p bigint PRIMARY KEY, unit_code text, lon double precision, lat double precision,"
        " cell bigint, address text)"
    )
    rows = []
    for n in range(PLACES):
        lon, lat = 10.001 + chance.random() * 0.198, 50.001 + chance.random() * 0.098
        unit = f"1001{n % DISTRICTS + 1:02d}{n // DISTRICTS % GRIDS + 1:03d}"
        rows.append((n, unit, lon, lat, cell(lon, lat), f"{n % 900 + 1} {street(n % STREETS)} Road"))
    cursor.executemany("INSERT INTO place VALUES (%s, %s, %s, %s, %s, %s)", rows)


def street(n: int) -> str:
    """Give the name of a street: letters alone, far enough from each other for a slip to be told."""
    letters = "bdfgklmnprstvz"
    return "".join(letters[n // 14**k % 14] + "aeiou"[(n + k) % 5] for k in range(3)) + "ton"


def _case(now: int) -> dict[str, str]:
    created = f"{now} - ({CASES} - s.n) * {2 * 365 * DAY // CASES} - {DAY}"
    return {
        "id": f"s.n + {FIRST}", "created": created, "at": created, "filed": created,
        "closed": f"CASE WHEN t.closed IS NULL THEN NULL ELSE {created} + {DAY} / 2 END",
        "due": f"CASE WHEN t.due IS NULL THEN NULL ELSE {_due(now)} END",
        "level": "CASE WHEN s.n % 50 = 7 THEN 2 ELSE t.level END",
        "matter": f"CASE WHEN s.n % 3 = 0 THEN 'm' || (s.n / 3 % {MATTERS}) ELSE t.matter END",
        **{name: f"p.{name}" for name in ("unit_code", "lon", "lat", "cell", "address")}, "unit_filed": "p.unit_code",
    }  # fmt: skip


def _due(now: int) -> str:
    """A fifth is overdue."""
    return f"{now} + (s.n * 7919 % 1000 - 200) * {14 * DAY // 1000}"


def _part(town: Any) -> dict[str, str]:
    police = town.orgs["police"]
    small = f"s.n % {SMALL} = 1"
    return {
        "case_id": f"s.n + {FIRST}",
        "org": f"CASE WHEN {small} THEN {police.pk} ELSE t.org END",
        "org_path": f"CASE WHEN {small} THEN '{police.path}' ELSE t.org_path END",
    }


def _work(now: int) -> dict[str, str]:
    due = _due(now)
    timed = {name: f"{due} - {early}" for name, early in (("due50", 2 * DAY), ("due80", DAY), ("due150", -DAY))}
    known = {name: f"CASE WHEN t.due IS NULL THEN NULL ELSE {value} END" for name, value in timed.items()}
    return {
        "subject_id": f"s.n + {FIRST}", "unit_code": "p.unit_code", "next_at": "NULL",
        "level": "CASE WHEN s.n % 50 = 7 THEN 2 ELSE t.level END",
        "due": f"CASE WHEN t.due IS NULL THEN NULL ELSE {due} END", **known,
    }  # fmt: skip


def _copy(cursor: Any, table: str, changed: dict[str, str], where: str) -> None:
    from django.apps import apps

    model = next(m for m in apps.get_models() if m._meta.db_table == table)
    columns = [str(f.column) for f in model._meta.concrete_fields if f.column != "id" or "id" in changed]
    values = ", ".join(changed.get(c, f't."{c}"') for c in columns)
    names = ", ".join(f'"{c}"' for c in columns)
    joined = f'"{table}" t, s JOIN place p ON p.p = {PLACE}'
    cursor.execute(f'INSERT INTO "{table}" ({names}) SELECT {values} FROM {joined} WHERE {where}')


def _words(cursor: Any) -> None:
    """Write what the copies are found by: a word of all, the street, the house, a pair of characters, a rare word."""
    from cityloop.loops.cases.search.actions import key_of

    streets = [(key_of(street(n)), n) for n in range(STREETS)]
    cursor.execute("CREATE TEMP TABLE word (term bigint, n bigint)")
    cursor.executemany("INSERT INTO word VALUES (%s, %s)", streets)
    insert = f'INSERT INTO "cases_posting" ("case_id", "term") SELECT s.n + {FIRST}, '
    cursor.execute(f"{insert} {key_of('road')} FROM s")
    cursor.execute(f"{insert} w.term FROM s JOIN word w ON w.n = {PLACE} % {STREETS} ORDER BY w.term, s.n")
    for n, pair in enumerate(PAIRS):
        cursor.execute(f"{insert} {key_of(pair)} FROM s WHERE s.n / 3 % {len(PAIRS)} = {n}")
    cursor.execute(f"{insert} {key_of(RARE)} FROM s WHERE s.n % 200000 = 77")
    chance = random.Random(2)
    known = {street(n) for n in range(STREETS)} | {"road"}
    known |= {"".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(4, 10))) for _ in range(20_000)}
    cursor.executemany('INSERT INTO "cases_term" ("text") VALUES (%s) ON CONFLICT DO NOTHING', [(w,) for w in known])
