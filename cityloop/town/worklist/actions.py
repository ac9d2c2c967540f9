"""Keeping the rows in step with a loop's duties, and the one sweep over their deadlines."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection, transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.clocks import WorkTimes
from cityloop.ground.loop.duties import Duty, marks_of
from cityloop.town.persons.models import Account
from cityloop.town.tabular.writing import write as write_rows
from cityloop.town.worklist.models import View, Warning

_FEW = 40


class Entry(msgspec.Struct, gc=False):
    """A row as written, in the order of `COLUMNS`."""

    loop: str
    subject_id: int
    slot: str
    opened_seq: int
    what: str
    role: str
    org: int
    org_path: str
    person: int
    unit_code: str
    level: int
    origin: str
    opened: int
    limit: int
    due: int | None
    due50: int | None
    due80: int | None
    due150: int | None
    pause: str
    on_due: str
    mark: int
    next_at: int | None
    ended: int | None


COLUMNS = Entry.__struct_fields__
KEY = ("loop", "subject_id", "slot", "opened_seq")
_KEPT = {*KEY, "opened", "origin"}
_NAMES = ", ".join(f'"{c}"' for c in COLUMNS)
_MARKS = "(" + ", ".join(["%s"] * len(COLUMNS)) + ")"
_UPDATES = ", ".join(
    f'"{c}" = CASE WHEN excluded."mark" > "worklist_row"."mark" THEN excluded."mark" ELSE "worklist_row"."mark" END'
    if c == "mark"
    else f'"{c}" = excluded."{c}"'
    for c in COLUMNS
    if c not in _KEPT
)
_TAIL = f" ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {_UPDATES}"


def entry(
    duty: Duty,
    *,
    loop: str,
    subject_id: int,
    opened_seq: int,
    opened: int,
    unit_code: str,
    level: int,
    origin: str,
    worktime: WorkTimes,
    ended: int | None = None,
) -> Entry:
    """Give the row of a duty; an ended one keeps the worst mark it had passed by then."""
    made = Entry(
        loop,
        subject_id,
        duty.slot,
        opened_seq,
        duty.what,
        duty.role,
        duty.org,
        duty.org_path,
        duty.person,
        unit_code,
        level,
        origin,
        opened,
        0,
        None,
        None,
        None,
        None,
        "",
        duty.on_due,
        0,
        None,
        None,
    )
    if duty.clock is not None:
        _time(made, duty, worktime)
    if ended is not None:
        end(made, ended)
    return made


def _time(made: Entry, duty: Duty, worktime: WorkTimes) -> None:
    """Say when the duty's clock passes its marks. What was imported was timed elsewhere: nobody is warned of it."""
    if duty.clock is None or made.origin == "import":
        return
    made.limit, made.pause = duty.clock.limit, duty.clock.pause
    if duty.clock.due >= 0:
        made.due50, made.due80, made.due, made.due150 = marks_of(duty, worktime)
        made.next_at = made.due50


def end(made: Entry, at: int) -> None:
    """Let a row end, keeping the worst mark it had passed by then."""
    made.ended, made.next_at = at, None
    if made.due is None or made.due50 is None or made.due80 is None or made.due150 is None:
        return
    if at >= made.due50:
        made.mark = 150 if at >= made.due150 else 100 if at > made.due else 80 if at >= made.due80 else 50


def write(entries: Sequence[Entry]) -> None:
    """Insert or update rows inside the caller's transaction: one statement for a few, batches for many."""
    if not entries:
        return
    head = f'INSERT INTO "worklist_row" ({_NAMES}) VALUES '
    values = [msgspec.structs.astuple(e) for e in entries]
    with connection.cursor() as cursor:
        if len(values) <= _FEW:
            flat = [v for row in values for v in row]
            cursor.execute(head + ", ".join([_MARKS] * len(values)) + _TAIL, flat)
        else:
            cursor.executemany(head + _MARKS + _TAIL, values)


def insert_many(entries: Iterable[Entry]) -> None:
    """Insert many rows of new subjects: the bulk path."""
    write_rows("worklist_row", COLUMNS, [msgspec.structs.astuple(entry) for entry in entries])


# --- the sweep ------------------------------------------------------------------------------------

_NEW_MARK = (
    "CASE WHEN due150 <= %(now)s THEN 150 WHEN due <= %(now)s THEN 100 WHEN due80 <= %(now)s THEN 80 ELSE 50 END"
)
_WORST = f"CASE WHEN {_NEW_MARK} > mark THEN {_NEW_MARK} ELSE mark END"  # overdue is a fact for ever
_NEXT = (
    "CASE WHEN due150 <= %(now)s THEN NULL WHEN due <= %(now)s THEN due150 "
    "WHEN due80 <= %(now)s THEN due ELSE due80 END"
)
_DUE_ROWS = (
    "SELECT id FROM worklist_row WHERE ended IS NULL AND next_at IS NOT NULL AND next_at <= %(now)s "
    "ORDER BY next_at LIMIT %(most)s"
)


def sweep(*, at: int, most: int = 2_000, breath: float = 0.05) -> int:
    """Mark rows whose 50, 80, 100 or 150 % have passed and note a warning for each; give how many.

    Works in short transactions of at most `most` rows and takes a `breath` (seconds) after each, so that
    people's actions slip in between.
    """
    total = 0
    while count := _sweep_some(at, most):
        total += count
        if count < most:
            break
        time.sleep(breath)
    return total


def _sweep_some(at: int, most: int) -> int:
    """One chunk. Rows move on by `next_at`, so that a chunk is never taken twice."""
    lock = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    values: dict[str, Any] = {"now": at, "most": most}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DUE_ROWS + lock, values)
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        values["ids"] = ids
        where = _id_filter(ids)
        cursor.execute(
            f"INSERT INTO worklist_warning (row_id, mark, at) SELECT id, {_NEW_MARK}, %(now)s "
            f"FROM worklist_row WHERE {where} ON CONFLICT (row_id, mark) DO NOTHING",
            values,
        )
        cursor.execute(f"UPDATE worklist_row SET mark = {_WORST}, next_at = {_NEXT} WHERE {where}", values)
        return len(ids)


def _id_filter(ids: list[int]) -> str:
    if connection.vendor == "postgresql":
        return "id = ANY(%(ids)s)"
    return "id IN (" + ",".join(str(int(i)) for i in ids) + ")"


def told(ids: Iterable[int], *, at: int) -> None:
    """Note that warnings have been turned into notices."""
    from_ids = list(ids)
    if from_ids:
        Warning.objects.filter(id__in=from_ids).update(told=at)


MOST_VIEWS = 20


@transaction.atomic
def keep_view(*, account: Account, page: str, name: str, query: str, at: int) -> View:
    """Keep a list under a name; the same name again takes the place of the first."""
    named = clean(name).strip()
    if not 1 <= len(named) <= 40:
        raise Refusal("worklist.view.name", "Give the view a name of 1 to 40 characters.", "name")
    if len(query) > 400:
        raise Refusal("worklist.view.long", "These are too many filters to keep.", "query")
    kept = View.objects.filter(account=account, page=page)
    if kept.exclude(name=named).count() >= MOST_VIEWS:
        raise Refusal("worklist.view.many", "You keep {most} views already; take one away first.", most=MOST_VIEWS)
    view, _new = View.objects.update_or_create(
        account=account,
        page=page,
        name=named,
        defaults={"query": query},
        create_defaults={"query": query, "created": at},
    )
    return view


def drop_view(*, account: Account, view: int) -> View | None:
    """Take a kept list away and give it as it was; another's, or one that is gone, is left alone."""
    kept = View.objects.filter(account=account, pk=view).first()
    if kept is not None:
        View.objects.filter(pk=view).delete()
    return kept


def move_units(loop: str, codes: Mapping[int, str]) -> None:
    """Give the rows of subjects a new unit code, ended ones too, inside the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.executemany(
            'UPDATE "worklist_row" SET "unit_code" = %s WHERE "loop" = %s AND "subject_id" = %s',
            [(code, loop, subject) for subject, code in codes.items()],
        )
