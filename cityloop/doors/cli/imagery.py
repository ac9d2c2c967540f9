"""`cityloop imagery`: the register of aerial and satellite layers."""

from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import click

from cityloop.doors.cli.main import OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.refusal import Refusal

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SECONDS = 20
SAID = "Whether the server of these tiles can be reached was not checked: browsers ask it, not this machine."


def _by() -> Any:
    from cityloop.ground.loop.actor import Actor

    return Actor(kind="rule", role="rule", name="command line")


@click.group()
def imagery() -> None:
    """The register of aerial and satellite layers: when each was taken, where its tiles are, who may look."""


@imagery.command("add")
@click.argument("key")
@click.option("--name", required=True, help="Its name in English.")
@click.option("--name-zh", default="", help="Its name in Chinese.")
@click.option("--taken", required=True, metavar="DAY[/DAY]", help="The day it was taken, 2026-09-14, or two.")
@click.option("--xyz", default="", metavar="ADDRESS", help="Tiles at an https address with {z}, {x} and {y}.")
@click.option("--wmts", default="", metavar="FILE|URL", help="The capabilities document of a WMTS.")
@click.option("--layer", default="", help="Which layer of the WMTS, where it has several.")
@click.option("--time", default="", help="What fills the dimension Time of the WMTS.")
@click.option("--cog", type=FILE, help="A cloud-optimised GeoTIFF, copied into the folder of imagery.")
@click.option("--link", is_flag=True, help="Link to the GeoTIFF where it lies, in place of copying it.")
@click.option("--bounds", default="", metavar="W,S,E,N", help="Its edges in degrees, else the city's own.")
@click.option("--zooms", default="", metavar="FROM-TO", help="From which zoom to which there are tiles.")
@click.option("--attribution", default="", help="Whom the map must name.")
@click.option("--licence", default="", help="On what terms the city has it.")
@click.option("--public", is_flag=True, help="Everybody may look, else posts that see cases.")
@click.option("--level", default=0, help="The confidentiality a post needs to look, 0 to 3.")
@verb()
def add(out: Out, key: str, name: str, name_zh: str, taken: str, **given: Any) -> int:
    """Register the layer KEY, or change what is said of it."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.imagery import actions, queries, rules

    sources = [kind for kind in ("xyz", "wmts", "cog") if given[kind]]
    if len(sources) != 1:
        raise click.UsageError("Give one of --xyz, --wmts and --cog.")
    first, _slash, last = taken.partition("/")
    days = rules.day(first, "taken_from"), rules.day(last or first, "taken_to")
    about = actions.About(
        names={"en": name, "zh-hans": name_zh}, kind=sources[0], taken_from=days[0], taken_to=days[1],
        public=given["public"], level=given["level"], licence=given["licence"],
        **{"attribution": given["attribution"], **_source(key, sources[0], given)},
    )  # fmt: skip
    one = actions.register(key=key, about=about, by=_by(), at=city_clock.now())
    unchecked = "" if one.kind == "cog" else SAID
    out.give({**queries.told(one), "unchecked": unchecked})
    out.say(f"{one.key} is registered: zooms {one.shallowest} to {one.deepest}.")
    if unchecked:
        out.say(unchecked)
    return OK


def _source(key: str, kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """Give where the tiles are, with the edges and zooms that go with it."""
    from cityloop.town.imagery import actions, rules, wmts

    if kind == "cog":
        return {"address": actions.take_in(file=given["cog"], key=key, link=given["link"])}
    box = rules.edges(given["bounds"]) if given["bounds"] else None
    low, high = rules.span(given["zooms"]) if given["zooms"] else (None, None)
    if kind == "xyz":
        return {"address": given["xyz"], "box": box, "shallowest": low, "deepest": high}
    return wmts.source(
        _document(given["wmts"]), given["layer"], given["time"], box=box, zooms=(low, high),
        attribution=given["attribution"],
    )  # fmt: skip


def _document(place: str) -> bytes:
    """Read a capabilities document: a file, or an address that whoever works on this machine names."""
    from cityloop.town.imagery import wmts

    try:
        if not place.startswith(("https://", "http://")):
            return Path(place).read_bytes()
        with urlopen(Request(place), timeout=SECONDS) as answer:  # noqa: S310 - http alone
            return bytes(answer.read(wmts.LARGEST + 1))
    except (OSError, URLError, ValueError) as error:
        raise Refusal(
            "imagery.wmts.unread", "{place} cannot be read ({why}).", "wmts", place=place[:200], why=str(error)[:200]
        ) from error


@imagery.command("list")
@verb()
def listed(out: Out) -> int:
    """List the layers, the newest first."""
    from cityloop.town.imagery import queries

    rows = [queries.told(one) for one in queries.every()]
    out.give(rows)
    for row in rows:
        out.say(f"{row['key']}  {row['taken_from']}–{row['taken_to']}  {row['kind']}  {row['names'].get('en', '')}")
    return OK


@imagery.command("remove")
@click.argument("key")
@verb()
def remove(out: Out, key: str) -> int:
    """Take the layer KEY out of the register; a GeoTIFF stays in the folder of imagery."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.imagery import actions

    actions.remove(key=key, by=_by(), at=city_clock.now())
    out.give({"removed": key})
    out.say(f"{key} is taken out.")
    return OK
