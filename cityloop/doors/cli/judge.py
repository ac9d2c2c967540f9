"""`cityloop judge`: judge readings that come by the stream."""

import click

from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.refusal import Refusal


@click.command()
@verb(stays=True)
def judge(out: Out) -> None:
    """Judge readings that come by the stream until told to stop; run it on any machine that reaches the database."""
    from django.conf import settings

    if not settings.STREAM:
        raise Refusal("stream.none", "This city has no stream; CITYLOOP_STREAM names one.")
    from cityloop.loops.sensing.jetstream import worker

    out.say("Judging what comes by the stream (Ctrl-C stops it)")
    worker.run()
