"""The three steps of a report: where, what, send. Which one is shown, and what each wants before the next."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from cityloop.doors.web.public import drafting
from cityloop.doors.web.public.drafting import Draft

WHERE, WHAT, SEND = "where", "what", "send"
STEPS = (WHERE, WHAT, SEND)
TITLES = {
    WHERE: gettext_lazy("Where is it?"),
    WHAT: pgettext_lazy("step", "What needs fixing?"),  # the place is known by then
    SEND: gettext_lazy("Ready to send"),
}
NAMES = {WHERE: gettext_lazy("Where"), WHAT: gettext_lazy("What"), SEND: gettext_lazy("Send")}
# The step at which a field stands; all others stand at the last.
AT = {"component": WHERE, "lon": WHERE, "unit": WHERE, "address": WHERE, "photos": WHAT, "words": WHAT, "matter": WHAT}


@dataclass(frozen=True, slots=True)
class Step:
    """A step as printed. `onward` is what its button does."""

    key: str
    number: int
    name: str
    title: str
    back: str
    onward: str


def listed() -> list[Step]:
    """Give the three steps in order."""
    return [
        Step(key, n + 1, str(NAMES[key]), str(TITLES[key]), STEPS[n - 1] if n else "", ("what", "review", "send")[n])
        for n, key in enumerate(STEPS)
    ]


def shown(key: str) -> Step:
    """Give one step."""
    return listed()[STEPS.index(key)]


def at_first(given: QueryDict, draft: Draft) -> str:
    """Give the step a report begins with: who comes with a place is asked what; who looks for one is asked where."""
    if given.get("do") == WHERE or draft.typed["place"] or not placed(draft):
        return WHERE
    return WHAT


def placed(draft: Draft) -> bool:
    """Tell whether a draft says where."""
    return not drafting.checked(replace(draft, errors={})).errors


def of_error(draft: Draft) -> str:
    """Give the step at which the first field that is wrong stands."""
    found = {AT.get(name, SEND) for name in draft.errors}
    return next((key for key in STEPS if key in found), SEND)


def asked(draft: Draft, do: str) -> tuple[Draft, str]:
    """Give the draft and the step that was asked for, or that of the first fault on the way there."""
    if do == WHERE:
        return replace(draft, errors={}), WHERE
    draft = drafting.checked(draft)
    if do == "review" and not draft.errors:
        draft = said(draft)
    if draft.errors:
        return draft, of_error(draft)
    return draft, WHAT if do == WHAT else SEND


def said(draft: Draft) -> Draft:
    """Say what is missing where nobody could know what a report is about."""
    typed: dict[str, Any] = draft.typed
    if typed["matter"] or typed["words"].strip() or draft.photos:
        return draft
    return replace(draft, errors={"matter": _("Say what: choose a matter, add a photo, or write a few words.")})
