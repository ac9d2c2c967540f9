"""The one place that decides what someone may see and in which posts they act.

A *scope* is the sum of grants, one for each post held now. Supervision, the dispatcher and the centre see all
cases of their area; department officers, crews and public groups see only cases in which their organisation,
or one below it, takes part, within their units; other posts and strangers see none. Confidentiality is a
ceiling: a post of level 1 never sees a case of level 2.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Q

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.remembered import moment
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import after, under
from cityloop.town.orgs.models import Holding, Organisation, Post
from cityloop.town.orgs.roles import ROLES, SETS_UP, WATCHES, Sees, Track

FRESH = 5_000_000
TOP_LEVEL = 3
LAST = "\U0010ffff"


class Grant(msgspec.Struct, frozen=True):
    """What one post gives. `org_path` is the organisation's real path, also for the city itself."""

    role: str
    track: Track
    sees: Sees
    post: int
    org: int
    org_path: str
    unit_code: str
    level: int
    is_root: bool = False

    def covers(self, unit_code: str, level: int) -> bool:
        return level <= self.level and unit_code.startswith(self.unit_code)

    def allows(self, unit_code: str, level: int, org_paths: Iterable[str]) -> bool:
        if self.sees == "nothing" or not self.covers(unit_code, level):
            return False
        return self.sees == "area" or any(path.startswith(self.org_path) for path in org_paths)

    def within(self, other: "Grant") -> bool:
        """Tell whether `other` already shows everything that this grant shows."""
        wider = other.sees == "area" or (self.sees == other.sees and self.org_path.startswith(other.org_path))
        return wider and other.covers(self.unit_code, self.level)


class Range(msgspec.Struct, frozen=True):
    """Unit codes from `low` up to but not including `high`, up to confidentiality `level`."""

    low: str
    high: str
    level: int


class Scope(msgspec.Struct, frozen=True):
    """All that one account may see at one instant."""

    account: int = 0
    person: int = 0
    grants: tuple[Grant, ...] = ()

    def allows(self, unit_code: str, level: int = 0, org_paths: Iterable[str] = ()) -> bool:
        """Tell whether a thing in this unit, of this level, with these organisations taking part, may be seen."""
        paths = tuple(org_paths)
        return any(grant.allows(unit_code, level, paths) for grant in self.grants)

    def may(self, actor: Actor, unit_code: str, level: int = 0, org_paths: Iterable[str] = ()) -> bool:
        """Tell whether `actor`, one of this account's, may act on such a thing; asks no database."""
        paths = tuple(org_paths)
        mine = actor.person == self.person and actor.kind == "person"
        return mine and any(g.post == actor.post and g.allows(unit_code, level, paths) for g in self.grants)

    def has_role(self, *roles: str) -> bool:
        return any(grant.role in roles for grant in self.grants)

    def sees_anything(self) -> bool:
        """Tell whether staff pages have anything to show."""
        return any(grant.sees != "nothing" for grant in self.grants)

    def setter(self) -> Actor | None:
        """Give the post in which the city may be set up: the city engineer's for the whole city; None without it."""
        engineers = (g for g in self.grants if g.role == SETS_UP and not g.unit_code)
        return next((_actor(grant, self.person) for grant in engineers), None)

    def watches(self) -> bool:
        """Tell whether one may read who looked at personal data."""
        return any(grant.role == WATCHES and not grant.unit_code for grant in self.grants)

    def actors(self) -> list[Actor]:
        return [_actor(grant, self.person) for grant in self.grants]

    def area_ranges(self, *roles: str) -> list[Range]:
        """Give the code ranges seen whole, without those that another one contains, and those of posts in `roles`."""
        areas = [grant for grant in self._widest() if grant.sees == "area"]
        areas += [grant for grant in self.grants if grant.role in roles]
        return [Range(g.unit_code, after(g.unit_code) if g.unit_code else LAST, g.level) for g in areas]

    def q(self, unit_field: str, level_field: str, org_exists: Callable[[str], Q]) -> Q:
        """Give the one condition that filters a list; `org_exists(path)` says "this organisation or one below
        takes part". For a stranger it selects nothing, without asking the database.
        """
        parts = [_condition(grant, unit_field, level_field, org_exists) for grant in self._widest()]
        if not all(parts):
            return Q()
        return reduce(or_, parts) if parts else Q(pk__in=[])

    def _widest(self) -> list[Grant]:
        kept: list[Grant] = []
        seeing = [grant for grant in self.grants if grant.sees != "nothing"]
        for grant in sorted(seeing, key=lambda g: (g.sees != "area", len(g.unit_code), -g.level, len(g.org_path))):
            if not any(grant.within(other) for other in kept):
                kept.append(grant)
        return kept


NOBODY = Scope()


def scope(account: Any, at: int) -> Scope:
    """Give what `account` may see at `at`: one query, then kept on the account object for five seconds.

    While an answer is made it is kept until the end: five seconds are soon over in a city whose time runs fast.

    Anonymous users, closed accounts and `None` get the scope of a stranger.
    """
    if account is None or not account.is_authenticated or not account.is_active:
        return NOBODY
    kept: tuple[int, float, Scope] | None = getattr(account, "_scope", None)
    if kept and (0 <= at - kept[0] < FRESH or 0 < kept[1] == moment()):
        return kept[2]
    fresh = Scope(account.pk, account.person_id, tuple(_grants(account.pk, at)))
    account._scope = (at, moment(), fresh)
    return fresh


def signed_in(account: Any, at: int) -> Scope:
    """Give what an account that signed in with a password may see: nothing while another knows that password.

    Access keys are made apart, so what goes by one goes on.
    """
    return NOBODY if getattr(account, "password_given", False) else scope(account, at)


def actors(account: Any, at: int) -> list[Actor]:
    """Give one actor for each post the account holds at `at`."""
    return scope(account, at).actors()


def may(actor: Actor, unit_code: str, level: int = 0, org_paths: Iterable[str] = ()) -> bool:
    """Tell whether the actor's post covers such a thing: one query. Rules, the clock and sources always may;
    a reporter never may by post: being the reporter of a case is that case's own matter.
    """
    if actor.kind != "person":
        return actor.kind != "reporter"
    post = Post.objects.select_related("organisation").filter(pk=actor.post, role=actor.role, active=True).first()
    return post is not None and _grant_of(post).allows(unit_code, level, tuple(org_paths))


def check_not_oneself(by: Actor, person: int) -> None:
    """Refuse who would appoint themselves: another person who may has to, or whoever holds the city's command line."""
    if by.kind == "person" and by.person == person:
        raise Refusal(
            "orgs.holding.self",
            "Nobody appoints themselves: let another city engineer do it, or the command line (cityloop staff).",
            "username",
        )


def check_gains_nothing(by: Actor, path: str, but: str, *, at: int, field: str) -> None:
    """Refuse who would bring work within their own sight by what they do to an organisation: hang it (`path` is what it
    hangs under, `but` what is seen of it already) or open it. One query, of persons alone.
    """
    if by.kind != "person":
        return
    held = Holding.objects.filter(account__person=by.person, valid_to__gt=at, post__active=True)
    posts = (one.post for one in held.select_related("post__organisation") if ROLES[one.post.role].sees != "nothing")
    mine = [post.organisation.path for post in posts]
    if any(path.startswith(one) and not but.startswith(one) for one in mine):
        raise Refusal(
            "orgs.gain.self",
            "Your own post would see more by this: let another city engineer do it, or the command line.",
            field,
        )


# Asked at every request: written out, because putting the same SQL together costs more than the database's answer.
_HELD = (
    'SELECT p."role", p."id", o."id", o."path", p."unit_code", p."level", o."parent_id"'
    f' FROM "{Holding._meta.db_table}" h'
    f' JOIN "{Post._meta.db_table}" p ON p."id" = h."post_id"'
    f' JOIN "{Organisation._meta.db_table}" o ON o."id" = p."organisation_id"'
    ' WHERE h."account_id" = %s AND h."valid_from" <= %s AND h."valid_to" > %s AND p."active" AND o."active"'
    ' ORDER BY h."id"'
)


def _grants(account_id: int, at: int) -> list[Grant]:
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [account_id, at, at])
        return [_grant(row) for row in cursor.fetchall()]


def _grant(row: Sequence[Any]) -> Grant:
    name, post, org, path, unit_code, level, parent = row
    role = ROLES[name]
    return Grant(role.name, role.track, role.sees, post, org, path, unit_code, level, parent is None)


def _grant_of(post: Post) -> Grant:
    org = post.organisation
    return _grant((post.role, post.pk, org.pk, org.path, post.unit_code, post.level, org.parent_id))


def _actor(grant: Grant, person: int) -> Actor:
    path = "" if grant.is_root else grant.org_path
    return Actor(kind="person", role=grant.role, person=person, post=grant.post, org=grant.org, org_path=path)


def _condition(grant: Grant, unit_field: str, level_field: str, org_exists: Callable[[str], Q]) -> Q:
    whole = under(unit_field, grant.unit_code)
    if grant.level < TOP_LEVEL:
        whole &= Q(**{f"{level_field}__lte": grant.level})
    return whole & org_exists(grant.org_path) if grant.sees == "organisation" else whole
