"""A client of the standard that believes nothing: each answer is held against the specification's element lists."""

import json
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from django.test import Client

# From the specification's tables: element → whether it must be there.
SERVICE = ("service_code", "service_name", "description", "metadata", "type", "keywords", "group")
ATTRIBUTE = ("variable", "code", "datatype", "required", "datatype_description", "order", "description")
DATATYPES = {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"}
REQUEST = (
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address",
    "address_id", "zipcode", "lat", "long", "media_url",
)  # fmt: skip
CREATED = ("service_request_id", "service_notice", "account_id")
TOKEN = ("service_request_id", "token")
ERROR = ("code", "description")
# From FixMyStreet's extension.
UPDATE = ("update_id", "service_request_id", "status", "updated_datetime", "description", "media_url")
UPDATED = ("update_id", "account_id")
EXTENDED = {
    "OPEN", "INVESTIGATING", "IN_PROGRESS", "ACTION_SCHEDULED", "DUPLICATE", "NOT_COUNCILS_RESPONSIBILITY",
    "NO_FURTHER_ACTION", "FIXED", "CLOSED",
}  # fmt: skip
TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
LISTS = {"services", "service_requests", "service_request_updates", "errors", "attributes", "values", "endpoints",
         "formats", "media"}  # fmt: skip
SINGLE = {"services": "service", "service_requests": "request", "service_request_updates": "request_update",
          "errors": "error", "attributes": "attribute", "values": "value", "endpoints": "endpoint",
          "formats": "format", "media": "media_url"}  # fmt: skip


def parsed(answer: Any, form: str, root: str) -> Any:
    """Give the value of an answer of this root, after its form has been checked to the letter."""
    assert answer["Content-Type"] == TYPES[form]
    body = answer.content
    if form == "json":
        return json.loads(body)
    assert body.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n')
    tree = ElementTree.fromstring(body)
    assert tree.tag == root
    return of_xml(tree)


def of_xml(element: ElementTree.Element) -> Any:
    assert not element.attrib
    if element.tag in LISTS:
        assert {child.tag for child in element} <= {SINGLE[element.tag]}
        return [of_xml(child) for child in element]
    if len(element):
        return {child.tag: of_xml(child) for child in element}
    return element.text


def check_time(text: str) -> None:
    assert datetime.fromisoformat(text).tzinfo is not None
    assert len(text) == 25 and text[10] == "T", text


def check_services(found: list[dict[str, Any]]) -> None:
    for service in found:
        assert tuple(service) == SERVICE
        assert service["type"] == "realtime" and service["metadata"] in (True, False, "true", "false")
        assert service["service_code"] and service["service_name"] and service["group"]


def check_definition(found: dict[str, Any]) -> None:
    assert tuple(found) == ("service_code", "attributes")
    for number, attribute in enumerate(found["attributes"] or [], 1):
        assert tuple(attribute)[:7] == ATTRIBUTE and set(attribute) <= {*ATTRIBUTE, "values"}
        assert attribute["datatype"] in DATATYPES and str(attribute["order"]) == str(number)
        lists = attribute["datatype"] in ("singlevaluelist", "multivaluelist")
        assert ("values" in attribute) == lists
        assert all(tuple(value) == ("key", "name") for value in attribute.get("values", ()))


def check_requests(found: list[dict[str, Any]], more: tuple[str, ...] = ()) -> None:
    for request in found:
        assert tuple(request) == (*REQUEST, *more)
        assert request["status"] in ("open", "closed")
        for name in ("requested_datetime", "updated_datetime"):
            check_time(request[name])
        if request["expected_datetime"]:
            check_time(request["expected_datetime"])
        assert (request["lat"] is None) == (request["long"] is None)
        assert len(request["description"]) <= 4000


def check_updates(found: list[dict[str, Any]]) -> None:
    for update in found:
        assert tuple(update) == UPDATE and update["status"] in EXTENDED
        check_time(update["updated_datetime"])


def check_errors(found: list[dict[str, Any]], status: int) -> None:
    assert found
    for error in found:
        assert tuple(error) == ERROR
        assert str(error["code"]) == str(status) and error["description"]


class Door:
    """Asks the door under test, in both forms."""

    def __init__(self, key: str) -> None:
        self.key, self.client = key, Client(raise_request_exception=True)

    def get(
        self, path: str, form: str = "json", root: str = "service_requests", expect: int = 200, **asked: Any
    ) -> Any:
        headers = asked.pop("headers", None)
        answer = self.client.get(f"/open311/v2/{path}.{form}", asked, headers=headers)
        return self._checked(answer, form, root, expect)

    def post(self, path: str = "requests", form: str = "json", expect: int = 200, **sent: Any) -> Any:
        """Post a form; `key` None sends none."""
        root = "service_requests" if path == "requests" else "service_request_updates"
        headers, key = sent.pop("headers", None), sent.pop("key", self.key)
        data = {name.replace("__", "["): value for name, value in sent.items()}
        given = {} if key is None else {"api_key": key}
        body = _encoded({**given, **data})
        answer = self.client.post(
            f"/open311/v2/{path}.{form}", body, content_type="application/x-www-form-urlencoded", headers=headers
        )
        return self._checked(answer, form, root, expect)

    def post_json(
        self, body: Any, path: str = "requests", form: str = "json", expect: int = 200, **headers: str
    ) -> Any:
        root = "service_requests" if path == "requests" else "service_request_updates"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.client.post(
            f"/open311/v2/{path}.{form}", raw, content_type="application/json",
            headers={"X-Api-Key": self.key, **{k.replace("_", "-"): v for k, v in headers.items()}},
        )  # fmt: skip
        return self._checked(answer, form, root, expect)

    def _checked(self, answer: Any, form: str, root: str, status: int) -> Any:
        assert answer.status_code == status, answer.content
        found = parsed(answer, form, root if status < 400 else "errors")
        if status >= 400:
            check_errors(found, status)
        self.last = answer
        return found


def _encoded(values: dict[str, Any]) -> bytes:
    from urllib.parse import urlencode

    return urlencode(values, doseq=True).encode()
