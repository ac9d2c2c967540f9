"""Who may look at settings, who may change them, and how a change comes back refused."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cityloop.doors.web.guards import View, found, owner, scope_of
from cityloop.doors.web.show.acting import said
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.town.units import queries as units


def settings_page(view: View) -> View:
    """Let in who holds any post; a form that comes back is for who may change, and none is ever kept by a browser."""

    @wraps(view)
    @owner
    @require_http_methods(["GET", "HEAD", "POST"])
    def shown(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if not units.has_city():
            return render(request, "public/no_city.html", status=503)
        scope = scope_of(request)
        if not scope.grants or (request.method == "POST" and scope.setter() is None):
            raise PermissionDenied
        answer = found(view, request, *args, **named)
        answer.setdefault("Cache-Control", "no-store")
        return answer

    return shown


def setter(request: HttpRequest) -> Actor:
    """Give the post in which the visitor changes settings."""
    actor = scope_of(request).setter()
    if actor is None:
        raise PermissionDenied
    return actor


def draw(request: HttpRequest, template: str, part: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Draw a page of the settings, with its place in their menu and whether this visitor may change things."""
    scope = scope_of(request)
    more = {"section": "settings", "part": part, "may_change": scope.setter() is not None, "may_watch": scope.watches()}
    return render(request, f"desk/settings/{template}.html", {**more, **context}, status=status)


class Wrong(dict[str, str]):
    """What was refused, by field; `form` where it belongs to none."""

    @property
    def status(self) -> int:
        """Give the status of the answer that shows it."""
        return 422 if self else 200


def attempt(request: HttpRequest, change: Callable[[], Any], fields: tuple[str, ...], done: str = "") -> Wrong:
    """Make a change and say that it is done; give what was refused, at its field where the form has it."""
    try:
        change()
    except Refusal as refusal:
        return refused(refusal, fields)
    messages.success(request, done or _("Changed. It is on the ledger."))
    return Wrong()


def refused(refusal: Refusal, fields: tuple[str, ...]) -> Wrong:
    """Give what was refused, at its field where the form has it."""
    field = str(refusal.field).partition(".")[0]  # shifts.0 belongs to the shifts
    field = field if field in fields else "form"
    return Wrong({field: said(refusal)})


def go(address: str) -> HttpResponseRedirect:
    """Go on to a page after a change."""
    return HttpResponseRedirect(address, status=303)


def text(request: HttpRequest, name: str) -> str:
    """Give one line of a form."""
    return clean(str(request.POST.get(name, ""))).strip()[:2000]


def spoken(request: HttpRequest, name: str, before: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give words asked for in both languages, without those left empty; other languages stay as they were before."""
    given = {"en": text(request, f"{name}_en"), "zh-hans": text(request, f"{name}_zh")}
    return {lang: words for lang, words in {**(before or {}), **given}.items() if words}


def changing(what: str) -> Refusal:
    """Say that a form asks for something this page does not know."""
    return Refusal("settings.do", "This page knows no change called {what}.", what=what[:40])
