"""The catalogue as a file at the desk: taken out, and in again with all that it changes shown before."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from cityloop.doors.web.desk.settings.guards import (
    Wrong,
    attempt,
    changing,
    draw,
    go,
    refused,
    setter,
    settings_page,
    text,
)
from cityloop.doors.web.guards import scope_of
from cityloop.doors.web.show import differences, names, trial
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import trying
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions, exchange, outgoing
from cityloop.town.catalog import incoming as taking
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.exchange import FileRefused

FIELDS = ("file", "since", "until")


@settings_page
def download(request: HttpRequest) -> HttpResponse:
    """Give the catalogue as a file."""
    answer = HttpResponse(outgoing.file(), content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="catalogue-{catalog.current().number}.toml"'
    return answer


@settings_page
def page(request: HttpRequest) -> HttpResponse:
    """Show how the catalogue goes out and comes in; look through a file that was sent, try it, publish it."""
    shown: dict[str, Any] = {"digest": catalog.last_digest(), "days": trial.days(trying.span(city_clock.now()))}
    wrong = Wrong()
    if request.method == "POST":
        try:
            name, sent = _sent(request)
            shown |= look(request, name, sent)
            if text(request, "do") == "publish":
                wrong = attempt(request, lambda: publish(request, name, sent), FIELDS, _("The file is in force now."))
                if not wrong:
                    return go(request.path)
        except FileRefused as faulty:
            shown["problems"], wrong = [_problem(one) for one in faulty.problems[: exchange.SHOWN]], Wrong(file="")
        except Refusal as refusal:
            wrong = refused(refusal, FIELDS)
    return draw(request, "exchange", "catalogue", {**shown, "wrong": wrong}, wrong.status)


def _sent(request: HttpRequest) -> tuple[str, str]:
    """Give the name and the text of the file that was sent, now or a moment ago."""
    file = request.FILES.get("file")
    if file is None:
        return text(request, "name")[:100] or "catalogue.toml", str(request.POST.get("text", ""))
    if (file.size or 0) > exchange.MOST:
        raise Refusal("catalog.file.long", "This file is too large for a catalogue.", "file")
    try:
        return str(file.name)[:100], file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal("catalog.file.encoding", "Write this file in UTF-8.", "file") from None


def look(request: HttpRequest, name: str, sent: str) -> dict[str, Any]:
    """Read a file and give all that a page says of it; with what it would have meant, where that is asked for."""
    what = text(request, "do")
    if what not in ("look", "try", "publish"):
        raise changing(what)
    found = taking.looked(exchange.read(sent, name))
    shown = {
        "looked": True,
        "name": name,
        "file": sent,
        "changes": differences.told(found.changes),
        "organisations": found.organisations,
        "made": names.listed(names.words(one.names) for one in found.organisations),
        "rests": names.listed(names.words(one.names) for one in found.rests),
        "unplaced": names.listed(found.unplaced),
    }
    if what != "try":
        return shown
    tried = trial.tried(found.made, trial.asked(request.POST), scope_of(request))
    return {**shown, "trial": tried, "days": tried}


def publish(request: HttpRequest, name: str, sent: str) -> None:
    """Take a file in, on the version of the catalogue that it was looked at beside."""
    actions.take_in(
        reading=exchange.read(sent, name), on=text(request, "on"), by=setter(request), at=city_clock.now()
    )  # fmt: skip


def _problem(one: Any) -> dict[str, str]:
    place = _("line {n}").format(n=one.line) if one.line else one.file
    return {"place": place, "key": one.key, "message": one.message}
