"""`cityloop demo`: a city to start with, served at once."""

import os
import subprocess

import click

from cityloop.doors.cli.serve import call, cityloop, free, start
from cityloop.doors.cli.verb import Out, verb
from cityloop.home import home

CITIES = ("new_york", "tinglan")
CHINESE = ("tinglan",)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8311, show_default=True, type=click.IntRange(1, 65535))
@click.option("--speed", default=60.0, show_default=True, type=click.FloatRange(0, 100_000), help="Times real time.")
@click.option("--reset", is_flag=True, help="Begin the demo anew; what was done in it is lost.")
@click.option("--city", default="new_york", show_default=True, type=click.Choice(CITIES), help="Which demo city.")
@verb(django=False)
def demo(out: Out, host: str, port: int, speed: float, reset: bool, city: str) -> int:
    """Serve a demo city: New York as it was on one day, or tinglan, a Chinese town that does not exist."""
    free(host, port)
    if city in CHINESE:
        os.environ.setdefault("CITYLOOP_LANGUAGE", "zh-hans")
    streets(city)
    call("demo-prepare", "--speed", str(speed), "--city", city, *(["--reset"] if reset else []))
    subprocess.Popen(cityloop("demo-components", "--city", city), stdout=subprocess.DEVNULL)  # noqa: S603 - none waits
    tell(out)
    return start(out, host=host, port=port, workers=2)


def streets(city: str) -> None:
    """Draw the map under everything while the city is made ready; the first page does not wait for it."""
    if not os.environ.get("CITYLOOP_MAP") and not all(
        (home() / name).exists() for name in ("basemap.pmtiles", "places.msgpack")
    ):
        subprocess.Popen(cityloop("demo-basemap", "--city", city), stdout=subprocess.DEVNULL)  # noqa: S603


def tell(out: Out) -> None:
    """Tell people with which accounts they may sign in."""
    from cityloop.demo.accounts import accounts

    out.say("Accounts of the demo (also in demo-accounts.json):")
    for row in accounts(home()):
        out.say("  {user:14} {password}  {role}, {organisation}".format(**row))


@click.command("demo-prepare", hidden=True)
@click.option("--speed", default=60.0)
@click.option("--reset", is_flag=True)
@click.option("--city", "key", default="new_york")
@verb()
def prepare(out: Out, speed: float, reset: bool, key: str) -> None:
    """Make the demo city ready, in a process of its own."""
    from cityloop.demo import city, scenes

    city.prepare(home(), speed=speed, reset=reset, scene=scenes.SCENES[key])


@click.command("demo-basemap", hidden=True)
@click.option("--city", "key", default="new_york")
@verb()
def basemap(out: Out, key: str) -> None:
    """Cut the demo's map of streets, in a process of its own that gives way to all others."""
    from cityloop.demo import scenes, streets

    os.nice(15)
    streets.draw(scenes.SCENES[key])


@click.command("demo-components", hidden=True)
@click.option("--city", "key", default="new_york")
@verb()
def components(out: Out, key: str) -> None:
    """Bring in what stands in the demo city, in a process of its own that gives way to all others."""
    from cityloop.demo import scenes
    from cityloop.demo.components import bring

    os.nice(15)
    bring(scenes.SCENES[key], home())
