"""`cityloop check-config`: faults in the settings, before a city rests on them."""

import os

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
        if not m.is_silenced()
    ]
    if settings.PRODUCTION:
        found += [{"code": "config.unset", "where": name, "message": words} for name, words in unset()]
    for finding in found:
        out.say("{where}: {message} [{code}]".format(**finding))
    out.say(f"{len(found)} findings." if found else "No faults found.")
    out.give(found)
    return FINDINGS if found else 0


def unset() -> list[tuple[str, str]]:
    """List what a city in earnest must say, and does not, with what would come of it."""
    from django.conf import settings

    asked = [
        ("CITYLOOP_HOSTS", "CITYLOOP_HOSTS" in os.environ, "not said: the city answers to its public name with 400."),
        ("CITYLOOP_URL", bool(settings.PUBLIC_URL), "not said, nor CITYLOOP_ORIGINS: mails have no links."),
        ("CITYLOOP_PROXIES", settings.PROXIES > 0, "0: all visitors count as one, and share the limit of one."),
    ]
    return [(name, words) for name, said, words in asked if not said]
