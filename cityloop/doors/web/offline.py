"""What lets the public pages be installed and open without network: the service worker and the manifest."""

import hashlib
import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web import built
from cityloop.doors.web.show.facts import city
from cityloop.doors.web.show.times import language

ENTRIES = ("frontend/public.ts", "frontend/report.ts")


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker, with the files it keeps, a version that changes with any of them, and the language.

    Pages kept for a phone are in the language of its reader from the first visit on.
    """
    body = built.worker()
    files = sorted({file for entry in ENTRIES for file in (built.address(entry), *sum(built.parts(entry), []))})
    files.append(built.address("frontend/icons.svg"))
    version = hashlib.sha256(json.dumps([files, body]).encode()).hexdigest()[:12]
    told = json.dumps({"version": version, "files": files, "language": language()})
    answer = HttpResponse(f"self.cityloop={told};\n{body}", content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    answer["Vary"] = "Cookie, Accept-Language"
    return answer


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """Describe the portal as an app of its own, in the visitor's language."""
    name = city(request).get("city_name") or "Cityloop"
    images = [("192x192", "icon-192.png", "any"), ("512x512", "icon-512.png", "any")]
    images.append(("512x512", "icon-mask.png", "maskable"))
    told = {
        "id": "/",
        "name": name,
        "short_name": name,
        "description": _("Say what needs fixing, and watch it until it is proven fixed."),
        "lang": "zh-Hans" if language().startswith("zh") else language(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f7f8",
        "theme_color": "#1b4b9b",
        "icons": [
            {"src": static("icon.svg"), "type": "image/svg+xml", "sizes": "any"},
            *({"src": static(file), "type": "image/png", "sizes": size, "purpose": use} for size, file, use in images),
        ],
        "shortcuts": [{"name": _("Report"), "url": "/report"}, {"name": _("Follow my report"), "url": "/follow"}],
    }
    answer = JsonResponse(told, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = "private, max-age=3600"
    answer["Vary"] = "Cookie, Accept-Language"
    return answer
