"""Everything that can be known of a city file before anything is written. It reads files and writes nothing."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from cityloop.ground.kit.loader import PlateRefused, load
from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.registry import plates as installed
from cityloop.ground.kit.routing import Table
from cityloop.ground.worktime import check_zone
from cityloop.town.calendar.rules import written
from cityloop.town.catalog.beside import clashes
from cityloop.town.founding.cityfile import CalendarPart, OrganisationPart, PeoplePart
from cityloop.town.founding.grounds import Grounds, survey
from cityloop.town.founding.reading import Draft
from cityloop.town.orgs.roles import ROLES
from cityloop.town.orgs.rules import credit_code_holds
from cityloop.town.persons.rules import folded
from cityloop.town.units.rules.coverage import Finding
from cityloop.town.units.rules.unitsmap import CityMap


@dataclass
class Checked:
    """A city file that was looked through: what stands in it, what is wrong, and what is worth a look."""

    draft: Draft
    plates: list[Manifest] = field(default_factory=list)
    organisations: dict[str, OrganisationPart] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    notes: list[Finding] = field(default_factory=list)


def check(draft: Draft) -> Checked:
    """Look through a city file; every problem stands in its draft afterwards."""
    done = Checked(draft)
    grounds: Grounds | None = None
    if draft.units is not None:
        _city(draft, draft.units.city)
        grounds = survey(draft, draft.units)
        done.units, done.notes = grounds.counts, grounds.notes
    if draft.people is not None:
        _calendar(draft, draft.people.calendar)
        done.plates = _plates(draft, draft.people.plates)
        done.organisations = _organisations(draft, draft.people.organisations, done.plates)
        _rules(draft, done.plates, done.organisations.keys())
        _accounts(draft, draft.people, done.organisations.keys(), grounds)
    return done


def _city(draft: Draft, city: CityMap) -> None:
    try:
        check_zone(city.zone)
    except Refusal as refusal:
        draft.tell(refusal.code, str(refusal), "city", "zone")
    _languages(draft, city.languages, "city", "languages")
    _spoken(draft, city.names, "city", "names")
    if not city.languages:
        draft.tell("founding.languages", "name at least one language", "city", "languages")


def _languages(draft: Draft, given: Sequence[str], *loc: str | int) -> None:
    for language in given:
        if language not in offered():
            draft.tell("founding.language.unknown", f"{language}: the pages speak {', '.join(offered())}", *loc)


def offered() -> list[str]:
    """Give the languages that the pages speak."""
    return [code for code, _name in settings.LANGUAGES]


def _spoken(draft: Draft, names: Mapping[str, str], *loc: str | int) -> None:
    """Want a name in each language of the city."""
    wanted = draft.units.city.languages if draft.units else ()
    lacking = [language for language in wanted if language in offered() and not names.get(language, "").strip()]
    if lacking or not names:
        draft.tell("founding.names", f"say it in {', '.join(lacking) or 'a language'} too", *loc)


def _calendar(draft: Draft, calendar: CalendarPart) -> None:
    for name in ("holidays", "workdays"):
        for place, day in enumerate(getattr(calendar, name)):
            try:
                written(day, name)
            except Refusal as refusal:
                draft.tell(refusal.code, str(refusal), "calendar", name, place)
    try:
        calendar.reckoner("UTC")  # the zone is the city's, and looked at there
    except Refusal as refusal:
        draft.tell(refusal.code, str(refusal), "calendar", _shifts_key(calendar, refusal))


def _shifts_key(calendar: CalendarPart, refusal: Refusal) -> str:
    """Give the key that a person wrote: shifts are written as hours and days, or as they are."""
    field_ = (refusal.field or "").partition(".")[0]
    if field_ != "shifts" or calendar.shifts is not None:
        return {"day_hours": "day_minutes"}.get(field_, field_)
    return "hours" if calendar.days else "days"


# --- plates


def _plates(draft: Draft, names: Sequence[str]) -> list[Manifest]:
    known = installed()
    found: list[Manifest] = []
    for place, name in enumerate(names):
        folder = draft.folder / name if "/" in name else known.get(name)
        if folder is None:
            said = f"there is no plate {name}; installed are {', '.join(known)}"
            draft.tell("founding.plate.unknown", said, "plates", place)
        elif name in names[:place]:
            draft.tell("founding.plate.twice", f"{name} stands here more than once", "plates", place)
        else:
            found += [plate for plate in _plate(draft, folder, place) if not _again(draft, plate, found, place)]
    for clash in clashes(found):
        draft.tell(clash.code, str(clash), "plates")
    return found


def _plate(draft: Draft, folder: Path, place: int) -> list[Manifest]:
    try:
        return [load(folder)]
    except PlateRefused as refused:
        for problem in refused.problems:
            draft.tell(problem.code, f"{folder.name}/{problem}", "plates", place)
        return []


def _again(draft: Draft, plate: Manifest, before: Sequence[Manifest], place: int) -> bool:
    """Tell of a folder with a plate that is there by another name."""
    again = plate.key in {one.key for one in before}
    if again:
        draft.tell("founding.plate.twice", f"the plate {plate.key} stands here more than once", "plates", place)
    return again


def _rules(draft: Draft, plates: Sequence[Manifest], known: Set[str]) -> None:
    """Want every organisation that a plate's rules name."""
    for plate in plates:
        try:
            named = Table(plate.rules()).organisations()
        except Refusal as refusal:
            draft.tell(refusal.code, f"{plate.key}: {refusal}", "plates")
            continue
        for key in sorted(named - known):
            draft.tell("catalog.organisation.unknown", f"the rules of {plate.key} name {key}: add it", "organisations")


# --- people


def _organisations(
    draft: Draft, given: Sequence[OrganisationPart], plates: Sequence[Manifest]
) -> dict[str, OrganisationPart]:
    """Look through the organisations; give all there will be. The city's word goes before a plate's."""
    known, owners = {org.key: org for org in given}, dict[str, str]()
    for plate in plates:
        for its in plate.organisations:
            if its.key not in known:
                owners[its.key] = plate.key
                known[its.key] = OrganisationPart(key=its.key, names=its.names, kind=its.kind, parent=its.parent or "")
    parents = {key: org.parent for key, org in known.items()}
    city = draft.units.city.key.replace("_", "-") if draft.units else ""
    for place, org in enumerate(given):
        loc = ("organisations", place)
        _spoken(draft, org.names, *loc, "names")
        if org.key == city or org.key in {other.key for other in given[:place]}:
            draft.tell("orgs.key.taken", f"{org.key} stands here more than once, or is the city itself", *loc, "key")
        for code, said in _astray(org.key, parents):
            draft.tell(code, said, *loc, "parent")
        if org.credit_code and not credit_code_holds(org.credit_code):
            draft.tell("orgs.credit_code.wrong", "this is no valid 18-digit credit code", *loc, "credit_code")
    if city in owners:
        draft.tell("orgs.key.taken", f"{owners[city]} has an organisation {city}: take another key", "city", "key")
    for key, owner in owners.items():
        for code, said in _astray(key, parents):
            draft.tell(code, f"{owner}: {key}: {said}", "plates")
    return known


def _astray(key: str, parents: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Say why an organisation has no place under the city."""
    if parents[key] and parents[key] not in parents:
        yield "founding.parent.unknown", f"there is no organisation {parents[key]}, here or in a plate"
    elif _circles(key, parents):
        yield "orgs.parent.circle", "choose a parent outside the organisation itself"


def _circles(key: str, parents: Mapping[str, str]) -> bool:
    seen, at = {key}, parents[key]
    while at in parents:
        if at in seen:
            return True
        seen.add(at)
        at = parents[at]
    return False


def _accounts(draft: Draft, people: PeoplePart, known: Set[str], grounds: Grounds | None) -> None:
    users: set[str] = set()
    for place, account in enumerate(people.accounts):
        loc = ("accounts", place)
        if folded(account.user) in users:
            draft.tell("persons.username.taken", f"{account.user} stands here more than once", *loc, "user")
        users.add(folded(account.user))
        _languages(draft, [account.language] if account.language else [], *loc, "language")
        for number, post in enumerate(account.posts):
            here = (*loc, "posts", number)
            if post in account.posts[:number]:
                draft.tell("orgs.holding.held", "this post stands here more than once", *here)
            if post.role not in ROLES:
                draft.tell("orgs.role.unknown", f"choose one of these roles: {', '.join(ROLES)}", *here, "role")
            if post.organisation and post.organisation not in known:
                said = f"there is no organisation {post.organisation}, here or in a plate"
                draft.tell("orgs.unknown", said, *here, "organisation")
            if post.unit and grounds is not None and grounds.codes and post.unit not in grounds.codes:
                draft.tell("units.code.unknown", f"the boundaries yield no unit {post.unit}", *here, "unit")
