"""`cityloop check-config`: faults in the settings, before a city rests on them."""

import click

from cityloop.doors.cli.main import FINDINGS
from cityloop.doors.cli.verb import Out, verb


@click.command("check-config")
@verb()
def check_config(out: Out) -> int:
    """Look for faults in the settings."""
    from django.conf import settings
    from django.core.checks import run_checks

    found = [
        {"code": m.id or "config", "where": str(m.obj or "settings"), "message": str(m.msg)}
        for m in run_checks(include_deployment_checks=settings.PRODUCTION)
    ]
    for finding in found:
        out.say("{where}: {message} [{code}]".format(**finding))
    out.say(f"{len(found)} findings." if found else "No faults found.")
    out.give(found)
    return FINDINGS if found else 0
