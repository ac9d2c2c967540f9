"""The only writers of organisations, posts and who holds them."""

import re
import time
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import under
from cityloop.town.ledger.actions import move_cursor, record
from cityloop.town.ledger.queries import cursor
from cityloop.town.orgs import authority
from cityloop.town.orgs.models import FOREVER, Holding, Organisation, Post
from cityloop.town.orgs.queries import setters
from cityloop.town.orgs.roles import known_role
from cityloop.town.orgs.rules import KINDS, credit_code_holds
from cityloop.town.persons import actions as persons
from cityloop.town.persons.models import Account
from cityloop.town.units.events import UnitsRenumbered

REFORMS = "orgs.units"
UNITS = Actor(kind="rule", role="rule", name="units")
_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")


@transaction.atomic
def found_city(*, key: str, names: Mapping[str, str], by: Actor, at: int, calendar: str = "") -> Organisation:
    """Create the root of all organisations, the city itself. There is exactly one."""
    if Organisation.objects.filter(parent=None).exists():
        raise Refusal("orgs.city.exists", "This installation already has its city.", "key")
    city = _create(_checked_key(key), names, "government", None, calendar)
    _record_organisation(city, "founded", by, at)
    return city


@transaction.atomic
def add_organisation(
    *,
    key: str,
    names: Mapping[str, str],
    kind: str,
    parent: Organisation,
    by: Actor,
    at: int,
    calendar: str = "",
    email: str = "",
    credit_code: str = "",
) -> Organisation:
    """Create an organisation below `parent`. Refuses a key that is taken and a credit code that does not hold."""
    lock_tree()
    if kind not in KINDS:
        raise Refusal("orgs.kind.unknown", "Choose one of these kinds: {kinds}.", "kind", kinds=", ".join(KINDS))
    if credit_code and not credit_code_holds(credit_code):
        raise Refusal("orgs.credit_code.wrong", "This is no valid 18-digit credit code.", "credit_code")
    parent.refresh_from_db(fields=["path"])
    made = _create(_checked_key(key), _said(names), kind, parent, calendar, email=email, credit_code=credit_code)
    _record_organisation(made, "added", by, at)
    return made


@transaction.atomic
def rename_organisation(*, organisation: Organisation, names: Mapping[str, str], by: Actor, at: int) -> None:
    """Give an organisation other names; its key, which programs and plates use, stays."""
    lock_tree()
    organisation.names, organisation.revision = _said(names), _next_revision()
    organisation.save(update_fields=["names", "revision"])
    _record_organisation(organisation, "renamed", by, at)


@transaction.atomic
def move_organisation(*, organisation: Organisation, parent: Organisation, by: Actor, at: int) -> None:
    """Hang an organisation, with all below it, under another parent."""
    lock_tree()
    organisation.refresh_from_db()
    parent.refresh_from_db()
    if organisation.is_root or parent.path.startswith(organisation.path):
        raise Refusal("orgs.parent.circle", "Choose a parent outside the organisation itself.", "parent")
    authority.check_gains_nothing(by, parent.path, organisation.path, at=at, field="parent")
    old, new = organisation.path, f"{parent.path}{organisation.pk}/"
    _rewrite_paths(old, new)
    organisation.parent, organisation.path = parent, new
    organisation.save(update_fields=["parent"])
    _record_organisation(organisation, "moved", by, at, {"from": old})


@transaction.atomic
def set_active(*, organisation: Organisation, active: bool, by: Actor, at: int) -> None:
    """Close an organisation or open it again. Closed ones get no work and their posts allow nothing."""
    lock_tree()
    if organisation.is_root and not active:
        raise Refusal("orgs.city.closed", "The city itself cannot be closed.", "active")
    if active and not organisation.active:
        authority.check_gains_nothing(by, organisation.path, _above(organisation.path), at=at, field="active")
    organisation.active, organisation.revision = active, _next_revision()
    organisation.save(update_fields=["active", "revision"])
    _record_organisation(organisation, "opened" if active else "closed", by, at)
    _still_set_up(by, at)


@transaction.atomic
def add_post(
    *,
    organisation: Organisation,
    role: str,
    by: Actor,
    at: int,
    unit_code: str = "",
    level: int = 0,
    names: Mapping[str, str] | None = None,
) -> Post:
    """Create a post: a role in an organisation for the units under `unit_code`, up to a confidentiality level."""
    known_role(role)
    if level not in range(4):
        raise Refusal("orgs.level.range", "Choose a confidentiality level from 0 to 3.", "level")
    post = Post.objects.create(
        organisation=organisation, role=role, unit_code=unit_code, level=level, names=dict(names or {})
    )
    data = {"role": role, "unit": unit_code, "level": level, "organisation": organisation.key}
    record(subject=f"post:{post.pk}", kind="post", what="added", by=by, at=at, data=data)
    return post


@transaction.atomic
def close_post(*, post: Post, by: Actor, at: int) -> None:
    """Close a post; whoever holds it can no longer act in it."""
    post.active = False
    post.save(update_fields=["active"])
    record(subject=f"post:{post.pk}", kind="post", what="closed", by=by, at=at, data={})
    _still_set_up(by, at)


@transaction.atomic
def appoint(
    *, account: Account, post: Post, by: Actor, at: int, valid_from: int | None = None, valid_to: int = FOREVER
) -> Holding:
    """Let an account hold a post from `valid_from` (now, if not given) until `valid_to`."""
    authority.check_not_oneself(by, account.person_id)
    start = at if valid_from is None else valid_from
    if start >= valid_to:
        raise Refusal("orgs.holding.order", "The end must lie after the beginning.", "valid_to")
    Post.objects.select_for_update().get(pk=post.pk)
    if Holding.objects.filter(account=account, post=post, valid_from__lt=valid_to, valid_to__gt=start).exists():
        raise Refusal("orgs.holding.held", "This account already holds the post in that time.", "account")
    holding = Holding.objects.create(account=account, post=post, valid_from=start, valid_to=valid_to)
    _record_holding(holding, "appointed", by, at)
    return holding


@transaction.atomic
def dismiss(*, holding: Holding, by: Actor, at: int) -> None:
    """End a holding at `at`; one that has not begun yet is taken back."""
    if holding.valid_to <= at:
        raise Refusal("orgs.holding.over", "This holding has already ended.", "holding")
    _record_holding(holding, "dismissed", by, at)
    if holding.valid_from >= at:
        holding.delete()
    else:
        holding.valid_to = at
        holding.save(update_fields=["valid_to"])
    _still_set_up(by, at)


@transaction.atomic
def close_account(*, account: Account, by: Actor, at: int) -> None:
    """Close an account at once, and with it all it may do in the posts it holds."""
    persons.close_account(account=account, by=by, at=at)
    _still_set_up(by, at)


@transaction.atomic
def reopen_account(*, account: Account, password: str, by: Actor, at: int) -> None:
    """Open a closed account again: what posts it holds still, it acts in again."""
    persons.reopen_account(account=account, password=password, by=by, at=at)


@transaction.atomic
def follow_reform(event: UnitsRenumbered) -> int:
    """Let posts follow a reform of units; where a unit became several, a post becomes one for each, same holders."""
    if cursor(REFORMS) >= event.reform:
        return 0
    posts = Post.objects.select_for_update().filter(active=True).exclude(unit_code="").order_by("id")
    moved = [post for post in posts if post.unit_code in event.became or post.unit_code in event.mapping]
    for post in moved:
        first, *more = event.became.get(post.unit_code) or (event.mapping[post.unit_code],)
        data = {"from": post.unit_code, "unit": first}
        post.unit_code = first
        post.save(update_fields=["unit_code"])
        record(subject=f"post:{post.pk}", kind="post", what="moved", by=UNITS, at=event.at, data=data)
        for code in more:
            _double(post, code, event.at)
    move_cursor(REFORMS, event.reform)
    return len(moved)


def _double(post: Post, unit_code: str, at: int) -> None:
    """Make a post for another unit, held by the same accounts."""
    twin = add_post(
        organisation=post.organisation,
        role=post.role,
        by=UNITS,
        at=at,
        unit_code=unit_code,
        level=post.level,
        names=post.names,
    )
    for held in post.holdings.filter(valid_to__gt=at).select_related("account"):
        start = max(held.valid_from, at)
        appoint(account=held.account, post=twin, by=UNITS, at=at, valid_from=start, valid_to=held.valid_to)


def _still_set_up(by: Actor, at: int) -> None:
    """Refuse what leaves nobody to set the city up: it could not be taken back at the desk. The command line may."""
    if by.kind == "rule":
        return
    lock_tree()  # of two who end each other's at once, the second sees what the first has done
    if not setters(at):
        raise Refusal(
            "orgs.setter.last", "Nobody could change the settings any more: first appoint another city engineer.",
            "holding",
        )  # fmt: skip


def lock_tree() -> None:
    """Let changes of the tree happen one after the other, so that paths and revisions stay true."""
    if not list(Organisation.objects.select_for_update().filter(parent=None)):
        raise Refusal("orgs.city.missing", "Found the city first: its organisation is the root of all.", "parent")


def _said(names: Mapping[str, str]) -> dict[str, str]:
    """Give the names without those left empty; refuse an organisation that has none."""
    said = {lang: text for lang, given in names.items() if (text := clean(given).strip())}
    if not said:
        raise Refusal("orgs.names.missing", "Give the organisation a name.", "names")
    return said


def _create(
    key: str, names: Mapping[str, str], kind: str, parent: Organisation | None, calendar: str, **more: str
) -> Organisation:
    if Organisation.objects.filter(key=key).exists():
        raise Refusal("orgs.key.taken", "There is already an organisation with the key {key}.", "key", key=key)
    made = Organisation(key=key, names=dict(names), kind=kind, parent=parent, calendar=calendar, **more)
    made.path, made.revision = f"?{key}", _next_revision()
    made.save(force_insert=True)
    made.path = f"{parent.path if parent else '/'}{made.pk}/"
    made.save(update_fields=["path"])
    return made


def _checked_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise Refusal("orgs.key.malformed", "Use a key of small letters, digits and . _ - only.", "key")
    return key


def _above(path: str) -> str:
    """Give the path of what an organisation hangs under: of "/1/7/" that is "/1/"."""
    return path[: path.rindex("/", 0, -1) + 1]


def _rewrite_paths(old: str, new: str) -> None:
    moved = list(Organisation.objects.filter(under("path", old)))
    revision = _next_revision()
    for organisation in moved:
        organisation.path, organisation.revision = new + organisation.path[len(old) :], revision
    Organisation.objects.bulk_update(moved, ["path", "revision"])


def _next_revision() -> int:
    """Give a stamp later than all, never used before: caches in other processes compare it for equality."""
    return max((Organisation.objects.aggregate(last=Max("revision"))["last"] or 0) + 1, time.time_ns() // 1000)


def _record_organisation(
    organisation: Organisation, what: str, by: Actor, at: int, data: dict[str, str] | None = None
) -> None:
    facts = {"key": organisation.key, "path": organisation.path, **(data or {})}
    record(subject=f"organisation:{organisation.pk}", kind="organisation", what=what, by=by, at=at, data=facts)


def _record_holding(holding: Holding, what: str, by: Actor, at: int) -> None:
    facts = {"account": holding.account_id, "from": holding.valid_from, "to": str(holding.valid_to)}
    record(subject=f"post:{holding.post_id}", kind="post", what=what, by=by, at=at, data=facts)
