"""`cityloop bench`: measure, and say whether each figure holds its goal."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.refusal import Refusal

ROOT = Path(__file__).resolve().parents[3]


@click.command()
@click.argument("name", required=False)
@verb(django=False)
def bench(out: Out, name: str | None) -> int:
    """Run the bench NAME, or all of them; every figure says its goal and whether it holds."""
    known = benches(ROOT / "bench")
    if name and name not in known:
        raise Refusal(
            "bench.unknown", "There is no bench {name}; there are: {known}.", "name", name=name, known=", ".join(known)
        )
    figures: list[dict[str, Any]] = []
    for one in [name] if name else known:
        for figure in measure(one):
            figures.append(figure)
            out.say(line(figure))
    out.give(figures)
    return OK if all(figure["holds"] for figure in figures) else FINDINGS


def benches(folder: Path) -> list[str]:
    """List the benches by name; they stand beside the package, in a copy of the repository only."""
    if not (folder / "__main__.py").is_file():
        raise Refusal(
            "bench.absent",
            "There is no folder bench/ beside the package ({folder}): measure in a copy of the repository.",
            folder=str(folder),
        )
    return sorted(p.stem for p in folder.glob("[a-z]*.py") if "\ndef run(" in p.read_text(encoding="utf-8"))


def measure(name: str) -> list[dict[str, Any]]:
    """Run one bench in a process of its own, so that none disturbs the next; a bench that fails does not hold."""
    command = [sys.executable, "-m", "bench", name]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        return [{"name": f"{name}: did not run to its end", "value": 0, "unit": "", "goal": "", "holds": False}]
    return list(json.loads(done.stdout))


def line(figure: dict[str, Any]) -> str:
    """Say one figure to a person."""
    mark = "holds" if figure["holds"] else "DOES NOT HOLD"
    return f"{figure['name']}: {figure['value']} {figure['unit']} (goal {figure['goal']}) {mark}"
