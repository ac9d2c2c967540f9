"""Where this city keeps its state. Plain Python: the smallest processes read it too."""

import os
from pathlib import Path


def home() -> Path:
    """Give the folder that holds all state, made private when it is new."""
    path = Path(os.environ.get("CITYLOOP_HOME") or ".cityloop").resolve()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
