"""Reads of organisations, posts and people in them. Each says how many queries it costs."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import Max, QuerySet

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.columns import under
from cityloop.town.orgs import staffing
from cityloop.town.orgs.models import Holding, Organisation, Post
from cityloop.town.orgs.roles import SETS_UP
from cityloop.town.orgs.rules import related
from cityloop.town.orgs.staffing import Candidate, Finding, Need
from cityloop.town.persons.models import Account


class OrgRef(NamedTuple):
    """An organisation as routing and actors name it: `path` is `""` for the city itself in `actor_path`."""

    id: int
    key: str
    path: str
    actor_path: str
    names: dict[str, str]
    active: bool
    kind: str = "government"


def city() -> Organisation:
    """Give the root organisation; refuses where none was founded. One query."""
    root = Organisation.objects.filter(parent=None).first()
    if root is None:
        raise Refusal("orgs.city.missing", "Found the city first: its organisation is the root of all.")
    return root


def organisation(key: str) -> Organisation:
    """Give an organisation by its key. One query."""
    found = Organisation.objects.filter(key=key).first()
    if found is None:
        raise Refusal("orgs.key.unknown", "There is no organisation with the key {key}.", "organisation", key=key)
    return found


def below(path: str) -> QuerySet[Organisation]:
    """Select the organisation of this path and all under it."""
    return Organisation.objects.filter(under("path", path)).order_by("path")


def directory() -> dict[str, OrgRef]:
    """Give all organisations by key. One query."""
    rows = Organisation.objects.values_list("id", "key", "path", "parent_id", "names", "active", "kind")
    return {
        key: OrgRef(id_, key, path, path if parent else "", names, active, kind)
        for id_, key, path, parent, names, active, kind in rows
    }


def called() -> dict[str, int]:
    """Give the id of each open organisation by its key and by its names, folded; keys win over names. One query."""
    rows = list(Organisation.objects.filter(active=True).values_list("id", "key", "names").order_by("id"))
    by_name = {name.casefold(): id_ for id_, _key, names in reversed(rows) for name in names.values()}
    return by_name | {key.casefold(): id_ for id_, key, _names in rows}


def revision() -> int:
    """Give a number that grows with each change of any organisation. One indexed query."""
    return Organisation.objects.aggregate(last=Max("revision"))["last"] or 0


def holders(post: int, at: int) -> list[int]:
    """Give the ids of the active accounts that hold a post at `at`. One query."""
    held = Holding.objects.filter(post_id=post, valid_from__lte=at, valid_to__gt=at, account__is_active=True)
    return list(held.values_list("account_id", flat=True))


def posts(organisation_id: int, role: str, unit_code: str = "") -> QuerySet[Post]:
    """Select an organisation's open posts of a role that cover a unit, the nearest first."""
    covering = Post.objects.filter(organisation_id=organisation_id, role=role, active=True)
    return covering.filter(unit_code__in=_prefixes(unit_code)).order_by("-unit_code", "id")


def post_of(organisation: Organisation, role: str, unit_code: str, level: int) -> Post | None:
    """Give the open post of just this role, unit and level, if there is one. One query."""
    return Post.objects.filter(
        organisation=organisation, role=role, unit_code=unit_code, level=level, active=True
    ).first()


class Seat(NamedTuple):
    """A post with one who holds it: `holding` and `account` are 0 where nobody does."""

    post: int
    role: str
    org: int
    unit_code: str
    level: int
    holding: int
    account: int
    username: str
    active: bool


_SEAT = ("post_id", "post__role", "post__organisation_id", "post__unit_code", "post__level", "id", "account_id",
         "account__username", "account__is_active")  # fmt: skip


def seats_of_accounts(accounts: Iterable[int], at: int) -> dict[int, list[Seat]]:
    """Give the posts that each of these accounts holds at `at`. One query."""
    held_now = Holding.objects.filter(account__in=list(accounts), valid_from__lte=at, valid_to__gt=at)
    found: dict[int, list[Seat]] = {}
    for row in held_now.order_by("post__role", "post__unit_code", "id").values_list(*_SEAT):
        found.setdefault(row[6], []).append(Seat(*row))
    return found


def seats_of(organisation_id: int, at: int) -> list[Seat]:
    """Give an organisation's open posts, each as often as somebody holds it, at least once. Two queries."""
    open_posts = Post.objects.filter(organisation_id=organisation_id, active=True).order_by("role", "unit_code", "id")
    held_now = Holding.objects.filter(post__in=open_posts, valid_from__lte=at, valid_to__gt=at)
    taken: dict[int, list[Seat]] = {}
    for row in held_now.order_by("id").values_list(*_SEAT):
        taken.setdefault(row[0], []).append(Seat(*row))
    found: list[Seat] = []
    for post in open_posts:
        empty = Seat(post.pk, post.role, organisation_id, post.unit_code, post.level, 0, 0, "", True)
        found += taken.get(post.pk) or [empty]
    return found


def posts_ever(*, organisation: int = 0, account: int = 0) -> list[int]:
    """Give the ids of all posts an organisation has or had, or that an account holds or held. One query."""
    if organisation:
        return list(Post.objects.filter(organisation=organisation).values_list("pk", flat=True))
    return list(Holding.objects.filter(account=account).values_list("post", flat=True).distinct())


def holding(number: int) -> Holding:
    """Give a holding by its id. One query."""
    found = Holding.objects.filter(pk=number).select_related("account").first()
    if found is None:
        raise Refusal("orgs.holding.unknown", "There is no such appointment.", "holding")
    return found


def post(number: int) -> Post:
    """Give a post by its id. One query."""
    found = Post.objects.filter(pk=number).first()
    if found is None:
        raise Refusal("orgs.post.unknown", "There is no such post.", "post")
    return found


def held(account: Account, role: str, at: int) -> list[Holding]:
    """Give the posts of a role that an account holds at `at`. One query."""
    held_now = Holding.objects.filter(account=account, post__role=role, valid_from__lte=at, valid_to__gt=at)
    return list(held_now.order_by("id"))


def setters(at: int) -> list[Candidate]:
    """Give who may change the settings at `at`: the city engineers of the whole city. One query."""
    return _staff(at, roles=[SETS_UP], codes=[""])


def eligible(
    role: str,
    unit_code: str,
    at: int,
    exclude_person: Iterable[int] = (),
    exclude_org_paths: Iterable[str] = (),
    level: int = 0,
) -> list[Candidate]:
    """Who may take a task of `role` in this unit, nearest post first. One query.

    Left out: the persons named, and everyone whose organisation is one of `exclude_org_paths`, contains one or
    lies in one (actor paths: the city itself, `""`, is related to nobody).
    """
    staff = _staff(at, roles=[role], codes=_prefixes(unit_code), level=level)
    found = _no_party(staff, frozenset(exclude_person), tuple(exclude_org_paths))
    return sorted(found, key=lambda c: (-len(c.unit_code), c.post, c.account))


def eligible_anywhere(
    role: str, at: int, exclude_person: Iterable[int] = (), exclude_org_paths: Iterable[str] = (), level: int = 0
) -> list[Candidate]:
    """Who may take a task of `role`, whatever unit their post covers: for when nobody near is eligible. One query."""
    return _no_party(_staff(at, roles=[role], level=level), frozenset(exclude_person), tuple(exclude_org_paths))


def posts_of(person: int, roles: Sequence[str], at: int, level: int = 0) -> list[Candidate]:
    """Give the posts of these roles that a person holds, each as a candidate. One query."""
    return _staff(at, roles=roles, level=level, person=person)


def _no_party(staff: list[Candidate], persons: frozenset[int], paths: tuple[str, ...]) -> list[Candidate]:
    return [c for c in staff if c.person not in persons and not any(related(c.org_path, path) for path in paths)]


def missing(
    needs: Sequence[Need],
    units: Iterable[str],
    *,
    at: int,
    lead: staffing.Lead,
    splits: Iterable[str] = (),
    needed: Sequence[str] = staffing.NEEDED,
) -> list[Finding]:
    """Find who is missing where, for `cityloop check`: see `staffing.missing`. One query."""
    return staffing.missing(_staff(at, roles=needed), needs, units, lead, splits, needed)


_COLUMNS = (
    "account_id",
    "account__person_id",
    "post_id",
    "post__role",
    "post__organisation_id",
    "post__organisation__path",
    "post__unit_code",
    "post__level",
    "post__organisation__parent_id",
    "account__username",
)


def _staff(
    at: int, roles: Sequence[str], codes: Sequence[str] | None = None, level: int = 0, person: int = 0
) -> list[Candidate]:
    held = Holding.objects.filter(
        valid_from__lte=at,
        valid_to__gt=at,
        account__is_active=True,
        post__active=True,
        post__organisation__active=True,
        post__role__in=roles,
        post__level__gte=level,
    )
    if codes is not None:
        held = held.filter(post__unit_code__in=codes)
    if person:
        held = held.filter(account__person_id=person)
    return [
        Candidate(account, person, post, role, org, path if parent else "", code, ceiling, username)
        for account, person, post, role, org, path, code, ceiling, parent, username in held.values_list(*_COLUMNS)
    ]


def _prefixes(code: str) -> list[str]:
    return [code[:n] for n in range(len(code) + 1)]
