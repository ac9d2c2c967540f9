"""The demo city made ready: tables now; the city itself is filled in here."""

from pathlib import Path

from django.core.management import call_command


def prepare(home: Path, *, speed: float, reset: bool) -> None:
    """Make the demo city in `home` ready to serve: idempotent, and anew with `reset`."""
    call_command("migrate", verbosity=0, interactive=False)
