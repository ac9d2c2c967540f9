"""The document of the door (OpenAPI 3.1), and what makes it true: every status a route can answer is in it."""

from hashlib import sha256
from typing import Any

from ninja.schema import NinjaGenerateJsonSchema

from cityloop.doors.api.problems import PROBLEM, WORDS
from cityloop.doors.api.schemas import FaultOut

ABOUT = """Everything the desk can do, for programs.

A client needs to know nothing of the loop: `GET /cases/{number}/actions` lists what may be done now, each with its
address and the JSON Schema of the body to send. Send `Authorization: Bearer KEY`; a key is made by
`cityloop keys new` and is good for one or more of the scopes `read`, `act`, `report`, `hooks`, `sense` (the door of
instruments), `setup` (changing how the city is set up). What its account may not see or do on the pages does not
exist here either.

Errors are `application/problem+json` (RFC 9457): a `code` for machines, `detail` for people, the `field` it is
about. Lists are paged by cursor: follow `next` until it is null. Instants are RFC 3339 in UTC. Unknown fields,
in a body or an address, are refused."""

Doc = dict[str, Any]
# Which faults come with what a route takes. 400 and 503 may come everywhere.
FAULTS = {
    "key": {401, 403, 429},
    "path": {404},
    "query": {422},
    "body": {404, 409, 413, 415, 422},
    "once": {409},
    "ended": {409},  # what is over cannot end again, and the last that sets the city up not at all
    "match": {412},
    "tag": set(),
}
SCOPES = {
    ("get", "webhooks"): "hooks", ("post", "webhooks"): "hooks", ("delete", "webhooks"): "hooks",
    ("post", "reports"): "report", ("post", "cases"): "act", ("post", "photos"): "act",
    ("post", "components"): "act", ("post", "alarms"): "act", ("patch", "components"): "act",
    ("post", "views"): "act", ("delete", "views"): "act",
    **{(method, "settings"): "setup" for method in ("post", "put", "patch", "delete")}, ("put", "plates"): "setup",
}  # fmt: skip
OTHERWISE: dict[str, list[Doc]] = {"detections": [{"Signature": []}]}
NUMBER = {"type": "string", "maxLength": 40, "examples": ["NYC-2026-000123"]}
PATHS = {
    "number": NUMBER,
    "action": {"type": "string", "maxLength": 40, "examples": ["note"]},
    "code": {"type": "string", "maxLength": 32},
    "key": {"type": "string", "format": "uuid"},
    "kind": {"type": "string", "enum": ["csv", "xlsx", "geojson"]},
}
EXAMPLES: dict[str, Any] = {
    "/api/v1/reports": {"words": "A tree lies across the road.", "lon": -73.97, "lat": 40.78},
    "/api/v1/cases/{number}/actions/{action}": {"data": {"words": "Seen from the road."}, "expected": 7},
    "/api/v1/cases/actions/{action}": {"numbers": ["NYC-2026-000123"], "data": {"words": "Seen."}, "preview": True},
    "/api/v1/cases": {"words": "A tree lies across the road.", "address": "Broadway 1", "channel": "phone"},
    "/api/v1/cases/{number}/reports/{report}/contact": {"purpose": "Ask which of the two trees is meant."},
    "/api/v1/alarms/{alarm}/actions/{action}": {"words": "A barbecue beneath the mast.", "expected": 1},
    "/api/v1/detections/{detector}": {"id": "e-17", "class": "tree", "at": "2026-05-01T08:00:00Z", "camera": "gate"},
    "/api/v1/plates/{plate}": {"on": True},
    "/api/v1/components": {"type": "tree", "lon": -73.97, "lat": 40.78, "attributes": {"species": "oak"}},
    "/api/v1/settings/catalogue/trials": {"matter": {"code": "tree", "urgent": True}, "since": "2018-10-01"},
    "/api/v1/views": {"page": "cases", "name": "Open trees", "filters": {"state": "open", "matter": "tree"}},
    "/api/v1/webhooks": {"url": "https://example.org/hooks/cityloop", "kinds": ["file", "close"]},
    "/api/v1/webhooks/{webhook}/replay": {"time": "2026-05-01T08:00:00Z"},
}


def can(model: Any, status: int, takes: str) -> dict[Any, Any]:
    """Give all that a route can answer: its own answer, and the faults that come with what it takes."""
    words = takes.split()
    faults = {400, 503}.union(*(FAULTS[word] for word in words))
    # What a fault says is the same everywhere and is written by `finish`: a model for each would slow down every start.
    answers: dict[Any, Any] = {status: model, **dict.fromkeys(sorted(faults))}
    return answers | ({304: None} if "tag" in words else {})


def tag_of(body: bytes) -> str:
    """Give the tag of a document."""
    return sha256(body).hexdigest()[:20]


def finish(document: Doc, api: Any) -> Doc:
    """Say what ninja cannot know: media types of faults and maps, headers, scopes, examples."""
    document["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema"
    document["servers"] = [{"url": "/"}]
    document["components"]["securitySchemes"] = {
        "Key": {"type": "http", "scheme": "bearer", "description": "An access key; see `cityloop keys new`."},
        "Signature": {
            "type": "apiKey",
            "in": "header",
            "name": "webhook-signature",
            "description": "After Standard Webhooks, with `webhook-id` and `webhook-timestamp`.",
        },
    }
    document["components"]["headers"] = _headers()
    document["components"]["schemas"] |= _fault()
    document["paths"]["/api/v1/live"] = {"get": _live()}
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            if not route.get("x-stream"):
                _finish(path, method, route)
    return document


def _finish(path: str, method: str, route: Doc) -> None:
    name = path.split("/")[3]
    scope = SCOPES.get((method, name), "read")
    keyed: list[Doc] = [{"Key": [scope]}]
    route["security"] = OTHERWISE.get(name, keyed) if name != "reports" else [*keyed, {}]
    route["operationId"] = _operation(path, method)
    for parameter in route["parameters"]:
        if parameter["in"] == "path" and parameter["name"] in PATHS:
            parameter["schema"] = PATHS[parameter["name"]]
    kinds = _files_of(path, name)
    if kinds and method == "get":
        route["responses"][200]["content"] = {kind: {"schema": _file(kind)} for kind in kinds}
    for status, answer in route["responses"].items():
        _answer(int(status), answer, path)
    _asked_by_headers(route)
    example = EXAMPLES.get(path)
    if example and method == "post":
        route["requestBody"]["content"]["application/json"]["example"] = example


def _operation(path: str, method: str) -> str:
    parts = [part.strip("{}") for part in path.split("/")[3:]]
    return "_".join([method, *parts])


BINARY = {"type": "string", "format": "binary"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES = {
    "photos": ("image/jpeg", "image/png", "image/webp"), "exports": ("text/csv", XLSX, "application/geo+json"),
    "paper": ("application/pdf",), "file": ("application/toml",),
}  # fmt: skip


def _file(kind: str) -> Doc:
    """Give the schema of a file: one that is JSON is read as such."""
    return {"type": "object"} if kind.endswith("json") else BINARY


def _files_of(path: str, name: str) -> tuple[str, ...]:
    """Give the media types of a route that answers with a file."""
    last = path.rpartition("/")[2]
    return FILES.get(last if last in ("paper", "file") else name if "{" in path else "", ())


SCHEMAS = "#/components/schemas/"
FAULT = {"$ref": f"{SCHEMAS}FaultOut"}


def _fault() -> Doc:
    """Give the schema of a fault, and of what is in it."""
    schema = FaultOut.model_json_schema(
        mode="serialization", ref_template=SCHEMAS + "{model}", schema_generator=NinjaGenerateJsonSchema
    )
    inner: Doc = schema.pop("$defs")
    return {**inner, "FaultOut": schema}


def _live() -> Doc:
    """Say what the stream of steps is: it stays open, so no description of single answers fits it."""
    told = "`event: step`, `id`: an offset, `data`: number, seq, what, origin, from, to, at, unit, due;"
    told += " `event: alarm`, `data`: alarm, rule, severity, what, from, to, at, unit; `event: beat`."
    told += " Here `at` and `due` are microseconds since 1970, UTC."
    answers: dict[Any, Any] = {
        200: {"description": told, "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    }
    answers |= {code: {"description": WORDS[code], "content": {PROBLEM: {"schema": FAULT}}} for code in (401, 403, 429)}
    again = "The offset of the last step you have: what came since is sent first, without gap or double."
    return {
        "operationId": "get_live",
        "summary": "Live",
        "description": "Follow the steps of cases and alarms this key may see as server-sent events, within a second.",
        "parameters": [_header("Last-Event-ID", again)],
        "responses": answers,
        "security": [{"Key": ["read"]}],
        "tags": ["work"],
        "x-stream": True,
    }


def _answer(status: int, answer: Doc, path: str) -> None:
    content = answer.get("content", {})
    if status >= 400:
        answer["description"] = WORDS[status]
        answer["content"] = {PROBLEM: {"schema": FAULT}}
    elif path.endswith("/map") and status == 200:
        answer["content"] = {"application/geo+json": content.pop("application/json")}
    names = ["RateLimit", "RateLimit-Policy"]
    if status in (429, 503):
        names.append("Retry-After")
    if status == 401:
        names = ["WWW-Authenticate"]
    answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _asked_by_headers(route: Doc) -> None:
    codes = {int(code) for code in route["responses"]}
    if 304 in codes:
        same = "The `ETag` of what you have: 304 comes back where it is still so."
        route["parameters"].append(_header("If-None-Match", same))
        for code in ("200", 200, "304", 304):
            if code in route["responses"]:
                route["responses"][code]["headers"]["ETag"] = {"$ref": "#/components/headers/ETag"}
    if 412 in codes:
        for code in ("412", 412):
            if code in route["responses"]:
                route["responses"][code]["headers"]["ETag"] = {"$ref": "#/components/headers/ETag"}
        seen = (
            "The `ETag` you saw, or several by commas; 412 where none is in force, with the `changes` that are known."
        )
        route["parameters"].append(_header("If-Match", seen))
    if route["operationId"] in ONCE:
        again = "Your name for this request: sent again within a day, it gets the same answer and is done once."
        route["parameters"].append(_header("Idempotency-Key", again, maxLength=120))


ONCE = ("post_reports", "post_cases", "post_cases_actions_action", "post_cases_number_actions_action")


def _header(name: str, words: str, **more: Any) -> Doc:
    schema = {"type": "string", **more}
    return {"in": "header", "name": name, "required": False, "description": words, "schema": schema}


def _headers() -> Doc:
    text = {"type": "string"}
    return {
        "RateLimit": {"description": 'What is left: `"key";r=LEFT;t=SECONDS`.', "schema": text},
        "RateLimit-Policy": {"description": 'What a key may do: `"key";q=REQUESTS;w=60`.', "schema": text},
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
        "ETag": {"description": "Names this state; send it as `If-None-Match`.", "schema": text},
        "WWW-Authenticate": {"description": "Bearer", "schema": text},
    }
