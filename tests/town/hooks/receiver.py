"""A real HTTP server on loopback that takes webhooks, or fails, hangs, drips and goes away as told."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Takes messages; `mood` says how: a status, "hang", "drip", "redirect" or "cut"."""

    def __init__(self, port: int = 0) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.mood: Any = 200
        self.seen = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.headers["X-Path"] = self.path
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.seen += 1
                receiver.answer(self, body)

            def do_GET(self) -> None:
                receiver.got.append(({"followed": self.path}, b""))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?of=city"

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if self.mood == "hang":
            time.sleep(3)
            return
        if self.mood == "cut":
            handler.connection.close()
            return
        if self.mood == "drip":
            for _ in range(30):
                handler.wfile.write(b"HTTP/1.1 200 OK\r\n"[:1])
                handler.wfile.flush()
                time.sleep(0.1)
            return
        status = 302 if self.mood == "redirect" else self.mood
        if status < 300:
            self.got.append((dict(handler.headers), body))
        handler.send_response(status)
        if status == 302:
            handler.send_header("Location", f"http://127.0.0.1:{self.port}/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
