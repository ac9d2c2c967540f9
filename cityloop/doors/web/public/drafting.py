"""A report as it is being written: read from the form, kept whole through every error."""

from dataclasses import dataclass, field, replace
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from cityloop.doors.web.photos import address
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.doors.web.show.asked import degrees, keep_photos
from cityloop.doors.web.show.times import duration, language
from cityloop.ground.codes import check_point
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import duplicates, known, numbers
from cityloop.loops.cases.loop import pinned
from cityloop.town.catalog import queries as catalog
from cityloop.town.files import queries as files
from cityloop.town.units import queries as units

REPORTER = Actor("reporter", "reporter")
TEXTS = ("lon", "lat", "unit", "place", "address", "matter", "words", "name", "phone", "email", "key", "seen")
SALT = "cityloop.report.photos"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, the photos kept so far, and what is wrong, by field."""

    typed: dict[str, str]
    photos: tuple[str, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> str:
        """Give the photos kept so far, signed, for a hidden field."""
        return signing.dumps(list(self.photos), salt=SALT) if self.photos else ""

    @property
    def pictures(self) -> list[str]:
        """Give addresses of the photos kept so far."""
        return [address(uuid) for uuid in self.photos]

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


def begun(given: QueryDict, key: str = "") -> Draft:
    """Give a draft from an address or a form."""
    typed = {name: clean(str(given.get(name, "")))[:6000] for name in TEXTS}
    typed["key"] = typed["key"][:120] or key
    return Draft(typed, _unsigned(given.get("kept", "")))


def _unsigned(text: str) -> tuple[str, ...]:
    try:
        return tuple(signing.loads(text, salt=SALT, max_age=DAY)) if text else ()
    except signing.BadSignature:
        return ()


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


def report_of(draft: Draft) -> cases.Report:
    """Give the report a draft has become."""
    point, typed = draft.point(), draft.typed
    return cases.Report(
        channel="web",
        words=typed["words"],
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
    )


@dataclass(frozen=True, slots=True)
class Likely:
    """A case that may be the same, in the four facts one needs to decide."""

    id: int
    number: str
    matter: str
    place: str
    away: str
    state: str
    chip: tuple[str, str]
    surely: bool


def likely(draft: Draft, at: int, among: "QuerySet[Any] | None" = None) -> list[Likely]:
    """Give open cases that may be about the same thing: of those an officer sees, else of what everybody may know.

    Three queries.
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
    return [_likely(one, places, openly=among is None) for one in found]


def _likely(one: duplicates.Likely, places: dict[str, str], *, openly: bool) -> Likely:
    case = one.case
    away = _away(one.metres, case.matter) if openly else _("{metres} m away").format(metres=round(one.metres))
    age = _("{time} ago").format(time=duration(one.micros))
    state = names.state(pinned(case.definition), case.state)
    where, chip = places.get(case.unit_code, ""), names.chip(case.state)
    return Likely(
        case.pk, numbers.number(case), names.matter(case.matter), where, f"{away} · {age}", state, chip,
        one.score >= 0.75,
    )  # fmt: skip


def _away(metres: float, matter: str) -> str:
    """Say how far a place is, no more exactly than the place is told."""
    if known.exactness(matter) == "exact":
        return _("{metres} m away").format(metres=max(10, round(metres, -1)))
    return _("about {metres} m away").format(metres=max(100, round(metres, -2)))


def seen(draft: Draft, found: list[Likely]) -> bool:
    """Tell whether these likely duplicates were shown before and passed over."""
    return {str(one.id) for one in found} <= set(draft.typed["seen"].split(","))


def suggested(words: str) -> list[tuple[str, str]]:
    """Propose matters for the words typed so far, as (code, name)."""
    lang = language()
    entries = catalog.current().suggest(words, lang, 4) or (catalog.current().suggest(words, "en", 4) if words else [])
    return [(entry.code, names.words(entry.names)) for entry in entries]


def matter_groups(chosen: str) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """List all matters by class, each sorted by name."""
    groups: dict[str, list[tuple[str, str, bool]]] = {}
    for entry in catalog.current().matters.values():
        group = names.words(entry.class_names) or _("Matters")
        groups.setdefault(group, []).append((entry.code, names.words(entry.names), entry.code == chosen))
    return sorted((group, sorted(rows, key=lambda r: r[1])) for group, rows in groups.items())


def unit_choices(text: str) -> list[tuple[str, str]]:
    """Find units by a part of their name, as (code, path in words)."""
    found = units.search(text)
    paths = names.places((u.code for u in found), last=4)
    return [(u.code, paths[u.code]) for u in found]


def where(draft: Draft) -> str:
    """Name the place a draft is about so far, "" where it has none."""
    try:
        point = draft.point()
        code = units.locate(*point) if point else draft.typed["unit"]
        return names.places([code], last=4).get(code, "") if code else ""
    except Refusal:
        return ""
