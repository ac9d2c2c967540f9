"""`cityloop keys`: keys with which programs act for an account."""

import click

from cityloop.doors.cli.main import OK
from cityloop.doors.cli.verb import Out, verb


@click.group()
def keys() -> None:
    """Keys with which programs act for an account."""


@keys.command("new")
@click.argument("username")
@click.option("--label", default="", help="What the key is for.")
@click.option("--days", default=90, show_default=True, help="How long it is valid.")
@verb()
def new(out: Out, username: str, label: str, days: int) -> int:
    """Make an access key for USERNAME and print it, once."""
    from cityloop.ground.loop.actor import Actor
    from cityloop.town.columns import real_now
    from cityloop.town.persons.actions import make_access_key
    from cityloop.town.persons.queries import account_named

    by = Actor(kind="rule", role="rule", name="command line")
    key = make_access_key(account=account_named(username), label=label, days=days, by=by, at=real_now())
    out.give({"key": key})
    out.say(key)
    return OK
