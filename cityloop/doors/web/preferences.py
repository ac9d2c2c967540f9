"""What a visitor may choose for this browser; works without JavaScript."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

THEMES = ("light", "dark")
THEME_COOKIE = "cityloop_theme"
YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponseRedirect:
    """Keep the theme in a cookie, so that the server draws the page in it and nothing flashes."""
    answer = HttpResponseRedirect(safe_next(request))
    choice = request.POST.get("theme", "")
    if choice in THEMES:
        answer.set_cookie(THEME_COOKIE, choice, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    else:
        answer.delete_cookie(THEME_COOKIE)
    return answer


def safe_next(request: HttpRequest) -> str:
    """Give the page to return to, but never another site."""
    wanted = request.POST.get("next") or "/"
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else "/"
