"""Loaded before anything else (pytest -p tests.env): tests never touch a city's own state."""

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path

if "PYTEST_XDIST_WORKER" not in os.environ:
    _home = tempfile.mkdtemp(prefix="cityloop-test-")
    os.environ["CITYLOOP_HOME"] = _home
    os.environ.pop("CITYLOOP_PRODUCTION", None)
    atexit.register(shutil.rmtree, _home, ignore_errors=True)
else:  # a home for each worker: what a machine keeps there (how often a key asks) is no other worker's
    gc.disable()  # until all tests are loaded (`pytest_collection_finish`)
    _own = Path(os.environ["CITYLOOP_HOME"]) / os.environ["PYTEST_XDIST_WORKER"]
    _own.mkdir(exist_ok=True)
    os.environ["CITYLOOP_HOME"] = str(_own)

# Where the mapping of shared data is asked for: the folder beside the repository.
os.environ.setdefault("CITYLOOP_SHARED_DATA", str(Path(__file__).resolve().parents[2] / "shared" / "data"))
# Many a test hands in reports without a key, all from one address.
os.environ.setdefault("CITYLOOP_STRANGERS", "0")
