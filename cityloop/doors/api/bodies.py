"""What is said of a body, and of what an address asks for, before either is used."""

from django.http import HttpRequest
from ninja import Schema

from cityloop.ground.kit.refusal import Refusal


def json_body(request: HttpRequest) -> None:
    """Refuse a body that says it is something else than JSON; one that says nothing is read as JSON."""
    kind = request.content_type or ""
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise Refusal("api.media", "Send the body as application/json.", "Content-Type")


def known_form(request: HttpRequest, *names: str) -> None:
    """Refuse what a form holds that the route does not know, or holds twice: it would be lost unseen."""
    for sent in (request.POST, request.FILES):
        for name in sent:
            _once(name, len(sent.getlist(name)), name in names)


def _once(name: str, times: int, known: bool) -> None:
    if not known:
        raise Refusal("api.shape", "There is no parameter {name} here.", name[:60], name=name[:60])
    if times > 1:
        raise Refusal("api.shape", "{name} is given more than once.", name, name=name)


def known_query(request: HttpRequest, asked: Schema) -> None:
    """Refuse what an address asks for that the route does not know, or names twice: neither is ours to guess."""
    for name, values in request.GET.lists():
        _once(name, len(values), name in type(asked).model_fields)
