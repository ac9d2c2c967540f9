"""The action bar: one form for each offer, the likeliest first, each with its consequence in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.doors.web.show.conditions import judged
from cityloop.doors.web.show.fields import About, Input, inputs, label, part_name
from cityloop.doors.web.show.times import duration, limit, when
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor, belongs
from cityloop.ground.loop.clocks import lengthen
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.offers import Denied, Offer
from cityloop.ground.loop.snapshot import Part, Request, Snapshot
from cityloop.ground.worktime import parse_limit
from cityloop.loops.cases.telling import REASONS
from cityloop.town.calendar.queries import calendars

# What is done most often stands first; what is always possible stands last.
FIRST = (
    "decide", "claim", "file", "dispatch", "re_dispatch", "accept", "report_back", "submit", "pass", "proved", "close",
    "answer", "confirm", "rate", "resume", "replace_part", "reach", "fail", "disproved", "let_go_on",
)  # fmt: skip
LAST = ("urge", "call", "order", "add", "note", "move_to_newer")


@dataclass(frozen=True, slots=True)
class Form:
    """An offer as a form. `key` tells it from the others on the page; `condition` is what who takes it judges by."""

    key: str
    action: str
    title: str
    icon: str
    consequence: str
    asked: str
    condition: str
    inputs: list[Input]
    post: int
    request: int
    primary: bool
    error: str = ""

    @property
    def buttons(self) -> Input | None:
        """Give the choice that is made by the button that sends."""
        return next((one for one in self.inputs if one.kind == "buttons"), None)

    @property
    def one_click(self) -> bool:
        """Tell whether nothing must be asked."""
        return all(one.kind == "hidden" for one in self.inputs)


@dataclass(frozen=True, slots=True)
class Tried:
    """What someone tried a moment ago and was refused: shown again with what they typed."""

    key: str
    typed: Any
    error: Refusal


def key_of(offer: Offer) -> str:
    """Name an offer so that it is found again when its form comes back."""
    return f"{offer.action}-{offer.actor.post}-{offer.request}"


def forms(
    offered: Sequence[Offer],
    definition: Definition,
    snapshot: Snapshot,
    where: tuple[str, str],
    now: int,
    tried: Tried | None = None,
) -> list[Form]:
    """Give the forms of all offers, in the order in which people look for them; `where` is (unit code, its name)."""
    ordered = sorted(offered, key=lambda o: rank(o.action))
    about = [About(definition, snapshot, o.actor, o.action, *where, now, _typed(o, tried)) for o in ordered]
    return [_form(offer, one, tried, first=not n) for n, (offer, one) in enumerate(zip(ordered, about, strict=True))]


def rank(action: str) -> int:
    """Give the place of an action in the bar."""
    if action in FIRST:
        return FIRST.index(action)
    return 100 + (LAST.index(action) + 1 if action in LAST else 0)


def weight(action: str) -> int:
    """Tell what moves a case on (0) from what turns it aside (1) and from what only stands beside it (2)."""
    return 0 if action in FIRST else 2 if action in LAST else 1


def _typed(offer: Offer, tried: Tried | None) -> Any:
    return tried.typed if tried is not None and tried.key == key_of(offer) else None


def _form(offer: Offer, about: About, tried: Tried | None, *, first: bool) -> Form:
    error = tried.error if tried is not None and tried.key == key_of(offer) else None
    made = inputs(about, offer.fields, offer.request)
    return Form(
        key=key_of(offer),
        action=offer.action,
        title=title(offer),
        icon=names.icon(offer.action),
        consequence=consequence(offer, about),
        asked=_asked(about, about.snapshot.request(offer.request)) if offer.request else "",
        condition=judged(offer.action, about.snapshot),
        inputs=made,
        post=offer.actor.post,
        request=offer.request,
        primary=first and rank(offer.action) < 100,
        error=tie(made, error),
    )


def tie(made: list[Input], error: Refusal | None) -> str:
    """Put a refusal at its field; give what belongs to none."""
    if error is None:
        return ""
    words = said(error)
    wanted = {"photo": "photos"}.get(error.field or "", error.field)
    for one in made:
        if one.name == wanted and one.kind != "hidden":
            one.error = words
            return ""
    return words


def said(error: Refusal) -> str:
    """Give a refusal in the visitor's language: the sentence is translated first, then filled.

    A field is called what stands above it on the page, not what programs call it.
    """
    sentence, params = _(error.message), dict(error.params)
    if error.field and params.get("name") == error.field:
        params["name"] = label(error.field, {})
    return sentence.format(**params) if params else sentence


def title(offer: Offer) -> str:
    """Name what an offer does; a decision says what it decides."""
    name = names.words(offer.names)
    return _("Decide: {request}").format(request=name) if offer.action == "decide" else name


def reason(denied: Denied) -> str:
    """Say why something is not open, in the visitor's language."""
    known = {
        "law.person": _("You acted on the other side of this case; nobody acts on both sides."),
        "loop.too_late": _("The time for this is over."),
    }
    return known.get(denied.code) or str(_(denied.reason))


# --- what an action leads to ----------------------------------------------------------------------


def consequence(offer: Offer, about: About) -> str:
    """Say in one line what comes of it: the next state with its limit, or who must answer until when."""
    definition, snapshot = about.definition, about.snapshot
    kind = definition.requests.get(offer.action)
    if kind is not None:
        decider = kind.decide[0]
        by = _("the organisation asked") if decider == "@target" else names.role(definition, decider)
        return _("Answer by {who} within {time}.").format(who=by, time=limit(kind.limit))
    if offer.action in QUIET:
        return str(QUIET[offer.action]())
    return _leads_to(offer.to, about, definition, snapshot)


QUIET = {
    "claim": lambda: _("You take it from the pool; others see that."),
    "release": lambda: _("It goes back to the pool."),
    "message": lambda: _("The reporter is told and reads it on their page; the case stays where it is."),
    "note": lambda: _("Seen by staff only, never by the reporter."),
    "add": lambda: _("Kept with the case; nothing else changes."),
    "reach": lambda: _("The clock of this milestone stops."),
    "rate": lambda: _("Kept with the case and counted."),
    "dispute": lambda: _("Whoever checks is told, and has to answer it before the case may close."),
    "ask_confirmation": lambda: _("The reporter may then confirm that it is fixed."),
    "replace_part": lambda: _("The part goes to another organisation; its clock goes on."),
    "let_go_on": lambda: _("The case may go on where it was held."),
    "move_to_newer": lambda: _("From now on the newer rules hold for it."),
}


def _leads_to(to: str, about: About, definition: Definition, snapshot: Snapshot) -> str:
    mark, _colon, state = to.partition(":")
    if mark == "@stay":
        return _("The case stays where it is.")
    if mark == "@back":
        back = names.state(definition, snapshot.back) if snapshot.back else ""
        return _("Back to {state}; its clock goes on.").format(state=back) if back else _("Back to where it was.")
    name = state or to
    arrow = _entering(name, definition, snapshot)
    if mark == "@done":
        return _("Once all parts are done. {next}").format(next=arrow)
    if mark == "@lead" and not _is_lead(about):
        return _("Your part begins; the case stays where it is.")
    return arrow


def _is_lead(about: About) -> bool:
    lead = about.snapshot.lead
    return lead is not None and belongs(about.actor, lead.org, lead.org_path)


def _entering(name: str, definition: Definition, snapshot: Snapshot) -> str:
    state = definition.states.get(name)
    words = names.state(definition, name)
    if state is None or state.end:
        return _("Becomes “{state}”.").format(state=words)
    text = _limit_of(name, state.clock, snapshot)
    return (
        _("Becomes “{state}”, limit {time}.").format(state=words, time=text)
        if text
        else _("Becomes “{state}”.").format(state=words)
    )


def _limit_of(name: str, clock: str, snapshot: Snapshot) -> str:
    if clock == "@handling":
        known = snapshot.clocks.get("handling")
        return duration(known.limit - known.used) if known is not None else _("the limit of the matter")
    return "" if not clock or clock.startswith("@") else limit(clock)


def _asked(about: About, request: Request | None) -> str:
    """Say who asks and for how much, above a decision."""
    if request is None:
        return ""
    part = about.snapshot.part(request.part)
    who = part_name(part) if part else names.role(about.definition, request.asker_role)
    if request.data.get("until"):
        return _until(who, request, about.now)
    by = str(request.data.get("by") or "")
    said = _("{who} asks: {time}.").format(who=who, time=limit(by)) if by else _("{who} asks.").format(who=who)
    return f"{said} {_if_granted(about, part, by)}" if part and request.kind == "extend" else said


def _until(who: str, request: Request, now: int) -> str:
    time, why = when(int(request.data["until"]), now), names.words(REASONS.get(request.data.get("reason", ""), ""))
    if not why:  # asked under older rules
        return _("{who} asks: until {time}.").format(who=who, time=time)
    return _("{who} asks: until {time}, because {reason}.").format(who=who, time=time, reason=why)


def _if_granted(about: About, part: Part, by: str) -> str:
    """Say until when a part would run if its extension were granted."""
    clock = part.clock
    more = calendars().micros(clock.calendar, parse_limit(by)) if by else part.original
    longer = lengthen(clock, more, about.now, calendars())
    return _("If granted, the part is due {time}.").format(time=when(longer.due, about.now)) if longer.due > 0 else ""


def find(offered: Sequence[Offer], key: str) -> Offer | None:
    """Find the offer a form was made from; None when it is no longer open."""
    return next((offer for offer in offered if key_of(offer) == key), None)


def actor_words(actors: Sequence[Actor], definition: Definition) -> str:
    """Name the posts in which someone looks at a case."""
    named = {(names.role(definition, a.role), names.organisation(a.org)) for a in actors}
    return "; ".join(" · ".join(filter(None, pair)) for pair in sorted(named))
