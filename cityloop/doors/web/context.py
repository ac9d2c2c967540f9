"""What every page knows: the theme, the languages, and facts from `wiring.PAGE_FACTS`."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from cityloop.doors.web.preferences import THEME_COOKIE, THEMES

# Each language in its own words, and short enough for a phone.
LANGUAGES = [("en", "English"), ("zh-hans", "中文")]


def page(request: HttpRequest) -> dict[str, Any]:
    """Give the context of the base template: `theme`, `languages`, `city_name`, `banner` and further facts."""
    facts: dict[str, Any] = {"city_name": "", "banner": None}
    for place in import_module(settings.WIRING).PAGE_FACTS:
        facts |= import_string(place.replace(":", "."))(request)
    return {"theme": theme(request), "languages": LANGUAGES, **facts}


def theme(request: HttpRequest) -> str:
    """Give the theme chosen in this browser, or "" for what the device prefers."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""
