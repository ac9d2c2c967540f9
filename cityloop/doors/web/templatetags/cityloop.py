"""Tags every template may use: `{% vite "desk" %}` and `{% icon "send" %}`."""

import functools
from typing import Any
from urllib.parse import parse_qsl

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cityloop.doors.web import built
from cityloop.doors.web.desk.undo import MARK

register = template.Library()


@register.filter
def number(value: float) -> str:
    """Write a count with its thousands apart, as both our languages do."""
    return f"{value:,}"


@register.filter
def square_km(area_m2: float) -> str:
    """Write an area, given in square metres."""
    return f"{area_m2 / 1e6:,.2f} km²"


@register.filter
def plain(value: float) -> str:
    """Write a coordinate for a program, in no language's way."""
    return f"{value:.6f}"


@register.filter
def unlocalized(value: float) -> str:
    """Write a length of a picture, in no language's way."""
    return f"{value:.1f}"


@register.filter
def undo(message: Any) -> dict[str, Any] | None:
    """Give where a message's action is taken back and with which fields, None where it is not (see `desk.undo`)."""
    tag = message.extra_tags or ""
    if not tag.startswith(MARK):
        return None
    fields = parse_qsl(tag.removeprefix(MARK))
    return {"to": dict(fields).get("to", ""), "fields": [(name, value) for name, value in fields if name != "to"]}


@register.simple_tag
def vite(entry: str) -> SafeString:
    """Link the styles and scripts of one entry of the front end."""
    source = f"frontend/{entry}.ts"
    styles, early = built.parts(source)
    return format_html(
        '{}{}<script type="module" src="{}"></script>',
        format_html_join("", '<link rel="stylesheet" href="{}">', ((s,) for s in styles)),
        format_html_join("", '<link rel="modulepreload" href="{}">', ((s,) for s in early)),
        built.address(source),
    )


@register.simple_tag
def icon(name: str, label: str = "", size: int = 20) -> SafeString:
    """Draw an icon from the sprite; without `label` it is decoration beside a word."""
    return _drawn(name, label, size, built.address("frontend/icons.svg"))


@functools.lru_cache(maxsize=1024)
def _drawn(name: str, label: str, size: int, sprite: str) -> SafeString:
    """Draw it; a page has some thirty, and most pages the same."""
    named = format_html(' role="img" aria-label="{}"', label) if label else SafeString(' aria-hidden="true"')
    return format_html(
        '<svg class="icon" width="{0}" height="{0}"{1}><use href="{2}#{3}"></use></svg>',
        size,
        named,
        sprite,
        name,
    )


@register.simple_tag
def icon_sprite() -> str:
    """Give the address of the sprite, for islands that draw icons themselves."""
    return built.address("frontend/icons.svg")
