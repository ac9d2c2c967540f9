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
@click.option(
    "--scope", "scopes", multiple=True, default=("read", "act", "report"), show_default=True, help="Good for."
)
@click.option("--per-minute", default=600, show_default=True, help="How many requests a minute it may make.")
@verb()
def new(out: Out, username: str, label: str, days: int, scopes: tuple[str, ...], per_minute: int) -> int:
    """Make an access key for USERNAME and print it, once."""
    from cityloop.ground.loop.actor import Actor
    from cityloop.town.columns import real_now
    from cityloop.town.persons.actions import make_access_key
    from cityloop.town.persons.queries import account_named

    by, account = Actor(kind="rule", role="rule", name="command line"), account_named(username)
    key = make_access_key(
        account=account, label=label, days=days, by=by, at=real_now(), scopes=scopes, per_minute=per_minute
    )
    out.give({"key": key})
    out.say(key)
    return OK


@keys.command("list")
@click.argument("username")
@verb()
def listed(out: Out, username: str) -> int:
    """List the access keys of USERNAME; the keys themselves are not kept."""
    from cityloop.town.columns import real_now
    from cityloop.town.persons.queries import account_named, keys_of

    now, told = real_now(), []
    for key in keys_of(account_named(username)):
        ended = key.expires <= now
        told.append({"id": key.pk, "label": key.label, "scopes": key.scopes.split(), "ended": ended})
        out.say(f"{key.pk}  {key.label or '-'}  {key.scopes}  {key.per_minute}/min{' (ended)' if ended else ''}")
    out.give(told)
    return OK


@keys.command("end")
@click.argument("username")
@click.argument("key", type=int)
@verb()
def end(out: Out, username: str, key: int) -> int:
    """Let the access key numbered KEY of USERNAME end at once."""
    from cityloop.ground.kit.refusal import Refusal
    from cityloop.ground.loop.actor import Actor
    from cityloop.town.columns import real_now
    from cityloop.town.persons.actions import end_access_key
    from cityloop.town.persons.queries import account_named, keys_of

    found = keys_of(account_named(username)).filter(pk=key).select_related("account").first()
    if found is None:
        raise Refusal("persons.key.unknown", "This account has no key numbered {key}.", "key", key=key)
    end_access_key(key=found, by=Actor(kind="rule", role="rule", name="command line"), at=real_now())
    out.give({"id": key, "ended": True})
    out.say(f"{key} ended")
    return OK
