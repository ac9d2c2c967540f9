"""In which language answers are given: as chosen, or as the city sets for all, or as the browser asks."""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware

PROGRAMS = ("/api/", "/open311/", "/sta/")


class CityLanguage(LocaleMiddleware):
    """Django's own, but that a language set for the city goes before the browser's; a choice goes before both.

    A visitor chooses on a page; a program that names a language has chosen it.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language of this answer."""
        if settings.FIRST_LANGUAGE and not _chosen(request):
            request.META["HTTP_ACCEPT_LANGUAGE"] = settings.FIRST_LANGUAGE
        super().process_request(request)


def _chosen(request: HttpRequest) -> bool:
    by_program = request.path.startswith(PROGRAMS) and "HTTP_ACCEPT_LANGUAGE" in request.META
    return by_program or settings.LANGUAGE_COOKIE_NAME in request.COOKIES
