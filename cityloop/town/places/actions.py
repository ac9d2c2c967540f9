"""Gathering the places of a city from the files its base map is cut from."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.town.basemap import rules as drawn
from cityloop.town.basemap.actions import Feature, Source, features
from cityloop.town.places import rules
from cityloop.town.places.index import Kept, Place
from cityloop.town.places.queries import EDITION

LAYERS = ("road", "park")
APART = 0.004  # degrees, some 400 m: lines of one name further apart are streets of their own
FINE = 0.00003  # degrees, some 3 m: as far as a kept line may differ
# What a source may call the name in another language, and what we call that language.
NAMED = {"name:en": "en", "name_en": "en", "name:zh": "zh-hans", "name:zh-Hans": "zh-hans", "name_zh": "zh-hans"}


def gather(sources: Iterable[Source], to: Path) -> int:
    """Write the streets and parks of these sources as one file, in place of one there before; say how many.

    Streets with names, parks with names; what has none cannot be looked for.
    """
    grouped: dict[tuple[int, str], list[tuple[Feature, BaseGeometry]]] = {}
    for source in sources:
        for feature in features(source) if source.layer in LAYERS else ():
            words = " ".join(rules.tokens(str((feature["properties"] or {}).get("name") or "")))
            if words:
                shape = shapely.simplify(shapely.geometry.shape(feature["geometry"]), FINE)
                grouped.setdefault((LAYERS.index(source.layer), words), []).append((feature, shape))
    places = [place for (layer, _words), same in grouped.items() for place in _places(LAYERS[layer], same)]
    new = to.with_name(to.name + ".new")
    new.write_bytes(msgspec.msgpack.encode(Kept(EDITION, places)))
    os.replace(new, to)
    return len(places)


def _places(layer: str, same: list[tuple[Feature, BaseGeometry]]) -> list[Place]:
    """Make one place of each heap of lines of one name that lie together."""
    told = [feature["properties"] or {} for feature, _shape in same]
    shapes = np.array([shape for _feature, shape in same], object)
    return [_place(layer, [told[n] for n in heap], shapes[heap]) for heap in _heaps(shapes)]


def _place(layer: str, told: list[dict[str, Any]], shapes: Any) -> Place:
    whole = shapely.line_merge(shapely.union_all(shapes)) if layer == "road" else shapely.union_all(shapes)
    rank = min(drawn.RANKS.get(str(one.get("class", "")), drawn.PLAIN) for one in told) if layer == "road" else 0
    return Place(_names(told[0]), rank, shapely.to_wkb(whole))


def _names(told: dict[str, Any]) -> dict[str, str]:
    """Give the names of a place by language; the plain one stands for all languages that have none."""
    found = {lang: str(told[key]) for key, lang in NAMED.items() if told.get(key)}
    return {"en": str(told["name"]), **found}


def _heaps(shapes: Any) -> list[list[int]]:
    """Put together what lies within 400 m of each other, directly or by what lies between."""
    left, heaps = set(range(len(shapes))), []
    while left:
        heap, edge = [], [left.pop()]
        while edge:
            heap.append(now := edge.pop())
            rest = sorted(left)
            near = shapely.dwithin(shapes[rest], shapes[now], APART) if rest else ()
            joined = [n for n, close in zip(rest, near, strict=True) if close]
            left.difference_update(joined)
            edge += joined
        heaps.append(sorted(heap))
    return heaps
