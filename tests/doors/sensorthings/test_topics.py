"""What is subscribed is remembered: whoever else subscribes at the same moment, and whatever became of the file."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

import pytest

from cityloop.doors.sensorthings.mqtt.topics import Topics

pytestmark = pytest.mark.once

FIELDS = ("id", "name", "description", "properties")
NAMES = [f"v1.1/Things?$select={','.join(some)}" for n in (1, 2, 3) for some in permutations(FIELDS, n)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mqtt-topics.json"


def test_many_who_subscribe_at_the_same_moment_are_all_remembered(file: Path) -> None:
    learning = Topics(file)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(learning.learn, NAMES))
    again = Topics(file)
    again.begin()
    assert again.names == set(NAMES) and len(again.entities) == len(NAMES)


@pytest.mark.parametrize("broken", [b"", b'["v1.1/Thi', b"{}", b"\xff"])
def test_a_file_that_cannot_be_read_stops_no_bridge(file: Path, broken: bytes) -> None:
    file.write_bytes(broken)
    learning = Topics(file)
    learning.begin()
    assert not learning.names
    learning.learn(NAMES[0])
    again = Topics(file)
    again.begin()
    assert again.names == {NAMES[0]}
