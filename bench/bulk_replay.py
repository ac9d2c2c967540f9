"""Bulk replay through the real, untouched `step`, with ledger, worklist, clocks and hash chain.

The day of the demo city, resampled (the same requests again under keys of their own), is played and written as
`cityloop replay` does it. What the policy plans (who does what when) is planned beforehand, for the reference too; with
the planning is told beside it. The reference: the same steps through the bare engine, one SHA-256 each, and the very
same rows written plainly. Seconds are CPU seconds of this process and of its database session, so that a busy
machine does not blur what one core does; the wall clock is told too.
"""

import copy
import json
import os
import sys
import time
import tomllib
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.city import open_city

TIMES = 3
ROUNDS = 6
CHUNK = 1_000
TABLES = ("cases_case", "cases_report", "cases_part", "worklist_row", "ledger_step")
GOALS = {"SQLite": 30_000, "PostgreSQL": 20_000}


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database:
        stage, records = _stage()
        plans = [list(stage.director.steps(record)) for record in records]
        steps = sum(map(len, plans))
        seconds, references, walls, planned = [], [], [], []
        director, script = stage.director, Script(stage.director, records, plans)
        for _ in range(ROUNDS):
            _empty()
            planned.append(_spent(lambda: _replay(stage, records)))
            _empty()
            stage.director = script
            wall = time.perf_counter()
            seconds.append(_spent(lambda: _replay(stage, records)))
            walls.append(time.perf_counter() - wall)
            stage.director = director
            rows = _rows()
            _empty()
            references.append(_spent(lambda: _bare(stage, plans)) + _spent(partial(_plainly, rows)))
    rate, ratio = steps / min(seconds), min(seconds) / min(references)
    name = f"bulk replay, {database}"
    return [
        _row(f"{name}: steps per CPU second", round(rate), "1/s", f"≥ {GOALS[database]:,}", rate >= GOALS[database]),
        _row(f"{name}: steps per CPU second of the reference", round(steps / min(references)), "1/s", "", True),
        _row(f"{name}: against bare step + hash + the same rows", round(ratio, 2), "×", "≤ 3", ratio <= 3),
        _row(f"{name}: steps per CPU second, planning included", round(steps / min(planned)), "1/s", "", True),
        _row(f"{name}: steps per second of the wall clock", round(steps / min(walls)), "1/s", "", True),
        _row(f"{name}: longest lock", round(_longest[0] * 1000), "ms", "≤ 250", _longest[0] <= 0.25),
    ]


def _row(name: str, value: float, unit: str, goal: str, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "holds": bool(holds)}


# --- the city, its day, and the plan of it


def _stage() -> tuple[Any, list[Any]]:
    from cityloop.demo import city
    from cityloop.ground.kit.loader import load
    from cityloop.loops.cases.importing.known import found_city
    from cityloop.loops.cases.importing.records import Record
    from cityloop.loops.cases.replaying.actions import set_stage
    from cityloop.town.catalog.actions import publish
    from cityloop.town.tabular.tables import Table
    from cityloop.town.units.actions.load import load_units

    units_map = tomllib.loads((city.NEW_YORK / "units.toml").read_text())
    load_units(units_map, city.NEW_YORK / "data", by=city.BY, at=city.MIDNIGHT, check=False)
    found_city(by=city.BY, at=city.MIDNIGHT)
    publish(plates=[load(city.NEW_YORK / "plate")], by=city.BY, at=city.MIDNIGHT)
    rules = city.rules()
    at = city.END + 86_400_000_000
    stage = set_stage(path=city.DAY, rules=rules, policy=city.policy(), seed=1, by=city.BY, at=at)
    raws = list(Table(city.DAY, rules.source, rules.wanted()).rows())
    day = [record for record in stage.reader.read(raws) if isinstance(record, Record)]
    return stage, [_again(record, number) for number in range(TIMES) for record in day]


def _again(record: Any, number: int) -> Any:
    made = copy.copy(record)
    made.key = f"{record.key}/{number}"
    return made


class Script:
    """Gives the steps planned beforehand, in the director's place."""

    def __init__(self, director: Any, records: list[Any], plans: list[Any]) -> None:
        self.definition = director.definition
        self._plans = {record.key: plan for record, plan in zip(records, plans, strict=True)}

    def steps(self, record: Any) -> Any:
        """Give the steps of a request."""
        return self._plans[record.key]


# --- what is measured


_longest = [0.0]


def _replay(stage: Any, records: list[Any]) -> None:
    from cityloop.town.tabular import writing

    note = stage.pace.note

    def noted(cases: int, seconds: float) -> None:
        _longest[0] = max(_longest[0], seconds)
        note(cases, seconds)

    stage.pace.note = noted
    done = 0
    with writing.bulk():
        while done < len(records):
            chunk = records[done : done + stage.pace.size]
            stage.begin(chunk)
            writing.checkpoint()
            done += len(chunk)
    stage.pace.note = note


def _bare(stage: Any, plans: list[Any]) -> None:
    from cityloop.ground.loop.engine import begin, step

    definition, times = stage.director.definition, stage.worktime
    for plan in plans:
        snapshot, head = begin(definition), bytes(32)
        for at, act, actor in plan:
            snapshot = step(definition, snapshot, act, actor, at, times).snapshot
            head = sha256(head).digest()


def _plainly(rows: dict[str, tuple[list[str], list[Any]]]) -> None:
    from django.db import connection, transaction

    for table, (columns, values) in rows.items():
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join(["%s"] * len(columns))
        for start in range(0, len(values), CHUNK):
            some = values[start : start + CHUNK]
            with transaction.atomic(), connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as to:
                        for row in some:
                            to.write_row(row)
                else:
                    cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", some)


# --- rows and seconds


def _rows() -> dict[str, tuple[list[str], list[Any]]]:
    """Read the rows just written, without the ids the database gives by itself."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            columns = [c[0] for c in cursor.description]
            keep = [n for n, name in enumerate(columns) if name != "id" or table == "cases_case"]
            found[table] = ([columns[n] for n in keep], [tuple(row[n] for n in keep) for row in cursor.fetchall()])
    return found


def _empty() -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("worklist_warning", *reversed(TABLES)):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("UPDATE ledger_sequencer SET next_offset = 0")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _spent(work: Callable[[], None]) -> float:
    """Give the CPU seconds of this process and of its database session."""
    before = time.process_time() + _session()
    work()
    return time.process_time() + _session() - before


def _session() -> float:
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    json.dump(run(), sys.stdout, ensure_ascii=False, indent=1)
    print()
