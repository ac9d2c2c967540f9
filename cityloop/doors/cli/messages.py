"""`cityloop messages`: sentences from source to catalogue to what runs, without gettext's tools."""

import click

from cityloop.doors.cli.main import FINDINGS
from cityloop.doors.cli.verb import Out, verb


@click.group()
def messages() -> None:
    """Collect, compile and check translations."""


@messages.command()
@verb(django=False)
def compile(out: Out) -> None:  # noqa: A001
    """Turn each catalogue (.po) into what runs (.mo)."""
    from cityloop.doors.cli import catalogue

    done = [catalogue.compile(path) for path in catalogue.catalogues()]
    out.say(f"{len(done)} catalogues compiled.")
    out.give([str(path) for path in done])


@messages.command()
@verb()
def update(out: Out) -> None:
    """Collect the sentences from templates and code into each catalogue."""
    from cityloop.doors.cli import catalogue

    found = catalogue.collect()
    wanting = {str(path): catalogue.update(path, found) for path in catalogue.catalogues()}
    for path, count in wanting.items():
        out.say(f"{path}: {len(found)} sentences, {count} to translate")
    out.give(wanting)


@messages.command()
@verb()
def check(out: Out) -> int:
    """List the sentences that lack a translation."""
    from cityloop.doors.cli import catalogue

    found = catalogue.collect()
    wanting = [w for path in catalogue.catalogues() for w in catalogue.wanting(path, found)]
    for finding in wanting:
        out.say("{where}: {message} [{code}]".format(**finding))
    out.say(f"{len(wanting)} findings." if wanting else f"All {len(found)} sentences are translated.")
    out.give(wanting)
    return FINDINGS if wanting else 0
