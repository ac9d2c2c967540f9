"""The same answers for people: as a page of plain tables, and as a feed for readers (RSS 2.0)."""

from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from django.http import HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import rfc2822_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cityloop.doors.open311.formats import Said, allowed

FEEDS = ("service_requests", "services")


def page(said: Said) -> bytes:
    """Give an answer as a page: each element of a list is a table of its fields."""
    title = _titles().get(said.root, said.root)
    body = _shown(said.value) or format_html("<p>{}</p>", _("Nothing fits what was asked for."))
    lang = "zh-Hans" if (get_language() or "en").startswith("zh") else "en"
    whole = format_html(
        '<!doctype html>\n<html lang="{}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{}</title></head>'
        "<body><main><h1>{}</h1>{}</main></body></html>\n",
        lang, title, title, body,
    )  # fmt: skip
    return whole.encode()


def _titles() -> dict[str, str]:
    return {
        "services": _("What may be reported"), "service_requests": _("Reports"), "errors": _("This is wrong"),
        "service_request_updates": _("What happened"), "service_definition": _("What is asked"),
    }  # fmt: skip


def _shown(value: Any) -> SafeString:
    if isinstance(value, dict):
        rows = ((name, _shown(part)) for name, part in value.items() if part not in (None, "", [], {}))
        return format_html(
            "<table><tbody>{}</tbody></table>",
            format_html_join("", '<tr><th scope="row">{}</th><td style="overflow-wrap: anywhere">{}</td></tr>', rows),
        )
    if isinstance(value, list | tuple):
        if not value:
            return mark_safe("")  # noqa: S308 - nothing at all
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{}</li>", ((_shown(one),) for one in value)))
    if isinstance(value, bool):
        return format_html("{}", "true" if value else "false")
    text = allowed(str(value))
    if text.startswith(("http://", "https://")):
        return format_html('<a href="{}">{}</a>', text, text)
    return format_html("{}", text)


def feed(said: Said, request: HttpRequest) -> bytes:
    """Give a list as a feed: requests with their place, services with what they are for."""
    own = request.build_absolute_uri(request.path)
    item = _request if said.root == "service_requests" else _service
    items = "".join(item(one, request) for one in said.value)
    title = escape(_titles()[said.root])
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:georss="http://www.georss.org/georss"><channel>'
        f"<title>{title}</title><link>{escape(own)}</link><description>{title}</description>{items}</channel></rss>\n"
    ).encode()


def _request(one: dict[str, Any], request: HttpRequest) -> str:
    number = str(one["service_request_id"])
    if "service_name" not in one:
        return ""
    link = request.build_absolute_uri(reverse("public:case", args=[number]))
    words = " · ".join(str(one[name]) for name in ("status", "status_notes", "address") if one[name])
    parts = {
        "title": f"{one['service_name']} · {number}",
        "link": link,
        "guid": link,
        "description": words,
        "category": one["service_name"],
        "pubDate": rfc2822_date(datetime.fromisoformat(one["requested_datetime"])),
    }
    place = f"<georss:point>{one['lat']} {one['long']}</georss:point>" if one["lat"] is not None else ""
    return f"<item>{_elements(parts)}{place}</item>"


def _service(one: dict[str, Any], request: HttpRequest) -> str:
    link = f"{request.build_absolute_uri(reverse('public:report'))}?matter={one['service_code']}"
    parts = {"title": one["service_name"], "link": link, "guid": link, "description": one["description"]}
    return f"<item>{_elements({**parts, 'category': one['group']})}</item>"


def _elements(parts: dict[str, Any]) -> str:
    return "".join(f"<{name}>{escape(allowed(str(text)))}</{name}>" for name, text in parts.items())
