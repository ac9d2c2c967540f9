"""From a form that came back to the data an action takes."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.offers import Offer
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.files import actions as files

MOST_PHOTOS = 10


def data(offer: Offer, typed: QueryDict, photos: list[str], snapshot: Any) -> dict[str, Any]:
    """Give the fields of an offer from what was typed; photos are given by their keys."""
    found: dict[str, Any] = {"request": offer.request} if offer.request else {}
    for name, spec in offer.fields.items():
        value = READ.get(spec["type"], _text)(name, typed, snapshot)
        if spec["type"] == "photos":
            value = photos
        if value not in ("", None, [], ()):
            found[name] = value
    return found


def keep_photos(uploads: list[UploadedFile], kept: list[str], *, subject: str, by: Actor, at: int) -> list[str]:
    """Keep the photos sent, before any transaction; give their keys after those kept already."""
    if len(uploads) + len(kept) > MOST_PHOTOS:
        raise Refusal("cases.photos.many", "Send at most 10 photos.", field="photos")
    made = [files.keep(upload, subject=subject, by=by, at=at) for upload in uploads if upload]
    return [*kept, *(str(file.uuid) for file in made)]


def _text(name: str, typed: QueryDict, snapshot: Any) -> Any:
    return str(typed.get(name, "")).strip()


def _number(name: str, typed: QueryDict, snapshot: Any) -> Any:
    text = _text(name, typed, snapshot)
    number = natural(text)
    return text if number is None else number


def _numbers(name: str, typed: QueryDict, snapshot: Any) -> Any:
    return [n for n in map(natural, typed.getlist(name)) if n is not None]


def _limit(name: str, typed: QueryDict, snapshot: Any) -> Any:
    amount = _text(name, typed, snapshot)
    return f"{amount} {_text(f'{name}_unit', typed, snapshot)}" if amount else ""


def _instant(name: str, typed: QueryDict, snapshot: Any) -> Any:
    """Read a local date and time of the city."""
    from datetime import datetime

    text = _text(name, typed, snapshot)
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=city_clock.zone).timestamp()) * 1_000_000 if text else ""
    except (ValueError, OverflowError):
        raise Refusal("web.instant", "Give a date and a time.", field=name) from None


def _place(name: str, typed: QueryDict, snapshot: Any) -> Any:
    lon, lat = (_text(f"{name}_{axis}", typed, snapshot) for axis in ("lon", "lat"))
    return {"lon": degrees(lon, "lon"), "lat": degrees(lat, "lat")} if lon or lat else ""


def degrees(text: str, field: str) -> float:
    """Read a longitude or latitude as people type it; refuse what is no number."""
    try:
        return float(text.strip().replace(",", ".").rstrip("°"))
    except ValueError:
        raise Refusal("web.degrees", "Give degrees as a number, such as -73.98.", field=field) from None


def _parts(name: str, typed: QueryDict, snapshot: Any) -> Any:
    """Give the lead and who assists, with the order and the task the catalogue has for each."""
    lead = _text("lead", typed, snapshot)
    if not lead:
        raise Refusal("cases.parts.lead", "Choose who leads.", field="parts")
    version = catalog.catalog(snapshot.catalogue) if snapshot.catalogue else catalog.current()
    proposed = {h.org.key: h for h in version.route(snapshot.matter, snapshot.unit).assisting}
    found: list[Mapping[str, Any]] = [{"organisation": lead, "role": "lead"}]
    for key in typed.getlist("assist"):
        if key != lead and key in organisations():
            helper = proposed.get(key)
            more = {"order": helper.order, "task": helper.task.get("en", "")} if helper else {}
            found.append({"organisation": key, "role": "assisting", **more})
    return found


def _children(name: str, typed: QueryDict, snapshot: Any) -> Any:
    return [{"matter": matter} for matter in typed.getlist("child") if matter]


READ: dict[str, Callable[[str, QueryDict, Any], Any]] = {
    "part": _number, "person": _number, "part_list": _numbers, "limit": _limit, "instant": _instant,
    "place": _place, "parts": _parts, "children": _children, "photos": lambda *_: None, "request": lambda *_: None,
}  # fmt: skip
