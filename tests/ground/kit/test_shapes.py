"""A shape is read into by many threads at once from the first moment on."""

import subprocess
import sys

import msgspec
import pytest

from cityloop.ground.kit import shapes

# Each thread of a new process reads into a shape that none has read into yet, three hundred times over.
RACE = """
import sys, threading
import msgspec
from cityloop.ground.kit import shapes

sys.setswitchinterval(1e-6)
DATA = {"x": 1, "y": {"k": {"a": 1, "b": {"q": 2}}}, "z": [{"a": 1, "b": {}}] * 3}

def race():
    class Leaf(msgspec.Struct):
        a: int
        b: dict[str, int]
    class Tree(msgspec.Struct, forbid_unknown_fields=True):
        x: int
        y: dict[str, Leaf]
        z: list[Leaf]
        w: tuple[str, ...] = ()
    start = threading.Barrier(4)
    shapes.ready(Tree)
    def read():
        start.wait()
        shapes.of_plain(DATA, Tree)
        shapes.of_json(msgspec.json.encode(DATA), Tree)
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

for _ in range(300):
    race()
"""


def test_threads_read_into_a_new_shape_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr  # -11 without `ready`


def test_only_what_is_ready_is_read_into() -> None:
    class Late(msgspec.Struct):
        a: int

    with pytest.raises(KeyError):
        shapes.of_plain({"a": 1}, Late)
    with pytest.raises(KeyError):
        shapes.of_json(b'{"a": 1}', Late)
    assert shapes.of_json(b'{"a": 1}', shapes.ready(Late)) == Late(1)
    assert shapes.of_plain({"a": 1}, Late) == Late(1)
    with pytest.raises(msgspec.ValidationError):
        shapes.of_plain({"a": "x"}, Late)
