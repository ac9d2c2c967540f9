"""What stands at well-known addresses for programs."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from cityloop.town.ledger import queries as ledger


@require_safe
def published_ledger(request: HttpRequest) -> JsonResponse:
    """Give the city's public keys and latest signed roots, with which receipts are checked."""
    answer = JsonResponse(ledger.published())
    answer["Cache-Control"] = "public, max-age=60"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
