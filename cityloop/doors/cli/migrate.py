"""`cityloop migrate`: bring the database up to this version of the code."""

import click

from cityloop.doors.cli.verb import Out, verb


@click.command()
@verb()
def migrate(out: Out) -> None:
    """Bring the database up to this version."""
    from django.core.management import call_command

    before = applied()
    call_command("migrate", verbosity=0, interactive=False)
    steps = sorted(f"{app}.{name}" for app, name in applied() - before)
    out.say(f"{len(steps)} migrations applied." if steps else "Nothing to migrate.")
    out.give({"applied": steps})


def applied() -> set[tuple[str, str]]:
    """List the migrations that the database has."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    return set(MigrationRecorder(connection).applied_migrations())
