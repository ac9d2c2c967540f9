"""Acting on many cases at once: what may be done with them, who and what is affected, then each by itself.

Nothing is decided here that is not decided for one case: each is taken through the same action, in a transaction
of its own, and says for itself whether it was done or why not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import replies
from cityloop.doors.web.guards import desk_page, scope_of, sent_from
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import consequence, key_of, rank, reason, said, title, weight
from cityloop.doors.web.show.asked import data
from cityloop.doors.web.show.fields import About, Input, inputs
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.offers import Denied, Offer
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions, behind, numbers, queries
from cityloop.loops.cases.loop import pinned
from cityloop.town.calendar.clock import city_clock

MOST = 100
# What each case has of its own: left empty, every case keeps what is proposed for it.
OWN = ("lead", "assist", "part", "unit", "matter", "milestone")


@dataclass(slots=True)
class Open:
    """A case among those chosen, with what may be done with it."""

    case: Any
    number: str
    matter: str
    place: str
    state: str
    chip: tuple[str, str]
    lead: str
    offered: list[Offer]
    denied: list[Denied]

    def offer(self, key: str) -> Offer | None:
        """Give the offer of this name; None where it is not open here."""
        return next((one for one in self.offered if key_of(one) == key), None)

    def why_not(self, action: str) -> str:
        """Say why an action is not open here, "" where that is plain from its state."""
        return next((reason(one) for one in self.denied if one.action == action), "")


@dataclass(slots=True)
class Choice:
    """An action that may be taken on some of the cases: its name, and on how many."""

    key: str
    action: str
    title: str
    icon: str
    count: int


@dataclass(slots=True)
class Row:
    """One case in the preview or the result: what is to come of it, or came; why not where it did not."""

    one: Open
    leads_to: str = ""
    done: bool = False
    why: str = ""
    typed: QueryDict = field(default_factory=QueryDict)


@require_safe
@desk_page
def many(request: HttpRequest) -> HttpResponse:
    """Show what may be done with the cases chosen, then who and what it would affect."""
    chosen = opened(request, request.GET.getlist("case"))
    key, found = request.GET.get("offer", ""), choices(chosen)
    picked = next((choice for choice in found if choice.key == key), None)
    shown: dict[str, Any] = {"chosen": chosen, "choices": found, "picked": picked, "most": MOST}
    shown["section"] = came_from(request.GET)
    if picked is not None:
        made, open_here = asked(chosen, key), [one.case for one in chosen if one.offer(key) is not None]
        replies.offer_for_many(made, picked.action, open_here)
        shown |= {"rows": preview(chosen, key), "inputs": made}
    return render(request, "desk/many.html", shown)


@sent_from("desk:many")
@desk_page
def act(request: HttpRequest) -> HttpResponse:
    """Take the action on each case by itself, and say of each what came of it."""
    chosen, key = opened(request, request.POST.getlist("case")), str(request.POST.get("offer", ""))
    seen = dict(zip(request.POST.getlist("case"), request.POST.getlist("seq"), strict=False))
    spoken = languages(request.POST, chosen)
    rows = [taken(request, one, key, seen.get(one.number, ""), spoken) for one in chosen]
    done = sum(row.done for row in rows)
    shown = {"section": came_from(request.POST), "rows": rows, "done": done, "failed": len(rows) - done}
    return render(request, "desk/many_done.html", shown)


def came_from(query: QueryDict) -> str:
    """Give the part of the desk whose list the cases were chosen in."""
    return "inbox" if query.get("from") == "inbox" else "cases"


def opened(request: HttpRequest, wanted: Sequence[str]) -> list[Open]:
    """Give the cases of these numbers that this account may see, with what may be done. Two queries and few more."""
    scope, now = scope_of(request), city_clock.now()
    cases = queries.by_numbers(list(dict.fromkeys(wanted))[:MOST], scope)
    places = names.places({case.unit_code for case in cases}, last=1)
    return [open_one(case, places.get(case.unit_code, ""), scope, now) for case in cases]


def open_one(case: Any, place: str, scope: Any, now: int) -> Open:
    """Give a case with what may be done with it; a request's decision is never taken for many."""
    offered, denied = queries.open_to(case, queries.actors_for(case, scope), now)
    definition = pinned(case.definition)
    return Open(
        case=case,
        number=numbers.number(case),
        matter=names.matter(case.matter),
        place=case.address or place,
        state=names.state(definition, case.state),
        chip=names.chip(case.state),
        lead=names.organisation(case.lead_org),
        offered=[offer for offer in offered if not offer.request],
        denied=denied,
    )


def choices(chosen: Sequence[Open]) -> list[Choice]:
    """Give the actions open to any of the cases: those that move a case on first, beside it last; by how many it is."""
    found: dict[str, Choice] = {}
    for one in chosen:
        for offer in one.offered:
            key = key_of(offer)
            made = Choice(key, offer.action, title(offer), names.icon(offer.action), 0)
            found.setdefault(key, made).count += 1
    return sorted(found.values(), key=lambda choice: (weight(choice.action), -choice.count, rank(choice.action)))


def preview(chosen: Sequence[Open], key: str) -> list[Row]:
    """Say of each case what would come of it."""
    action = key.partition("-")[0]
    rows = []
    for one in chosen:
        offer = one.offer(key)
        if offer is None:
            rows.append(Row(one, why=one.why_not(action) or _("Not possible in its state; it is left as it is.")))
        else:
            rows.append(Row(one, leads_to=consequence(offer, about(one, offer)), done=True))
    return rows


def about(one: Open, offer: Offer, typed: Any = None) -> About:
    """Say what inputs are asked about."""
    case = one.case
    snapshot, now = queries.snapshot_of(case), city_clock.now()
    return About(pinned(case.definition), snapshot, offer.actor, offer.action, case.unit_code, one.place, now, typed)


def asked(chosen: Sequence[Open], key: str) -> list[Input]:
    """Give the inputs of an action for all the cases: what each has of its own may be left as it is."""
    first = next((one for one in chosen if one.offer(key) is not None), None)
    offer = first.offer(key) if first is not None else None
    if first is None or offer is None:
        return []
    made = inputs(about(first, offer), offer.fields, 0)
    return [shared(one) for one in made if one.kind not in ("photos", "place", "children")]


def shared(one: Input) -> Input:
    """Make an input one for many: nothing is chosen where each case has its own."""
    one.rows = [shared(row) for row in one.rows]
    if one.name in OWN:
        one.required, one.value = False, ""
        one.kind = "" if one.name in ("part", "milestone") else one.kind
        one.options = [(value, words, False) for value, words, _chosen in one.options]
        one.hint = names.as_each()
    return one


def languages(posted: QueryDict, chosen: Sequence[Open]) -> dict[int, str]:
    """Give the languages of the reporters where words were written that have blanks. One query, or none."""
    wanted = any(replies.BLANK.search(text) for _name, texts in posted.lists() for text in map(str, texts))
    return behind.spoken_in(one.case.pk for one in chosen) if wanted else {}


def taken(request: HttpRequest, one: Open, key: str, seq: str, spoken: Mapping[int, str]) -> Row:
    """Take the action on one case, and say what came of it."""
    offer = one.offer(key)
    try:
        if offer is None:
            why = one.why_not(key.partition("-")[0])
            raise Refusal("web.gone", why or "This is not possible for this case now.")
        fields = data(offer, filled(request.POST, one, offer, spoken), [], queries.snapshot_of(one.case))
        seen = int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 9 else one.case.seq
        actions.take(
            case=one.case.pk, act=Act(offer.action, fields), by=offer.actor,
            at=max(city_clock.now(), one.case.at), expected=seen, scope=scope_of(request),
        )  # fmt: skip
    except Refusal as refusal:
        return Row(one, why=said(refusal))
    return Row(one, leads_to=consequence(offer, about(one, offer)), done=True)


def filled(posted: QueryDict, one: Open, offer: Offer, spoken: Mapping[int, str]) -> QueryDict:
    """Give what was typed, completed by what this case has of its own where that was left empty."""
    typed = posted.copy()
    for made in inputs(about(one, offer), offer.fields, 0):
        if made.kind == "words":
            typed[made.name] = replies.complete(str(typed.get(made.name, "")), one.case, spoken)
        for part in (made, *made.rows):
            if part.name in OWN and not any(typed.getlist(part.name)):
                chosen = [value for value, _words, on in part.options if on]
                typed.setlist(part.name, chosen or ([part.value] if part.value else []))
    return typed
