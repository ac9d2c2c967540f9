"""Filters in the address: chips that are on can be taken off, others be put on; every state of a list can be shared."""

import functools
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from cityloop.doors.web.show.names import words
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.loops.cases.loop import present
from cityloop.town.units import queries as units


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on: its words, and the address without it."""

    label: str
    words: str
    without: str


@dataclass(frozen=True, slots=True)
class Menu:
    """A filter that may be put on: its name and its choices as (words, address)."""

    label: str
    choices: list[tuple[str, str]]


def address(query: QueryDict, **changed: str) -> str:
    """Give the address of the same list with some filters changed; paging begins anew."""
    kept = {k: v for k, v in query.items() if k != "after" and k not in changed}
    return "?" + urlencode({**kept, **{k: v for k, v in changed.items() if v}})


def menus(query: QueryDict, choices: dict[str, tuple[str, list[tuple[str, str]]]]) -> tuple[list[Chip], list[Menu]]:
    """Give chips and menus for `choices`: filter → (its name, [(value, words)])."""
    chips, found = [], []
    for name, (label, values) in choices.items():
        chosen = query.get(name, "")
        if chosen:
            chips.append(Chip(label, dict(values).get(chosen, chosen), address(query, **{name: ""})))
        elif values:
            found.append(Menu(label, [(said, address(query, **{name: value})) for value, said in values]))
    return chips, found


def organisation_choices(by: str = "id") -> list[tuple[str, str]]:
    """List the open organisations by name, with their id or path as the value. No query within a second."""
    refs = {ref.id: ref for ref in organisations().values() if ref.active and ref.actor_path}
    return sorted(((str(getattr(r, by)), words(r.names)) for r in refs.values()), key=lambda pair: pair[1])


def state_choices() -> list[tuple[str, str]]:
    """List the states of the present loop in the order they are written."""
    return [(name, words(state.names)) for name, state in present().states.items()]


def unit_choices(chosen: str) -> list[tuple[str, str]]:
    """List the units to choose from: those under the city, and the one chosen with its parts."""
    kept = _named(units.city().units_version, chosen)
    return [(code, words(names) or code) for code, names in kept]


@functools.lru_cache(maxsize=256)
def _named(version: str, chosen: str) -> list[tuple[str, dict[str, str]]]:
    """Kept per version of the units, so that a list costs no query for its menus."""
    if chosen:
        return list(units.names_of([chosen]).items())
    top = units.scheme().path(units.unplaced_code())[0]
    return [(unit.code, unit.names) for unit in units.children(top)]
