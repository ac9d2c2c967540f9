"""A find of one's own, reported where one stands: the public's steps, in the post of an inspector (监督员上报)."""

import secrets
from typing import Any

import msgspec
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from cityloop.doors.web.guards import city_page, desk_page, scope_of, sent_from
from cityloop.doors.web.public import drafting, report, steps
from cityloop.doors.web.public.drafting import Draft, Likely
from cityloop.doors.web.public.form import Form
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import numbers, queries
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.roles import MAY_FIND


class Find(Form):
    """The form of an inspector: no caller, the place where they stand, and what their posts may see."""

    address = "desk:find"
    instead = "desk:find-instead"
    own = True

    def begins(self, given: QueryDict, draft: Draft) -> str:
        """Begin with the photo and the matter: the script asks where one is, and without one the next step does."""
        return steps.WHERE if given.get("do") == steps.WHERE else steps.WHAT

    def once(self, request: HttpRequest) -> dict[str, Any]:
        """Name a find as a report is named, by whose it is too."""
        return {**super().once(request), "client": str(request.user.pk)}

    def allow(self, request: HttpRequest) -> None:
        """Let posts report as often as they find something."""

    def made(self, draft: Draft) -> cases.Report:
        """Give the report, as what an inspector found; nobody is behind it who would have to be reached."""
        return msgspec.structs.replace(super().made(draft), channel=cases.FIND, name="", phone="", email="")

    def by(self, request: HttpRequest, made: cases.Report) -> Actor:
        """Say in which post: one that covers the place."""
        return cases.finder(report=made, scope=scope_of(request))

    def likely(self, request: HttpRequest, draft: Draft) -> list[Likely]:
        """Give likely duplicates among the cases the inspector sees."""
        return drafting.likely(draft, city_clock.now(), queries.visible(scope_of(request)))

    def hinted(self, request: HttpRequest, draft: Draft) -> list[Likely]:
        """Give the same while the form is filled in; the page kept for a phone without network shows none."""
        return self.likely(request, draft) if request.user.is_authenticated else []

    def reached(self, taken: cases.Collected) -> str:
        """Come back to the form: the next find may lie at the next corner."""
        return f"{reverse('desk:find')}?sent={taken.number}"

    def more(self, request: HttpRequest) -> dict[str, Any]:
        """Give what was sent just now, and whose form it is: what waits on a phone is sent by nobody else."""
        sent = str(request.GET.get("sent", ""))
        seen = sent and queries.visible(scope_of(request)).filter(pk=_id(sent)).exists()
        return {"sent": sent if seen else "", "section": "find", "whose": request.user.pk or ""}


FIND = Find()


def _id(number: str) -> int:
    try:
        return numbers.case_id(number)
    except Refusal:
        return 0


def find(request: HttpRequest) -> HttpResponse:
    """Show the form and take a find in. A phone that sends by itself is told where its sender has to sign in first."""
    if request.method == "POST" and report.by_script(request) and not _owner(request):
        return JsonResponse({"errors": {"form": _("Sign in, and it is sent.")}}, status=401)
    return _find(request)


def _owner(request: HttpRequest) -> bool:
    """Tell whether who is signed in began the form, or began one of nobody's: without network nobody is known."""
    whose = str(request.POST.get("whose", ""))
    return request.user.is_authenticated and whose in ("", str(request.user.pk))


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def _find(request: HttpRequest) -> HttpResponse:
    _allowed(request)
    return report.answer(request, FIND)


def _allowed(request: HttpRequest) -> None:
    if not scope_of(request).has_role(*MAY_FIND):
        raise PermissionDenied


@require_safe
@csrf_protect
@city_page
def kept(request: HttpRequest) -> HttpResponse:
    """Give the form as a phone keeps it, for opening it without network: of nobody, and telling nothing."""
    request.user = AnonymousUser()
    return report.page(request, drafting.begun(QueryDict(), secrets.token_urlsafe(18)), form=FIND, step=steps.WHAT)


@sent_from("desk:find")
@desk_page
def instead(request: HttpRequest) -> HttpResponse:
    """Add what was found to a case that is there already."""
    _allowed(request)
    draft = drafting.with_photos(drafting.begun(request.POST), request, city_clock.now())
    if draft.errors:
        return report.refused(request, draft, form=FIND)
    try:
        who = msgspec.structs.replace(report.following(draft), name="", phone="", email="")
        taken = report.joined(request, draft, who, among=queries.visible(scope_of(request)))
    except Refusal as refusal:
        return report.refused(request, report.again(draft, refusal), form=FIND)
    messages.success(request, _("Your photo and words were added to it."))
    return HttpResponseRedirect(reverse("desk:case", args=[taken.number]), status=303)
