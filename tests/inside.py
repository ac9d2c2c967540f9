"""A process inside a city that does one thing after the other as it is asked: Django is begun once, not each time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOOP = """
import contextlib, io, json, sys, traceback
import django; django.setup()
from django.core.cache import cache
from django.db import connections
from django.utils.translation import deactivate
from cityloop.ground.kit.remembered import Remembered
from cityloop.loops.cases import loop
from cityloop.town.calendar.clock import city_clock

def anew(code, words):
    Remembered.drop_all(), loop.forget(), city_clock.restart(), cache.clear(), deactivate()
    sys.argv, said = ["-c", *words], io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(code, {"__name__": "__main__"})
    except BaseException:
        return [False, traceback.format_exc()]
    finally:
        connections.close_all()
    return [True, said.getvalue()]

known, out = {}, sys.stdout
sys.stdout = sys.stderr
for line in sys.stdin:
    code, words = json.loads(line)
    if words is None:
        exec(code, known)
    told = known.pop("told", None) if words is None else anew(code, words)
    print(json.dumps(told), file=out, flush=True)
"""


class Inside:
    """Runs pieces of Python in a city's Django; it begins with the first."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.process: subprocess.Popen[str] | None = None

    def do(self, code: str) -> Any:
        """Give what a piece leaves in `told`; all else stays for the next."""
        return self._ask(code, None)

    def say(self, code: str, *words: str) -> str:
        """Give what a piece prints; it finds nothing that was there before, as in a process of its own."""
        held, said = self._ask(code, words)
        assert held, said
        return str(said)

    def _ask(self, code: str, words: tuple[str, ...] | None) -> Any:
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-c", LOOP], env=self.env, cwd=ROOT, text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self.process.stdin and self.process.stdout
        print(json.dumps([code, words]), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, f"it broke off at:\n{code}"
        return json.loads(answer)

    def end(self) -> None:
        """End it, where it was begun."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
