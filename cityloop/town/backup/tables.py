"""Every table as rows of plain values, the same from either database and for either database."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from cityloop.town.tabular import writing

BATCH = 5_000
LEFT = frozenset({"django_session"})  # whoever was signed in signs in again
# What a column holds, as Arrow calls it; what is not here is text: JSON as it is written, a UUID by its digits.
_KINDS = {
    "AutoField": "int64", "BigAutoField": "int64", "BigIntegerField": "int64", "IntegerField": "int64",
    "SmallIntegerField": "int64", "PositiveIntegerField": "int64", "PositiveSmallIntegerField": "int64",
    "FloatField": "double", "BooleanField": "bool", "BinaryField": "binary", "DateField": "date32",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the database: its name, its columns, what each holds, and the column that counts up ("" for none)."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    counted: str

    @property
    def chosen(self) -> str:
        """The columns as SQL names them."""
        return ", ".join(map(connection.ops.quote_name, self.columns))


def tables() -> list[Table]:
    """List every table that this version of the code keeps rows in, by name."""
    found = {model._meta.db_table: _table(model) for model in apps.get_models(include_auto_created=True)}
    return [found[name] for name in sorted(found) if name not in LEFT]


def _table(model: type[models.Model]) -> Table:
    fields = model._meta.local_concrete_fields
    key = model._meta.pk
    counted = key.column if key.db_type_suffix(connection) else ""  # what SQLite numbers by itself counts nowhere
    return Table(
        model._meta.db_table, tuple(str(field.column) for field in fields), tuple(map(_kind, fields)), str(counted)
    )


def _kind(field: Any) -> str:
    while field.remote_field is not None:
        field = field.target_field
    return _KINDS.get(field.get_internal_type(), "string")


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all tables be read as they stood at one moment, while everybody else goes on writing."""
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if connection.vendor == "postgresql" else "BEGIN"
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def read(table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Give the rows of a table, some thousands at a time, inside `snapshot`."""
    query = f"SELECT {table.chosen} FROM {connection.ops.quote_name(table.name)}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DECLARE kept NO SCROLL CURSOR FOR {query}")
            batches = iter(lambda: _fetched(cursor), [])
        else:
            cursor.execute(query)
            batches = iter(lambda: cursor.fetchmany(BATCH), [])
        yield from batches
        if connection.vendor == "postgresql":
            cursor.execute("CLOSE kept")


def _fetched(cursor: Any) -> list[tuple[Any, ...]]:
    cursor.execute(f"FETCH FORWARD {BATCH} FROM kept")
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def write_parquet(table: Table, path: Path) -> int:
    """Write a table as Parquet; give how many rows it had."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = [pa.type_for_alias(kind) for kind in table.kinds]
    schema, count = pa.schema(list(zip(table.columns, types, strict=True))), 0
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for rows in read(table):
            columns = [
                pa.array([None if value is None else _plain[kind](value) for value in column], kind_of)
                for column, kind, kind_of in zip(zip(*rows, strict=True), table.kinds, types, strict=True)
            ]
            file.write_batch(pa.record_batch(columns, schema=schema))
            count += len(rows)
    return count


def _text(value: Any) -> str:
    if isinstance(value, UUID):
        return value.hex
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


_plain: dict[str, Any] = {
    "int64": int, "double": float, "bool": bool, "binary": bytes, "string": _text, "date32": _day
}  # fmt: skip


def there() -> set[str]:
    """Give the names of the tables that the database has."""
    return set(connection.introspection.table_names())


def empty(names: Iterable[str]) -> None:
    """Take away what a new database holds of itself, so that all rows are those that are brought back."""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")


def read_parquet(name: str, path: Path) -> int:
    """Write what a Parquet file holds into the table of that name; give how many rows it had."""
    import pyarrow.parquet as pq

    count = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH):
            rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
            writing.write(name, batch.schema.names, rows)
            count += len(rows)
    return count


def counters() -> dict[str, int]:
    """Give how far each table has counted: no number is given twice, were its row gone."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            return dict(cursor.fetchall())
        return dict(_counted(cursor, tables()))


def _counted(cursor: Any, found: Sequence[Table]) -> Iterator[tuple[str, int]]:
    for table in found:
        if table.counted:
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table.name, table.counted])
            cursor.execute(f"SELECT last_value, is_called FROM {cursor.fetchone()[0]}")
            last, called = cursor.fetchone()
            yield table.name, last if called else 0


def count_on(counted: dict[str, int]) -> None:
    """Let each table count on from where it was, or from its greatest id; one that this build lacks comes later."""
    built = there()
    with connection.cursor() as cursor:
        for table in tables():
            if not table.counted or table.name not in built:
                continue
            key, name = connection.ops.quote_name(table.counted), connection.ops.quote_name(table.name)
            cursor.execute(f"SELECT COALESCE(MAX({key}), 0) FROM {name}")
            last = max(cursor.fetchone()[0], counted.get(table.name, 0))
            if last and connection.vendor == "postgresql":
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table.name, table.counted, last])
            elif last:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, last])
