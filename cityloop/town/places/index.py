"""What is kept of each place, and the index made of it in memory: words to places, points to streets."""

import math
from bisect import bisect_left
from collections.abc import Iterable

import msgspec
import numpy as np
import shapely
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract
from shapely.geometry.base import BaseGeometry

from cityloop.town.places import rules

METRES = 111_320.0  # in a degree of latitude
LIKE = 12  # words that one typed wrongly may have meant


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A street or park: its names by language, how great a street it is (0: no street), its lines or outline as WKB."""

    names: dict[str, str]
    rank: int
    wkb: bytes


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What the file holds."""

    edition: int
    places: list[Place]


class Index:
    """Places by their words and by where they are. Lengths are in metres, on a plane good for one city."""

    def __init__(self, places: list[Place]) -> None:
        self.places = places
        shapes = shapely.from_wkb([p.wkb for p in places]) if places else np.array([], object)
        south, north = (float(shapely.total_bounds(shapes)[i]) for i in (1, 3)) if places else (0.0, 0.0)
        self._scale = np.array([METRES * math.cos(math.radians((south + north) / 2)), METRES])
        self.shapes = shapely.transform(shapes, lambda points: points * self._scale)
        self.sizes = shapely.length(self.shapes)
        self.words: list[list[str]] = [self._words(place) for place in places]
        by_word: dict[str, set[int]] = {}
        for number, words in enumerate(self.words):
            for word in words:
                by_word.setdefault(word, set()).add(number)
        self._by_word, self._vocabulary = by_word, sorted(by_word)
        self._tree = shapely.STRtree(self.shapes)

    @staticmethod
    def _words(place: Place) -> list[str]:
        return list(dict.fromkeys(word for name in place.names.values() for word in rules.tokens(name)))

    def having(self, word: str, *, begun: bool, loose: bool) -> dict[int, float]:
        """Give the places with a word, or with one that begins like it or is a slip away, each with how well it fits.

        `begun`: the word may not be typed to its end. `loose`: what is like it counts though some have it exactly.
        """
        found = dict.fromkeys(self._by_word.get(word, ()), 1.0)
        if word.isdecimal() and not begun:
            return found
        if (begun and len(word) > 1) or (loose or not found) and len(word) > 2:
            self._add(found, self._beginning(word), 0.8)
        if (loose or not found) and len(word) > 3 and not word.isdecimal():
            self._add(found, self._near(word), 0.6)
        return found

    def _add(self, found: dict[int, float], words: Iterable[str], fit: float) -> None:
        for word in words:
            for number in self._by_word[word]:
                found.setdefault(number, fit)

    def _beginning(self, word: str) -> Iterable[str]:
        at = bisect_left(self._vocabulary, word)
        while at < len(self._vocabulary) and self._vocabulary[at].startswith(word):
            yield self._vocabulary[at]
            at += 1

    def _near(self, word: str) -> list[str]:
        slips = 1 if len(word) < 7 else 2
        found = extract(word, self._vocabulary, scorer=OSA.distance, score_cutoff=slips, limit=LIKE)
        return [other for other, _slips, _at in found if not other.isdecimal()]

    def plane(self, lon: float, lat: float) -> BaseGeometry:
        """Give a point on the plane of this index."""
        x, y = np.array([lon, lat]) * self._scale
        return shapely.Point(float(x), float(y))

    def degrees(self, point: BaseGeometry) -> tuple[float, float]:
        """Give a point of the plane in degrees."""
        x, y = shapely.get_coordinates(point)[0] / self._scale
        return round(float(x), 6), round(float(y), 6)

    def within(self, point: BaseGeometry, metres: float) -> list[tuple[float, int]]:
        """Give the places within a distance of a point, the nearest first, as (metres, place)."""
        found = self._tree.query(point, predicate="dwithin", distance=metres)
        away = shapely.distance(self.shapes[found], point)
        return sorted((float(m), int(n)) for m, n in zip(np.atleast_1d(away), found, strict=True))

    def middle(self, number: int) -> BaseGeometry:
        """Give a point on a place: of a street the one on it nearest its middle, of a park one inside."""
        shape = self.shapes[number]
        if not self.places[number].rank:
            return shapely.point_on_surface(shape)
        longest = max(shapely.get_parts(shape), key=lambda part: part.length)
        west, south, east, north = shape.bounds
        centre = shapely.Point((west + east) / 2, (south + north) / 2)
        nearest = shape.interpolate(shape.project(centre)) if shape.geom_type == "LineString" else None
        return nearest if nearest is not None else longest.interpolate(longest.project(centre))
