"""A city kept in one file comes back whole: on either database, from a moment of a busy day, and never half."""

import hashlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq
import pytest

from tests.faults.house import WAY, Crowd, House, built
from tests.fresh import fresh_database

SERVER = os.environ.get("DATABASE_URL", "")
STILL = pytest.mark.xdist_group("still city")  # one process makes it
COLLECT = {"words": "灯坏了 \x01\t\\N", "matter": "tree", "lon": 10.05, "lat": 50.07}


def verb(house: House, *words: object) -> tuple[int, Any]:
    command = [sys.executable, "-m", "cityloop.doors.cli.main", *map(str, words), "--json"]
    done = subprocess.run(command, env=house.env, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def place(path: Path, *, like: House | None, url: str | None = None) -> House:
    """Give a place where no city is yet, with the keys of another where it is to come back."""
    path.mkdir()
    if like is not None:
        (shutil.copytree if (like.home / "keys").is_dir() else suppress)(like.home / "keys", path / "keys")
        shutil.copy(like.home / "secret.key", path / "secret.key")
    wanted = fresh_database(SERVER, f"back_{uuid4().hex[:12]}", "template1") if url is None else url
    return House(path, wanted)


def held(file: Path) -> dict[str, list[Any]]:
    """Give all rows of an archive, by table."""
    with tarfile.open(file) as tar:
        names = [name for name in tar.getnames() if name.startswith("tables/")]
        return {name: sorted(map(repr, pq.read_table(tar.extractfile(name)).to_pylist())) for name in names}


def files(house: House) -> dict[str, bytes]:
    media = house.home / "media"
    return {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*") if path.is_file()}


@contextmanager
def with_a_photo(home: Path) -> Iterator[House]:
    with built(home) as made:
        photo = made.home / "media" / "photos" / "ab"
        photo.mkdir(parents=True)
        (photo / "abc.webp").write_bytes(os.urandom(200_000))
        yield made


@pytest.fixture
def city(tmp_path: Path) -> Iterator[House]:
    with with_a_photo(tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="module")
def still_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A city that no test changes."""
    with with_a_photo(tmp_path_factory.mktemp("still") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def kept(still_city: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the still city keeps; tests that break it break a copy."""
    file = tmp_path_factory.mktemp("kept") / "city.tar"
    assert verb(still_city, "backup", file)[0] == 0
    return file


@pytest.mark.xdist_group("faults")
def test_it_is_of_one_moment_of_a_busy_day_and_comes_back_whole(city: House, tmp_path: Path) -> None:
    """Kept while people report and act; on the other database, where there is one, and back again, row by row."""
    city.start()
    before = city.report("before")[1]["number"]
    crowd = Crowd(city, 7)
    for _ in crowd.rush(1.0):
        code, said = verb(city, "backup", tmp_path / "one.tar")
        assert code == 0, said
    crowd.settle()
    city.kill()
    there = place(tmp_path / "there", like=city, url="" if SERVER else None)
    assert verb(there, "restore", tmp_path / "one.tar")[1]["rows"] == said["rows"]
    assert there.verify() == []
    numbers, steps = there.facts()
    assert set(numbers) <= {*crowd.answered.values(), before} and before in numbers and steps
    assert files(there) == files(city)
    assert verb(there, "backup", tmp_path / "two.tar")[0] == 0
    back = place(tmp_path / "back", like=city)
    assert verb(back, "restore", tmp_path / "two.tar")[0] == 0
    assert verb(back, "backup", tmp_path / "three.tar")[0] == 0
    assert held(tmp_path / "one.tar") == held(tmp_path / "two.tar") == held(tmp_path / "three.tar")
    _goes_on(there, set(numbers))
    for house in (there, back):
        house.close()


def _goes_on(house: House, known: set[str]) -> None:
    """What was written can be read, and the next number is a new one."""
    house.start()
    status, said = house.post("/api/v1/reports", COLLECT, Idempotency_Key="new")
    assert status == 201 and said["number"] not in known
    words = "from cityloop.town.persons.queries import words\nfrom cityloop.town.persons.models import Words\n"
    read = house.python(words + "print(list(words(Words.objects.values_list('pk', flat=True)).values()))")
    assert "A tree, before" in read and "灯坏了" in read
    house.kill()
    assert house.verify() == []


@STILL
def test_without_its_keys_it_does_not_come_back(kept: Path, tmp_path: Path) -> None:
    with tarfile.open(kept) as tar:
        assert not [
            name for name in tar.getnames() if name.split("/")[1:2] == ["keys"] or "secret" in name or "sqlite" in name
        ]
    nowhere = place(tmp_path / "nowhere", like=None)
    code, said = verb(nowhere, "restore", kept)
    assert (code, said["error"]["code"]) == (2, "backup.keys")


@STILL
def test_it_comes_back_over_no_city_and_overwrites_no_backup(still_city: House, kept: Path) -> None:
    city = still_city
    before = kept.read_bytes()
    assert verb(city, "restore", kept)[1]["error"]["code"] == "backup.city"
    assert verb(city, "backup", kept)[1]["error"]["code"] == "backup.there"
    assert verb(city, "backup", city.home / "in.tar")[1]["error"]["code"] == "backup.place"
    assert verb(city, "backup", kept / "no" / "folder.tar")[1]["error"]["code"] == "backup.write"
    assert kept.read_bytes() == before
    assert city.verify() == []


@STILL
def test_a_full_disk_is_told_and_leaves_nothing_behind(still_city: House, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "cityloop.doors.cli.main", "backup", str(tmp_path / "small.tar"), "--json"]
    done = subprocess.run(
        words, env=still_city.env, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000)),
    )  # fmt: skip
    assert done.returncode == 2 and json.loads(done.stdout)["error"]["code"] == "backup.write", done.stderr
    assert list(tmp_path.iterdir()) == []


def test_links_are_followed_and_the_database_is_no_file_of_the_city(city: House, tmp_path: Path) -> None:
    """Imagery is linked where it is too large to copy; a SQLite database may have any name."""
    (tmp_path / "large.tif").write_bytes(b"II*\0" * 9)
    (city.home / "imagery").mkdir(exist_ok=True)
    (city.home / "imagery" / "large.tif").symlink_to(tmp_path / "large.tif")
    if not SERVER:
        (city.home / "city.sqlite3").rename(city.home / "town.db")
        city.url = f"sqlite:///{city.home / 'town.db'}"
    assert verb(city, "backup", tmp_path / "city.tar")[0] == 0
    with tarfile.open(tmp_path / "city.tar") as tar:
        names = tar.getnames()
        assert tar.extractfile("imagery/large.tif").read() == b"II*\0" * 9  # type: ignore[union-attr]
    assert not [name for name in names if "town.db" in name or "sqlite" in name]


@STILL
def test_what_is_broken_leaves_nothing_behind(still_city: House, kept: Path, tmp_path: Path) -> None:
    """One after another is refused, and then a whole one comes back there as where nothing was tried."""
    whole = kept.read_bytes()
    with tarfile.open(kept) as tar:
        at = tar.getmember("media/photos/ab/abc.webp").offset_data + 100_000
    changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    there = place(tmp_path / "there", like=still_city)
    for body in (whole[: len(whole) // 2], changed, b"", b"PK\x03\x04" * 9_999):
        (tmp_path / "broken.tar").write_bytes(body)
        code, said = verb(there, "restore", tmp_path / "broken.tar")
        assert (code, said["error"]["code"]) == (2, "backup.changed" if body == changed else "backup.broken")
        assert files(there) == {}
    assert verb(there, "restore", kept)[0] == 0
    assert verb(there, "backup", tmp_path / "again.tar")[0] == 0
    assert held(tmp_path / "again.tar") == held(kept)
    there.close()


def rewritten(kept: Path, made: Path, **bodies: bytes | None) -> Path:
    """Write an archive anew with other bodies, or without, by the first word of their names, and with sums that fit."""
    with tarfile.open(kept) as old, tarfile.open(made, "w") as new:
        said = {info.name: old.extractfile(info).read() for info in old}
        changed = {name: bodies[Path(name).stem] for name in said if Path(name).stem in bodies}
        said = {name: body for name, body in (said | changed).items() if body is not None}
        sums = json.loads(said.pop("sums.json"))
        sums["sha256"] = {name: hashlib.sha256(body).hexdigest() for name, body in said.items()}
        for name, body in {**said, "sums.json": json.dumps(sums).encode()}.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            new.addfile(info, io.BytesIO(body))
    return made


def lacking(kept: Path, table: str, *columns: str) -> bytes:
    """Give a table of an archive as it was before columns came."""
    with tarfile.open(kept) as tar:
        older = pq.read_table(tar.extractfile(f"tables/{table}.parquet")).drop(list(columns))
    with io.BytesIO() as made:
        pq.write_table(older, made)
        return made.getvalue()


def about(kept: Path, before: str = "", more: str = "") -> bytes:
    """Say of an archive that its cases were built less far, before a migration, or further."""
    with tarfile.open(kept) as tar:
        told = json.load(tar.extractfile("city.json"))
    built_so_far = [(app, name) for app, name in told["migrations"] if not before or app != "cases" or name < before]
    told["migrations"] = built_so_far + [("cases", more)] * bool(more)
    return json.dumps(told).encode()


def test_what_an_older_version_kept_is_brought_up_to_this_one(city: House, tmp_path: Path) -> None:
    """Since a migration of cases each part says whether its case has ended: an older version knew nothing of it."""
    city.start()
    ended, going = (city.report(key)[1]["number"] for key in ("a", "b"))
    for number in (ended, going):
        for seq, (action, who) in enumerate(WAY[:2], 1):
            assert city.act(number, action, who, seq)[0] == 200
    city.kill()
    told = "from cityloop.loops.cases.models import Part\nprint(sorted(Part.objects.values_list('ended', flat=True)))"
    end = "from cityloop.loops.cases.models import Case\ncase = Case.objects.order_by('pk').first()\n"
    city.python(end + "Case.objects.filter(pk=case.pk).update(closed=case.at)")
    assert verb(city, "backup", tmp_path / "city.tar")[0] == 0
    older = rewritten(
        tmp_path / "city.tar", tmp_path / "older.tar", cases_daycount=None, cases_daytime=None,
        cases_part=lacking(tmp_path / "city.tar", "cases_part", "ended"),
        cases_case=lacking(tmp_path / "city.tar", "cases_case", "address_salt", "adjusted"),
        city=about(tmp_path / "city.tar", before="0011_part_ended"),
    )  # fmt: skip
    there = place(tmp_path / "there", like=city)
    assert verb(there, "restore", older)[0] == 0
    assert there.python(told).strip() == "[False, False, True, True]"
    there.close()


@STILL
def test_what_does_not_fit_is_refused_before_anything_is_written(still_city: House, kept: Path, tmp_path: Path) -> None:
    newer = rewritten(kept, tmp_path / "newer.tar", city=about(kept, more="9999_of_tomorrow"))
    there = place(tmp_path / "there", like=still_city)
    said = verb(there, "restore", newer)[1]["error"]
    assert said["code"] == "backup.newer" and "cases.9999_of_tomorrow" in said["message"]
    assert verb(there, "migrate")[0] == 0
    older = rewritten(kept, tmp_path / "older.tar", city=about(kept, before="0011_part_ended"))
    assert verb(there, "restore", older)[1]["error"]["code"] == "backup.ahead"
    assert verb(there, "restore", kept)[0] == 0  # one that is built as far takes it


def test_a_database_of_an_older_build_is_not_kept(city: House, tmp_path: Path) -> None:
    back = "from django.core.management import call_command\n"
    city.python(back + "call_command('migrate', 'cases', '0010', verbosity=0)")
    assert verb(city, "backup", tmp_path / "city.tar")[1]["error"]["code"] == "backup.behind"
    assert list(tmp_path.glob("*.tar*")) == list(tmp_path.glob(".*.part")) == []
