"""`cityloop demo`: a city to start with, served at once."""

import os
import subprocess

import click

from cityloop.doors.cli.serve import call, cityloop, free, start
from cityloop.doors.cli.verb import Out, verb
from cityloop.home import home


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8311, show_default=True, type=click.IntRange(1, 65535))
@click.option("--speed", default=60.0, show_default=True, type=click.FloatRange(0, 100_000), help="Times real time.")
@click.option("--reset", is_flag=True, help="Begin the demo anew; what was done in it is lost.")
@verb(django=False)
def demo(out: Out, host: str, port: int, speed: float, reset: bool) -> int:
    """Serve the demo city."""
    free(host, port)
    streets()
    call("demo-prepare", "--speed", str(speed), *(["--reset"] if reset else []))
    subprocess.Popen(cityloop("demo-components"), stdout=subprocess.DEVNULL)  # noqa: S603 - nobody waits for them
    tell(out)
    return start(out, host=host, port=port, workers=2)


def streets() -> None:
    """Draw the map under everything while the city is made ready; the first page does not wait for it."""
    if not os.environ.get("CITYLOOP_MAP") and not all(
        (home() / name).exists() for name in ("basemap.pmtiles", "places.msgpack")
    ):
        subprocess.Popen(cityloop("demo-basemap"), stdout=subprocess.DEVNULL)  # noqa: S603


def tell(out: Out) -> None:
    """Tell people with which accounts they may sign in."""
    from cityloop.demo.accounts import accounts

    out.say("Accounts of the demo (also in demo-accounts.json):")
    for row in accounts(home()):
        out.say("  {user:14} {password}  {role}, {organisation}".format(**row))


@click.command("demo-prepare", hidden=True)
@click.option("--speed", default=60.0)
@click.option("--reset", is_flag=True)
@verb()
def prepare(out: Out, speed: float, reset: bool) -> None:
    """Make the demo city ready, in a process of its own."""
    from cityloop.demo import city

    city.prepare(home(), speed=speed, reset=reset)


@click.command("demo-basemap", hidden=True)
@verb()
def basemap(out: Out) -> None:
    """Cut the demo's map of streets, in a process of its own that gives way to all others."""
    from cityloop.demo import streets

    os.nice(15)
    streets.draw()


@click.command("demo-components", hidden=True)
@verb()
def components(out: Out) -> None:
    """Bring in what stands in the demo city, in a process of its own that gives way to all others."""
    from cityloop.demo.components import bring

    os.nice(15)
    bring()
