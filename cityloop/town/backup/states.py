"""How far a database is built: an archive comes back into the very same build, which is then brought up to date."""

from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from cityloop.ground.kit.refusal import Refusal

Built = list[list[str]]


def built() -> Built:
    """List the migrations that the database has, as (app, name)."""
    return sorted(list(key) for key in MigrationRecorder(connection).applied_migrations())


def check_built() -> None:
    """Refuse a database that was built by an older version: this one does not know how its rows are kept."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Refusal(
            "backup.behind",
            "The database is of an older Cityloop: keep it with that one, or run cityloop migrate first.",
        )


def build(wanted: Built) -> None:
    """Build a new database just as far; refuse what was written by a newer Cityloop, and a database that is ahead."""
    executor = MigrationExecutor(connection)
    known, keys = executor.loader.graph.node_map, {(app, name) for app, name in wanted}
    if set(executor.loader.applied_migrations) - keys:
        raise Refusal("backup.ahead", "This database is ahead of the backup; bring it back into a new one.", "file")
    if newer := sorted(keys - set(known)):
        raise Refusal(
            "backup.newer", "The backup was written by a newer Cityloop: it knows {migration}.", "file",
            migration=".".join(newer[0]),
        )  # fmt: skip
    executor.migrate([key for key in keys if not _children(known[key], keys)])


def _children(node: Any, among: set[tuple[str, str]]) -> bool:
    """Tell whether another migration of the same app rests on it: then it is not the last."""
    return any(child.key in among and child.key[0] == node.key[0] for child in node.children)


def bring_up() -> None:
    """Bring the database up to this version of the code, and let PostgreSQL look at what it holds now."""
    call_command("migrate", verbosity=0, interactive=False)
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
