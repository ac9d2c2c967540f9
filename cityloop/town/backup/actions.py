"""Keeping a city in one file, and bringing it back."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from cityloop import __version__
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.backup import states, tables
from cityloop.town.backup.archive import ABOUT, FORMAT, Reader, Writer, inside
from cityloop.town.columns import real_now, rfc3339
from cityloop.town.persons import keys

# What stays out of an archive: the keys, which are kept apart from it, the database, and what lasts for minutes.
LEFT = frozenset({"keys", "secret.key", "rates", "outbox", "imports", "metrics", "last-backup"})
LAST = "last-backup"  # an empty file of the home folder: as old as the last backup that this machine has written
DATABASE = "city.sqlite3"


@dataclass(frozen=True, slots=True)
class Held:
    """What an archive holds."""

    tables: int
    rows: int
    files: int
    bytes: int


def keep(path: Path) -> Held:
    """Write the whole city, as it stands at one moment, to a file outside of its home; the city goes on meanwhile."""
    place = path.resolve()
    if place.is_relative_to(Path(settings.HOME)):
        raise Refusal("backup.place", "Write the backup outside of the city's home folder.", "file")
    if place.exists():
        raise Refusal("backup.there", "{file} is there already; a backup overwrites nothing.", "file", file=path.name)
    states.check_built()
    try:
        writer = Writer(place)
    except OSError as error:
        raise Refusal(
            "backup.write", "{file} cannot be written ({why}).", "file", file=path, why=error.strerror
        ) from error
    try:
        return _keep(writer)
    except BaseException as error:
        writer.drop()
        if isinstance(error, OSError) and error.filename is None:  # a full disk names no file
            raise Refusal(
                "backup.write", "{file} cannot be written ({why}).", "file", file=path, why=error.strerror
            ) from error
        raise


def _keep(writer: Writer) -> Held:
    rows = dict[str, int]()
    with tempfile.TemporaryDirectory(dir=writer.part.parent) as folder, tables.snapshot():
        writer.tell(ABOUT, _about())
        for table in tables.tables():
            made = Path(folder) / "table.parquet"
            rows[table.name] = tables.write_parquet(table, made)
            writer.add(f"tables/{table.name}.parquet", made)
        counted = tables.counters()
    sizes = [writer.add(name, path) for name, path in _files() if path.is_file()]
    writer.end({"rows": rows, "counters": counted})
    (Path(settings.HOME) / LAST).touch()
    return Held(len(rows), sum(rows.values()), len(sizes), writer.path.stat().st_size)


def last_kept() -> float | None:
    """Give when the last backup was written from this machine, in seconds of Unix time; None where none was."""
    path = Path(settings.HOME) / LAST
    return path.stat().st_mtime if path.exists() else None


def _about() -> dict[str, object]:
    """Say what the archive is; the first thing read inside the snapshot, which begins with it."""
    return {
        "format": FORMAT,
        "cityloop": __version__,
        "at": rfc3339(real_now()),
        "database": connection.vendor,
        "migrations": states.built(),
        "keys": [key.id for key in keys.ring()],
    }


def roots() -> dict[str, Path]:
    """Give the folders of files that belong to the city, by their name in an archive; first the history: it moves."""
    return {
        "history": Path(settings.HISTORY),
        "media": Path(settings.MEDIA_ROOT),
        "imagery": Path(settings.IMAGERY),
        "home": Path(settings.HOME),
    }


def _files() -> Iterator[tuple[str, Path]]:
    """Give every file of the city with its name in the archive, each once."""
    seen = set[Path]()
    for name, root in roots().items():
        for path in sorted(root.rglob("*")):
            below = path.relative_to(root)
            if name == "home" and (below.parts[0] in LEFT or below.parts[0].startswith(DATABASE)):
                continue
            # A link to a file is the city's file, wherever it lies: imagery is linked where it is too large to copy.
            if path.is_file() and not _of_the_database(path) and (real := path.resolve()) not in seen:
                seen.add(real)
                yield f"{name}/{below.as_posix()}", path


def _of_the_database(path: Path) -> bool:
    """Tell whether a file is the SQLite database in use, under whatever name, or lies beside it as one of its own."""
    if connection.vendor != "sqlite":
        return False
    used = Path(connection.settings_dict["NAME"]).resolve()
    return path.resolve() in {used.with_name(used.name + end) for end in ("", "-wal", "-shm", "-journal")}


def bring_back(path: Path) -> Held:
    """Bring a city back into an empty database and home: all of it or nothing. Its keys must be there already."""
    reader = Reader(path)
    try:
        _check_keys(reader)
        _check_empty()
        states.build(reader.about["migrations"])
        with tempfile.TemporaryDirectory(dir=settings.HOME) as folder, transaction.atomic():
            _check_empty()  # nobody came in meanwhile
            rows = _tables(reader, Path(folder))
            files = [_file(reader, name) for root in roots() for name in reader.names(root)]
        states.bring_up()
    finally:
        reader.close()
    return Held(len(rows), sum(rows.values()), len(files), path.stat().st_size)


def _check_keys(reader: Reader) -> None:
    missing = set(reader.about["keys"]) - {key.id for key in keys.ring()}
    if missing:
        raise Refusal(
            "backup.keys",
            "The keys of that city are not here: put its secret.key (or CITYLOOP_SECRET_KEY) and its folder keys into "
            "{home} first. Without them nobody could read what people wrote.",
            "keys", home=settings.HOME,
        )  # fmt: skip


def _check_empty() -> None:
    """Refuse a database in which a city lives."""
    there = tables.there()
    with connection.cursor() as cursor:
        for name in {"units_city", "ledger_step"} & there:
            cursor.execute(f'SELECT 1 FROM "{name}" LIMIT 1')
            if cursor.fetchone():
                raise Refusal("backup.city", "A city lives in this database; bring one back into an empty one.", "file")


def _tables(reader: Reader, folder: Path) -> dict[str, int]:
    """Write all rows; give how many each table has. The sums of the files say that they are those that were kept."""
    found = {Path(name).stem: name for name in reader.names("tables")}
    if unknown := sorted(set(found) - tables.there()):
        raise Refusal("backup.table", "The backup has a table that no city has: {name}", "file", name=unknown[0])
    tables.empty(found)
    rows = dict[str, int]()
    for table, name in found.items():
        made = folder / "table.parquet"
        reader.take(name, made)
        rows[table] = tables.read_parquet(table, made)
    tables.count_on(reader.facts["counters"])
    return rows


def _file(reader: Reader, name: str) -> Path:
    place = roots()[name.partition("/")[0]] / inside(name)
    if _of_the_database(place):
        raise Refusal("backup.name", "The backup names a place outside of the city: {name}", "file", name=name)
    reader.take(name, place)
    return place
