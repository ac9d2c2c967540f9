"""A case on paper: the page of a case as a tagged PDF, in the visitor's language, with its photos."""

import json
import tempfile
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk.casefile import File, casefile
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import in_full, language
from cityloop.loops.cases import behind, queries
from cityloop.town.calendar.clock import city_clock
from cityloop.town.files import queries as files
from cityloop.town.orgs.authority import Scope

TEMPLATE = Path(__file__).with_name("case.typ")
MOST_PHOTOS = 12
SIDE = 320


@require_safe
@desk_page
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """Give a case as a PDF."""
    scope, now = scope_of(request), city_clock.now()
    return printed(queries.by_number(number, scope), scope, now)


def printed(found: Any, scope: Scope, now: int) -> HttpResponse:
    """Answer with a case as a PDF, in the language of the asker."""
    place = names.places([found.unit_code], last=4).get(found.unit_code, "")
    shown = casefile(found, place, now, scope, behind.reports_of(found))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        photos = put_photos(shown, root)
        (root / "case.typ").write_bytes(TEMPLATE.read_bytes())
        told = json.dumps(data_of(shown, photos, now), ensure_ascii=False)
        import typst  # only now: it would take 7 MB of every process that never prints

        made = typst.compile(str(root / "case.typ"), root=folder, sys_inputs={"case": told})
    answer = HttpResponse(bytes(made), content_type="application/pdf")
    answer["Content-Disposition"] = content_disposition_header(False, f"{shown.number}.pdf") or ""
    return answer


def put_photos(shown: File, root: Path) -> dict[str, str]:
    """Put the newest photos beside the template, each as a thumbnail; give their names by key."""
    put: dict[str, str] = {}
    there = files.by_uuids(key for key, _at, _who in shown.photos[:MOST_PHOTOS])
    for key, _at, _who in shown.photos[:MOST_PHOTOS]:
        try:
            with files.opened(there[key], SIDE) as picture:
                (root / f"{len(put)}.jpg").write_bytes(picture.read())
        except (KeyError, OSError):
            continue
        put[key] = f"{len(put)}.jpg"
    return put


def cut_of(put: int, known: int) -> str:
    """Say that not all photos are on the paper, and where all are; "" where they are."""
    if put == known:
        return ""
    words = _("{put} of {known} photos are printed, the newest; all of them are on the page of the case.")
    return words.format(put=put, known=known)


def data_of(shown: File, photos: dict[str, str], now: int) -> dict[str, Any]:
    """Give what the template prints. Who reported is not on it."""
    return {
        "lang": "zh" if language().startswith("zh") else "en",
        "number": shown.number,
        "matter": shown.matter,
        "state": shown.state,
        "result": shown.result,
        "condition": shown.condition,
        "place": shown.place,
        "address": shown.address,
        "channel": shown.channel,
        "created": shown.created,
        "clock": shown.bar.words,
        "clock_of": shown.bar_of,
        "steps": [
            {"label": str(s.label), "done": s.css == "done", "when": s.when, "used": s.used} for s in shown.steps
        ],
        "parts": [
            {
                "role": _("Lead organisation") if p.lead else _("Assists"),
                "name": p.name,
                "task": p.task,
                "state": p.state,
                "clock": p.bar.words,
            }
            for p in shown.parts
        ],
        "lines": [
            {
                "at": line.full,
                "who": line.who,
                "what": line.what,
                "moved": line.moved,
                "said": list(line.said),
                "photos": [photos[key] for key in line.photos if key in photos],
            }
            for line in shown.lines
        ],
        "cut": cut_of(len(photos), len(shown.photos)),
        "words": {
            "printed": _("printed {time}").format(time=in_full(now)),
            "created": _("Collected"),
            "parts": _("Parts"),
            "timeline": _("Timeline"),
            "photo": _("Photo of this step"),
            "ledger": _("Every step stands on the ledger; the receipt of the case proves it."),
        },
    }
