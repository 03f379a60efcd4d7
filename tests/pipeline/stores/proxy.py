"""A proxy before a store that does what networks and stores do to clients."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NO_BUCKET = b"<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>"
OWN_HEADERS = ("connection", "transfer-encoding", "expect", "date", "server")


@dataclass
class Faults:
    """What goes wrong, and what was asked for.

    `busy`: so many requests are answered with 503; `slow`: seconds before each answer; `dropped`: so many downloads
    break off in the middle; `cut`: so many uploads. `gone`: all connections are closed; `closed`: there is no
    bucket any more. `before` is called with method and path of each request, before any of that.
    """

    busy: int = 0
    slow: float = 0.0
    dropped: int = 0
    cut: int = 0
    gone: bool = False
    closed: bool = False
    before: Callable[[str, str], None] = lambda _method, _path: None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def count(self, method: str, part: str) -> int:
        """Requests of a method whose path holds a text."""
        return sum(asked == method and part in path for asked, path in self.asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def _serve(self) -> None:
        faults = self.server.faults
        faults.asked.append((self.command, self.path))
        faults.before(self.command, self.path)
        if faults.gone:
            self._hang_up()
            return
        time.sleep(faults.slow)
        length = int(self.headers.get("Content-Length") or 0)
        if length and faults.cut:
            faults.cut -= 1
            self.rfile.read(length // 2)
            self._hang_up()
            return
        content = self.rfile.read(length)
        if faults.closed:
            self._answer(404, [("Content-Type", "application/xml")], NO_BUCKET)
        elif faults.busy:
            faults.busy -= 1
            self._answer(503, [], b"")
        else:
            self._answer(*self._forward(content))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 (as the base class wants it)

    def _forward(self, content: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN_HEADERS}
        upstream.request(self.command, self.path, content, headers)
        answer = upstream.getresponse()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in OWN_HEADERS]
        found = answer.status, kept, answer.read()
        upstream.close()
        return found

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        faults = self.server.faults
        if self.command == "GET" and status in (200, 206) and len(content) > 2000 and faults.dropped:
            faults.dropped -= 1
            self.wfile.write(content[: len(content) // 2])
            self._hang_up()
        elif self.command != "HEAD":
            self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def finish(self) -> None:
        """The connection may be closed already."""
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    faults: Faults
    upstream: int

    def handle_error(self, *_: Any) -> None:
        """Clients that hang up are no news."""


@contextmanager
def proxy(upstream: int) -> Iterator[tuple[str, Faults]]:
    """A proxy before a port of this machine: its URL, and what is to go wrong there."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.faults, server.upstream = Faults(), upstream
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", server.faults
        server.shutdown()
