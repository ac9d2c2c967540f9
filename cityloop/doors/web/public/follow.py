"""Following a case by its secret code: progress, proof, receipt, and what the reporter may do."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from cityloop.doors.web.guards import city_page, sent_from
from cityloop.doors.web.public import following
from cityloop.doors.web.show.acting import Form, find, forms, said
from cityloop.doors.web.show.qr import qr
from cityloop.doors.web.show.times import hour
from cityloop.doors.web.taking import Failed, attempt
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.offers import Offer
from cityloop.loops.cases import behind, history, known, numbers, openly, queries
from cityloop.loops.cases.loop import pinned
from cityloop.town.calendar.clock import city_clock
from cityloop.town.persons.strangers import guess, guessed


def secret(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep a page with a code in its address out of referrers, caches and search engines.

    `strict-origin` names the city's site and never the page. `no-referrer` would also take the origin from our own
    forms, which is what tells them from forged ones.
    """

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        answer = view(request, *args, **named)
        answer["Referrer-Policy"] = "strict-origin"
        answer["Cache-Control"] = "no-store"
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return kept


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
@city_page
def enter(request: HttpRequest) -> HttpResponse:
    """Ask for the code and go to its page."""
    if request.method != "POST":
        return render(request, "public/follow_enter.html", {"section": "follow"})
    code, error = clean(str(request.POST.get("code", ""))).strip()[:60], ""
    status = 422
    try:
        if named(request, code):
            return HttpResponseRedirect(reverse("public:follow", args=[numbers.shown_code(code)]), status=303)
        error = _("There is no report with this code. It has 16 letters and digits, such as 7K2M-9QXT-4RHB-W8CE.")
    except Refusal as refusal:
        error, status = said(refusal), 429
    shown = {"section": "follow", "code": code, "error": error}
    return render(request, "public/follow_enter.html", shown, status=status)


def followed(request: HttpRequest, code: str) -> tuple[Any, Any]:
    """Give the case behind a code and the row of who follows; a wrong code is a page that is not there."""
    found = named(request, code)
    if found is None:
        raise Http404
    return found


def named(request: HttpRequest, code: str) -> tuple[Any, Any] | None:
    """Give what is behind a code, None for a wrong one, of which only so many are tried from one address."""
    address = request.META.get("REMOTE_ADDR", "")
    guess(address, "code")
    found = behind.followed(code)
    if found is not None:
        guessed(address)
    return found


def actor_of(row: Any) -> Actor:
    """Give who acts behind a code: the reporter of the case, or a follower."""
    role = "reporter" if hasattr(row, "channel") else "follower"
    return Actor("reporter", role, row.person)


def of_main(case: Any, row: Any, now: int) -> list[Offer]:
    """Give what the reporter of a folded case may do with the main case: say that it is not fixed.

    Theirs is the same matter, and the same place is looked at. Not where who reported the main case was asked to
    confirm in an inspector's place: that is theirs alone.
    """
    main = openly.leading(case)
    if main is case or actor_of(row).role != "reporter" or queries.snapshot_of(main).confirmable:
        return []
    actor = Actor("reporter", "reporter", row.person, name=numbers.number(case))
    offered, _denied = queries.open_to(main, (actor,), now)
    return [offer for offer in offered if offer.action == "dispute"]


@require_safe
@secret
@city_page
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Show where a case stands."""
    case, row = followed(request, code)
    return page(request, code, case, row)


def page(request: HttpRequest, code: str, case: Any, row: Any, failed: Failed | None = None) -> HttpResponse:
    """Draw the page, with what was refused a moment ago and the words typed."""
    now, actor = city_clock.now(), actor_of(row)
    shown = following.page(case, now, reporter=actor.role == "reporter")
    offered, _denied = queries.open_to(case, (actor,), now)
    bar = plainly(
        forms(offered, pinned(case.definition), queries.snapshot_of(case), (case.unit_code, ""), now, tried(failed))
    )
    main, theirs = openly.leading(case), list[Form]()
    if also := of_main(case, row, now):
        theirs = forms(
            also, pinned(main.definition), queries.snapshot_of(main), (main.unit_code, ""), now, tried(failed)
        )
    more = {
        "section": "follow",
        "code": code,
        "case": case,
        "page": shown,
        "at": step_of(case, actor),
        "fresh": hour(now),
        "own": actor.role == "reporter",
        "first": [f for f in bar if f.action in FIRST],
        "beside": [(f, case.seq) for f in bar if f.action in SECOND] + [(f, main.seq) for f in theirs],
        "other": [f for f in bar if f.action not in (*FIRST, *SECOND)],
        "failed": failed,
        "lost": lost(bar + theirs, failed),
        "ways": following.ways(case, row.person, reporter=actor.role == "reporter"),
        "question": asked(case) if case.state == "waiting_reporter" and actor.role == "reporter" else "",
    }
    return render(request, "public/follow.html", more, status=422 if failed else 200)


FIRST = ("answer", "confirm", "rate")
SECOND = ("dispute", "reopen", "add")  # buttons beside each other, as in design


# What residents call an action: they say how it is, not what becomes of the case.
PLAIN = {"reopen": lambda: _("Not fixed")}


def plainly(bar: list[Form]) -> list[Form]:
    """Give the forms of a case with the words of residents."""
    return [replace(form, title=str(PLAIN[form.action]())) if form.action in PLAIN else form for form in bar]


def tried(failed: Failed | None) -> Any:
    """Give what was tried, for the form that is shown again."""
    return failed.tried if failed is not None else None


def lost(bar: list[Form], failed: Failed | None) -> str:
    """Give the words typed into a form that is no longer there."""
    if failed is None or any(form.key == failed.tried.key for form in bar):
        return ""
    return str(failed.tried.typed.get("words", ""))


def asked(case: Any) -> str:
    """Give the question that waits for an answer."""
    return following.question(history.timeline(case, internal=False))


@secret
@sent_from("public:follow")
@csrf_protect
@city_page
def act(request: HttpRequest, code: str) -> HttpResponse:
    """Take what the reporter asks for: answer, add, confirm, dispute, withdraw, rate, reopen."""
    case, row = followed(request, code)
    now = city_clock.now()
    offered, _denied = queries.open_to(case, (actor_of(row),), now)
    also = of_main(case, row, now)
    if find(also, str(request.POST.get("offer", ""))) is not None:
        failed = attempt(request, openly.leading(case), also, now)
    else:
        failed = attempt(request, case, offered, now)
    if failed is None:
        messages.success(request, _("Thank you. It is in the book."))
        return HttpResponseRedirect(reverse("public:follow", args=[code]), status=303)
    fresh, row = followed(request, code)
    return page(request, code, fresh, row, failed)


@require_safe
@secret
@city_page
def at_step(request: HttpRequest, code: str) -> HttpResponse:
    """Say at which step a case is: what an open page asks again and again, to know when to draw itself anew."""
    case, row = followed(request, code)
    return JsonResponse({"at": step_of(case, actor_of(row))})


def step_of(case: Any, who: Actor) -> str:
    """Name the step at which a case is, and that of the one it is handled with; no more than who asks may know."""
    if who.role != "reporter" and not known.is_known(case):
        return "open" if case.closed is None else "ended"
    return f"{case.seq}-{openly.leading(case).seq}"


@require_safe
@secret
@city_page
def sent(request: HttpRequest, code: str) -> HttpResponse:
    """Say what the reporter holds now: number, code, promise; what happens next and until when."""
    case, row = followed(request, code)
    now, own = city_clock.now(), actor_of(row).role == "reporter"
    shown = following.page(case, now, reporter=own)
    link = request.build_absolute_uri(reverse("public:follow", args=[code]))
    more = {"section": "report", "page": shown, "code": code, "link": link, "own": own, "qr": qr(link)}
    more["ways"] = following.ways(case, row.person, reporter=own)
    return render(request, "public/sent.html", more)


@require_safe
@secret
@city_page
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """Give the reporter the receipt: every sealed step with its place under the signed roots.

    It holds every step whole, and so more than everybody may know: followers have none.
    """
    case, row = followed(request, code)
    if actor_of(row).role != "reporter":
        raise Http404
    return download(history.receipt_of(case.pk), "receipt")


@require_safe
@secret
@city_page
def promise(request: HttpRequest, code: str) -> HttpResponse:
    """Give the signed promise that the report was taken into the book."""
    case, _row = followed(request, code)
    return download(history.promise_of(case), "promise")


def download(value: dict[str, Any], name: str) -> JsonResponse:
    """Answer with a file to keep."""
    number = value.get("number") or value["promise"]["number"]
    answer = JsonResponse(value, json_dumps_params={"indent": 1, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{name}-{number}.json"'
    return answer
