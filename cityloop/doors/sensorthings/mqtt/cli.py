"""`cityloop mqtt`, called by `serve`: the bridge in a process of its own."""

import signal
from typing import Any

import click


@click.command(hidden=True)
@click.option("--json", "_as_json", is_flag=True, help="It answers nothing, to nobody.")
def mqtt(_as_json: bool) -> None:
    """Run the bridge to the broker."""
    import django

    django.setup()
    from cityloop.doors.sensorthings.mqtt import bridge

    def end(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    bridge.run()
