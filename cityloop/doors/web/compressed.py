"""Pages for everybody go out compressed: on a slow network most of the time to the first words is their bytes.

Pages that hold secrets (`no-store`) do not: compressed beside what a stranger may put into an address, their length
would tell of them. Maps, tiles, files and answers to programs see to themselves.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressedPages(GZipMiddleware):
    """Compress pages in HTML that may be kept; their length is blurred by some random bytes."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress an answer, or leave it as it is."""
        page = response.headers.get("Content-Type", "").startswith("text/html")
        if not page or response.streaming or "no-store" in response.headers.get("Cache-Control", ""):
            return response
        return super().process_response(request, response)
