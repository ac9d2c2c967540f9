"""A verb as it is typed, without a process of its own: that costs a second each."""

import json
from typing import Any

from click.testing import CliRunner

from cityloop.doors.cli.main import cityloop


def typed(*words: str) -> tuple[int, Any]:
    """Give the exit code and the answer in JSON."""
    done = CliRunner().invoke(cityloop, [*words, "--json"], standalone_mode=False)
    assert done.exception is None, f"{done.output}\n{done.exception!r}"
    return int(done.return_value), json.loads(done.output)
