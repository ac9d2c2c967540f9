"""A throw-away city for a benchmark: SQLite in a folder of its own, or the PostgreSQL that DATABASE_URL names."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def open_city() -> Iterator[str]:
    """Set Django up on a fresh database and give the database's name; everything is thrown away afterwards."""
    home = tempfile.mkdtemp(prefix="cityloop-bench-")
    os.environ["CITYLOOP_HOME"] = home
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.config.settings")
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command(
        "flush" if connection.vendor == "postgresql" and _made() else "migrate", verbosity=0, interactive=False
    )
    try:
        yield "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    finally:
        connection.close()
        shutil.rmtree(home, ignore_errors=True)


def _made() -> bool:
    from django.db import connection

    return "ledger_step" in connection.introspection.table_names()
