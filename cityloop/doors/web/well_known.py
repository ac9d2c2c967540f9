"""What stands at well-known addresses for programs."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from cityloop.town.ledger import queries as ledger

TEXT = "text/plain; charset=utf-8"
KEPT = "public, max-age=86400"
GOOD_FOR = timedelta(days=90)
# What only its own people or programs ask for, or has no end. Secret addresses and those of single cases are not named:
# a crawler that may not ask for a page never sees that it is not to be indexed, and lists the address all the same.
ROBOTS = """User-agent: *
Disallow: /desk/
Disallow: /wall/
Disallow: /api/
Disallow: /sta/
Disallow: /live
Disallow: /tiles/
Disallow: /files/
Disallow: /near?
Disallow: /report/hints
"""


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Say to crawlers what is not for them."""
    return HttpResponse(ROBOTS, content_type=TEXT, headers={"Cache-Control": KEPT})


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Say whom to tell of a weakness, as RFC 9116 has it; nothing where the city has named nobody."""
    if not settings.SECURITY:
        raise Http404
    until = (datetime.now(UTC) + GOOD_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [f"Contact: {one}" for one in settings.SECURITY]
    lines += [f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: en, zh"]
    if settings.PUBLIC_URL:
        lines.append(f"Canonical: {settings.PUBLIC_URL}{request.path}")
    return HttpResponse("\n".join(lines) + "\n", content_type=TEXT, headers={"Cache-Control": KEPT})


@require_safe
def published_ledger(request: HttpRequest) -> JsonResponse:
    """Give the city's public keys and latest signed roots, to check receipts with; `from` a number on, by hundreds."""
    begin = request.GET.get("from", "")
    if begin and not (begin.isascii() and begin.isdecimal() and len(begin) <= 15):
        raise Http404
    answer = JsonResponse(ledger.published(int(begin) if begin else None))
    answer["Cache-Control"] = "public, max-age=60"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
