"""What every address here has in common: form, language, city, methods, and errors as the specification has them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from cityloop.doors.open311 import errors, formats, pages
from cityloop.doors.open311.formats import Said
from cityloop.doors.open311.keys import is_named
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.units import queries as units

View = Callable[..., Said | HttpResponseBase]
LONGEST_LOCALE = 35


def address(*, get: View | None = None, post: View | None = None) -> Callable[..., HttpResponseBase]:
    """Make the view of an address from what it does for each method."""
    views = {name: view for name, view in (("GET", get), ("HEAD", get), ("POST", post)) if view is not None}
    allowed = ", ".join([*views, "OPTIONS"])

    @csrf_exempt
    def answered(request: HttpRequest, extension: str | None = None, **named: Any) -> HttpResponseBase:
        form, lang = formats.chosen(request, extension), language(request)
        if request.method == "OPTIONS":
            return _options(allowed)
        with translation.override(lang):
            said = _said(request, views.get(request.method or ""), allowed, named)
            answer = said if isinstance(said, HttpResponseBase) else _rendered(said, form, request)
        answer.setdefault("Content-Language", lang)
        if is_named(request) or request.method == "POST":
            answer["Cache-Control"] = "no-store"
        return answer

    return answered


def _rendered(said: Said, form: str, request: HttpRequest) -> HttpResponse:
    """Write an answer in its form; what no feed can hold is XML."""
    if form == "html":
        made = HttpResponse(pages.page(said), status=said.status, content_type=formats.PAGES[form])
    elif form == "rss" and said.root in pages.FEEDS and said.status == 200 and request.method != "POST":
        made = HttpResponse(pages.feed(said, request), content_type=formats.PAGES[form])
    else:
        return formats.rendered(said, form if form in formats.TYPES else "xml")
    for name, value in said.headers.items():
        made[name] = value
    made["Vary"] = "Accept-Language"
    return made


def _said(request: HttpRequest, view: View | None, allowed: str, named: dict[str, Any]) -> Said | HttpResponseBase:
    try:
        if view is None:
            refusal = Refusal("open311.method", "This address does not know this method; use {allowed}.",
                              allowed=allowed)  # fmt: skip
            said = errors.said_of(refusal)
            return Said(said.root, said.value, {"Allow": allowed}, said.status)
        units.city()
        jurisdiction(request.GET.get("jurisdiction_id", ""))
        return view(request, **named)
    except errors.KNOWN as error:
        return errors.said_of(error)
    except Exception as error:  # noqa: BLE001 - a client of the standard can read no page of ours, whatever failed
        return errors.unexpected(error)


def _options(allowed: str) -> HttpResponse:
    answer = HttpResponse(status=204, headers={"Allow": allowed, "Access-Control-Allow-Origin": "*"})
    answer["Access-Control-Allow-Methods"] = allowed
    answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key, X-Api-Key"
    answer["Access-Control-Max-Age"] = "86400"
    return answer


def jurisdiction(name: str) -> None:
    """Refuse the name of another city; none, or an empty one, means this one."""
    wanted = name.strip()
    if wanted and wanted.casefold() != units.city().key.casefold():
        raise Refusal(
            "open311.jurisdiction",
            "{given} is not served here; this is {key}.",
            "jurisdiction_id",
            given=wanted[:60],
            key=units.city().key,
        )


def language(request: HttpRequest) -> str:
    """Give the language asked for by `locale`, else by `Accept-Language`, as names are keyed: `en`, `zh-hans`."""
    wanted = request.GET.get("locale", "").replace("_", "-").lower()[:LONGEST_LOCALE]
    try:
        return translation.get_supported_language_variant(wanted)
    except LookupError:
        return translation.get_language_from_request(request)
