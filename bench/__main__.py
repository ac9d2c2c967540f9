"""`python -m bench NAME`: the figures of one bench as JSON; what touches the database runs on both of them.

`cityloop bench` calls this once for each bench. With DATABASE_URL set only that database is measured.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run one bench."""
    name = sys.argv[1]
    with contextlib.redirect_stdout(sys.stderr):
        module = importlib.import_module(f"bench.{name}")
        figures: list[dict[str, Any]] = list(module.run())
        if hasattr(module, "open_city") and not os.environ.get("DATABASE_URL"):
            figures += beside_postgresql(name)
    print(json.dumps(figures, ensure_ascii=False))
    return 0


def beside_postgresql(name: str) -> list[dict[str, Any]]:
    """Run the same bench on a throw-away PostgreSQL."""
    command = [sys.executable, "tests/pg.py", sys.executable, "-m", "bench", name]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return list(json.loads(done.stdout))


if __name__ == "__main__":
    sys.exit(main())
