"""One tar file with a sum for everything in it: cut short or changed, it is known before anything is done."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

from cityloop.ground.kit.refusal import Refusal

FORMAT = 1
ABOUT, SUMS = "city.json", "sums.json"
BLOCK = 1 << 20


class Writer:
    """Writes an archive; it has its name only when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path, self.part = path, path.with_name(f".{path.name}.part")
        self.sums: dict[str, str] = {}
        self.tar = tarfile.open(self.part, "w")  # noqa: SIM115  closed by `end` or `drop`
        self.part.chmod(0o600)

    def add(self, name: str, path: Path) -> int:
        """Add a file under a name; give its size."""
        with path.open("rb") as file:
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = os.fstat(file.fileno()).st_size, 0o600, int(path.stat().st_mtime)
            summed = _Summed(file)
            self.tar.addfile(info, summed)
        self.sums[name] = summed.sum.hexdigest()
        return info.size

    def tell(self, name: str, value: Any) -> None:
        """Add a page of facts."""
        body = json.dumps(value, ensure_ascii=False, indent=1).encode()
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(body), 0o600
        self.tar.addfile(info, io.BytesIO(body))
        self.sums[name] = hashlib.sha256(body).hexdigest()

    def end(self, facts: dict[str, Any]) -> None:
        """Add the sums and give the archive its name, safe on the disk."""
        self.tell(SUMS, {**facts, "sha256": dict(self.sums)})
        self.tar.close()
        with self.part.open("rb") as file:
            os.fsync(file.fileno())
        self.part.replace(self.path)

    def drop(self) -> None:
        """Leave nothing behind, also on a disk that is full: closing writes the last blocks."""
        with suppress(OSError):
            self.tar.close()
        self.part.unlink(missing_ok=True)


class _Summed(io.RawIOBase):
    """A file that is summed up while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.sum.update(block)
        return block


class Reader:
    """Reads an archive that is whole; refuses any other."""

    def __init__(self, path: Path) -> None:
        try:
            self.tar = tarfile.open(path)  # noqa: SIM115  closed by `close`
            self.about, self.facts = self._page(ABOUT), self._page(SUMS)
        except (tarfile.TarError, KeyError, ValueError, OSError) as error:
            raise Refusal(
                "backup.broken", "{file} is no backup, or is not whole ({why}).", "file", file=path.name, why=error
            ) from error
        if self.about.get("format") != FORMAT:
            raise Refusal("backup.format", "{file} was written by another Cityloop.", "file", file=path.name)
        self.sums: dict[str, str] = self.facts["sha256"]

    def _page(self, name: str) -> Any:
        file = self.tar.extractfile(self.tar.getmember(name))
        return json.load(file) if file else {}

    def names(self, under: str) -> Iterator[str]:
        """Give what lies under a folder of the archive, in order."""
        return (name for name in self.sums if name.startswith(f"{under}/"))

    def take(self, name: str, place: Path) -> None:
        """Take a file out to a place, or refuse it where it is not what was written."""
        place.parent.mkdir(parents=True, exist_ok=True)
        file = self.tar.extractfile(name)
        if file is None:
            raise Refusal("backup.broken", "{name} is no file.", "file", name=name)
        summed, part = _Summed(file), place.with_name(f".{place.name}.part")
        with part.open("wb") as out:
            shutil.copyfileobj(summed, out, BLOCK)
        if summed.sum.hexdigest() != self.sums[name]:
            part.unlink()
            raise Refusal("backup.changed", "{name} in the backup is not what was written.", "file", name=name)
        part.replace(place)

    def close(self) -> None:
        """Close it."""
        self.tar.close()


def inside(name: str) -> PurePosixPath:
    """Give the path below the folder of an archive that a name begins with; refuse one that leads out of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
        raise Refusal("backup.name", "The backup names a place outside of the city: {name}", "file", name=name)
    return PurePosixPath(*path.parts[1:])
