"""Sending one message to an address that a stranger chose: looked up once, only where allowed, no redirect followed."""

import contextlib
import http.client
import socket
import ssl
import threading
from typing import NamedTuple
from urllib.parse import SplitResult

from cityloop.town.hooks import rules

KIND = "application/cloudevents+json; charset=utf-8"
_context = ssl.create_default_context()


class Answer(NamedTuple):
    """How the other side answered: its status, 0 where it did not, and what went wrong."""

    status: int
    error: str = ""

    @property
    def taken(self) -> bool:
        """Tell whether it took the message: any 2xx."""
        return 200 <= self.status < 300


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked up and judged before: the name cannot lead elsewhere meanwhile."""

    def __init__(self, host: str, port: int, ip: str, secure: bool, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self._ip, self._secure = ip, secure

    def connect(self) -> None:
        """Connect to the judged address; the certificate must be the name's."""
        self.sock = socket.create_connection((self._ip, self.port), self.timeout)
        if self._secure:
            self.sock = _context.wrap_socket(self.sock, server_hostname=self.host)


class Line:
    """A connection to one address, kept for the messages of one run.

    `inside` allows addresses in networks of our own; `seconds` is the most that one message may take, however slowly
    the other side drips.
    """

    def __init__(self, url: str, *, inside: bool, seconds: float) -> None:
        self._seconds = seconds
        self._parts, self._inside = rules.address(url, inside=inside), inside
        self._connection: _Pinned | None = None
        self._late = False

    def send(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Send one message. A connection kept from the last one may have been closed meanwhile: then once anew."""
        kept = self._connection is not None
        try:
            return self._send(body, headers)
        except (http.client.RemoteDisconnected, ConnectionError, http.client.CannotSendRequest) as error:
            self.close()
            return self._fresh(body, headers) if kept and not self._late else self._failed(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return self._failed(error)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _fresh(self, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            return self._send(body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return self._failed(error)

    def _failed(self, error: Exception) -> Answer:
        """Say what went wrong: where we hung up ourselves, that, for the error then looks like the other side's."""
        if self._late or isinstance(error, TimeoutError):
            return Answer(0, f"no whole answer within {self._seconds:g} seconds")
        return _failed(error)

    def _send(self, body: bytes, headers: dict[str, str]) -> Answer:
        if self._connection is None:
            self._connection = self._opened()
            self._connection.connect()
        connection = self._connection
        self._late = False
        alarm = threading.Timer(self._seconds, self._cut, [connection.sock])
        alarm.daemon = True
        alarm.start()
        try:
            said = {**headers, "Content-Type": KIND, "User-Agent": "Cityloop-Webhooks/1"}
            connection.request("POST", _target(self._parts), body, said)
            answer = connection.getresponse()
            answer.read(65_536)
            if answer.will_close or not answer.isclosed():
                self.close()
        finally:
            alarm.cancel()
        return Answer(answer.status, "" if 200 <= answer.status < 300 else f"answered {answer.status}")

    def _cut(self, sock: socket.socket) -> None:
        self._late = True
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def _opened(self) -> _Pinned:
        host = self._parts.hostname or ""
        secure = self._parts.scheme == "https"
        port = self._parts.port or (443 if secure else 80)
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not self._inside and not all(rules.is_public(ip) for ip in found):
            raise ValueError("the address lies in a network of our own")
        return _Pinned(host, port, found[0], secure, self._seconds)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _failed(error: Exception) -> Answer:
    """Say what kind of error it was; of its words only our own, for others may hold anything."""
    ours = isinstance(error, ValueError) and not isinstance(error, ssl.SSLError)
    return Answer(0, str(error)[:100] if ours else type(error).__name__)
