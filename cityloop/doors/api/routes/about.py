"""The page that the `type` of every problem points to: what each status and code means."""

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join

from cityloop.doors.api import problems
from cityloop.doors.api.door import api
from cityloop.doors.api.openapi import WORDS


@api.get("/problems", include_in_schema=False)
def page(request: HttpRequest) -> HttpResponse:
    """Give the page, for people who follow a link out of an error."""
    answer = HttpResponse(_body(), content_type="text/html; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=3600"
    return answer


def _body() -> str:
    statuses = format_html_join("\n", "<dt>{}</dt><dd>{}</dd>", ((str(n), words) for n, words in WORDS.items()))
    codes = format_html_join("\n", '<li id="{}"><code>{}</code>: {}</li>', ((c, c, s) for c, s in _codes()))
    return format_html(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Problems of /api/v1</title></head><body>'
        "<main><h1>Problems of /api/v1</h1><p>Every fault is <code>application/problem+json</code>: <code>detail</code>"
        " says what to do, <code>code</code> is for programs, <code>field</code> names what it is about.</p>"
        "<h2>Statuses</h2><dl>{}</dl><h2>Codes that are not 400</h2><ul>{}</ul></main></body></html>",
        statuses,
        codes,
    )


def _codes() -> list[tuple[str, int]]:
    named = dict.fromkeys(problems.NOT_FOUND, 404) | dict.fromkeys(problems.FORBIDDEN, 403)
    known = {**named, **dict.fromkeys(problems.CONFLICT, 409), **problems.STATUS, "api.key": 401, "api.rate": 429}
    return sorted(known.items())
