"""What a worker reads before its first visitor comes: addresses, pages, places, matters. Nobody then waits for it."""

import gc
from contextlib import suppress

from django.db import DatabaseError, connections
from django.template.loader import get_template
from django.urls import get_resolver

from cityloop.config import wiring
from cityloop.ground.kit.refusal import Refusal

PAGES = ("public/home.html", "public/report.html", "public/case.html", "desk/inbox.html", "desk/case.html")


def load() -> None:
    """Load what is the same in every city."""
    get_resolver().reverse_dict  # noqa: B018  the views of all doors are imported for it
    for page in PAGES:
        get_template(page)


def warm() -> None:
    """Read it all. A city that is not set up yet has less to read; that hinders no start."""
    load()
    for read in wiring.WARM:
        with suppress(Refusal, DatabaseError):
            read()
    connections.close_all()
    gc.collect()
    gc.freeze()  # what is loaded now stays: the collector need not walk through it again and again
