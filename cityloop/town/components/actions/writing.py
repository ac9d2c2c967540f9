"""Writing components: rows in the order of their columns, the counts they change, and steps of many at once."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import real_now
from cityloop.town.components.actions.counting import Standing, recount
from cityloop.town.components.models import SUBJECT, Component
from cityloop.town.ledger import actions as ledger
from cityloop.town.ledger import chain
from cityloop.town.ledger.models import Step
from cityloop.town.tabular.writing import copy, escaped, write

TABLE = "components_component"
NULL = "\\N"
encode = msgspec.json.Encoder(order="sorted").encode


class Row(msgspec.Struct, gc=False):
    """A component that is not in the database yet: its columns, in the order they are written."""

    code: str
    type: str
    name: str
    state: str
    level: int
    responsible: int
    owner: int
    maintainer: int
    accuracy: str
    lon: float
    lat: float
    cell: int
    unit_code: str
    attributes: str
    installed: Any
    surveyed: Any
    source: str
    source_key: str
    seen: int
    batch: int
    created: int
    at: int

    @property
    def standing(self) -> Standing:
        """Give what is counted of it."""
        return Standing(self.cell, self.lon, self.lat, self.unit_code, self.type, self.state)


COLUMNS = Row.__struct_fields__
_values: Any = msgspec.structs.astuple


def insert(rows: Sequence[Row]) -> None:
    """Write new components and count them, in the caller's transaction.

    Neighbours are written together: their places in the indexes of cells and units lie on the same pages.
    """
    rows = sorted(rows, key=attrgetter("cell"))
    if connection.vendor == "postgresql":
        copy(TABLE, COLUMNS, map(line, rows))
    else:
        write(TABLE, COLUMNS, [_values(row) for row in rows])
    recount((), [row.standing for row in rows])


def line(r: Row) -> str:
    """Write a row as COPY reads it, in the order of its columns: several times quicker than value by value."""
    name, key = escaped(r.name) if r.name else "", escaped(r.source_key)
    attributes = r.attributes if r.attributes == "{}" else escaped(r.attributes)
    return (
        f"{r.code}\t{r.type}\t{name}\t{r.state}\t{r.level}\t{r.responsible}\t{r.owner}\t{r.maintainer}\t{r.accuracy}\t"
        f"{r.lon}\t{r.lat}\t{r.cell}\t{r.unit_code}\t{attributes}\t{r.installed or NULL}\t{r.surveyed or NULL}\t"
        f"{r.source}\t{key}\t{r.seen}\t{r.batch}\t{r.created}\t{r.at}\n"
    )


def standing(one: Component) -> Standing:
    """Give what is counted of a component."""
    return Standing(one.cell, one.lon, one.lat, str(one.unit_code), str(one.type), one.state)


class Told(NamedTuple):
    """What a step says of a component: what was done, and what is different now."""

    code: str
    what: str
    data: dict[str, Any]


def tell(told: Iterable[Told], *, by: Actor, at: int) -> None:
    """Write a step for each of many components, whose rows the caller has locked. Two statements."""
    steps = {f"{SUBJECT}:{one.code}": one for one in told}
    if not steps:
        return
    heads = _heads(steps)
    now = real_now()
    rows = []
    for subject, one in steps.items():
        seq, prev, before = heads.get(subject, (0, chain.GENESIS, at))
        rows.append(
            chain.write(
                subject=subject, seq=seq + 1, prev=prev, kind=SUBJECT, what=one.what, by=by, at=max(at, before),
                recorded_at=now, data=one.data,
            )
        )  # fmt: skip
    ledger.append(rows)


def _heads(subjects: Mapping[str, Told]) -> dict[str, tuple[int, bytes, int]]:
    """Give the last step of each subject that has one. One query."""
    rows = Step.objects.filter(subject__in=list(subjects)).order_by("subject", "seq")
    return {s: (seq, bytes(hash_), at) for s, seq, hash_, at in rows.values_list("subject", "seq", "hash", "at")}


CHANGING = (
    "name", "state", "responsible", "owner", "maintainer", "accuracy", "lon", "lat", "cell", "unit_code", "attributes",
    "installed", "surveyed", "seen", "at",
)  # fmt: skip
_UPDATE = f'UPDATE "{TABLE}" SET ' + ", ".join(f'"{name}" = %s' for name in CHANGING) + ' WHERE "id" = %s'


def update(rows: Sequence[Component], before: Sequence[Standing]) -> None:
    """Write changed components, and count them anew, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.executemany(_UPDATE, [_changed(one) for one in rows])
    recount(before, (standing(one) for one in rows))


def _changed(one: Component) -> list[Any]:
    values = {name: getattr(one, name) for name in CHANGING}
    return [*{**values, "attributes": encode(one.attributes).decode()}.values(), one.pk]
