"""Tabs over a list: the ones everybody has, and the views somebody keeps; each with how many rows it shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cityloop.doors.web.desk import undo
from cityloop.doors.web.guards import desk_page
from cityloop.doors.web.show.acting import said
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import queries
from cityloop.loops.cases.queries import Countable
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import Scope
from cityloop.town.worklist import actions
from cityloop.town.worklist import queries as worklist

MOST = 1000
FRESH = 30  # seconds
PAGES = {"inbox": "desk:home", "cases": "desk:cases"}
# What of an address belongs to a view: where a list was left off does not.
FILTERS = {
    "inbox": ("what", "unit", "org", "late", "mine", "others"),
    "cases": ("state", "matter", "unit", "org", "late", "q"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: its words, its address, how many rows (as words), whether it is the present one; its id where kept."""

    words: str
    href: str
    count: str
    current: bool
    view: int = 0


def inbox(request: HttpRequest, scope: Scope, now: int, rows_of: Callable[[QueryDict], Any]) -> list[Tab]:
    """Give the tabs of the inbox. Two queries: the kept views, and all counts."""
    fixed = [
        (_("To do now"), ""), (_("Overdue"), "late=over"), (_("Due today"), "late=today"), (_("Mine"), "mine=1"),
        (_("Waiting on others"), "others=1"),
    ]  # fmt: skip
    if scope.has_role("dispatcher"):
        fixed.append((_("Bounced"), "what=replace_part"))
    kept = worklist.views_of(scope.account, "inbox")
    every = [*((words, query, 0) for words, query in fixed), *((v.name, v.query, v.pk) for v in kept)]
    counts = worklist.counted([rows_of(QueryDict(query)) for _words, query, _view in every], MOST)
    return [tab(request, "inbox", *one, count=count) for one, count in zip(every, counts, strict=True)]


def cases(request: HttpRequest, scope: Scope, rows_of: Callable[[QueryDict], Countable | None]) -> list[Tab]:
    """Give the tabs of the list of cases. Two queries: the kept views, and twice a minute the counts.

    What is looked for by words is not counted: each search would be made for the count alone.
    """
    fixed = [(_("All"), ""), (_("All open"), "state=open"), (_("Overdue"), "late=1")]
    kept = worklist.views_of(scope.account, "cases")
    every = [*((words, query, 0) for words, query in fixed), *((v.name, v.query, v.pk) for v in kept)]
    asked = [query for _words, query, _view in every if "q=" not in query]
    key = f"tabs:{scope.account}:{hash(tuple(asked))}"
    known: dict[str, int] | None = cache.get(key)
    if known is None:
        known = counts({query: found for query in asked if (found := rows_of(QueryDict(query))) is not None}, scope)
        cache.set(key, known, FRESH)
    return [tab(request, "cases", *one, count=known.get(one[1])) for one in every]


def counts(lists: Mapping[str, Countable], scope: Scope) -> dict[str, int]:
    """Count several lists in one query, each no further than is told; without those of which only a part is counted."""
    found = worklist.counted([*(one.rows for one in lists.values()), *queries.beyond(scope)], MOST)
    more = any(found[len(lists) :])
    numbers = dict(zip(lists, found, strict=False))
    return {query: n for query, n in numbers.items() if n >= MOST or not (more and lists[query].partly)}


def tab(request: HttpRequest, page: str, words: str, query: str, view: int, *, count: int | None = None) -> Tab:
    """Give one tab."""
    shown = "" if count is None else f"{MOST - 1}+" if count >= MOST else str(count)
    href = reverse(PAGES[page]) + (f"?{query}" if query else "")
    return Tab(words, href, shown, filters_of(page, request.GET) == filters_of(page, QueryDict(query)), view)


def filters_of(page: str, query: QueryDict) -> dict[str, str]:
    """Give the filters of an address."""
    return {name: str(query[name]) for name in FILTERS[page] if query.get(name)}


@require_POST
@desk_page
def keep(request: HttpRequest, page: str) -> HttpResponse:
    """Keep the present filters under a name."""
    query, now = QueryDict(mutable=True), city_clock.now()
    query.update(filters_of(page, QueryDict(str(request.POST.get("query", "")))))
    try:
        view = actions.keep_view(
            account=request.user,  # type: ignore[arg-type]
            page=page,
            name=str(request.POST.get("name", "")),
            query=query.urlencode(),
            at=now,
        )
        back = {"to": reverse("desk:drop-view", args=[page]), "view": str(view.pk)}
        # One that took the place of another cannot be taken back: what was kept before is gone.
        undo.success(request, _("Kept: {name}").format(name=view.name), back if view.created == now else None)
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return HttpResponseRedirect(f"{reverse(PAGES[page])}?{query.urlencode()}", status=303)


@require_POST
@desk_page
def drop(request: HttpRequest, page: str) -> HttpResponse:
    """Take a kept view away."""
    view = natural(str(request.POST.get("view", "")))
    gone = actions.drop_view(account=request.user, view=view) if view is not None else None  # type: ignore[arg-type]
    if gone is not None:
        back = {"to": reverse("desk:keep-view", args=[page]), "name": gone.name, "query": gone.query}
        undo.success(request, _("Taken away: {name}").format(name=gone.name), back)
    return HttpResponseRedirect(reverse(PAGES[page]), status=303)
