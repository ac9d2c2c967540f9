"""A report as it is being written: read from the form, kept whole through every error."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from cityloop.doors.web.photos import address
from cityloop.doors.web.public import asking, finding
from cityloop.doors.web.public.about import About, about, moved
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.doors.web.show.asked import degrees, keep_photos
from cityloop.doors.web.show.times import duration, language
from cityloop.ground.codes import check_point
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import behind, duplicates, known, numbers, openly, public
from cityloop.loops.cases.loop import pinned
from cityloop.town.catalog import queries as catalog
from cityloop.town.files import queries as files
from cityloop.town.units import queries as units

REPORTER = Actor("reporter", "reporter")
TEXTS = (
    "lon", "lat", "unit", "place", "address", "proposed", "matter", "words", "name", "phone", "email", "key", "seen",
    "component",
)  # fmt: skip
REPORTED = ("lon", "lat", "unit", "address", "matter", "words", "name", "phone", "email", "component")
SALT = "cityloop.report.photos"
DAY = 86_400
WIDE = 3  # how many units name a place, from the widest down


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, the photos kept so far (how many before this post), and what is wrong, by field."""

    typed: dict[str, str]
    photos: tuple[str, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
    before: int = 0
    answers: asking.Given = field(default_factory=dict)
    about: About | None = None

    @property
    def kept(self) -> str:
        """Give the photos kept so far, signed, for a hidden field."""
        return _signed(self.photos)

    @property
    def kept_before(self) -> str:
        """Give the photos kept before this post, signed: a script that still holds the new ones sends them again."""
        return _signed(self.photos[: self.before])

    @property
    def pictures(self) -> list[str]:
        """Give addresses of the photos kept so far."""
        return [address(uuid) for uuid in self.photos]

    @property
    def matter_words(self) -> str:
        """Name the matter chosen, "" for none."""
        return names.matter(self.typed["matter"]) if self.typed["matter"] else ""

    @property
    def has_contact(self) -> bool:
        """Tell whether the fields of the reporter hold something, or something wrong."""
        return any(self.typed[name] or name in self.errors for name in ("name", "phone", "email"))

    def wrong(self, refusal: Refusal) -> "Draft":
        """Tie a refusal to its field."""
        name = {"photo": "photos", "lat": "lon"}.get(refusal.field or "", refusal.field or "form")
        return replace(self, errors={**self.errors, name: said(refusal)})

    def point(self) -> tuple[float, float] | None:
        """Give the point typed or picked, None where there is none; refuse what is no point on earth."""
        lon, lat = self.typed["lon"].strip(), self.typed["lat"].strip()
        if not lon and not lat:
            return None
        return check_point(degrees(lon, "lon"), degrees(lat, "lat"))


def key_of(posted: QueryDict) -> str:
    """Give the key of a form, by which the same report sent again is known."""
    return clean(str(posted.get("key", "")))[:120]


def typed_in(posted: QueryDict) -> dict[str, Any]:
    """Give what a form says of a report, as it was typed: it tells one report from another."""
    return {name: clean(str(posted.get(name, "")))[:6000] for name in REPORTED} | {"answers": asking.given(posted)}


def begun(given: QueryDict, key: str = "") -> Draft:
    """Give a draft from an address or a form."""
    typed = {name: clean(str(given.get(name, "")))[:6000] for name in TEXTS}
    typed["key"] = typed["key"][:120] or key
    if given.get("choose"):
        typed["matter"] = clean(str(given["choose"]))[:200]
    if given.get("pick"):
        typed |= finding.chosen(clean(str(given["pick"]))[:400])
    photos, errors = _unsigned(given.get("kept", ""))
    return addressed(told_of(Draft(typed, photos, errors, len(photos), asking.given(given))))


def told_of(draft: Draft) -> Draft:
    """Say which component a draft is about, and take its place; whoever chose another place reports about that."""
    try:
        one = about(draft.typed["component"])
    except Refusal as refusal:
        return replace(draft, typed={**draft.typed, "component": ""}).wrong(refusal)
    if one is None or moved(one, draft.typed["lon"], draft.typed["lat"]):
        return replace(draft, typed={**draft.typed, "component": ""})
    place = {"component": one.code, "lon": f"{one.lon:.6f}", "lat": f"{one.lat:.6f}", "unit": ""}
    return replace(draft, typed={**draft.typed, **place}, about=one)


def addressed(draft: Draft) -> Draft:
    """Propose the street of a point as its address, unless the reporter has written another one."""
    try:
        point, typed = draft.point(), draft.typed
    except Refusal:
        return draft
    if point is None or typed["address"].strip() not in ("", typed["proposed"]):
        return draft
    street = finding.proposed(*point)
    return replace(draft, typed={**typed, "address": street, "proposed": street})


def _signed(photos: tuple[str, ...]) -> str:
    return signing.dumps(list(photos), salt=SALT) if photos else ""


def _unsigned(text: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Give the photos kept with a form; say at their field that they were kept too long ago."""
    try:
        return tuple(signing.loads(text, salt=SALT, max_age=DAY)) if text else (), {}
    except signing.SignatureExpired:
        return (), {"photos": _("The photos were added too long ago and are gone. Please add them again.")}
    except signing.BadSignature:
        return (), {}


def with_photos(draft: Draft, request: HttpRequest, at: int) -> Draft:
    """Keep the photos sent with a form; a refused one is told at its field, the others stay."""
    try:
        uploads: Any = request.FILES.getlist("photos")
        found = keep_photos(uploads, list(draft.photos), subject="", by=REPORTER, at=at)
        return replace(draft, photos=tuple(found))
    except Refusal as refusal:
        return draft.wrong(refusal)


def checked(draft: Draft) -> Draft:
    """Say what is wrong with the place, before anything is asked of the database."""
    try:
        placed = draft.point() or draft.typed["unit"] or draft.typed["address"].strip()
    except Refusal as refusal:
        return draft.wrong(refusal)
    if placed or draft.errors:
        return draft
    return replace(draft, errors={"lon": _("Say where: on the map, by a search, or in words.")})


def answered(draft: Draft, *, whole: bool) -> Draft:
    """Say what is wrong with the answers to what the matter asks; `whole`: also what is needed and missing."""
    _found, errors = asking.answered(draft.typed["matter"], draft.answers, whole=whole)
    return replace(draft, errors={**draft.errors, **errors})


def report_of(draft: Draft) -> cases.Report:
    """Give the report a draft has become."""
    point, typed = draft.point(), draft.typed
    answers, _errors = asking.answered(typed["matter"], draft.answers, whole=False)
    return cases.Report(
        channel="web",
        words=typed["words"],
        answers=answers,
        matter=typed["matter"],
        unit="" if point else typed["unit"],
        lon=point[0] if point else None,
        lat=point[1] if point else None,
        address=typed["address"],
        photos=tuple(files.by_uuid(uuid) for uuid in draft.photos),
        language=language(),
        name=typed["name"],
        phone=typed["phone"],
        email=typed["email"],
        component=typed["component"],
    )


@dataclass(frozen=True, slots=True)
class Likely:
    """A case that may be the same, in the four facts one needs to decide."""

    id: int
    number: str
    matter: str
    place: str
    away: str
    followers: int
    state: str
    chip: tuple[str, str]
    surely: bool
    lon: float | None
    lat: float | None


def likely(draft: Draft, at: int, among: "QuerySet[Any] | None" = None) -> list[Likely]:
    """Give open cases that may be about the same thing: of those an officer sees, else of what everybody may know.

    Five queries.
    """
    try:
        point = draft.point()
    except Refusal:
        return []
    if point is None:
        return []
    (lon, lat), matter, words = point, draft.typed["matter"], draft.typed["words"]
    if among is None:
        found = duplicates.openly_likely(lon=lon, lat=lat, at=at, matter=matter, words=words, most=3)
    else:
        found = duplicates.likely(lon=lon, lat=lat, at=at, matter=matter, words=words, most=3, among=among)
    places = names.places(one.case.unit_code for one in found)
    follow = behind.followers_of(one.case.pk for one in found) if found else {}
    return [_likely(one, places, follow.get(one.case.pk, 0), openly_told=among is None) for one in found]


def _likely(one: duplicates.Likely, places: dict[str, str], followers: int, *, openly_told: bool) -> Likely:
    case, spot = one.case, openly.spot(one.case)
    away = _away(one.metres, case.matter) if openly_told else _("{metres} m away").format(metres=round(one.metres))
    age = _("{time} ago").format(time=duration(one.micros))
    state = names.state(pinned(case.definition), case.state)
    where, chip = openly.street(case) or places.get(case.unit_code, ""), names.chip(case.state)
    surely, matter = one.score >= 0.75, names.matter(case.matter)
    return Likely(
        case.pk,
        numbers.number(case),
        matter,
        where,
        f"{away} · {age}",
        followers,
        state,
        chip,
        surely,
        spot.lon,
        spot.lat,
    )


def _away(metres: float, matter: str) -> str:
    """Say how far a place is, no more exactly than the place is told."""
    if known.exactness(matter) == "exact":
        return _("{metres} m away").format(metres=max(10, round(round(metres), -1)))
    return _("about {metres} m away").format(metres=max(100, round(round(metres), -2)))


def marks(found: list[Likely]) -> str:
    """Give the likely duplicates as marks of a map, numbered as their cards are; places as exactly as they are told."""
    drawn = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": {"id": one.number, "number": n, "name": f"{n}: {one.matter}", "status": "plain"},
        }
        for n, one in enumerate(found, 1)
        if one.lon is not None
    ]
    return json.dumps({"type": "FeatureCollection", "features": drawn}, ensure_ascii=False)


def seen(draft: Draft, found: list[Likely]) -> bool:
    """Tell whether these likely duplicates were shown before and passed over."""
    return {str(one.id) for one in found} <= set(draft.typed["seen"].split(","))


def suggested(words: str, most: int = 4) -> list[tuple[str, str]]:
    """Propose matters for the words typed so far, as (code, name)."""
    lang = language()
    entries = catalog.current().suggest(words, lang, most)
    entries = entries or (catalog.current().suggest(words, "en", most) if words else [])
    return [(entry.code, names.words(entry.names)) for entry in entries]


def offered(draft: Draft, most: int = 6) -> list[tuple[str, str]]:
    """Offer matters as large buttons: the one chosen, those that fit the words, those most reported this week.

    Of a component, what may be wrong with one of its type instead of what is reported most. The week is counted once
    an hour of the city's time in each process; else no query.
    """
    known, of_type = catalog.current().matters, draft.about.matters if draft.about else ()
    codes = [
        draft.typed["matter"],
        *of_type,
        *(code for code, _name in suggested(draft.typed["words"], most)),
        *(() if of_type else (*public.frequent(), *known)),
    ]
    found = [code for code in dict.fromkeys(codes) if code in known][:most]
    return [(code, names.words(known[code].names)) for code in found]


def matter_groups(chosen: str) -> list[tuple[str, list[tuple[str, str, bool, str]]]]:
    """List all matters by class, each sorted by name, with the words it is found by in every language."""
    groups: dict[str, list[tuple[str, str, bool, str]]] = {}
    for entry in catalog.current().matters.values():
        group = names.words(entry.class_names) or _("Matters")
        said = (*entry.names.values(), *entry.class_names.values(), *(k for ks in entry.keywords.values() for k in ks))
        row = (entry.code, names.words(entry.names), entry.code == chosen, " ".join(dict.fromkeys(said)))
        groups.setdefault(group, []).append(row)
    return sorted((group, sorted(rows, key=lambda r: r[1])) for group, rows in groups.items())


def where(draft: Draft) -> str:
    """Name the place a draft is about so far, "" where it has none."""
    try:
        point = draft.point()
        code = units.locate(*point) if point else draft.typed["unit"]
        return names.place(units.paths_of([code]).get(code, [])[:WIDE], WIDE) if code else ""
    except Refusal:
        return ""
