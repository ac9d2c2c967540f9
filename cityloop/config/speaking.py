"""In which language pages open for who has not chosen one: as the browser asks, or as the city sets for all."""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware


class CityLanguage(LocaleMiddleware):
    """Django's own, but that a language set for the city goes before the browser's; a visitor's choice before both."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language of this answer."""
        if settings.FIRST_LANGUAGE and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            request.META["HTTP_ACCEPT_LANGUAGE"] = settings.FIRST_LANGUAGE
        super().process_request(request)
