"""Who may open a page: a city must be there; the desk is for those whose posts see something."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from cityloop.doors.web.errors import too_many
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.calendar.clock import city_clock
from cityloop.town.components import rights
from cityloop.town.orgs import authority
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

View = Callable[..., HttpResponse]
UNKNOWN = (
    "cases.unknown",
    "cases.number",
    "files.unknown",
    "units.code.unknown",
    "codes.length",
    "components.unknown",
    "components.code",
    "kit.plate.unknown",
    "sensing.alarm.unknown",
    "sensing.thing.unknown",
    "sensing.camera.unknown",
    "imagery.unknown",
)


OFTEN = ("web.rate", "persons.codes.pace")


def city_page(view: View) -> View:
    """Show what to do where no city is loaded yet; what is not there is 404."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if not units.has_city():
            return render(request, "public/no_city.html", status=503)
        return found(view, request, *args, **named)

    return shown


def owner(view: View) -> View:
    """Let in who signed in; on a password that another gave, first to the page on which to choose one's own."""

    @wraps(view)
    @login_required
    def shown(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if getattr(request.user, "password_given", False):
            return HttpResponseRedirect(reverse("desk:password"), status=303)
        return view(request, *args, **named)

    return shown


def desk_page(view: View) -> View:
    """Let in whose posts see something; strangers sign in first, others are told that they hold no such post."""
    return _page(view, Scope.sees_anything)


def register_page(view: View) -> View:
    """Let in who reads the register of components: besides those, who looks after it."""
    return _page(view, rights.may_read)


def _page(view: View, may: Callable[[Scope], bool]) -> View:
    @wraps(view)
    @owner
    def shown(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if not units.has_city():
            return render(request, "public/no_city.html", status=503)
        scope = scope_of(request)
        if not may(scope):
            if scope.grants and request.path == reverse("desk:home"):
                return HttpResponseRedirect(reverse("desk:settings"))  # posts that see no case still set up or look
            raise PermissionDenied
        answer = found(view, request, *args, **named)
        answer.setdefault("Cache-Control", "no-store")
        return answer

    return shown


def sent_from(page: str) -> Callable[[View], View]:
    """Take forms sent from a page; whoever opens their address instead is led to that page.

    Browsers do so by themselves: after signing in anew in the middle of a form, when a page that came back with a
    fault is loaded again, or shown in another language.
    """

    def taking(view: View) -> View:
        @wraps(view)
        def taken(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **named)
            if request.method in ("GET", "HEAD"):
                return HttpResponseRedirect(reverse(page, kwargs=named), status=303)
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])

        return taken

    return taking


def found(view: View, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
    """Call a view; a case, unit or file that is not there for this visitor is a page that is not there.

    So is an address with a NUL in it: no name of ours has one, and PostgreSQL cannot be asked for it.
    """
    if "\0" in request.path or any("\0" in value for values in request.GET.lists() for value in values[1]):
        raise Http404
    try:
        return view(request, *args, **named)
    except Refusal as refusal:
        if refusal.code in UNKNOWN:
            raise Http404 from refusal
        if refusal.code in OFTEN:
            return too_many(request, refusal)
        raise


def scope_of(request: HttpRequest) -> Scope:
    """Give what the visitor may see now; a stranger's scope for the public. One query within five seconds."""
    return authority.signed_in(request.user, city_clock.now())
