"""People and posts: who may sign in, and in which posts they act. No personal data stands here, only user names."""

import secrets
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from cityloop.doors.web.desk.settings.guards import Wrong, attempt, changing, draw, go, setter, settings_page, text
from cityloop.doors.web.desk.settings.organisations import place, roles, with_places
from cityloop.doors.web.show import names
from cityloop.doors.web.show.myself import role
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs import actions
from cityloop.town.orgs import queries as orgs
from cityloop.town.persons import actions as persons_actions
from cityloop.town.persons import queries as persons
from cityloop.town.units import queries as units

MOST = 50
FIELDS = ("user", "role", "organisation", "unit", "level", "username", "name")


@settings_page
def listed(request: HttpRequest) -> HttpResponse:
    """List accounts with the posts they hold; take in an appointment or its end."""
    wrong, password = Wrong(), ""
    if request.method == "POST":
        made: list[str] = []
        wrong = attempt(request, lambda: made.append(take(request)), FIELDS)
        password = made[0] if made else ""
        if not wrong and not password:
            return go(request.get_full_path())
    context = {**page(request), "typed": request.POST if wrong else {}, "wrong": wrong, "password": password}
    return draw(request, "people", "people", {**context, "new_user": text(request, "user")}, wrong.status)


def take(request: HttpRequest) -> str:
    """Make the change a form asks for; give the password of an account made or opened just now, "" otherwise."""
    by, at, what = setter(request), city_clock.now(), text(request, "do")
    if what == "dismiss":
        actions.dismiss(holding=orgs.holding(natural(text(request, "holding")) or 0), by=by, at=at)
    elif what == "close":
        actions.close_account(account=persons.account_named(text(request, "user")), by=by, at=at)
    elif what == "reopen":
        password = secrets.token_urlsafe(15)
        actions.reopen_account(account=persons.account_named(text(request, "user")), password=password, by=by, at=at)
        return password
    elif what == "appoint":
        return appoint(request, by, at)
    else:
        raise changing(what)
    return ""


@transaction.atomic
def appoint(request: HttpRequest, by: Any, at: int) -> str:
    """Let somebody hold a post, which is made where it is not there; a new user gets an account."""
    unit, level = text(request, "unit"), natural(text(request, "level") or "0")
    code = units.unit_of(unit, "unit").code if unit else ""
    org, wanted = orgs.organisation(text(request, "organisation")), text(request, "role")
    if level is None:
        raise Refusal("orgs.level.range", "Choose a confidentiality level from 0 to 3.", "level")
    account, password = account_of(request, by, at)
    post = orgs.post_of(org, wanted, code, level) or actions.add_post(
        organisation=org, role=wanted, unit_code=code, level=level, by=by, at=at
    )
    actions.appoint(account=account, post=post, by=by, at=at)
    return password


def account_of(request: HttpRequest, by: Any, at: int) -> tuple[Any, str]:
    """Give the account named; one that is not there is opened with a password told once."""
    user = text(request, "user")
    try:
        return persons.account_named(user), ""
    except Refusal:
        if text(request, "new") != "yes":
            raise
    password = secrets.token_urlsafe(15)
    person = persons_actions.register_person(at=at, name=text(request, "name"))
    return persons_actions.open_account(username=user, password=password, person=person, by=by, at=at), password


def page(request: HttpRequest) -> dict[str, Any]:
    """Give the accounts of a page with their posts. Four queries."""
    at, begins = city_clock.now(), str(request.GET.get("user", ""))[:60].strip()
    rows = persons.accounts_listed(begins=begins, after=str(request.GET.get("after", ""))[:150], most=MOST + 1)
    seats = orgs.seats_of_accounts([row.pk for row in rows], at)
    said = with_places([seat for held in seats.values() for seat in held])
    by_account: dict[int, list[Any]] = {}
    for seat in said:
        by_account.setdefault(seat.account, []).append(
            (seat, role(seat.role), names.organisation(seat.org), place(seat.unit_code))
        )
    known = sorted((names.words(o.names), o.key) for o in orgs.directory().values() if o.active)
    return {
        "rows": [(row.username, row.is_active, by_account.get(row.pk, [])) for row in rows[:MOST]],
        "next": rows[MOST - 1].username if len(rows) > MOST else "",
        "begins": begins,
        "organisations": known,
        "roles": roles(),
    }
