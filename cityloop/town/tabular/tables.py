"""Reading the rows of a file, sound and broken ones alike: no row is lost, none stops the others."""

import csv
import gzip
import io
import json
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.tabular import geojson
from cityloop.town.tabular.source import SourceMap
from cityloop.town.tabular.whole import GZIP

FIELD_MOST = 131_072
LINE_MOST = 8 * FIELD_MOST
ENCODINGS = ("utf-8", "gb18030")  # what spreadsheets write; the latter holds GBK and GB 2312
MARKS = (";", "\t", "|", ",")


class Raw(NamedTuple):
    """A row: its number (1 = the first after the header), its line, and its values or what is wrong with it."""

    number: int
    line: int
    values: tuple[str, ...]
    field: str = ""
    reason: str = ""


class Table:
    """A file opened for reading: `rows()` goes through it once, `share()` says how far it has come."""

    def __init__(
        self, path: Path, source: SourceMap, wanted: dict[str, str], numbers: Collection[str] = frozenset()
    ) -> None:
        if not path.is_file():
            raise Refusal("import.file", "There is no file {path}.", "file", path=str(path))
        self.path, self.source, self.wanted = path, source, wanted
        self._commas = [i for i, name in enumerate(wanted) if name in numbers] if source.decimal == "," else []
        self.size = max(1, path.stat().st_size)
        self._told: Callable[[], int] = lambda: 0

    def share(self) -> float:
        """Give how much of the file has been read, 0 to 1."""
        return min(1.0, self._told() / self.size)

    def rows(self) -> Iterator[Raw]:
        """Go through the rows; values come in the order of `wanted`, those of `numbers` with a decimal point."""
        kind = self.source.format or _format_of(self.path.name)
        rows = {"parquet": self._parquet, "geojson": self._geojson}.get(kind, self._csv)()
        return map(self._pointed, rows) if self._commas else rows

    def _pointed(self, raw: Raw) -> Raw:
        values = list(raw.values)
        for place in self._commas if values else ():
            if values[place].count(",") == 1 and "." not in values[place]:  # 1.234,5 is left to be no number
                values[place] = values[place].replace(",", ".")
        return raw._replace(values=tuple(values))

    # --- GeoJSON

    def _geojson(self) -> Iterator[Raw]:
        found = geojson.read(self.path)
        names = [found.names[place] for place in _positions(found.names, self.wanted)]
        if found.crs and geojson.LON in self.wanted:
            raise Refusal(
                "import.crs",
                "The places of {file} are in {crs}: convert them to WGS 84, or name columns with degrees in [place].",
                "place",
                file=self.path.name,
                crs=found.crs,
            )
        self._told = lambda: self.size
        for number, feature in enumerate(found.features, 1):
            yield _checked(Raw(number, number, tuple(_text(feature.get(name)) for name in names)), self.wanted)

    # --- Parquet

    def _parquet(self) -> Iterator[Raw]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(self.path)
            names = [file.schema_arrow.names[place] for place in _positions(file.schema_arrow.names, self.wanted)]
            total, number = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(batch_size=5_000, columns=names):
                columns, broken = self._listed([batch.column(batch.schema.names.index(name)) for name in names])
                for row, values in enumerate(zip(*columns, strict=True)):
                    number += 1
                    if row in broken:
                        yield Raw(number, number, (), *broken[row])
                    else:
                        yield _checked(Raw(number, number, tuple(map(_text, values))), self.wanted)
                done = int(self.size * number / total)
                self._told = lambda done=done: done  # type: ignore[misc]
        except (pa.ArrowException, OSError) as error:
            raise Refusal(
                "import.parquet", "{file} is no readable Parquet file: {why}.", "file", file=self.path.name, why=error
            ) from error

    def _listed(self, columns: Sequence[Any]) -> tuple[list[list[Any]], dict[int, tuple[str, str]]]:
        """Give the values of columns, and for rows with one that is no value here its column and what is wrong."""
        found: list[list[Any]] = []
        broken: dict[int, tuple[str, str]] = {}
        for name, column in zip(self.wanted, columns, strict=True):
            try:
                found.append(column.to_pylist())
            except (ValueError, OverflowError):  # of some value: a nanosecond, the year 10,000
                found.append([None] * len(column))
                for row, value in enumerate(column):
                    try:
                        found[-1][row] = value.as_py()
                    except (ValueError, OverflowError) as error:
                        broken.setdefault(row, (name, f"it has a value that cannot be read: {error}"))
        return found, broken

    # --- CSV

    def _csv(self) -> Iterator[Raw]:
        csv.field_size_limit(FIELD_MOST)
        with self.path.open("rb") as raw:
            self._told = raw.tell
            lines = _Lines(self._text(raw))
            try:
                yield from _csv_rows(lines, self.source, self.wanted)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                yield Raw(lines.number, lines.count + 1, (), "file", f"the file ends here before its time ({error})")
            except UnicodeError as error:
                raise Refusal(
                    "import.encoding",
                    "{file} is not {encoding}: {why}.",
                    "source.encoding",
                    file=self.path.name,
                    encoding=self.source.encoding,
                    why=error,
                ) from error
            finally:
                self._told = lambda: self.size

    def _text(self, raw: Any) -> io.TextIOBase:
        zipped = raw.read(2) == GZIP
        raw.seek(0)
        stream: Any = gzip.GzipFile(fileobj=raw) if zipped else raw
        encoding = (
            "utf-8-sig" if self.source.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else self.source.encoding
        )
        try:
            return io.TextIOWrapper(io.BufferedReader(stream), encoding=encoding, errors="surrogateescape", newline="")
        except LookupError as error:
            raise Refusal(
                "import.encoding", "There is no encoding {name}.", "source.encoding", name=encoding
            ) from error


def _format_of(name: str) -> str:
    plain = name.removesuffix(".gz")
    return "parquet" if plain.endswith(".parquet") else "geojson" if plain.endswith((".geojson", ".json")) else "csv"


class _Lines:
    """Physical lines that can be given back, with the number of the last one."""

    def __init__(self, stream: io.TextIOBase) -> None:
        self.stream = stream
        self.back: deque[str] = deque()
        self.taken: list[str] = []
        self.count = 0
        self.number = 0
        self.long = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.back.popleft() if self.back else self._line()
        if not line:
            raise StopIteration
        self.count += 1
        self.taken.append(line)
        return line

    def _line(self) -> str:
        line = self.stream.readline(LINE_MOST)
        if len(line) < LINE_MOST or line.endswith("\n"):
            return line
        self.long = True
        while (more := self.stream.readline(LINE_MOST)) and not more.endswith("\n"):
            pass
        return "\n"

    def begin(self) -> None:
        """Begin a row."""
        self.taken.clear()
        self.long = False

    def give_back(self) -> None:
        """Give back all lines of this row but the first: a stray quote may have swallowed sound rows."""
        rest = self.taken[1:]
        self.back.extendleft(reversed(rest))
        self.count -= len(rest)


def _csv_rows(lines: _Lines, source: SourceMap, wanted: dict[str, str]) -> Iterator[Raw]:
    reader = csv.reader(lines, delimiter=source.delimiter, quotechar=source.quote)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise Refusal(
            "import.header", "The first line of the file names no columns: {why}.", "file", why=_reason(error)
        ) from error
    if not header:
        raise Refusal("import.empty", "The file is empty.", "file")
    _hinted(header, source, wanted)
    places, width = _positions(header, wanted), len(header)
    while True:
        lines.begin()
        first = lines.count + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row, reason = [], _reason(error)
        else:
            reason = "" if len(row) == width else f"it has {len(row)} fields where the header has {width}"
        if lines.long:
            reason = f"it is longer than {LINE_MOST:,} characters"
        elif not row and not reason.startswith("a field") and all(not line.strip() for line in lines.taken):
            continue
        lines.number += 1
        if reason:
            lines.give_back()
            yield Raw(lines.number, first, (), "row", reason)
        else:
            yield _checked(Raw(lines.number, first, tuple([row[i] for i in places])), wanted)


def _reason(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a field is longer than {FIELD_MOST:,} characters, or a quote is not closed"
    return f"it is no CSV row: {error}"


def _hinted(header: Sequence[str], source: SourceMap, wanted: dict[str, str]) -> None:
    """Refuse a header that is plainly written otherwise than the map says, naming the key that says how."""
    whole = source.delimiter.join(header)
    if "\0" in whole:  # every other byte, in either order
        raise Refusal(
            "import.encoding", 'The file is not {encoding}; it looks like UTF-16: say encoding = "utf-16" in [source].',
            "source.encoding", encoding=source.encoding,
        )  # fmt: skip
    there = wanted.keys() & _plain(header, source)
    for encoding in ENCODINGS if len(there) < len(wanted) else ():
        if len(wanted.keys() & _plain(_reread(whole, source, encoding).split(source.delimiter), source)) > len(there):
            raise Refusal(
                "import.encoding", "The file is not {encoding}: say encoding = {other} in [source].",
                "source.encoding", encoding=source.encoding, other=json.dumps(encoding),
            )  # fmt: skip
    if there:
        return
    for mark in MARKS:
        if wanted.keys() & _plain(whole.split(mark), source):
            raise Refusal(
                "import.delimiter", "{mark} separates the columns of the file: say delimiter = {mark} in [source].",
                "source.delimiter", mark=json.dumps(mark),
            )  # fmt: skip


def _reread(text: str, source: SourceMap, encoding: str) -> str:
    """Give what a text would be in another encoding; "" where its bytes are none of it."""
    try:
        return text.encode(source.encoding, "surrogateescape").decode(encoding)
    except UnicodeError:
        return ""


def _plain(names: Sequence[str], source: SourceMap) -> set[str]:
    return {name.strip(f"{source.quote}\ufeff ") for name in names}


def _positions(header: Sequence[str], wanted: dict[str, str]) -> list[int]:
    names = [name.lstrip("\ufeff").strip() for name in header]
    for name, field in wanted.items():
        if name not in names:
            raise Refusal(
                "import.column", "The file has no column {name!r}; it has {names}.", field,
                name=name, names=", ".join(n[:40] for n in names[:60]),
            )  # fmt: skip
    return [names.index(name) for name in wanted]


def _checked(raw: Raw, wanted: dict[str, str]) -> Raw:
    """Find bytes that are not in the encoding declared, in the columns that are read."""
    if "".join(raw.values).isascii():
        return raw
    for name, value in zip(wanted, raw.values, strict=True):
        try:
            value.encode()
        except UnicodeEncodeError:
            return Raw(raw.number, raw.line, (), name, "it has bytes that are not in the encoding declared")
    return raw


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
