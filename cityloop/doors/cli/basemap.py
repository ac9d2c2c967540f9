"""`cityloop basemap`: cut a city's own water, parks and streets into the map under everything."""

from pathlib import Path

import click

from cityloop.doors.cli.verb import Out, verb

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def basemap() -> None:
    """Make the map under everything: water, parks, streets."""


@basemap.command("build")
@click.option("--sea", multiple=True, metavar="FILE", type=FILE, help="Areas of water that lie under the land.")
@click.option(
    "--land", multiple=True, metavar="FILE", type=FILE, help="Areas of land, where the sea reaches under them."
)
@click.option("--park", multiple=True, metavar="FILE", type=FILE, help="Areas of green.")
@click.option("--water", multiple=True, metavar="FILE", type=FILE, help="Areas of water that lie on the land.")
@click.option(
    "--road",
    multiple=True,
    metavar="FILE",
    type=FILE,
    help="Lines with `name` and `class` (primary, secondary, tertiary, residential …).",
)
@click.option("--credit", default="", help="Whom the map must name, shown in its corner.")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it, else where it is read.")
@verb()
def build(
    out: Out,
    sea: tuple[Path, ...],
    land: tuple[Path, ...],
    park: tuple[Path, ...],
    water: tuple[Path, ...],
    road: tuple[Path, ...],
    credit: str,
    to: Path | None,
) -> None:
    """Cut GeoJSON files (.geojson or .geojson.gz, WGS 84) into one PMTiles file."""
    from django.conf import settings

    from cityloop.town.basemap import actions
    from cityloop.town.places.actions import gather

    given = {"sea": sea, "land": land, "park": park, "water": water, "road": road}
    sources = [actions.Source(layer, path) for layer, paths in given.items() for path in paths]
    place = to or settings.MAP_FILE
    tiles = actions.build(sources, place, credit)
    places = gather(sources, settings.PLACES_FILE)
    out.give({"tiles": tiles, "bytes": place.stat().st_size, "file": str(place), "places": places})
    out.say(f"{tiles} tiles, {place.stat().st_size / 1e6:.1f} MB in {place}; {places} streets and parks to look for")
