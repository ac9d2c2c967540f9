"""Writing steps: the only way onto the ledger."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection, transaction

from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import real_now
from cityloop.town.ledger import chain
from cityloop.town.ledger.models import Cursor, Sequencer, Step
from cityloop.town.tabular.planning import planned_anew
from cityloop.town.tabular.turns import one_after_another
from cityloop.town.tabular.writing import write

_COLUMNS = ", ".join(f'"{name}"' for name in chain.COLUMNS)
_INSERT = f'INSERT INTO "ledger_step" ({_COLUMNS}) VALUES '
_MARKS = "(" + ", ".join(["%s"] * len(chain.COLUMNS)) + ")"
_values = msgspec.structs.astuple
_FEW = 40


def append(rows: Sequence[chain.Row]) -> None:
    """Write steps inside the caller's transaction: one statement for a few, batches for many."""
    if not rows:
        return
    if len(rows) > _FEW:
        write("ledger_step", chain.COLUMNS, [_values(row) for row in rows])
        return
    with connection.cursor() as cursor:
        cursor.execute(_INSERT + ", ".join([_MARKS] * len(rows)), [value for row in rows for value in _values(row)])


def record(*, subject: str, kind: str, what: str, by: Actor, at: int, data: dict[str, Any]) -> int:
    """Write one step of a subject that keeps no head of its own, inside the caller's transaction; give its number.

    Personal words never go in `data`. The subject's chain is locked until the transaction ends.
    """
    one_after_another([subject])
    last = Step.objects.filter(subject=subject).order_by("-seq").values_list("seq", "hash", "at").first()
    seq, prev, before = (last[0] + 1, bytes(last[1]), last[2]) if last else (1, chain.GENESIS, at)
    append(
        [
            chain.write(
                subject=subject,
                seq=seq,
                prev=prev,
                kind=kind,
                what=what,
                by=by,
                at=max(at, before),
                recorded_at=real_now(),
                data=data,
            )
        ]
    )
    return seq


def sequence(most: int = 20_000) -> int:
    """Give gapless offsets to steps that have none, in the order of their ids; say how many."""
    if not _any_new():
        return 0
    # By its place a row is found at once, even by a planner that believes the ledger to be empty.
    place = "ctid" if connection.vendor == "postgresql" else "id"
    with transaction.atomic():
        row = locked_sequencer()
        with connection.cursor() as cursor:
            cursor.execute(
                'UPDATE "ledger_step" SET "offset" = n.given FROM ('
                " SELECT place, %s - 1 + row_number() OVER (ORDER BY id) AS given FROM ("
                f'  SELECT id, {place} AS place FROM "ledger_step" WHERE "offset" IS NULL ORDER BY id LIMIT %s) w'
                f') n WHERE "ledger_step".{place} = n.place',
                [row.next_offset, most],
            )
            count = cursor.rowcount
        Sequencer.objects.filter(id=1).update(next_offset=row.next_offset + count)
    return count


@planned_anew()
def _any_new() -> bool:
    """Tell whether steps lack an offset: asked several times a second, so without composing a question each time.

    A plan kept from when the ledger was small looks through all of it.
    """
    with connection.cursor() as cursor:
        cursor.execute('SELECT 1 FROM "ledger_step" WHERE "offset" IS NULL LIMIT 1')
        return cursor.fetchone() is not None


def locked_sequencer() -> Sequencer:
    """Lock the sequencer's row for this transaction."""
    row = Sequencer.objects.select_for_update().filter(id=1).first()
    return row or Sequencer.objects.create(id=1)


def append_sequenced(rows: Sequence[chain.Row]) -> None:
    """Write many steps with their offsets at once: the bulk path, holding the sequencer meanwhile."""
    row = locked_sequencer()
    if not _any_new():
        for offset, step in enumerate(rows, row.next_offset):
            step.offset = offset
        Sequencer.objects.filter(id=1).update(next_offset=row.next_offset + len(rows))
    append(rows)


def move_cursor(name: str, offset: int) -> None:
    """Note how far a reader has come."""
    Cursor.objects.update_or_create(name=name, defaults={"offset": offset})


@transaction.atomic
def note_export(*, by: Actor, at: int, kind: str, filters: list[str], of: str = "cases") -> None:
    """Note that somebody took a list out of the house as a file of this kind, narrowed by filters of these names."""
    record(subject=f"export:{by.post}", kind="export", what=kind, by=by, at=at, data={"filters": filters, "of": of})
