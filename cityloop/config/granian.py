"""granian with everything loaded before it forks: its workers share that memory, start at once, and anew at once.

    python -P -m cityloop.config.granian [granian's own options] APPLICATION

Only what needs neither the database nor a thread is loaded here; what a worker still does, `asgi` and `warm` say.
"""

import gc
import multiprocessing
import os
import sys

import django
from granian.cli import entrypoint

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.config.settings")
gc.disable()  # as in `asgi`
django.setup()

from cityloop.config.warm import load  # noqa: E402 - it needs Django to be set up

if __name__ == "__main__":
    if sys.platform == "linux":  # from Python 3.14 on it would be no fork
        multiprocessing.set_start_method("fork")
    load()
    gc.freeze()  # pages that hold what is loaded are not written to by the collector, and so stay shared
    gc.enable()
    entrypoint()
