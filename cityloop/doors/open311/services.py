"""What may be reported: the published matters as services, their questions as attributes."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cityloop.doors.open311.filters import point_of
from cityloop.doors.open311.formats import Said
from cityloop.ground.kit.words import say
from cityloop.town.catalog import queries as catalog
from cityloop.town.units import queries as units

DATATYPES = {"text": "text", "number": "number", "choice": "singlevaluelist", "choices": "multivaluelist",
             "bool": "singlevaluelist", "date": "datetime"}  # fmt: skip


def services(request: HttpRequest) -> Said:
    """Give all services, by group and name; none for a point outside the city. No query within a second."""
    point = point_of(request.GET)
    if point is not None and units.locate(*point) is None:
        return Said("services", [])
    found = [_service(entry) for entry in catalog.current().matters.values()]
    return Said("services", sorted(found, key=lambda s: (s["group"], s["service_name"], s["service_code"])))


def _service(entry: Any) -> dict[str, Any]:
    lang = get_language() or "en"
    return {
        "service_code": entry.code,
        "service_name": say(entry.names, lang),
        "description": say(entry.filing, lang),
        "metadata": bool(entry.questions),
        "type": "realtime",
        "keywords": ", ".join(entry.keywords.get(lang) or entry.keywords.get("en") or ()),
        "group": say(entry.class_names, lang) or entry.class_,
    }


def service(request: HttpRequest, code: str) -> Said:
    """Give the definition of a service: its questions in their order."""
    entry = catalog.current().matter(code)
    attributes = [_attribute(number, question) for number, question in enumerate(entry.questions, 1)]
    return Said("service_definition", {"service_code": entry.code, "attributes": attributes})


def _attribute(number: int, question: Any) -> dict[str, Any]:
    lang = get_language() or "en"
    attribute = {
        "variable": True,
        "code": question.key,
        "datatype": DATATYPES[question.type],
        "required": question.required,
        "datatype_description": _hint(question.type),
        "order": number,
        "description": say(question.names, lang),
    }
    values = [{"key": choice.key, "name": say(choice.names, lang)} for choice in question.choices]
    if question.type == "bool":
        values = [{"key": "true", "name": _("Yes")}, {"key": "false", "name": _("No")}]
    return {**attribute, "values": values} if values else attribute


def _hint(kind: str) -> str | None:
    if kind == "number":
        return _("A number, such as 2.5.")
    if kind == "date":
        return _("A date, such as 2018-10-21.")
    return None
