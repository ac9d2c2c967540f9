"""Public cases as cards: what, where, how it stands, how long it took, with the photos of the work."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cityloop.doors.web.photos import address
from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import duration, when
from cityloop.loops.cases.loop import present
from cityloop.loops.cases.public import Seen, proofs


@dataclass(frozen=True, slots=True)
class Card:
    """A public case as printed."""

    number: str
    matter: str
    place: str
    unit: str
    status: str
    icon: str
    words: str
    time: str
    away: str
    before: str
    after: str
    lon: float | None
    lat: float | None


def cards(found: Sequence[Seen], now: int, *, photos: bool = True) -> list[Card]:
    """Give cases as cards. At most two queries: the names of their places, and the photos."""
    places = names.places({one.unit for one in found if one.unit}, last=2)
    pictures = proofs(one for one in found if one.closed is not None) if photos else {}
    return [card(one, places.get(one.unit, ""), pictures.get(one.id, ("", "")), now) for one in found]


def card(one: Seen, unit: str, pictures: tuple[str, str], now: int) -> Card:
    """Give a case as a card."""
    status, icon = names.chip(one.state)
    before, after = (address(key) if key else "" for key in pictures)
    return Card(
        number=one.number,
        matter=names.matter(one.matter),
        place=one.address or unit,
        unit=unit,
        status=status,
        icon=icon,
        words=standing(one),
        time=duration(max(1, one.closed - one.created)) if one.closed is not None else when(one.created, now),
        away=distance(one.metres),
        before=before,
        after=after,
        lon=one.lon,
        lat=one.lat,
    )


def status(one: Seen, now: int) -> str:
    """Give the sign of a case on a map: closed, overdue, or as its state is."""
    if one.closed is not None:
        return "ver"
    return "over" if one.due is not None and one.due < now else names.chip(one.state)[0]


def standing(one: Seen) -> str:
    """Say how a case stands, in a few words."""
    if one.state == "closed":
        return _("Checked and closed") if one.resolution == "solved" else _("Closed")
    return names.state(present(), one.state)


def distance(metres: int | None) -> str:
    """Say a distance as people do: `240 m`, `1.9 km`; "" where it is not told."""
    if metres is None:
        return ""
    if metres < 1000:
        return _("{metres} m").format(metres=max(10, round(metres, -1)))
    return _("{km} km").format(km=f"{metres / 1000:.1f}")
