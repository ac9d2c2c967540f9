"""The questions of `cityloop init` at a terminal, each with a default; the answers are a city file."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cityloop.doors.cli.init_people import listed, people
from cityloop.ground.kit.refusal import Refusal

LANGUAGES = ("en", "zh-hans")
CALLED = {"en": "English", "zh-hans": "简体中文"}
ZONES = {"CN": "Asia/Shanghai", "AT": "Europe/Vienna", "DE": "Europe/Berlin", "GB": "Europe/London"}
# What a level is called when nobody says otherwise, from the top down; the last is what grids are called.
LEVELS = {
    "district": {"en": "District", "zh-hans": "区"},
    "street": {"en": "Street", "zh-hans": "街道"},
    "community": {"en": "Community", "zh-hans": "社区"},
    "grid": {"en": "Grid", "zh-hans": "网格"},
}
_NOT_KEY = re.compile(r"[^a-z0-9]+")


def ask(folder: Path) -> dict[str, Any]:
    """Ask all that a city file says; files of boundaries are written down as seen from `folder`."""
    city = _city()
    levels, widths = _levels(folder, city["languages"])
    return {
        "city_level_names": {lang: {"en": "City", "zh-hans": "市"}[lang] for lang in city["languages"]},
        **people(city),
        "city": city,
        "codes": {"levels": [["city", len(city["code"])], *widths]},
        "levels": levels,
    }


def _city() -> dict[str, Any]:
    languages = _languages()
    names = {lang: click.prompt(f"The city's name in {CALLED[lang]}") for lang in languages}
    country = click.prompt(
        "Country (ISO code)", default="CN" if languages[0] == "zh-hans" else "", show_default=True
    ).upper()
    slug = _NOT_KEY.sub("_", names.get("en", "").lower()).strip("_") or "city"
    key = click.prompt("Key, by which programs know it", default=slug)
    initials = "".join(part[0] for part in key.split("_") if part).upper()
    return {
        "key": key,
        "names": names,
        "code": click.prompt("Code, with which every unit's code begins", default="1001"),
        "country": country,
        "zone": click.prompt("Time zone", default=ZONES.get(country, "UTC")),
        "case_prefix": click.prompt(
            "Case numbers begin with", default=initials if len(initials) > 1 else key[:3].upper()
        ),
        "kind": click.prompt("Kind", type=click.Choice(["live", "replay", "exercise"]), default="live"),
        "languages": languages,
    }


def _languages() -> list[str]:
    said = click.prompt("Languages, the city's own first", default=", ".join(LANGUAGES))
    known = [lang for lang in listed(said) if lang in LANGUAGES]
    return known or list(LANGUAGES)


# --- boundaries


def _levels(folder: Path, languages: Sequence[str]) -> tuple[list[dict[str, Any]], list[list[Any]]]:
    """Ask for the levels under the city, from the top down, and how wide each makes the codes."""
    number = click.prompt("How many levels under the city have boundaries", type=click.IntRange(1, 6), default=1)
    levels, known = [], []
    for place in range(number):
        level, properties = _level(folder, languages, place)
        levels.append(level)
        known.append(properties)
    for level in levels[:-1]:
        level["up"] = _up(level["name"], levels[-1]["source"]["file"], known[-1])
    metres = click.prompt("Cut the finest into a grid of so many metres (0: no)", type=click.FloatRange(0), default=0.0)
    if metres:
        levels.append(_grid(languages, metres))
    return levels, [[level["name"], _width(level["name"])] for level in levels]


def _level(folder: Path, languages: Sequence[str], place: int) -> tuple[dict[str, Any], list[str]]:
    usual = list(LEVELS)[min(place, len(LEVELS) - 2)]
    name = click.prompt(f"Level {place + 1}: what it is called by programs", default=usual)
    path, datum, properties = _file(name)
    key = click.prompt(f"Which property tells one {name} from another ({', '.join(properties)})", default=properties[0])
    shown = next((found for found in properties if "name" in found.lower()), key)
    title = click.prompt("Which property is its name", default=shown)
    source = {"file": Path(os.path.relpath(path, folder)).as_posix(), "key": key, "datum": datum}
    titles = dict.fromkeys(languages, f"{{{title}}}")
    return {"name": name, "names": _called(name, languages), "source": source, "title": titles}, properties


def _file(name: str) -> tuple[Path, str, list[str]]:
    """Ask for a file until one can be read; give it, its coordinates and the properties its polygons have."""
    from cityloop.town.units.sources import properties_of

    while True:
        path = click.prompt(f"File of its boundaries (GeoJSON, also .gz) for {name}", type=click.Path(path_type=Path))
        try:
            properties = properties_of(path)
        except Refusal as refusal:
            click.echo(str(refusal), err=True)
            continue
        datum = click.prompt("Its coordinates are in", type=click.Choice(["wgs84", "gcj02"]), default="wgs84")
        return path, datum, properties


def _up(level: str, finest: str, properties: Sequence[str]) -> dict[str, Any]:
    question = f"Which property of {finest} names its {level} (nothing: the one that covers most of it)"
    found = click.prompt(f"{question} ({', '.join(properties)})", default="", show_default=False)
    return {"property": found} if found else {"overlap": True}


def _grid(languages: Sequence[str], metres: float) -> dict[str, Any]:
    title = {"en": "Grid {row}-{column}", "zh-hans": "网格 {row}-{column}"}
    return {
        "name": "grid",
        "names": _called("grid", languages),
        "grid": {"cell_m": metres},
        "title": {lang: title[lang] for lang in languages},
    }


def _called(name: str, languages: Sequence[str]) -> dict[str, str]:
    words = LEVELS.get(name, {})
    return {lang: words.get(lang, name.capitalize()) for lang in languages}


def _width(name: str) -> int:
    width: int = click.prompt(f"How many digits number the units of level {name}", type=click.IntRange(1, 9), default=3)
    return width
