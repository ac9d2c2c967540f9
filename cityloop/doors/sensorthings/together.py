"""`$batch`: many requests in one, as multipart/mixed (OGC 18-088, after OData 4.0); a change set is done whole or not.

`$<Content-ID>` names what an earlier request of the batch has made: in an address, and as `@iot.id` in a body.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import transaction

from cityloop.doors.sensorthings import errors
from cityloop.doors.sensorthings.calls import ROOT, Answer, Call
from cityloop.ground.kit.refusal import Refusal

MOST = 1_000  # requests in one batch
MIXED, HTTP = "multipart/mixed", "application/http"
_FIRST = re.compile(rb"(GET|POST|PATCH|PUT|DELETE) +(\S+)(?: +HTTP/1\.[01])?\r?\n", re.ASCII)
_NAMED = re.compile(r"/?\$([A-Za-z0-9_.-]+)(?=/|$)", re.ASCII)
_IN_BODY = re.compile(rb'("@iot\.id"\s*:\s*)"\$([A-Za-z0-9_.-]+)"')
_MADE = re.compile(r"\w+\((.+)\)", re.ASCII)
_KEPT = ("authorization", "x-api-key", "accept-language")  # of the whole request, good for each in it
Ask = Callable[[Call], Answer]


class _Failed(Exception):
    """A request of a change set has failed, so that the set is taken back."""


@dataclass
class Batch:
    """A batch on its way: what has been made in it, by Content-ID, as an address below the root."""

    whole: Call
    ask: Ask
    made: dict[str, str] = field(default_factory=dict)
    number: int = 0

    def part(self, part: Message) -> tuple[bytes, bool]:
        """Answer a part of the batch, a request or a change set; say whether it is well."""
        if part.get_content_type() == MIXED:
            return self._changes(part)
        return self._single(part)

    def _changes(self, part: Message) -> tuple[bytes, bool]:
        before, done = dict(self.made), list[bytes]()
        try:
            with transaction.atomic():
                for one in _parts(part):
                    told, well = self._single(one, changes=True)
                    if not well:
                        raise _Failed
                    done.append(told)
        except _Failed:
            self.made = before
            return told, False  # what failed stands for the whole set
        boundary = f"changes_{secrets.token_hex(8)}"
        return b"Content-Type: %s; boundary=%s\r\n\r\n%s" % (
            MIXED.encode(),
            boundary.encode(),
            _joined(done, boundary),
        ), True

    def _single(self, part: Message, *, changes: bool = False) -> tuple[bytes, bool]:
        self.number += 1
        name = str(part.get("Content-ID", "")).strip().strip("<>")
        try:
            if self.number > MOST:
                raise Refusal("sensing.batch.many", "A batch has at most {most} requests.", "body", most=MOST)
            answer = self.ask(self._call(part, changes))
        except Refusal as refusal:
            answer = errors.told(refusal)
        place = answer.headers.get("Location", "")
        if name and place.startswith(self.whole.root):
            self.made[name] = place[len(self.whole.root) :].strip("/")
        return _written(answer, name), answer.status < 400

    def _call(self, part: Message, changes: bool) -> Call:
        content = part.get_payload(decode=True) if part.get_content_type() == HTTP else None
        found = _FIRST.match(content.lstrip()) if isinstance(content, bytes) else None
        if found is None or not isinstance(content, bytes):
            raise Refusal("sensing.batch.part", "A part of a batch is a request of the type application/http.", "body")
        inner = BytesParser(policy=policy.HTTP).parsebytes(content.lstrip()[found.end() :])
        method = found[1].decode()
        if changes and method == "GET":
            raise Refusal("sensing.batch.get", "A change set holds changes alone.", "body")
        headers = {name.lower(): str(value) for name, value in inner.items()}
        headers |= {name: self.whole.headers[name] for name in _KEPT if name in self.whole.headers}
        body = inner.get_payload(decode=True)
        path, query = self._address(found[2].decode())
        return Call(
            method, path, query, headers, self._filled(body if isinstance(body, bytes) else b""), self.whole.root
        )

    def _address(self, text: str) -> tuple[str, list[tuple[str, str]]]:
        parts = urlsplit(text)
        path = unquote(parts.path)
        if parts.scheme or path.startswith("/"):
            known = urlsplit(self.whole.root).path if parts.scheme else ROOT
            path = path.removeprefix(known) if path.startswith(f"{known}/") else path
        named = _NAMED.match(path)
        if named and named[1] in self.made:
            path = self.made[named[1]] + path[named.end() :]
        return path, list(dict(parse_qsl(parts.query, keep_blank_values=True)).items())

    def _filled(self, body: bytes) -> bytes:
        def known(found: re.Match[bytes]) -> bytes:
            made = _MADE.fullmatch(self.made.get(found[2].decode(), ""))
            if made is None:
                raise Refusal("sensing.batch.reference", "Nothing in this batch has made {name}.", "@iot.id",
                              name=f"${found[2].decode()}"[:60])  # fmt: skip
            return found[1] + made[1].replace("'", '"').encode()

        return _IN_BODY.sub(known, body)


def answered(call: Call, ask: Ask) -> Answer:
    """Answer a batch: its parts in their order; after one that fails no more, unless the client prefers to go on."""
    if call.kind != MIXED:
        raise Refusal("sensing.batch.kind", "A batch is sent as multipart/mixed with a boundary.", "Content-Type")
    head = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=policy.HTTP).parsebytes(head + call.body)
    batch, done = Batch(call, ask), list[bytes]()
    goes_on = "continue-on-error" in call.headers.get("prefer", "")
    for part in _parts(message):
        told, well = batch.part(part)
        done.append(told)
        if not well and not goes_on:
            break
    boundary = f"batch_{secrets.token_hex(8)}"
    return Answer(200, _joined(done, boundary), f"{MIXED}; boundary={boundary}")


def _parts(message: Message) -> list[Message]:
    found = message.get_payload()
    if not message.is_multipart() or not isinstance(found, list):
        raise Refusal("sensing.batch.kind", "A batch is sent as multipart/mixed with a boundary.", "Content-Type")
    return [one for one in found if isinstance(one, Message)]


def _joined(parts: list[bytes], boundary: str) -> bytes:
    line = b"--" + boundary.encode()
    return b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def _written(answer: Answer, name: str) -> bytes:
    body = answer.whole()
    headers = {"Content-Type": answer.kind, "Content-Length": str(len(body)), **answer.headers}
    outer = f"Content-Type: {HTTP}\r\nContent-Transfer-Encoding: binary\r\n"
    outer += f"Content-ID: {name}\r\n" if name else ""
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
    return f"{outer}\r\n{status}{lines}\r\n".encode() + body
