"""Taking an action from a page: photos kept first, then one transaction; what is refused comes back whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.http import HttpRequest

from cityloop.doors.web.show.acting import Tried, find
from cityloop.doors.web.show.asked import data, keep_photos
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.offers import Offer
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import queries
from cityloop.town.orgs.authority import Scope

SALT = "cityloop.act.photos"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Failed:
    """An action that was refused: what was tried, and the photos kept for the next try."""

    tried: Tried
    photos: tuple[str, ...] = ()

    @property
    def kept(self) -> str:
        """Give the photos kept, signed, for a hidden field."""
        return signing.dumps(list(self.photos), salt=SALT) if self.photos else ""

    @property
    def changed(self) -> bool:
        """Tell whether somebody else acted first."""
        return self.tried.error.code in ("cases.changed", "web.gone")


def attempt(
    request: HttpRequest, case: Any, offered: Sequence[Offer], at: int, scope: Scope | None = None
) -> Failed | None:
    """Take the action a form asks for; None when it was taken, else why not and what was typed."""
    typed, key = request.POST, str(request.POST.get("offer", ""))
    photos: tuple[str, ...] = _unsigned(typed.get("kept", ""))
    try:
        photos = _keep(request, case, offered, key, photos, at)
        _take(request, case, offered, key, photos, at, scope)
    except Refusal as refusal:
        return Failed(Tried(key, typed, refusal), photos)
    return None


def _keep(
    request: HttpRequest, case: Any, offered: Sequence[Offer], key: str, photos: tuple[str, ...], at: int
) -> tuple[str, ...]:
    offer = find(offered, key)
    uploads: Any = request.FILES.getlist("photos")
    if offer is None or "photos" not in offer.fields:
        return photos
    return tuple(keep_photos(uploads, list(photos), subject=case.subject, by=offer.actor, at=at))


def _take(
    request: HttpRequest,
    case: Any,
    offered: Sequence[Offer],
    key: str,
    photos: tuple[str, ...],
    at: int,
    scope: Scope | None,
) -> None:
    offer = find(offered, key)
    if offer is None:
        raise Refusal("web.gone", "This is no longer possible: the case has changed meanwhile.")
    fields = data(offer, request.POST, list(photos), queries.snapshot_of(case))
    cases.take(
        case=case.pk,
        act=Act(offer.action, fields),
        by=offer.actor,
        at=max(at, case.at),
        expected=natural(str(request.POST.get("seq", ""))),
        scope=scope,
    )


def _unsigned(text: str) -> tuple[str, ...]:
    try:
        return tuple(signing.loads(text, salt=SALT, max_age=DAY)) if text else ()
    except signing.BadSignature:
        return ()
