"""Choosing another password. Whoever opens an account is told its first one; from then on it is its owner's alone."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cityloop.doors.web.desk.settings.guards import Wrong, attempt, go
from cityloop.doors.web.desk.tries import TRIES
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs import authority
from cityloop.town.orgs.authority import Scope
from cityloop.town.persons import actions, strangers

FIELDS = ("old", "new", "again")


@login_required
@sensitive_post_parameters(*FIELDS)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Let who holds a post choose another password; who signed in with one that another gave has to."""
    if not mine(request).grants:
        raise PermissionDenied
    wrong, first = Wrong(), bool(getattr(request.user, "password_given", False))
    if request.method == "POST":
        wrong = attempt(
            request, lambda: change(request), FIELDS, _("Your password is changed; everywhere else you are signed out.")
        )
        if not wrong:
            return go(reverse("desk:home") if first else request.path)
    answer = render(request, "desk/password.html", {"wrong": wrong, "first": first}, status=wrong.status)
    answer["Cache-Control"] = "no-store"
    return answer


def mine(request: HttpRequest) -> Scope:
    """Give the posts of who signed in, on whichever password: one's own is chosen here."""
    return authority.scope(request.user, city_clock.now())


def change(request: HttpRequest) -> None:
    """Change the password of who has signed in and knows the present one; this session goes on, all others end."""
    account: Any = request.user
    old, new, again = (request.POST.get(name, "")[:4096] for name in FIELDS)
    if strangers.count(f"password:{account.pk}", "", TRIES).refused:
        raise Refusal("persons.password.tries", "Too many passwords were tried. Wait a minute.", "old")
    if not account.check_password(old):
        raise Refusal("persons.password.wrong", "This is not your present password.", "old")
    if new != again:
        raise Refusal("persons.password.again", "This is not the same as the new password.", "again")
    by, at = mine(request).actors()[0], city_clock.now()
    actions.set_password(account=account, password=new, by=by, at=at)
    update_session_auth_hash(request, account)
